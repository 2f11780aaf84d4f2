//! Filedex, with default options.

use std::path::Path;
use std::time::Duration;

use filedex::{
    Cursor, Database, FileId, FileRecord, FileUpdate, NewFile, Order, Query, SortBy, TagEdit,
    VersionRef,
};

use super::{BATCH, PAGE};
use crate::Outcome;
use crate::question::{Question, Want};
use crate::record::Found;
use crate::timing::timed;

/// An open Filedex database.
#[derive(Debug)]
pub struct Filedex {
    /// The database.
    pub database: Database,
    /// The version that holds the records.
    pub version: VersionRef,
}

impl Filedex {
    /// Makes a database.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> Outcome<Self> {
        let database = Database::create(path)?;
        let version = database.default_version()?;
        Ok(Self { database, version })
    }

    /// Opens a database.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Outcome<Self> {
        let database = Database::open(path)?;
        let version = database.default_version()?;
        Ok(Self { database, version })
    }

    /// The id of the default dataset. It is the same in every file, so that all three engines can
    /// hold the same ids.
    ///
    /// # Errors
    /// When no file can be made to ask.
    pub fn dataset_id() -> Outcome<String> {
        let folder = tempfile::tempdir()?;
        Ok(Self::create(&folder.path().join("empty.filedex"))?.version.dataset_id)
    }

    /// Writes records in batches; tells how long that took, the copies made for it not counted.
    ///
    /// # Errors
    /// When a record is refused.
    pub fn load(&self, files: &[NewFile]) -> Outcome<Duration> {
        let mut taken = Duration::ZERO;
        for part in files.chunks(BATCH) {
            let part = part.to_vec();
            let (report, time) = timed(|| {
                let mut batch = self.database.batch(&self.version);
                for file in part {
                    batch.create(file);
                }
                batch.commit()
            });
            taken += time;
            if let Some((outcome, why)) = report?.failed().next() {
                return Err(format!("{:?}: {why}", outcome.uri).into());
            }
        }
        Ok(taken)
    }

    /// The query of a question.
    ///
    /// # Errors
    /// When it is not in the language.
    pub fn query(question: &Question) -> Outcome<Query> {
        let query = Query::parse(question.filedex)?.limit(u32::try_from(PAGE)?);
        Ok(match question.want {
            Want::Dated { .. } => query.sort(SortBy::FileUpdateTime, Order::Desc),
            Want::Ranked | Want::Count => query,
        })
    }

    /// Asks on the newest snapshot.
    ///
    /// # Errors
    /// When the query is refused or the file cannot be read.
    pub fn ask(&self, query: &Query, want: Want) -> Outcome<Found<FileRecord>> {
        let reader = self.database.reader()?;
        if want == Want::Count {
            let total = reader.count(&self.version, query)?;
            return Ok(Found { total: Some(total), records: Vec::new() });
        }
        let page = reader.list(&self.version, query)?;
        let records = page.hits.into_iter().map(|hit| hit.record).collect();
        Ok(Found { total: Some(page.total), records })
    }

    /// The cursor of the page after `skipped` records.
    ///
    /// # Errors
    /// As [`Filedex::ask`].
    pub fn cursor_after(&self, query: &Query, skipped: usize) -> Outcome<Option<Cursor>> {
        let skipping = query.clone().limit(u32::try_from(skipped)?);
        Ok(self.database.reader()?.list(&self.version, &skipping)?.next)
    }

    /// Sets a record's comment and adds a tag, durably.
    ///
    /// # Errors
    /// When there is no such record or the file cannot be written.
    pub fn update(&self, id: FileId, comment: &str, tag: &str) -> Outcome {
        let update = FileUpdate {
            comment: Some(comment.to_owned()),
            tags_user: TagEdit { add: vec![tag.to_owned()], remove: Vec::new() },
            ..FileUpdate::default()
        };
        let mut batch = self.database.batch(&self.version);
        batch.update(id, update);
        if batch.commit()?.all_succeeded() { Ok(()) } else { Err("an update failed".into()) }
    }

    /// A record's comment.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn comment(&self, id: FileId) -> Outcome<Option<String>> {
        Ok(self.database.reader()?.get(&self.version, &id)?.comment)
    }
}
