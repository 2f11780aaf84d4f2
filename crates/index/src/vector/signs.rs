//! A bit a dimension: made of a segment's codes when they are loaded.

use filedex_kernel::{BLOCK_ROWS, block_bytes, interleave};
use rayon::prelude::*;

use crate::vector::rotate::Rotation;

/// The signs of a segment's vectors about their mean, and what makes estimates of them.
///
/// With m the mean and r = x - m, the inner product with a query q is
/// (q - m) . r + m . x + (q . m - |m|^2). With r and q - m turned by the rotation, r is taken as its
/// signs s times f = |r|^2 / sum|r_i|, which makes the estimate unbiased for a query in a random
/// direction (RaBitQ, section 3). What r is taken as is r and something at right angles to it, so the
/// error's standard deviation is at most f |q - m| sqrt(1 - c^2), with c the cosine of r and s.
pub(crate) struct Signs {
    pub(crate) mean: Vec<f32>,
    pub(crate) rotation: Rotation,
    pub(crate) block_bytes: usize,
    pub(crate) blocks: Vec<u8>,
    /// For each row, padded to whole blocks: m . x, less the half under l2.
    pub(crate) addends: Vec<f32>,
    /// For each row, padded to whole blocks: f.
    pub(crate) factors: Vec<f32>,
    /// The greatest sqrt(1 - c^2) of all rows: 0.6 and little more in many dimensions.
    pub(crate) doubt: f32,
}

impl Signs {
    /// The signs of rows of codes, `stride` bytes each; `halves` is empty but under l2.
    pub(crate) fn new(
        stride: usize,
        codes: &[u8],
        scales: &[f32],
        halves: &[f32],
        mean: Vec<f32>,
    ) -> Self {
        let dimension = mean.len();
        let block_bytes = block_bytes(dimension);
        let blocks = scales.len().div_ceil(BLOCK_ROWS);
        let mut signs = Self {
            rotation: Rotation::new(dimension),
            block_bytes,
            blocks: vec![0; blocks * block_bytes],
            addends: vec![0.0; blocks * BLOCK_ROWS],
            factors: vec![0.0; blocks * BLOCK_ROWS],
            doubt: 0.0,
            mean,
        };
        let (mean, rotation) = (&signs.mean, &signs.rotation);
        let mean_squared = sum(mean, |m| m * m);
        let least_cosine = signs
            .blocks
            .par_chunks_mut(block_bytes)
            .zip(signs.addends.par_chunks_mut(BLOCK_ROWS))
            .zip(signs.factors.par_chunks_mut(BLOCK_ROWS))
            .zip(codes.par_chunks(stride * BLOCK_ROWS))
            .enumerate()
            .map(|(block, (((bits, addends), factors), codes))| {
                let (mut rest, mut products) = (vec![0.0; dimension], vec![0.0; dimension]);
                let mut least_cosine = 1.0_f32;
                for (row, codes) in codes.chunks_exact(stride).enumerate() {
                    let slot = block * BLOCK_ROWS + row;
                    let scale = scales[slot];
                    for (at, m) in mean.iter().enumerate() {
                        rest[at] = scale * (f32::from(codes[at]) - 128.0) - m;
                        products[at] = rest[at] * m;
                    }
                    let half = halves.get(slot).copied().unwrap_or(0.0);
                    addends[row] = sum(&products, |product| product) + mean_squared - half;
                    rotation.turn(&mut rest);
                    interleave(bits, row, dimension, |d| rest[d] > 0.0);
                    let (total, squared) = (sum(&rest, f32::abs), sum(&rest, |x| x * x));
                    if squared >= f32::MIN_POSITIVE {
                        factors[row] = squared / total;
                        least_cosine =
                            least_cosine.min(total / (squared * dimension as f32).sqrt());
                    } else {
                        // Squares underflow: no factor is greater.
                        factors[row] = total;
                    }
                }
                least_cosine
            })
            .reduce(|| 1.0, f32::min);
        signs.doubt = (1.0 - least_cosine * least_cosine).max(0.0).sqrt();
        signs
    }
}

/// A sum in lanes: of an order that is always the same, and that a processor's registers take.
fn sum(numbers: &[f32], each: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; 16];
    let (whole, rest) = numbers.as_chunks::<16>();
    for sixteen in whole {
        lanes.iter_mut().zip(sixteen).for_each(|(lane, x)| *lane += each(*x));
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|x| each(*x)).sum::<f32>()
}
