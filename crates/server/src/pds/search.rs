//! SearchFile.

use std::cmp::Ordering;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use filedex::{Cursor, FileRecord, Filter, Query};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::folders::Folders;
use super::listing::{Direction, OrderBy, foreign, packed, page_size, unpacked};
use super::wire::{LinksAsked, ThumbnailProcesses, file};
use super::{Drive, bad, body, fault, query};
use crate::app::Shared;
use crate::fault::Fault;
use crate::links::Base;

/// Longest query, in characters.
const QUERY_CHARS: usize = 4_096;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    drive_id: String,
    query: Option<String>,
    #[serde(rename = "fields")]
    _fields: Option<String>,
    limit: Option<u32>,
    marker: Option<String>,
    order_by: Option<String>,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    return_total_count: bool,
    #[serde(default)]
    thumbnail_processes: ThumbnailProcesses,
}

/// A walk through an answer. A marker has it all, since the query beside a marker is ignored.
#[derive(Debug, Serialize, Deserialize)]
struct Walk {
    drive: String,
    query: String,
    recursive: bool,
    order: Vec<(OrderBy, Direction)>,
    after: Option<String>,
}

impl Walk {
    fn begin(asked: &Search, drive: &Drive) -> Result<Self, Fault> {
        let query = asked.query.clone().filter(|query| !query.trim().is_empty());
        let query = query.ok_or_else(|| bad("query is needed where there is no marker"))?;
        if query.chars().count() > QUERY_CHARS {
            return Err(bad(format!("query has at most {QUERY_CHARS} characters")));
        }
        let order = order(asked.order_by.as_deref().unwrap_or_default())?;
        let drive = drive.version.dataset_id.clone();
        Ok(Self { drive, query, recursive: asked.recursive, order, after: None })
    }
}

/// `created_at DESC,name ASC` and the like.
fn order(text: &str) -> Result<Vec<(OrderBy, Direction)>, Fault> {
    if text.trim().is_empty() {
        return Ok(vec![(OrderBy::CreatedAt, Direction::Desc)]);
    }
    text.split(',')
        .map(|key| {
            let mut words = key.split_whitespace();
            let by = match words.next() {
                Some("created_at") => OrderBy::CreatedAt,
                Some("updated_at") => OrderBy::UpdatedAt,
                Some("size") => OrderBy::Size,
                Some("name") => OrderBy::Name,
                _ => {
                    return Err(bad(format!(
                        "{key:?} is nothing to order by; it is created_at, updated_at, size or \
                         name, and ASC or DESC"
                    )));
                }
            };
            match (words.next().map(str::to_uppercase).as_deref(), words.next()) {
                (None | Some("ASC"), None) => Ok((by, Direction::Asc)),
                (Some("DESC"), None) => Ok((by, Direction::Desc)),
                _ => Err(bad(format!("{key:?} has no direction that is ASC or DESC"))),
            }
        })
        .collect()
}

/// A page: its files, how many there are in all, what comes after.
struct Found {
    records: Vec<FileRecord>,
    total: u64,
    after: Option<String>,
}

pub(super) async fn search(
    State(app): State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    app.work(move |app| {
        let asked: Search = body(&bytes)?;
        let limit = page_size(asked.limit)?;
        let drive = Drive::open(app, &asked.drive_id, &headers)?;
        let mut walk = match asked.marker.as_deref().filter(|marker| !marker.is_empty()) {
            Some(marker) => unpacked::<Walk>(marker)?,
            None => Walk::begin(&asked, &drive)?,
        };
        if walk.drive != drive.version.dataset_id {
            return Err(foreign());
        }
        // Listing the folders takes time with their number, and few queries name one.
        let named = walk.query.contains("parent_file_id");
        let folders = named.then(|| Folders::of(&drive)).transpose()?;
        let filter = query::filter(&walk.query, walk.recursive, &|id| {
            folders.as_ref()?.by_id(&drive, id).map(|folder| folder.dir.clone())
        })
        .map_err(bad)?;
        let found = match walk.order.as_slice() {
            [(by, direction)] => by_one(&drive, filter, *by, *direction, &walk, limit)?,
            _ => by_several(&drive, filter, &walk, limit)?,
        };
        let base = Base::of(&app.links, &headers);
        let links = LinksAsked::read(base, app.clock.now(), &asked.thumbnail_processes, None)?;
        let items = found.records.iter().map(|record| file(&drive, record, &app.links, &links));
        let mut answer = Map::new();
        answer.insert("items".to_owned(), items.collect());
        if asked.return_total_count {
            answer.insert("total_count".to_owned(), json!(found.total));
        }
        walk.after = found.after;
        let next = if walk.after.is_some() { packed(&walk) } else { String::new() };
        answer.insert("next_marker".to_owned(), json!(next));
        Ok(Json(Value::Object(answer)))
    })
    .await
}

fn by_one(
    drive: &Drive,
    filter: Filter,
    by: OrderBy,
    direction: Direction,
    walk: &Walk,
    limit: u32,
) -> Result<Found, Fault> {
    let mut query = Query::filter(filter).sort(by.into(), direction.into()).limit(limit);
    if let Some(after) = &walk.after {
        query = query.after(Cursor::new(after));
    }
    let page = drive.reader.list(&drive.version, &query).map_err(|error| fault(&error))?;
    Ok(Found {
        records: page.hits.into_iter().map(|hit| hit.record).collect(),
        total: page.total,
        after: page.next.map(|cursor| cursor.to_string()),
    })
}

/// Orders all that is found, in memory: the library orders by one property.
fn by_several(drive: &Drive, filter: Filter, walk: &Walk, limit: u32) -> Result<Found, Fault> {
    let query = Query::filter(filter);
    let records = drive.reader.scan(&drive.version, &query).map_err(|error| fault(&error))?;
    let mut keyed = records
        .map(|record| record.map(|record| (Last::of(&record), record)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault(&error))?;
    let total = keyed.len() as u64;
    if let Some(after) = &walk.after {
        let last: Last = unpacked(after)?;
        keyed.retain(|(key, _)| last.compared(&walk.order, key) == Ordering::Less);
    }
    let more = keyed.len() > limit as usize;
    if more {
        // The page is all that has to be in order.
        let ordered = |a: &(Last, _), b: &(Last, _)| a.0.compared(&walk.order, &b.0);
        keyed.select_nth_unstable_by(limit as usize, ordered);
        keyed.truncate(limit as usize);
    }
    keyed.sort_by(|a, b| a.0.compared(&walk.order, &b.0));
    let after = keyed.last().filter(|_| more).map(|(key, _)| packed(key));
    Ok(Found { records: keyed.into_iter().map(|(_, record)| record).collect(), total, after })
}

/// What the last file of a page was ordered by.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    created: i64,
    updated: i64,
    size: Option<u64>,
    name: String,
    id: String,
}

impl Last {
    fn of(record: &FileRecord) -> Self {
        Self {
            created: record.record_create_time.millis(),
            updated: record.sync_time.millis(),
            size: record.data_size,
            name: record.file_name.clone(),
            id: record.id.to_string(),
        }
    }

    fn compared(&self, order: &[(OrderBy, Direction)], other: &Self) -> Ordering {
        for (by, direction) in order {
            let ordering = match by {
                OrderBy::CreatedAt => self.created.cmp(&other.created),
                OrderBy::UpdatedAt => self.updated.cmp(&other.updated),
                OrderBy::Name => self.name.cmp(&other.name),
                OrderBy::Size => match (self.size, other.size) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    // Those without a size come last in both directions.
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => return Ordering::Greater,
                    (Some(_), None) => return Ordering::Less,
                },
            };
            let ordering = match direction {
                Direction::Asc => ordering,
                Direction::Desc => ordering.reverse(),
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        self.id.cmp(&other.id)
    }
}
