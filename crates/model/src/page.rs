//! What an answer is ordered by, which records it covers, and where its next page starts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::property::{AttributePath, Property};

/// Which records a query covers, by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StatusFilter {
    /// Records that are not deleted.
    #[default]
    Active,
    /// Logically deleted records.
    Deleted,
    /// Both.
    All,
}

/// The direction of an order. Missing values come last in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Order {
    /// Smallest first.
    Asc,
    /// Largest first.
    #[default]
    Desc,
}

/// What an answer is ordered by. Ties are ordered by id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// BM25 of the query's text, best first.
    Relevance,
    /// `FileCreateTime`.
    FileCreateTime,
    /// `FileUpdateTime`.
    FileUpdateTime,
    /// `TagUpdateTime`.
    TagUpdateTime,
    /// `SyncTime`.
    SyncTime,
    /// `SemanticIndexUpdateTime`.
    SemanticIndexUpdateTime,
    /// When the record was created here; newest first is the default order.
    RecordCreateTime,
    /// `FileName`, by its UTF-8 bytes (case-sensitive).
    FileName,
    /// `DataSize`.
    DataSize,
    /// A custom attribute: its numbers, or its dates where it has no number; the smallest value
    /// of an array when ascending, the largest when descending. Other values count as missing.
    Attribute(AttributePath),
}

impl SortBy {
    /// The property that is sorted by; `None` for relevance.
    #[must_use]
    pub fn property(&self) -> Option<Property> {
        Some(match self {
            Self::Relevance => return None,
            Self::FileCreateTime => Property::FileCreateTime,
            Self::FileUpdateTime => Property::FileUpdateTime,
            Self::TagUpdateTime => Property::TagUpdateTime,
            Self::SyncTime => Property::SyncTime,
            Self::SemanticIndexUpdateTime => Property::SemanticIndexUpdateTime,
            Self::RecordCreateTime => Property::RecordCreateTime,
            Self::FileName => Property::FileName,
            Self::DataSize => Property::DataSize,
            Self::Attribute(path) => Property::Attribute(path.clone()),
        })
    }

    /// The sort key for a property, or `None` where records cannot be ordered by it.
    ///
    /// ```
    /// use filedex_model::{Property, SortBy};
    /// assert_eq!(SortBy::of(&Property::DataSize), Some(SortBy::DataSize));
    /// assert_eq!(SortBy::of(&Property::TagsUser), None);
    /// ```
    #[must_use]
    pub fn of(property: &Property) -> Option<Self> {
        Some(match property {
            Property::FileCreateTime => Self::FileCreateTime,
            Property::FileUpdateTime => Self::FileUpdateTime,
            Property::TagUpdateTime => Self::TagUpdateTime,
            Property::SyncTime => Self::SyncTime,
            Property::SemanticIndexUpdateTime => Self::SemanticIndexUpdateTime,
            Property::RecordCreateTime => Self::RecordCreateTime,
            Property::FileName => Self::FileName,
            Property::DataSize => Self::DataSize,
            Property::Attribute(path) => Self::Attribute(path.clone()),
            _ => return None,
        })
    }
}

impl fmt::Display for SortBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.property() {
            Some(property) => property.fmt(f),
            None => f.write_str("Relevance"),
        }
    }
}

/// Where the next page of an answer starts: opaque text, to be handed back with the same query.
///
/// A cursor is refused with another query, another dataset version or another file; a cursor of a
/// ranked answer also once the version has changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor from the text an earlier page gave.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The cursor's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
