//! Changes to file records: what can be asked, what is refused, and what comes of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::id::FileId;
use crate::limits;
use crate::media::{ImageMedia, VideoMedia};
use crate::path;
use crate::record::{FileRecord, Status};
use crate::time::Timestamp;

/// Why one item of a batch failed. The other items are not affected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// A file with this URI is already in the version.
    #[error("Already Exists")]
    AlreadyExists,
    /// No live file with this id is in the version.
    #[error("Not Found")]
    NotFound,
    /// A field breaks a rule.
    #[error("{field} {reason}")]
    Invalid {
        /// The field, by its name in the library.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl ItemError {
    /// A field that breaks a rule.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// A field that is over its limit.
    #[must_use]
    pub fn too_long(field: &'static str, is: usize, limit: usize, unit: &str) -> Self {
        Self::invalid(field, format!("has {is} {unit}; at most {limit} are allowed"))
    }
}

/// What became of one item of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemOutcome {
    /// The file's id, where the item named one that can be told.
    pub id: Option<FileId>,
    /// The file's URI, where it is known.
    pub uri: Option<String>,
    /// What was done, or why not.
    pub result: Result<Done, ItemError>,
}

/// What was done for one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// A new record.
    Created,
    /// A deleted record came back, as created anew.
    Revived,
    /// A record changed.
    Updated,
    /// The record was already as asked; nothing was written.
    Unchanged,
    /// A record was logically deleted.
    Deleted,
    /// A record is gone for good.
    Purged,
    /// The name is taken in the folder and the mode was `refuse`: nothing changed, this is the
    /// file that has the name.
    NameTaken(FileId),
}

/// A file to be created or imported. Only the URI is needed; what can be derived from it (name,
/// folder, types) is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewFile {
    /// The URI.
    pub uri: String,
    /// The name; by default the URI's last part.
    pub file_name: Option<String>,
    /// The folder; by default the URI's.
    pub file_dir: Option<String>,
    /// The main MIME type; by default from the content type.
    pub file_type: Option<String>,
    /// The MIME type; by default from the name's extension.
    pub content_type: Option<String>,
    /// Size in bytes.
    pub data_size: Option<u64>,
    /// Fingerprint of the content.
    pub file_fingerprint: Option<String>,
    /// When the file was created.
    pub file_create_time: Option<Timestamp>,
    /// When its content last changed.
    pub file_update_time: Option<Timestamp>,
    /// The comment or caption.
    pub comment: Option<String>,
    /// Custom attributes.
    pub attributes: Option<Map<String, Value>>,
    /// User tags.
    pub tags_user: Vec<String>,
    /// Machine tags by job.
    pub tags_ai: BTreeMap<String, Vec<String>>,
    /// Machine tags a person took back.
    pub tags_user_delete_ai: Vec<String>,
    /// PDS's description.
    pub description: Option<String>,
    /// PDS's labels.
    pub labels: Vec<String>,
    /// Hidden.
    pub hidden: Option<bool>,
    /// Starred.
    pub starred: Option<bool>,
    /// When the file was created on the local device.
    pub local_created_at: Option<Timestamp>,
    /// When it was changed on the local device.
    pub local_modified_at: Option<Timestamp>,
    /// The job that indexed its meaning.
    pub semantic_index_job_id: Option<String>,
    /// When it did.
    pub semantic_index_update_time: Option<Timestamp>,
    /// CRC-64 of the content, in decimal.
    pub crc64_hash: Option<String>,
    /// Hash of the content.
    pub content_hash: Option<String>,
    /// The algorithm of `content_hash`.
    pub content_hash_name: Option<String>,
    /// The upload that brought the content.
    pub upload_id: Option<String>,
    /// Free key-value pairs.
    pub user_tags: BTreeMap<String, String>,
    /// What is known of the picture.
    pub image_media: Option<ImageMedia>,
    /// What is known of the video.
    pub video_media: Option<VideoMedia>,
}

/// Additions to and removals from one tag group; removals are done first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TagEdit {
    /// Tags to add; those already there stay where they are.
    pub add: Vec<String>,
    /// Tags to remove; those not there are no error.
    pub remove: Vec<String>,
}

impl TagEdit {
    /// Whether nothing is to be added or removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    fn apply(&self, tags: &mut Vec<String>) {
        tags.retain(|tag| !self.remove.contains(tag));
        add_once(tags, &self.add);
    }
}

/// The set of tags that one job gives a file; it replaces that job's earlier set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AiTags {
    /// The tagging job; not empty.
    pub job_id: String,
    /// Its tags for this file.
    pub tags: Vec<String>,
}

/// A change to one file (PAI UpdateDatasetFileMetas). What is `None` or empty stays as it is; an
/// empty string clears a text. URI, folder and status cannot be changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileUpdate {
    /// The name.
    pub file_name: Option<String>,
    /// The comment.
    pub comment: Option<String>,
    /// When the file was created.
    pub file_create_time: Option<Timestamp>,
    /// When its content last changed.
    pub file_update_time: Option<Timestamp>,
    /// Size in bytes.
    pub data_size: Option<u64>,
    /// The main MIME type.
    pub file_type: Option<String>,
    /// The MIME type.
    pub content_type: Option<String>,
    /// Custom attributes, replacing all earlier ones.
    pub attributes: Option<Map<String, Value>>,
    /// Custom attributes to set (or, with null, to remove) beside the earlier ones.
    pub merge_attributes: Option<Map<String, Value>>,
    /// User tags.
    pub tags_user: TagEdit,
    /// Machine tags a person takes back.
    pub tags_user_delete_ai: TagEdit,
    /// One job's machine tags.
    pub tags_ai: Option<AiTags>,
    /// The job that indexed the file's meaning.
    pub semantic_index_job_id: Option<String>,
    /// When it did.
    pub semantic_index_update_time: Option<Timestamp>,
    /// Fingerprint of the content.
    pub file_fingerprint: Option<String>,
}

/// What to do when another file of the folder has the new name (PDS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameMode {
    /// Allow both.
    #[default]
    Ignore,
    /// Put a time stamp before the extension: `name_20060102_150405.ext`.
    AutoRename,
    /// Change nothing and answer with the file that has the name.
    Refuse,
}

/// A change to one file (PDS UpdateFile). What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetailsUpdate {
    /// The name: 1 to 1,024 bytes.
    pub name: Option<String>,
    /// The description: at most 1,024 characters; empty clears it.
    pub description: Option<String>,
    /// The labels, replacing all earlier ones: at most 100 of 128 characters.
    pub labels: Option<Vec<String>>,
    /// Hidden.
    pub hidden: Option<bool>,
    /// Starred.
    pub starred: Option<bool>,
    /// When the file was changed on the local device.
    pub local_modified_at: Option<Timestamp>,
    /// What to do when the name is taken.
    pub check_name_mode: NameMode,
}

impl NewFile {
    /// A file with this URI and everything else derived or absent.
    #[must_use]
    pub fn at(uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), ..Self::default() }
    }

    /// Checks every field against its limits.
    ///
    /// ```
    /// use filedex_model::NewFile;
    /// assert!(NewFile::at("oss://bucket/a.png").validate().is_ok());
    /// assert_eq!(NewFile::at("").validate().unwrap_err().to_string(), "uri is empty");
    /// ```
    ///
    /// # Errors
    /// [`ItemError::Invalid`] with the first field that breaks a rule.
    pub fn validate(&self) -> Result<(), ItemError> {
        check_uri(&self.uri)?;
        check_name("file_name", self.file_name.as_deref().unwrap_or(path::name_of(&self.uri)))?;
        let dir = self.file_dir.as_deref().unwrap_or(path::dir_of(&self.uri));
        check_text("file_dir", dir, limits::DIR_BYTES)?;
        let keywords = [
            ("file_type", &self.file_type),
            ("content_type", &self.content_type),
            ("file_fingerprint", &self.file_fingerprint),
            ("semantic_index_job_id", &self.semantic_index_job_id),
            ("crc64_hash", &self.crc64_hash),
            ("content_hash", &self.content_hash),
            ("content_hash_name", &self.content_hash_name),
            ("upload_id", &self.upload_id),
        ];
        for (field, value) in keywords {
            check_text(field, value.as_deref().unwrap_or(""), limits::KEYWORD_BYTES)?;
        }
        check_size(self.data_size)?;
        check_comment(self.comment.as_deref())?;
        check_attributes(self.attributes.as_ref())?;
        check_tags("tags_user", &self.tags_user)?;
        for (job, tags) in &self.tags_ai {
            check_job(job)?;
            check_tags("tags_ai", tags)?;
        }
        check_tags("tags_user_delete_ai", &self.tags_user_delete_ai)?;
        check_description(self.description.as_deref())?;
        check_labels(&self.labels)?;
        check_media("user_tags", &self.user_tags)?;
        check_media("image_media", &self.image_media)?;
        check_media("video_media", &self.video_media)
    }

    /// The record this file becomes, created `now` in the dataset. Call [`NewFile::validate`]
    /// first: limits are not checked again.
    #[must_use]
    pub fn into_record(self, dataset_id: &str, now: Timestamp) -> FileRecord {
        let mut record = FileRecord::new(dataset_id, &self.uri, now);
        self.merge_into(&mut record, now);
        record
    }

    /// Lays this file over an existing record of the same URI, as an import does: what is absent
    /// here stays as it is, user tags are added, each job's machine tags are replaced.
    pub fn merge_into(self, record: &mut FileRecord, now: Timestamp) {
        let tags_before = record.tags.clone();
        if let Some(name) = self.file_name {
            record.content_type =
                path::content_type_of(&name).or_else(|| record.content_type.take());
            record.file_name = name;
        }
        if let Some(dir) = self.file_dir {
            record.file_dir = path::clean_dir(&dir).to_owned();
        }
        set(&mut record.content_type, self.content_type);
        if record.file_type.is_none() || self.file_type.is_some() {
            record.file_type = self.file_type.filter(|t| !t.is_empty()).or_else(|| {
                record.content_type.as_deref().and_then(path::main_type_of).map(str::to_owned)
            });
        }
        set(&mut record.data_size, self.data_size);
        set_text(&mut record.file_fingerprint, self.file_fingerprint);
        set(&mut record.file_create_time, self.file_create_time);
        set(&mut record.file_update_time, self.file_update_time);
        set_text(&mut record.comment, self.comment);
        if let Some(attributes) = self.attributes {
            record.attributes = attributes;
        }
        add_once(&mut record.tags.user, &self.tags_user);
        for (job, tags) in self.tags_ai {
            let mut set = Vec::new();
            add_once(&mut set, &tags);
            record.tags.ai.insert(job, set);
        }
        add_once(&mut record.tags.user_delete_ai, &self.tags_user_delete_ai);
        set_text(&mut record.description, self.description);
        if !self.labels.is_empty() {
            record.labels = self.labels;
        }
        record.hidden = self.hidden.unwrap_or(record.hidden);
        record.starred = self.starred.unwrap_or(record.starred);
        set(&mut record.local_created_at, self.local_created_at);
        set(&mut record.local_modified_at, self.local_modified_at);
        set_text(&mut record.semantic_index_job_id, self.semantic_index_job_id);
        set(&mut record.semantic_index_update_time, self.semantic_index_update_time);
        set_text(&mut record.crc64_hash, self.crc64_hash);
        set_text(&mut record.content_hash, self.content_hash);
        set_text(&mut record.content_hash_name, self.content_hash_name);
        set_text(&mut record.upload_id, self.upload_id);
        record.user_tags.extend(self.user_tags);
        set(&mut record.image_media, self.image_media);
        set(&mut record.video_media, self.video_media);
        if record.tags != tags_before {
            record.tag_update_time = Some(now);
        }
        record.touch(now);
    }
}

impl FileUpdate {
    /// Checks every field against its limits.
    ///
    /// # Errors
    /// [`ItemError::Invalid`] with the first field that breaks a rule.
    pub fn validate(&self) -> Result<(), ItemError> {
        self.file_name.as_deref().map_or(Ok(()), |name| check_name("file_name", name))?;
        let keywords = [
            ("file_type", &self.file_type),
            ("content_type", &self.content_type),
            ("file_fingerprint", &self.file_fingerprint),
            ("semantic_index_job_id", &self.semantic_index_job_id),
        ];
        for (field, value) in keywords {
            check_text(field, value.as_deref().unwrap_or(""), limits::KEYWORD_BYTES)?;
        }
        check_size(self.data_size)?;
        check_comment(self.comment.as_deref())?;
        check_attributes(self.attributes.as_ref())?;
        check_attributes(self.merge_attributes.as_ref())?;
        check_tags("tags_user", &self.tags_user.add)?;
        check_tags("tags_user_delete_ai", &self.tags_user_delete_ai.add)?;
        if let Some(ai) = &self.tags_ai {
            check_job(&ai.job_id)?;
            check_tags("tags_ai", &ai.tags)?;
        }
        Ok(())
    }
}

impl DetailsUpdate {
    /// Checks every field against its limits.
    ///
    /// # Errors
    /// [`ItemError::Invalid`] with the first field that breaks a rule.
    pub fn validate(&self) -> Result<(), ItemError> {
        self.name.as_deref().map_or(Ok(()), |name| check_name("name", name))?;
        check_description(self.description.as_deref())?;
        check_labels(self.labels.as_deref().unwrap_or(&[]))
    }
}

impl FileRecord {
    /// Applies a PAI update. Call [`FileUpdate::validate`] first.
    ///
    /// # Errors
    /// [`ItemError::Invalid`] when the record would break a limit once changed (too many tags, too
    /// large attributes); the record is then as it was.
    pub fn apply(&mut self, update: &FileUpdate, now: Timestamp) -> Result<(), ItemError> {
        let mut next = self.clone();
        if let Some(name) = &update.file_name {
            next.file_name.clone_from(name);
        }
        set_text(&mut next.comment, update.comment.clone());
        set(&mut next.file_create_time, update.file_create_time);
        set(&mut next.file_update_time, update.file_update_time);
        set(&mut next.data_size, update.data_size);
        set_text(&mut next.file_type, update.file_type.clone());
        set_text(&mut next.content_type, update.content_type.clone());
        if let Some(attributes) = &update.attributes {
            next.attributes.clone_from(attributes);
        }
        for (name, value) in update.merge_attributes.iter().flatten() {
            if value.is_null() {
                next.attributes.remove(name);
            } else {
                next.attributes.insert(name.clone(), value.clone());
            }
        }
        update.tags_user.apply(&mut next.tags.user);
        update.tags_user_delete_ai.apply(&mut next.tags.user_delete_ai);
        if let Some(ai) = &update.tags_ai {
            let mut set = Vec::new();
            add_once(&mut set, &ai.tags);
            next.tags.ai.insert(ai.job_id.clone(), set);
        }
        set_text(&mut next.semantic_index_job_id, update.semantic_index_job_id.clone());
        set(&mut next.semantic_index_update_time, update.semantic_index_update_time);
        set_text(&mut next.file_fingerprint, update.file_fingerprint.clone());
        next.check_tag_counts()?;
        check_attributes(Some(&next.attributes))?;
        let touches_tags = !update.tags_user.is_empty()
            || !update.tags_user_delete_ai.is_empty()
            || update.tags_ai.is_some();
        if touches_tags {
            next.tag_update_time = Some(now);
        }
        next.touch(now);
        *self = next;
        Ok(())
    }

    /// Checks that no tag group holds more tags than allowed.
    ///
    /// # Errors
    /// [`ItemError::Invalid`] with the group.
    pub fn check_tag_counts(&self) -> Result<(), ItemError> {
        let groups = [
            ("tags_user", self.tags.user.len()),
            ("tags_user_delete_ai", self.tags.user_delete_ai.len()),
            ("tags_ai", self.tags.ai.values().map(Vec::len).sum()),
        ];
        for (field, count) in groups {
            if count > limits::TAGS {
                return Err(ItemError::too_long(field, count, limits::TAGS, "tags"));
            }
        }
        Ok(())
    }

    /// Applies a PDS update, but for the name, whose clashes only the folder knows. Call
    /// [`DetailsUpdate::validate`] first.
    pub fn apply_details(&mut self, update: &DetailsUpdate, now: Timestamp) {
        set_text(&mut self.description, update.description.clone());
        if let Some(labels) = &update.labels {
            self.labels.clone_from(labels);
        }
        self.hidden = update.hidden.unwrap_or(self.hidden);
        self.starred = update.starred.unwrap_or(self.starred);
        set(&mut self.local_modified_at, update.local_modified_at);
        self.touch(now);
    }

    /// Deletes the record logically.
    pub fn trash(&mut self, now: Timestamp) {
        self.status = Status::Deleted;
        self.trashed_at = Some(now);
        self.touch(now);
    }

    /// Marks a change: the time of the last write, and a revision id that no earlier state of the
    /// record had (a hash over the one before it).
    pub fn touch(&mut self, now: Timestamp) {
        self.sync_time = now;
        let mut hash = Sha256::new();
        hash.update(self.id.as_bytes());
        hash.update(self.revision_id.as_bytes());
        hash.update(now.millis().to_be_bytes());
        self.revision_id =
            hash.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect();
    }
}

/// The name that `auto_rename` gives: a stamp before the extension, and from the second clash on a
/// counter after the stamp.
///
/// ```
/// use filedex_model::change::renamed;
/// let at = "2006-01-02T15:04:05Z".parse().unwrap();
/// assert_eq!(renamed("a.tar.gz", at, 0), "a.tar_20060102_150405.gz");
/// assert_eq!(renamed("notes", at, 2), "notes_20060102_150405_2");
/// ```
#[must_use]
pub fn renamed(name: &str, at: Timestamp, clash: u32) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let counter = if clash == 0 { String::new() } else { format!("_{clash}") };
    let suffix = format!("_{}{counter}{extension}", at.rename_stamp());
    let mut keep = stem.len().min(limits::NAME_BYTES.saturating_sub(suffix.len()));
    while !stem.is_char_boundary(keep) {
        keep -= 1;
    }
    format!("{}{suffix}", &stem[..keep])
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

fn set_text(slot: &mut Option<String>, value: Option<String>) {
    if let Some(text) = value {
        *slot = (!text.is_empty()).then_some(text);
    }
}

fn add_once(tags: &mut Vec<String>, new: &[String]) {
    for tag in new {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
}

fn check_uri(uri: &str) -> Result<(), ItemError> {
    if uri.is_empty() {
        return Err(ItemError::invalid("uri", "is empty"));
    }
    check_text("uri", uri, limits::URI_BYTES)
}

fn check_name(field: &'static str, name: &str) -> Result<(), ItemError> {
    if name.is_empty() {
        return Err(ItemError::invalid(field, "is empty; give 1 to 1024 bytes"));
    }
    if name.contains('/') {
        return Err(ItemError::invalid(field, "has a '/', which names cannot have"));
    }
    check_text(field, name, limits::NAME_BYTES)?;
    check_controls(field, name, char::is_control)
}

fn check_text(field: &'static str, text: &str, limit: usize) -> Result<(), ItemError> {
    if text.len() > limit {
        return Err(ItemError::too_long(field, text.len(), limit, "bytes"));
    }
    // Only the ASCII ones: real tags hold others, left by careless conversions.
    check_controls(field, text, |c| c.is_ascii_control())
}

fn check_controls(
    field: &'static str,
    text: &str,
    refused: impl Fn(char) -> bool,
) -> Result<(), ItemError> {
    match text.chars().find(|c| refused(*c)) {
        Some(c) => {
            Err(ItemError::invalid(field, format!("has the control character U+{:04X}", c as u32)))
        }
        None => Ok(()),
    }
}

fn check_size(size: Option<u64>) -> Result<(), ItemError> {
    match size {
        Some(size) if size > limits::DATA_SIZE => Err(ItemError::invalid(
            "data_size",
            format!("is {size}; at most {} is allowed", limits::DATA_SIZE),
        )),
        _ => Ok(()),
    }
}

fn check_comment(comment: Option<&str>) -> Result<(), ItemError> {
    match comment.map(str::len) {
        Some(length) if length > limits::COMMENT_BYTES => {
            Err(ItemError::too_long("comment", length, limits::COMMENT_BYTES, "bytes"))
        }
        _ => Ok(()),
    }
}

fn check_description(description: Option<&str>) -> Result<(), ItemError> {
    match description.map(|d| d.chars().count()) {
        Some(length) if length > limits::DESCRIPTION_CHARS => {
            Err(ItemError::too_long("description", length, limits::DESCRIPTION_CHARS, "characters"))
        }
        _ => Ok(()),
    }
}

fn check_labels(labels: &[String]) -> Result<(), ItemError> {
    if labels.len() > limits::LABELS {
        return Err(ItemError::too_long("labels", labels.len(), limits::LABELS, "labels"));
    }
    for label in labels {
        let length = label.chars().count();
        if length > limits::LABEL_CHARS {
            return Err(ItemError::too_long(
                "labels",
                length,
                limits::LABEL_CHARS,
                "characters in one label",
            ));
        }
        if label.is_empty() {
            return Err(ItemError::invalid("labels", "has an empty label"));
        }
    }
    Ok(())
}

fn check_job(job: &str) -> Result<(), ItemError> {
    if job.is_empty() {
        return Err(ItemError::invalid("tags_ai", "needs the id of the tagging job"));
    }
    check_text("tags_ai", job, limits::KEYWORD_BYTES)
}

fn check_tags(field: &'static str, tags: &[String]) -> Result<(), ItemError> {
    if tags.len() > limits::TAGS {
        return Err(ItemError::too_long(field, tags.len(), limits::TAGS, "tags"));
    }
    for tag in tags {
        if tag.is_empty() {
            return Err(ItemError::invalid(field, "has an empty tag"));
        }
        check_text(field, tag, limits::TAG_BYTES)?;
    }
    Ok(())
}

fn check_attributes(attributes: Option<&Map<String, Value>>) -> Result<(), ItemError> {
    let Some(attributes) = attributes else { return Ok(()) };
    let depth = attributes.values().map(depth_of).max().unwrap_or(0);
    if depth > limits::ATTRIBUTES_DEPTH {
        return Err(ItemError::too_long("attributes", depth, limits::ATTRIBUTES_DEPTH, "levels"));
    }
    check_attribute_names(attributes)?;
    check_json_size("attributes", attributes, limits::ATTRIBUTES_BYTES)
}

/// Names are joined by a control character where paths are keyed, so none may be in a name.
fn check_attribute_names(attributes: &Map<String, Value>) -> Result<(), ItemError> {
    fn check(value: &Value) -> Result<(), ItemError> {
        match value {
            Value::Array(items) => items.iter().try_for_each(check),
            Value::Object(fields) => check_attribute_names(fields),
            _ => Ok(()),
        }
    }
    for (name, value) in attributes {
        if name.is_empty() {
            return Err(ItemError::invalid("attributes", "has an empty name"));
        }
        check_text("attributes", name, limits::KEYWORD_BYTES)?;
        check(value)?;
    }
    Ok(())
}

fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth_of).max().unwrap_or(0),
        _ => 1,
    }
}

fn check_media<T: Serialize>(field: &'static str, media: &T) -> Result<(), ItemError> {
    check_json_size(field, media, limits::MEDIA_BYTES)
}

fn check_json_size<T: Serialize>(
    field: &'static str,
    value: &T,
    limit: usize,
) -> Result<(), ItemError> {
    let mut count = ByteCount(0);
    serde_json::to_writer(&mut count, value)
        .map_err(|error| ItemError::invalid(field, format!("is not JSON: {error}")))?;
    if count.0 > limit {
        return Err(ItemError::too_long(field, count.0, limit, "bytes"));
    }
    Ok(())
}

/// Counts what is written to it.
struct ByteCount(usize);

impl std::io::Write for ByteCount {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
