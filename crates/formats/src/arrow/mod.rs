//! Tables of Arrow: Parquet files and Arrow's own files and streams.

mod build;
mod files;
mod guard;
mod sound;
mod value;

pub use guard::is_decoding;

pub(crate) use files::{ArrowWriter, Container, read};

/// The key of a field's metadata that says how its values are read back: as JSON, or as numbers that
/// are integers where they are whole.
pub(crate) const READ_AS: &str = "filedex.read_as";
/// Text that is JSON.
pub(crate) const JSON: &str = "json";
/// Floats that are integers where they are whole.
pub(crate) const NUMBER: &str = "number";
