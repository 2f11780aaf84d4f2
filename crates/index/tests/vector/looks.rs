//! Generated vectors of several kinds.

use filedex_model::Space;
use filedex_testkit::Seed;

/// What vectors look like.
#[derive(Clone, Copy, Debug)]
pub enum Looks {
    /// Uniform about zero.
    Even,
    /// Of -1, 0 and 1: many are equal, and many more score the same.
    Grid,
    /// Lengths from a thousandth to a thousand.
    Lengths,
    /// Far from zero and near each other.
    Shifted,
    /// All within a billionth of zero: under l2 every score is nearly 1.
    Tiny,
}

pub const LOOKS: [Looks; 5] =
    [Looks::Even, Looks::Grid, Looks::Lengths, Looks::Shifted, Looks::Tiny];

#[expect(clippy::cast_possible_truncation, reason = "any float will do")]
fn number(seed: &mut Seed, least: f64, most: f64) -> f32 {
    (least + (most - least) * seed.below(1 << 30) as f64 / f64::from(1 << 30)) as f32
}

/// A vector as its space accepts it.
pub fn vector(seed: &mut Seed, space: &Space, looks: Looks) -> Vec<f32> {
    loop {
        let factor = 10.0_f32.powi(i32::try_from(seed.below(7)).unwrap() - 3);
        let one = |_| match looks {
            Looks::Even => number(seed, -1.0, 1.0),
            Looks::Grid => *seed.pick(&[-1.0, 0.0, 1.0]),
            Looks::Lengths => factor * number(seed, -1.0, 1.0),
            Looks::Shifted => number(seed, 99.0, 101.0),
            Looks::Tiny => number(seed, -1e-9, 1e-9),
        };
        let made: Vec<f32> = (0..space.dimension).map(one).collect();
        // Cosine takes no zero vector.
        if let Ok(accepted) = space.accept(&made) {
            return accepted;
        }
    }
}
