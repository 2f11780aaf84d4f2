//! What a run did, for people and for programs.

use std::fs::File as OsFile;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use filedex::VersionRef;
use filedex_ingest::Problem;
use serde_json::{Value, json};

use crate::commands::reasons::Reasons;
use crate::failure::Failure;
use crate::folder::missing::Missing;
use crate::folder::place::Place;
use crate::output::{Output, Style};
use crate::terminal::clean;
use crate::units::{count, counted, duration, rate, size};

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderReport {
    /// Files that were listed; sidecars are none.
    pub files: u64,
    pub created: u64,
    /// Records that had been set aside, and whose files came back.
    pub revived: u64,
    pub moved: u64,
    pub updated: u64,
    /// Records of files whose time is another and whose content is the same.
    pub touched: u64,
    /// Records that changed by what is around their files: folders, sidecars, that they are back.
    pub noted: u64,
    pub unchanged: u64,
    /// Files whose records a person deleted; they stay deleted.
    pub left_deleted: u64,
    /// Records whose files are there and not listed.
    pub left_out: u64,
    /// Records whose files are gone.
    pub missing: u64,
    /// Of these, the ones that were marked or deleted by this run.
    pub set_aside: u64,
    pub sidecars: u64,
    pub links: u64,
    pub special: u64,
    /// Files and folders that were not taken.
    pub failed: u64,
    /// Files that were taken, with something wrong.
    pub warned: u64,
    /// Files that were read, and are committed or refused.
    pub done: u64,
    pub bytes: u64,
    pub batches: u64,
    pub stopped: bool,
    pub elapsed: Duration,
}

impl FolderReport {
    pub fn count_problem(&mut self, problem: &Problem) {
        *(if problem.kind.is_stored() { &mut self.warned } else { &mut self.failed }) += 1;
    }
}

/// What is wrong with files: written to a file where one was asked for, and counted by reason.
#[derive(Default)]
pub struct Problems {
    file: Option<(PathBuf, BufWriter<OsFile>)>,
    broken: Option<Failure>,
    reasons: Reasons<Problem>,
}

impl Problems {
    pub fn to(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let failure = |error| Failure::io(path.display().to_string(), error);
        let file = OsFile::create(path).map_err(failure)?;
        Ok(Self { file: Some((path.to_owned(), BufWriter::new(file))), ..Self::default() })
    }

    pub fn add(&mut self, problem: Problem) {
        if let Some((path, file)) = &mut self.file
            && let Err(error) = writeln!(file, "{}", as_json(&problem))
        {
            self.broken = Some(Failure::io(path.display().to_string(), error));
            self.file = None;
        }
        let reason = format!("{}: {}", problem.kind.name(), problem.reason);
        self.reasons.add(&reason, problem);
    }

    /// Ends the file; an error where it could not be written. The records are stored all the same.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if let Some((path, mut file)) = self.file.take() {
            file.flush().map_err(|error| Failure::io(path.display().to_string(), error))?;
        }
        self.broken.take().map_or(Ok(()), Err)
    }
}

fn as_json(problem: &Problem) -> Value {
    json!({
        "path": problem.path.to_string_lossy(),
        "kind": problem.kind.name(),
        "reason": problem.reason,
        "stored": problem.kind.is_stored(),
    })
}

/// What is told at the end.
pub struct Told<'a> {
    pub file: &'a Path,
    pub place: &'a Place,
    pub version: &'a VersionRef,
    pub errors: Option<&'a Path>,
    pub missing: Missing,
    pub report: &'a FolderReport,
    pub problems: &'a Problems,
}

impl Told<'_> {
    pub fn print(&self, output: &mut Output) -> Result<(), Failure> {
        if output.is_json() {
            return output.json(&self.json());
        }
        self.print_problems(output)?;
        let report = self.report;
        let parts = [
            (report.created, "new"),
            (report.revived, "back"),
            (report.moved, "moved"),
            (report.updated, "changed"),
            (report.touched, "touched"),
            (report.noted, "changed around them"),
            (report.unchanged, "unchanged"),
            (report.left_deleted, "left deleted"),
        ];
        let parts: Vec<_> = parts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", count(number)))
            .collect();
        let parts =
            if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        output.line(format!(
            "{} of {} in {}/{}{parts}, {} read, {}, {}",
            counted(report.files, "file", "files"),
            clean(&self.place.prefix),
            self.version.dataset_name,
            self.version.version_name,
            size(report.bytes),
            duration(report.elapsed),
            rate(report.files, report.elapsed),
        ))?;
        self.print_missing(output)?;
        for (number, what) in [
            (report.links, "not followed; --follow-links does"),
            (report.special, "no regular files: devices, pipes or sockets"),
        ] {
            if number > 0 {
                output.line(format!("{} {what}", counted(number, "entry is", "entries are")))?;
            }
        }
        if report.stopped {
            output.line(
                "stopped before the end; what is stored stays, and running it again resumes",
            )?;
        }
        Ok(())
    }

    fn print_missing(&self, output: &mut Output) -> Result<(), Failure> {
        let report = self.report;
        if report.missing > 0 {
            let did = match self.missing {
                Missing::Mark => "marked: Attributes.missing_since",
                Missing::Delete => "deleted",
                Missing::Keep => "left as they are",
            };
            let records = counted(report.missing, "record has", "records have");
            output.line(format!("{records} no file any more ({did})"))?;
        }
        if report.left_out > 0 {
            let records = counted(report.left_out, "record has", "records have");
            output.line(format!(
                "{records} a file that is ignored, hidden, behind a link or unreadable; left as \
                 they are"
            ))?;
        }
        Ok(())
    }

    fn print_problems(&self, output: &mut Output) -> Result<(), Failure> {
        let (report, reasons) = (self.report, &self.problems.reasons);
        if report.failed + report.warned == 0 {
            return Ok(());
        }
        for problem in reasons.first() {
            let path = problem.path.to_string_lossy();
            output.line(format!("{}: {}", clean(&path), clean(&problem.reason)))?;
        }
        if report.failed > 0 {
            let files = counted(report.failed, "file or folder was", "files or folders were");
            output.line(output.styled(Style::Bad, &format!("{files} not taken")))?;
        }
        if report.warned > 0 {
            let files = counted(report.warned, "thing is", "things are");
            output.line(format!("{files} wrong with files that were taken"))?;
        }
        for (reason, number) in reasons.by_count() {
            output.line(format!("  {:>9}  {}", count(number), clean(&reason)))?;
        }
        match self.errors {
            Some(path) => output.line(format!("all of them are in {}", path.display())),
            None => output.line("--errors out.jsonl writes all of them to a file"),
        }
    }

    fn json(&self) -> Value {
        let report = self.report;
        json!({
            "file": self.file.display().to_string(),
            "folder": self.place.root.display().to_string(),
            "prefix": self.place.prefix,
            "dataset": self.version.dataset_name,
            "version": self.version.version_name,
            "files": report.files,
            "created": report.created,
            "revived": report.revived,
            "moved": report.moved,
            "updated": report.updated,
            "touched": report.touched,
            "noted": report.noted,
            "unchanged": report.unchanged,
            "left_deleted": report.left_deleted,
            "left_out": report.left_out,
            "missing": report.missing,
            "set_aside": report.set_aside,
            "sidecars": report.sidecars,
            "links": report.links,
            "special": report.special,
            "failed": report.failed,
            "warned": report.warned,
            "bytes": report.bytes,
            "batches": report.batches,
            "stopped": report.stopped,
            "elapsed_ms": report.elapsed.as_millis() as u64,
            "errors": self.problems.reasons.first().iter().map(as_json).collect::<Value>(),
            "reasons": self.problems.reasons.json(),
        })
    }
}
