//! Programs of this machine that find the file held by this server: they let it run their command.
//!
//! A server that is given a [`CommandRunner`] writes down where it listens, in a folder of the
//! user's own that no one else can read, beside a token of its own; a program that finds the file
//! locked looks there ([`LocalServer::find`]) and sends its command ([`LocalServer::run`]).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use filedex::Database;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio_util::io::{ReaderStream, SyncIoBridge};

use crate::app::Shared;
use crate::fault::Fault;

/// Where commands are sent.
pub(crate) const PATH: &str = "/-/command";

/// Output that may be under way to a program that reads slowly, in bytes.
const BUFFERED: usize = 64 << 10;

/// Runs a command of the program that serves, as if it was typed.
pub trait CommandRunner: Send + Sync {
    /// Runs a command on the open database and answers its exit code.
    fn run(&self, args: &[String], database: &Arc<Database>, output: CommandOutput) -> u8;
}

/// Where a command's output goes: to the program that sent it.
pub struct CommandOutput {
    /// Standard output.
    pub stdout: Box<dyn Write + Send>,
    /// Standard error.
    pub stderr: Box<dyn Write + Send>,
    /// The folder that paths are relative to.
    pub folder: PathBuf,
    /// Columns of the terminal.
    pub width: u16,
    /// Whether colour is shown.
    pub colour: bool,
}

/// A command for the server to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SentCommand {
    /// The program's name and what was typed after it.
    pub args: Vec<String>,
    /// The folder that it was typed in.
    pub folder: PathBuf,
    /// Columns of the terminal.
    pub width: u16,
    /// Whether colour is shown.
    pub colour: bool,
}

/// What travels back, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Frame {
    Out(String),
    Err(String),
    Exit(u8),
}

/// What a server writes down.
#[derive(Debug, Serialize, Deserialize)]
struct Announcement {
    path: PathBuf,
    process: u32,
    address: SocketAddr,
    token: String,
}

/// The server's side.
pub(crate) struct Local {
    runner: Arc<dyn CommandRunner>,
    token: String,
}

impl Local {
    pub fn new(runner: Arc<dyn CommandRunner>) -> Self {
        let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        Self { runner, token }
    }

    /// Writes down where the server is, until the answer is dropped. Without a folder for it, other
    /// programs find the file locked.
    pub fn announce(&self, path: Option<&Path>, address: SocketAddr) -> Option<Announced> {
        let path = std::fs::canonicalize(path?).ok()?;
        let place = place(&path)?;
        // Programs of this machine go by the loopback address.
        let ip = match address.ip() {
            ip if ip.is_unspecified() && ip.is_ipv4() => [127, 0, 0, 1].into(),
            ip if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let note = Announcement {
            path,
            process: std::process::id(),
            address: SocketAddr::new(ip, address.port()),
            token: self.token.clone(),
        };
        let written = write_private(&place, &serde_json::to_vec(&note).ok()?);
        match written {
            Ok(()) => Some(Announced(place)),
            Err(error) => {
                tracing::warn!(%error, "programs of this machine will find the file locked");
                None
            }
        }
    }

    /// Whether a request is from a program of this machine and user.
    pub fn verify(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let right: bool = given.as_bytes().ct_eq(self.token.as_bytes()).into();
        if right {
            return Ok(());
        }
        let message = "this is for programs of the user who runs the server";
        Err(Fault::new(StatusCode::FORBIDDEN, "ForbiddenNoPermission", message))
    }
}

/// Removed with the server.
pub(crate) struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        // One that is left is of a process that is gone, and is not believed.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where the server of a file writes down where it is.
fn place(path: &Path) -> Option<PathBuf> {
    let variable =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let folder = variable("XDG_RUNTIME_DIR")
        .map(|dir| dir.join("filedex"))
        .or_else(|| variable("XDG_CACHE_HOME").map(|dir| dir.join("filedex/run")))
        .or_else(|| variable("HOME").map(|dir| dir.join(".cache/filedex/run")))
        .or_else(|| variable("LOCALAPPDATA").map(|dir| dir.join("filedex/run")))?;
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Some(folder.join(name + ".json"))
}

fn write_private(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    std::fs::create_dir_all(folder)?;
    // A new file has the mode that is asked for; one of an earlier server may not.
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    options.open(place)?.write_all(bytes)
}

/// Runs a command, its output streamed as it comes. A program that goes away ends its command at
/// the next line, as a closed pipe does.
pub(crate) async fn serve(State(app): State<Shared>, body: Bytes) -> Result<Response, Fault> {
    let command: SentCommand = serde_json::from_slice(&body).map_err(|error| {
        let message = format!("a command is args, folder, width and colour: {error}");
        Fault::new(StatusCode::BAD_REQUEST, "MalformedBody", message)
    })?;
    let (reader, writer) = tokio::io::duplex(BUFFERED);
    let frames = Frames(Arc::new(Mutex::new(SyncIoBridge::new(writer))));
    tokio::task::spawn_blocking(move || {
        let Some(local) = &app.local else { return };
        let output = CommandOutput {
            stdout: Box::new(Stream { frames: frames.clone(), frame: Frame::Out }),
            stderr: Box::new(Stream { frames: frames.clone(), frame: Frame::Err }),
            folder: command.folder,
            width: command.width,
            colour: command.colour,
        };
        let code = local.runner.run(&command.args, &app.database, output);
        // Nobody may be left to read it.
        let _ = frames.send(&Frame::Exit(code));
    });
    let body = Body::from_stream(ReaderStream::new(reader));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

#[derive(Clone)]
struct Frames(Arc<Mutex<SyncIoBridge<tokio::io::DuplexStream>>>);

impl Frames {
    fn send(&self, frame: &Frame) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(frame)?;
        line.push(b'\n');
        let mut bridge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bridge.write_all(&line)?;
        bridge.flush()
    }
}

/// One of the two streams of a command.
struct Stream {
    frames: Frames,
    frame: fn(String) -> Frame,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Whole characters only, so that each frame is text.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) if error.valid_up_to() > 0 => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return Err(std::io::Error::other("output that is no text")),
        };
        self.frames.send(&(self.frame)(text.to_owned()))?;
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A server of this machine that holds a file.
#[derive(Debug)]
pub struct LocalServer {
    announcement: Announcement,
}

impl LocalServer {
    /// The server that holds the file at `path`, if it is one of this user's and lives.
    #[must_use]
    pub fn find(path: &Path) -> Option<Self> {
        let path = std::fs::canonicalize(path).ok()?;
        let bytes = std::fs::read(place(&path)?).ok()?;
        let announcement: Announcement = serde_json::from_slice(&bytes).ok()?;
        (announcement.path == path).then_some(Self { announcement })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.announcement.address
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.announcement.process
    }

    /// Lets it run a command; answers the exit code.
    ///
    /// # Errors
    /// Where it cannot be reached, does not know this program, or ends before the command does.
    pub fn run(
        &self,
        command: &SentCommand,
        stdout: &mut dyn Write,
        stderr: &mut dyn Write,
    ) -> std::io::Result<u8> {
        let body = serde_json::to_vec(command)?;
        let Announcement { address, token, .. } = &self.announcement;
        let mut stream = TcpStream::connect_timeout(address, Duration::from_secs(5))?;
        // The simplest request there is: the answer ends with the connection, and is not chunked.
        write!(
            stream,
            "POST {PATH} HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )?;
        stream.write_all(&body)?;
        let mut answer = BufReader::new(stream);
        let mut status = String::new();
        answer.read_line(&mut status)?;
        let fine = status.split(' ').nth(1) == Some("200");
        let mut header = String::new();
        while answer.read_line(&mut header)? > 0 && !header.trim_end().is_empty() {
            header.clear();
        }
        if !fine {
            let mut told = String::new();
            answer.take(4_096).read_to_string(&mut told)?;
            return Err(std::io::Error::other(format!("{} {told}", status.trim_end())));
        }
        for line in answer.lines() {
            match serde_json::from_str(&line?)? {
                Frame::Out(text) => stdout.write_all(text.as_bytes())?,
                Frame::Err(text) => stderr.write_all(text.as_bytes())?,
                Frame::Exit(code) => return Ok(code),
            }
        }
        Err(std::io::Error::new(
            std::io::ErrorKind::UnexpectedEof,
            "the server ended before the command did",
        ))
    }
}
