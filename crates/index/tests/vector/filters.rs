//! Lists of rows to search in: chosen by chance, and chosen by the vectors themselves.

use filedex_model::Row;
use filedex_testkit::Seed;

use crate::scan::Scan;

/// The shares of all rows that lists have, in per mille; 0 is one of no rows.
pub const SHARES: [usize; 6] = [1_000, 500, 100, 10, 1, 0];

/// How the rows of a list are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Random,
    /// The nearest to a pivot.
    Nearest,
    /// The farthest from it: a query near the pivot is in no company.
    Farthest,
}

pub const CHOICES: [Choice; 3] = [Choice::Random, Choice::Nearest, Choice::Farthest];

/// A list of about this share of the rows; none stands for all of them.
pub fn list(seed: &mut Seed, pivot: &Scan, choice: Choice, share: usize) -> Option<Vec<Row>> {
    if share == 1_000 {
        return None;
    }
    let all = pivot.rows().count();
    let count = (all * share).div_ceil(1_000);
    let mut rows: Vec<Row> = match choice {
        Choice::Random => pivot.rows().filter(|_| seed.below(1_000) < share).collect(),
        Choice::Nearest => pivot.rows().take(count).collect(),
        Choice::Farthest => pivot.rows().rev().take(count).collect(),
    };
    rows.sort_unstable();
    Some(rows)
}
