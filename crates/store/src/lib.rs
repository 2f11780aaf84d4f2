//! The single file of a Filedex database: datasets, versions, records, embedding spaces and blobs in
//! one redb file.
//!
//! A [`Store`] is an open database. [`Store::read`] answers a [`ReadSnapshot`], which sees one
//! commit for as long as it lives; [`Store::write`] answers the one [`WriteBatch`], which becomes
//! visible as a whole at [`WriteBatch::commit`] and leaves nothing when it is dropped.
//!
//! ```
//! use filedex_model::{Dataset, DatasetStatus, FileRecord, Timestamp, Version};
//! use filedex_store::{Options, Store};
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("cars.filedex");
//! # let now = Timestamp::now();
//! let dataset = Dataset {
//!     id: "d-1".into(),
//!     name: "cars".into(),
//!     // ...
//! #   object_type: "dataset".into(),
//! #   status: DatasetStatus::Ready,
//! #   schema: Vec::new(),
//! #   metadata: Default::default(),
//! #   folder: "/".into(),
//! #   current_version: None,
//! #   created_at: now,
//! #   error: None,
//! #   current_version_origin: None,
//! #   ai_project_id: None,
//! #   workspace_id: None,
//! };
//! let version = Version {
//!     id: "0000000000000000000001".into(),
//!     name: "v1".into(),
//!     // ...
//! #   created_at: now,
//! #   description: None,
//! #   frozen: false,
//! #   parent: None,
//! };
//! let store = Store::create(&path, &Options::default())?;
//!
//! let mut batch = store.write()?;
//! batch.create_dataset(&dataset)?;
//! let key = batch.create_version("d-1", &version)?;
//! let record = FileRecord::new("d-1", "oss://bucket/cars/0001.png", now);
//! let row = batch.allocate_row(key)?;
//! batch.put_record(key, row, &record, None)?;
//! assert_eq!(batch.commit()?, 1);
//!
//! let snapshot = store.read()?;
//! assert_eq!(snapshot.row_of(key, &record.id)?, Some(row));
//! assert_eq!(snapshot.record(key, row)?, Some(record));
//! # Ok::<(), filedex_store::StoreError>(())
//! ```
//!
//! What this crate does not know: fields, queries, scores, tantivy. Blobs are bytes to it. No redb
//! type appears in its public signatures or errors. The file format is described byte by byte in
//! `ARCHITECTURE.md`.

mod backup;
mod blob;
mod check;
mod codec;
mod compact;
mod dataset;
mod device;
mod dictionary;
mod error;
mod fingerprint;
mod folder;
mod format;
mod guard;
mod job;
mod key;
mod lookup;
mod notes;
mod open;
mod options;
mod pack;
mod pages;
mod probe;
mod read;
mod record;
mod repack;
mod salvage;
mod segments;
mod space;
mod spaces;
mod stored;
mod tables;
mod vector_segments;
mod write;

pub use blob::{BlobKind, CHUNK_BYTES, Garbage};
pub use check::{About, Finding, PagesChecked, Remedy, check, check_file};
pub use compact::{Compacted, Pages};
pub use dataset::{VersionInfo, VersionKey};
pub use device::{Device, MemoryDevice};
pub use error::StoreError;
pub use folder::{Folder, FolderStats};
pub use format::FORMAT_VERSION;
pub use job::JobKind;
pub use open::{Store, give_whole_name};
pub use options::{Durability, Options, QuickRepair};
pub use read::ReadSnapshot;
pub use record::{RecordPut, Records};
pub use salvage::{Loss, LossKind, Salvaged, SegmentLeft, SpaceLeft, VectorsLeft, Wreck};
pub use segments::TextSegmentEntry;
pub use space::{Part, PartSpace, Space};
pub use spaces::{SpaceInfo, SpaceKey};
pub use vector_segments::VectorSegmentEntry;
pub use write::WriteBatch;
