//! The true nearest, in 64-bit arithmetic over every row, and how much of them an answer has.

use std::thread;

use super::filters::Filter;
use crate::Outcome;
use crate::engine::nearest::{NEAREST, Vectors};

/// What 32-bit arithmetic may err by: rows whose true scores are closer than this tie.
const ROUNDING: f64 = 1e-7;
/// Rows that are scored together, so that they stay in the cache.
const ROWS: usize = 16;
/// Sums that are kept side by side.
const LANES: usize = 8;

/// The least score among the true nearest, of each query under each filter.
#[derive(Debug)]
pub struct Truth<'a> {
    rows: Vectors<'a>,
    queries: Vectors<'a>,
    filters: &'a [Filter],
    /// By query; first that of all rows.
    bars: Vec<Vec<f64>>,
}

/// How many of the true nearest were found, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Found.
    pub hits: usize,
    /// There are.
    pub of: usize,
}

impl Share {
    /// Adds another query's.
    pub fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.of += other.of;
    }

    /// Recall; 1 where there was nothing to find.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    pub fn recall(self) -> f64 {
        if self.of == 0 { 1.0 } else { self.hits as f64 / self.of as f64 }
    }
}

impl<'a> Truth<'a> {
    /// Scores every row for every query, on all processors.
    ///
    /// # Errors
    /// When a thread ends.
    pub fn find(rows: Vectors<'a>, queries: Vectors<'a>, filters: &'a [Filter]) -> Outcome<Self> {
        let mut bars = vec![Vec::new(); queries.len()];
        let part = queries.len().div_ceil(thread::available_parallelism()?.get());
        thread::scope(|scope| {
            for (bars, first) in bars.chunks_mut(part).zip((0..).step_by(part)) {
                scope.spawn(move || find(rows, queries, filters, first, bars));
            }
        });
        Ok(Self { rows, queries, filters, bars })
    }

    /// How much of the true nearest an answer has. A row counts if none of the true nearest scores
    /// less, whichever of those that tie are found.
    ///
    /// # Errors
    /// When the answer names a row twice, or one that does not pass.
    pub fn judge(&self, query: usize, filter: Option<usize>, found: &[u32]) -> Outcome<Share> {
        let passes = filter.map(|filter| &self.filters[filter].passes);
        let there = filter.map_or(self.rows.len(), |filter| self.filters[filter].count());
        let bar = self.bars[query][filter.map_or(0, |filter| filter + 1)] - ROUNDING;
        let wide: Vec<f64> = widen(self.queries.get(query)).collect();
        let mut share = Share { hits: 0, of: NEAREST.min(there) };
        for (at, row) in found.iter().enumerate() {
            let number = *row as usize;
            if found[..at].contains(row) || passes.is_some_and(|passes| !passes[number]) {
                return Err(format!("row {row} is no answer to query {query}").into());
            }
            let score = product(&wide, &widen(self.rows.get(number)).collect::<Vec<f64>>());
            share.hits += usize::from(score >= bar);
        }
        Ok(share)
    }
}

/// Finds the bars of some queries.
fn find(
    rows: Vectors<'_>,
    queries: Vectors<'_>,
    filters: &[Filter],
    first: usize,
    bars: &mut [Vec<f64>],
) {
    let dimension = rows.dimension;
    let asked = first * dimension..(first + bars.len()) * dimension;
    let wide: Vec<f64> = widen(&queries.numbers[asked]).collect();
    let counts = filters.iter().map(Filter::count);
    let wanted: Vec<usize> =
        [rows.len()].into_iter().chain(counts).map(|count| count.min(NEAREST)).collect();
    let marks: Vec<u32> = (0..rows.len()).map(|row| marks(filters, row)).collect();
    let mut best = vec![[f64::NEG_INFINITY; NEAREST]; bars.len() * wanted.len()];
    let mut some = Vec::with_capacity(ROWS * dimension);
    for (numbers, from) in rows.numbers.chunks(ROWS * dimension).zip((0..).step_by(ROWS)) {
        some.clear();
        some.extend(widen(numbers));
        for (query, best) in wide.chunks_exact(dimension).zip(best.chunks_exact_mut(wanted.len())) {
            for (row, number) in some.chunks_exact(dimension).zip(from..) {
                let (score, mut marks) = (product(query, row), marks[number]);
                while marks != 0 {
                    take(&mut best[marks.trailing_zeros() as usize], score);
                    marks &= marks - 1;
                }
            }
        }
    }
    for (bars, best) in bars.iter_mut().zip(best.chunks_exact(wanted.len())) {
        // Ascending, with nothing in front where there are fewer than are wanted.
        let bar = best.iter().zip(&wanted);
        bars.extend(bar.map(|(best, wanted)| best.get(NEAREST - wanted).copied().unwrap_or(0.0)));
    }
}

/// A bit for each filter that a row passes, above one that stands for all rows.
fn marks(filters: &[Filter], row: usize) -> u32 {
    let passed = filters.iter().zip(1..).filter(|(filter, _)| filter.passes[row]);
    passed.fold(1, |marks, (_, bit)| marks | 1 << bit)
}

/// Puts a score among the best, which ascend.
fn take(best: &mut [f64; NEAREST], score: f64) {
    if score <= best[0] {
        return;
    }
    let place = best.partition_point(|other| *other < score) - 1;
    best[..=place].rotate_left(1);
    best[place] = score;
}

fn widen(numbers: &[f32]) -> impl Iterator<Item = f64> {
    numbers.iter().copied().map(f64::from)
}

/// The scalar product. The order of its sums is always the same, so that equal rows score equally.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.iter().sum::<f64>() + rest.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_and_strangers_do_not() {
        // Row r points r hundredths of a turn away from the query; rows 20 and 21 are equal.
        let angle = |row: u32| f64::from(if row == 21 { 20 } else { row }) * 0.0628;
        #[expect(clippy::cast_possible_truncation, reason = "engines take 32-bit numbers")]
        let rows: Vec<f32> =
            (0..50).flat_map(|row| [angle(row).cos() as f32, angle(row).sin() as f32]).collect();
        let rows = Vectors { dimension: 2, numbers: &rows };
        let queries = Vectors { dimension: 2, numbers: &[1.0, 0.0] };
        let late = Filter { expression: String::new(), passes: (0..50).map(|r| r > 11).collect() };
        let few = Filter { expression: String::new(), passes: (0..50).map(|r| r < 3).collect() };
        let filters = [late, few];
        let truth = Truth::find(rows, queries, &filters).unwrap();
        let share = |filter, found: &[u32]| truth.judge(0, filter, found).unwrap();
        assert_eq!(share(None, &[0, 9, 10]), Share { hits: 2, of: 10 });
        // The ten nearest that pass end at row 21, with which row 20 ties.
        assert_eq!(share(Some(0), &[12, 20, 21, 22]), Share { hits: 3, of: 10 });
        assert_eq!(share(Some(1), &[2, 1, 0]), Share { hits: 3, of: 3 });
        assert!(truth.judge(0, Some(1), &[3]).is_err());
        assert!(truth.judge(0, None, &[3, 3]).is_err());
    }
}
