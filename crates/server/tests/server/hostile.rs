//! Clients that are slow, gone, too many, too large or mad.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use filedex::{NewDataset, VersionRef};
use filedex_server::Config;
use filedex_testkit::Seed;
use serde_json::{Value, json};

use crate::fuzzed::{self, Fuzzed, ROUTES};
use crate::running::{Running, answer, request};

/// What a slow client is given here.
const TIMEOUT: Duration = Duration::from_millis(400);
/// Nothing here takes so long unless it hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
const METAS: &str = "POST /api/v1/datasets/d-1/datasetfilemetas";

fn served(config: Config) -> (Running, VersionRef) {
    let server = Running::with(|_| config);
    let dataset = NewDataset { id: Some("d-1".to_owned()), ..NewDataset::named("photos") };
    server.database.create_dataset(dataset).unwrap();
    let version = server.database.create_version("d-1", "v1").unwrap();
    (server, version)
}

/// A body that creates files with these numbers.
fn creation(numbers: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let metas: Vec<Value> = numbers
        .into_iter()
        .map(|n| {
            json!({
                "Uri": format!("oss://b/{n}.png"), "FileType": "image", "ContentType": "image/png",
                "FileFingerPrint": "E", "FileUpdateTime": "2025-01-12T14:36:01Z",
            })
        })
        .collect();
    let body = json!({ "WorkspaceId": "w", "DatasetVersion": "v1", "DatasetFileMetas": metas });
    body.to_string().into_bytes()
}

/// Waits until something is so.
#[track_caller]
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LONGEST_WAIT, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What comes until the connection ends.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

#[test]
fn slow_clients_hold_up_nobody_else() {
    let (server, version) = served(Config { timeout: TIMEOUT, ..Config::default() });
    let whole = request(METAS, &[], &creation(0..3));
    let body_at = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let cut = |at: usize| {
        let mut stream = server.connect();
        stream.write_all(&whole[..at]).unwrap();
        stream
    };
    let started = Instant::now();
    let mut half_heads: Vec<TcpStream> = (0..20).map(|at| cut(at * 3 + 1)).collect();
    let mut half_bodies: Vec<TcpStream> = (0..20).map(|at| cut(body_at + at)).collect();
    // A byte at a time makes no difference: what counts is how long all of it takes.
    let trickle = std::thread::spawn({
        let (mut stream, whole) = (cut(body_at), whole.clone());
        move || {
            for byte in &whole[body_at..] {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            answer(&mut stream)
        }
    });
    for _ in 0..20 {
        assert_eq!(server.send("GET /v1/datasets", "").status, 200);
    }
    assert!(started.elapsed() < TIMEOUT * 5, "others waited {:?}", started.elapsed());
    for stream in &mut half_bodies {
        let told = answer(stream).unwrap();
        assert_eq!((told.status, &told.json()["Code"]), (408, &"RequestTimeout".into()));
        told.check_shape("/api/v1/datasets/d-1/datasetfilemetas");
    }
    for stream in &mut half_heads {
        let text = String::from_utf8(rest(stream)).unwrap();
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    }
    assert!(started.elapsed() < LONGEST_WAIT);
    if let Some(told) = trickle.join().unwrap() {
        assert_eq!(told.status, 408);
    }
    assert_eq!(server.files(&version), 0);
}

#[test]
fn those_who_take_all_places_lose_them() {
    let (server, _) = served(Config { timeout: TIMEOUT, connections: 4, ..Config::default() });
    let started = Instant::now();
    let held: Vec<TcpStream> = (0..4).map(|_| server.connect()).collect();
    for stream in &held {
        (&*stream).write_all(b"GET / HTTP/1.1\r\n").unwrap();
    }
    assert_eq!(server.send("GET /healthz", "").status, 200);
    assert!(started.elapsed() < TIMEOUT * 10, "{:?}", started.elapsed());
}

/// A stop is heard while every place is taken.
#[test]
fn a_stop_while_all_places_are_taken() {
    let (server, _) =
        served(Config { connections: 1, timeout: Duration::from_secs(600), ..Config::default() });
    let mut held = server.connect();
    held.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut some = [0; 64];
    assert!(held.read(&mut some).unwrap() > 0);
    let started = Instant::now();
    drop(server.stopped());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    drop(held);
}

#[test]
fn more_requests_than_are_served_at_once() {
    let (server, _) = served(Config { requests: 2, ..Config::default() });
    let head = "POST /v2/file/get HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n";
    let mut held: Vec<TcpStream> = Vec::new();
    // The question whether anybody is refused may take a place from one that is to be held, which is
    // then refused itself: so there is one more each time.
    wait_for("nobody is refused", || {
        let mut stream = server.connect();
        stream.write_all(head.as_bytes()).unwrap();
        held.push(stream);
        server.send("GET /healthz", "").status == 429
    });
    for (path, code) in [
        ("GET /api/v1/datasets", json!({ "Code": "Throttling" })),
        ("POST /v2/file/get", json!({ "code": "TooManyRequests" })),
        ("GET /v1/datasets", json!({})),
    ] {
        let refused = server.send(path, "");
        assert_eq!(refused.status, 429);
        refused.check_shape(path.split(' ').nth(1).unwrap());
        for (key, value) in code.as_object().unwrap() {
            assert_eq!(&refused.json()[key], value);
        }
    }
    drop(held);
    wait_for("places are not given back", || server.send("GET /healthz", "").status == 200);
}

#[test]
fn bodies_over_the_limit() {
    let limit = 10_000;
    let (server, _) = served(Config { body_limit: limit, ..Config::default() });
    let spaces = |count: usize| vec![b' '; count];
    for (path, code) in [
        ("/api/v1/datasets", json!("MalformedBody")),
        ("/v2/file/get", json!("InvalidParameter")),
        ("/v1/datasets", Value::Null),
    ] {
        let line = format!("POST {path}");
        let at_edge = server.send_with(&line, &[], &spaces(limit));
        let told = at_edge.json();
        assert_ne!(at_edge.status, 413);
        assert_eq!(*told.get("Code").or(told.get("code")).unwrap_or(&Value::Null), code);
        let over = server.send_with(&line, &[], &spaces(limit + 1));
        assert_eq!(over.status, 413, "{path}");
        over.check_shape(path);

        // Announced only: the answer does not wait for it.
        let mut stream = server.connect();
        let head = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 99999999999\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let told = answer(&mut stream).unwrap();
        assert_eq!(told.status, 413);
        told.check_shape(path);

        // Not announced at all.
        let chunk = format!("3e8\r\n{}\r\n", " ".repeat(1_000));
        for (chunks, over) in [(10, false), (11, true), (500, true)] {
            let mut stream = server.connect();
            let head = format!(
                "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            );
            let whole = head + &chunk.repeat(chunks) + "0\r\n\r\n";
            // The rest is not read once it is too much.
            let _ = stream.write_all(whole.as_bytes());
            let told = answer(&mut stream);
            // The answer can be lost with the connection whose bytes nobody reads, never another come.
            assert!(told.is_some() || chunks == 500, "{path} {chunks}");
            if let Some(told) = told {
                assert_eq!(told.status == 413, over, "{path} {chunks}");
                told.check_shape(path);
            }
        }
    }
    assert_eq!(server.send("GET /healthz", "").status, 200);
}

#[test]
fn heads_that_are_no_requests() {
    let (server, _) = served(Config::default());
    let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(70_000));
    let wide = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: 1\r\n".repeat(200));
    for head in [
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n",
        "GET /a b HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "POST /v1/datasets HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        &long,
        &wide,
        &many,
    ] {
        let mut stream = server.connect();
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let told = String::from_utf8_lossy(&rest(&mut stream)).into_owned();
        let shown: String = head.chars().take(60).collect();
        let status: Option<u16> = told.split(' ').nth(1).and_then(|status| status.parse().ok());
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{shown:?}: {told}");
    }
    assert_eq!(server.send("GET /healthz", "").status, 200);
}

/// Half a batch is no batch.
#[test]
fn clients_that_go_in_the_middle_of_a_batch() {
    let (server, version) = served(Config::default());
    let whole = request(METAS, &[], &creation(0..200));
    let body_at = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut seed = Seed::of_run(41);
    for _ in 0..30 {
        let at = body_at + seed.below(whole.len() - body_at - 1);
        let mut stream = server.connect();
        stream.write_all(&whole[..at]).unwrap();
        if seed.chance(50) {
            stream.shutdown(Shutdown::Write).unwrap();
            let told = answer(&mut stream);
            assert!(told.is_none_or(|told| told.status == 400));
        }
    }
    // By a stop all that was begun is ended.
    assert_eq!(server.files(&version), 0);
    let folder = server.stopped();
    let database = filedex::Database::open(folder.path().join("served.filedex")).unwrap();
    let all = filedex::Query::parse("").unwrap();
    assert_eq!(database.reader().unwrap().count(&version, &all).unwrap(), 0);
    assert!(database.check(|_, _| {}).unwrap().is_sound());
}

/// Who sent all and does not stay for the answer has sent all.
#[test]
fn clients_that_go_after_a_batch() {
    let (server, version) = served(Config::default());
    for round in 0..40 {
        let whole = request(METAS, &[], &creation(round * 10..round * 10 + 10));
        let mut stream = server.connect();
        stream.write_all(&whole).unwrap();
        if round % 2 == 0 {
            stream.shutdown(Shutdown::Write).unwrap();
        }
    }
    wait_for("what was sent whole is not stored", || server.files(&version) == 400);
}

#[test]
fn many_creates_at_once() {
    let (server, version) = served(Config::default());
    let begin = Barrier::new(64);
    std::thread::scope(|scope| {
        for n in 0..64 {
            let (server, begin) = (&server, &begin);
            scope.spawn(move || {
                let body = creation([n]);
                begin.wait();
                let told = server.send_with(METAS, &[], &body);
                assert_eq!((told.status, &told.json()["Status"]), (200, &true.into()), "{told:?}");
            });
        }
    });
    assert_eq!(server.files(&version), 64);
    let folder = server.stopped();
    let database = filedex::Database::open(folder.path().join("served.filedex")).unwrap();
    let reader = database.reader().unwrap();
    for n in 0..64 {
        reader.get(&version, &version.file_id(&format!("oss://b/{n}.png"))).unwrap();
    }
    assert!(database.check(|_, _| {}).unwrap().is_sound());
}

/// Of creates of one file at once, one makes it.
#[test]
fn one_name_at_once() {
    let (server, version) = served(Config::default());
    let begin = Barrier::new(16);
    let (mut made, mut existing) = (0, 0);
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..16)
            .map(|n| {
                let (server, begin) = (&server, &begin);
                scope.spawn(move || {
                    begin.wait();
                    if n % 2 == 0 {
                        let told = server.send_with(METAS, &[], &creation([0])).json();
                        told["Status"] == true
                    } else {
                        let body = json!({
                            "drive_id": "d-1", "parent_file_id": "root", "name": "0.png", "type": "file", "check_name_mode": "refuse",
                        });
                        server.ok("POST /v2/file/create", &body)["exist"] == false
                    }
                })
            })
            .collect();
        for asked in asked {
            let new = asked.join().unwrap();
            made += usize::from(new);
            existing += usize::from(!new);
        }
    });
    // PAI goes by the URI and PDS by the name, so there can be one of each.
    assert!((1..=2).contains(&made) && existing == 16 - made, "{made} were made");
    assert_eq!(server.files(&version), made as u64);
}

/// Pieces that mean something to one of the parsers.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "18446744073709551616",
    "9223372036854775807",
    "0.1",
    "%00",
    "%FF",
    "%",
    "%E4%B8%AD",
    "+",
    "&",
    "=",
    "?",
    "#",
    "/",
    "//",
    "..",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "中文",
    "é",
    " and ",
    " or ",
    "not ",
    "(",
    ")",
    "match ",
    "prefix ",
    "in ",
    " IN ",
    "HAS ",
    "~2",
    "*",
    "FileName",
    "Tags.all",
    "Attributes.a.b",
    "Content:",
    "SimilarTo = ",
    "MaxResults = ",
    "now-7d",
    "size >= ",
    "created_at < ",
    "\"2006-01-02T00:00:00\"",
    "9999-12-31T23:59:59.999Z",
    "-9999-01-01",
    "d-1",
    "drive",
    "v1",
    "root",
    "DatasetVersion",
    "WorkspaceId",
    "DatasetFileMetas",
    "\"drive_id\":\"d-1\"",
    "\"marker\":",
    "oss://b/dir0/file0.png",
];

/// What clients send, for each route: what is put behind its path, and the body.
const VALID: [(u8, &str); 24] = [
    (0, "/healthz"),
    (0, "/metrics"),
    (2, "?PageSize=2&Order=ASC&SortBy=Name"),
    (3, "\n{\"Name\":\"n\",\"Labels\":[{\"Key\":\"k\",\"Value\":\"v\"}],\"DryRun\":true}"),
    (4, ""),
    (5, "\n{\"Description\":\"d\",\"Options\":\"{}\"}"),
    (6, "\n{\"Description\":\"d\",\"DryRun\":true}"),
    (7, "\n{\"DataSize\":1}"),
    (
        8,
        "MaxResults=3&SortBy=FileUpdateTime&Order=ASC&QueryTagsIncludeAll=t1,t2&QueryFileName=file&TopK=5",
    ),
    (
        8,
        "QueryType=TAG&QueryText=t1&StartFileUpdateTime=2025-01-12T14:36:01.000Z&Status=ALL&ThumbnailMode=w_100",
    ),
    (9, "FileName:'file1'%20AND%20(Tags.user='t1'%20OR%20NOT%20DataSize%3E=3)&MaxResults=2"),
    (10, "AAECAwQFBgcICQ"),
    (
        11,
        "\n{\"WorkspaceId\":\"w\",\"DatasetVersion\":\"v1\",\"DatasetFileMetas\":[{\"Uri\":\"oss://b/n.png\",\"FileType\":\"image\",\"ContentType\":\"image/png\",\"FileFingerPrint\":\"E\",\"FileUpdateTime\":\"2025-01-12T14:36Z\",\"Tags\":\"{\\\"user\\\":{\\\"add\\\":[\\\"t\\\"]}}\",\"MetaAttributes\":\"{\\\"w\\\":1}\"}]}",
    ),
    (
        12,
        "\n{\"DatasetFileMetas\":[{\"DatasetFileMetaId\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"FileName\":\"n\"}]}",
    ),
    (13, "0000000000000000000000000000000000000000000000000000000000000000,x&DatasetVersion=v1"),
    (14, "tags.user&MaxResults=3"),
    (
        16,
        "\n{\"drive_id\":\"d-1\",\"parent_file_id\":\"root\",\"name\":\"n.png\",\"type\":\"file\",\"size\":1,\"check_name_mode\":\"auto_rename\",\"user_tags\":[{\"key\":\"k\",\"value\":\"v\"}]}",
    ),
    (17, "\n{\"drive_id\":\"d-1\",\"file_id\":\"root\",\"url_expire_sec\":10}"),
    (
        18,
        "\n{\"drive_id\":\"d-1\",\"file_id\":\"root\",\"name\":\"n\",\"labels\":[\"a\"],\"starred\":true}",
    ),
    (
        19,
        "\n{\"drive_id\":\"d-1\",\"parent_file_id\":\"root\",\"limit\":1,\"order_by\":\"name\",\"marker\":\"\"}",
    ),
    (
        20,
        "\n{\"drive_id\":\"d-1\",\"query\":\"name match \\\"file\\\" and size >= 3\",\"order_by\":\"size DESC,name\",\"limit\":2}",
    ),
    (21, "\n{\"drive_id\":\"d-1\",\"file_id\":\"root\"}"),
    (23, "\n{\"name\":\"drive\",\"folder\":null}"),
    (24, "limit=2&after=d-1"),
];
const QUERIES: [&str; 6] = [
    "FileName:'lane line' AND (Tags.all = 'car' OR NOT HAS Comment) AND DataSize > 1000",
    "FileUpdateTime >= '2025-01-12T14:36:01.000Z' AND ContentType IN ('image/png', 'image/jpeg')",
    "Attributes.exif.iso > 100 AND FileName GLOB '*.png' AND MaxResults = 3",
    "name match \"file\" and not (size < 3 or type = \"folder\") and labels in [\"a\", 'b']",
    "created_at < \"2030-01-02T00:00:00\" and parent_file_id = \"root\" or hidden = true",
    "file_extension = \"png\" and category = \"image\" and description prefix \"a\"",
];

/// Spoils bytes a little, or a lot.
fn spoilt(seed: &mut Seed, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..seed.below(5) {
        let at = seed.below(bytes.len() + 1);
        let to = at + seed.below((bytes.len() - at).min(12) + 1);
        let piece = match seed.below(6) {
            0 => Vec::new(),
            1 => vec![seed.bits() as u8],
            2 => bytes[at..to].repeat(2),
            3 => bytes[at..to].repeat(300),
            _ => seed.pick(PIECES).as_bytes().to_vec(),
        };
        bytes.splice(at..to, piece);
    }
    bytes
}

/// Generated and spoilt requests, until the time is up: nothing is the server's fault, ever.
#[test]
fn mad_requests() {
    let fuzzed = Fuzzed::new();
    let mut seed = Seed::of_run(42);
    let (started, mut answered) = (Instant::now(), [0; 600]);
    while started.elapsed() < Duration::from_secs(2) {
        let (route, rest) = *seed.pick(&VALID);
        let route = if seed.chance(5) { seed.below(ROUTES.len()) as u8 } else { route };
        let bytes = [&[route], spoilt(&mut seed, rest.as_bytes()).as_slice()].concat();
        answered[usize::from(fuzzed.request(&bytes))] += 1;
    }
    // Spoilt only a little, or they would all end at the first parser.
    assert!(
        answered[200] > 20 && answered[400] > 20,
        "200: {}, 400: {}",
        answered[200],
        answered[400]
    );
}

#[test]
fn mad_queries() {
    let fuzzed = Fuzzed::new();
    let mut seed = Seed::of_run(43);
    let (started, mut read) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(1) {
        let text = *seed.pick(&QUERIES);
        let bytes = spoilt(&mut seed, text.as_bytes());
        fuzzed::query(&bytes);
        read += u32::from(fuzzed.pds_query(&bytes) == 200);
    }
    assert!(read > 5, "{read} were read");
}

/// The same over the wire: bytes that are hardly HTTP any more.
#[test]
fn mad_connections() {
    let (server, _) = served(Config { timeout: TIMEOUT, ..Config::default() });
    let mut seed = Seed::of_run(44);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(1) {
        let (route, sent) = *seed.pick(&VALID);
        let (method, path) = ROUTES[usize::from(route)];
        let (behind, body) = sent.split_once('\n').unwrap_or((sent, ""));
        let mut whole = request(&format!("{method} {path}{behind}"), &[], body.as_bytes());
        whole = spoilt(&mut seed, &whole);
        let mut stream = server.connect();
        let _ = stream.write_all(&whole);
        let _ = stream.shutdown(Shutdown::Write);
        let told = String::from_utf8_lossy(&rest(&mut stream)).into_owned();
        let status: u16 =
            told.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        // 505 is what the HTTP library says to versions that there are none of.
        assert!(status < 500 || status == 505, "{whole:?}\n{told}");
    }
    assert_eq!(server.send("GET /healthz", "").status, 200);
}
