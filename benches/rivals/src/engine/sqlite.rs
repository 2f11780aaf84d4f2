//! SQLite with FTS5: write-ahead log, `synchronous = FULL`, so that a commit survives a power loss.
//!
//! Every field of a record is a column, the attributes are JSON text. Indexed are id and URI
//! (unique), folder, type, content type, size, both dates, tags (a table by tag and file, and the
//! way back), one attribute (an expression index on `artist`; the others have none), and the words
//! of name, folder, tags, comment and description in FTS5, which keeps no copy of the text. The
//! index on the date that questions are ordered by holds the id too, so that it gives the order
//! with its ties. After the import `PRAGMA optimize` gathers the planner's statistics.

use std::path::Path;
use std::time::Duration;

use filedex::{FileId, FileRecord, NewFile, Timestamp};
use rusqlite::{Connection, Row, Transaction, params};

use super::{BATCH, MEMORY_BYTES, PAGE};
use crate::Outcome;
use crate::question::{Question, Want};
use crate::record::{Found, Record};
use crate::timing::timed;

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

const INSERT_FILE: &str = "INSERT INTO files (file, id, uri, file_name, file_dir, file_type,
    content_type, data_size, file_create_time, file_update_time, comment, description, attributes,
    tag_update_time, sync_time, record_create_time, revision_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
const INSERT_TAG: &str = "INSERT OR IGNORE INTO tags (tag, file) VALUES (?1, ?2)";
const INSERT_WORDS: &str = "INSERT OR REPLACE INTO words
    (rowid, name, dir, tags, comment, description) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const RECORD: &str = "f.id, f.uri, f.file_name, f.file_dir, f.file_type, f.content_type,
    f.data_size, f.file_create_time, f.file_update_time, f.comment, f.description, f.attributes,
    f.sync_time, f.record_create_time, f.revision_id, f.file";
const NEWEST_FIRST: &str = "ORDER BY f.file_update_time DESC, f.id LIMIT";

/// An open SQLite database.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
}

/// Where a page by date starts: after this date and id.
#[derive(Clone, Debug)]
pub struct Keyset {
    date: Option<i64>,
    id: Vec<u8>,
}

/// A question's statements.
#[derive(Clone, Debug)]
pub struct Statements {
    count: String,
    first_page: String,
    dated_page: String,
    undated_page: String,
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

    /// Writes records, one transaction to a batch; tells how long that took, the copies made for it
    /// not counted.
    ///
    /// # Errors
    /// When a record is refused.
    pub fn load(&mut self, files: &[NewFile], dataset_id: &str) -> Outcome<Duration> {
        let mut taken = Duration::ZERO;
        let mut file = 0;
        for part in files.chunks(BATCH) {
            let now = Timestamp::now();
            let records: Vec<FileRecord> =
                part.iter().map(|new| new.clone().into_record(dataset_id, now)).collect();
            let (done, time) = timed(|| -> Outcome {
                let transaction = self.connection.transaction()?;
                for record in &records {
                    file += 1;
                    insert(&transaction, file, record)?;
                }
                Ok(transaction.commit()?)
            });
            done?;
            taken += time;
        }
        Ok(taken)
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

    /// A question's statements.
    #[must_use]
    pub fn statements(question: &Question) -> Statements {
        let (count, page) = (question.sqlite.count, question.sqlite.page);
        let first_page = match question.want {
            Want::Ranked => format!(
                "SELECT {RECORD} FROM (SELECT words.rowid AS file, rank {page} ORDER BY rank \
                 LIMIT {PAGE}) best JOIN files f ON f.file = best.file ORDER BY best.rank"
            ),
            _ => format!("SELECT {RECORD} {page} {NEWEST_FIRST} {PAGE}"),
        };
        Statements {
            count: format!("SELECT count(*) {count}"),
            first_page,
            dated_page: format!(
                "SELECT {RECORD} {page} AND f.file_update_time <= ?1 \
                 AND (f.file_update_time < ?1 OR f.id > ?2) {NEWEST_FIRST} {PAGE}"
            ),
            undated_page: format!(
                "SELECT {RECORD} {page} AND f.file_update_time IS NULL AND f.id > ?1 \
                 {NEWEST_FIRST} ?2"
            ),
        }
    }

    /// Asks for the total and the first page.
    ///
    /// # Errors
    /// When a statement is refused or the file cannot be read.
    pub fn ask(&self, statements: &Statements, want: Want) -> Outcome<Found<Record>> {
        let mut count = self.connection.prepare_cached(&statements.count)?;
        let total: i64 = count.query_row([], |row| row.get(0))?;
        let total = Some(u64::try_from(total)?);
        if want == Want::Count {
            return Ok(Found { total, records: Vec::new() });
        }
        let records = self.records(&statements.first_page, params![])?;
        Ok(Found { total, records })
    }

    /// Asks for the page after a key; its total is known from the first.
    ///
    /// # Errors
    /// As [`Sqlite::ask`].
    pub fn ask_after(&self, statements: &Statements, after: &Keyset) -> Outcome<Found<Record>> {
        let mut records = Vec::new();
        let mut id = after.id.as_slice();
        if let Some(date) = after.date {
            records = self.records(&statements.dated_page, params![date, id])?;
            id = &[];
        }
        if records.len() < PAGE {
            let rest = i64::try_from(PAGE - records.len())?;
            records.extend(self.records(&statements.undated_page, params![id, rest])?);
        }
        Ok(Found { total: None, records })
    }

    /// The key of the last of the first `skipped` records by date.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn key_after(&self, question: &Question, skipped: usize) -> Outcome<Keyset> {
        let last = format!(
            "SELECT f.file_update_time, f.id {} {NEWEST_FIRST} 1 OFFSET {}",
            question.sqlite.page,
            skipped - 1
        );
        let key = |row: &Row<'_>| Ok(Keyset { date: row.get(0)?, id: row.get(1)? });
        Ok(self.connection.query_row(&last, [], key)?)
    }

    fn records(&self, sql: &str, values: impl rusqlite::Params) -> Outcome<Vec<Record>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut tags = self.connection.prepare_cached("SELECT tag FROM tags WHERE file = ?1")?;
        let mut rows = statement.query(values)?;
        let mut records = Vec::with_capacity(PAGE);
        while let Some(row) = rows.next()? {
            let file: i64 = row.get(15)?;
            let tags = tags.query_map([file], |row| row.get(0))?.collect::<Result<_, _>>()?;
            records.push(record(row, tags)?);
        }
        Ok(records)
    }

    /// Sets a record's comment and adds a tag, durably.
    ///
    /// # Errors
    /// When there is no such record or the file cannot be written.
    pub fn update(&mut self, id: FileId, comment: &str, tag: &str) -> Outcome {
        let now = Timestamp::now().millis();
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let (file, name, dir, description, revision): (
                i64,
                String,
                String,
                Option<String>,
                String,
            ) = transaction
                .prepare_cached(
                    "UPDATE files SET comment = ?2, tag_update_time = ?3, sync_time = ?3
                     WHERE id = ?1
                     RETURNING file, file_name, file_dir, description, revision_id",
                )?
                .query_row(params![id.as_bytes(), comment, now], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
                })?;
            transaction
                .prepare_cached("UPDATE files SET revision_id = ?2 WHERE file = ?1")?
                .execute(params![file, next_revision(&revision)])?;
            transaction.prepare_cached(INSERT_TAG)?.execute(params![tag, file])?;
            let tags: String = transaction
                .prepare_cached("SELECT group_concat(tag, char(10)) FROM tags WHERE file = ?1")?
                .query_row([file], |row| row.get(0))?;
            transaction
                .prepare_cached(INSERT_WORDS)?
                .execute(params![file, name, dir, tags, comment, description])?;
        }
        Ok(transaction.commit()?)
    }

    /// A record's comment.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn comment(&self, id: FileId) -> Outcome<Option<String>> {
        let mut statement =
            self.connection.prepare_cached("SELECT comment FROM files WHERE id = ?1")?;
        Ok(statement.query_row([id.as_bytes()], |row| row.get(0))?)
    }
}

/// Stands for the hash that Filedex makes here.
fn next_revision(revision: &str) -> String {
    let (first, rest) = revision.split_at(1.min(revision.len()));
    format!("{rest}{first}")
}

fn insert(transaction: &Transaction<'_>, file: i64, record: &FileRecord) -> Outcome {
    let millis = |time: Option<Timestamp>| time.map(Timestamp::millis);
    transaction.prepare_cached(INSERT_FILE)?.execute(params![
        file,
        record.id.as_bytes(),
        record.uri,
        record.file_name,
        record.file_dir,
        record.file_type,
        record.content_type,
        record.data_size.map(i64::try_from).transpose()?,
        millis(record.file_create_time),
        millis(record.file_update_time),
        record.comment,
        record.description,
        serde_json::to_string(&record.attributes)?,
        millis(record.tag_update_time),
        record.sync_time.millis(),
        record.record_create_time.millis(),
        record.revision_id,
    ])?;
    let tags = record.tags.all();
    let mut insert_tag = transaction.prepare_cached(INSERT_TAG)?;
    for tag in &tags {
        insert_tag.execute(params![tag, file])?;
    }
    transaction.prepare_cached(INSERT_WORDS)?.execute(params![
        file,
        record.file_name,
        record.file_dir,
        tags.join("\n"),
        record.comment,
        record.description,
    ])?;
    Ok(())
}

fn record(row: &Row<'_>, tags: Vec<String>) -> Outcome<Record> {
    Ok(Record {
        id: FileId::from_bytes(row.get(0)?),
        uri: row.get(1)?,
        file_name: row.get(2)?,
        file_dir: row.get(3)?,
        file_type: row.get(4)?,
        content_type: row.get(5)?,
        data_size: row.get::<_, Option<i64>>(6)?.map(u64::try_from).transpose()?,
        file_create_time: row.get(7)?,
        file_update_time: row.get(8)?,
        comment: row.get(9)?,
        description: row.get(10)?,
        tags,
        attributes: serde_json::from_str(row.get_ref(11)?.as_str()?)?,
        sync_time: row.get(12)?,
        record_create_time: row.get(13)?,
        revision_id: row.get(14)?,
    })
}
