//! SQLite with FTS5: write-ahead log, `synchronous = FULL`, so that a commit survives a power loss.
//!
//! Every field of a record is a column, the attributes are JSON text. Indexed are id and URI
//! (unique), folder, type, content type, size, both dates, tags (a table by tag and file, and the
//! way back), one attribute (an expression index on `artist`; the others have none), and the words
//! of name, folder, tags, comment and description in FTS5, which keeps no copy of the text. The
//! index on the date that questions are ordered by holds the id too, so that it gives the order
//! with its ties. After the import `PRAGMA optimize` gathers the planner's statistics.

mod read;
mod write;

use std::path::Path;

use rusqlite::Connection;

use super::MEMORY_BYTES;
use crate::Outcome;

pub use read::{Keyset, Statements};

const SCHEMA: &str = "
CREATE TABLE files (
    file INTEGER PRIMARY KEY, id BLOB NOT NULL, uri TEXT NOT NULL,
    file_name TEXT NOT NULL, file_dir TEXT NOT NULL, file_type TEXT, content_type TEXT,
    data_size INTEGER, file_fingerprint TEXT, file_create_time INTEGER, file_update_time INTEGER,
    comment TEXT, description TEXT, attributes TEXT NOT NULL, tag_update_time INTEGER,
    sync_time INTEGER NOT NULL, record_create_time INTEGER NOT NULL, revision_id TEXT NOT NULL,
    semantic_index_job_id TEXT, semantic_index_update_time INTEGER,
    deleted INTEGER NOT NULL DEFAULT 0, trashed_at INTEGER, labels TEXT,
    hidden INTEGER NOT NULL DEFAULT 0, starred INTEGER NOT NULL DEFAULT 0,
    local_created_at INTEGER, local_modified_at INTEGER, crc64_hash TEXT, content_hash TEXT,
    content_hash_name TEXT, upload_id TEXT, user_tags TEXT, image_media TEXT, video_media TEXT);
CREATE UNIQUE INDEX files_id ON files (id);
CREATE UNIQUE INDEX files_uri ON files (uri);
CREATE INDEX files_dir ON files (file_dir);
CREATE INDEX files_type ON files (file_type);
CREATE INDEX files_content_type ON files (content_type);
CREATE INDEX files_size ON files (data_size);
CREATE INDEX files_created ON files (file_create_time);
CREATE INDEX files_updated ON files (file_update_time DESC, id);
CREATE INDEX files_artist ON files (json_extract(attributes, '$.artist'));
CREATE TABLE tags (tag TEXT NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (tag, file)) WITHOUT ROWID;
CREATE INDEX tags_file ON tags (file);
CREATE VIRTUAL TABLE words USING fts5 (name, dir, tags, comment, description,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
";

/// An open SQLite database.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// The library's version.
    #[must_use]
    pub fn version() -> &'static str {
        rusqlite::version()
    }

    /// Makes a database.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> Outcome<Self> {
        let sqlite = Self::open(path)?;
        sqlite.connection.execute_batch(SCHEMA)?;
        Ok(sqlite)
    }

    /// Opens a database.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Outcome<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -{};",
            MEMORY_BYTES >> 10
        ))?;
        connection.set_prepared_statement_cache_capacity(100);
        Ok(Self { connection })
    }

    /// Gathers the planner's statistics.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn analyze(&self) -> Outcome {
        Ok(self.connection.execute_batch("PRAGMA optimize = 0x10002;")?)
    }

    /// Rewrites the file without gaps, FTS5's segments merged.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn vacuum(&self) -> Outcome {
        Ok(self.connection.execute_batch(
            "INSERT INTO words (words) VALUES ('optimize'); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);",
        )?)
    }
}
