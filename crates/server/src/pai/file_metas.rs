//! CreateDatasetFileMetas, UpdateDatasetFileMetas, DeleteDatasetFileMetas, GetDatasetFileMeta.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use filedex::{FileId, ItemOutcome, VersionRef};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::wire::{Create, ItemResult, Update, file_meta};
use super::{bad, body, fault, missing, of_write, opened, version};
use crate::admission::RequestId;
use crate::app::Shared;
use crate::fault::Fault;
use crate::write_queue::Write;

/// The envelope of CreateDatasetFileMetas and UpdateDatasetFileMetas. Items are read one by one, so
/// that a bad one fails alone.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Envelope {
    workspace_id: Option<String>,
    dataset_version: Option<String>,
    dataset_file_metas: Option<Vec<Value>>,
    tag_job_id: Option<String>,
}

/// What came of the items of a request, in their order.
#[derive(Default)]
struct Items {
    writes: Vec<Write>,
    /// For each item its failure, or that it is the next write.
    results: Vec<Option<ItemResult>>,
}

impl Items {
    fn read<T: DeserializeOwned>(
        items: Vec<Value>,
        names: impl Fn(&Value) -> (String, Option<String>),
        write: impl Fn(T) -> Result<Write, String>,
    ) -> Self {
        let mut read = Self::default();
        for item in items {
            let (id, uri) = names(&item);
            let item = match item {
                item @ Value::Object(_) => {
                    serde_json::from_value::<T>(item).map_err(|error| error.to_string())
                }
                _ => Err("an item is a JSON object".to_owned()),
            };
            match item.and_then(&write) {
                Ok(write) => {
                    read.writes.push(write);
                    read.results.push(None);
                }
                Err(reason) => read.results.push(Some(ItemResult::failed(id, uri, reason))),
            }
        }
        read
    }
}

/// Those that failed, and those that succeeded.
fn parted(
    results: Vec<Option<ItemResult>>,
    outcomes: &[ItemOutcome],
) -> (Vec<ItemResult>, Vec<ItemResult>) {
    let mut outcomes = outcomes.iter();
    let (mut failed, mut succeeded) = (Vec::new(), Vec::new());
    for result in results {
        if let Some(failure) = result {
            failed.push(failure);
        } else if let Some(outcome) = outcomes.next() {
            let told = ItemResult::of(outcome);
            if outcome.result.is_ok() { succeeded.push(told) } else { failed.push(told) }
        }
    }
    (failed, succeeded)
}

fn string(item: &Value, key: &str) -> Option<String> {
    item.get(key).and_then(Value::as_str).map(str::to_owned)
}

pub(super) async fn create(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    let (version, items) = app
        .work(move |app| {
            let envelope: Envelope = body(&bytes)?;
            if envelope.tag_job_id.is_some() {
                return Err(bad("TagJobId belongs to UpdateDatasetFileMetas"));
            }
            let workspace = envelope.workspace_id.ok_or_else(|| missing("WorkspaceId"))?;
            let name = envelope.dataset_version.ok_or_else(|| missing("DatasetVersion"))?;
            let version = find(app, &dataset_id, Some(&workspace), Some(&name))?;
            let items = metas(envelope.dataset_file_metas)?;
            let names = |item: &Value| {
                let uri = string(item, "Uri");
                let id = uri.as_deref().map(|uri| version.file_id(uri).to_string());
                (id.unwrap_or_default(), uri)
            };
            let items = Items::read(items, names, |item: Create| {
                Ok(Write::Create(Box::new(item.into_file()?)))
            });
            Ok((version, items))
        })
        .await?;
    let outcomes = app.writes.commit(version, items.writes).await.map_err(of_write)?;
    let (failed, succeeded) = parted(items.results, &outcomes);
    Ok(Json(json!({
        "RequestId": id.0,
        "Status": failed.is_empty(),
        "FailedDetails": failed,
        "SucceedDetails": succeeded,
    })))
}

pub(super) async fn update(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    let (version, items) = app
        .work(move |app| {
            let envelope: Envelope = body(&bytes)?;
            let (workspace, name) = (envelope.workspace_id, envelope.dataset_version);
            let version = find(app, &dataset_id, workspace.as_deref(), name.as_deref())?;
            let job = envelope.tag_job_id.filter(|job| !job.is_empty());
            let names =
                |item: &Value| (string(item, "DatasetFileMetaId").unwrap_or_default(), None);
            let items = metas(envelope.dataset_file_metas)?;
            let items = Items::read(items, names, |item: Update| {
                let id = item.dataset_file_meta_id.parse::<FileId>();
                let id = id.map_err(|_| "Not Found".to_owned())?;
                Ok(Write::Update(id, Box::new(item.into_update(job.as_deref())?)))
            });
            Ok((version, items))
        })
        .await?;
    commit(&app, &id, version, items).await
}

pub(super) async fn delete(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    let known = ["DatasetFileMetaIds", "DatasetVersion", "WorkspaceId"];
    let parameters = Parameters::read(raw.0.as_deref(), &known)?;
    parameters.needed("DatasetFileMetaIds")?;
    let (version, items) = app
        .work(move |app| {
            let (workspace, name) =
                (parameters.text("WorkspaceId"), parameters.text("DatasetVersion"));
            let version = find(app, &dataset_id, workspace, name)?;
            let mut items = Items::default();
            for asked in parameters.list("DatasetFileMetaIds") {
                match asked.parse::<FileId>() {
                    Ok(id) => {
                        items.writes.push(Write::Delete(id));
                        items.results.push(None);
                    }
                    Err(_) => {
                        items.results.push(Some(ItemResult::failed(asked, None, "Not Found")));
                    }
                }
            }
            Ok((version, items))
        })
        .await?;
    commit(&app, &id, version, items).await
}

/// Commits the items of an update or a deletion, and answers.
async fn commit(
    app: &Shared,
    id: &RequestId,
    version: VersionRef,
    items: Items,
) -> Result<Json<Value>, Fault> {
    let outcomes = app.writes.commit(version, items.writes).await.map_err(of_write)?;
    let (failed, _) = parted(items.results, &outcomes);
    Ok(Json(json!({ "RequestId": id.0, "Status": failed.is_empty(), "FailedDetails": failed })))
}

pub(super) async fn get(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path((dataset_id, file_id)): Path<(String, String)>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    let parameters = Parameters::read(raw.0.as_deref(), &["DatasetVersion", "WorkspaceId"])?;
    app.work(move |app| {
        let workspace = parameters.text("WorkspaceId");
        let (reader, dataset) = opened(app, &dataset_id, workspace)?;
        let version = version(&reader, &dataset, parameters.text("DatasetVersion"))?;
        let not_there = || {
            let message = format!("there is no file metadata with the id {file_id:?}");
            Fault::new(StatusCode::NOT_FOUND, "DatasetFileMetaNotFound", message)
        };
        let file = file_id.parse::<FileId>().map_err(|_| not_there())?;
        let record = reader.get(&version, &file).map_err(|error| match error.kind() {
            filedex::ErrorKind::NotFound => not_there(),
            _ => fault(&error),
        })?;
        Ok(Json(json!({
            "RequestId": id.0,
            "DatasetId": dataset.id,
            "DatasetVersion": version.version_name,
            "WorkspaceId": workspace.or(dataset.workspace_id.as_deref()),
            "DatasetFileMeta": file_meta(&record),
        })))
    })
    .await
}

fn find(
    app: &crate::app::App,
    dataset_id: &str,
    workspace: Option<&str>,
    name: Option<&str>,
) -> Result<VersionRef, Fault> {
    let (reader, dataset) = opened(app, dataset_id, workspace)?;
    version(&reader, &dataset, name.filter(|name| !name.is_empty()))
}

fn metas(items: Option<Vec<Value>>) -> Result<Vec<Value>, Fault> {
    items.filter(|items| !items.is_empty()).ok_or_else(|| missing("DatasetFileMetas"))
}
