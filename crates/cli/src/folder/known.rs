//! What the database knows of a folder's files.

use std::collections::HashMap;

use filedex::{
    FileId, FileRecord, Filter, Property, Query, Reader, StatusFilter, Test, Timestamp, VersionRef,
};
use filedex_ingest::FOLDER_JOB;
use serde_json::Value;

use crate::failure::Failure;
use crate::folder::join::{SIDECARS, SUCCESSOR};
use crate::folder::missing::MISSING_SINCE;
use crate::folder::place::{Place, local_path};

/// Of a record, what is compared with its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub id: FileId,
    pub uri: String,
    pub size: Option<u64>,
    pub modified: Option<Timestamp>,
    /// BLAKE3 in hex: what an import of a folder stores, and nothing else does.
    pub hash: Option<String>,
    pub deleted: bool,
    /// Whether it is marked as missing, or was deleted as such or as moved; what a person deleted is not.
    pub set_aside: bool,
    /// The marks of the sidecars that were read.
    pub sidecars: Vec<String>,
    /// The tags that its folders gave it.
    pub folder_tags: Option<Vec<String>>,
}

impl Known {
    fn of(record: FileRecord) -> Self {
        let attributes = &record.attributes;
        let sidecars = attributes.get(SIDECARS).and_then(Value::as_array);
        let sidecars = sidecars.into_iter().flatten().filter_map(Value::as_str);
        let is_blake3 = record.content_hash_name.as_deref() == Some("blake3");
        Self {
            sidecars: sidecars.map(str::to_owned).collect(),
            set_aside: attributes.contains_key(MISSING_SINCE) || attributes.contains_key(SUCCESSOR),
            deleted: !record.is_active(),
            id: record.id,
            size: record.data_size,
            modified: record.file_update_time,
            hash: record.content_hash.filter(|_| is_blake3),
            folder_tags: record.tags.ai.get(FOLDER_JOB).cloned(),
            uri: record.uri,
        }
    }
}

/// The records below a URI, by their URIs.
pub fn load(
    reader: &Reader,
    version: &VersionRef,
    prefix: &str,
) -> Result<HashMap<String, Known>, Failure> {
    let below = Filter::test(Property::Uri, Test::StartsWith(format!("{prefix}/")));
    let query = Query::filter(below).status(StatusFilter::All);
    let mut known = HashMap::new();
    for record in reader.scan(version, &query)? {
        let one = Known::of(record?);
        known.insert(one.uri.clone(), one);
    }
    Ok(known)
}

/// The records of where the folder was before. Those whose files are still there did not move.
pub fn load_before(
    reader: &Reader,
    version: &VersionRef,
    was: &str,
    place: &Place,
) -> Result<Vec<Known>, Failure> {
    let is_there = |uri: &str| local_path(uri).is_some_and(|path| path.symlink_metadata().is_ok());
    let before = load(reader, version, was)?.into_values();
    Ok(before.filter(|one| place.relative(&one.uri).is_none() && !is_there(&one.uri)).collect())
}
