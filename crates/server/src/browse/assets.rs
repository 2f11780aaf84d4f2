//! The files of the page, which are inside the program.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::app::Shared;
use crate::fault::Fault;
use crate::router::nowhere;

const INDEX: &str = include_str!("../../page/index.html");
const ASSETS: [(&str, &str, &str); 10] = [
    ("style.css", "text/css", include_str!("../../page/style.css")),
    ("main.js", SCRIPT, include_str!("../../page/main.js")),
    ("ask.js", SCRIPT, include_str!("../../page/ask.js")),
    ("gallery.js", SCRIPT, include_str!("../../page/gallery.js")),
    ("query.js", SCRIPT, include_str!("../../page/query.js")),
    ("facets.js", SCRIPT, include_str!("../../page/facets.js")),
    ("histogram.js", SCRIPT, include_str!("../../page/histogram.js")),
    ("detail.js", SCRIPT, include_str!("../../page/detail.js")),
    ("element.js", SCRIPT, include_str!("../../page/element.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../page/icon.svg")),
];
const SCRIPT: &str = "text/javascript";

/// What the page may load, and from where: itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The page; the first address, with the token, leads on to it.
pub(super) async fn index(
    State(app): State<Shared>,
    raw: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let browse = app.browse.as_ref().ok_or_else(nowhere)?;
    if browse.access.is_entrance(raw.0.as_deref()) {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let own = response.headers_mut();
        own.insert(header::LOCATION, HeaderValue::from_static("/"));
        own.extend(browse.access.cookie(&headers).map(|cookie| (header::SET_COOKIE, cookie)));
        return Ok(response);
    }
    browse.access.verify(&http::Method::GET, &headers)?;
    Ok(with_type("text/html", INDEX))
}

pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Fault> {
    let (_, kind, text) = ASSETS.iter().find(|asset| asset.0 == name).ok_or_else(nowhere)?;
    Ok(with_type(kind, text))
}

fn with_type(kind: &str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(&format!("{kind}; charset=utf-8"));
    headers.extend(kind.ok().map(|kind| (header::CONTENT_TYPE, kind)));
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // The next program may have another page.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
