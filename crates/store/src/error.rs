//! What can go wrong with the file, told apart by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use filedex_model::{FileId, Row};

use crate::dataset::VersionKey;
use crate::spaces::SpaceKey;

/// An operation on a Filedex file failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is nothing at the path.
    #[error("there is no file {}; check the path, or create a database there", .path.display())]
    NotFound {
        /// The path asked for.
        path: PathBuf,
    },
    /// A database was to be created where a file already is.
    #[error("{} already exists; open it, or choose another path", .path.display())]
    AlreadyExists {
        /// The path asked for.
        path: PathBuf,
    },
    /// The file is of another program, empty, or no database at all. It was not touched.
    #[error("{} is not a Filedex database: {reason}; check the path", .path.display())]
    NotFiledex {
        /// The path asked for.
        path: PathBuf,
        /// What it is instead.
        reason: &'static str,
    },
    /// A newer Filedex wrote the file. It was not touched.
    #[error(
        "{} has format {found}, and this program reads formats up to {supported}; use a newer one",
        .path.display()
    )]
    NewerFormat {
        /// The path asked for.
        path: PathBuf,
        /// The format of the file.
        found: u64,
        /// The newest format this program knows.
        supported: u64,
    },
    /// The end of the file is missing.
    #[error(
        "{} is cut short: it has {length} bytes and should have at least {expected}; \
         `filedex repair` saves what is left of it, a backup has the rest",
        .path.display()
    )]
    Truncated {
        /// The path asked for.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The least length its header promises.
        expected: u64,
    },
    /// Bytes of the file are not what was written.
    #[error("the database is damaged: {what}; `filedex check` says what can be done")]
    Damaged {
        /// What is damaged, and where.
        what: String,
    },
    /// A value that could not be read back was to be stored; nothing was.
    #[error("{what} cannot be stored; make it smaller or less deeply nested")]
    Unstorable {
        /// What was to be stored, and why it cannot be.
        what: String,
    },
    /// Another handle, in this process or another, has the file open.
    #[error(
        "{} is open elsewhere{}; close it there first",
        .path.display(),
        .holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Locked {
        /// The path asked for.
        path: PathBuf,
        /// The process that holds it, where the system tells.
        holder: Option<u32>,
    },
    /// The file was not closed cleanly, and a read-only open must not repair it.
    #[error(
        "{} was not closed cleanly; open it once for writing, which recovers it",
        .path.display()
    )]
    NeedsRecovery {
        /// The path asked for.
        path: PathBuf,
    },
    /// A change was asked of a database opened read-only.
    #[error("the database was opened read-only; open it for writing")]
    ReadOnly,
    /// There is no room on the disk. Of a batch, all was kept or nothing.
    #[error(
        "the disk is full; make room, then drop every handle and open the database again: all that \
         was acknowledged is there"
    )]
    DiskFull,
    /// The file of an open database could not be read or written. Of a batch, all was kept or
    /// nothing.
    #[error(
        "the database file could not be read or written: {source}; drop every handle and open the \
         database again: all that was acknowledged is there"
    )]
    Disk {
        /// The system's reason.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, on what.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
    /// An earlier [`StoreError::Disk`] or [`StoreError::DiskFull`], maybe of another thread, made this
    /// handle unusable.
    #[error(
        "the database stopped when its file could not be read or written, or the disk was full; put \
         that right, then drop every handle and open the database again: all that was acknowledged \
         is there"
    )]
    Poisoned,
    /// The whole file is needed, and somebody still uses it.
    #[error("the database is in use: {what}; try again when that has ended")]
    Busy {
        /// Who uses it.
        what: &'static str,
    },
    /// The caller stopped it.
    #[error("{what} was stopped before its end; nothing is left of it")]
    Interrupted {
        /// What was stopped.
        what: &'static str,
    },
    /// The dataset id is taken.
    #[error("there is already a dataset with the id {id:?}; choose another")]
    DatasetIdTaken {
        /// The id.
        id: String,
    },
    /// The dataset name is taken.
    #[error("there is already a dataset named {name:?}; choose another name")]
    DatasetNameTaken {
        /// The name.
        name: String,
    },
    /// The version id is taken in its dataset.
    #[error("the dataset {dataset_id:?} already has a version with the id {id:?}; choose another")]
    VersionIdTaken {
        /// The dataset.
        dataset_id: String,
        /// The id.
        id: String,
    },
    /// The version name is taken in its dataset.
    #[error("the dataset {dataset_id:?} already has a version named {name:?}; choose another name")]
    VersionNameTaken {
        /// The dataset.
        dataset_id: String,
        /// The name.
        name: String,
    },
    /// The name is taken by another embedding space of the version.
    #[error("the version already has an embedding space named {name:?}; choose another name")]
    SpaceExists {
        /// The name.
        name: String,
    },
    /// Another row of the version holds the file.
    #[error("the file {id} is already in the version, at row {row}; update that row")]
    FileIdTaken {
        /// The file.
        id: FileId,
        /// The row that holds it.
        row: Row,
    },
    /// There is no such dataset.
    #[error("there is no dataset with the id {id:?}; list the datasets")]
    UnknownDataset {
        /// The id.
        id: String,
    },
    /// There is no such version; it may have been deleted.
    #[error("there is no version number {version}; it may have been deleted")]
    UnknownVersion {
        /// The number.
        version: VersionKey,
    },
    /// The version has no such embedding space; it may have been dropped.
    #[error("version number {version} has no embedding space number {space}; list its spaces")]
    UnknownSpace {
        /// The version.
        version: VersionKey,
        /// The number.
        space: SpaceKey,
    },
    /// The row was never allocated, or holds no record.
    #[error("version number {version} has no row {row}; allocate it first")]
    UnknownRow {
        /// The version.
        version: VersionKey,
        /// The row.
        row: Row,
    },
    /// There is no such blob; it may have been collected.
    #[error("there is no blob {blob}; it may have been collected")]
    UnknownBlob {
        /// The number.
        blob: u64,
    },
    /// A blob that a version still lists was to be thrown away.
    #[error("blob {blob} is still listed; take it off the segment list first")]
    BlobInUse {
        /// The number.
        blob: u64,
    },
    /// A list of segments cannot name the blob so.
    #[error("blob {blob} cannot be listed: {why}; make a new segment")]
    Unlistable {
        /// The number.
        blob: u64,
        /// Why not.
        why: &'static str,
    },
    /// The earlier state given with a change is not the state stored.
    #[error(
        "row {row} of version number {version} is not what the change was made from; read it again"
    )]
    StalePrevious {
        /// The version.
        version: VersionKey,
        /// The row.
        row: Row,
    },
    /// An earlier step of this batch failed half-way, so it cannot be committed.
    #[error("an earlier step of the batch failed; drop it and begin anew")]
    BatchFailed,
    /// All numbers of a kind have been given out.
    #[error("no more {what} can be made in this database; start a new one")]
    Exhausted {
        /// Of what.
        what: &'static str,
    },
}

impl StoreError {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    /// An operating system error met while doing something to `path`.
    pub(crate) fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path: path.to_owned() },
            io::ErrorKind::AlreadyExists => Self::AlreadyExists { path: path.to_owned() },
            _ => Self::Io { what: format!("{doing} {}", path.display()), source },
        }
    }
}

/// Turns an engine's error into ours, at the one place where both are named.
pub(crate) fn translate(error: redb::Error) -> StoreError {
    use redb::Error as E;
    match error {
        E::Io(source) => match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::DiskFull,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                StoreError::damaged(source.to_string())
            }
            _ => StoreError::Disk { source },
        },
        E::PreviousIo | E::DatabaseClosed | E::LockPoisoned(_) => StoreError::Poisoned,
        E::TransactionInProgress => {
            StoreError::Busy { what: "a snapshot or a batch is still open" }
        }
        E::TransactionPoisoned => StoreError::BatchFailed,
        other => StoreError::damaged(other.to_string()),
    }
}

/// `?` for results of the engine.
pub(crate) trait Translate<T> {
    fn translate(self) -> Result<T, StoreError>;
}

impl<T, E: Into<redb::Error>> Translate<T> for Result<T, E> {
    fn translate(self) -> Result<T, StoreError> {
        self.map_err(|error| translate(error.into()))
    }
}
