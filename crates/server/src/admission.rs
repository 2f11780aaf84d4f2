//! What every request goes through: its id, the limits, its body, its signature; then the log and
//! the counters of its answer.

use std::net::IpAddr;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::app::{App, BodyRoom, Shared};
use crate::auth::Presented;
use crate::fault::Fault;
use crate::local;
use crate::origin;
use crate::service::Service;

/// Bodies above this are hashed where that holds up no connection.
const HASHED_ASIDE: usize = 256 << 10;

/// The id of a request: in its answer's headers, in error bodies and in the log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub String);

/// Who sent a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub IpAddr);

/// Answers a request, by way of its handler if it is admitted.
pub(crate) async fn admit(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let service = Service::of(request.uri().path());
    let id = RequestId(uuid::Uuid::new_v4().hyphenated().to_string().to_uppercase());
    let operation = request.extensions().get::<MatchedPath>().cloned();
    let operation = operation.as_ref().map_or("none", MatchedPath::as_str);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);

    let busy =
        app.metrics.in_flight.inc() >= i64::try_from(app.config.requests).unwrap_or(i64::MAX);
    let counted = InFlight(&app);
    let mut asker = None;
    let answered = if busy {
        Err(Fault::busy(service))
    } else {
        answer(&app, request, &id, service, next, &mut asker).await
    };
    drop(counted);

    let mut response = match answered {
        Ok(mut response) => match response.extensions_mut().remove::<Fault>() {
            Some(fault) => told(fault, service, &id),
            None if is_extraction_failure(&response) => told(unreadable(&response), service, &id),
            None => response,
        },
        Err(fault) => told(fault, service, &id),
    };
    name(&mut response, service, &id);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    app.metrics.answered(service, operation, status, took);
    tracing::info!(
        request_id = %id.0,
        service = service.name(),
        %method,
        path,
        status,
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        peer = peer.map(tracing::field::display),
        asker = asker.as_deref(),
        "request"
    );
    response
}

/// Whether the router could not take a request apart, which it says in plain text.
fn is_extraction_failure(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    response.status().is_client_error()
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn unreadable(response: &Response) -> Fault {
    let message = "the path cannot be read: its percent escapes must be of UTF-8 text";
    Fault::new(response.status(), "InvalidParameter", message)
}

/// Counts down when it is dropped: also where the client goes away before its answer.
struct InFlight<'a>(&'a App);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
    }
}

fn told(fault: Fault, service: Service, id: &RequestId) -> Response {
    tracing::debug!(request_id = %id.0, code = fault.code(), message = fault.message(), "refused");
    fault.into_body(service, &id.0)
}

/// Puts the id where each service's clients look for it.
fn name(response: &mut Response, service: Service, id: &RequestId) {
    // A UUID is a header value.
    let Ok(value) = HeaderValue::from_str(&id.0) else { return };
    let headers = response.headers_mut();
    match service {
        Service::Pai => headers.insert("x-acs-request-id", value.clone()),
        Service::Pds => headers.insert("x-ca-request-id", value.clone()),
        Service::Nebius | Service::Own => None,
    };
    headers.insert("x-request-id", value);
}

async fn answer(
    app: &Shared,
    request: Request,
    id: &RequestId,
    service: Service,
    next: Next,
    asker: &mut Option<String>,
) -> Result<Response, Fault> {
    let (mut parts, body) = request.into_parts();
    origin::check(&app.config, &parts.headers, service)?;
    let (body, _room) = read(app, &parts, body, service).await?;
    if parts.uri.path() == local::PATH {
        let Some(local) = &app.local else { return Err(crate::router::nowhere()) };
        local.verify(&parts.headers)?;
    } else if let Some(page) = &app.browse {
        if parts.uri.path() != "/" {
            page.access.verify(&parts.method, &parts.headers)?;
        }
    } else if let Some(verifier) = app.verifier.as_ref().filter(|_| !is_open(parts.uri.path())) {
        let presented = Presented {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            body: &body,
        };
        // Hashing a large body takes a while.
        let verified = if body.len() > HASHED_ASIDE {
            tokio::task::block_in_place(|| verifier.verify(&presented, app.clock.now()))
        } else {
            verifier.verify(&presented, app.clock.now())
        };
        match verified {
            Ok(principal) => *asker = Some(principal.name),
            Err(denied) => return Err(Fault::denied(&denied, service)),
        }
    }
    parts.extensions.insert(id.clone());
    let answer = next.run(Request::from_parts(parts, Body::from(body)));
    match tokio::time::timeout(app.config.timeout, answer).await {
        Ok(response) => Ok(response),
        Err(_) => Err(Fault::timed_out("the work; a write may still be done, but the answer")),
    }
}

/// Whether a path needs no keys: it tells nothing, or is signed by itself.
fn is_open(path: &str) -> bool {
    path == "/healthz" || path.starts_with("/files/")
}

/// The whole body, within its limits, and its room in memory.
async fn read(
    app: &Shared,
    parts: &http::request::Parts,
    body: Body,
    service: Service,
) -> Result<(Bytes, BodyRoom), Fault> {
    let limit = app.config.body_limit;
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Fault::body_too_large(limit));
    }
    // One that does not say its length can be as long as any.
    let chunked = parts.headers.contains_key(header::TRANSFER_ENCODING);
    let length = announced.unwrap_or(if chunked { limit } else { 0 });
    let room = app.room_for_body(length).ok_or_else(|| Fault::busy(service))?;
    let whole = Limited::new(body, limit).collect();
    match tokio::time::timeout(app.config.timeout, whole).await {
        Ok(Ok(body)) => Ok((body.to_bytes(), room)),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::body_too_large(limit)),
        Ok(Err(error)) => {
            let message = format!("the body ended too soon: {error}");
            Err(Fault::new(http::StatusCode::BAD_REQUEST, "MalformedBody", message))
        }
        Err(_) => Err(Fault::timed_out("the body")),
    }
}
