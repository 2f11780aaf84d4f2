//! One file: its record, why it is in an answer, its small picture and the file itself.

use axum::Json;
use axum::extract::{Query as Asked, State};
use axum::response::{IntoResponse, Response};
use filedex::export;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::answer::{Answered, Question, Refusal, work};
use crate::app::Shared;
use crate::files::{FileError, respond};

pub(super) async fn record(
    State(app): State<Shared>,
    Asked(question): Asked<Question>,
) -> Answered {
    work(&app, move |app| {
        let reader = app.reader()?;
        let (version, record) = question.file(&reader)?;
        let spaces = reader.spaces(&version)?;
        let vectors = spaces.into_iter().map(|summary| {
            let name = summary.space.name;
            let has = reader.vector(&version, &record.id, Some(&name))?.is_some();
            Ok(json!({ "space": name, "model": summary.space.model, "has": has }))
        });
        Ok(Json(json!({
            "record": export::record(&record),
            "served": app.links.roots().allows(&record.uri),
            "vectors": vectors.collect::<Result<Vec<_>, Refusal>>()?,
        })))
    })
    .await
}

pub(super) async fn why(State(app): State<Shared>, Asked(question): Asked<Question>) -> Answered {
    work(&app, move |app| {
        let reader = app.reader()?;
        let (version, record) = question.file(&reader)?;
        let query = question.query().map_err(|refusal| refusal.within(&question.q))?;
        let why = reader.why(&version, &query, &record.id)?;
        let clauses = why.clauses.iter();
        let clauses: Vec<_> =
            clauses.map(|clause| json!({ "what": clause.what, "passes": clause.passes })).collect();
        Ok(Json(json!({ "text": why.to_string(), "place": why.place, "clauses": clauses })))
    })
    .await
}

pub(super) async fn thumbnail(
    State(app): State<Shared>,
    Asked(question): Asked<Question>,
) -> Answered<Response> {
    work(&app, move |app| {
        let Some(browse) = &app.browse else { return Err(gone()) };
        let reader = app.reader()?;
        let (_, record) = question.file(&reader)?;
        let opened = app.links.roots().open_file(&record.uri).map_err(|error| closed(&error))?;
        let size = question.size.unwrap_or(256).clamp(32, 1_024);
        let small = browse.thumbnails.of(&record, opened, size)?;
        let mut response = small.bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(small.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response)
    })
    .await
}

/// The file as it is. What a browser would run as a page of ours is only shown inside the page.
pub(super) async fn original(
    State(app): State<Shared>,
    Asked(question): Asked<Question>,
    method: Method,
    headers: HeaderMap,
) -> Answered<Response> {
    let opened = work(&app, move |app| {
        let reader = app.reader()?;
        let (_, record) = question.file(&reader)?;
        app.links.roots().open_file(&record.uri).map_err(|error| closed(&error))
    })
    .await?;
    let mut response = respond(opened, &method, &headers).await;
    let sandbox =
        HeaderValue::from_static("sandbox; default-src 'none'; style-src 'unsafe-inline'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, sandbox);
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn gone() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such file to show")
}

fn closed(error: &FileError) -> Refusal {
    match error {
        FileError::Outside => Refusal::new(
            StatusCode::NOT_FOUND,
            "the file is in no folder that is shown; start `filedex browse` with --files-root",
        ),
        FileError::Io(error) => {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("cannot read it: {error}"))
        }
        _ => gone(),
    }
}
