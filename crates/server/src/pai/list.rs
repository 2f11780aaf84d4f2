//! ListDatasetFileMetas.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use filedex::{Cursor, ErrorKind, ListOptions, Query, QueryType, TagMatch, ThumbnailMode, limits};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::parameters::Parameters;
use super::wire::{file_meta, sort_by, status};
use super::{bad, fault, opened, version};
use crate::app::Shared;
use crate::fault::Fault;
use crate::links::Base;

const KNOWN: [&str; 28] = [
    "DatasetFileMetaIds",
    "DatasetVersion",
    "EndFileUpdateTime",
    "EndTagUpdateTime",
    "MaxResults",
    "NextToken",
    "Order",
    "PageSize",
    "QueryContentTypeIncludeAny",
    "QueryExpression",
    "QueryFileDir",
    "QueryFileName",
    "QueryFileTypeIncludeAny",
    "QueryImage",
    "QueryTagsExclude",
    "QueryTagsIncludeAll",
    "QueryTagsIncludeAny",
    "QueryText",
    "QueryType",
    "QueryVideo",
    "ScoreThreshold",
    "SortBy",
    "StartFileUpdateTime",
    "StartTagUpdateTime",
    "Status",
    "ThumbnailMode",
    "TopK",
    "WorkspaceId",
];

/// What may stand beside an expression.
const BESIDE_EXPRESSION: [&str; 7] = [
    "DatasetVersion",
    "MaxResults",
    "NextToken",
    "PageSize",
    "QueryExpression",
    "ThumbnailMode",
    "WorkspaceId",
];

/// Largest PageSize, which MaxResults has replaced.
const PAGE_SIZE: u32 = 1_000;

pub(super) async fn list(
    State(app): State<Shared>,
    Path(dataset_id): Path<String>,
    raw: RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Fault> {
    let parameters = Parameters::read(raw.0.as_deref(), &KNOWN)?;
    app.work(move |app| {
        let workspace = parameters.needed("WorkspaceId")?;
        let name = parameters.needed("DatasetVersion")?;
        let options = options(&parameters)?;
        let most = options.max_results.unwrap_or(limits::PAGE_DEFAULT);
        let query = Query::from_options(&options).map_err(|error| asked(&error, &options))?;
        let thumbnails = query.thumbnail_mode();
        let (reader, dataset) = opened(app, &dataset_id, Some(workspace))?;
        let version = version(&reader, &dataset, Some(name))?;
        let page = reader.list(&version, &query).map_err(|error| asked(&error, &options))?;
        let base = Base::of(&app.links, &headers);
        let now = app.clock.now();
        let metas: Vec<Value> = page
            .hits
            .iter()
            .map(|hit| {
                let mut meta = file_meta(&hit.record);
                // Of an answer that is ranked by words alone the score would be BM25's.
                if let Some(score) = hit.score.filter(|_| page.nearest.is_some()) {
                    meta.insert("Score".into(), json!(score));
                }
                let mut put = |name: &str, url: Option<String>| {
                    meta.extend(url.map(|url| (name.to_owned(), Value::String(url))));
                };
                put("DownloadUrl", app.links.download(&base, &version, &hit.record, now));
                if let Some(mode) = thumbnails {
                    let url = app.links.thumbnail(&base, &version, &hit.record, mode, now);
                    put("ThumbnailUrl", url);
                }
                Value::Object(meta)
            })
            .collect();
        let said = query.max_results().unwrap_or(most);
        let mut answer = Map::from_iter([
            ("TotalCount".to_owned(), json!(page.total)),
            ("PageSize".to_owned(), json!(metas.len())),
            ("MaxResults".to_owned(), json!(said)),
            ("DatasetFileMetas".to_owned(), Value::Array(metas)),
            ("DatasetId".to_owned(), json!(dataset.id)),
            ("DatasetVersion".to_owned(), json!(version.version_name)),
            ("WorkspaceId".to_owned(), json!(workspace)),
        ]);
        answer.extend(page.next.map(|next| ("NextToken".to_owned(), json!(next.as_str()))));
        Ok(Json(Value::Object(answer)))
    })
    .await
}

/// The parameters as the library's options.
fn options(parameters: &Parameters) -> Result<ListOptions, Fault> {
    let p = parameters;
    let named = |name: &'static str, right: &str| -> Fault {
        bad(format!("{name} is {:?}; it is {right}", p.text(name).unwrap_or_default()))
    };
    let score = p.parsed::<f32>("ScoreThreshold", "a number such as 0.6")?;
    if score.is_some_and(|score| !score.is_finite()) {
        return Err(named("ScoreThreshold", "a number such as 0.6"));
    }
    let query_type = p.parsed::<QueryType>("QueryType", "MIX, TAG or VECTOR")?;
    let expression = p.owned("QueryExpression").filter(|text| !text.trim().is_empty());
    if expression.is_some() {
        let beside: Vec<_> = KNOWN
            .into_iter()
            .filter(|name| !BESIDE_EXPRESSION.contains(name) && p.text(name).is_some())
            .collect();
        if !beside.is_empty() {
            let message = format!(
                "QueryExpression cannot stand beside {}; say it in the expression",
                beside.join(", ")
            );
            return Err(bad(message));
        }
    }
    let near = ["QueryText", "QueryImage", "QueryVideo"];
    if query_type == Some(QueryType::Vector) && near.iter().all(|name| p.text(name).is_none()) {
        return Err(bad("QueryType=VECTOR needs QueryText, QueryImage or QueryVideo"));
    }
    // What belongs to a search by meaning is ignored where there is none.
    let searches =
        query_type != Some(QueryType::Tag) && near.iter().any(|name| p.text(name).is_some());
    let most = p.count("MaxResults", limits::MAX_RESULTS)?;
    let page_size = p.count("PageSize", PAGE_SIZE)?;
    Ok(ListOptions {
        ids: p.list("DatasetFileMetaIds"),
        query_type,
        query_text: p.owned("QueryText"),
        tags: TagMatch {
            all: p.list("QueryTagsIncludeAll"),
            any: p.list("QueryTagsIncludeAny"),
            none: p.list("QueryTagsExclude"),
        },
        file_name: p.owned("QueryFileName"),
        file_dir: p.owned("QueryFileDir"),
        file_types: p.list("QueryFileTypeIncludeAny"),
        content_types: p.list("QueryContentTypeIncludeAny"),
        start_file_update_time: p.time("StartFileUpdateTime")?,
        end_file_update_time: p.time("EndFileUpdateTime")?,
        start_tag_update_time: p.time("StartTagUpdateTime")?,
        end_tag_update_time: p.time("EndTagUpdateTime")?,
        top_k: p.count("TopK", limits::TOP_K)?.filter(|_| searches),
        score_threshold: score.filter(|_| searches),
        query_image: p.owned("QueryImage"),
        // There is one thing to be near to: the picture, where both are given.
        query_video: p.owned("QueryVideo").filter(|_| p.text("QueryImage").is_none()),
        sort_by: p
            .text("SortBy")
            .map(|text| {
                sort_by(text).ok_or_else(|| named("SortBy", "FileCreateTime or FileUpdateTime"))
            })
            .transpose()?,
        order: p.order()?,
        status: p
            .text("Status")
            .map(|text| status(text).ok_or_else(|| named("Status", "ACTIVE, ALL or DELETED")))
            .transpose()?,
        max_results: most.or(page_size),
        next_token: p.owned("NextToken").map(Cursor::new),
        expression,
        thumbnail_mode: p.parsed::<ThumbnailMode>(
            "ThumbnailMode",
            "p_50, w_100, h_100, m_pad,w_200,h_100,color_FFFFFF, m_fill,w_200,h_100 or \
             m_fixed,w_200,h_100",
        )?,
    })
}

/// A question that cannot be asked: of the parameters, unless there is an expression. The dataset and
/// its version were found before, so what is not there now is a file or a space that is asked with.
fn asked(error: &filedex::Error, options: &ListOptions) -> Fault {
    match error.kind() {
        ErrorKind::BadQuery if options.expression.is_none() => bad(error.to_string()),
        ErrorKind::NotFound => bad(error.to_string()),
        _ => fault(error),
    }
}
