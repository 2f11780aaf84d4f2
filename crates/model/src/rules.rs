//! The rules that every field of a change keeps, held against `limits`.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::change::{DetailsUpdate, FileUpdate, ItemError, NewFile};
use crate::{limits, path};

impl NewFile {
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

pub(crate) fn check_attributes(attributes: Option<&Map<String, Value>>) -> Result<(), ItemError> {
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
