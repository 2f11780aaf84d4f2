//! Records as JSON, with stable snake_case keys.

use filedex_model::{FileRecord, Status, path};
use serde_json::{Map, Value, json};

use crate::list::ListedFile;

/// A record as one line of an export: the format that an import reads, so that an export imported
/// elsewhere gives the same record, but for its id's dataset and the times of writing.
///
/// ```
/// # use filedex::{Database, NewFile};
/// # let dir = tempfile::tempdir()?;
/// # let db = Database::create(dir.path().join("a.filedex"))?;
/// # let version = db.default_version()?;
/// # let mut batch = db.batch(&version);
/// # batch.create(NewFile::at("oss://b/cars/1.png"));
/// # batch.commit()?;
/// let record = db.reader()?.get(&version, &version.file_id("oss://b/cars/1.png"))?;
/// let line = filedex::export::line(&record);
/// assert_eq!(filedex::import::parse_line(&line.to_string())?.uri, record.uri);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn line(record: &FileRecord) -> Value {
    let mut fields = Fields::default();
    fields.put("uri", &record.uri);
    fields.put("file_name", &record.file_name);
    fields.put("file_dir", &record.file_dir);
    fields.put("file_type", &record.file_type);
    fields.put("content_type", &record.content_type);
    fields.deny_types(record);
    fields.put("data_size", record.data_size);
    fields.put("file_fingerprint", &record.file_fingerprint);
    fields.put("file_create_time", record.file_create_time);
    fields.put("file_update_time", record.file_update_time);
    fields.put("comment", &record.comment);
    fields.put("tags_user", &record.tags.user);
    fields.put("tags_ai", &record.tags.ai);
    fields.put("tags_user_delete_ai", &record.tags.user_delete_ai);
    fields.put("attributes", &record.attributes);
    fields.put("description", &record.description);
    fields.put("labels", &record.labels);
    fields.put("hidden", record.hidden.then_some(true));
    fields.put("starred", record.starred.then_some(true));
    fields.put("local_created_at", record.local_created_at);
    fields.put("local_modified_at", record.local_modified_at);
    fields.put("semantic_index_job_id", &record.semantic_index_job_id);
    fields.put("semantic_index_update_time", record.semantic_index_update_time);
    fields.put("crc64_hash", &record.crc64_hash);
    fields.put("content_hash", &record.content_hash);
    fields.put("content_hash_name", &record.content_hash_name);
    fields.put("upload_id", &record.upload_id);
    fields.put("user_tags", &record.user_tags);
    fields.put("image_media", &record.image_media);
    fields.put("video_media", &record.video_media);
    Value::Object(fields.0)
}

/// A record with everything that is known of it, for people and programs that show it.
#[must_use]
pub fn record(record: &FileRecord) -> Value {
    let Value::Object(mut fields) = line(record) else { return Value::Null };
    for group in ["tags_user", "tags_ai", "tags_user_delete_ai"] {
        fields.remove(group);
    }
    let mut all = Map::new();
    all.insert("id".into(), json!(record.id));
    all.extend(fields);
    all.insert("tags".into(), tags(record));
    all.insert("tag_update_time".into(), json!(record.tag_update_time));
    all.insert("sync_time".into(), json!(record.sync_time));
    all.insert("record_create_time".into(), json!(record.record_create_time));
    all.insert("revision_id".into(), json!(record.revision_id));
    all.insert("status".into(), json!(record.status));
    all.insert("hidden".into(), json!(record.hidden));
    all.insert("starred".into(), json!(record.starred));
    if record.status == Status::Deleted {
        all.insert("trashed_at".into(), json!(record.trashed_at));
    }
    Value::Object(all)
}

/// A hit of a page: the record's main fields, present or null, with score and highlights.
#[must_use]
pub fn hit(hit: &ListedFile) -> Value {
    let record = &hit.record;
    let mut fields = json!({
        "id": record.id,
        "uri": record.uri,
        "file_name": record.file_name,
        "file_dir": record.file_dir,
        "file_type": record.file_type,
        "content_type": record.content_type,
        "data_size": record.data_size,
        "file_create_time": record.file_create_time,
        "file_update_time": record.file_update_time,
        "tag_update_time": record.tag_update_time,
        "record_create_time": record.record_create_time,
        "sync_time": record.sync_time,
        "tags": tags(record),
        "comment": record.comment,
        "description": record.description,
        "labels": record.labels,
        "starred": record.starred,
        "hidden": record.hidden,
        "attributes": record.attributes,
        "status": record.status,
        "score": hit.score,
    });
    if !hit.highlights.is_empty() {
        let marks = hit.highlights.iter().map(|mark| {
            let ranges: Vec<_> = mark.ranges.iter().map(|range| [range.start, range.end]).collect();
            json!({"field": mark.field, "text": mark.text, "ranges": ranges})
        });
        fields["highlights"] = marks.collect();
    }
    fields
}

fn tags(record: &FileRecord) -> Value {
    json!({
        "ai": record.tags.ai_union(),
        "user": record.tags.user,
        "user_delete_ai": record.tags.user_delete_ai,
    })
}

/// Fields of an object; what is null or empty is left out.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    /// Says that a type is none where an import would make one of a name or of the other type.
    fn deny_types(&mut self, record: &FileRecord) {
        let of_names = [record.file_name.as_str(), path::name_of(&record.uri)];
        let mut of_names = of_names.into_iter().filter_map(path::content_type_of);
        let named = of_names.next();
        if record.content_type.is_none() && named.is_some() {
            self.0.insert("content_type".into(), json!(""));
        }
        if record.file_type.is_none() && record.content_type.as_ref().or(named.as_ref()).is_some() {
            self.0.insert("file_type".into(), json!(""));
        }
    }

    fn put(&mut self, name: &str, value: impl serde::Serialize) {
        let value = json!(value);
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty() && name != "file_dir",
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        if !empty {
            self.0.insert(name.to_owned(), value);
        }
    }
}
