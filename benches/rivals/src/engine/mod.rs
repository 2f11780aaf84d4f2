//! The three engines, and those for the nearest vectors ([`nearest`]).
//!
//! The three hold the same records: every field of a file record as stored, with the same things found by
//! index. All make a batch durable before they report it done. None is given more memory than
//! another: 256 MiB of cache for Filedex (its default) and for SQLite; 256 MB of buffers for
//! tantivy's writer, whose reading is left to the system's page cache, where every file is warm.

mod filedex;
pub mod nearest;
mod sqlite;
mod tantivy;

pub use filedex::Filedex;
pub use sqlite::{Keyset, Sqlite, Statements};
pub use tantivy::Tantivy;

/// Records to a batch.
pub const BATCH: usize = 20_000;
/// Records on a page.
pub const PAGE: usize = 10;
/// Memory that an engine is given.
pub const MEMORY_BYTES: usize = 256 << 20;
