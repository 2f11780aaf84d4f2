//! What can be asked of a version.

use filedex_model::{FileId, Filter, Order, SortBy, StatusFilter, Timestamp};
use serde::{Deserialize, Serialize};

use super::notation;
use super::typed::Typed;

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// Every record with its vectors; folders; spaces.
    Records,
    /// Every record as a line of an export, which an import reads as the same record.
    Lines,
    /// Datasets, versions, notes.
    Catalog,
    /// The files that pass a filter.
    List(Listing),
    /// The same in typed fields.
    Typed(Typed),
    /// The files that are nearest to something.
    Near(Nearby),
    /// How many files of those that pass have each value of a property: the six that statistics
    /// are made by.
    Statistics(Listing),
    /// The first page of a listing, and then a second one with a cursor that must be refused.
    Cursor(Listing, CursorFault),
    /// The first page of a listing by the reader that is kept, and the others by a new one.
    Across(Listing),
    /// The same by meaning: the ranking is gone once the version changed.
    AcrossNear(Nearby),
}

/// What is wrong with a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CursorFault {
    /// This byte of it is another one.
    Changed(usize),
    /// It ends early.
    Cut(usize),
    /// It is of another filter.
    OtherFilter,
    /// It is of another order.
    OtherOrder,
    /// It is of another status.
    OtherStatus,
}

/// A question by filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// What is asked of each file.
    #[serde(with = "notation::filter")]
    pub filter: Filter,
    /// Which files are covered.
    pub status: StatusFilter,
    /// The order; the newest first, or the best by words, where there is none.
    #[serde(with = "notation::sort")]
    pub sort: Option<(SortBy, Order)>,
    /// Files on a page.
    pub pages: u32,
    /// Whether all of it is said in the query language, cursors too.
    pub text: bool,
    /// The clock.
    pub now: Timestamp,
}

/// A question by meaning, joined with words where it has some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nearby {
    /// What the files are to be near to.
    pub toward: Toward,
    /// The space; the chosen one by default.
    pub space: Option<String>,
    /// The model the vector is said to be of.
    pub model: Option<String>,
    /// At most so many files.
    pub top_k: Option<u32>,
    /// Of a similarity above this.
    pub above: Option<f32>,
    /// Whether the nearest are asked for certain.
    pub exact: bool,
    /// How words join.
    #[serde(default)]
    pub words: Joined,
    /// Filter, status, order and pages.
    pub among: Listing,
}

/// How words rank beside meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Joined {
    /// Whether they do not: neither this text nor those of the filter.
    pub ignored: bool,
    /// A text beside those of the filter; only with a vector.
    pub text: Option<String>,
    /// Whether by reciprocal ranks, not by convex combination.
    pub reciprocal: bool,
    /// The weight of meaning; 0.6 by default, 0.5 for ranks.
    pub weight: Option<f32>,
}

/// What files are to be near to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Toward {
    /// A vector.
    Vector(#[serde(with = "notation::numbers")] Vec<f32>),
    /// A text, by the model of the space.
    Text(String),
    /// A file, by its URI.
    Uri(String),
    /// A file, by its id.
    Id(FileId),
}

impl Question {
    /// The listing in it.
    #[must_use]
    pub fn listing(&self) -> Option<&Listing> {
        match self {
            Self::Records | Self::Catalog | Self::Lines | Self::Typed(_) => None,
            Self::List(listing)
            | Self::Statistics(listing)
            | Self::Cursor(listing, _)
            | Self::Across(listing) => Some(listing),
            Self::Near(nearby) | Self::AcrossNear(nearby) => Some(&nearby.among),
        }
    }

    /// The same with another listing.
    #[must_use]
    pub fn with(&self, listing: Listing) -> Self {
        match self {
            Self::Records => Self::Records,
            Self::Catalog | Self::Lines | Self::Typed(_) => self.clone(),
            Self::List(_) => Self::List(listing),
            Self::Statistics(_) => Self::Statistics(listing),
            Self::Cursor(_, fault) => Self::Cursor(listing, *fault),
            Self::Across(_) => Self::Across(listing),
            Self::Near(nearby) => Self::Near(Nearby { among: listing, ..nearby.clone() }),
            Self::AcrossNear(nearby) => {
                Self::AcrossNear(Nearby { among: listing, ..nearby.clone() })
            }
        }
    }
}
