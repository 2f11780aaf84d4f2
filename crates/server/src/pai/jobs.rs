//! CreateDatasetJob, GetDatasetJob, ListDatasetJobs.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use filedex::{Order, Reader, Timestamp};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::kept::PageNumber;
use super::parameters::Parameters;
use super::{bad, body, fault, missing, opened, version};
use crate::admission::RequestId;
use crate::app::Shared;
use crate::fault::Fault;
use crate::jobs::{Action, Job, Mode, State as JobState};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Create {
    job_action: Option<String>,
    job_mode: Option<String>,
    job_spec: Option<String>,
    description: Option<String>,
    dataset_version: Option<String>,
    workspace_id: Option<String>,
}

const ACTIONS: [(&str, Action); 2] =
    [("SemanticIndex", Action::SemanticIndex), ("IntelligentTag", Action::IntelligentTag)];
const MODES: [(&str, Mode); 2] = [("Full", Mode::Full), ("Increment", Mode::Increment)];
const STATES: [(&str, JobState); 5] = [
    ("Pending", JobState::Pending),
    ("Running", JobState::Running),
    ("Succeeded", JobState::Succeeded),
    ("PartialFailed", JobState::PartialFailed),
    ("Failed", JobState::Failed),
];

fn valued<T: Copy>(table: &[(&str, T)], field: &str, text: &str) -> Result<T, Fault> {
    table.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = table.iter().map(|(name, _)| *name).collect();
        bad(format!("{field} is {text:?}; here it is one of {}", names.join(", ")))
    })
}

fn named<T: Copy + PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, of)| *of == value).map_or("", |(name, _)| name)
}

pub(super) async fn create(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
    bytes: Bytes,
) -> Result<Json<Value>, Fault> {
    Parameters::read(raw.0.as_deref(), &[])?;
    app.work(move |app| {
        let asked: Create = body(&bytes)?;
        let action = asked.job_action.as_deref().ok_or_else(|| missing("JobAction"))?;
        let action = valued(&ACTIONS, "JobAction", action)?;
        let mode = valued(&MODES, "JobMode", asked.job_mode.as_deref().unwrap_or("Full"))?;
        let (reader, dataset) = opened(app, &dataset_id, asked.workspace_id.as_deref())?;
        let name = asked.dataset_version.as_deref().filter(|name| !name.is_empty());
        let version = version(&reader, &dataset, name)?;
        drop(reader);
        let done = action == Action::IntelligentTag;
        let created = Timestamp::now();
        let job = Job {
            id: String::new(),
            dataset_id: dataset.id,
            version_id: version.version_id,
            action,
            mode,
            model: model(asked.job_spec.as_deref())?,
            spec: asked.job_spec,
            description: asked.description,
            state: if done { JobState::Succeeded } else { JobState::Pending },
            created,
            finished: done.then_some(created),
            total: 0,
            completed: 0,
            failed: 0,
            logs: Vec::new(),
        };
        let job = app.jobs.create(job).map_err(|error| fault(&error))?;
        Ok(Json(json!({ "RequestId": id.0, "DatasetJobId": job })))
    })
    .await
}

/// The model that a JobSpec names.
fn model(spec: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(spec) = spec.filter(|spec| !spec.trim().is_empty()) else { return Ok(None) };
    let spec: Map<String, Value> = serde_json::from_str(spec)
        .map_err(|error| bad(format!("JobSpec is a JSON object in a string: {error}")))?;
    Ok(spec.get("modelId").and_then(Value::as_str).map(str::to_owned))
}

fn answer(reader: &Reader, job: &Job, logs: bool) -> Map<String, Value> {
    let version = reader
        .version(Some(&job.dataset_id), Some(&job.version_id))
        .map_or_else(|_| job.version_id.clone(), |version| version.version_name);
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            answer.insert(name.to_owned(), value);
        }
    };
    put("DatasetJobId", json!(job.id));
    put("DatasetVersion", json!(version));
    put("JobAction", json!(named(&ACTIONS, job.action)));
    put("JobMode", json!(named(&MODES, job.mode)));
    put("JobSpec", json!(job.spec));
    put("Description", json!(job.description));
    put("Status", json!(named(&STATES, job.state)));
    put("CreateTime", json!(job.created));
    put("FinishTime", json!(job.finished));
    put("TotalFileCount", json!(job.total));
    put("CompletedFileCount", json!(job.completed));
    put("FailedFileCount", json!(job.failed));
    if logs {
        put("Logs", json!(job.logs));
    }
    answer
}

pub(super) async fn get(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path((dataset_id, job_id)): Path<(String, String)>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    let parameters = Parameters::read(raw.0.as_deref(), &["DatasetVersion", "WorkspaceId"])?;
    app.work(move |app| {
        let (reader, dataset) = opened(app, &dataset_id, parameters.text("WorkspaceId"))?;
        let job = app.jobs.get(&reader, &dataset.id, &job_id).map_err(|error| fault(&error))?;
        let Some(job) = job else {
            let message = format!("there is no job {job_id:?}");
            return Err(Fault::new(StatusCode::NOT_FOUND, "DatasetJobNotFound", message));
        };
        let mut answer = answer(&reader, &job, true);
        answer.insert("RequestId".to_owned(), json!(id.0));
        Ok(Json(Value::Object(answer)))
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
        "DatasetVersion",
        "JobAction",
        "Order",
        "PageNumber",
        "PageSize",
        "SortBy",
        "Status",
        "WithLogs",
        "WorkspaceId",
    ];
    let parameters = Parameters::read(raw.0.as_deref(), &known)?;
    app.work(move |app| {
        let page = PageNumber::read(&parameters)?;
        let action = parameters
            .text("JobAction")
            .map(|text| valued(&ACTIONS, "JobAction", text))
            .transpose()?;
        let state =
            parameters.text("Status").map(|text| valued(&STATES, "Status", text)).transpose()?;
        let logs = parameters.parsed::<bool>("WithLogs", "true or false")?.unwrap_or(false);
        let ascending = parameters.order()? == Some(Order::Asc);
        let (reader, dataset) = opened(app, &dataset_id, parameters.text("WorkspaceId"))?;
        let of = match parameters.text("DatasetVersion") {
            Some(name) => Some(version(&reader, &dataset, Some(name))?.version_id),
            None => None,
        };
        let mut jobs = app.jobs.list(&reader, &dataset.id).map_err(|error| fault(&error))?;
        jobs.retain(|job| {
            action.is_none_or(|action| job.action == action)
                && state.is_none_or(|state| job.state == state)
                && of.as_deref().is_none_or(|version| job.version_id == version)
        });
        match parameters.text("SortBy") {
            None | Some("CreateTime" | "GmtCreateTime") => jobs.sort_by_key(|job| job.created),
            Some("FinishTime") => jobs.sort_by_key(|job| job.finished),
            Some(other) => {
                return Err(bad(format!("SortBy is {other:?}; it is CreateTime or FinishTime")));
            }
        }
        if !ascending {
            jobs.reverse();
        }
        let shown = page.of(&jobs).iter().map(|job| Value::Object(answer(&reader, job, logs)));
        Ok(Json(json!({
            "RequestId": id.0,
            "TotalCount": jobs.len(),
            "DatasetJobs": shown.collect::<Value>(),
        })))
    })
    .await
}
