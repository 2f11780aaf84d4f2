//! Joining words and meaning into one order.

use std::collections::HashMap;

use filedex_model::Row;
use filedex_query::Fusion;

/// The weight of meaning in a convex combination where none is given.
pub(crate) const VECTOR_WEIGHT: f32 = 0.6;
/// The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).
const RRF_K: f32 = 60.0;

/// What one row of a ranked answer got where.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// Its similarity; none where it has no vector.
    pub similarity: Option<f32>,
    /// Its BM25 score; none where the answer is ranked by meaning alone, or no word of it matches.
    pub bm25: Option<f32>,
    /// What the two were joined to; none where the answer is ranked by one of them alone.
    pub fused: Option<f32>,
}

impl Parts {
    /// What the row is ranked by.
    pub(crate) fn key(&self) -> f32 {
        self.fused.or(self.similarity).unwrap_or(0.0)
    }
}

/// How scores are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Joining {
    pub fusion: Fusion,
    /// Of meaning; the rest is the words'.
    pub weight: f32,
}

impl Joining {
    pub fn new(fusion: Fusion, weight: Option<f32>) -> Self {
        let by_default = match fusion {
            Fusion::Convex => VECTOR_WEIGHT,
            Fusion::Rrf => 0.5,
        };
        Self { fusion, weight: weight.unwrap_or(by_default) }
    }

    /// w times the similarity, negatives cut to 0, plus (1 - w) times BM25 over the best BM25.
    pub fn convex(&self, similarity: Option<f32>, bm25: Option<f32>, best: f32) -> f32 {
        let words = if best > 0.0 { bm25.unwrap_or(0.0) / best } else { 0.0 };
        self.weight * similarity.unwrap_or(0.0).max(0.0) + (1.0 - self.weight) * words
    }

    /// The weighted sum of 1 / (60 + rank) over the lists that have the row; ranks from 1.
    pub fn reciprocal(&self, by_meaning: Option<usize>, by_words: Option<usize>) -> f32 {
        let term = |rank: Option<usize>| rank.map_or(0.0, |rank| 1.0 / (RRF_K + rank as f32));
        2.0 * (self.weight * term(by_meaning) + (1.0 - self.weight) * term(by_words))
    }
}

/// The ranks of a list's rows, from 1; rows of one score share the best of their ranks, so that a
/// rank does not hang on the order of ties.
pub(crate) fn ranks(list: &[(Row, f32)]) -> HashMap<Row, usize> {
    let mut ranks = HashMap::with_capacity(list.len());
    let mut rank = 1;
    for (at, (row, score)) in list.iter().enumerate() {
        if at > 0 && list[at - 1].1 != *score {
            rank = at + 1;
        }
        ranks.insert(*row, rank);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convex_is_between_its_sources() {
        let half = Joining::new(Fusion::Convex, Some(0.5));
        assert_eq!(half.convex(Some(0.8), Some(3.0), 6.0), 0.65);
        assert_eq!(half.convex(Some(-0.8), None, 6.0), 0.0);
        assert_eq!(half.convex(None, Some(6.0), 6.0), 0.5);
        assert_eq!(half.convex(Some(0.5), None, 0.0), 0.25);
        let meaning = Joining::new(Fusion::Convex, Some(1.0));
        assert_eq!(meaning.convex(Some(0.8), Some(3.0), 6.0), 0.8);
    }

    #[test]
    fn reciprocal_ranks() {
        let even = Joining::new(Fusion::Rrf, None);
        assert_eq!(even.reciprocal(Some(1), Some(1)), 2.0 / 61.0);
        assert_eq!(even.reciprocal(None, Some(2)), 1.0 / 62.0);
        assert_eq!(ranks(&[(5, 0.9), (7, 0.8), (6, 0.8), (1, 0.1)])[&6], 2);
        assert_eq!(ranks(&[(5, 0.9), (7, 0.8), (6, 0.8), (1, 0.1)])[&1], 4);
    }
}
