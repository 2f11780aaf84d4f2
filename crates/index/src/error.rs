//! What can go wrong in an index.

use std::io;

use tantivy::TantivyError;
use tantivy::directory::error::OpenReadError;

/// Why an index could not be built, opened or searched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The blob store failed.
    #[error("reading the index failed: {0}")]
    Io(#[from] io::Error),
    /// A segment's bytes are not what was written.
    #[error("segment {blob} is damaged: {what}")]
    Damaged {
        /// The segment's blob number.
        blob: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The condition or order is none an index can answer.
    #[error("the index cannot answer this: {what}")]
    Unsupported {
        /// What was asked, and what to do instead.
        what: String,
    },
    /// The engine underneath refused.
    #[error("the text engine failed: {what}")]
    Engine {
        /// The engine's own words.
        what: String,
    },
}

impl IndexError {
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        let io = match &error {
            TantivyError::IoError(io) => Some(io),
            TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) => Some(io_error),
            _ => None,
        };
        match io {
            Some(io) => Self::Io(io::Error::new(io.kind(), io.to_string())),
            None => Self::Engine { what: error.to_string() },
        }
    }
}
