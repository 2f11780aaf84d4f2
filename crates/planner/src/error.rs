//! What can go wrong between a query and its answer.

use crate::source::SourceError;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The cursor is not one, or was damaged on its way.
    #[error("this is not a cursor, or it was damaged; start again without one")]
    CursorDamaged,
    /// The cursor was made by another version of Filedex.
    #[error("this cursor was made by another version of Filedex; start again without one")]
    CursorFormat,
    /// The cursor belongs to another query or another dataset version.
    #[error(
        "this cursor belongs to another query, dataset version or file; use it with the query it came from, or start again without one"
    )]
    CursorForeign,
    /// The cursor of a ranked answer outlived its ranking.
    #[error(
        "this cursor is stale: the dataset version changed since its page was made, and ranks with it; start again without one"
    )]
    CursorStale,
    /// The page size is out of bounds.
    #[error("a page has 1 to {max} items, not {asked}")]
    PageSize {
        /// What was asked for.
        asked: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// An order by relevance needs a text to be relevant to.
    #[error("SortBy=Relevance needs a text to rank by; add Text:'…'")]
    NothingToRank,
    /// A search by meaning needs vectors.
    #[error("there is no embedding space to search by meaning")]
    NoVectors,
    /// The index could not answer.
    #[error(transparent)]
    Source(#[from] SourceError),
}
