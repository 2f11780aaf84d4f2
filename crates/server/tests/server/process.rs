//! How a server begins and ends: with keys, with requests at work, with jobs that take long.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use filedex::{Database, Embedder, NewDataset, NewFile, TextEmbedder, Timestamp, VersionRef};
use filedex_server::auth::{AccessKey, BearerToken, Keys};
use filedex_server::{Config, ServeError, Server};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::running::{Running, answer, request};

const LONGEST_WAIT: Duration = Duration::from_secs(20);

fn dataset(database: &Database) -> VersionRef {
    let new = NewDataset { id: Some("d-1".to_owned()), ..NewDataset::named("photos") };
    database.create_dataset(new).unwrap();
    database.create_version("d-1", "v1").unwrap()
}

fn creation(n: usize) -> Value {
    json!({
        "WorkspaceId": "w", "DatasetVersion": "v1",
        "DatasetFileMetas": [{
            "Uri": format!("oss://b/{n}.png"), "FileType": "image", "ContentType": "image/png",
            "FileFingerPrint": "E", "FileUpdateTime": "2025-01-12T14:36:01Z",
        }],
    })
}

const METAS: &str = "POST /api/v1/datasets/d-1/datasetfilemetas";

#[test]
fn addresses_that_others_can_reach_need_keys() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| Database::create(folder.path().join(name)).unwrap();
    let config = Config { listen: ([0, 0, 0, 0], 0).into(), ..Config::default() };
    let refused = Server::bind(open("a.filedex"), config.clone()).unwrap_err();
    assert!(matches!(refused, ServeError::Unprotected(address) if address == config.listen));
    assert!(Server::bind(open("b.filedex"), Config { keys: Some(keys()), ..config }).is_ok());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = Config { listen: taken.local_addr().unwrap(), ..Config::default() };
    let refused = Server::bind(open("c.filedex"), config).unwrap_err();
    assert!(matches!(refused, ServeError::Listen(..)), "{refused}");
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        files_roots: vec![folder.path().join("none")],
        ..Config::default()
    };
    let refused = Server::bind(open("d.filedex"), config).unwrap_err();
    assert!(matches!(&refused, ServeError::Files(why) if why.contains("none")), "{refused}");
}

/// Requests whose bodies are under way when the server is stopped are answered, and their files are
/// there afterwards; nobody new is let in.
#[test]
fn requests_at_work_are_answered() {
    let server = Running::new();
    let version = dataset(&server.database);
    let mut held = Vec::new();
    for n in 0..10 {
        let whole = request(METAS, &[], creation(n).to_string().as_bytes());
        let mut stream = server.connect();
        stream.write_all(&whole[..whole.len() - 5]).unwrap();
        held.push((stream, whole[whole.len() - 5..].to_vec()));
    }
    // Connections on which nothing was asked, or nothing more, hold up no end.
    let mut idle = server.connect();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert!(idle.read(&mut [0; 512]).unwrap() > 0);
    let started = Instant::now();
    let at_work = || {
        let metrics = server.send("GET /metrics", "");
        let text = String::from_utf8(metrics.body).unwrap();
        let line =
            text.lines().find(|line| line.starts_with("filedex_http_requests_in_flight ")).unwrap();
        line.split(' ').nth(1).unwrap().parse::<u32>().unwrap()
    };
    // That which asks counts itself.
    while at_work() < 11 {
        assert!(started.elapsed() < LONGEST_WAIT);
    }
    server.stop_handle().stop();
    server.stop_handle().stop();
    let address = server.address;
    while std::net::TcpStream::connect(address).is_ok() {
        assert!(started.elapsed() < LONGEST_WAIT, "it still lets in");
        std::thread::sleep(Duration::from_millis(5));
    }
    for (mut stream, rest) in held {
        stream.write_all(&rest).unwrap();
        let told = answer(&mut stream).unwrap();
        assert_eq!((told.status, &told.json()["Status"]), (200, &true.into()));
    }
    let folder = server.stopped();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let database = Database::open(folder.path().join("served.filedex")).unwrap();
    let reader = database.reader().unwrap();
    for n in 0..10 {
        reader.get(&version, &version.file_id(&format!("oss://b/{n}.png"))).unwrap();
    }
    assert!(database.check(|_, _| {}).unwrap().is_sound());
}

/// A connection that has never said anything does not keep a server from its end.
#[test]
fn silent_connections_hold_up_no_end() {
    let server = Running::new();
    let silent = server.connect();
    assert_eq!(server.send("GET /healthz", "").status, 200);
    let started = Instant::now();
    drop(server.stopped());
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
    drop(silent);
}

/// Dropped without having run, a server lets go of its file.
#[test]
fn a_server_that_never_ran() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.filedex");
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    drop(Server::bind(Database::create(&path).unwrap(), config).unwrap());
    let started = Instant::now();
    // Its threads end by themselves.
    while let Err(error) = Database::open(&path) {
        assert!(started.elapsed() < LONGEST_WAIT, "{error}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A model that counts, and takes its time for each text.
fn model(calls: &Arc<AtomicU64>, pause: Duration) -> Arc<dyn Embedder> {
    let calls = Arc::clone(calls);
    Arc::new(TextEmbedder::new("lengths", 2, false, move |texts: &[&str]| {
        texts
            .iter()
            .map(|text| {
                calls.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(pause);
                Ok(vec![text.len() as f32, 1.0])
            })
            .collect()
    }))
}

fn job(server: &Running, id: &str) -> Value {
    server.ok(&format!("GET /api/v1/datasets/d-1/datasetjobs/{id}"), &Value::Null)
}

/// A job that a stop cuts short goes on when the file is served again, and loses nothing.
#[test]
fn jobs_outlive_their_server() {
    const FILES: u64 = 600;
    let calls = Arc::new(AtomicU64::new(0));
    let slow = model(&calls, Duration::from_millis(3));
    let server = Running::with(|_| Config { embedders: vec![slow], ..Config::default() });
    let version = dataset(&server.database);
    let mut batch = server.database.batch(&version);
    for n in 0..FILES {
        batch.create(NewFile {
            comment: Some("c".repeat(1 + n as usize % 7)),
            ..NewFile::at(format!("oss://b/{n}.png"))
        });
    }
    batch.create(NewFile::at("oss://b/\u{1F600}"));
    batch.commit().unwrap();
    let asked =
        json!({ "JobAction": "SemanticIndex", "JobMode": "Increment", "DatasetVersion": "v1" });
    let id = server.ok("POST /api/v1/datasets/d-1/datasetjobs", &asked)["DatasetJobId"].clone();
    let id = id.as_str().unwrap();
    let started = Instant::now();
    while calls.load(Ordering::Relaxed) == 0 {
        assert!(started.elapsed() < LONGEST_WAIT, "{}", job(&server, id));
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(job(&server, id)["Status"], "Running");
    let folder = server.stopped();
    let before = calls.load(Ordering::Relaxed);
    assert!(before < FILES, "the job ended before the stop");

    let database = Database::open(folder.path().join("served.filedex")).unwrap();
    let config = Config { embedders: vec![model(&calls, Duration::ZERO)], ..Config::default() };
    let server = Running::serve(folder, database, config);
    let ended = loop {
        let job = job(&server, id);
        if !matches!(job["Status"].as_str(), Some("Pending" | "Running")) {
            break job;
        }
        assert!(started.elapsed() < LONGEST_WAIT, "{job}");
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(ended["Status"], "Succeeded", "{ended}");
    assert!(ended["FinishTime"].is_string() && ended["FailedFileCount"] == 0, "{ended}");
    let reader = server.database.reader().unwrap();
    for n in 0..FILES {
        let file = version.file_id(&format!("oss://b/{n}.png"));
        assert!(reader.vector(&version, &file, None).unwrap().is_some(), "{n}");
        assert_eq!(reader.get(&version, &file).unwrap().semantic_index_job_id.as_deref(), Some(id));
    }
    // What was done before the stop is not done again.
    assert!(calls.load(Ordering::Relaxed) < 2 * FILES);
    assert!(server.database.check(|_, _| {}).unwrap().is_sound());
}

const SECRET: &str = "thesecret";

fn keys() -> Keys {
    Keys::new(
        vec![AccessKey::new("key", SECRET)],
        vec![BearerToken::new("someone", "a-token-of-some-length")],
    )
    .unwrap()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The headers that PAI's clients send, signed as the documentation says.
fn signed(method: &str, path: &str, secret: &str, nonce: &str) -> Vec<(String, String)> {
    let now = Timestamp::now().to_string();
    let mut headers = vec![
        ("host", "localhost".to_owned()),
        ("x-acs-action", "GetDataset".to_owned()),
        ("x-acs-content-sha256", hex(Sha256::digest(b""))),
        ("x-acs-date", format!("{}Z", &now[..19])),
        ("x-acs-signature-nonce", nonce.to_owned()),
        ("x-acs-version", "2021-02-04".to_owned()),
    ];
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let canonical = format!("{method}\n{path}\n\n{lines}\n{names}\n{}", headers[2].1);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("ACS3-HMAC-SHA256\n{}", hex(Sha256::digest(canonical))).as_bytes());
    let signature = hex(mac.finalize().into_bytes());
    let credentials =
        format!("ACS3-HMAC-SHA256 Credential=key,SignedHeaders={names},Signature={signature}");
    headers.push(("authorization", credentials));
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[test]
fn who_has_no_key_is_told_so() {
    let server = Running::with(|_| Config { keys: Some(keys()), ..Config::default() });
    dataset(&server.database);
    for line in [
        "GET /api/v1/datasets/d-1",
        "POST /api/v1/nothing",
        "POST /v2/file/get",
        "GET /v1/datasets",
        "GET /metrics",
        "GET /openapi.json",
        "GET /",
        "DELETE /healthz/",
    ] {
        let refused = server.send(line, "{}");
        assert_eq!(refused.status, 401, "{line}: {refused:?}");
        refused.check_shape(line.split(' ').nth(1).unwrap());
        let wrong =
            server.send_with(line, &[("authorization", "Bearer another-token-than-that")], b"{}");
        assert!(matches!(wrong.status, 401 | 403), "{line}: {wrong:?}");
        wrong.check_shape(line.split(' ').nth(1).unwrap());
    }
    assert_eq!(server.send("GET /healthz", "").status, 200);
    let bearer = [("authorization", "Bearer a-token-of-some-length")];
    for (line, body) in [
        ("GET /api/v1/datasets/d-1", ""),
        ("POST /v2/file/get", r#"{"drive_id":"d-1","file_id":"root"}"#),
        ("GET /v1/datasets", ""),
        ("GET /openapi.json", ""),
    ] {
        let told = server.send_with(line, &bearer, body.as_bytes());
        assert_eq!(told.status, 200, "{line}: {told:?}");
    }
    // An address that is signed needs no key, and one that is not is nobody's.
    assert_eq!(server.send("GET /files/d-1/v1/x", "").status, 403);

    let path = "/api/v1/datasets/d-1";
    let ask = |headers: &[(String, String)]| {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        server.send_with(&format!("GET {path}"), &headers, b"")
    };
    let once = signed("GET", path, SECRET, "nonce-1");
    let told = ask(&once);
    assert_eq!((told.status, &told.json()["DatasetId"]), (200, &"d-1".into()));
    for (headers, code) in [
        (once, "SignatureNonceUsed"),
        (signed("GET", path, "anothersecret", "nonce-2"), "SignatureDoesNotMatch"),
        (signed("PUT", path, SECRET, "nonce-3"), "SignatureDoesNotMatch"),
    ] {
        let refused = ask(&headers);
        assert_eq!((refused.status, &refused.json()["Code"]), (403, &code.into()));
        refused.check_shape(path);
    }
}
