//! CreateDataset, GetDataset, ListDatasets, UpdateDataset, DeleteDataset.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use filedex::{Dataset, NewDataset, Order, Reader};
use serde_json::{Map, Value, json};

use super::kept::{Kept, PageNumber, among, dataset_answer, dataset_note, version_note};
use super::parameters::Parameters;
use super::{bad, body, fault, missing, opened};
use crate::admission::RequestId;
use crate::app::Shared;
use crate::fault::Fault;

/// What a dataset keeps beside its name and workspace.
const KEPT: [&str; 23] = [
    "Accessibility",
    "AccessibleRoleIdList",
    "DataSourceType",
    "DataType",
    "DatasetTaskRamRole",
    "Description",
    "Edition",
    "ImportInfo",
    "Labels",
    "MountAccessReadWriteRoleIdList",
    "Options",
    "Property",
    "Provider",
    "ProviderType",
    "SharingConfig",
    "SourceDatasetId",
    "SourceDatasetVersion",
    "SourceId",
    "SourceType",
    "TagTemplateType",
    "Uri",
    "UserId",
    "UserMetricsEndpoints",
];
const UPDATED: [&str; 7] = [
    "Accessibility",
    "AccessibleRoleIdList",
    "Description",
    "Edition",
    "MountAccessReadWriteRoleIdList",
    "Options",
    "SharingConfig",
];

/// Takes a text out of a body.
pub(super) fn text(body: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Fault> {
    match body.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(bad(format!("{name} is {other}; it is a text"))),
    }
}

/// Takes a yes or no out of a body.
pub(super) fn flag(body: &mut Map<String, Value>, name: &str) -> Result<bool, Fault> {
    match body.remove(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(other) => Err(bad(format!("{name} is {other}; it is true or false"))),
    }
}

/// Refuses what is left of a body.
pub(super) fn nothing_else(body: &Map<String, Value>) -> Result<(), Fault> {
    match body.keys().next() {
        Some(key) => Err(bad(format!("{key:?} is no member of this operation's body"))),
        None => Ok(()),
    }
}

pub(super) async fn create(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    raw: RawQuery,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let mut body: Map<String, Value> = body(&bytes)?;
        let name = text(&mut body, "Name")?.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| missing("Name"))?;
        let workspace_id = text(&mut body, "WorkspaceId")?.filter(|id| !id.is_empty());
        let version_description = text(&mut body, "VersionDescription")?;
        let dry = flag(&mut body, "DryRun")?;
        let kept = Kept::take(&mut body, &KEPT)?;
        if let Some(labels) = body.remove("VersionLabels") {
            body.insert("Labels".to_owned(), labels);
        }
        let of_version = Kept::take(&mut body, &["DataCount", "DataSize", "Labels"])?;
        nothing_else(&body)?;
        kept.fits()?;
        of_version.fits()?;
        let new = NewDataset { workspace_id, ..NewDataset::named(&name) };
        new.validate().map_err(|error| bad(error.to_string()))?;
        if dry {
            return Ok(Json(json!({ "RequestId": id.0 })));
        }
        let dataset = app.database.create_dataset(new).map_err(|error| fault(&error))?;
        let version =
            app.database.create_version(&dataset.id, "v1").map_err(|error| fault(&error))?;
        kept.write(&app.database, &dataset_note(&dataset.id))?;
        of_version.write(&app.database, &version_note(&dataset.id, &version.version_id))?;
        if version_description.is_some() {
            app.database
                .change_version(&version, |version| version.description = version_description)
                .map_err(|error| fault(&error))?;
        }
        Ok(Json(json!({ "RequestId": id.0, "DatasetId": dataset.id })))
    })
    .await
}

pub(super) async fn get(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        let mut answer = dataset_answer(&reader, &dataset)?;
        answer.insert("RequestId".to_owned(), json!(id.0));
        Ok(Json(Value::Object(answer)))
    })
    .await
}

pub(super) async fn update(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let mut body: Map<String, Value> = body(&bytes)?;
        let name = text(&mut body, "Name")?.filter(|name| !name.is_empty());
        let changes = Kept::take(&mut body, &UPDATED)?;
        nothing_else(&body)?;
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        let note = dataset_note(&dataset.id);
        let mut kept = Kept::read(&reader, &note)?;
        kept.extend(changes);
        kept.fits()?;
        if let Some(name) = name.filter(|name| *name != dataset.name) {
            app.database
                .change_dataset(&dataset.id, |dataset| dataset.name = name)
                .map_err(|error| fault(&error))?;
        }
        kept.write(&app.database, &note)?;
        Ok(Json(json!({ "RequestId": id.0 })))
    })
    .await
}

pub(super) async fn delete(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        let versions =
            reader.notes(&version_note(&dataset.id, "")).map_err(|error| fault(&error))?;
        app.database.delete_dataset(&dataset.id).map_err(|error| fault(&error))?;
        let notes = versions.into_iter().map(|(name, _)| name).chain([dataset_note(&dataset.id)]);
        app.database
            .put_notes(notes.map(|name| (name, None::<&[u8]>)))
            .and_then(|()| app.jobs.forget(&dataset.id))
            .map_err(|error| fault(&error))?;
        Ok(Json(json!({ "RequestId": id.0 })))
    })
    .await
}

const LISTED_BY: [&str; 18] = [
    "Accessibility",
    "DataSourceTypes",
    "DataTypes",
    "DatasetIds",
    "Edition",
    "Label",
    "Name",
    "Order",
    "PageNumber",
    "PageSize",
    "Properties",
    "Provider",
    "ShareScope",
    "SortBy",
    "SourceDatasetId",
    "SourceId",
    "SourceTypes",
    "WorkspaceId",
];

pub(super) async fn list(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    let parameters = Parameters::read(raw.0.as_deref(), &LISTED_BY)?;
    app.work(move |app| {
        let page = PageNumber::read(&parameters)?;
        for (field, of) in [
            ("Accessibility", "Accessibility"),
            ("DataTypes", "DataType"),
            ("Edition", "Edition"),
            ("Properties", "Property"),
        ] {
            parameters.list(field).iter().try_for_each(|word| among(field, of, word))?;
        }
        let descending = parameters.order()? == Some(Order::Desc);
        let reader = app.reader().map_err(|error| fault(&error))?;
        let mut found = Vec::new();
        for dataset in reader.datasets().map_err(|error| fault(&error))? {
            let kept = Kept::read(&reader, &dataset_note(&dataset.id))?;
            if listed(&parameters, &dataset, &kept) {
                let modified = kept.text("GmtModifiedTime").map(str::to_owned);
                found.push((modified.unwrap_or_else(|| dataset.created_at.to_string()), dataset));
            }
        }
        match parameters.text("SortBy") {
            None | Some("GmtCreateTime") => found.sort_by_key(|(_, dataset)| dataset.created_at),
            Some("GmtModifiedTime") => found.sort_by(|(a, _), (b, _)| a.cmp(b)),
            Some("Name") => found.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name)),
            Some(other) => {
                let right = "GmtCreateTime, GmtModifiedTime or Name";
                return Err(bad(format!("SortBy is {other:?}; it is {right}")));
            }
        }
        if descending {
            found.reverse();
        }
        let shown = page.of(&found).iter();
        let shown = shown.map(|(_, dataset)| answer(&reader, dataset));
        Ok(Json(json!({
            "RequestId": id.0,
            "TotalCount": found.len(),
            "Datasets": shown.collect::<Result<Vec<_>, _>>()?,
        })))
    })
    .await
}

fn answer(reader: &Reader, dataset: &Dataset) -> Result<Value, Fault> {
    dataset_answer(reader, dataset).map(Value::Object)
}

/// Whether a dataset is among those asked for.
fn listed(parameters: &Parameters, dataset: &Dataset, kept: &Kept) -> bool {
    let among = |name: &str, value: Option<&str>| parameters.admits(name, value);
    let is = |name: &str, value: Option<&str>| {
        parameters.text(name).is_none_or(|asked| value == Some(asked))
    };
    let workspace = dataset.workspace_id.as_deref();
    among("DatasetIds", Some(&dataset.id))
        && parameters
            .text("Name")
            .is_none_or(|part| dataset.name.to_lowercase().contains(&part.to_lowercase()))
        && (workspace.is_none() || is("WorkspaceId", workspace))
        && among("DataSourceTypes", kept.said("DataSourceType"))
        && among("DataTypes", kept.said("DataType"))
        && among("Properties", kept.said("Property"))
        && among("SourceTypes", kept.said("SourceType"))
        && ["Accessibility", "Edition", "Provider", "SourceDatasetId", "SourceId"]
            .into_iter()
            .all(|name| is(name, kept.said(name)))
        && parameters.text("Label").is_none_or(|asked| {
            kept.labels().any(|(key, value)| asked == key || asked == format!("{key}={value}"))
        })
}
