//! A commit: for each file that was read the changes of its record, and of the one it had elsewhere.

use std::path::PathBuf;

use filedex::{
    Batch, Done, FileId, FileUpdate, ImportMode, ItemError, NewFile, NewVector, Reader, Timestamp,
};
use filedex_ingest::{Problem, ProblemKind};
use serde_json::{Map, json};

use crate::failure::Failure;
use crate::folder::join::{Content, Parts, SUCCESSOR};
use crate::folder::plan::Lost;
use crate::folder::report::FolderReport;
use crate::folder::run::{Run, WasRead};

/// A commit in the making.
pub struct Stage<'a> {
    run: &'a Run<'a>,
    reader: Reader,
    spaces: Vec<String>,
    pub batch: Batch<'a>,
    /// For each item of the batch, what it is for and the file.
    pub roles: Vec<(Role, PathBuf)>,
}

impl<'a> Stage<'a> {
    pub fn new(run: &'a Run<'a>) -> Result<Self, Failure> {
        // A reader of its own for each commit: one that is held keeps what is replaced from being freed.
        let reader = run.database.reader()?;
        let spaces = reader.spaces(run.version)?;
        let spaces = spaces.into_iter().map(|summary| summary.space.name).collect();
        let batch = run.database.batch(run.version);
        Ok(Self { run, reader, spaces, batch, roles: Vec::new() })
    }

    /// Adds a file that was read.
    pub fn add(
        &mut self,
        one: WasRead,
        lost: &mut Lost,
        mut on_problem: impl FnMut(Problem),
    ) -> Result<(), Failure> {
        let WasRead { task, content, caption } = one;
        let mut content = match content {
            Ok(content) => content,
            Err(problem) => {
                on_problem(problem);
                return Ok(());
            }
        };
        let (caption, problems) = caption.map_or((None, Vec::new()), |(c, p)| (Some(c), p));
        problems.into_iter().for_each(&mut on_problem);
        if let Content::Read(facts) = &mut content {
            facts.problems.drain(..).for_each(&mut on_problem);
        }
        let moved = match &content {
            Content::Read(facts) if task.known.is_none() => {
                lost.take(&facts.prints.blake3, facts.stamp.size, &task.entry.relative)
            }
            _ => None,
        };
        let role = match (&content, &task.known, &moved) {
            (_, None, Some(_)) => Role::Moved,
            (_, None, None) => Role::New,
            (Content::Read(_), ..) => Role::Changed,
            (Content::Same(_), ..) => Role::Touched,
            (Content::Unread, ..) => Role::Noted,
        };
        let version = self.run.version;
        let before = task.known.as_ref().or(moved.as_ref()).map(|known| known.id);
        let before = before.map(|id| self.reader.get(version, &id)).transpose()?;
        let parts = Parts {
            entry: &task.entry,
            uri: self.run.place.uri(&task.entry.relative),
            content,
            caption,
            before: before.as_ref(),
            moved: moved.is_some(),
            tags_from_dirs: self.run.args.tags_from_dirs,
        };
        let (file, problem) = storable(parts);
        problem.into_iter().for_each(&mut on_problem);
        let file = match file {
            Ok(file) => file,
            Err(problem) => {
                on_problem(problem);
                moved.into_iter().for_each(|known| lost.give_back(known));
                return Ok(());
            }
        };
        let id = version.file_id(&file.uri);
        let vectors = moved.as_ref().map(|known| self.vectors(&known.id)).transpose()?;
        self.batch.import_embedded(file, ImportMode::Merge, vectors.unwrap_or_default());
        self.roles.push((role, task.entry.path));
        if let Some(known) = moved {
            self.set_aside(known.id, id);
        }
        Ok(())
    }

    /// Deletes the record of before a move, in the commit that has the new one.
    fn set_aside(&mut self, before: FileId, now: FileId) {
        let mark = Map::from_iter([(SUCCESSOR.to_owned(), json!(now))]);
        let update = FileUpdate { merge_attributes: Some(mark), ..FileUpdate::default() };
        self.batch.update(before, update).delete(before);
        self.roles.extend([(Role::Aside, PathBuf::new()), (Role::Aside, PathBuf::new())]);
    }

    /// A file's vectors in all spaces.
    fn vectors(&self, id: &FileId) -> Result<Vec<NewVector>, Failure> {
        let mut vectors = Vec::new();
        for space in &self.spaces {
            if let Some(values) = self.reader.vector(self.run.version, id, Some(space))? {
                vectors.push(NewVector::of(values).in_space(space));
            }
        }
        Ok(vectors)
    }
}

/// What an item of a batch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    New,
    Moved,
    Changed,
    Touched,
    Noted,
    /// The record of before the move.
    Aside,
}

impl Role {
    pub fn count(self, done: Done, report: &mut FolderReport) {
        let counter = match (self, done) {
            (Self::Aside, _) => return,
            (Self::Moved, _) => &mut report.moved,
            (_, Done::Created) => &mut report.created,
            (_, Done::Revived) => &mut report.revived,
            (_, Done::Unchanged) => &mut report.unchanged,
            (Self::Touched, _) => &mut report.touched,
            (Self::Noted, _) => &mut report.noted,
            (Self::Changed | Self::New, _) => &mut report.updated,
        };
        *counter += 1;
    }
}

/// The file, if the database takes it; where it does not because of a sidecar, without that.
fn storable(mut parts: Parts<'_>) -> (Result<NewFile, Problem>, Option<Problem>) {
    let path = parts.entry.path.clone();
    let sidecar = parts.entry.sidecars.first().map(|sidecar| sidecar.path.clone());
    let checked = |parts: Parts<'_>| {
        let file = parts.into_file();
        file.validate()?;
        // A move deletes the record of before, so its new record must not be refused afterwards.
        file.clone().into_record("", Timestamp::now()).check_tag_counts()?;
        Ok(file)
    };
    let refused = |error: ItemError| {
        Problem::new(ProblemKind::Refused, &path, format!("cannot be stored: {error}"))
    };
    if parts.caption.is_none() {
        return (checked(parts).map_err(refused), None);
    }
    match checked(parts.clone()) {
        Ok(file) => (Ok(file), None),
        Err(error) => {
            parts.caption = None;
            let reason = format!("what it says cannot be stored: {error}");
            let problem = sidecar.map(|path| Problem::new(ProblemKind::Sidecar, path, reason));
            (checked(parts).map_err(refused), problem)
        }
    }
}
