//! File metadata as it travels, and what it is in the library.

use std::collections::BTreeMap;

use filedex::{
    AiTags, FileRecord, FileUpdate, ItemError, ItemOutcome, NewFile, SortBy, Status, StatusFilter,
    TagEdit, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// DatasetFileMetaContentCreate.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Create {
    uri: String,
    file_type: Option<String>,
    content_type: Option<String>,
    file_finger_print: Option<String>,
    file_update_time: Option<Timestamp>,
    file_name: Option<String>,
    file_create_time: Option<Timestamp>,
    data_size: Option<i64>,
    comment: Option<String>,
    meta_attributes: Option<String>,
    tags: Option<String>,
}

/// DatasetFileMetaConentUpdate, as the SDKs spell it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Update {
    pub dataset_file_meta_id: String,
    file_name: Option<String>,
    comment: Option<String>,
    file_create_time: Option<Timestamp>,
    file_update_time: Option<Timestamp>,
    data_size: Option<i64>,
    file_type: Option<String>,
    content_type: Option<String>,
    meta_attributes: Option<String>,
    tags: Option<String>,
    semantic_index_job_id: Option<String>,
    semantic_index_update_time: Option<Timestamp>,
    file_finger_print: Option<String>,
}

/// DatasetFileMetaResponse: what came of an item.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ItemResult {
    dataset_file_meta_id: String,
    result: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
}

/// Tags inside their JSON string. A plain list means add.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct TagsIn {
    user: Edit,
    user_delete_ai_tags: Edit,
    ai: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Edit {
    Plain(Vec<String>),
    Parts {
        #[serde(default)]
        add: Vec<String>,
        #[serde(default)]
        remove: Vec<String>,
    },
}

impl Default for Edit {
    fn default() -> Self {
        Self::Plain(Vec::new())
    }
}

impl From<Edit> for TagEdit {
    fn from(edit: Edit) -> Self {
        match edit {
            Edit::Plain(add) => Self { add, remove: Vec::new() },
            Edit::Parts { add, remove } => Self { add, remove },
        }
    }
}

fn tags(text: Option<&str>) -> Result<TagsIn, String> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(TagsIn::default());
    };
    serde_json::from_str(text).map_err(|error| {
        format!(
            "Tags is a JSON object in a string, such as \
             {{\"user\":{{\"add\":[\"a\"],\"remove\":[]}}}}: {error}"
        )
    })
}

fn attributes(text: Option<&str>) -> Result<Option<Map<String, Value>>, String> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| format!("MetaAttributes is a JSON object in a string: {error}"))
}

fn size(size: Option<i64>) -> Result<Option<u64>, String> {
    size.map(|size| u64::try_from(size).map_err(|_| format!("DataSize is {size}; it is 0 or more")))
        .transpose()
}

fn needed(name: &str, there: bool) -> Result<(), String> {
    if there { Ok(()) } else { Err(format!("{name} is needed")) }
}

impl Create {
    /// The file to create.
    ///
    /// # Errors
    /// What is wrong with the item.
    pub fn into_file(self) -> Result<NewFile, String> {
        let text = |value: &Option<String>| value.as_ref().is_some_and(|text| !text.is_empty());
        needed("Uri", !self.uri.is_empty())?;
        needed("FileType", text(&self.file_type))?;
        needed("ContentType", text(&self.content_type))?;
        needed("FileFingerPrint", text(&self.file_finger_print))?;
        needed("FileUpdateTime", self.file_update_time.is_some())?;
        let tags = tags(self.tags.as_deref())?;
        if tags.ai.is_some() {
            return Err("ai tags are written by an update, with the TagJobId of their job".into());
        }
        Ok(NewFile {
            file_type: self.file_type,
            content_type: self.content_type,
            file_fingerprint: self.file_finger_print,
            file_update_time: self.file_update_time,
            file_name: self.file_name.filter(|name| !name.is_empty()),
            file_create_time: self.file_create_time,
            data_size: size(self.data_size)?,
            comment: self.comment,
            attributes: attributes(self.meta_attributes.as_deref())?,
            tags_user: TagEdit::from(tags.user).add,
            tags_user_delete_ai: TagEdit::from(tags.user_delete_ai_tags).add,
            ..NewFile::at(self.uri)
        })
    }
}

impl Update {
    /// What changes; ai tags are those of the job.
    ///
    /// # Errors
    /// What is wrong with the item.
    pub fn into_update(self, tag_job: Option<&str>) -> Result<FileUpdate, String> {
        let tags = tags(self.tags.as_deref())?;
        let tags_ai = match (tags.ai, tag_job) {
            (None, _) => None,
            (Some(tags), Some(job)) => Some(AiTags { job_id: job.to_owned(), tags }),
            (Some(_), None) => {
                return Err("ai tags need the TagJobId of the job that made them".to_owned());
            }
        };
        Ok(FileUpdate {
            file_name: self.file_name,
            comment: self.comment,
            file_create_time: self.file_create_time,
            file_update_time: self.file_update_time,
            data_size: size(self.data_size)?,
            file_type: self.file_type,
            content_type: self.content_type,
            attributes: attributes(self.meta_attributes.as_deref())?,
            merge_attributes: None,
            tags_user: tags.user.into(),
            tags_user_delete_ai: tags.user_delete_ai_tags.into(),
            tags_ai,
            semantic_index_job_id: self.semantic_index_job_id,
            semantic_index_update_time: self.semantic_index_update_time,
            file_fingerprint: self.file_finger_print,
        })
    }
}

impl ItemResult {
    pub fn failed(id: impl Into<String>, uri: Option<String>, reason: impl Into<String>) -> Self {
        Self { dataset_file_meta_id: id.into(), result: reason.into(), uri }
    }

    pub fn of(outcome: &ItemOutcome) -> Self {
        let id = outcome.id.map(|id| id.to_string()).unwrap_or_default();
        let result = match &outcome.result {
            Ok(_) => "Success".to_owned(),
            Err(ItemError::AlreadyExists) => "Already Exists".to_owned(),
            Err(ItemError::NotFound) => "Not Found".to_owned(),
            Err(error) => error.to_string(),
        };
        Self { dataset_file_meta_id: id, result, uri: outcome.uri.clone() }
    }
}

/// A record as both answers have it; FileDir, Comment and TagUpdateTime are sent in both, as typed
/// clients drop what they do not know.
pub(super) fn file_meta(record: &FileRecord) -> Map<String, Value> {
    let mut meta = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            meta.insert(name.to_owned(), value);
        }
    };
    let time = |time: Option<Timestamp>| time.map(|time| Value::String(time.to_string()));
    let text = |text: &Option<String>| text.clone().map(Value::String);
    put("DatasetFileMetaId", Some(json!(record.id)));
    put("Uri", Some(json!(record.uri)));
    put("FileName", Some(json!(record.file_name)));
    put("FileDir", Some(json!(record.file_dir)));
    put("FileType", text(&record.file_type));
    put("ContentType", text(&record.content_type));
    put("DataSize", record.data_size.map(Value::from));
    put("FileFingerPrint", text(&record.file_fingerprint));
    put("FileCreateTime", time(record.file_create_time));
    put("FileUpdateTime", time(record.file_update_time));
    put("TagUpdateTime", time(record.tag_update_time));
    put("SyncTime", time(Some(record.sync_time)));
    put("SemanticIndexJobId", text(&record.semantic_index_job_id));
    put("SemanticIndexUpdateTime", time(record.semantic_index_update_time));
    put("Comment", text(&record.comment));
    put("Tags", Some(Value::String(tags_out(record))));
    // A map of strings and JSON values always serialises.
    let attributes = serde_json::to_string(&record.attributes).unwrap_or_default();
    put("MetaAttributes", Some(Value::String(attributes)));
    let status = if record.status == Status::Active { "ACTIVE" } else { "DELETED" };
    put("Status", Some(json!(status)));
    meta
}

fn tags_out(record: &FileRecord) -> String {
    let groups: BTreeMap<&str, Vec<&str>> = BTreeMap::from([
        ("ai", record.tags.ai_union()),
        ("user", record.tags.user.iter().map(String::as_str).collect()),
        ("user-delete-ai-tags", record.tags.user_delete_ai.iter().map(String::as_str).collect()),
    ]);
    serde_json::to_string(&groups).unwrap_or_default()
}

pub(super) fn sort_by(text: &str) -> Option<SortBy> {
    match text {
        "FileCreateTime" => Some(SortBy::FileCreateTime),
        "FileUpdateTime" => Some(SortBy::FileUpdateTime),
        _ => None,
    }
}

pub(super) fn status(text: &str) -> Option<StatusFilter> {
    match text {
        "ACTIVE" => Some(StatusFilter::Active),
        "DELETED" => Some(StatusFilter::Deleted),
        "ALL" => Some(StatusFilter::All),
        _ => None,
    }
}
