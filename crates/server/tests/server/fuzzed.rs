//! What is done with the bytes that a fuzzer makes. `fuzz/` calls these too: this file is a part of
//! both, so it names nothing of either.

use filedex::{Database, NewDataset, NewFile, Query};
use filedex_server::{Config, InProcess, Server};
use http::Request;

/// Where requests go: the first byte chooses, what follows up to a line's end is put behind the path.
pub const ROUTES: [(&str, &str); 26] = [
    ("GET", ""),
    ("POST", ""),
    ("GET", "/api/v1/datasets"),
    ("POST", "/api/v1/datasets"),
    ("GET", "/api/v1/datasets/d-1"),
    ("PUT", "/api/v1/datasets/d-1"),
    ("POST", "/api/v1/datasets/d-1/versions"),
    ("PUT", "/api/v1/datasets/d-1/versions/v1"),
    ("GET", "/api/v1/datasets/d-1/datasetfilemetas?WorkspaceId=w&DatasetVersion=v1&"),
    (
        "GET",
        "/api/v1/datasets/d-1/datasetfilemetas?WorkspaceId=w&DatasetVersion=v1&QueryExpression=",
    ),
    ("GET", "/api/v1/datasets/d-1/datasetfilemetas?WorkspaceId=w&DatasetVersion=v1&NextToken="),
    ("POST", "/api/v1/datasets/d-1/datasetfilemetas"),
    ("PUT", "/api/v1/datasets/d-1/datasetfilemetas"),
    ("DELETE", "/api/v1/datasets/d-1/datasetfilemetas?DatasetFileMetaIds="),
    (
        "GET",
        "/api/v1/statistics/datasets/d-1/datasetfilemetas?WorkspaceId=w&DatasetVersion=v1&AggregateBy=",
    ),
    ("POST", "/api/v1/datasets/d-1/datasetjobs"),
    ("POST", "/v2/file/create"),
    ("POST", "/v2/file/get"),
    ("POST", "/v2/file/update"),
    ("POST", "/v2/file/list"),
    ("POST", "/v2/file/search"),
    ("POST", "/v2/recyclebin/trash"),
    ("POST", "/v1/datasets"),
    ("PATCH", "/v1/datasets/d-1"),
    ("GET", "/v1/datasets?"),
    ("GET", "/files/d-1/v1/"),
];

/// A server with some files, which is asked in this process.
pub struct Fuzzed {
    inside: InProcess,
    // What the server works with goes after it.
    _server: Server,
    _folder: tempfile::TempDir,
}

impl Fuzzed {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::create(folder.path().join("fuzzed.filedex")).expect("a file");
        let dataset = NewDataset { id: Some("d-1".to_owned()), ..NewDataset::named("drive") };
        database.create_dataset(dataset).expect("a dataset");
        let version = database.create_version("d-1", "v1").expect("a version");
        let mut batch = database.batch(&version);
        for n in 0..20 {
            batch.create(NewFile {
                comment: Some(format!("a red car, number {n}")),
                tags_user: vec![format!("t{}", n % 3)],
                data_size: Some(n),
                ..NewFile::at(format!("oss://b/dir{}/file{n}.png", n % 4))
            });
        }
        batch.commit().expect("files");
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
        let server = Server::bind(database, config).expect("a server");
        let inside = InProcess::new(&server).expect("a way in");
        Self { inside, _server: server, _folder: folder }
    }

    /// Bytes as a request: whatever it is, it is answered, and the fault is never the server's.
    /// Answers the status; 0 where the bytes are no request.
    pub fn request(&self, bytes: &[u8]) -> u16 {
        let Some((route, rest)) = bytes.split_first() else { return 0 };
        let (method, path) = ROUTES[usize::from(*route) % ROUTES.len()];
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let target = [path.as_bytes(), &rest[..end]].concat();
        let body = rest.get(end + 1..).unwrap_or_default().to_vec();
        let Ok(target) = http::Uri::try_from(target) else { return 0 };
        self.ask(Request::builder().method(method).uri(target).body(body).expect("a request"))
    }

    /// Bytes as a question in the search language of PDS.
    pub fn pds_query(&self, bytes: &[u8]) -> u16 {
        let query = String::from_utf8_lossy(bytes);
        let body = serde_json::json!({ "drive_id": "d-1", "query": query }).to_string();
        let request = Request::post("/v2/file/search").body(body.into_bytes()).expect("a request");
        self.ask(request)
    }

    fn ask(&self, request: Request<Vec<u8>>) -> u16 {
        let asked = format!("{request:?}");
        let answer = self.inside.answer(request).expect("an answer to its end");
        let status = answer.status().as_u16();
        let body = String::from_utf8_lossy(answer.body());
        assert!(status < 500, "{status} {body}\n{asked}");
        assert!(answer.headers().contains_key("x-request-id"), "{asked}");
        if status >= 400 {
            let told = serde_json::from_slice::<serde_json::Value>(answer.body());
            assert!(told.is_ok_and(|told| told.is_object()), "{status} {body}\n{asked}");
        }
        status
    }
}

/// Bytes as a question in the query language: what it reads, it can write and read again.
pub fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(query) = Query::parse(text) else { return };
    let written = query.to_string();
    let again = Query::parse(&written).unwrap_or_else(|error| panic!("{text}\n{written}\n{error}"));
    assert_eq!(again.to_string(), written, "{text}");
}
