//! The vocabulary of Filedex: ids, times, records, datasets, properties, predicates and limits.
//!
//! Every other crate speaks in these types. This crate does no IO and knows no engine: it does
//! not know that records live in redb, that postings live in tantivy or that queries are parsed
//! by pest.

pub mod analysis;
pub mod attribute;
mod category;
pub mod change;
pub mod dataset;
pub mod embedder;
pub mod filter;
pub mod id;
pub mod limits;
pub mod media;
pub mod number;
pub mod page;
pub mod path;
pub mod predicate;
pub mod property;
pub mod record;
mod rules;
pub mod space;
pub mod tags;
pub mod time;

pub use category::{category_filter, category_of};
pub use change::{
    AiTags, DetailsUpdate, FileUpdate, ItemError, ItemOutcome, NameMode, NewFile, TagEdit,
};
pub use dataset::{
    ColumnSchema, ColumnType, Dataset, DatasetPatch, DatasetStatus, NewDataset, Version,
};
pub use embedder::{EmbedError, Embedded, Embedder, ImageInput, TextEmbedder};
pub use filter::Filter;
pub use id::{FileId, Row};
pub use number::Number;
pub use page::{Cursor, Order, SortBy, StatusFilter};
pub use predicate::{Bound, Predicate, Range, Test, Value, When};
pub use property::{AttributePath, Kind, Property};
pub use record::{FileRecord, Status};
pub use space::{Metric, Space, SpaceError, VectorError, VectorStorage};
pub use tags::Tags;
pub use time::Timestamp;
