//! A record as the rivals give it back, and what two answers are compared by.

use filedex::{FileId, FileRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A whole record: what the corpus says of a file, and what is added when it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The id.
    pub id: FileId,
    /// The URI.
    pub uri: String,
    /// The name.
    pub file_name: String,
    /// The folder.
    pub file_dir: String,
    /// The main MIME type.
    pub file_type: Option<String>,
    /// The MIME type.
    pub content_type: Option<String>,
    /// Size in bytes.
    pub data_size: Option<u64>,
    /// When the file was created, in milliseconds.
    pub file_create_time: Option<i64>,
    /// When it last changed, in milliseconds.
    pub file_update_time: Option<i64>,
    /// The caption.
    pub comment: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The custom attributes.
    pub attributes: Map<String, Value>,
    /// The last write, in milliseconds.
    pub sync_time: i64,
    /// When the record was created, in milliseconds.
    pub record_create_time: i64,
    /// The revision.
    pub revision_id: String,
}

impl From<&FileRecord> for Record {
    fn from(record: &FileRecord) -> Self {
        Self {
            id: record.id,
            uri: record.uri.clone(),
            file_name: record.file_name.clone(),
            file_dir: record.file_dir.clone(),
            file_type: record.file_type.clone(),
            content_type: record.content_type.clone(),
            data_size: record.data_size,
            file_create_time: record.file_create_time.map(filedex::Timestamp::millis),
            file_update_time: record.file_update_time.map(filedex::Timestamp::millis),
            comment: record.comment.clone(),
            description: record.description.clone(),
            tags: record.tags.all().into_iter().map(str::to_owned).collect(),
            attributes: record.attributes.clone(),
            sync_time: record.sync_time.millis(),
            record_create_time: record.record_create_time.millis(),
            revision_id: record.revision_id.clone(),
        }
    }
}

/// An answer: how many records match, where that was asked, and the records of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<R> {
    /// How many match on all pages.
    pub total: Option<u64>,
    /// The records.
    pub records: Vec<R>,
}

/// What an answer is compared by: its total, and each record's date and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// How many match.
    pub total: Option<u64>,
    /// The dates that the page is ordered by.
    pub dates: Vec<Option<i64>>,
    /// The ids on the page.
    pub ids: Vec<FileId>,
}

impl Found<Record> {
    /// What the answer is compared by.
    #[must_use]
    pub fn outline(&self) -> Outline {
        Outline {
            total: self.total,
            dates: self.records.iter().map(|record| record.file_update_time).collect(),
            ids: self.records.iter().map(|record| record.id).collect(),
        }
    }
}

impl Found<FileRecord> {
    /// What the answer is compared by.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let millis = |record: &FileRecord| record.file_update_time.map(filedex::Timestamp::millis);
        Outline {
            total: self.total,
            dates: self.records.iter().map(millis).collect(),
            ids: self.records.iter().map(|record| record.id).collect(),
        }
    }
}
