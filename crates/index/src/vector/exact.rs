//! The certified search: a bound on every row.
//!
//! Each row's closeness is known to within a slack from its codes, and what the bar of those bounds
//! leaves out is out for certain; what is left is scored.

use crate::error::IndexError;
use crate::vector::bar::Bar;
use crate::vector::finish::Candidate;
use crate::vector::index::VectorView;
use crate::vector::prepared::Prepared;
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
    let mut bar = Bar::new(query, k, floor);
    let mut bounds = Vec::with_capacity(STRETCH);
    for (at, (view, slots)) in (0..).zip(views.iter().zip(slots)) {
        if slots.count() == 0 {
            continue;
        }
        let codes = view.segment.codes()?;
        match slots {
            Slots::All { count, .. } => {
                for first in (0..*count).step_by(STRETCH) {
                    let stretch = (count - first).min(STRETCH as u32);
                    query.bounds_from(codes, first as usize, stretch as usize, &mut bounds);
                    for (slot, bound) in (first..).zip(&bounds) {
                        if slots.contains(slot) {
                            bar.take(at, slot, bound);
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
                    stretch
                        .iter()
                        .zip(&bounds)
                        .for_each(|(slot, bound)| bar.take(at, *slot, bound));
                }
            }
        }
    }
    Ok(bar.candidates())
}
