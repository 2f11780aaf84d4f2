//! UpdateFile.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use filedex::{DetailsUpdate, Done, FileId, ItemError, NameMode, Timestamp, VersionRef};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::folders::Folders;
use super::wire::{LinksAsked, ThumbnailProcesses, file, folder};
use super::{Drive, bad, body, fault, no_file, of_write};
use crate::app::Shared;
use crate::fault::Fault;
use crate::links::Base;
use crate::write_queue::Write;

/// What to do where another file of the folder has the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CheckNameMode {
    #[default]
    Ignore,
    AutoRename,
    Refuse,
}

impl From<CheckNameMode> for NameMode {
    fn from(mode: CheckNameMode) -> Self {
        match mode {
            CheckNameMode::Ignore => Self::Ignore,
            CheckNameMode::AutoRename => Self::AutoRename,
            CheckNameMode::Refuse => Self::Refuse,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    drive_id: String,
    file_id: String,
    name: Option<String>,
    description: Option<String>,
    labels: Option<Vec<String>>,
    #[serde(default)]
    check_name_mode: CheckNameMode,
    local_modified_at: Option<Timestamp>,
    hidden: Option<bool>,
    starred: Option<bool>,
}

pub(super) async fn update(
    State(app): State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    let (asked, id, plan) = app
        .work({
            let headers = headers.clone();
            move |app| {
                let asked: Update = body(&bytes)?;
                let drive = Drive::open(app, &asked.drive_id, &headers)?;
                let id = asked.file_id.parse::<FileId>().map_err(|_| no_file(&asked.file_id))?;
                let plan = plan(drive, &asked, id)?;
                Ok((asked, id, plan))
            }
        })
        .await?;
    let (version, update) = match plan {
        Plan::Taken(answer) => return Ok(Json(answer)),
        Plan::Write(version, update) => (version, update),
    };
    let writes = vec![Write::Details(id, update)];
    let outcomes = app.writes.commit(version, writes).await.map_err(of_write)?;
    let shown = match outcomes.into_iter().next().map(|outcome| outcome.result) {
        // Nothing changed: the answer is the file that has the name.
        Some(Ok(Done::NameTaken(holder))) => holder,
        Some(Ok(_)) => id,
        Some(Err(ItemError::NotFound)) | None => return Err(no_file(&id.to_string())),
        Some(Err(ItemError::AlreadyExists)) => {
            let message = "another file has the name";
            return Err(Fault::new(StatusCode::CONFLICT, "AlreadyExist.File", message));
        }
        Some(Err(error)) => return Err(bad(error.to_string())),
    };
    app.work(move |app| {
        let drive = Drive::open(app, &asked.drive_id, &headers)?;
        let record = drive.reader.get(&drive.version, &shown).map_err(|error| fault(&error))?;
        let base = Base::of(&app.links, &headers);
        let none = ThumbnailProcesses::default();
        let links = LinksAsked::read(base, app.clock.now(), &none, None)?;
        Ok(Json(file(&drive, &record, &app.links, &links)))
    })
    .await
}

/// What is to be done.
enum Plan {
    /// Nothing: a folder has the name.
    Taken(Value),
    Write(VersionRef, Box<DetailsUpdate>),
}

/// Looks at the folders, of which the library knows no names; files are looked at by the commit.
fn plan(drive: Drive, asked: &Update, id: FileId) -> Result<Plan, Fault> {
    let record = drive.reader.get(&drive.version, &id);
    let mut name = asked.name.clone();
    match record {
        Ok(record) if asked.check_name_mode != CheckNameMode::Ignore => {
            let wanted = name.clone().filter(|name| *name != record.file_name);
            let folders = Folders::of(&drive)?;
            let dir = wanted.as_ref().map(|name| match record.file_dir.as_str() {
                "" => name.clone(),
                above => format!("{above}/{name}"),
            });
            let holder = dir.and_then(|dir| folders.at(&dir));
            match (holder, asked.check_name_mode) {
                (Some(holder), CheckNameMode::Refuse) => {
                    return Ok(Plan::Taken(folder(&drive, holder)));
                }
                (Some(_), _) => {
                    name = wanted.map(|name| filedex::renamed(&name, Timestamp::now(), 0));
                }
                (None, _) => {}
            }
        }
        Ok(_) => {}
        Err(_) => {
            if Folders::of(&drive)?.by_id(&drive, &asked.file_id).is_some() {
                return Err(bad("a folder cannot be changed here; its files can"));
            }
        }
    }
    let update = DetailsUpdate {
        name,
        description: asked.description.clone(),
        labels: asked.labels.clone(),
        hidden: asked.hidden,
        starred: asked.starred,
        local_modified_at: asked.local_modified_at,
        check_name_mode: asked.check_name_mode.into(),
    };
    Ok(Plan::Write(drive.version, Box::new(update)))
}
