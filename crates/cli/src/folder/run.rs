//! One run: list, compare, read, commit, and at last what is gone.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use filedex::{BatchReport, Database, VersionRef};
use filedex_ingest::{Caption, Found, Problem, ProblemKind, Read, ReadOptions, read, walk};
use indicatif::ProgressBar;
use rayon::prelude::*;

use crate::failure::Failure;
use crate::folder::join::Content;
use crate::folder::known::{load, load_before};
use crate::folder::place::{Place, given};
use crate::folder::plan::{Comparison, Lost, Plan, Task};
use crate::folder::report::FolderReport;
use crate::folder::stage::Stage;
use crate::folder::{FolderArgs, missing};
use crate::interrupt::Interrupt;
use crate::progress;

/// Bytes of files that are read for one commit, so that a folder of movies is committed as it goes.
const BATCH_BYTES: u64 = 1 << 30;

/// What a run is about.
#[derive(Debug)]
pub struct Run<'a> {
    pub database: &'a Database,
    pub version: &'a VersionRef,
    pub place: &'a Place,
    pub args: &'a FolderArgs,
    /// Files to a commit.
    pub batch: usize,
    /// Files that are no files of the folder: the database, the list of errors.
    pub leave_out: &'a [&'a Path],
    pub interrupt: &'a Interrupt,
    pub bar: &'a ProgressBar,
}

/// A file that was read.
pub struct WasRead {
    pub task: Task,
    pub content: Result<Content, Problem>,
    pub caption: Option<(Caption, Vec<Problem>)>,
}

/// Brings the records of a version up to a folder. `on_problem` gets what is wrong with files, and
/// `on_commit` the number of files that are done.
pub fn sync(
    run: &Run<'_>,
    mut on_problem: impl FnMut(Problem),
    mut on_commit: impl FnMut(u64) -> Result<(), Failure>,
) -> Result<FolderReport, Failure> {
    let started = Instant::now();
    let mut report = FolderReport::default();
    run.bar.set_message("listing");
    let options = run.args.walk_options(run.leave_out);
    let mut found = walk(&run.place.root, &options, &|| run.interrupt.is_set())
        .map_err(|error| Failure::io(run.place.root.display().to_string(), error))?;
    report.files = found.entries.len() as u64;
    (report.sidecars, report.links, report.special) = (found.sidecars, found.links, found.special);
    let mut on_problem = |problem: Problem, report: &mut FolderReport| {
        report.count_problem(&problem);
        on_problem(problem);
    };
    for problem in std::mem::take(&mut found.problems) {
        on_problem(problem, &mut report);
    }
    if run.interrupt.is_set() {
        // What was listed is not all there is, so nothing is told of what is gone.
        report.stopped = true;
        report.elapsed = started.elapsed();
        return Ok(report);
    }
    let plan = run.plan(&mut found)?;
    report.unchanged = plan.unchanged;
    (report.left_deleted, report.left_out) = (plan.left_deleted, plan.left_out);
    let mut lost = Lost::new(plan.gone);
    progress::set_records(run.bar, plan.tasks.len() as u64);
    run.bar.set_message("reading");
    let bytes = AtomicU64::new(0);
    std::thread::scope(|scope| -> Result<(), Failure> {
        let (send, receive) = sync_channel(1);
        let (tasks, bytes) = (plan.tasks, &bytes);
        scope.spawn(move || {
            for chunk in chunks(tasks, run.batch) {
                let done: Vec<_> =
                    chunk.into_par_iter().filter_map(|task| run.read(task, bytes)).collect();
                if run.interrupt.is_set() && done.is_empty() || send.send(done).is_err() {
                    return;
                }
            }
        });
        for done in receive {
            report.done += done.len() as u64;
            run.commit(done, &mut lost, &mut report, &mut on_problem)?;
            on_commit(report.done)?;
        }
        Ok(())
    })?;
    report.bytes = bytes.into_inner();
    report.stopped = run.interrupt.is_set();
    if !report.stopped {
        let gone = lost.into_rest();
        report.missing = gone.len() as u64;
        let what = run.args.missing.unwrap_or_default();
        report.set_aside = missing::settle(run.database, run.version, &gone, what)?;
    }
    report.elapsed = started.elapsed();
    Ok(report)
}

/// Tasks by commits.
fn chunks(tasks: Vec<Task>, items: usize) -> impl Iterator<Item = Vec<Task>> {
    let mut tasks = tasks.into_iter().peekable();
    std::iter::from_fn(move || {
        let (mut chunk, mut bytes) = (Vec::new(), 0_u64);
        while chunk.len() < items
            && let Some(task) = tasks.next_if(|task| {
                let size = if task.reads { task.entry.stamp.size } else { 0 };
                bytes = bytes.saturating_add(size);
                chunk.is_empty() || bytes <= BATCH_BYTES
            })
        {
            chunk.push(task);
        }
        (!chunk.is_empty()).then_some(chunk)
    })
}

impl Run<'_> {
    fn plan(&self, found: &mut Found) -> Result<Plan, Failure> {
        let reader = self.database.reader()?;
        let known = load(&reader, self.version, &self.place.prefix)?;
        let before = match &self.args.was {
            None => Vec::new(),
            Some(was) => load_before(&reader, self.version, &given(was)?, self.place)?,
        };
        let comparison =
            Comparison { checksum: self.args.checksum, tags_from_dirs: self.args.tags_from_dirs };
        Ok(Plan::new(found, known, before, self.place, comparison))
    }

    /// Reads what a task needs; `None` once the user wants an end.
    fn read(&self, task: Task, bytes: &AtomicU64) -> Option<WasRead> {
        if self.interrupt.is_set() {
            return None;
        }
        let content = if task.reads {
            let known = task.known.as_ref().and_then(|known| known.hash.as_deref());
            // Under --checksum everything is looked at anew, also what an earlier run left out.
            let known = known.filter(|_| !self.args.checksum);
            let options: ReadOptions = self.args.read_options();
            let read = read(&task.entry, &options, known).map(|read| match read {
                Read::Same(stamp) => Content::Same(stamp),
                Read::Full(facts) => Content::Read(facts),
            });
            bytes.fetch_add(task.entry.stamp.size, Ordering::Relaxed);
            read
        } else {
            Ok(Content::Unread)
        };
        let caption = task.reads_sidecars.then(|| Caption::read(&task.entry.sidecars));
        self.bar.inc(1);
        Some(WasRead { task, content, caption })
    }

    fn commit(
        &self,
        done: Vec<WasRead>,
        lost: &mut Lost,
        report: &mut FolderReport,
        on_problem: &mut impl FnMut(Problem, &mut FolderReport),
    ) -> Result<(), Failure> {
        let mut stage = Stage::new(self)?;
        for one in done {
            stage.add(one, lost, |problem| on_problem(problem, report))?;
        }
        if stage.batch.is_empty() {
            return Ok(());
        }
        let outcomes: BatchReport = stage.batch.commit()?;
        report.batches += 1;
        for (outcome, (role, path)) in outcomes.outcomes.into_iter().zip(stage.roles) {
            match outcome.result {
                Ok(done) => role.count(done, report),
                Err(error) => {
                    on_problem(Problem::new(ProblemKind::Refused, path, error.to_string()), report);
                }
            }
        }
        Ok(())
    }
}
