//! A file record: what is known of one file in one dataset version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::category::category_of;
use crate::id::FileId;
use crate::media::{ImageMedia, VideoMedia};
use crate::path;
use crate::tags::Tags;
use crate::time::Timestamp;

/// Whether a record is there or logically deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// There.
    #[default]
    Active,
    /// Logically deleted: found only when asked for, until revived or purged.
    Deleted,
}

/// Everything that is stored of one file.
///
/// It holds every field of PAI's create, update, get and list models and every field of PDS's File
/// answer that something local can know; the table in ARCHITECTURE.md says for each field of the
/// three services whether it is stored here, derived by a method here, or absent.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRecord {
    /// The public id.
    pub id: FileId,
    /// The URI the id is made of; it never changes.
    pub uri: String,
    /// The name, which may be changed apart from the URI.
    pub file_name: String,
    /// The folder: no scheme, no bucket, no trailing slash; empty at the top.
    pub file_dir: String,
    /// The main MIME type (`image`, `video`, `audio`, `text`, `application`) or any other word.
    pub file_type: Option<String>,
    /// The MIME type.
    pub content_type: Option<String>,
    /// Size in bytes.
    pub data_size: Option<u64>,
    /// Fingerprint of the content: an OSS ETag, a NAS MD5, or any other.
    pub file_fingerprint: Option<String>,
    /// When the file was created.
    pub file_create_time: Option<Timestamp>,
    /// When the file's content last changed.
    pub file_update_time: Option<Timestamp>,
    /// PAI's comment: the caption.
    pub comment: Option<String>,
    /// Custom attributes (PAI's MetaAttributes), queryable by path.
    pub attributes: Map<String, Value>,
    /// The tag groups.
    pub tags: Tags,
    /// When the tags last changed.
    pub tag_update_time: Option<Timestamp>,
    /// The last write to the record (PAI's SyncTime, PDS's `updated_at`).
    pub sync_time: Timestamp,
    /// When the record was created here (PDS's `created_at`).
    pub record_create_time: Timestamp,
    /// The job that indexed the file's meaning.
    pub semantic_index_job_id: Option<String>,
    /// When it did.
    pub semantic_index_update_time: Option<Timestamp>,
    /// There, or logically deleted.
    pub status: Status,
    /// When it was logically deleted.
    pub trashed_at: Option<Timestamp>,
    /// PDS's description, apart from the comment.
    pub description: Option<String>,
    /// PDS's labels.
    pub labels: Vec<String>,
    /// Hidden (PDS).
    pub hidden: bool,
    /// Starred (PDS).
    pub starred: bool,
    /// When the file was created on the local device (PDS).
    pub local_created_at: Option<Timestamp>,
    /// When the file was changed on the local device (PDS).
    pub local_modified_at: Option<Timestamp>,
    /// A new one for every change (PDS): 40 hex digits.
    pub revision_id: String,
    /// CRC-64 of the content, in decimal (PDS).
    pub crc64_hash: Option<String>,
    /// Hash of the content (PDS).
    pub content_hash: Option<String>,
    /// The algorithm of `content_hash`, such as `sha1` (PDS).
    pub content_hash_name: Option<String>,
    /// The upload that brought the content (PDS).
    pub upload_id: Option<String>,
    /// Free key-value pairs (PDS `user_tags`).
    pub user_tags: BTreeMap<String, String>,
    /// What is known of the picture (PDS).
    pub image_media: Option<ImageMedia>,
    /// What is known of the video (PDS).
    pub video_media: Option<VideoMedia>,
}

impl FileRecord {
    /// A record of the file at `uri` of the dataset `dataset_id`, with name, folder and types
    /// derived from the URI and everything else empty; created `now`.
    ///
    /// ```
    /// use filedex_model::{FileRecord, Timestamp};
    /// let record = FileRecord::new("d-1", "oss://bucket/cars/0001.png", Timestamp::now());
    /// assert_eq!((record.file_dir.as_str(), record.file_name.as_str()), ("cars", "0001.png"));
    /// assert_eq!(record.content_type.as_deref(), Some("image/png"));
    /// ```
    #[must_use]
    pub fn new(dataset_id: &str, uri: &str, now: Timestamp) -> Self {
        let file_name = path::name_of(uri).to_owned();
        let content_type = path::content_type_of(&file_name);
        Self {
            id: FileId::of(dataset_id, uri),
            uri: uri.to_owned(),
            file_dir: path::dir_of(uri).to_owned(),
            file_type: content_type.as_deref().and_then(path::main_type_of).map(str::to_owned),
            content_type,
            file_name,
            data_size: None,
            file_fingerprint: None,
            file_create_time: None,
            file_update_time: None,
            comment: None,
            attributes: Map::new(),
            tags: Tags::default(),
            tag_update_time: None,
            sync_time: now,
            record_create_time: now,
            semantic_index_job_id: None,
            semantic_index_update_time: None,
            status: Status::Active,
            trashed_at: None,
            description: None,
            labels: Vec::new(),
            hidden: false,
            starred: false,
            local_created_at: None,
            local_modified_at: None,
            revision_id: String::new(),
            crc64_hash: None,
            content_hash: None,
            content_hash_name: None,
            upload_id: None,
            user_tags: BTreeMap::new(),
            image_media: None,
            video_media: None,
        }
    }

    /// Whether the record is not deleted.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// PDS's `file_extension`, from the name.
    #[must_use]
    pub fn file_extension(&self) -> Option<String> {
        path::extension_of(&self.file_name)
    }

    /// PDS's `category`, from the content type.
    #[must_use]
    pub fn category(&self) -> &'static str {
        self.content_type.as_deref().map_or("others", category_of)
    }

    /// PDS's `parent_file_id`, from the folder.
    #[must_use]
    pub fn parent_file_id(&self, dataset_id: &str) -> String {
        path::folder_id(dataset_id, &self.file_dir)
    }

    /// PDS's `id_path`: the ids of the folders above, `root` first, and of the file.
    #[must_use]
    pub fn id_path(&self, dataset_id: &str) -> String {
        let mut ids = vec!["root".to_owned()];
        ids.extend(path::ancestors(&self.file_dir).iter().map(|d| path::folder_id(dataset_id, d)));
        ids.push(self.id.to_string());
        ids.join("/")
    }

    /// PDS's `name_path`: `root`, the folder and the name.
    #[must_use]
    pub fn name_path(&self) -> String {
        match self.file_dir.trim_start_matches('/') {
            "" => format!("root/{}", self.file_name),
            dir => format!("root/{dir}/{}", self.file_name),
        }
    }
}
