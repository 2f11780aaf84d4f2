//! A server in this process with a file of its own, and the simplest client there is: one connection
//! for each request, so that nothing but the server decides what comes back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use filedex::{Database, MergePolicy, Query, StatusFilter, VersionRef};
use filedex_server::{Config, ServeError, Server, StopHandle};
use serde_json::Value;
use tempfile::TempDir;

/// An answer that takes longer is none.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A server that answers until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    /// What lets a browser in to the page, where there is one.
    pub entrance: Option<String>,
    pub database: Arc<Database>,
    stop: StopHandle,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
    folder: TempDir,
}

/// What a request was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Running {
    pub fn new() -> Self {
        Self::with(|_| Config::default())
    }

    /// With a configuration, which may name the folder of the file. The address is set here.
    pub fn with(config: impl FnOnce(&Path) -> Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        // Nothing that is written by itself, so that a seed repeats a run.
        let database = Database::builder()
            .merge_policy(MergePolicy::Manual)
            .create(folder.path().join("served.filedex"))
            .unwrap();
        Self::serve(folder, database, config)
    }

    /// Serves a file that is there.
    pub fn serve(folder: TempDir, database: Database, config: Config) -> Self {
        let database = Arc::new(database);
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..config };
        let server = Server::bind_shared(Arc::clone(&database), config).unwrap();
        let (address, stop) = (server.address(), server.stop_handle());
        let entrance = server.entrance();
        let thread = Some(std::thread::spawn(move || server.run()));
        Self { address, entrance, database, stop, thread, folder }
    }

    /// The file that is served.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("served.filedex")
    }

    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Stops the server, and waits until all that it promised is done; answers the folder of its
    /// file, which is closed then.
    pub fn stopped(mut self) -> TempDir {
        self.end().unwrap();
        let other = tempfile::tempdir().unwrap();
        std::mem::replace(&mut self.folder, other)
    }

    fn end(&mut self) -> Result<(), ServeError> {
        self.stop.stop();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ran)) => ran,
            Some(Err(_)) => panic!("the server panicked"),
            None => Ok(()),
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LONGEST_WAIT)).unwrap();
        stream.set_write_timeout(Some(LONGEST_WAIT)).unwrap();
        stream
    }

    /// Sends a request with these headers beside the usual ones.
    pub fn send_with(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server that reads no further has its reasons, which its answer tells.
        let _ = stream.write_all(&request(line, headers, body));
        answer(&mut stream).unwrap_or_else(|| panic!("no answer to {line}"))
    }

    /// Sends `METHOD target`, with a body unless it is empty.
    pub fn send(&self, line: &str, body: &str) -> Answer {
        self.send_with(line, &[], body.as_bytes())
    }

    /// Sends what is to succeed; answers the JSON.
    #[track_caller]
    pub fn ok(&self, line: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(line, &body);
        assert!((200..300).contains(&answer.status), "{line} {body}: {answer:?}");
        answer.json()
    }

    /// How many files a version has.
    pub fn files(&self, version: &VersionRef) -> u64 {
        let all = Query::parse("").unwrap().status(StatusFilter::Active);
        self.database.reader().unwrap().count(version, &all).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.end();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

/// The bytes of a request after which the connection ends.
pub fn request(line: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{line} HTTP/1.1\r\nconnection: close\r\n");
    let mut defaults = vec![("host", "localhost")];
    let length = body.len().to_string();
    if !body.is_empty() {
        defaults.extend([("content-type", "application/json"), ("content-length", &length)]);
    }
    let said = |name: &str| headers.iter().any(|(said, _)| said.eq_ignore_ascii_case(name));
    for (name, value) in
        defaults.into_iter().filter(|(name, _)| !said(name)).chain(headers.to_vec())
    {
        bytes += &format!("{name}: {value}\r\n");
    }
    [bytes.as_bytes(), b"\r\n", body].concat()
}

/// Reads an answer to its end; `None` where the connection ends without one.
pub fn answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    // What came before a connection was reset is an answer too.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    Some(Answer { status, head, body: bytes[end + 4..].to_vec() })
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Checks that an error is told in the shape of the service whose path this is.
    #[track_caller]
    pub fn check_shape(&self, path: &str) {
        let under = |root: &str| {
            path.strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        let id = self.header("x-request-id").unwrap_or_default();
        assert_eq!(id.len(), 36, "{path}: {self:?}");
        if self.status < 400 {
            return;
        }
        let kind = self.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("application/json"), "{path}: {self:?}");
        let Value::Object(body) = self.json() else { panic!("{path}: {self:?}") };
        let keys: Vec<&str> = body.keys().map(String::as_str).collect();
        if under("/v2") {
            assert_eq!(keys, ["code", "message"], "{path}");
            assert_eq!(self.header("x-ca-request-id"), Some(id));
        } else if under("/v1") {
            assert_eq!(keys, ["detail"], "{path}");
            let listed = body["detail"].as_array().into_iter().flatten();
            assert_eq!(body["detail"].is_array(), self.status == 422, "{path}: {self:?}");
            for detail in listed {
                assert!(
                    detail["loc"].is_array()
                        && detail["msg"].is_string()
                        && detail["type"].is_string()
                );
            }
        } else {
            assert_eq!(keys, ["Code", "Message", "RequestId"], "{path}");
            assert_eq!(body["RequestId"], id, "{path}");
            if under("/api/v1") {
                assert_eq!(self.header("x-acs-request-id"), Some(id));
            }
        }
        let said = body.get("message").or(body.get("Message")).or(body.get("detail")).unwrap();
        assert!(!said.is_string() || said.as_str().is_some_and(|said| !said.is_empty()), "{path}");
    }
}

/// Text that a query string carries as it is, or escaped.
pub fn escaped(text: &str) -> String {
    let escape = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(*byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.as_bytes().iter().map(escape).collect()
}
