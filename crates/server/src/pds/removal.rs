//! DeleteFile, which removes for good, and TrashFile, which puts into the recycle bin.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use filedex::{FileId, Filter, ItemError, Property, Query, StatusFilter, Test};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::folders::{Folders, forget, in_folder};
use super::{Drive, bad, body, fault, no_file, of_write};
use crate::app::Shared;
use crate::fault::Fault;
use crate::write_queue::Write;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    drive_id: String,
    file_id: String,
}

pub(super) async fn delete(
    state: State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    remove(state.0, headers, bytes, StatusFilter::All, Write::Purge).await
}

pub(super) async fn trash(
    state: State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    remove(state.0, headers, bytes, StatusFilter::Active, Write::Delete).await
}

async fn remove(
    app: Shared,
    headers: HeaderMap,
    bytes: Bytes,
    status: StatusFilter,
    write: fn(FileId) -> Write,
) -> Result<Json<Value>, Fault> {
    let (named, drive, writes, is_file) = app
        .work(move |app| {
            let named: Named = body(&bytes)?;
            let drive = Drive::open(app, &named.drive_id, &headers)?;
            let folders = Folders::of(&drive)?;
            let Some(folder) = folders.by_id(&drive, &named.file_id) else {
                let id = named.file_id.parse::<FileId>().map_err(|_| no_file(&named.file_id))?;
                return Ok((named, drive, vec![write(id)], true));
            };
            if folder.dir.is_empty() {
                return Err(bad("the root folder cannot be removed"));
            }
            let below = Test::StartsWith(format!("{}/", folder.dir));
            let inside =
                Filter::or([in_folder(&folder.dir), Filter::test(Property::FileDir, below)]);
            let query = Query::filter(inside).status(status);
            let records =
                drive.reader.scan(&drive.version, &query).map_err(|error| fault(&error))?;
            let writes = records
                .map(|record| record.map(|record| write(record.id)).map_err(|error| fault(&error)))
                .collect::<Result<Vec<_>, _>>()?;
            forget(app, &drive, &folders, &folder.dir)?;
            Ok((named, drive, writes, false))
        })
        .await?;
    let outcomes = app.writes.commit(drive.version, writes).await.map_err(of_write)?;
    for outcome in outcomes {
        match outcome.result {
            Err(ItemError::NotFound) if is_file => return Err(no_file(&named.file_id)),
            // Of a folder, those that another request removed meanwhile are removed.
            Err(ItemError::NotFound) | Ok(_) => {}
            Err(error) => return Err(bad(error.to_string())),
        }
    }
    Ok(Json(json!({
        "domain_id": drive.domain,
        "drive_id": named.drive_id,
        "file_id": named.file_id,
    })))
}
