//! The version and the question of a request, what is in the file, and what is wrong with a request.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use filedex::{
    Database, ErrorKind, FileId, FileRecord, Order, Property, Query, Reader, SortBy, StatusFilter,
    VersionRef,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::Shared;
use crate::fault::Fault;

/// What a request asks. The parameters of all operations are here, as flattened ones of an address
/// could be texts only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Question {
    /// The dataset, by name or id; else the one that commands take.
    pub dataset: Option<String>,
    /// The version, by name or id; else the current one.
    pub version: Option<String>,
    /// The expression.
    pub q: String,
    /// What to order by.
    pub sort: Option<String>,
    /// `asc` or `desc`.
    pub order: Option<String>,
    /// `active`, `deleted` or `all`.
    pub status: Option<String>,
    /// The place of the first hit that is wanted, from 0.
    pub from: usize,
    /// How many hits are wanted; 100 where it is not said.
    pub count: Option<usize>,
    /// What a histogram is of.
    pub property: String,
    /// The text before the caret.
    pub before: String,
    /// The file.
    pub id: String,
    /// The longer side of a small picture, in pixels; 256 where it is not said.
    pub size: Option<u32>,
}

impl Question {
    pub fn version(&self, reader: &Reader) -> Result<VersionRef, Refusal> {
        let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        Ok(reader.version(named(&self.dataset).as_deref(), named(&self.version).as_deref())?)
    }

    /// The version and the record of the file that is asked about.
    pub fn file(&self, reader: &Reader) -> Result<(VersionRef, FileRecord), Refusal> {
        let version = self.version(reader)?;
        let id: FileId =
            self.id.parse().map_err(|_| Refusal::input("id", &self.id, "64 hex digits"))?;
        let record = reader.get(&version, &id)?;
        Ok((version, record))
    }

    pub fn query(&self) -> Result<Query, Refusal> {
        let mut query = Query::parse(&self.q)?;
        if let Some(sort) = self.sort.as_deref().filter(|sort| !sort.is_empty()) {
            let by: SortBy = filedex::parse_sort(sort)?;
            let order = match self.order.as_deref() {
                None | Some("" | "desc") => Order::Desc,
                Some("asc") => Order::Asc,
                Some(other) => return Err(Refusal::input("order", other, "asc or desc")),
            };
            query = query.sort(by, order);
        }
        match self.status.as_deref() {
            None | Some("") => Ok(query),
            Some("active") => Ok(query.status(StatusFilter::Active)),
            Some("deleted") => Ok(query.status(StatusFilter::Deleted)),
            Some("all") => Ok(query.status(StatusFilter::All)),
            Some(other) => Err(Refusal::input("status", other, "active, deleted or all")),
        }
    }
}

/// Why a request has no answer, as the page shows it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    /// The place in the expression, in characters as JavaScript counts them.
    place: Option<[usize; 2]>,
    bytes: Option<std::ops::Range<usize>>,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), place: None, bytes: None }
    }

    pub fn input(name: &str, is: &str, right: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("{name} is {is:?}; it is {right}"))
    }

    pub fn read_only() -> Self {
        let message = "the page only shows; start `filedex browse` with --edit to change anything";
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// Says where in the expression it is.
    pub fn within(mut self, text: &str) -> Self {
        let units = |end: usize| text.get(..end).map_or(0, |before| before.encode_utf16().count());
        self.place = self.bytes.clone().map(|bytes| [units(bytes.start), units(bytes.end)]);
        self
    }
}

impl From<filedex::Error> for Refusal {
    fn from(error: filedex::Error) -> Self {
        let status = match error.kind() {
            ErrorKind::BadInput | ErrorKind::BadQuery | ErrorKind::BadCursor => {
                StatusCode::BAD_REQUEST
            }
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict | ErrorKind::StaleCursor => StatusCode::CONFLICT,
            ErrorKind::ReadOnly => StatusCode::FORBIDDEN,
            ErrorKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            _ => {
                tracing::error!(%error, "a request of the page failed at the database");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let bytes = error.query_span();
        Self { bytes, ..Self::new(status, error.to_string()) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "message": self.message, "place": self.place } });
        (self.status, Json(body)).into_response()
    }
}

/// Either end of a handler.
pub(super) type Answered<T = Json<Value>> = Result<T, Answerless>;

/// A refusal of the page, or a fault of the server.
pub(super) enum Answerless {
    Refused(Refusal),
    Failed(Fault),
}

impl IntoResponse for Answerless {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::Failed(fault) => fault.into_response(),
        }
    }
}

impl From<Refusal> for Answerless {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Does what reads the database where it holds up no connection.
pub(super) async fn work<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&crate::app::App) -> Result<T, Refusal> + Send + 'static,
) -> Answered<T> {
    match app.work(move |app| Ok(work(app))).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(refusal)) => Err(Answerless::Refused(refusal)),
        Err(fault) => Err(Answerless::Failed(fault)),
    }
}

/// What is in the file and what can be done with it: all that the page needs to begin.
pub(super) async fn database(State(app): State<Shared>) -> Answered {
    work(&app, |app| {
        let reader = app.reader()?;
        let datasets = reader.datasets()?.into_iter().map(|dataset| {
            let versions = reader.versions(&dataset.id)?.into_iter();
            let versions: Value = versions
                .map(|version| {
                    let current = dataset.current_version.as_ref() == Some(&version.id);
                    json!({
                        "id": version.id,
                        "name": version.name,
                        "frozen": version.frozen,
                        "current": current,
                    })
                })
                .collect();
            Ok(json!({ "id": dataset.id, "name": dataset.name, "versions": versions }))
        });
        let datasets = datasets.collect::<Result<Vec<Value>, Refusal>>()?;
        let names: Vec<&str> = Property::NAMED.iter().filter_map(Property::name).collect();
        Ok(Json(json!({
            "name": name_of(&app.database),
            "edit": app.browse.as_ref().is_some_and(|browse| browse.edit),
            "datasets": datasets,
            "properties": names,
            "sorts": SORTS,
        })))
    })
    .await
}

/// What the page offers to order by; an attribute can be typed.
const SORTS: [&str; 7] = [
    "RecordCreateTime",
    "FileName",
    "DataSize",
    "FileCreateTime",
    "FileUpdateTime",
    "TagUpdateTime",
    "SyncTime",
];

fn name_of(database: &Database) -> String {
    let name = database.path().and_then(std::path::Path::file_name);
    name.map_or_else(|| "in memory".to_owned(), |name| name.to_string_lossy().into_owned())
}
