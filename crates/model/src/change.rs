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
use crate::rules::check_attributes;
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
    /// The main MIME type; by default from the content type. Empty: none.
    pub file_type: Option<String>,
    /// The MIME type; by default from the name's extension. Empty: none.
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
        set_text(&mut record.content_type, self.content_type);
        if self.file_type.is_some() {
            set_text(&mut record.file_type, self.file_type);
        } else if record.file_type.is_none() {
            let main = record.content_type.as_deref().and_then(path::main_type_of);
            record.file_type = main.map(str::to_owned);
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
