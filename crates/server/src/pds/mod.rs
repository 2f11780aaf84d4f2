//! PDS 2022-03-01: files of a drive. A drive is a dataset, its files are those of its current version.
//!
//! - [`wire`] has the File as it travels; [`folders`] knows the folders of a drive, which PDS has as
//!   files of their own and the library derives.
//! - [`create`], [`update`], [`listing`], [`search`], [`removal`] have the operations; [`query`] reads
//!   the search language.

mod create;
mod folders;
mod listing;
mod query;
mod removal;
mod search;
mod update;
mod wire;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use filedex::{Error, ErrorKind, Reader, VersionRef};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::app::{App, Shared};
use crate::fault::Fault;
use crate::json_object::{self, NotRead};
use crate::write_queue::WriteError;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v2/file/create", post(create::create))
        .route("/v2/file/get", post(listing::get))
        .route("/v2/file/update", post(update::update))
        .route("/v2/file/list", post(listing::list))
        .route("/v2/file/search", post(search::search))
        .route("/v2/file/delete", post(removal::delete))
        .route("/v2/recyclebin/trash", post(removal::trash))
}

fn bad(message: impl Into<String>) -> Fault {
    Fault::new(StatusCode::BAD_REQUEST, "InvalidParameter", message)
}

fn no_file(file_id: &str) -> Fault {
    let message = format!("there is no file {file_id:?} in the drive");
    Fault::new(StatusCode::NOT_FOUND, "NotFound.File", message)
}

fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Fault> {
    json_object::read(bytes).map_err(|fault| match fault {
        NotRead::NoObject(message) | NotRead::Wrong(message) => bad(message),
    })
}

fn fault(error: &Error) -> Fault {
    of_kind(error.kind(), error.to_string())
}

fn of_write(error: WriteError) -> Fault {
    of_kind(error.kind, error.message)
}

fn of_kind(kind: ErrorKind, message: String) -> Fault {
    let (status, code) = match kind {
        ErrorKind::BadInput
        | ErrorKind::BadQuery
        | ErrorKind::BadCursor
        | ErrorKind::StaleCursor => (StatusCode::BAD_REQUEST, "InvalidParameter"),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "NotFound.File"),
        ErrorKind::ReadOnly => (StatusCode::FORBIDDEN, "ForbiddenNoPermission"),
        ErrorKind::Busy | ErrorKind::Locked => {
            (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable")
        }
        _ => {
            tracing::error!(%message, "a request failed at the database");
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalError")
        }
    };
    Fault::new(status, code, message)
}

/// A drive as a request names it, with what its answers say of it.
struct Drive {
    reader: Reader,
    version: VersionRef,
    /// As the client calls it.
    id: String,
    /// The first label of the host name.
    domain: String,
}

impl Drive {
    fn open(app: &App, id: &str, headers: &HeaderMap) -> Result<Self, Fault> {
        let reader = app.reader().map_err(|error| fault(&error))?;
        let version = reader.version(Some(id), None).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let message = format!("there is no drive {id:?}");
                Fault::new(StatusCode::NOT_FOUND, "NotFound.Drive", message)
            }
            _ => fault(&error),
        })?;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        Ok(Self { reader, version, id: id.to_owned(), domain: domain(host.unwrap_or_default()) })
    }
}

/// The domain is never sent: it is the first label of the host name, where that has several.
fn domain(host: &str) -> String {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let labels: Vec<&str> = name.split('.').collect();
    let is_name = labels.len() > 1 && labels.iter().any(|label| label.parse::<u8>().is_err());
    if is_name && !name.starts_with('[') { labels[0].to_owned() } else { "default".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn the_domain_is_in_the_host() {
        for (host, is) in [
            ("bj1.api.aliyunpds.com", "bj1"),
            ("bj1.localhost:8473", "bj1"),
            ("localhost:8473", "default"),
            ("127.0.0.1:8473", "default"),
            ("[::1]:8473", "default"),
            ("", "default"),
        ] {
            assert_eq!(domain(host), is, "{host}");
        }
    }
}
