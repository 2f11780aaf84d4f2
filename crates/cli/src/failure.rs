//! Why a command failed: the message, the hint that goes with it, the exit code.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use filedex::{EmbedError, Error, ErrorKind, ItemError};

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The library said no.
    Filedex(Box<Error>),
    /// Another process has the file at this path open.
    Locked(PathBuf, Box<Error>),
    /// What was typed cannot be meant.
    Usage(String),
    /// It was not done, or not all of it.
    Failed(String),
    /// A model cannot be opened, or refuses what it was given.
    Model(EmbedError),
    /// The operating system refused something, on what is named.
    Io(String, io::Error),
    /// Nobody reads standard output any more. Not an error: whoever reads has seen enough.
    Closed,
    /// Not all was well, and the output says so already.
    Reported,
    /// It was done, but not all could be saved; the output says what.
    Incomplete,
}

impl Failure {
    /// An operating system error met on `what`.
    pub fn io(what: impl Into<String>, error: io::Error) -> Self {
        Self::Io(what.into(), error)
    }

    /// 1 for what failed, 2 for what was asked wrongly, 3 for what could be done in part only.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit_status())
    }

    /// The exit code as a number.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Usage(_) => 2,
            Self::Incomplete => 3,
            Self::Filedex(error) => match error.kind() {
                ErrorKind::BadInput
                | ErrorKind::BadQuery
                | ErrorKind::BadCursor
                | ErrorKind::StaleCursor => 2,
                _ => 1,
            },
            Self::Locked(..) | Self::Failed(_) | Self::Model(_) | Self::Io(..) | Self::Reported => {
                1
            }
        }
    }

    /// What opening the file at a path came to.
    pub fn opening(path: &Path, error: Error) -> Self {
        match error.kind() {
            ErrorKind::Locked => Self::Locked(path.to_owned(), Box::new(error)),
            _ => error.into(),
        }
    }

    /// The file that another process has open.
    pub fn locked_path(&self) -> Option<&Path> {
        match self {
            Self::Locked(path, _) => Some(path),
            _ => None,
        }
    }

    /// The message; `None` where there is nothing to say.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Filedex(error) | Self::Locked(_, error) => Some(error.to_string()),
            Self::Usage(message) | Self::Failed(message) => Some(message.clone()),
            Self::Model(error) => Some(error.to_string()),
            Self::Io(what, error) => Some(format!("{what}: {error}")),
            Self::Closed | Self::Reported | Self::Incomplete => None,
        }
    }

    /// What kind of failure it is, as JSON names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Filedex(error) | Self::Locked(_, error) => kind_name(error.kind()),
            Self::Usage(_) => "usage",
            Self::Model(_) => "model",
            Self::Io(_, error) if error.kind() == io::ErrorKind::StorageFull => "disk_full",
            Self::Io(_, error) if error.kind() == io::ErrorKind::NotFound => "not_found",
            Self::Io(..) => "io",
            Self::Failed(_) | Self::Closed | Self::Reported | Self::Incomplete => "failed",
        }
    }

    /// Whether a query is not badly written but cannot be answered: that is about models and
    /// embedding spaces.
    fn is_about_meaning(&self) -> bool {
        matches!(self, Self::Filedex(error) if error.query_span().is_none())
    }

    /// What to do about it, where the message does not say.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.kind() {
            "locked" => {
                "one process writes, or several read; it can be tried again once that one is done"
            }
            "needs_recovery" => {
                "`filedex check FILE` opens the file for writing, which recovers it"
            }
            "snapshot_expired" => "run it again: it was held too long while others wrote",
            "stale_cursor" => "run the query again without --cursor",
            "bad_cursor" => "a cursor goes with the query, order, dataset and version it came from",
            "disk_full" => {
                "what was committed before is kept; make room, then run the command again"
            }
            "damaged" => {
                "`filedex check FILE` says what is damaged, `filedex repair FILE` saves what can be read"
            }
            "bad_query" if self.is_about_meaning() => {
                "searches by meaning: `filedex query --help`; other models: --model or FILEDEX_MODEL"
            }
            "bad_query" => "the language: grammar/QUERY.md, or `filedex query --help`",
            _ => return None,
        })
    }
}

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadInput => "bad_input",
        ErrorKind::BadQuery => "bad_query",
        ErrorKind::BadCursor => "bad_cursor",
        ErrorKind::StaleCursor => "stale_cursor",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Locked => "locked",
        ErrorKind::Busy => "busy",
        ErrorKind::ReadOnly => "read_only",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::NeedsRecovery => "needs_recovery",
        ErrorKind::Damaged => "damaged",
        ErrorKind::SnapshotExpired => "snapshot_expired",
        ErrorKind::DiskFull => "disk_full",
        ErrorKind::Interrupted => "interrupted",
        _ => "io",
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Filedex(Box::new(error))
    }
}

impl From<EmbedError> for Failure {
    fn from(error: EmbedError) -> Self {
        Self::Model(error)
    }
}

impl From<ItemError> for Failure {
    fn from(error: ItemError) -> Self {
        Error::from(error).into()
    }
}
