//! A fixed rotation that spreads every vector evenly over its dimensions.
//!
//! Signs tell about a vector what they should only if no dimension stands out, as some do in most
//! data and most do in pictures. Turned in a random direction, vectors have none that does: errors of
//! estimates are then about normal, whatever the data. Two rounds of random signs and Hadamard's
//! transform are as good as a random rotation here.

/// Rounds of signs and transforms.
const ROUNDS: u64 = 2;
/// Numbers that are transformed in registers before the loops begin.
const EIGHT: usize = 8;

/// The rotation of vectors of one dimension. Nothing turned is stored, so no file depends on it.
pub(crate) struct Rotation {
    /// 1 and -1 for each dimension, for each round.
    signs: Vec<f32>,
}

impl Rotation {
    pub(crate) fn new(dimension: usize) -> Self {
        let bits = (0..).map(random_bits).flat_map(|bits| (0..64).map(move |at| bits >> at & 1));
        let signs = bits.map(|bit| if bit == 1 { 1.0 } else { -1.0 });
        Self { signs: signs.take(dimension * ROUNDS as usize).collect() }
    }

    /// Turns a vector; lengths and inner products stay what they were but for rounding. Plain sums in
    /// a fixed order: equal on every machine.
    pub(crate) fn turn(&self, vector: &mut [f32]) {
        let Some(power) = vector.len().checked_ilog2() else { return };
        // A transform takes a power of two: where the dimension is none, two that overlap.
        let window = 1 << power;
        let second = vector.len() - window;
        for signs in self.signs.chunks_exact(vector.len()) {
            vector.iter_mut().zip(signs).for_each(|(x, sign)| *x *= sign);
            transform(&mut vector[..window]);
            if second > 0 {
                transform(&mut vector[second..]);
            }
        }
    }
}

/// Hadamard's transform, scaled to keep lengths; the length is a power of two.
fn transform(vector: &mut [f32]) {
    let mut half = 1;
    if vector.len() >= EIGHT {
        vector.as_chunks_mut().0.iter_mut().for_each(transform_eight);
        half = EIGHT;
    }
    while half < vector.len() {
        for pair in vector.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            for (x, y) in low.iter_mut().zip(high) {
                (*x, *y) = (*x + *y, *x - *y);
            }
        }
        half *= 2;
    }
    let scale = 1.0 / (vector.len() as f32).sqrt();
    vector.iter_mut().for_each(|x| *x *= scale);
}

/// The first three steps of a transform.
fn transform_eight(numbers: &mut [f32; EIGHT]) {
    let [a, b, c, d, e, f, g, h] = *numbers;
    let [a, b, c, d, e, f, g, h] = [a + b, a - b, c + d, c - d, e + f, e - f, g + h, g - h];
    let [a, b, c, d, e, f, g, h] = [a + c, b + d, a - c, b - d, e + g, f + h, e - g, f - h];
    *numbers = [a + e, b + f, c + g, d + h, a - e, b - f, c - g, d - h];
}

/// The `n`th number of a splitmix64.
fn random_bits(n: u64) -> u64 {
    let bits = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(vector: &[f32]) -> Vec<f32> {
        let mut turned = vector.to_vec();
        Rotation::new(vector.len()).turn(&mut turned);
        turned
    }

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn products_stay() {
        for dimension in [1, 2, 3, 8, 17, 64, 384, 784, 4_096] {
            let wave = |step: f32| -> Vec<f32> {
                (0..dimension).map(|d| (d as f32 * step).sin() + 0.1).collect()
            };
            let (a, b) = (wave(0.7), wave(1.3));
            for (x, y) in [(&a, &b), (&a, &a)] {
                let (before, after) = (dot(x, y), dot(&turned(x), &turned(y)));
                assert!((before - after).abs() <= 1e-5 * dot(&a, &a).max(1.0), "{dimension}");
            }
        }
    }

    #[test]
    fn peaks_go() {
        for dimension in [64, 384, 784, 4_096] {
            for peak in [0, dimension / 2, dimension - 1] {
                let mut unit = vec![0.0; dimension];
                unit[peak] = 1.0;
                let most = turned(&unit).iter().fold(0.0_f32, |most, x| most.max(x.abs()));
                assert!(most < 8.0 / (dimension as f32).sqrt(), "{dimension}: {most}");
            }
        }
    }
}
