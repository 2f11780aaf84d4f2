//! Every route.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::admission::admit;
use crate::app::Shared;
use crate::fault::Fault;
use crate::{browse, links, local, nebius, pai, pds};

/// The document that describes the routes.
const OPENAPI: &str = include_str!("../openapi.json");

pub(crate) fn router(app: &Shared) -> Router {
    let served = if app.browse.is_some() { browse::routes() } else { services() };
    let mut router = served
        .route(local::PATH, post(local::serve))
        .fallback(async || nowhere())
        .method_not_allowed_fallback(async || {
            let message = "this path has no such method; /openapi.json lists them";
            Fault::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
        })
        // The admission has read the body, within the limit that is configured.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), admit));
    if !app.config.cors.is_empty() {
        router = router.layer(cors(&app.config.cors));
    }
    router.with_state(app.clone())
}

fn services() -> Router<Shared> {
    Router::new()
        .merge(pai::routes())
        .merge(pds::routes())
        .merge(nebius::routes())
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
        .route("/files/{dataset}/{version}/{file}", get(links::serve))
}

/// There is nothing at this path.
pub(crate) fn nowhere() -> Fault {
    let message = "there is nothing at this path; /openapi.json lists what there is";
    Fault::new(StatusCode::NOT_FOUND, "NoSuchOperation", message)
}

fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::from(Any)
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods(Any)
        // A star would not cover Authorization.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(
            ["x-request-id", "x-acs-request-id", "x-ca-request-id"]
                .map(http::HeaderName::from_static),
        )
}

async fn metrics(State(app): State<Shared>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}
