//! Records chosen by an expression, and one change made to all of them.

use filedex::{
    Batch, Database, Done, FileId, FileRecord, ItemOutcome, Query, Reader, VersionRef, limits,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::progress;
use crate::terminal::clean;
use crate::units::counted;

/// Failures that are shown in full.
const SHOWN: usize = 10;
/// Items to a commit.
const BATCH_ITEMS: usize = 20_000;

/// The ids of the records that a question finds and `wanted` lets through, and how many it finds.
pub fn select(
    reader: &Reader,
    version: &VersionRef,
    query: &Query,
    wanted: impl Fn(&FileRecord) -> bool,
) -> Result<(Vec<FileId>, u64), Failure> {
    let (mut ids, mut matched) = (Vec::new(), 0);
    for record in reader.scan(version, query)? {
        let record = record?;
        matched += 1;
        if wanted(&record) {
            ids.push(record.id);
        }
    }
    Ok((ids, matched))
}

/// What became of a change to many records.
#[derive(Debug, Default)]
pub struct Changes {
    /// Records that changed.
    pub changed: u64,
    /// Records that were already as asked.
    pub unchanged: u64,
    /// Records that were not changed, with the reason.
    pub failed: Vec<ItemOutcome>,
}

impl Changes {
    fn count(&mut self, outcome: ItemOutcome) {
        match &outcome.result {
            Ok(Done::Unchanged) => self.unchanged += 1,
            Ok(_) => self.changed += 1,
            Err(_) => self.failed.push(outcome),
        }
    }

    /// The failures as JSON.
    pub fn failed_json(&self) -> Value {
        let failed = self.failed.iter().map(|outcome| {
            let reason = outcome.result.as_ref().err().map(ToString::to_string);
            json!({ "id": outcome.id, "uri": outcome.uri, "reason": reason })
        });
        failed.collect()
    }

    /// Prints the first failures; an error where there are any.
    pub fn report_failures(&self, output: &mut Output) -> Result<(), Failure> {
        if self.failed.is_empty() {
            return Ok(());
        }
        if !output.is_json() {
            for outcome in self.failed.iter().take(SHOWN) {
                let id = outcome.id.map(|id| id.to_string());
                let name = outcome.uri.clone().or(id).unwrap_or_default();
                let reason =
                    outcome.result.as_ref().err().map(ToString::to_string).unwrap_or_default();
                output.line(format!("{}: {}", clean(&name), clean(&reason)))?;
            }
            let failed = self.failed.len() as u64;
            output.line(format!("{} not changed", counted(failed, "file was", "files were")))?;
        }
        Err(Failure::Reported)
    }
}

/// Makes one change to each record, a batch at a time. Batches committed before an error stay.
pub fn change_all(
    database: &Database,
    version: &VersionRef,
    ids: &[FileId],
    output: &Output,
    doing: &'static str,
    mut change: impl FnMut(&mut Batch<'_>, FileId),
) -> Result<Changes, Failure> {
    let bar = progress::of_records(output, Some(ids.len() as u64), doing);
    let mut changes = Changes::default();
    for piece in ids.chunks(BATCH_ITEMS.min(limits::BATCH_ITEMS)) {
        let mut batch = database.batch(version);
        piece.iter().for_each(|id| change(&mut batch, *id));
        batch.commit()?.outcomes.into_iter().for_each(|outcome| changes.count(outcome));
        bar.inc(piece.len() as u64);
    }
    bar.finish_and_clear();
    Ok(changes)
}
