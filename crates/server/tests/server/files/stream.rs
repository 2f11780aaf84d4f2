use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::response::Response;
use filedex_server::files::{Opened, Roots, respond};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;

/// 2024-12-03 03:44:20 UTC and half a second.
const CHANGED: Duration = Duration::from_millis(1_733_197_460_500);

const LAST_MODIFIED: &str = "Tue, 03 Dec 2024 03:44:20 GMT";

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// A file in a root of its own.
struct Served {
    _temp: tempfile::TempDir,
    roots: Roots,
    uri: String,
}

impl Served {
    fn new(name: &str, content: &[u8], changed: SystemTime) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(name);
        std::fs::write(&path, content).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
        let roots = Roots::open(&[temp.path().to_path_buf()]).unwrap();
        Self { _temp: temp, roots, uri: path.to_str().unwrap().to_owned() }
    }

    fn open(&self) -> Opened {
        self.roots.open_file(&self.uri).unwrap()
    }

    fn ask(&self, method: &Method, headers: &[(&str, &str)]) -> (Response<()>, Vec<u8>) {
        ask(self.open(), method, headers)
    }
}

fn ask(opened: Opened, method: &Method, headers: &[(&str, &str)]) -> (Response<()>, Vec<u8>) {
    let mut request = HeaderMap::new();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (parts, body) = respond(opened, method, &request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (Response::from_parts(parts, ()), body)
    })
}

fn header<'a>(response: &'a Response<()>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn ranges() {
    let bytes = content(200_000);
    let served = Served::new("a.bin", &bytes, UNIX_EPOCH + CHANGED);
    let all = Some(0..bytes.len());
    // The header, and what of the file is sent; nothing for 416.
    let table = [
        ("", all.clone()),
        ("bytes=0-0", Some(0..1)),
        ("bytes=0-199999", all.clone()),
        ("bytes=0-", all.clone()),
        ("bytes=5-9", Some(5..10)),
        ("bytes=65535-65536", Some(65_535..65_537)),
        ("bytes=60000-140000", Some(60_000..140_001)),
        ("bytes=199999-", Some(199_999..200_000)),
        ("bytes=199999-999999", Some(199_999..200_000)),
        ("bytes=5-18446744073709551615", Some(5..200_000)),
        ("bytes=-1", Some(199_999..200_000)),
        ("bytes=-200000", all.clone()),
        ("bytes=-999999", all.clone()),
        ("bytes=-0", None),
        ("bytes=200000-", None),
        ("bytes=200000-200001", None),
        ("bytes=18446744073709551615-", None),
        // Several, and what is no range, are as if not there.
        ("bytes=0-1,5-6", all.clone()),
        ("bytes=9-5", all.clone()),
        ("bytes=a-b", all.clone()),
        ("bytes=", all.clone()),
        ("bytes=-", all.clone()),
        ("bytes=99999999999999999999-", all.clone()),
        ("lines=0-5", all.clone()),
        ("é", all.clone()),
    ];
    for (range, expected) in table {
        let headers = if range.is_empty() { vec![] } else { vec![("range", range)] };
        let (response, body) = served.ask(&Method::GET, &headers);
        let total = bytes.len();
        let Some(expected) = expected else {
            assert_eq!(response.status(), 416, "{range}");
            assert_eq!(header(&response, "content-range"), format!("bytes */{total}"), "{range}");
            assert!(body.is_empty(), "{range}");
            continue;
        };
        assert!(body == bytes[expected.clone()], "{range}: {} bytes", body.len());
        assert_eq!(header(&response, "content-length"), expected.len().to_string(), "{range}");
        let span = format!("bytes {}-{}/{total}", expected.start, expected.end - 1);
        let (status, shown) = match header(&response, "content-range") {
            "" => (200, expected == (0..total)),
            shown => (206, shown == span),
        };
        assert!(response.status() == status && shown, "{range}: {response:?}");

        let (response, body) = served.ask(&Method::HEAD, &headers);
        assert_eq!(response.status(), 200, "{range}");
        assert_eq!(header(&response, "content-length"), total.to_string(), "{range}");
        assert!(body.is_empty(), "{range}");
    }
}

#[test]
fn empty_file() {
    let served = Served::new("a.txt", b"", UNIX_EPOCH + CHANGED);
    for range in ["bytes=0-", "bytes=0-5", "bytes=-5", "bytes=-0", "bytes=9-"] {
        let (response, body) = served.ask(&Method::GET, &[("range", range)]);
        assert_eq!((response.status().as_u16(), body.len()), (200, 0), "{range}");
        assert_eq!(header(&response, "content-length"), "0");
    }
}

#[test]
fn conditions() {
    let served = Served::new("a.bin", &content(100), UNIX_EPOCH + CHANGED);
    let (response, _) = served.ask(&Method::GET, &[]);
    let etag = header(&response, "etag").to_owned();
    assert_eq!(header(&response, "last-modified"), LAST_MODIFIED);
    assert!(etag.starts_with("\"64-"), "{etag}");
    let (weak, list) = (format!("W/{etag}"), format!("\"x\", {etag}"));
    let (before, after) = ("Tue, 03 Dec 2024 03:44:19 GMT", "Tue, 03 Dec 2024 03:44:21 GMT");
    let part = ("range", "bytes=0-9");
    let table: Vec<(u16, Vec<(&str, &str)>)> = vec![
        (304, vec![("if-none-match", &etag)]),
        (304, vec![("if-none-match", &weak)]),
        (304, vec![("if-none-match", &list)]),
        (304, vec![("if-none-match", "\"x\""), ("if-none-match", &etag)]),
        (304, vec![("if-none-match", "*")]),
        (200, vec![("if-none-match", "\"x\"")]),
        (200, vec![("if-none-match", "\"x\""), ("if-modified-since", after)]),
        (304, vec![("if-none-match", &etag), ("if-modified-since", before)]),
        (304, vec![("if-modified-since", LAST_MODIFIED)]),
        (304, vec![("if-modified-since", after)]),
        (200, vec![("if-modified-since", before)]),
        (200, vec![("if-modified-since", "yesterday")]),
        (304, vec![("if-none-match", &etag), part]),
        (200, vec![("if-match", &etag)]),
        (200, vec![("if-match", "*")]),
        (412, vec![("if-match", "\"x\"")]),
        (412, vec![("if-match", &weak)]),
        (412, vec![("if-unmodified-since", before)]),
        (200, vec![("if-unmodified-since", LAST_MODIFIED)]),
        (206, vec![part, ("if-range", &etag)]),
        (206, vec![part, ("if-range", LAST_MODIFIED)]),
        (200, vec![part, ("if-range", &weak)]),
        (200, vec![part, ("if-range", "\"x\"")]),
        (200, vec![part, ("if-range", before)]),
        (200, vec![part, ("if-range", "nonsense")]),
        (200, vec![("range", "bytes=900-"), ("if-range", "\"x\"")]),
    ];
    for (status, headers) in table {
        let (response, body) = served.ask(&Method::GET, &headers);
        assert_eq!(response.status(), status, "{headers:?}");
        assert_eq!(header(&response, "etag"), etag);
        let length = [(200, 100), (206, 10)].iter().find(|known| known.0 == status);
        assert_eq!(body.len(), length.map_or(0, |known| known.1), "{headers:?}");
    }
}

#[test]
fn changes_change_the_etag() {
    let etag = |length, time| {
        let served = Served::new("a", &content(length), time);
        header(&served.ask(&Method::GET, &[]).0, "etag").to_owned()
    };
    let now = UNIX_EPOCH + CHANGED;
    assert_eq!(etag(5, now), etag(5, now));
    assert_ne!(etag(5, now), etag(6, now));
    assert_ne!(etag(5, now), etag(5, now + Duration::from_nanos(1_000)));
}

#[test]
fn times_that_http_cannot_say() {
    let served = Served::new("a.bin", &content(9), UNIX_EPOCH + CHANGED);
    let since = ("if-modified-since", "Tue, 03 Dec 2024 03:44:21 GMT");
    let times = [
        Some(UNIX_EPOCH - Duration::from_millis(1_500)),
        Some(UNIX_EPOCH + Duration::from_secs(253_402_300_800)),
        Some(UNIX_EPOCH + Duration::from_secs(1 << 40)),
        Some(SystemTime::now() + Duration::from_secs(3_600)),
        None,
    ];
    for modified in times {
        let opened = Opened { modified, ..served.open() };
        let (response, body) = ask(opened, &Method::GET, &[since]);
        assert_eq!((response.status().as_u16(), body.len()), (200, 9), "{modified:?}");
        assert_eq!(header(&response, "last-modified"), "", "{modified:?}");
        assert_eq!(header(&response, "etag").is_empty(), modified.is_none(), "{modified:?}");
    }
}

#[test]
fn descriptions() {
    // Name, type, whether it is boxed in, and its two spellings.
    let table = [
        ("a.png", "image/png", false, "a.png", "a.png"),
        ("A.JPG", "image/jpeg", false, "A.JPG", "A.JPG"),
        ("a.svg", "image/svg+xml", true, "a.svg", "a.svg"),
        ("a.html", "text/html", true, "a.html", "a.html"),
        ("a.xhtml", "application/xhtml+xml", true, "a.xhtml", "a.xhtml"),
        ("a.xml", "text/xml", true, "a.xml", "a.xml"),
        ("none", "application/octet-stream", false, "none", "none"),
        ("a b%.txt", "text/plain", false, "a b_.txt", "a%20b%25.txt"),
        ("é\"\\;.txt", "text/plain", false, "___;.txt", "%C3%A9%22%5C%3B.txt"),
        ("a\r\nX: y\u{7f}.txt", "text/plain", false, "a__X: y_.txt", "a%0D%0AX%3A%20y%7F.txt"),
    ];
    let served = Served::new("any", b"any", UNIX_EPOCH + CHANGED);
    for (name, kind, boxed, plain, full) in table {
        let opened = Opened { name: name.into(), ..served.open() };
        let (response, _) = ask(opened, &Method::GET, &[]);
        assert_eq!(header(&response, "content-type"), kind, "{name}");
        let expected = format!("inline; filename=\"{plain}\"; filename*=UTF-8''{full}");
        assert_eq!(header(&response, "content-disposition"), expected, "{name}");
        let policy = if boxed { "sandbox" } else { "" };
        assert_eq!(header(&response, "content-security-policy"), policy, "{name}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{name}");
        assert_eq!(header(&response, header::ACCEPT_RANGES.as_str()), "bytes", "{name}");
    }
}
