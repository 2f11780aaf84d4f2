//! Filedex: the embedded, single-file search engine for file metadata.
//!
//! A database is one file. It holds datasets; a dataset has versions; a version holds file records:
//! names, folders, types, sizes, dates, tags, captions and any attributes. A query names any of
//! them in one expression and gets ranked, cursor-paged answers with exact totals.
//!
//! ```
//! use filedex::{Database, NewFile, Query};
//!
//! let dir = tempfile::tempdir()?;
//! let db = Database::create(dir.path().join("photos.filedex"))?;
//! let version = db.default_version()?;
//!
//! let mut batch = db.batch(&version);
//! batch.create(NewFile {
//!     tags_user: vec!["beach".into()],
//!     comment: Some("Children playing at sunset".into()),
//!     ..NewFile::at("file:///photos/2025/beachSunset.jpg")
//! });
//! let report = batch.commit()?;
//! assert!(report.all_succeeded());
//!
//! let page = db.reader()?.list(&version, &Query::parse("FileName:'sunset' AND Tags.all='beach'")?)?;
//! assert_eq!(page.total, 1);
//! assert_eq!(page.hits[0].record.file_name, "beachSunset.jpg");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Database`] opens and makes files; [`Builder`] sets its options.
//! - [`Batch`] writes: each item succeeds or fails alone, the batch is one commit.
//! - [`Reader`] is a snapshot: it sees one state of everything for as long as it lives, and never
//!   waits for a writer.
//! - [`Query`] is the query language; [`ListOptions`] says the same in typed fields.
//! - [`import`] and [`export`] move JSON lines in and out.
//!
//! The library has one writer at a time and any number of readers. One process opens a file for
//! writing, or several open it read-only.

mod adapters;
mod apply;
mod ask;
mod backup;
mod batch;
mod calibrate;
mod check;
mod commit;
mod database;
mod dataset;
mod embed;
mod embedders;
mod error;
pub mod export;
pub mod import;
mod info;
mod lease;
mod list;
mod maintenance;
mod notes;
mod npy;
mod reader;
mod rebuild;
mod repair;
mod snapshot;
mod spaces;
mod statistics;
mod vectors;

pub use backup::BackedUp;
pub use batch::{Batch, BatchReport, ImportMode, NewVector};
pub use calibrate::{Calibration, Trial};
pub use check::{CheckReport, Finding, check_pages};
pub use database::{Builder, Compacted, Database, Durability, MergePolicy, VersionRef};
pub use embed::{EmbedFailure, EmbedField, EmbedOptions, EmbedProgress, EmbedReport, EmbedSource};
pub use error::{Error, ErrorKind, Result};
pub use info::{Info, PartSize, VersionInfo};
pub use list::{ListOptions, ListedFile, Page, Query, TagMatch, parse_sort};
pub use npy::NpyRows;
pub use reader::{FolderInfo, Reader};
pub use rebuild::Rebuilt;
pub use repair::{RepairReport, RepairStep, RepairTo, repair};
pub use spaces::{NewSpace, SpaceSummary};
pub use statistics::{Aggregate, GroupCount};

pub use filedex_model::change::{Done, renamed};
pub use filedex_model::media::{
    AudioStream, FaceThumbnail, ImageMedia, ImageQuality, ImageTag, VideoMedia, VideoStream,
};
pub use filedex_model::{
    AiTags, AttributePath, Bound, ColumnSchema, ColumnType, Cursor, Dataset, DatasetPatch,
    DatasetStatus, DetailsUpdate, EmbedError, Embedded, Embedder, FileId, FileRecord, FileUpdate,
    Filter, ImageInput, ItemError, ItemOutcome, Kind, Metric, NameMode, NewDataset, NewFile,
    Number, Order, Predicate, Property, Range, SortBy, Space, Status, StatusFilter, TagEdit, Tags,
    Test, TextEmbedder, Timestamp, Value, VectorStorage, Version, When, category_filter,
    category_of, limits, path,
};
pub use filedex_planner::{
    Clause, Explanation, Highlight, NearestPath, NearestStep, Parts, Path as AccessPath,
    PathThresholds, Step, Why,
};
pub use filedex_query::{Fusion, QueryError, QueryType, SignMode, ThumbnailMode};
pub use filedex_store::{Device, Loss, LossKind, MemoryDevice, QuickRepair, Remedy};
