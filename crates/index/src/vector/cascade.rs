//! The scan in steps: a bit a dimension for every row, a byte for the best of those.

use filedex_kernel::{BLOCK_ROWS, SignQuery};

use crate::error::IndexError;
use crate::vector::finish::Candidate;
use crate::vector::index::VectorView;
use crate::vector::prepared::Prepared;
use crate::vector::segment::Codes;
use crate::vector::slots::Slots;

/// The best of the rows by their signs, bounded by their codes: about `width` of them.
pub(crate) fn candidates(
    query: &Prepared,
    views: &[VectorView],
    slots: &[Slots<'_>],
    width: usize,
) -> Result<Vec<Candidate>, IndexError> {
    let mut list = Shortlist::new(width);
    for (at, (view, slots)) in views.iter().zip(slots).enumerate() {
        if slots.count() > 0 {
            scan(query, view.segment.codes()?, at as u32, slots, &mut list);
        }
    }
    let mut candidates = Vec::with_capacity(list.entries.len());
    list.settle();
    list.entries.sort_unstable_by_key(|entry| (entry.view, entry.slot));
    let (mut bounds, mut slots) = (Vec::new(), Vec::new());
    for chunk in list.entries.chunk_by(|a, b| a.view == b.view) {
        let view = chunk[0].view;
        slots.clear();
        slots.extend(chunk.iter().map(|entry| entry.slot));
        query.bounds(views[view as usize].segment.codes()?, &slots, &mut bounds);
        candidates.extend(slots.iter().zip(&bounds).map(|(slot, bound)| Candidate {
            upper: bound.near + bound.slack,
            view,
            slot: *slot,
        }));
    }
    Ok(candidates)
}

/// Estimates the rows of one segment, and lists the best.
fn scan(query: &Prepared, codes: &Codes, view: u32, slots: &Slots<'_>, list: &mut Shortlist) {
    let signs = &codes.signs;
    let about_mean: Vec<f32> = query.query.iter().zip(&signs.mean).map(|(q, m)| q - m).collect();
    // What all estimates of the segment lack: q . m - |m|^2, and what (q - m) . (x - m) has less.
    let rest: f32 = query.query.iter().zip(&signs.mean).map(|(q, m)| (q - m) * m).sum();
    let tables = SignQuery::new(query.level, &about_mean);
    let mut estimates = [0.0; BLOCK_ROWS];
    let estimate = |block: usize, bar: f32, estimates: &mut [f32; BLOCK_ROWS]| {
        let rows = block * BLOCK_ROWS..(block + 1) * BLOCK_ROWS;
        let bytes = block * signs.block_bytes..(block + 1) * signs.block_bytes;
        let (addends, factors) = (&signs.addends[rows.clone()], &signs.factors[rows]);
        tables.estimate(&signs.blocks[bytes], addends, factors, bar, estimates)
    };
    let note =
        |mut rows: u32, block: usize, estimates: &[f32; BLOCK_ROWS], list: &mut Shortlist| {
            while rows != 0 {
                let row = rows.trailing_zeros() as usize;
                rows &= rows - 1;
                let slot = (block * BLOCK_ROWS + row) as u32;
                // The last block is padded.
                if (slot as usize) < codes.scales.len() && slots.contains(slot) {
                    list.note(estimates[row] + rest, view, slot);
                }
            }
        };
    match slots {
        Slots::All { count, .. } => {
            for block in 0..(*count as usize).div_ceil(BLOCK_ROWS) {
                let above = estimate(block, list.bar - rest, &mut estimates);
                note(above, block, &estimates, list);
            }
        }
        Slots::Marked(marks) => {
            for block in marks.blocks() {
                let above = estimate(block, list.bar - rest, &mut estimates);
                note(above & marks.block(block), block, &estimates, list);
            }
        }
    }
}

/// The best so many rows by their estimates.
struct Shortlist {
    width: usize,
    /// What is not above this is not among the best.
    bar: f32,
    entries: Vec<Entry>,
}

struct Entry {
    near: f32,
    view: u32,
    slot: u32,
}

impl Shortlist {
    fn new(width: usize) -> Self {
        Self { width, bar: f32::NEG_INFINITY, entries: Vec::with_capacity(2 * width) }
    }

    #[inline]
    fn note(&mut self, near: f32, view: u32, slot: u32) {
        if near > self.bar {
            self.entries.push(Entry { near, view, slot });
            if self.entries.len() >= 2 * self.width {
                self.settle();
            }
        }
    }

    fn settle(&mut self) {
        if self.entries.len() > self.width {
            let order = |a: &Entry, b: &Entry| {
                b.near.total_cmp(&a.near).then((a.view, a.slot).cmp(&(b.view, b.slot)))
            };
            self.entries.select_nth_unstable_by(self.width, order);
            self.entries.truncate(self.width);
            self.bar = self.entries.iter().fold(f32::INFINITY, |least, e| least.min(e.near));
        }
    }
}
