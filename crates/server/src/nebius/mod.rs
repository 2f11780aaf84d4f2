//! Nebius Token Factory: datasets. Wrong input is told as FastAPI does, with 422.

mod wire;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use filedex::{DatasetPatch, Error, ErrorKind};
use http::StatusCode;
use serde_json::{Value, json};

use crate::app::Shared;
use crate::fault::{Fault, InputFault};

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/datasets", post(create).get(list))
        .route("/v1/datasets/{dataset_id}", get(one).patch(patch))
}

fn fault(error: &Error) -> Fault {
    let (status, code) = match error.kind() {
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "NotFound"),
        ErrorKind::Conflict => (StatusCode::CONFLICT, "Conflict"),
        ErrorKind::BadInput => {
            let place = vec!["body".to_owned()];
            let message = error.to_string();
            return Fault::bad_inputs(vec![InputFault { place, message, kind: "value_error" }]);
        }
        ErrorKind::Busy | ErrorKind::ReadOnly => {
            (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable")
        }
        _ => {
            tracing::error!(%error, "a request failed at the database");
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalError")
        }
    };
    Fault::new(status, code, error.to_string())
}

async fn patch(
    State(app): State<Shared>,
    Path(dataset_id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    app.work(move |app| {
        let patch: DatasetPatch = wire::patch(&bytes)?;
        let dataset =
            app.database.patch_dataset(&dataset_id, &patch).map_err(|error| fault(&error))?;
        Ok(Json(wire::dataset(&dataset)))
    })
    .await
}

async fn one(
    State(app): State<Shared>,
    Path(dataset_id): Path<String>,
) -> Result<Json<Value>, Fault> {
    app.work(move |app| {
        let reader = app.reader().map_err(|error| fault(&error))?;
        let dataset = reader.dataset(&dataset_id).map_err(|error| fault(&error))?;
        Ok(Json(wire::dataset(&dataset)))
    })
    .await
}

async fn create(State(app): State<Shared>, bytes: Bytes) -> Result<Json<Value>, Fault> {
    app.work(move |app| {
        let new = wire::creation(&bytes)?;
        let made = app.database.create_dataset(new).map_err(|error| fault(&error))?;
        app.database.create_version(&made.id, "v1").map_err(|error| fault(&error))?;
        let reader = app.reader().map_err(|error| fault(&error))?;
        let dataset = reader.dataset(&made.id).map_err(|error| fault(&error))?;
        Ok(Json(wire::dataset(&dataset)))
    })
    .await
}

async fn list(State(app): State<Shared>, raw: RawQuery) -> Result<Json<Value>, Fault> {
    app.work(move |app| {
        let page = wire::page(raw.0.as_deref())?;
        let reader = app.reader().map_err(|error| fault(&error))?;
        let mut datasets = reader.datasets().map_err(|error| fault(&error))?;
        datasets.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let from = match &page.after {
            None => 0,
            Some(after) => {
                let place = datasets.iter().position(|dataset| dataset.id == *after);
                place.map(|place| place + 1).ok_or_else(|| wire::no_such_after(after))?
            }
        };
        let shown: Vec<_> = datasets.iter().skip(from).take(page.limit).collect();
        Ok(Json(json!({
            "data": shown.iter().map(|dataset| wire::dataset(dataset)).collect::<Value>(),
            "has_more": from + shown.len() < datasets.len(),
            "last_id": shown.last().map(|dataset| &dataset.id),
        })))
    })
    .await
}
