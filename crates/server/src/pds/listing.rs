//! GetFile and ListFile.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use filedex::{Cursor, FileId, Filter, Order, Query, SortBy, category_filter};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::folders::{Folders, in_folder};
use super::wire::{LinksAsked, ThumbnailProcesses, file, folder};
use super::{Drive, bad, body, fault, no_file};
use crate::app::Shared;
use crate::fault::Fault;
use crate::links::Base;

/// Files on a page.
pub(super) const LIMIT: u32 = 50;
pub(super) const LIMIT_MOST: u32 = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Get {
    drive_id: String,
    file_id: String,
    #[serde(rename = "fields")]
    _fields: Option<String>,
    #[serde(rename = "share_id")]
    _share_id: Option<String>,
    #[serde(default)]
    thumbnail_processes: ThumbnailProcesses,
    url_expire_sec: Option<u64>,
}

pub(super) async fn get(
    State(app): State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    app.work(move |app| {
        let asked: Get = body(&bytes)?;
        let drive = Drive::open(app, &asked.drive_id, &headers)?;
        let base = Base::of(&app.links, &headers);
        let now = app.clock.now();
        let links = LinksAsked::read(base, now, &asked.thumbnail_processes, asked.url_expire_sec)?;
        let id = asked.file_id.parse::<FileId>().ok();
        let record = id.map(|id| drive.reader.get(&drive.version, &id));
        match record {
            Some(Ok(record)) => Ok(Json(file(&drive, &record, &app.links, &links))),
            Some(Err(error)) if error.kind() != filedex::ErrorKind::NotFound => Err(fault(&error)),
            _ => {
                let folders = Folders::of(&drive)?;
                let found = folders.by_id(&drive, &asked.file_id);
                let found = found.ok_or_else(|| no_file(&asked.file_id))?;
                Ok(Json(folder(&drive, found)))
            }
        }
    })
    .await
}

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderBy {
    #[default]
    CreatedAt,
    UpdatedAt,
    Size,
    Name,
}

impl From<OrderBy> for SortBy {
    fn from(by: OrderBy) -> Self {
        match by {
            OrderBy::CreatedAt => Self::RecordCreateTime,
            OrderBy::UpdatedAt => Self::SyncTime,
            OrderBy::Size => Self::DataSize,
            OrderBy::Name => Self::FileName,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Direction {
    #[default]
    Asc,
    Desc,
}

impl From<Direction> for Order {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Asc => Self::Asc,
            Direction::Desc => Self::Desc,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    drive_id: String,
    parent_file_id: String,
    category: Option<String>,
    #[serde(rename = "fields")]
    _fields: Option<String>,
    limit: Option<u32>,
    marker: Option<String>,
    #[serde(default)]
    order_by: OrderBy,
    #[serde(default)]
    order_direction: Direction,
    #[serde(rename = "share_id")]
    _share_id: Option<String>,
    status: Option<String>,
    #[serde(default)]
    thumbnail_processes: ThumbnailProcesses,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// How far a walk through a folder is: its folders come first.
#[derive(Debug, Serialize, Deserialize)]
enum Marker {
    /// The folder that was shown last.
    Folder(String),
    /// All folders were shown.
    Files,
    /// The cursor of the files.
    After(String),
}

/// A marker, and the folder that it belongs to.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    drive: String,
    folder: String,
    at: Marker,
}

impl Place {
    fn pack(drive: &Drive, folder: &str, at: Marker) -> String {
        let drive = drive.version.dataset_id.clone();
        packed(&Self { drive, folder: folder.to_owned(), at })
    }

    /// Where a walk through this folder goes on.
    fn read(text: Option<&str>, drive: &Drive, folder: &str) -> Result<Option<Marker>, Fault> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        let place: Self = unpacked(text)?;
        if place.drive != drive.version.dataset_id || place.folder != folder {
            return Err(foreign());
        }
        Ok(Some(place.at))
    }
}

/// A marker of something else.
pub(super) fn foreign() -> Fault {
    bad("marker belongs to another drive, folder or search")
}

/// A value as a marker: opaque text that goes into JSON and addresses.
pub(super) fn packed(value: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

pub(super) fn unpacked<T: serde::de::DeserializeOwned>(marker: &str) -> Result<T, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| bad("marker is not one that this server gave out"))
}

pub(super) fn page_size(limit: Option<u32>) -> Result<u32, Fault> {
    match limit.unwrap_or(LIMIT) {
        limit @ 1..=LIMIT_MOST => Ok(limit),
        other => Err(bad(format!("limit is {other}; it is from 1 to {LIMIT_MOST}"))),
    }
}

pub(super) async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    app.work(move |app| {
        let asked: List = body(&bytes)?;
        let limit = page_size(asked.limit)?;
        let (with_folders, with_files) = asked.kinds()?;
        let category = asked.category()?;
        let drive = Drive::open(app, &asked.drive_id, &headers)?;
        let folders = Folders::of(&drive)?;
        let dir = &folders.parent(&drive, &asked.parent_file_id)?.dir;
        let base = Base::of(&app.links, &headers);
        let links = LinksAsked::read(base, app.clock.now(), &asked.thumbnail_processes, None)?;
        let mut items = Vec::new();
        let marker = Place::read(asked.marker.as_deref(), &drive, dir)?;
        let (after, mut cursor) = match marker {
            None => (Some(String::new()), None),
            Some(Marker::Folder(dir)) => (Some(dir), None),
            Some(Marker::Files) => (None, None),
            Some(Marker::After(cursor)) => (None, Some(Cursor::new(cursor))),
        };
        // Folders are in no category, and come first, by name.
        if let Some(after) = after.filter(|_| with_folders && category.is_none()) {
            let left = folders.children(dir).filter(|folder| folder.dir > after);
            let left: Vec<_> = left.take(limit as usize + 1).collect();
            let shown = &left[..left.len().min(limit as usize)];
            items.extend(shown.iter().map(|shown| folder(&drive, shown)));
            if let (true, Some(last)) = (left.len() > shown.len(), shown.last()) {
                let next = Place::pack(&drive, dir, Marker::Folder(last.dir.clone()));
                return Ok(Json(json!({ "items": items, "next_marker": next })));
            }
        }
        let mut next = String::new();
        let room = limit - u32::try_from(items.len()).unwrap_or(limit).min(limit);
        if with_files && room == 0 {
            next = Place::pack(&drive, dir, Marker::Files);
        } else if with_files {
            let filter = Filter::and([in_folder(dir)].into_iter().chain(category));
            let mut query = Query::filter(filter)
                .sort(asked.order_by.into(), asked.order_direction.into())
                .limit(room);
            if let Some(cursor) = cursor.take() {
                query = query.after(cursor);
            }
            let page = drive.reader.list(&drive.version, &query).map_err(|error| fault(&error))?;
            items.extend(page.hits.iter().map(|hit| file(&drive, &hit.record, &app.links, &links)));
            let marker =
                page.next.map(|cursor| Place::pack(&drive, dir, Marker::After(cursor.to_string())));
            next = marker.unwrap_or_default();
        }
        Ok(Json(json!({ "items": items, "next_marker": next })))
    })
    .await
}

impl List {
    /// Whether folders are wanted, and files.
    fn kinds(&self) -> Result<(bool, bool), Fault> {
        let (folders, files) = match self.kind.as_deref() {
            None | Some("") => (true, true),
            Some("folder") => (true, false),
            Some("file") => (false, true),
            Some(other) => return Err(bad(format!("type is {other:?}; it is file or folder"))),
        };
        match self.status.as_deref() {
            None | Some("" | "available") => Ok((folders, files)),
            // Nothing is ever being uploaded.
            Some("uploading") => Ok((false, false)),
            Some(other) => Err(bad(format!("status is {other:?}; it is available or uploading"))),
        }
    }

    fn category(&self) -> Result<Option<Filter>, Fault> {
        let Some(category) = self.category.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        // Installation packages are not told apart here.
        if category == "app" {
            return Ok(Some(Filter::Nothing));
        }
        let filter = category_filter(category).ok_or_else(|| {
            bad(format!(
                "category is {category:?}; it is app, zip, image, doc, video, audio or others"
            ))
        })?;
        Ok(Some(filter))
    }
}
