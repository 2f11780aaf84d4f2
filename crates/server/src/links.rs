//! Links to files: which records have one, what it begins with, and what it leads to.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use filedex::{ErrorKind, FileId, FileRecord, ThumbnailMode, VersionRef};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::app::Shared;
use crate::config::Config;
use crate::fault::Fault;
use crate::files::{
    FileError, LinkError, LinkSigner, OssSigner, Purpose, Roots, Target, ThumbnailError,
    ThumbnailLimits, respond, thumbnail,
};

/// How long a link is good for.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3_600);

/// What makes links.
pub(crate) struct Links {
    roots: Roots,
    signer: LinkSigner,
    oss: Option<OssSigner>,
    public_url: Option<String>,
}

/// What the links of an answer begin with: scheme and host, no slash at the end.
pub(crate) struct Base(String);

impl Base {
    /// The server as its configuration or the client calls it.
    pub fn of(links: &Links, headers: &HeaderMap) -> Self {
        let host = || {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            format!("http://{}", host.unwrap_or("localhost"))
        };
        Self(links.public_url.clone().unwrap_or_else(host))
    }
}

impl Links {
    /// # Errors
    /// Which folder cannot be opened, or what is wrong with the account.
    pub fn of(config: &Config) -> Result<Self, String> {
        let roots = Roots::open(&config.files_roots).map_err(|error| error.to_string())?;
        let oss = config.oss.clone().map(OssSigner::new).transpose();
        let oss = oss.map_err(|error| error.to_string())?;
        let public_url = config.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self { roots, signer: LinkSigner::random(), oss, public_url })
    }

    /// The folders whose files are served.
    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    /// The link to a file itself.
    pub fn download(
        &self,
        base: &Base,
        version: &VersionRef,
        record: &FileRecord,
        now: SystemTime,
    ) -> Option<String> {
        self.link(base, version, record, &Purpose::Download, LIFETIME, now)
    }

    /// The link to a small picture of a file, where it is a picture.
    pub fn thumbnail(
        &self,
        base: &Base,
        version: &VersionRef,
        record: &FileRecord,
        mode: ThumbnailMode,
        now: SystemTime,
    ) -> Option<String> {
        let picture = record.category() == "image";
        let purpose = Purpose::Thumbnail(mode);
        picture.then(|| self.link(base, version, record, &purpose, LIFETIME, now)).flatten()
    }

    /// A link that is good for a time.
    pub fn link(
        &self,
        base: &Base,
        version: &VersionRef,
        record: &FileRecord,
        purpose: &Purpose,
        lifetime: Duration,
        now: SystemTime,
    ) -> Option<String> {
        if self.roots.allows(&record.uri) {
            let file_id = record.id.to_string();
            let target = Target {
                dataset_id: &version.dataset_id,
                version_id: &version.version_id,
                file_id: &file_id,
            };
            let expires = now.duration_since(UNIX_EPOCH).unwrap_or_default() + lifetime;
            let path = self.signer.path_and_query(&target, purpose, expires.as_secs());
            return Some(base.0.clone() + &path);
        }
        self.oss.as_ref()?.presign(&record.uri, purpose, lifetime)
    }
}

/// Follows a link. Its signature is all that it needs.
pub(crate) async fn serve(
    State(app): State<Shared>,
    Path((dataset_id, version_id, file_id)): Path<(String, String, String)>,
    raw: RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let target = Target { dataset_id: &dataset_id, version_id: &version_id, file_id: &file_id };
    let query = raw.0.unwrap_or_default();
    let purpose =
        app.links.signer.verify(&target, &query, app.clock.unix_seconds()).map_err(|error| {
            let code = match error {
                LinkError::Forged => "SignatureDoesNotMatch",
                LinkError::Expired => "AccessDenied",
            };
            Fault::new(StatusCode::FORBIDDEN, code, error.to_string())
        })?;
    let opened = {
        let (dataset_id, version_id) = (dataset_id.clone(), version_id.clone());
        app.work(move |app| {
            let uri = uri(app, &dataset_id, &version_id, &file_id)?;
            let opened = app.links.roots.open_file(&uri).map_err(|error| not_opened(&error))?;
            let Purpose::Thumbnail(mode) = purpose else { return Ok(Ok(opened)) };
            let small = thumbnail(opened.file, mode, &ThumbnailLimits::default());
            Ok(Err(small.map_err(|error| no_thumbnail(&error))?))
        })
        .await?
    };
    match opened {
        Ok(opened) => Ok(respond(opened, &method, &headers).await),
        Err(small) => {
            let mut response = small.bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(small.content_type));
            headers
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
            headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
            Ok(response)
        }
    }
}

fn uri(
    app: &crate::app::App,
    dataset_id: &str,
    version_id: &str,
    file_id: &str,
) -> Result<String, Fault> {
    let gone = || not_found("the file of this link is gone");
    let file_id = file_id.parse::<FileId>().map_err(|_| gone())?;
    let found = app.reader().and_then(|reader| {
        let version = reader.version(Some(dataset_id), Some(version_id))?;
        reader.get(&version, &file_id)
    });
    match found {
        Ok(record) => Ok(record.uri),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(gone()),
        Err(error) => Err(failed(&error.to_string())),
    }
}

fn not_found(message: &str) -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "NotFound", message)
}

fn failed(message: &str) -> Fault {
    tracing::error!(message, "a file could not be served");
    Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the file cannot be read")
}

fn not_opened(error: &FileError) -> Fault {
    match error {
        FileError::Io(error) => failed(&error.to_string()),
        // Which of the reasons it is, is nobody's business.
        _ => not_found("there is no such file to download"),
    }
}

fn no_thumbnail(error: &ThumbnailError) -> Fault {
    match error {
        ThumbnailError::Io(error) => failed(&error.to_string()),
        _ => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Fault::new(status, "NoThumbnail", error.to_string())
        }
    }
}
