//! CreateFile: the metadata of a file, or a folder.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use filedex::{
    DetailsUpdate, Filter, ItemError, NewFile, Property, Query, Test, Timestamp, Value as Literal,
    limits, path,
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::folders::{Folders, Made, in_folder, remember};
use super::update::CheckNameMode;
use super::wire::UserTag;
use super::{Drive, bad, body, fault, of_write};
use crate::app::Shared;
use crate::fault::Fault;
use crate::write_queue::Write;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    drive_id: String,
    parent_file_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    file_id: Option<String>,
    share_id: Option<String>,
    #[serde(default)]
    check_name_mode: CheckNameMode,
    content_type: Option<String>,
    content_hash: Option<String>,
    content_hash_name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    hidden: bool,
    local_created_at: Option<Timestamp>,
    local_modified_at: Option<Timestamp>,
    size: Option<u64>,
    #[serde(default)]
    user_tags: Vec<UserTag>,
    // How the content would be uploaded, which it is not.
    #[serde(rename = "parallel_upload")]
    _parallel_upload: Option<bool>,
    #[serde(rename = "part_info_list")]
    _part_info_list: Option<Value>,
    #[serde(rename = "pre_hash")]
    _pre_hash: Option<String>,
    #[serde(rename = "upload_type")]
    _upload_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    File,
    Folder,
}

/// What is to be done.
enum Plan {
    /// The name is taken, and may not be.
    Exists {
        id: String,
        name: String,
        kind: &'static str,
    },
    Folder {
        id: String,
        made: Made,
    },
    File {
        file: Box<NewFile>,
    },
}

pub(super) async fn create(
    State(app): State<Shared>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<impl IntoResponse, Fault> {
    // From the look at the names to the commit, so that two requests cannot take the same one.
    let _names = app.names.lock().await;
    let (drive, asked, plan) = app
        .work(move |app| {
            let asked: Create = body(&bytes)?;
            asked.check()?;
            let drive = Drive::open(app, &asked.drive_id, &headers)?;
            let folders = Folders::of(&drive)?;
            let dir = folders.parent(&drive, &asked.parent_file_id)?.dir.clone();
            let plan = asked.plan(&drive, &folders, &dir)?;
            if let Plan::Folder { id, made } = &plan {
                remember(app, &drive, id, made)?;
            }
            Ok((drive, asked, plan))
        })
        .await?;
    let (id, name, exists, kind) = match plan {
        Plan::Exists { id, name, kind } => (id, name, true, kind),
        Plan::Folder { id, made } => {
            let name = made.dir.rsplit_once('/').map_or(made.dir.clone(), |(_, name)| name.into());
            (id, name, false, "folder")
        }
        Plan::File { file } => {
            let id = drive.version.file_id(&file.uri);
            let name = file.file_name.clone().unwrap_or_default();
            stored(&app, &drive, file).await?;
            (id.to_string(), name, false, "file")
        }
    };
    let answer = json!({
        "domain_id": drive.domain,
        "drive_id": drive.id,
        "file_id": id,
        "file_name": name,
        "parent_file_id": asked.parent_file_id,
        "type": kind,
        "status": "available",
        "exist": exists,
        "rapid_upload": false,
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn stored(app: &Shared, drive: &Drive, file: Box<NewFile>) -> Result<(), Fault> {
    let version = drive.version.clone();
    let outcomes = app.writes.commit(version, vec![Write::Create(file)]).await.map_err(of_write)?;
    match outcomes.into_iter().next().map(|outcome| outcome.result) {
        Some(Err(ItemError::AlreadyExists)) | None => {
            let message = "another request made the file at the same time; try again";
            Err(Fault::new(StatusCode::CONFLICT, "AlreadyExist.File", message))
        }
        Some(Err(error)) => Err(bad(error.to_string())),
        Some(Ok(_)) => Ok(()),
    }
}

impl Create {
    fn check(&self) -> Result<(), Fault> {
        check_name(&self.name)?;
        if self.file_id.is_some() || self.share_id.is_some() {
            return Err(bad("file_id and share_id are for uploads, of which there are none here"));
        }
        let details =
            DetailsUpdate { description: self.description.clone(), ..DetailsUpdate::default() };
        details.validate().map_err(|error| bad(error.to_string()))
    }

    fn plan(&self, drive: &Drive, folders: &Folders, dir: &str) -> Result<Plan, Fault> {
        let below =
            |name: &str| if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
        let is_folder = self.kind == Kind::Folder;
        let mut name = self.name.clone();
        let mut clash = 0;
        while let Some((id, kind)) = holder(drive, folders, dir, &name)? {
            match self.check_name_mode {
                CheckNameMode::Refuse => return Ok(Plan::Exists { id, name, kind }),
                // A folder is known by its path, so there are no two.
                CheckNameMode::Ignore if is_folder && kind == "folder" => {
                    return Ok(Plan::Exists { id, name, kind });
                }
                CheckNameMode::Ignore => break,
                CheckNameMode::AutoRename => {
                    name = filedex::renamed(&self.name, Timestamp::now(), clash);
                    clash += 1;
                }
            }
        }
        if is_folder {
            let dir = below(&name);
            let id = path::folder_id(&drive.version.dataset_id, &dir);
            let made = Made {
                dir,
                created: Timestamp::now(),
                description: self.description.clone(),
                hidden: self.hidden,
            };
            return Ok(Plan::Folder { id, made });
        }
        let uri = free_uri(drive, &format!("pds://{}/{}", drive.version.dataset_id, below(&name)))?;
        let file = NewFile {
            file_name: Some(name),
            file_dir: Some(dir.to_owned()),
            content_type: self.content_type.clone(),
            data_size: self.size,
            description: self.description.clone().filter(|text| !text.is_empty()),
            hidden: self.hidden.then_some(true),
            local_created_at: self.local_created_at,
            local_modified_at: self.local_modified_at,
            // What a search for the hash finds.
            file_fingerprint: self.content_hash.clone(),
            content_hash: self.content_hash.clone(),
            content_hash_name: self.content_hash_name.clone(),
            user_tags: self
                .user_tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
            ..NewFile::at(uri)
        };
        Ok(Plan::File { file: Box::new(file) })
    }
}

/// # Errors
/// What a name has to be.
fn check_name(name: &str) -> Result<(), Fault> {
    let most = limits::NAME_BYTES;
    if name.is_empty() || name.len() > most || name.chars().any(|c| c == '/' || c.is_control()) {
        return Err(bad(format!("name has 1 to {most} bytes, no '/' and no control character")));
    }
    Ok(())
}

/// Who has a name in a folder: a live file, or a folder.
fn holder(
    drive: &Drive,
    folders: &Folders,
    dir: &str,
    name: &str,
) -> Result<Option<(String, &'static str)>, Fault> {
    let below = if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
    if folders.at(&below).is_some() {
        return Ok(Some((path::folder_id(&drive.version.dataset_id, &below), "folder")));
    }
    let named = Filter::test(Property::FileName, Test::Equals(Literal::Text(name.to_owned())));
    let query = Query::filter(Filter::and([in_folder(dir), named])).limit(1);
    let page = drive.reader.list(&drive.version, &query).map_err(|error| fault(&error))?;
    Ok(page.hits.first().map(|hit| (hit.record.id.to_string(), "file")))
}

/// The URI, or the first with a number after it that no file has or had.
fn free_uri(drive: &Drive, uri: &str) -> Result<String, Fault> {
    let mut candidate = uri.to_owned();
    let mut number = 1;
    loop {
        match drive.reader.get(&drive.version, &drive.version.file_id(&candidate)) {
            Err(error) if error.kind() == filedex::ErrorKind::NotFound => return Ok(candidate),
            Err(error) => return Err(fault(&error)),
            Ok(_) => {
                number += 1;
                candidate = format!("{uri}#{number}");
            }
        }
    }
}
