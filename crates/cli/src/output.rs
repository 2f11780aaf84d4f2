//! The one place that writes to standard output and standard error.
//!
//! Standard output is buffered and flushed at the end, or where a reader waits for a line. A closed
//! pipe ends the command quietly. With `--json`, standard output holds nothing but JSON, and
//! standard error one line of JSON for each error or note: `{"error":{"kind","message","hint"}}`,
//! `{"note":"…"}`. What cannot be parsed as a command at all is clap's to say, in plain text.

use std::cell::RefCell;
use std::fmt;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use filedex_server::CommandOutput;
use serde::Serialize;
use serde_json::json;

use crate::failure::Failure;
use crate::table::Table;
use crate::terminal;

/// Where a command's answer goes.
pub struct Output {
    stdout: BufWriter<Box<dyn Write>>,
    /// That of another program, where it is not this one's.
    stderr: Option<RefCell<Box<dyn Write>>>,
    /// The folder that paths are relative to, where it is not this process's.
    folder: Option<PathBuf>,
    json: bool,
    quiet: bool,
    colour: bool,
    width: u16,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("json", &self.json).finish_non_exhaustive()
    }
}

/// How a piece of text stands out on a terminal.
#[derive(Clone, Copy, Debug)]
pub enum Style {
    /// A title or an expression.
    Bold,
    /// What is beside the point.
    Dim,
    /// What went wrong.
    Bad,
    /// What went well.
    Good,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Bad => "\u{1b}[1;31m",
            Self::Good => "\u{1b}[32m",
        }
    }
}

pub const RESET: &str = "\u{1b}[0m";

impl Output {
    /// Writes to standard output, as JSON or for people; `quiet` leaves out progress and notes.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self {
            stdout: BufWriter::with_capacity(64 << 10, Box::new(io::stdout())),
            stderr: None,
            folder: None,
            json,
            quiet,
            colour: !json && terminal::shows_colour(&io::stdout()),
            width: terminal::width(),
        }
    }

    /// Writes to another program, which sent the command here.
    pub fn to_program(json: bool, quiet: bool, to: CommandOutput) -> Self {
        Self {
            stdout: BufWriter::with_capacity(16 << 10, to.stdout),
            stderr: Some(RefCell::new(to.stderr)),
            folder: Some(to.folder),
            json,
            quiet,
            colour: to.colour && !json,
            width: to.width,
        }
    }

    /// A path as whoever typed the command means it.
    pub fn path(&self, typed: &Path) -> PathBuf {
        self.folder.as_ref().map_or_else(|| typed.to_owned(), |folder| folder.join(typed))
    }

    /// Whether a person can be asked something: not one at another program.
    pub fn can_ask(&self) -> bool {
        self.stderr.is_none()
    }

    /// Whether a program reads the answer.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether progress may be shown, if standard error is a terminal.
    pub fn shows_progress(&self) -> bool {
        !self.json && !self.quiet && self.stderr.is_none()
    }

    /// How many columns there are.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether colour can be shown; where it cannot, what stands out is put in brackets.
    pub fn shows_colour(&self) -> bool {
        self.colour
    }

    /// Text that stands out, where colour is shown.
    pub fn styled(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{}{text}{RESET}", style.code()) } else { text.to_owned() }
    }

    /// Prints a line.
    pub fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        writeln!(self.stdout, "{text}").map_err(broken)
    }

    /// Prints a table.
    pub fn table(&mut self, table: &Table) -> Result<(), Failure> {
        let lines = table.lines(self.width, self.colour);
        lines.into_iter().try_for_each(|line| self.line(line))
    }

    /// Prints a value as one line of JSON.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.raw_json(value)?;
        self.raw("\n")
    }

    /// Prints a value as JSON, without ending the line.
    pub fn raw_json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.stdout, value).map_err(|error| broken(error.into()))
    }

    /// Prints text as it is.
    pub fn raw(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout.write_all(text.as_bytes()).map_err(broken)
    }

    /// Prints bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stdout.write_all(bytes).map_err(broken)
    }

    /// Hands on what was printed so far.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().map_err(broken)
    }

    /// Says something beside the answer, on standard error.
    pub fn note(&self, text: &str) {
        if self.json {
            self.aside(&json!({ "note": text }).to_string());
        } else if !self.quiet {
            self.aside(&format!("note: {text}"));
        }
    }

    /// Says why the command failed, on standard error, after what was printed so far.
    pub fn complain(&mut self, failure: &Failure) {
        // Whoever closed the pipe does not want the rest.
        let _ = self.flush();
        let Some(message) = failure.message() else { return };
        let hint = failure.hint();
        if self.json {
            let error = json!({ "kind": failure.kind(), "message": message, "hint": hint });
            self.aside(&json!({ "error": error }).to_string());
            return;
        }
        let colour = match self.stderr {
            Some(_) => self.colour,
            None => terminal::shows_colour(&io::stderr()),
        };
        let (on, off) = if colour { (Style::Bad.code(), RESET) } else { ("", "") };
        self.aside(&format!("{on}error:{off} {}", printable(&message)));
        if let Some(hint) = hint {
            self.aside(&format!("hint: {hint}"));
        }
    }

    /// Writes a line to standard error; there is nobody to tell if that fails.
    fn aside(&self, line: &str) {
        match &self.stderr {
            Some(stderr) => {
                let _ = writeln!(stderr.borrow_mut(), "{line}");
            }
            None => to_stderr(line),
        }
    }
}

/// A message of several lines, each safe to print.
fn printable(message: &str) -> String {
    let lines: Vec<_> = message.lines().map(terminal::clean).collect();
    lines.join("\n")
}

/// Writes a line to standard error; there is nobody to tell if that fails.
pub fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn broken(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::Closed
    } else {
        Failure::io("standard output", error)
    }
}
