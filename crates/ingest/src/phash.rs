//! A perceptual hash: pictures that look alike have hashes that differ in few bits.
//!
//! It is the hash that the literature calls pHash, as imagehash computes it: the picture in grey, 32 by 32
//! pixels, its cosine transform, and of the 8 by 8 lowest frequencies a bit each, whether it is above
//! their median. A transform of this one size is a product with a table, so no FFT is needed.

use image::GrayImage;
use image::imageops::{FilterType, resize, thumbnail};

const SIDE: usize = 32;
const KEPT: usize = 8;
/// A frequency below this is noise of rounding: grey values go to 255, and a sum has 1,024 of them.
const NOISE: f64 = 1e-6;

/// The hash of a picture in grey, as 64 bits; `None` where all of it is one grey, which is like every other.
///
/// ```
/// use image::{GrayImage, Luma};
/// use filedex_ingest::{distance, phash};
/// let waves = GrayImage::from_fn(400, 300, |x, y| Luma([((x * x / 300 + y / 3) % 256) as u8]));
/// let darker = GrayImage::from_fn(400, 300, |x, y| Luma([waves.get_pixel(x, y)[0] / 2]));
/// assert!(distance(phash(&waves).unwrap(), phash(&darker).unwrap()) <= 4);
/// assert_eq!(phash(&GrayImage::new(40, 30)), None);
/// ```
#[must_use]
pub fn phash(grey: &GrayImage) -> Option<u64> {
    let side = SIDE as u32;
    if grey.width() == 0 || grey.height() == 0 {
        return None;
    }
    let small = if grey.width() >= side && grey.height() >= side {
        thumbnail(grey, side, side)
    } else {
        resize(grey, side, side, FilterType::Triangle)
    };
    let rows: Vec<[f64; KEPT]> =
        small.rows().map(|row| lowest(row.map(|p| f64::from(p[0])))).collect();
    let mut low = [0.0; KEPT * KEPT];
    for across in 0..KEPT {
        let column = lowest(rows.iter().map(|row| row[across]));
        for (down, value) in column.into_iter().enumerate() {
            low[down * KEPT + across] = value;
        }
    }
    if low[1..].iter().all(|value| value.abs() < NOISE) {
        return None;
    }
    let mut sorted = low;
    sorted.sort_by(f64::total_cmp);
    let median = (sorted[KEPT * KEPT / 2 - 1] + sorted[KEPT * KEPT / 2]) / 2.0;
    Some(low.iter().fold(0, |bits, value| bits << 1 | u64::from(*value > median)))
}

/// The lowest frequencies of 32 values (DCT-II).
fn lowest(values: impl Iterator<Item = f64>) -> [f64; KEPT] {
    let mut sums = [0.0; KEPT];
    for (at, value) in values.enumerate() {
        for (frequency, sum) in sums.iter_mut().enumerate() {
            let angle = (2 * at + 1) as f64 * frequency as f64 / (2 * SIDE) as f64;
            *sum += value * (std::f64::consts::PI * angle).cos();
        }
    }
    sums
}

/// In how many of 64 bits two hashes differ: 0 for equal ones; up to about 10 the pictures look alike;
/// unrelated ones differ in about 32.
///
/// ```
/// assert_eq!(filedex_ingest::distance(0b1011, 0b0010), 2);
/// ```
#[must_use]
pub fn distance(one: u64, other: u64) -> u32 {
    (one ^ other).count_ones()
}
