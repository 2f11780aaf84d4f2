//! A query made ready: its codes, and bounds on how near a row can be.
//!
//! Rows are compared by *closeness*, higher for nearer: the inner product q . x under cosine (where
//! both have unit length) and dot, and q . x - |x|^2 / 2 under l2, which orders as the distance
//! does, because |q - x|^2 = |q|^2 - 2 (q . x - |x|^2 / 2).
//!
//! With q' and x' what the codes stand for, q . x = q' . x' + (q - q') . x' + q . (x - x'), so by
//! Cauchy and Schwarz q . x is within |q - q'| |x'| + |q| |x - x'| of q' . x', which is an integer
//! product times two scales. The query's codes are in two steps, 14 bits, so that its part of the
//! bound is next to nothing.
//!
//! A closeness is known to about 1e-7 of what it is made of, and scores are rounded to floats, so that
//! different closenesses can be one score. What decides is the score: [`Prepared::tie_floor`] tells
//! how far below a closeness rows still tie with it.

use filedex_kernel::{CodeQuery, Level};
use filedex_model::Metric;

use crate::vector::quantise::{quantise, unit, up};
use crate::vector::segment::Codes;

/// More than the relative error of a few roundings to 24 bits.
const ROUNDING: f32 = 1e-6;
/// More than the relative error of a sum in double precision, 4,096 products long.
const SUMMED: f64 = 1e-12;

/// How near a row is, as its codes tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    /// The closeness of what the codes stand for.
    pub(crate) near: f32,
    /// The true closeness is within this of it.
    pub(crate) slack: f32,
}

/// A query vector of one space, made ready for its segments.
pub(crate) struct Prepared {
    pub(crate) metric: Metric,
    pub(crate) level: Level,
    /// As it was given: scores are of this.
    given: Vec<f32>,
    /// Of unit length under cosine: closeness is of this.
    pub(crate) query: Vec<f32>,
    coarse: CodeQuery,
    fine: CodeQuery,
    coarse_scale: f32,
    fine_scale: f32,
    /// At least the length of what both codes lost.
    lost: f32,
    /// At least the length of the query.
    pub(crate) length: f32,
    squared: f64,
}

impl Prepared {
    pub(crate) fn new(metric: Metric, given: &[f32]) -> Self {
        Self::at_level(Level::detect(), metric, given)
    }

    pub(crate) fn at_level(level: Level, metric: Metric, given: &[f32]) -> Self {
        let query = match metric {
            Metric::Cosine => unit(given),
            Metric::Dot | Metric::L2 => given.to_vec(),
        };
        let mut coarse = Vec::with_capacity(query.len());
        let coarse_scale = quantise(&query, |code| coarse.push(code)).scale;
        let rest: Vec<f32> =
            query.iter().zip(&coarse).map(|(x, c)| x - coarse_scale * f32::from(*c)).collect();
        let mut fine = Vec::with_capacity(query.len());
        let fine_scale = quantise(&rest, |code| fine.push(code)).scale;
        let lost: f64 = query
            .iter()
            .zip(coarse.iter().zip(&fine))
            .map(|(x, (c, f))| {
                let stands =
                    f64::from(coarse_scale) * f64::from(*c) + f64::from(fine_scale) * f64::from(*f);
                (f64::from(*x) - stands).powi(2)
            })
            .sum();
        let squared: f64 = query.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        Self {
            metric,
            level,
            given: given.to_vec(),
            coarse: CodeQuery::new(level, &coarse),
            fine: CodeQuery::new(level, &fine),
            coarse_scale,
            fine_scale,
            lost: up(lost.sqrt()),
            length: up(squared.sqrt()),
            squared,
            query,
        }
    }

    /// The bounds of the rows at `slots`, in their order.
    pub(crate) fn bounds(&self, codes: &Codes, slots: &[u32], out: &mut Vec<Bound>) {
        out.clear();
        self.coarse.dots_with(&self.fine, &codes.codes, slots, |slot, product, rest| {
            out.push(self.bound(codes, slot as usize, product, rest));
        });
    }

    /// The bounds of the consecutive rows from `first` on, one for each of `out`.
    pub(crate) fn bounds_from(
        &self,
        codes: &Codes,
        first: usize,
        count: usize,
        out: &mut Vec<Bound>,
    ) {
        let stride = codes.stride;
        let rows = &codes.codes[first * stride..(first + count) * stride];
        out.clear();
        out.extend(rows.chunks_exact(stride).enumerate().map(|(at, row)| {
            self.bound(codes, first + at, self.coarse.dot(row), self.fine.dot(row))
        }));
    }

    #[inline]
    fn bound(&self, codes: &Codes, slot: usize, product: i32, rest: i32) -> Bound {
        let (scale, length, lost) = (codes.scales[slot], codes.lengths[slot], codes.lost[slot]);
        let half = codes.halves.get(slot).copied().unwrap_or(0.0);
        let dot = self.coarse_scale * product as f32 + self.fine_scale * rest as f32;
        // The least normal number makes up for what underflows.
        let magnitude = self.length * (length + lost) + half + f32::MIN_POSITIVE;
        Bound {
            near: dot * scale - half,
            slack: self.lost * length + self.length * lost + ROUNDING * magnitude,
        }
    }

    /// The closeness of the rows at `slots` by the first step of codes alone.
    pub(crate) fn coarse(&self, codes: &Codes, slots: &[u32], out: &mut Vec<f32>) {
        let mut products = vec![0; slots.len()];
        self.coarse.dots(&codes.codes, slots, &mut products);
        out.clear();
        out.extend(slots.iter().zip(&products).map(|(slot, product)| {
            let slot = *slot as usize;
            let half = codes.halves.get(slot).copied().unwrap_or(0.0);
            self.coarse_scale * *product as f32 * codes.scales[slot] - half
        }));
    }

    /// The score of a stored vector, rounded from double precision; 0 has no sign, so that zeros tie.
    #[expect(clippy::cast_possible_truncation, reason = "scores are published as floats")]
    pub(crate) fn score(&self, vector: &[f32]) -> f32 {
        // Zeros of either sign are one score.
        self.metric.score(&self.given, vector) as f32 + 0.0 + 0.0
    }

    /// A score that no row of at most this closeness is above.
    pub(crate) fn score_of(&self, closeness: f32) -> f32 {
        self.score_at(closeness, -SUMMED)
    }

    /// A closeness that no row is below whose score is that of this closeness, or greater.
    pub(crate) fn tie_floor(&self, closeness: f32) -> f32 {
        self.closeness_of(self.score_at(closeness, SUMMED).next_down())
    }

    /// The score of a closeness; a positive `slack` errs downwards.
    #[expect(clippy::cast_possible_truncation, reason = "scores are published as floats")]
    fn score_at(&self, closeness: f32, slack: f64) -> f32 {
        match self.metric {
            Metric::Cosine | Metric::Dot => closeness,
            Metric::L2 => {
                let squared = self.squared * (1.0 + slack) - 2.0 * f64::from(closeness);
                (1.0 / (1.0 + squared.max(0.0).sqrt())) as f32
            }
        }
    }

    /// A closeness that no row above this score is below.
    #[expect(clippy::cast_possible_truncation, reason = "the next float down makes good for it")]
    pub(crate) fn closeness_of(&self, score: f32) -> f32 {
        match self.metric {
            Metric::Cosine | Metric::Dot => score,
            Metric::L2 if score <= 0.0 => f32::NEG_INFINITY,
            Metric::L2 => {
                let distance = (1.0 / f64::from(score) - 1.0).max(0.0) + 1e-15;
                let farther = distance * distance * (1.0 + 4.0 * SUMMED);
                ((self.squared * (1.0 - SUMMED) - farther) / 2.0) as f32
            }
        }
        .next_down()
    }
}
