//! What the planner needs of an index: one snapshot of one dataset version.

use filedex_model::number::KEY_BYTES;
use filedex_model::{FileId, Order, Predicate, Row, SortBy, StatusFilter};

use crate::choose::Access;
use crate::nearest::VectorSource;

/// An index failed; the cause is opaque here.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SourceError(Box<dyn std::error::Error + Send + Sync>);

impl SourceError {
    /// Wraps a cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }

    /// The cause, for whoever knows its type.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}

/// How many rows a predicate is thought to match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Surely at least this many.
    pub min: u64,
    /// The best guess.
    pub expected: u64,
    /// Surely at most this many.
    pub max: u64,
}

impl Estimate {
    /// A number that is known.
    #[must_use]
    pub fn exactly(rows: u64) -> Self {
        Self { min: rows, expected: rows, max: rows }
    }
}

/// The value a hit is ordered by. Keys compare only with keys of the same order.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey {
    /// The record has no such value: last in both directions.
    Missing,
    /// A time in milliseconds, or a size in bytes. An attribute's dates come after its numbers when
    /// ascending.
    Int(i64),
    /// An attribute's number, as its [`key`](filedex_model::Number::key).
    Number([u8; KEY_BYTES]),
    /// A name.
    Text(String),
    /// A rank score.
    Score(f32),
}

/// A place in an order: after this key, and on equal keys after this id.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The key.
    pub key: SortKey,
    /// The id.
    pub id: FileId,
}

/// The order of an answer. Ties are ordered by id, missing values come last.
#[derive(Clone, Debug, PartialEq)]
pub enum Sorting {
    /// By a field.
    Field(SortBy, Order),
    /// By the sum of these texts' BM25 scores, best first.
    Relevance(Vec<String>),
}

/// A request to a source.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// Which rows.
    pub access: &'a Access,
    /// Of which status.
    pub status: StatusFilter,
    /// In which order.
    pub sorting: &'a Sorting,
    /// At most this many hits.
    pub limit: usize,
    /// Only hits strictly after this place.
    pub after: Option<&'a Position>,
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The row.
    pub row: Row,
    /// What it is ordered by.
    pub key: SortKey,
    /// Its BM25 score, where the answer is ranked.
    pub score: Option<f32>,
}

/// A source's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// All rows that match, whatever the limit and the place.
    pub total: u64,
    /// The hits, in order.
    pub hits: Vec<Hit>,
}

/// One snapshot of one dataset version, as the planner sees it.
pub trait Source {
    /// Names the dataset version for ever: cursors are bound to it.
    fn identity(&self) -> String;

    /// Changes when a record of the version changes, and only then: ranks hold as long as it does.
    fn change_number(&self) -> u64;

    /// How many rows are live, deleted ones included.
    fn live_rows(&self) -> u64;

    /// A cheap guess of how many rows match.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn estimate(&self, predicate: &Predicate) -> Result<Estimate, SourceError>;

    /// The row of a file, if the version has it.
    ///
    /// # Errors
    /// When the records cannot be read.
    fn row_of(&self, id: &FileId) -> Result<Option<Row>, SourceError>;

    /// The file in a row.
    ///
    /// # Errors
    /// When the records cannot be read, or the row holds none.
    fn id_of(&self, row: Row) -> Result<FileId, SourceError>;

    /// The first hits and the exact total.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn search(&self, search: &Search<'_>) -> Result<Found, SourceError>;

    /// The rows that match, of every status, ascending.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn rows(&self, access: &Access) -> Result<Vec<Row>, SourceError>;

    /// The vectors of the space that the request is about; none where there is none.
    fn vectors(&self) -> Option<&dyn VectorSource> {
        None
    }

    /// How many rows match.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn count(&self, access: &Access, status: StatusFilter) -> Result<u64, SourceError>;
}
