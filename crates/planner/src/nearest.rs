//! What the planner needs of vectors, and the choice of how the nearest are found.

use std::fmt;

use filedex_model::Row;

use crate::source::SourceError;

/// How the nearest rows are found; tests and `explain` use its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NearestPath {
    /// Every row is bounded: the answer is proved to be exact.
    Exact,
    /// Every row is estimated by a bit for each dimension, the best are scored.
    Cascade,
    /// A neighbour graph is walked.
    Graph,
}

impl fmt::Display for NearestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Cascade => "cascade",
            Self::Graph => "graph",
        })
    }
}

/// Where searches by meaning go from one path to the next. The defaults were measured at 384
/// dimensions on a machine with AVX-512; `Reader::calibrate` measures those of the machine at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathThresholds {
    /// Spaces of at most this many vectors are searched exactly: 8,000 by default. Of larger ones at
    /// most this many rows, where that costs less than the cascade over all: a filter makes no
    /// search slower.
    pub exact_rows: u64,
    /// From this many rows on a graph is walked, where there is one: 200,000 by default.
    pub graph_rows: u64,
}

impl Default for PathThresholds {
    fn default() -> Self {
        Self { exact_rows: 8_000, graph_rows: 200_000 }
    }
}

/// Bounding a row costs about as much as estimating so many.
const BOUND_COST: u64 = 20;

/// What is known of a space before a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VectorFacts {
    /// Rows that have a vector.
    pub live: u64,
    /// Those of them in segments with a graph.
    pub in_graphs: u64,
}

/// A search for the rows nearest to a vector.
#[derive(Clone, Copy, Debug)]
pub struct NearestSearch<'a> {
    /// The vector, as its space keeps vectors.
    pub vector: &'a [f32],
    /// Only these rows, ascending; all where there is no list.
    pub rows: Option<&'a [Row]>,
    /// How many.
    pub k: usize,
    /// Only rows that score above this.
    pub above: Option<f32>,
    /// How.
    pub path: NearestPath,
}

/// The rows found.
#[derive(Clone, Debug, PartialEq)]
pub struct NearestFound {
    /// Rows with their similarity, best first; `k` or as many as there are, and those that tie with
    /// the last of them.
    pub hits: Vec<(Row, f32)>,
    /// The path that found them.
    pub path: NearestPath,
}

/// The vectors of one space in one snapshot, as the planner sees them.
pub trait VectorSource {
    /// What is known before a search.
    fn facts(&self) -> VectorFacts;

    /// The nearest rows.
    ///
    /// # Errors
    /// When the vectors cannot be read.
    fn nearest(&self, search: &NearestSearch<'_>) -> Result<NearestFound, SourceError>;

    /// The similarity of rows, in their order; none for a row without a vector.
    ///
    /// # Errors
    /// When the vectors cannot be read.
    fn similarities(&self, vector: &[f32], rows: &[Row]) -> Result<Vec<Option<f32>>, SourceError>;
}

/// Chooses the path of a search over `rows` rows.
///
/// Exact where it is cheap, where it was asked for, and under a threshold, whose count must be true.
/// A graph only where most rows pass, since a walk goes through those that do not. Else the cascade.
///
/// ```
/// use filedex_planner::{NearestPath, PathThresholds, VectorFacts, choose_nearest};
/// let facts = VectorFacts { live: 1_000_000, in_graphs: 1_000_000 };
/// let choose = |rows, exact| choose_nearest(rows, facts, exact, PathThresholds::default());
/// assert_eq!(choose(5_000, false), NearestPath::Exact);
/// assert_eq!(choose(100_000, false), NearestPath::Cascade);
/// assert_eq!(choose(1_000_000, false), NearestPath::Graph);
/// assert_eq!(choose(1_000_000, true), NearestPath::Exact);
/// ```
#[must_use]
pub fn choose_nearest(
    rows: u64,
    facts: VectorFacts,
    exact: bool,
    thresholds: PathThresholds,
) -> NearestPath {
    let rows = rows.min(facts.live);
    let most = if facts.live <= thresholds.exact_rows {
        thresholds.exact_rows
    } else {
        let as_cheap = (facts.live / BOUND_COST).max(thresholds.exact_rows / 4);
        thresholds.exact_rows.min(as_cheap)
    };
    if exact || rows <= most {
        NearestPath::Exact
    } else if rows >= thresholds.graph_rows
        && rows * 2 >= facts.live
        && facts.in_graphs * 2 >= facts.live
    {
        NearestPath::Graph
    } else {
        NearestPath::Cascade
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_by_size_and_filter() {
        use NearestPath::{Cascade, Exact, Graph};
        let cases = [
            // live, in graphs, rows, exact asked, path
            (0, 0, 0, false, Exact),
            (8_000, 0, 8_000, false, Exact),
            (8_001, 0, 8_001, false, Cascade),
            (8_001, 0, 2_001, false, Cascade),
            (8_001, 0, 2_000, false, Exact),
            (100_000, 0, 5_000, false, Exact),
            (100_000, 0, 5_001, false, Cascade),
            (1_000_000, 0, 8_000, false, Exact),
            (1_000_000, 0, 8_001, false, Cascade),
            (1_000_000, 0, 1_000_000, false, Cascade),
            (1_000_000, 900_000, 1_000_000, false, Graph),
            (1_000_000, 900_000, 500_000, false, Graph),
            (1_000_000, 900_000, 499_999, false, Cascade),
            (1_000_000, 400_000, 1_000_000, false, Cascade),
            (199_999, 199_999, 199_999, false, Cascade),
            (1_000_000, 900_000, 1_000_000, true, Exact),
        ];
        for (live, in_graphs, rows, exact, path) in cases {
            let facts = VectorFacts { live, in_graphs };
            let chosen = choose_nearest(rows, facts, exact, PathThresholds::default());
            assert_eq!(chosen, path, "{live} {in_graphs} {rows}");
        }
    }
}
