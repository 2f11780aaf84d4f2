//! What answers are ordered by.

use std::cmp::Ordering as Cmp;

use filedex_model::number::KEY_BYTES;
use filedex_model::{FileId, Order, SortBy};

/// How an answer is ordered.
///
/// Every order is total: records with equal keys follow each other by ascending id, and records
/// without a key come last in either direction.
#[derive(Clone, Copy, Debug)]
pub enum Ordering<'a> {
    /// By a property.
    Field {
        /// The property. `Relevance` is not one: see [`Ordering::Relevance`].
        by: &'a SortBy,
        /// The direction.
        order: Order,
    },
    /// By the sum of the BM25 scores of these texts, best first.
    Relevance(&'a [RankText]),
}

/// A text to rank by: that of a `Text : '…'` that does not stand under NOT.
///
/// Its score of a record is the sum over its [units](filedex_model::analysis::units), in order, of
/// [`bm25`](crate::bm25) of the unit's whole and, where the unit falls into several parts and the
/// record has them all, of `bm25` of each part in order. The unit's scores are added up first, then
/// the units', then the texts', all in 32 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankText(pub String);

/// What a hit is ordered by.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey {
    /// The record has no value; it comes last.
    Missing,
    /// Milliseconds of a date, or a size. A date of an attribute comes after all its numbers when
    /// ascending.
    Int(i64),
    /// A number of an attribute, as its [`key`](filedex_model::Number::key).
    Number([u8; KEY_BYTES]),
    /// A name.
    Text(String),
    /// A score; the largest comes first.
    Score(f32),
}

/// A place in an order: the hit with this key and id.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The hit's key.
    pub key: SortKey,
    /// The hit's id.
    pub id: FileId,
}

impl SortKey {
    /// The order of two keys of one query, in its direction.
    pub(crate) fn compare(&self, other: &Self, order: Order) -> Cmp {
        let ascending = match (self, other) {
            (Self::Missing, Self::Missing) => return Cmp::Equal,
            (Self::Missing, _) => return Cmp::Greater,
            (_, Self::Missing) => return Cmp::Less,
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Score(a), Self::Score(b)) => a.total_cmp(b),
            (a, b) => a.kind().cmp(&b.kind()),
        };
        match order {
            Order::Asc => ascending,
            Order::Desc => ascending.reverse(),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Int(_) => 1,
            Self::Text(_) => 2,
            Self::Score(_) => 3,
            Self::Missing => 4,
        }
    }
}
