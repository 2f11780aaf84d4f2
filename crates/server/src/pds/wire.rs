//! The File as it travels.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use filedex::{FileRecord, ThumbnailMode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::folders::Folder;
use super::{Drive, bad};
use crate::fault::Fault;
use crate::files::Purpose;
use crate::links::{Base, LIFETIME, Links};

/// Thumbnails that can be asked for at once.
const THUMBNAILS: usize = 5;

/// What a thumbnail is where none is asked for.
const THUMBNAIL: ThumbnailMode = ThumbnailMode::Fill { width: 128, height: 128 };

/// How thumbnails are asked for: by names of the client's own.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct ThumbnailProcesses(BTreeMap<String, Process>);

#[derive(Debug, Deserialize)]
struct Process {
    image_thumbnail_process: Option<String>,
}

/// A key and a value of `user_tags` in a request; answers have an object.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserTag {
    pub key: String,
    pub value: String,
}

/// What links an answer's files have.
pub(super) struct LinksAsked {
    base: Base,
    now: SystemTime,
    lifetime: Duration,
    thumbnails: Vec<(String, ThumbnailMode)>,
}

impl LinksAsked {
    pub fn read(
        base: Base,
        now: SystemTime,
        processes: &ThumbnailProcesses,
        seconds: Option<u64>,
    ) -> Result<Self, Fault> {
        if processes.0.len() > THUMBNAILS {
            return Err(bad(format!("thumbnail_processes has at most {THUMBNAILS} entries")));
        }
        let lifetime = match seconds {
            None => LIFETIME,
            Some(seconds @ 10..=14_400) => Duration::from_secs(seconds),
            Some(seconds) => {
                return Err(bad(format!("url_expire_sec is {seconds}; it is from 10 to 14400")));
            }
        };
        let modes = processes.0.iter().filter_map(|(name, process)| {
            let asked = process.image_thumbnail_process.as_deref()?;
            Some(match mode(asked) {
                Some(mode) => Ok((name.clone(), mode)),
                None => Err(bad(format!(
                    "{asked:?} is no thumbnail process that is made here; one is \
                     image/resize,m_fill,w_128,h_128"
                ))),
            })
        });
        Ok(Self { base, now, lifetime, thumbnails: modes.collect::<Result<_, _>>()? })
    }
}

/// The mode of a process such as `image/resize,m_fill,h_128,w_128,limit_0`.
fn mode(process: &str) -> Option<ThumbnailMode> {
    let (mut kind, mut parts) = (None, BTreeMap::new());
    for part in process.strip_prefix("image/resize,")?.split(',') {
        let (name, value) = part.split_once('_')?;
        match name {
            "m" => kind = Some(value),
            "limit" => {}
            _ => drop(parts.insert(name, value)),
        }
    }
    let [w, h, p] = ["w", "h", "p"].map(|name| parts.get(name).copied());
    let text = match (kind, w, h, p) {
        (Some(kind @ ("pad" | "fill" | "fixed")), Some(w), Some(h), None) => {
            let colour = parts.get("color").map(|colour| format!(",color_{colour}"));
            format!("m_{kind},w_{w},h_{h}{}", colour.unwrap_or_default())
        }
        (None | Some("lfit" | "mfit"), Some(w), None, None) => format!("w_{w}"),
        (None | Some("lfit" | "mfit"), None, Some(h), None) => format!("h_{h}"),
        (None, None, None, Some(p)) => format!("p_{p}"),
        _ => return None,
    };
    text.parse().ok()
}

/// A file of the drive, with every field that its record has.
pub(super) fn file(drive: &Drive, record: &FileRecord, links: &Links, asked: &LinksAsked) -> Value {
    let dataset_id = &drive.version.dataset_id;
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            answer.insert(name.to_owned(), value);
        }
    };
    put("domain_id", json!(drive.domain));
    put("drive_id", json!(drive.id));
    put("file_id", json!(record.id));
    put("name", json!(record.file_name));
    put("type", json!("file"));
    put("status", json!("available"));
    put("parent_file_id", json!(record.parent_file_id(dataset_id)));
    put("id_path", json!(record.id_path(dataset_id)));
    put("name_path", json!(record.name_path()));
    put("content_type", json!(record.content_type));
    put("category", json!(record.category()));
    put("file_extension", json!(record.file_extension()));
    put("size", json!(record.data_size));
    put("created_at", json!(record.record_create_time));
    put("updated_at", json!(record.sync_time));
    put("trashed_at", json!(record.trashed_at));
    put("local_created_at", json!(record.local_created_at));
    put("local_modified_at", json!(record.local_modified_at));
    put("description", json!(record.description));
    put("labels", json!(record.labels));
    put("hidden", json!(record.hidden));
    put("starred", json!(record.starred));
    put("revision_id", json!(record.revision_id));
    put("crc64_hash", json!(record.crc64_hash));
    put("content_hash", json!(record.content_hash));
    put("content_hash_name", json!(record.content_hash_name));
    put("upload_id", json!(record.upload_id));
    put("image_media_metadata", json!(record.image_media));
    put("video_media_metadata", json!(record.video_media));
    if !record.user_tags.is_empty() {
        put("user_tags", json!(record.user_tags));
    }
    let link = |purpose: &Purpose| {
        links.link(&asked.base, &drive.version, record, purpose, asked.lifetime, asked.now)
    };
    put("download_url", json!(link(&Purpose::Download)));
    if record.category() == "image" {
        put("thumbnail", json!(link(&Purpose::Thumbnail(THUMBNAIL))));
        let urls = asked.thumbnails.iter();
        let urls: Map<String, Value> = urls
            .filter_map(|(name, mode)| {
                Some((name.clone(), Value::String(link(&Purpose::Thumbnail(*mode))?)))
            })
            .collect();
        if !urls.is_empty() {
            put("thumbnail_urls", Value::Object(urls));
        }
    }
    Value::Object(answer)
}

/// A folder of the drive.
pub(super) fn folder(drive: &Drive, folder: &Folder) -> Value {
    let dataset_id = &drive.version.dataset_id;
    let above = folder.dir.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
    let name = folder.dir.rsplit_once('/').map_or(folder.dir.as_str(), |(_, name)| name);
    let mut ids = vec!["root".to_owned()];
    ids.extend(
        filedex::path::ancestors(&folder.dir)
            .iter()
            .map(|dir| filedex::path::folder_id(dataset_id, dir)),
    );
    let mut answer = json!({
        "domain_id": drive.domain,
        "drive_id": drive.id,
        "file_id": filedex::path::folder_id(dataset_id, &folder.dir),
        "name": if folder.dir.is_empty() { "root" } else { name },
        "type": "folder",
        "status": "available",
        "id_path": if folder.dir.is_empty() { "root".to_owned() } else { ids.join("/") },
        "name_path": format!("root/{}", folder.dir.trim_start_matches('/')).trim_end_matches('/'),
        "dir_size_info": { "dir_count": folder.folders, "file_count": folder.files },
        "hidden": folder.made.as_ref().is_some_and(|made| made.hidden),
        "starred": false,
    });
    if let Some(members) = answer.as_object_mut() {
        if !folder.dir.is_empty() {
            let parent = filedex::path::folder_id(dataset_id, above);
            members.insert("parent_file_id".to_owned(), json!(parent));
        }
        if let Some(made) = &folder.made {
            members.insert("created_at".to_owned(), json!(made.created));
            members.insert("updated_at".to_owned(), json!(made.created));
            if let Some(description) = &made.description {
                members.insert("description".to_owned(), json!(description));
            }
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::mode;

    #[test]
    fn processes_are_modes() {
        for (process, is) in [
            ("image/resize,m_fill,h_128,w_96,limit_0", Some("m_fill,w_96,h_128")),
            ("image/resize,w_200", Some("w_200")),
            ("image/resize,m_lfit,h_20", Some("h_20")),
            ("image/resize,p_50", Some("p_50")),
            ("image/resize,m_pad,w_1,h_2,color_00FF00", Some("m_pad,w_1,h_2,color_00FF00")),
            ("image/resize,m_fill,w_20", None),
            ("image/crop,w_20", None),
            ("image/resize,w_0", None),
        ] {
            assert_eq!(mode(process).map(|mode| mode.to_string()).as_deref(), is, "{process}");
        }
    }
}
