//! Files as HTTP answers.

use std::io::SeekFrom;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use headers::{
    ETag, HeaderMapExt, IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince,
    LastModified,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_range_header::{
    EndPosition, RangeUnsatisfiableError, StartPosition, SyntacticallyCorrectRange,
    parse_range_header,
};
use mime_guess::Mime;
use percent_encoding::utf8_percent_encode;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::Opened;
use crate::escape::ESCAPED;

/// How much of a file is in memory at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// The first second of the year 10000, which HTTP has no date for.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_800);

/// Answers a GET or HEAD of a file, with the conditions and the range that the request's headers ask
/// for. The file is read while it is sent, 64 KiB at a time.
///
/// Status: 200, 206 for one range, 304 and 412 by the conditions, 416 for a range beyond the end, 500
/// where the file cannot be read. Several ranges, and headers that do not parse, are ignored as RFC
/// 9110 allows; so is any range of an empty file and of a HEAD.
///
/// The type goes by the name. Browsers are told not to guess another and to run nothing that a page or
/// a drawing brings along, for the file was written by others.
pub async fn respond(opened: Opened, method: &Method, request: &HeaderMap) -> Response {
    let validators = Validators::of(&opened);
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(header::CACHE_CONTROL, fixed("private, no-cache"));
    validators.tell(response.headers_mut());
    if let Some(status) = validators.judge(request) {
        *response.status_mut() = status;
        return response;
    }
    let length = opened.length;
    let (status, range) = match asked(method, request, &validators, length) {
        Asked::All => (StatusCode::OK, 0..length),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Beyond => {
            put(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{length}"));
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            return response;
        }
    };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(headers, &opened.name);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        put(headers, header::CONTENT_RANGE, &text);
    }
    if method == Method::HEAD {
        return response;
    }
    match body(opened, range).await {
        Ok(body) => *response.body_mut() = body,
        Err(_) => {
            response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
    }
    response
}

async fn body(opened: Opened, range: Range<u64>) -> std::io::Result<Body> {
    let mut file = tokio::fs::File::from_std(opened.file);
    file.seek(SeekFrom::Start(range.start)).await?;
    let part = file.take(range.end - range.start);
    Ok(Body::from_stream(ReaderStream::with_capacity(part, CHUNK)))
}

/// What tells one state of a file from another.
struct Validators {
    /// By length and time to the nanosecond, so it is a strong one.
    etag: Option<ETag>,
    /// None for a time that HTTP cannot say or that is yet to come.
    modified: Option<SystemTime>,
}

impl Validators {
    fn of(opened: &Opened) -> Self {
        // Any time has an age before or after 1970; the sign keeps the two apart.
        let age = opened.modified.map(|time| match time.duration_since(UNIX_EPOCH) {
            Ok(after) => format!("{:x}", after.as_nanos()),
            Err(before) => format!("-{:x}", before.duration().as_nanos()),
        });
        let etag = age.and_then(|age| format!("\"{:x}-{age}\"", opened.length).parse().ok());
        let modified = opened.modified.filter(|&time| {
            let sayable = time.duration_since(UNIX_EPOCH).is_ok_and(|after| after < LAST_DATE);
            sayable && time <= SystemTime::now()
        });
        Self { etag, modified }
    }

    fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(header::ACCEPT_RANGES, fixed("bytes"));
        if let Some(etag) = &self.etag {
            headers.typed_insert(etag.clone());
        }
        if let Some(modified) = self.modified {
            headers.typed_insert(LastModified::from(modified));
        }
    }

    /// The status where a condition of the request is not met, in the order of RFC 9110, 13.2.2.
    fn judge(&self, request: &HeaderMap) -> Option<StatusCode> {
        let holds = match (request.typed_get::<IfMatch>(), &self.etag) {
            (Some(wanted), Some(etag)) => wanted.precondition_passes(etag),
            _ => match (request.typed_get::<IfUnmodifiedSince>(), self.modified) {
                (Some(since), Some(modified)) => since.precondition_passes(modified),
                _ => true,
            },
        };
        if !holds {
            return Some(StatusCode::PRECONDITION_FAILED);
        }
        let news = match (request.typed_get::<IfNoneMatch>(), &self.etag) {
            (Some(known), Some(etag)) => known.precondition_passes(etag),
            _ => match (request.typed_get::<IfModifiedSince>(), self.modified) {
                (Some(since), Some(modified)) => since.is_modified(modified),
                _ => true,
            },
        };
        (!news).then_some(StatusCode::NOT_MODIFIED)
    }

    /// Whether `If-Range` lets the range stand.
    fn keeps_range(&self, request: &HeaderMap) -> bool {
        if !request.contains_key(header::IF_RANGE) {
            return true;
        }
        let modified = self.modified.map(LastModified::from);
        let known = request.typed_get::<IfRange>();
        known.is_some_and(|known| !known.is_modified(self.etag.as_ref(), modified.as_ref()))
    }
}

/// What part of the file is asked for.
enum Asked {
    All,
    Part(Range<u64>),
    Beyond,
}

fn asked(method: &Method, request: &HeaderMap, validators: &Validators, length: u64) -> Asked {
    // Some clients ask every file for its first bytes; an empty one is better given than refused.
    if method != Method::GET || length == 0 || !validators.keeps_range(request) {
        return Asked::All;
    }
    let Some(text) = request.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Asked::All;
    };
    let (start, end) = match parse_range_header(text) {
        Ok(parsed) => match parsed.ranges[..] {
            [SyntacticallyCorrectRange { start, end }] => (start, end),
            _ => return Asked::All,
        },
        Err(RangeUnsatisfiableError::ZeroSuffix) => return Asked::Beyond,
        Err(_) => return Asked::All,
    };
    let start = match start {
        StartPosition::Index(start) => start,
        StartPosition::FromLast(count) => length.saturating_sub(count),
    };
    let end = match end {
        EndPosition::Index(last) if last < start => return Asked::All,
        EndPosition::Index(last) => last.saturating_add(1).min(length),
        EndPosition::LastByte => length,
    };
    if start < length { Asked::Part(start..end) } else { Asked::Beyond }
}

/// The headers that say what the file is.
fn describe(headers: &mut HeaderMap, name: &str) {
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    put(headers, header::CONTENT_TYPE, mime.as_ref());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    if brings_scripts(&mime) {
        headers.insert(header::CONTENT_SECURITY_POLICY, fixed("sandbox"));
    }
    let plain: String = name
        .chars()
        .map(|c| if c == ' ' || (c.is_ascii_graphic() && !"\"\\%".contains(c)) { c } else { '_' })
        .collect();
    let full = utf8_percent_encode(name, ESCAPED);
    let text = format!("inline; filename=\"{plain}\"; filename*=UTF-8''{full}");
    put(headers, header::CONTENT_DISPOSITION, &text);
}

/// Web pages, drawings, and XML, which can hold either.
fn brings_scripts(mime: &Mime) -> bool {
    let kind = mime.essence_str();
    kind.ends_with("html") || kind.ends_with("xml")
}

fn fixed(text: &'static str) -> HeaderValue {
    HeaderValue::from_static(text)
}

/// Leaves the header out where the text cannot stand in one, which no text of this file is.
fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
