//! The bar that a row has to reach to be among the `k` nearest.

use crate::vector::finish::Candidate;
use crate::vector::prepared::{Bound, Prepared};

/// Rows by their bounds, and the k-th greatest of the lower ends so far. The k-th nearest row cannot
/// be below it, so every row whose upper end is too far below it to tie with it is out, for certain.
pub(crate) struct Bar<'a> {
    query: &'a Prepared,
    k: usize,
    height: f32,
    /// The lower ends above the bar.
    lower: Vec<f32>,
    candidates: Vec<Candidate>,
}

impl<'a> Bar<'a> {
    /// A bar for `k` rows; rows below a closeness of `floor` are out from the start.
    pub(crate) fn new(query: &'a Prepared, k: usize, floor: f32) -> Self {
        let lower = Vec::with_capacity(2 * k.min(1 << 14));
        Self { query, k, height: floor, lower, candidates: Vec::new() }
    }

    /// What is below this is out.
    pub(crate) fn height(&self) -> f32 {
        self.height
    }

    /// Keeps a row if it reaches the bar.
    #[inline]
    pub(crate) fn take(&mut self, view: u32, slot: u32, bound: &Bound) {
        let upper = bound.near + bound.slack;
        if upper >= self.height {
            self.candidates.push(Candidate { upper, view, slot });
            let lower = bound.near - bound.slack;
            if lower > self.height {
                self.lower.push(lower);
                if self.lower.len() >= 2 * self.k.max(1) {
                    self.settle();
                }
            }
        }
    }

    /// Raises the bar to where the rows so far put it, and tells where that is.
    pub(crate) fn settle(&mut self) -> f32 {
        if self.k == 0 {
            self.height = f32::INFINITY;
        } else if self.lower.len() >= self.k {
            self.lower.select_nth_unstable_by(self.k - 1, |a, b| b.total_cmp(a));
            self.height = self.height.max(self.query.tie_floor(self.lower[self.k - 1]));
            self.lower.truncate(self.k);
        }
        self.height
    }

    /// The rows that reach the bar.
    pub(crate) fn candidates(mut self) -> Vec<Candidate> {
        self.settle();
        self.candidates.retain(|candidate| candidate.upper >= self.height);
        self.candidates
    }
}
