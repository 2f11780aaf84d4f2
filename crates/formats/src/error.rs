//! What goes wrong with a whole file; what goes wrong with a row is a [`crate::Row`] with its reason.

use std::io;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The operating system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not what its format says, or cannot be meant: a sentence that says where.
    #[error("{0}")]
    Bad(String),
}

/// What this crate answers.
pub type Result<T, E = FormatError> = std::result::Result<T, E>;

impl FormatError {
    /// A file that is not as it has to be.
    pub fn bad(what: impl Into<String>) -> Self {
        Self::Bad(what.into())
    }

    /// The same as an error of the operating system's kind, for who reads rows as if from a file.
    #[must_use]
    pub fn into_io(self) -> io::Error {
        match self {
            Self::Io(error) => error,
            Self::Bad(what) => io::Error::new(io::ErrorKind::InvalidData, what),
        }
    }
}

impl From<ArrowError> for FormatError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::Io(error),
            other => Self::Bad(other.to_string()),
        }
    }
}

impl From<ParquetError> for FormatError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(other) => Self::Bad(other.to_string()),
            },
            other => Self::Bad(other.to_string()),
        }
    }
}

impl From<csv::Error> for FormatError {
    fn from(error: csv::Error) -> Self {
        let shown = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Io(error),
            _ => Self::Bad(shown),
        }
    }
}

impl From<serde_json::Error> for FormatError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() { Self::Io(error.into()) } else { Self::Bad(error.to_string()) }
    }
}
