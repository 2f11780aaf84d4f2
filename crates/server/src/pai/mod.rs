//! PAI AIWorkSpace 2021-02-04.
//!
//! - [`wire`] has the types of file metadata as they travel, and maps them to the library's.
//! - [`file_metas`], [`list`], [`statistics`], [`datasets`], [`versions`], [`jobs`] have the operations.
//! - [`parameters`] reads query strings; [`kept`] keeps what is said of datasets and versions beyond
//!   what the library knows.

mod datasets;
mod file_metas;
mod jobs;
mod kept;
mod list;
mod parameters;
mod statistics;
mod versions;
mod wire;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use filedex::{Dataset, Error, ErrorKind, Reader, VersionRef};
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::app::{App, Shared};
use crate::fault::Fault;
use crate::json_object::{self, NotRead};
use crate::write_queue::WriteError;

pub(crate) fn routes() -> Router<Shared> {
    let dataset = "/api/v1/datasets/{dataset_id}";
    let of = |part: &str| format!("{dataset}{part}");
    Router::new()
        .route("/api/v1/datasets", post(datasets::create).get(datasets::list))
        .route(dataset, get(datasets::get).put(datasets::update).delete(datasets::delete))
        .route(&of("/versions"), post(versions::create).get(versions::list))
        .route(
            &of("/versions/{version_name}"),
            get(versions::get).put(versions::update).delete(versions::delete),
        )
        .route(
            &of("/datasetfilemetas"),
            post(file_metas::create)
                .put(file_metas::update)
                .get(list::list)
                .delete(file_metas::delete),
        )
        .route(&of("/datasetfilemetas/{file_meta_id}"), get(file_metas::get))
        .route(&of("/datasetjobs"), post(jobs::create).get(jobs::list))
        .route(&of("/datasetjobs/{job_id}"), get(jobs::get))
        .route("/api/v1/statistics/datasets/{dataset_id}/datasetfilemetas", get(statistics::count))
}

fn bad(message: impl Into<String>) -> Fault {
    Fault::new(StatusCode::BAD_REQUEST, "InvalidParameter", message)
}

fn missing(name: &str) -> Fault {
    let message = format!("{name} is needed");
    Fault::new(StatusCode::BAD_REQUEST, "MissingParameter", message)
}

/// A body of JSON; unknown keys are refused, as a filter that is left out would answer wrongly.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Fault> {
    let malformed = |message| Fault::new(StatusCode::BAD_REQUEST, "MalformedBody", message);
    let read = json_object::read(bytes);
    read.map_err(|fault| match fault {
        NotRead::NoObject(message) => malformed(message),
        NotRead::Wrong(message) => bad(message),
    })
}

/// What a library error is, where its kind alone tells.
fn fault(error: &Error) -> Fault {
    of_kind(error.kind(), error.to_string())
}

fn of_write(error: WriteError) -> Fault {
    of_kind(error.kind, error.message)
}

fn of_kind(kind: ErrorKind, message: String) -> Fault {
    let (status, code) = match kind {
        ErrorKind::BadInput => (StatusCode::BAD_REQUEST, "InvalidParameter"),
        ErrorKind::BadQuery => (StatusCode::BAD_REQUEST, "InvalidQueryExpression"),
        ErrorKind::BadCursor => (StatusCode::BAD_REQUEST, "InvalidNextToken"),
        ErrorKind::StaleCursor => (StatusCode::CONFLICT, "StaleNextToken"),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "DatasetNotFound"),
        ErrorKind::Conflict => (StatusCode::CONFLICT, "DatasetAlreadyExists"),
        ErrorKind::ReadOnly => (StatusCode::CONFLICT, "DatasetVersionFrozen"),
        ErrorKind::Busy | ErrorKind::Locked => {
            (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable")
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%message, "a request failed at the database");
    }
    Fault::new(status, code, message)
}

/// A snapshot and the dataset that is asked for in it.
fn opened(app: &App, id: &str, workspace: Option<&str>) -> Result<(Reader, Dataset), Fault> {
    let reader = app.reader().map_err(|error| fault(&error))?;
    let dataset = dataset(&reader, id, workspace)?;
    Ok((reader, dataset))
}

/// The dataset that is asked for; that of another workspace is not there.
fn dataset(reader: &Reader, id: &str, workspace: Option<&str>) -> Result<Dataset, Fault> {
    let dataset = reader.dataset(id).map_err(|error| fault(&error))?;
    let other = |own: &str| workspace.is_some_and(|asked| asked != own);
    if dataset.workspace_id.as_deref().is_some_and(other) {
        let workspace = workspace.unwrap_or_default();
        let message = format!("there is no dataset {id:?} in the workspace {workspace:?}");
        return Err(Fault::new(StatusCode::NOT_FOUND, "DatasetNotFound", message));
    }
    Ok(dataset)
}

/// The version that is asked for, or the dataset's current one.
fn version(reader: &Reader, dataset: &Dataset, name: Option<&str>) -> Result<VersionRef, Fault> {
    reader.version(Some(&dataset.id), name).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let what =
                name.map_or_else(|| "a version".to_owned(), |name| format!("the version {name:?}"));
            let message = format!("the dataset {:?} has not {what}", dataset.name);
            Fault::new(StatusCode::NOT_FOUND, "DatasetVersionNotFound", message)
        }
        _ => fault(&error),
    })
}
