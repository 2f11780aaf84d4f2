//! GetDatasetFileMetasStatistics.

use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use filedex::{Aggregate, Query, limits};
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::{fault, opened, version};
use crate::admission::RequestId;
use crate::app::Shared;
use crate::fault::Fault;

/// What is counted by where AggregateBy is absent.
const DEFAULT: Aggregate = Aggregate::TagsAll;

pub(super) async fn count(
    State(app): State<Shared>,
    Extension(id): Extension<RequestId>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
) -> Result<Json<Value>, Fault> {
    let known = ["AggregateBy", "DatasetVersion", "MaxResults", "WorkspaceId"];
    let parameters = Parameters::read(raw.0.as_deref(), &known)?;
    app.work(move |app| {
        let workspace = parameters.needed("WorkspaceId")?;
        let name = parameters.needed("DatasetVersion")?;
        let names: Vec<_> = Aggregate::NAMES.iter().map(|(name, _)| *name).collect();
        let by = parameters.parsed::<Aggregate>("AggregateBy", &names.join(", "))?;
        let most = parameters.count("MaxResults", limits::MAX_RESULTS)?;
        let (reader, dataset) = opened(app, &dataset_id, Some(workspace))?;
        let version = version(&reader, &dataset, Some(name))?;
        let everything = Query::parse("").map_err(|error| fault(&error))?;
        let groups = reader
            .statistics(&version, by.unwrap_or(DEFAULT), &everything)
            .map_err(|error| fault(&error))?;
        let shown = groups.iter().take(most.unwrap_or(limits::PAGE_DEFAULT) as usize);
        let shown = shown.map(|group| json!({ "Key": group.key, "Count": group.count }));
        // The small r is the service's own.
        Ok(Json(json!({
            "requestId": id.0,
            "TotalCount": groups.len(),
            "DatasetFileMetasStats": shown.collect::<Value>(),
        })))
    })
    .await
}
