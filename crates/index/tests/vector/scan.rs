//! The oracle: every live vector scored by [`Metric::score`], sorted. And what any answer has to be,
//! measured by it.

use filedex_index::{Nearest, Neighbour, Neighbours, SearchPath};
use filedex_model::{Metric, Row};

use crate::store::Store;

pub const PATHS: [SearchPath; 3] = [SearchPath::Exact, SearchPath::Cascade, SearchPath::Graph];

/// The score of every live row to one query, best first, ties by row.
pub struct Scan(Vec<Neighbour>);

/// How many of the nearest were found, by score, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub hits: usize,
    pub wanted: usize,
}

impl Found {
    /// 1 where nothing was wanted.
    pub fn recall(self) -> f64 {
        if self.wanted == 0 { 1.0 } else { self.hits as f64 / self.wanted as f64 }
    }
}

impl std::ops::AddAssign for Found {
    fn add_assign(&mut self, more: Self) {
        self.hits += more.hits;
        self.wanted += more.wanted;
    }
}

impl Scan {
    #[expect(clippy::cast_possible_truncation, reason = "scores are published as floats")]
    pub fn new(store: &Store, query: &[f32]) -> Self {
        let metric: Metric = store.index.shape().metric;
        let score = |(row, vector): &(Row, Vec<f32>)| Neighbour {
            row: *row,
            // 0 and -0 are one score.
            score: metric.score(query, vector) as f32 + 0.0,
        };
        let mut all: Vec<Neighbour> = store.live.iter().map(score).collect();
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
        Self(all)
    }

    /// The rows, nearest first.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = Row> + '_ {
        self.0.iter().map(|hit| hit.row)
    }

    /// Whom a search is about, nearest first.
    pub fn about(&self, rows: Option<&[Row]>) -> Vec<Neighbour> {
        let wanted =
            |hit: &&Neighbour| rows.is_none_or(|rows| rows.binary_search(&hit.row).is_ok());
        self.0.iter().filter(wanted).copied().collect()
    }

    /// The answer of a search that misses nothing: `k` hits and all that tie with the last.
    pub fn answer(&self, search: &Nearest<'_>) -> Neighbours {
        let all = self.about(search.rows);
        let rows = all.len();
        let mut hits = all;
        hits.retain(|hit| search.above.is_none_or(|above| hit.score > above));
        let last = search.k.min(hits.len()).checked_sub(1).map(|last| hits[last].score);
        hits.retain(|hit| last.is_some_and(|last| hit.score >= last));
        Neighbours { hits, path: SearchPath::Exact, rows }
    }

    /// Checks what every answer has to be on any path, and tells how much it found.
    pub fn check(&self, search: &Nearest<'_>, answer: &Neighbours, what: &str) -> Found {
        let truth = self.answer(search);
        assert_eq!(answer.rows, truth.rows, "{what}: the rows it was about");
        let wanted = search.k.min(truth.hits.len());
        assert!(answer.hits.len() >= wanted, "{what}: {} of {wanted} hits", answer.hits.len());
        let order =
            |a: &Neighbour, b: &Neighbour| a.score > b.score || a.score == b.score && a.row < b.row;
        assert!(answer.hits.is_sorted_by(order), "{what}: in order, each row once");
        if let Some(last) = wanted.checked_sub(1) {
            let tie = answer.hits[last..].iter().all(|hit| hit.score == answer.hits[last].score);
            assert!(tie, "{what}: beyond k only ties");
        }
        let about = self.about(search.rows);
        for hit in &answer.hits {
            let here = about.partition_point(|other| order(other, hit));
            assert_eq!(about.get(here), Some(hit), "{what}: a row asked for, with its score");
        }
        let reached = |hit: &&Neighbour| hit.score >= truth.hits[wanted - 1].score;
        Found { hits: answer.hits.iter().take(wanted).filter(reached).count(), wanted }
    }
}
