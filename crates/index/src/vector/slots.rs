//! Which vectors of a segment a search is about.

use filedex_kernel::BLOCK_ROWS;
use filedex_model::Row;

use crate::text::DeadDocs;

/// The rows of a segment's slots, ascending: most segments have long runs of consecutive rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    runs: Vec<Run>,
    count: u32,
}

/// Slots and rows that count up together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    slot: u32,
    row: Row,
}

impl Rows {
    /// The rows, which must ascend; there are fewer than 2^32, as rows are distinct.
    pub(crate) fn new(rows: &[Row]) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (slot, row) in (0_u32..).zip(rows) {
            let goes_on = runs.last().is_some_and(|run| row - run.row == slot - run.slot);
            if !goes_on {
                runs.push(Run { slot, row: *row });
            }
        }
        runs.shrink_to_fit();
        Self { runs, count: rows.len() as u32 }
    }

    /// The row of a slot, which must be one.
    pub(crate) fn at(&self, slot: u32) -> Row {
        let run = self.runs[self.runs.partition_point(|run| run.slot <= slot) - 1];
        run.row + (slot - run.slot)
    }

    /// The slot of a row.
    pub(crate) fn slot(&self, row: Row) -> Option<u32> {
        let next = self.runs.partition_point(|run| run.row <= row);
        let run = self.runs[next.checked_sub(1)?];
        let slot = run.slot + (row - run.row);
        (slot < self.end(next)).then_some(slot)
    }

    /// Where the run before `next` ends.
    fn end(&self, next: usize) -> u32 {
        self.runs.get(next).map_or(self.count, |run| run.slot)
    }

    /// The slots of those of `wanted`, which ascends, that are here, handed to `take` ascending.
    fn each_slot(&self, wanted: &[Row], mut take: impl FnMut(u32)) {
        let mut rest = wanted;
        let mut run = 0;
        while let Some(row) = rest.first() {
            // From a row to its run, from a run to its rows: each step skips what is not common.
            run += self.runs[run..].partition_point(|run| run.row <= *row);
            let Some(before) = run.checked_sub(1) else {
                let Some(first) = self.runs.first() else { return };
                rest = &rest[rest.partition_point(|row| *row < first.row)..];
                continue;
            };
            let Run { slot, row: first } = self.runs[before];
            let last = first + (self.end(run) - slot - 1);
            let here = if *row > last { 0 } else { rest.partition_point(|row| *row <= last) };
            rest[..here].iter().for_each(|row| take(slot + (row - first)));
            rest = &rest[here..];
            match self.runs.get(run) {
                Some(next) => rest = &rest[rest.partition_point(|row| *row < next.row)..],
                None => return,
            }
        }
    }

    /// The slots of those of `wanted`, which ascends, that are here and live, ascending.
    pub(crate) fn slots(&self, wanted: &[Row], dead: &DeadDocs) -> Vec<u32> {
        let mut slots = Vec::new();
        self.each_slot(wanted, |slot| slots.push(slot));
        if !dead.is_empty() {
            slots.retain(|slot| !dead.contains(*slot));
        }
        slots
    }

    /// As [`Rows::slots`], as bits.
    pub(crate) fn marked(&self, wanted: &[Row], dead: &DeadDocs) -> Marks {
        let mut words = vec![0_u32; (self.count as usize).div_ceil(BLOCK_ROWS)];
        let mut count = 0;
        self.each_slot(wanted, |slot| {
            let (word, bit) =
                (&mut words[slot as usize / BLOCK_ROWS], 1 << (slot % BLOCK_ROWS as u32));
            // A row may be asked for twice.
            count += usize::from(*word & bit == 0);
            *word |= bit;
        });
        let mut marks = Marks { words, count };
        if !dead.is_empty() {
            dead.iter().take_while(|slot| *slot < self.count).for_each(|slot| marks.clear(slot));
        }
        marks
    }
}

/// Some slots of a segment: a bit each, a word for each block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    words: Vec<u32>,
    count: usize,
}

impl Marks {
    /// The marked rows of a block.
    pub(crate) fn block(&self, block: usize) -> u32 {
        self.words[block]
    }

    /// The blocks with a mark, ascending.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().filter(|(_, word)| **word != 0).map(|(block, _)| block)
    }

    /// The marked slots, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.blocks().flat_map(|block| {
            let mut rest = self.words[block];
            std::iter::from_fn(move || {
                let row = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some((block * BLOCK_ROWS) as u32 + row)
            })
        })
    }

    fn contains(&self, slot: u32) -> bool {
        let word = self.words.get(slot as usize / BLOCK_ROWS);
        word.is_some_and(|word| word >> (slot % BLOCK_ROWS as u32) & 1 == 1)
    }

    fn clear(&mut self, slot: u32) {
        if self.contains(slot) {
            self.words[slot as usize / BLOCK_ROWS] &= !(1 << (slot % BLOCK_ROWS as u32));
            self.count -= 1;
        }
    }
}

/// The slots a search is about.
#[derive(Clone, Debug)]
pub(crate) enum Slots<'a> {
    /// All of `count` but the dead.
    All { count: u32, dead: &'a DeadDocs },
    /// These; none is dead.
    Marked(Marks),
}

impl Slots<'_> {
    pub(crate) fn none() -> Self {
        Self::Marked(Marks::default())
    }

    pub(crate) fn count(&self) -> usize {
        match self {
            Self::All { count, dead } => u64::from(*count).saturating_sub(dead.len()) as usize,
            Self::Marked(marks) => marks.count,
        }
    }

    /// Whether the search is about a slot below the segment's count.
    pub(crate) fn contains(&self, slot: u32) -> bool {
        match self {
            Self::All { dead, .. } => dead.is_empty() || !dead.contains(slot),
            Self::Marked(marks) => marks.contains(slot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(rows: &Rows, wanted: &[Row], dead: &DeadDocs) -> Vec<u32> {
        let slots = rows.slots(wanted, dead);
        let marks = rows.marked(wanted, dead);
        assert_eq!(marks.iter().collect::<Vec<_>>(), slots);
        assert_eq!(marks.count, slots.len());
        assert!(slots.iter().all(|slot| marks.contains(*slot)));
        slots
    }

    #[test]
    fn slots_of_rows() {
        let dead: DeadDocs = [1].into_iter().collect();
        let run = Rows::new(&[5, 6, 7, 8]);
        assert_eq!(run.runs.len(), 1);
        let gaps = Rows::new(&[5, 6, 8, 100]);
        let empty = Rows::new(&[]);
        for (rows, wanted, slots) in [
            (&run, vec![1, 5, 6, 8, 9], vec![0, 3]),
            (&run, vec![], vec![]),
            (&run, vec![9, 10], vec![]),
            (&gaps, vec![0, 5, 6, 7, 8, 99, 100, 101], vec![0, 2, 3]),
            (&gaps, vec![7], vec![]),
            (&gaps, vec![101], vec![]),
            (&empty, vec![7], vec![]),
        ] {
            assert_eq!(both(rows, &wanted, &dead), slots, "{wanted:?}");
        }
        assert_eq!((run.slot(4), run.slot(5), run.slot(9)), (None, Some(0), None));
        assert_eq!((gaps.slot(8), gaps.slot(7), gaps.slot(101)), (Some(2), None, None));
        assert_eq!([0, 1, 2, 3].map(|slot| gaps.at(slot)), [5, 6, 8, 100]);
    }

    #[test]
    fn every_density_agrees_with_a_plain_search() {
        for gap in [2, 3, 50] {
            let list: Vec<Row> = (0..3_000).filter(|row| row % gap != 0).collect();
            let rows = Rows::new(&list);
            for step in [1, 2, 7, 100, 999] {
                let wanted: Vec<Row> = (0..3_100).step_by(step).map(|n| n as Row).collect();
                let expected: Vec<u32> = (0_u32..)
                    .zip(&list)
                    .filter(|(_, row)| wanted.contains(row))
                    .map(|(slot, _)| slot)
                    .collect();
                assert_eq!(both(&rows, &wanted, &DeadDocs::default()), expected);
                assert!(
                    (0_u32..)
                        .zip(&list)
                        .all(|(s, row)| { rows.at(s) == *row && rows.slot(*row) == Some(s) })
                );
            }
        }
    }
}
