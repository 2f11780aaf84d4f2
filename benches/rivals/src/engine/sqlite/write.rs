//! Writing records: batches of new ones, one changed.

use std::time::Duration;

use filedex::{FileId, FileRecord, NewFile, Timestamp};
use rusqlite::{Transaction, TransactionBehavior, params};

use super::Sqlite;
use crate::Outcome;
use crate::engine::BATCH;
use crate::timing::timed;

const INSERT_FILE: &str = "INSERT INTO files (file, id, uri, file_name, file_dir, file_type,
    content_type, data_size, file_create_time, file_update_time, comment, description, attributes,
    tag_update_time, sync_time, record_create_time, revision_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
const INSERT_TAG: &str = "INSERT OR IGNORE INTO tags (tag, file) VALUES (?1, ?2)";
const INSERT_WORDS: &str = "INSERT OR REPLACE INTO words
    (rowid, name, dir, tags, comment, description) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

impl Sqlite {
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

    /// Sets a record's comment and adds a tag, durably.
    ///
    /// # Errors
    /// When there is no such record or the file cannot be written.
    pub fn update(&mut self, id: FileId, comment: &str, tag: &str) -> Outcome {
        let now = Timestamp::now().millis();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
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
            transaction.prepare_cached(INSERT_WORDS)?.execute(params![
                file,
                name,
                dir,
                tags,
                comment,
                description
            ])?;
        }
        Ok(transaction.commit()?)
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
