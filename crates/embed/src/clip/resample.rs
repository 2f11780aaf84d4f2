//! Resizing as the Python library Pillow does it, to the bit: models were trained on its pictures.
//!
//! A filter widened to the scale is laid over the source, first along rows and then along columns.
//! Weights are rounded to 22 bits behind the point, and what the rows give is rounded to bytes before
//! the columns see it.

use std::f64::consts::PI;
use std::ops::Range;

use image::RgbImage;

/// Bits behind the point of a weight: 8 of 32 are the byte's, and 2 are room for filters with
/// negative lobes, whose sums pass 255.
const PRECISION: u32 = 22;

/// How far the pixels around count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Lanczos,
    Bilinear,
    Bicubic,
    Box,
    Hamming,
}

impl Filter {
    /// The filter of a number in preprocessor_config.json, which is Pillow's.
    pub(crate) fn of_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Lanczos),
            2 => Some(Self::Bilinear),
            3 => Some(Self::Bicubic),
            4 => Some(Self::Box),
            5 => Some(Self::Hamming),
            _ => None,
        }
    }

    /// From here on a pixel does not count.
    fn reach(self) -> f64 {
        match self {
            Self::Box => 0.5,
            Self::Bilinear | Self::Hamming => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let away = x.abs();
        match self {
            Self::Box if x > -0.5 && x <= 0.5 => 1.0,
            Self::Bilinear if away < 1.0 => 1.0 - away,
            Self::Hamming if away == 0.0 => 1.0,
            Self::Hamming if away < 1.0 => {
                (away * PI).sin() / (away * PI) * (0.54 + 0.46 * (away * PI).cos())
            }
            Self::Bicubic if away < 1.0 => (1.5 * away - 2.5) * away * away + 1.0,
            Self::Bicubic if away < 2.0 => (((away - 5.0) * away + 8.0) * away - 4.0) * -0.5,
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            _ => 0.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) }
}

/// The source pixels that make one pixel, and their weights.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// The taps of the pixels `wanted` of a line that is resized from `from` to `to` pixels.
fn taps(filter: Filter, from: u32, to: u32, wanted: Range<u32>) -> Vec<Taps> {
    let scale = f64::from(from) / f64::from(to);
    let stretch = scale.max(1.0);
    let support = filter.reach() * stretch;
    wanted
        .map(|place| {
            let center = (f64::from(place) + 0.5) * scale;
            // Casts of floats to integers cut the fraction off and stop at the type's ends.
            let first = (center - support + 0.5) as u32;
            let end = ((center + support + 0.5) as u32).min(from);
            let at = |x: u32| (f64::from(x) - center + 0.5) * (1.0 / stretch);
            let weights: Vec<f64> = (first..end).map(|x| filter.weight(at(x))).collect();
            let sum: f64 = weights.iter().sum();
            let sum = if sum == 0.0 { 1.0 } else { sum };
            let whole = f64::from(1u32 << PRECISION);
            let weights = weights.iter().map(|weight| (weight / sum * whole).round() as i32);
            Taps { first: first as usize, weights: weights.collect() }
        })
        .collect()
}

/// A sum of weighted bytes as a byte. It fits 32 bits: weights sum to one, and the negative ones of
/// every filter to less than a half of it.
fn byte(sum: i32) -> u8 {
    ((sum + (1 << (PRECISION - 1))) >> PRECISION).clamp(0, 255) as u8
}

/// The columns `x` and rows `y` of `source` resized to `width` × `height`. Only these are computed,
/// so that a long thin picture, which would be resized to a much longer one, costs no more.
///
/// `source` has at least one pixel, and so has the size it is resized to.
pub(crate) fn resize(
    source: &RgbImage,
    filter: Filter,
    (width, height): (u32, u32),
    x: Range<u32>,
    y: Range<u32>,
) -> RgbImage {
    let (columns, rows) = (x.len(), y.len());
    let across = taps(filter, source.width(), width, x);
    let down = taps(filter, source.height(), height, y);
    let top = down.iter().map(|taps| taps.first).min().unwrap_or(0);
    let bottom = down.iter().map(|taps| taps.first + taps.weights.len()).max().unwrap_or(0);

    let line = source.width() as usize * 3;
    let mut narrow = Vec::with_capacity((bottom - top) * columns * 3);
    for row in source.as_raw()[top * line..bottom * line].chunks_exact(line) {
        for taps in &across {
            let mut sums = [0i32; 3];
            let pixels = row[taps.first * 3..].chunks_exact(3);
            for (weight, pixel) in taps.weights.iter().zip(pixels) {
                for (sum, channel) in sums.iter_mut().zip(pixel) {
                    *sum += weight * i32::from(*channel);
                }
            }
            narrow.extend(sums.map(byte));
        }
    }

    let line = columns * 3;
    let mut pixels = Vec::with_capacity(rows * line);
    let mut sums = vec![0i32; line];
    for taps in &down {
        sums.fill(0);
        let above = narrow[(taps.first - top) * line..].chunks_exact(line);
        for (weight, row) in taps.weights.iter().zip(above) {
            for (sum, channel) in sums.iter_mut().zip(row) {
                *sum += weight * i32::from(*channel);
            }
        }
        pixels.extend(sums.iter().copied().map(byte));
    }
    // Proof: `pixels` has three bytes for each of rows × columns.
    RgbImage::from_raw(columns as u32, rows as u32, pixels).expect("the buffer fits its size")
}

#[cfg(test)]
mod tests {
    use image::RgbImage;
    use serde::Deserialize;

    use super::{Filter, resize};

    #[derive(Deserialize)]
    struct Case {
        filter: u64,
        width: u32,
        height: u32,
        pixels: Vec<u8>,
    }

    #[derive(Deserialize)]
    struct Noise {
        width: u32,
        height: u32,
        pixels: Vec<u8>,
        cases: Vec<Case>,
    }

    fn noise() -> (RgbImage, Vec<Case>) {
        let noise: Noise =
            serde_json::from_str(include_str!("../../fixtures/resampling.json")).unwrap();
        (RgbImage::from_raw(noise.width, noise.height, noise.pixels).unwrap(), noise.cases)
    }

    #[test]
    fn every_byte_is_pillows() {
        let (source, cases) = noise();
        assert_eq!(cases.len(), 30);
        for Case { filter, width, height, pixels } in cases {
            let known = Filter::of_number(filter).unwrap();
            let resized = resize(&source, known, (width, height), 0..width, 0..height);
            assert_eq!(resized.as_raw(), &pixels, "{known:?} to {width} × {height}");
        }
    }

    #[test]
    fn a_part_is_a_part_of_the_whole() {
        let (source, _) = noise();
        let whole = resize(&source, Filter::Bicubic, (31, 29), 0..31, 0..29);
        let part = resize(&source, Filter::Bicubic, (31, 29), 7..20, 3..11);
        let expected = image::imageops::crop_imm(&whole, 7, 3, 13, 8).to_image();
        assert_eq!(part, expected);
    }
}
