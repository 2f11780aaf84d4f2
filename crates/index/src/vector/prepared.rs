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

use filedex_kernel::{CodeQuery, Level};
use filedex_model::Metric;

use crate::vector::quantise::{quantise, up};
use crate::vector::segment::Codes;

/// More than the relative error of a few roundings to 24 bits.
const ROUNDING: f32 = 1e-6;

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
    pub(crate) query: Vec<f32>,
    coarse: CodeQuery,
    fine: CodeQuery,
    coarse_scale: f32,
    fine_scale: f32,
    /// At least the length of what both codes lost.
    lost: f32,
    /// At least the length of the query.
    length: f32,
    squared: f64,
}

impl Prepared {
    pub(crate) fn new(metric: Metric, query: &[f32]) -> Self {
        let level = Level::detect();
        let mut coarse = Vec::with_capacity(query.len());
        let coarse_scale = quantise(query, |code| coarse.push(code)).scale;
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
            query: query.to_vec(),
            coarse: CodeQuery::new(level, &coarse),
            fine: CodeQuery::new(level, &fine),
            coarse_scale,
            fine_scale,
            lost: up(lost.sqrt()),
            length: up(squared.sqrt()),
            squared,
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
        let magnitude = self.length * (length + lost) + half;
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

    /// The score of a stored vector, rounded from double precision.
    #[expect(clippy::cast_possible_truncation, reason = "scores are published as floats")]
    pub(crate) fn score(&self, vector: &[f32]) -> f32 {
        self.metric.score(&self.query, vector) as f32
    }

    /// A score that no row of at most this closeness is above.
    #[expect(clippy::cast_possible_truncation, reason = "scores are published as floats")]
    pub(crate) fn score_of(&self, closeness: f32) -> f32 {
        match self.metric {
            Metric::Cosine | Metric::Dot => closeness,
            Metric::L2 => {
                let squared = (self.squared - 2.0 * f64::from(closeness)).max(0.0);
                (1.0 / (1.0 + squared.sqrt())) as f32
            }
        }
    }

    /// A closeness that every row above this score is above.
    #[expect(clippy::cast_possible_truncation, reason = "rounded down by more than that")]
    pub(crate) fn closeness_of(&self, score: f32) -> f32 {
        match self.metric {
            Metric::Cosine | Metric::Dot => score - ROUNDING * (1.0 + score.abs()),
            Metric::L2 if score <= 0.0 => f32::NEG_INFINITY,
            Metric::L2 => {
                let distance = (1.0 / f64::from(score) - 1.0).max(0.0) * (1.0 + 1e-6);
                let closeness = (self.squared - distance * distance) / 2.0;
                (closeness - f64::from(ROUNDING) * (self.squared + distance * distance)) as f32
            }
        }
    }
}
