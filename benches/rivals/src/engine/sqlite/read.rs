//! Answering: totals and pages of whole records.

use filedex::FileId;
use rusqlite::{Row, params};

use super::Sqlite;
use crate::Outcome;
use crate::engine::PAGE;
use crate::question::{Question, Want};
use crate::record::{Found, Record};

const RECORD: &str = "f.id, f.uri, f.file_name, f.file_dir, f.file_type, f.content_type,
    f.data_size, f.file_create_time, f.file_update_time, f.comment, f.description, f.attributes,
    f.sync_time, f.record_create_time, f.revision_id, f.file";
const NEWEST_FIRST: &str = "ORDER BY f.file_update_time DESC, f.id LIMIT";

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
