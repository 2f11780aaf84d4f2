//! CreateDatasetVersion, GetDatasetVersion, ListDatasetVersions, UpdateDatasetVersion,
//! DeleteDatasetVersion.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use filedex::{Dataset, ErrorKind, Order, Reader, Version, VersionRef};
use serde_json::{Map, Value, json};

use super::datasets::{flag, nothing_else, text};
use super::kept::{Kept, OF_VERSION, PageNumber, dataset_note, version_answer, version_note};
use super::parameters::Parameters;
use super::{bad, body, fault, opened, version as found_version};
use crate::admission::RequestId;
use crate::app::Shared;
use crate::fault::Fault;

const UPDATED: [&str; 5] =
    ["DataCount", "DataSize", "DatasetTaskRamRole", "Options", "UserMetricsEndpoints"];

const SORTED_BY: [&str; 7] = [
    "GmtCreateTime",
    "GmtModifiedTime",
    "SourceType",
    "DataSourceType",
    "Property",
    "DataSize",
    "DataCount",
];

pub(super) async fn create(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let mut body: Map<String, Value> = body(&bytes)?;
        let description = text(&mut body, "Description")?;
        let dry = flag(&mut body, "DryRun")?;
        let kept = Kept::take(&mut body, &OF_VERSION)?;
        nothing_else(&body)?;
        kept.fits()?;
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        if dry {
            return Ok(Json(json!({ "RequestId": id.0 })));
        }
        let made = next_version(app, &reader, &dataset)?;
        kept.write(&app.database, &version_note(&dataset.id, &made.version_id))?;
        if description.is_some() {
            app.database
                .change_version(&made, |version| version.description = description)
                .map_err(|error| fault(&error))?;
        }
        Ok(Json(json!({ "RequestId": id.0, "VersionName": made.version_name })))
    })
    .await
}

/// Makes `v` and the number after the greatest that is there.
fn next_version(
    app: &crate::app::App,
    reader: &Reader,
    dataset: &Dataset,
) -> Result<VersionRef, Fault> {
    let versions = reader.versions(&dataset.id).map_err(|error| fault(&error))?;
    let numbers =
        versions.iter().filter_map(|version| version.name.strip_prefix('v')?.parse().ok());
    let mut number = numbers.max().unwrap_or(0_u64);
    loop {
        number = number.saturating_add(1);
        match app.database.create_version(&dataset.id, &format!("v{number}")) {
            // Another request was quicker.
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            made => return made.map_err(|error| fault(&error)),
        }
    }
}

fn known(reader: &Reader, dataset: &Dataset, name: &str) -> Result<(VersionRef, Version), Fault> {
    let found = found_version(reader, dataset, Some(name))?;
    let versions = reader.versions(&dataset.id).map_err(|error| fault(&error))?;
    match versions.into_iter().find(|version| version.id == found.version_id) {
        Some(version) => Ok((found, version)),
        None => Err(bad(format!("the version {name:?} is gone"))),
    }
}

pub(super) async fn get(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path((dataset_id, name)): Path<(String, String)>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        let (_, version) = known(&reader, &dataset, &name)?;
        let of_dataset = Kept::read(&reader, &dataset_note(&dataset.id))?;
        let mut answer = version_answer(&reader, &dataset, &of_dataset, &version)?;
        answer.insert("RequestId".to_owned(), json!(id.0));
        answer.insert("DatasetId".to_owned(), json!(dataset.id));
        Ok(Json(Value::Object(answer)))
    })
    .await
}

pub(super) async fn update(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path((dataset_id, name)): Path<(String, String)>,
    raw: RawQuery,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let mut body: Map<String, Value> = body(&bytes)?;
        let description = text(&mut body, "Description")?;
        let changes = Kept::take(&mut body, &UPDATED)?;
        nothing_else(&body)?;
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        let (version, _) = known(&reader, &dataset, &name)?;
        let note = version_note(&dataset.id, &version.version_id);
        let mut kept = Kept::read(&reader, &note)?;
        kept.extend(changes);
        kept.fits()?;
        if description.is_some() {
            app.database
                .change_version(&version, |version| version.description = description)
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
    Path((dataset_id, name)): Path<(String, String)>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        let (version, _) = known(&reader, &dataset, &name)?;
        app.database
            .delete_version(&dataset.id, &version.version_id)
            .and_then(|()| {
                let note = version_note(&dataset.id, &version.version_id);
                app.database.put_notes([(note, None::<&[u8]>)])
            })
            .map_err(|error| fault(&error))?;
        Ok(Json(json!({ "RequestId": id.0 })))
    })
    .await
}

pub(super) async fn list(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    let known = [
        "LabelKeys",
        "LabelValues",
        "Order",
        "PageNumber",
        "PageSize",
        "Properties",
        "SortBy",
        "SourceId",
        "SourceTypes",
    ];
    let parameters = Parameters::read(raw.0.as_deref(), &known)?;
    app.work(move |app| {
        let page = PageNumber::read(&parameters)?;
        let descending = parameters.order()? == Some(Order::Desc);
        let by = parameters.text("SortBy").unwrap_or("GmtCreateTime");
        if !SORTED_BY.contains(&by) {
            let right = SORTED_BY.join(", ");
            return Err(bad(format!("SortBy is {by:?}; it is one of {right}")));
        }
        let (reader, dataset) = opened(app, &dataset_id, None)?;
        let of_dataset = Kept::read(&reader, &dataset_note(&dataset.id))?;
        let mut found = Vec::new();
        for version in reader.versions(&dataset.id).map_err(|error| fault(&error))? {
            let kept = Kept::read(&reader, &version_note(&dataset.id, &version.id))?;
            if listed(&parameters, &kept) {
                found.push(version_answer(&reader, &dataset, &of_dataset, &version)?);
            }
        }
        // Those without the value come first; ties stay in the order of their creation.
        found.sort_by(|a, b| sort_key(a, by).cmp(&sort_key(b, by)));
        if descending {
            found.reverse();
        }
        Ok(Json(json!({
            "RequestId": id.0,
            "TotalCount": found.len(),
            "PageNumber": page.number(),
            "PageSize": page.size(),
            "DatasetVersions": page.of(&found),
        })))
    })
    .await
}

/// A number, or a text, of an answer.
fn sort_key<'a>(answer: &'a Map<String, Value>, by: &str) -> (Option<i64>, Option<&'a str>) {
    let value = answer.get(by);
    (value.and_then(Value::as_i64), value.and_then(Value::as_str))
}

fn listed(parameters: &Parameters, kept: &Kept) -> bool {
    let among = |name: &str, value: Option<&str>| parameters.admits(name, value);
    let labelled = |name: &str, part: fn((&str, &str)) -> String| {
        let asked = parameters.list(name);
        asked.is_empty() || kept.labels().map(part).any(|have| asked.contains(&have))
    };
    among("Properties", kept.said("Property"))
        && among("SourceTypes", kept.text("SourceType"))
        && among("SourceId", kept.text("SourceId"))
        && labelled("LabelKeys", |(key, _)| key.to_owned())
        && labelled("LabelValues", |(_, value)| value.to_owned())
}
