//! The scan in steps: a bit a dimension for every row, a byte for those that it leaves in doubt.
//!
//! Every row is estimated by its signs. Bounds of those with the best estimates give a bar, and then
//! the search is the certified one but for one thing: a row is bounded only if its estimate, raised
//! by [`DEVIATIONS`] of what estimates err, reaches the bar. So the work follows the query: few rows
//! are bounded where the nearest stand out, many where all are about as near.

use filedex_kernel::{BLOCK_ROWS, SignQuery};

use crate::error::IndexError;
use crate::vector::bar::Bar;
use crate::vector::finish::Candidate;
use crate::vector::index::VectorView;
use crate::vector::prepared::{Bound, Prepared};
use crate::vector::segment::Codes;
use crate::vector::slots::Slots;

/// The standard deviations that an estimate may be too low without a row being missed. Errors are
/// about normal after the rotation, so one in four thousand of the rows that just reach the bar is;
/// on 100,000 real caption embeddings that is a recall of 0.9999 however rows are filtered.
const DEVIATIONS: f32 = 3.5;
/// Rows that are bounded at a time: few, so that the bar rises early.
const STRETCH: usize = 64;

/// The rows of all segments that may be among the `k` nearest, but for bad luck.
pub(crate) fn candidates(
    query: &Prepared,
    views: &[VectorView],
    slots: &[Slots<'_>],
    k: usize,
) -> Result<Vec<Candidate>, IndexError> {
    let mut best = Shortlist::new(2 * k + 16);
    let mut scans = Vec::with_capacity(views.len());
    for (at, (view, slots)) in (0..).zip(views.iter().zip(slots)) {
        if slots.count() > 0 {
            let codes = view.segment.codes()?;
            scans.push(Scan::new(query, codes, at, slots, &mut best));
        }
    }
    let mut waiting = Waiting::new(query);
    let mut first = Bar::new(query, k, f32::NEG_INFINITY);
    for scan in &scans {
        let chosen = best.entries.iter().filter(|entry| entry.view == scan.view);
        chosen.for_each(|entry| waiting.add(scan, entry.slot, &mut first));
        waiting.bound(scan, &mut first);
    }
    let mut bar = Bar::new(query, k, first.settle());
    for scan in &scans {
        scan.reach(&mut bar, &mut waiting);
    }
    // Those that gave the first bar may be estimated below it, and there must be `k` whatever comes.
    let mut candidates = bar.candidates();
    candidates.extend(first.candidates());
    candidates.sort_unstable_by_key(|candidate| (candidate.view, candidate.slot));
    candidates.dedup_by_key(|candidate| (candidate.view, candidate.slot));
    Ok(candidates)
}

/// The estimates of one segment's rows.
struct Scan<'a> {
    codes: &'a Codes,
    view: u32,
    slots: &'a Slots<'a>,
    /// What all estimates lack.
    rest: f32,
    /// How far below the bar an estimate may be because signs are those of codes: what codes lose is
    /// in no direction, so it matters only where vectors are as near each other as codes are.
    codes_doubt: f32,
    /// Of the blocks with a row that the search is about.
    estimates: Vec<[f32; BLOCK_ROWS]>,
}

impl<'a> Scan<'a> {
    fn new(
        query: &Prepared,
        codes: &'a Codes,
        view: u32,
        slots: &'a Slots<'a>,
        best: &mut Shortlist,
    ) -> Self {
        let signs = &codes.signs;
        let mut about_mean: Vec<f32> =
            query.query.iter().zip(&signs.mean).map(|(q, m)| q - m).collect();
        // q . m - |m|^2, and what (q - m) . (x - m) has less.
        let rest = about_mean.iter().zip(&signs.mean).map(|(p, m)| p * m).sum();
        let squared: f32 = about_mean.iter().map(|p| p * p).sum();
        signs.rotation.turn(&mut about_mean);
        let mut tables = SignQuery::new(query.level, &about_mean);
        let deviation = (squared * signs.doubt * signs.doubt + tables.rounding().powi(2)).sqrt();
        tables.raise(DEVIATIONS * deviation);
        let lost = codes.most_lost / (signs.mean.len() as f32).sqrt();
        let codes_doubt = DEVIATIONS * query.length * lost;
        let mut scan = Self { codes, view, slots, rest, codes_doubt, estimates: Vec::new() };
        let mut estimates = Vec::with_capacity(scan.blocks().size_hint().0);
        for (block, marked) in scan.blocks() {
            let rows = block * BLOCK_ROWS..(block + 1) * BLOCK_ROWS;
            let bytes = block * signs.block_bytes..(block + 1) * signs.block_bytes;
            let (addends, factors) = (&signs.addends[rows.clone()], &signs.factors[rows]);
            let mut out = [0.0; BLOCK_ROWS];
            let floor = best.bar - rest;
            let above =
                tables.estimate(&signs.blocks[bytes], addends, factors, floor, &mut out) & marked;
            scan.each(block, above, |slot, row| best.note(out[row] + rest, view, slot));
            estimates.push(out);
        }
        best.settle();
        scan.estimates = estimates;
        scan
    }

    /// The blocks with a row that the search is about, and where it is.
    fn blocks(&self) -> Box<dyn Iterator<Item = (usize, u32)> + '_> {
        match self.slots {
            Slots::All { count, .. } => {
                Box::new((0..(*count as usize).div_ceil(BLOCK_ROWS)).map(|block| (block, u32::MAX)))
            }
            Slots::Marked(marks) => {
                Box::new(marks.blocks().map(|block| (block, marks.block(block))))
            }
        }
    }

    /// Takes those of a block's marked rows that the search is about.
    #[inline]
    fn each(&self, block: usize, mut marked: u32, mut take: impl FnMut(u32, usize)) {
        while marked != 0 {
            let row = marked.trailing_zeros() as usize;
            let slot = (block * BLOCK_ROWS + row) as u32;
            marked &= marked - 1;
            // The last block is padded.
            if (slot as usize) < self.codes.scales.len() && self.slots.contains(slot) {
                take(slot, row);
            }
        }
    }

    /// Bounds the rows whose estimates reach the bar.
    fn reach(&self, bar: &mut Bar<'_>, waiting: &mut Waiting<'_>) {
        for ((block, marked), estimates) in self.blocks().zip(&self.estimates) {
            let floor = bar.height() - self.rest - self.codes_doubt;
            let mut above = 0;
            for (row, estimate) in estimates.iter().enumerate() {
                above |= u32::from(*estimate >= floor) << row;
            }
            self.each(block, above & marked, |slot, _| waiting.add(self, slot, bar));
        }
        waiting.bound(self, bar);
    }
}

/// Rows that are to be bounded.
struct Waiting<'a> {
    query: &'a Prepared,
    slots: Vec<u32>,
    bounds: Vec<Bound>,
}

impl<'a> Waiting<'a> {
    fn new(query: &'a Prepared) -> Self {
        Self { query, slots: Vec::with_capacity(STRETCH), bounds: Vec::with_capacity(STRETCH) }
    }

    fn add(&mut self, scan: &Scan<'_>, slot: u32, bar: &mut Bar<'_>) {
        self.slots.push(slot);
        if self.slots.len() == STRETCH {
            self.bound(scan, bar);
        }
    }

    fn bound(&mut self, scan: &Scan<'_>, bar: &mut Bar<'_>) {
        self.query.bounds(scan.codes, &self.slots, &mut self.bounds);
        for (slot, bound) in self.slots.drain(..).zip(&self.bounds) {
            bar.take(scan.view, slot, bound);
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
        Self { width, bar: f32::NEG_INFINITY, entries: Vec::new() }
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
