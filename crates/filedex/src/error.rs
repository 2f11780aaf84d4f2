//! One error for the whole library, with a kind that a caller can act on.

use std::fmt;

use filedex_index::IndexError;
use filedex_model::ItemError;
use filedex_planner::{PlanError, SourceError};
use filedex_query::QueryError;
use filedex_store::StoreError;

/// What the library's fallible functions answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was given breaks a rule; the message says which and what would be right.
    BadInput,
    /// The query expression is wrong; the message shows the place.
    BadQuery,
    /// The cursor is damaged, or belongs to another query, version or file.
    BadCursor,
    /// The cursor's ranking is gone; start again without one.
    StaleCursor,
    /// The file, dataset, version or record does not exist.
    NotFound,
    /// The name or the file exists already.
    Conflict,
    /// Another process has the file open.
    Locked,
    /// Readers are still open; drop them first.
    Busy,
    /// The reader held its snapshot for longer than [`Builder::snapshot_expiry`](crate::Builder::snapshot_expiry) lets it; take a
    /// new reader.
    SnapshotExpired,
    /// The database, or the version, takes no changes.
    ReadOnly,
    /// The file is not a Filedex file, or of a newer format.
    Unsupported,
    /// The file was not closed cleanly; open it once for writing.
    NeedsRecovery,
    /// The file is damaged.
    Damaged,
    /// The caller stopped it; nothing of it is left.
    Interrupted,
    /// The disk is full.
    DiskFull,
    /// The operating system refused something.
    Io,
}

/// Why something could not be done. `Display` is a whole message for a person.
///
/// ```
/// use filedex::{Database, ErrorKind};
/// let error = Database::open("/no/such/file.filedex").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(crate) fn of(
        kind: ErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        Self { kind, message: source.to_string(), source: Some(source) }
    }

    pub(crate) fn not_found(what: &str, name: &str) -> Self {
        Self::new(ErrorKind::NotFound, format!("there is no {what} {name:?}"))
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// For a bad query: where in the expression, in bytes.
    #[must_use]
    pub fn query_span(&self) -> Option<std::ops::Range<usize>> {
        self.source.as_ref()?.downcast_ref::<QueryError>()?.span()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|cause| cause.as_ref() as _)
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        Self::of(ErrorKind::BadQuery, error)
    }
}

impl From<ItemError> for Error {
    fn from(error: ItemError) -> Self {
        let kind = match error {
            ItemError::AlreadyExists => ErrorKind::Conflict,
            ItemError::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::BadInput,
        };
        Self::of(kind, error)
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let kind = match error {
            PlanError::CursorDamaged | PlanError::CursorFormat | PlanError::CursorForeign => {
                ErrorKind::BadCursor
            }
            PlanError::CursorStale => ErrorKind::StaleCursor,
            PlanError::Source(error) => return error.into(),
            _ => ErrorKind::BadInput,
        };
        Self::of(kind, error)
    }
}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        let cause = error.into_inner();
        let cause = match cause.downcast::<Error>() {
            Ok(error) => return *error,
            Err(cause) => cause,
        };
        let cause = match cause.downcast::<StoreError>() {
            Ok(error) => return (*error).into(),
            Err(cause) => cause,
        };
        match cause.downcast::<IndexError>() {
            Ok(error) => (*error).into(),
            Err(cause) => Self::of(ErrorKind::Io, cause),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::NotFound { .. }
            | StoreError::UnknownDataset { .. }
            | StoreError::UnknownVersion { .. }
            | StoreError::UnknownSpace { .. }
            | StoreError::UnknownRow { .. } => ErrorKind::NotFound,
            StoreError::AlreadyExists { .. }
            | StoreError::DatasetIdTaken { .. }
            | StoreError::DatasetNameTaken { .. }
            | StoreError::VersionIdTaken { .. }
            | StoreError::VersionNameTaken { .. }
            | StoreError::SpaceExists { .. }
            | StoreError::FileIdTaken { .. } => ErrorKind::Conflict,
            StoreError::NotFiledex { .. } | StoreError::NewerFormat { .. } => {
                ErrorKind::Unsupported
            }
            StoreError::Truncated { .. } | StoreError::Damaged { .. } => ErrorKind::Damaged,
            StoreError::Locked { .. } => ErrorKind::Locked,
            StoreError::NeedsRecovery { .. } => ErrorKind::NeedsRecovery,
            StoreError::ReadOnly => ErrorKind::ReadOnly,
            StoreError::DiskFull => ErrorKind::DiskFull,
            StoreError::Io { source, .. } if is_full(source) => ErrorKind::DiskFull,
            StoreError::Busy { .. } => ErrorKind::Busy,
            StoreError::Interrupted { .. } => ErrorKind::Interrupted,
            _ => ErrorKind::Io,
        };
        Self::of(kind, error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            _ if is_full(&error) => ErrorKind::DiskFull,
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Self::of(kind, error)
    }
}

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}
