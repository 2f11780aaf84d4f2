//! The certified search: a bound on every row.
//!
//! Each row's closeness is known to within a slack from its codes. The k-th greatest of the lower
//! ends is a bar that the k-th nearest row cannot be below, so every row whose upper end is below
//! it is out, for certain; what is left is scored.

use crate::error::IndexError;
use crate::vector::finish::Candidate;
use crate::vector::index::VectorView;
use crate::vector::prepared::{Bound, Prepared};
use crate::vector::slots::Slots;

/// Rows that are bounded at a time.
const STRETCH: usize = 512;

/// The rows of all segments that may be among the `k` nearest, or above a closeness of `floor`.
pub(crate) fn candidates(
    query: &Prepared,
    views: &[VectorView],
    slots: &[Slots<'_>],
    k: usize,
    floor: f32,
) -> Result<Vec<Candidate>, IndexError> {
    let mut bar = Bar::new(k, floor);
    let mut candidates = Vec::new();
    let mut bounds = Vec::with_capacity(STRETCH);
    for (at, (view, slots)) in views.iter().zip(slots).enumerate() {
        if slots.count() == 0 {
            continue;
        }
        let codes = view.segment.codes()?;
        let mut take = |slot: u32, bound: &Bound| {
            let upper = bound.near + bound.slack;
            if upper >= bar.height {
                candidates.push(Candidate { upper, view: at as u32, slot });
                bar.note(bound.near - bound.slack);
            }
        };
        match slots {
            Slots::All { count, .. } => {
                for first in (0..*count).step_by(STRETCH) {
                    let stretch = (count - first).min(STRETCH as u32);
                    query.bounds_from(codes, first as usize, stretch as usize, &mut bounds);
                    for (slot, bound) in (first..).zip(&bounds) {
                        if slots.contains(slot) {
                            take(slot, bound);
                        }
                    }
                }
            }
            Slots::Marked(marks) => {
                let mut marked = marks.iter();
                let mut stretch = Vec::with_capacity(STRETCH);
                loop {
                    stretch.clear();
                    stretch.extend(marked.by_ref().take(STRETCH));
                    if stretch.is_empty() {
                        break;
                    }
                    query.bounds(codes, &stretch, &mut bounds);
                    stretch.iter().zip(&bounds).for_each(|(slot, bound)| take(*slot, bound));
                }
            }
        }
    }
    let height = bar.settle();
    candidates.retain(|candidate| candidate.upper >= height);
    Ok(candidates)
}

/// The k-th greatest of the lower ends so far.
struct Bar {
    k: usize,
    height: f32,
    lower: Vec<f32>,
}

impl Bar {
    fn new(k: usize, floor: f32) -> Self {
        Self { k, height: floor, lower: Vec::with_capacity(2 * k.min(1 << 14)) }
    }

    fn note(&mut self, lower: f32) {
        if lower > self.height {
            self.lower.push(lower);
            if self.lower.len() >= 2 * self.k.max(1) {
                self.settle();
            }
        }
    }

    fn settle(&mut self) -> f32 {
        if self.k == 0 {
            self.height = f32::INFINITY;
        } else if self.lower.len() >= self.k {
            let k = self.k;
            self.lower.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
            self.height = self.height.max(self.lower[k - 1]);
            self.lower.truncate(k);
        }
        self.height
    }
}
