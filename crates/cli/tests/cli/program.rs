//! Running the program in a folder of its own.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// A folder that goes away with the test.
pub struct Folder(TempDir);

/// What a run answered.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filedex"));
    command.env_remove("NO_COLOR").env_remove("COLUMNS").stdin(Stdio::null());
    // Neither the models nor the calibration of whoever runs the tests.
    command.env_remove("FILEDEX_MODEL").env("XDG_CONFIG_HOME", "/no/such/folder");
    command
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// A database with the fixtures, built once.
fn built() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.filedex");
        let source = fixtures().join("files.jsonl");
        let ran =
            command().args(["import".as_ref(), path.as_os_str(), source.as_os_str()]).output();
        assert!(ran.unwrap().status.success());
        (folder, path)
    });
    path
}

/// The same with a vector for each caption, by the model inside the program.
fn built_with_vectors() -> &'static Path {
    static BUILT: OnceLock<(Folder, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = Folder::with_fixtures();
        folder.run(["embed", "a.filedex"]).ok();
        let path = folder.path("a.filedex");
        (folder, path)
    });
    path
}

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with the fixtures in `a.filedex`.
    pub fn with_fixtures() -> Self {
        let folder = Self::new();
        std::fs::copy(built(), folder.path("a.filedex")).unwrap();
        folder
    }

    /// A folder with the fixtures and their vectors in `a.filedex`.
    pub fn embedded() -> Self {
        let folder = Self::new();
        std::fs::copy(built_with_vectors(), folder.path("a.filedex")).unwrap();
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = command();
        command.current_dir(self.0.path()).args(args);
        command.env("XDG_CONFIG_HOME", self.path("config"));
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// Runs with something on standard input.
    pub fn run_with<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        stdin: &[u8],
    ) -> Ran {
        let mut child = self.spawn(args);
        // A program that reads no more has its reasons; its answer tells.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Starts with pipes on everything.
    pub fn spawn<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Child {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs what is to succeed, with `--json`.
    #[track_caller]
    pub fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Value {
        let mut command = self.command(args);
        Ran::of(command.arg("--json").output().unwrap()).ok().json()
    }

    /// How many files an expression finds in `a.filedex`.
    #[track_caller]
    pub fn total(&self, expression: &str) -> u64 {
        self.json(["query", "a.filedex", expression])["total"].as_u64().unwrap()
    }
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Expects an exit code, an `error:` and no panic; answers standard error.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        assert!(self.stderr.contains("error:"), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
    }

    /// The one line of JSON on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}: {}", self.stdout))
    }

    /// The last line of JSON on standard output.
    #[track_caller]
    pub fn last_json(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|why| panic!("{why}: {}", self.stdout))
    }
}
