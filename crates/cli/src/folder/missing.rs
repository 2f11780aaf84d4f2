//! Records whose files are gone.

use clap::ValueEnum;
use filedex::{Database, FileUpdate, Timestamp, VersionRef};
use serde_json::{Map, json};

use crate::failure::Failure;
use crate::folder::known::Known;

/// The attribute that says since when a file is missing.
pub const MISSING_SINCE: &str = "missing_since";
/// Records to a commit.
const BATCH_ITEMS: usize = 10_000;

/// What to do with a record whose file is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Missing {
    /// Note in the attribute `missing_since` that it is missing
    #[default]
    Mark,
    /// Delete it logically; it comes back, without tags and vectors, when the file does
    Delete,
    /// Leave it as it is
    Keep,
}

/// Does it. Answers how many records it changed.
pub fn settle(
    database: &Database,
    version: &VersionRef,
    gone: &[Known],
    what: Missing,
) -> Result<u64, Failure> {
    let since = json!(Timestamp::now());
    let (mut batch, mut changed) = (database.batch(version), 0);
    for one in gone {
        // What is marked stays as it is marked: since when it is missing is the news.
        let marked = one.set_aside;
        match what {
            Missing::Keep => break,
            Missing::Mark if marked => continue,
            Missing::Mark | Missing::Delete => {}
        }
        if !marked {
            let mark = Map::from_iter([(MISSING_SINCE.to_owned(), since.clone())]);
            batch.update(
                one.id,
                FileUpdate { merge_attributes: Some(mark), ..FileUpdate::default() },
            );
        }
        if what == Missing::Delete {
            batch.delete(one.id);
        }
        changed += 1;
        if batch.len() >= BATCH_ITEMS {
            commit(std::mem::replace(&mut batch, database.batch(version)))?;
        }
    }
    if !batch.is_empty() {
        commit(batch)?;
    }
    Ok(changed)
}

fn commit(batch: filedex::Batch<'_>) -> Result<(), Failure> {
    let report = batch.commit()?;
    // Only attributes that are full already refuse a mark; the first says why.
    match report.outcomes.into_iter().find_map(|outcome| Some((outcome.uri, outcome.result.err()?)))
    {
        None => Ok(()),
        Some((uri, error)) => {
            let uri = uri.unwrap_or_default();
            Err(Failure::Failed(format!("{uri}: the record cannot be set aside: {error}")))
        }
    }
}
