//! The oracle's records and what operations make of them.
//!
//! How one record takes a change (which fields merge, which are replaced) is the model's business;
//! the rules between records stand here: one record for one URI, names in a folder, revival.

use filedex_model::change::{Done, renamed};
use filedex_model::{
    DetailsUpdate, FileId, FileRecord, FileUpdate, ItemError, ItemOutcome, NameMode, NewFile,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// The records of one dataset version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Oracle {
    dataset_id: String,
    records: Vec<FileRecord>,
}

/// What an import does to a record that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImportMode {
    /// Lay the file over the record: what the file does not say stays, user tags are added.
    #[default]
    Merge,
    /// Put the file in the record's place; only the time of its creation stays.
    Replace,
}

/// One item of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// [`Oracle::create`].
    Create(NewFile),
    /// [`Oracle::import`].
    Import(NewFile, ImportMode),
    /// [`Oracle::update`].
    Update(FileId, FileUpdate),
    /// [`Oracle::update_details`].
    UpdateDetails(FileId, DetailsUpdate),
    /// [`Oracle::delete`].
    Delete(FileId),
    /// [`Oracle::purge`].
    Purge(FileId),
}

impl Oracle {
    /// An empty version of the dataset, whose id the ids of files are made of.
    #[must_use]
    pub fn new(dataset_id: impl Into<String>) -> Self {
        Self { dataset_id: dataset_id.into(), records: Vec::new() }
    }

    /// Takes a record as it is, as if it had been there all along.
    pub fn adopt(&mut self, record: FileRecord) {
        self.records.push(record);
    }

    /// Puts a record in the place of the one with its id.
    pub fn put(&mut self, record: FileRecord) {
        if let Some(at) = self.position(record.id) {
            self.records[at] = record;
        }
    }

    /// The id of the dataset.
    #[must_use]
    pub fn dataset_id(&self) -> &str {
        &self.dataset_id
    }

    /// Every record, deleted ones included, in the order of their first creation.
    #[must_use]
    pub fn records(&self) -> &[FileRecord] {
        &self.records
    }

    /// The record with this id, deleted or not.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&FileRecord> {
        self.records.iter().find(|record| record.id == id)
    }

    /// Does what `operation` says.
    pub fn apply(&mut self, operation: Operation, now: Timestamp) -> ItemOutcome {
        match operation {
            Operation::Create(file) => self.create(file, now),
            Operation::Import(file, mode) => self.import(file, mode, now),
            Operation::Update(id, update) => self.update(id, &update, now),
            Operation::UpdateDetails(id, update) => self.update_details(id, &update, now),
            Operation::Delete(id) => self.delete(id, now),
            Operation::Purge(id) => self.purge(id),
        }
    }

    /// Creates a record. An active one with the same URI is an error; a deleted one comes back as
    /// if it had never been there, but for its revision id, which follows the last one.
    pub fn create(&mut self, file: NewFile, now: Timestamp) -> ItemOutcome {
        self.of_uri(file.uri.clone(), |oracle| oracle.add(file, now))
    }

    /// Creates a record, or changes the active one with the same URI.
    pub fn import(&mut self, file: NewFile, mode: ImportMode, now: Timestamp) -> ItemOutcome {
        self.of_uri(file.uri.clone(), |oracle| {
            match oracle.active(FileId::of(&oracle.dataset_id, &file.uri)) {
                Ok(at) => oracle.lay_over(at, file, mode, now),
                Err(_) => oracle.add(file, now),
            }
        })
    }

    /// Changes an active record as PAI does. A name may be one that another file has.
    pub fn update(&mut self, id: FileId, update: &FileUpdate, now: Timestamp) -> ItemOutcome {
        self.of_id(id, |oracle| {
            update.validate()?;
            let at = oracle.active(id)?;
            let mut next = oracle.records[at].clone();
            next.apply(update, now)?;
            Ok(oracle.settle(at, next))
        })
    }

    /// Changes an active record as PDS does, with the name checked against the other active files
    /// of the folder. A name that the file already has is not checked.
    pub fn update_details(
        &mut self,
        id: FileId,
        update: &DetailsUpdate,
        now: Timestamp,
    ) -> ItemOutcome {
        self.of_id(id, |oracle| {
            update.validate()?;
            let at = oracle.active(id)?;
            let mut next = oracle.records[at].clone();
            if let Some(name) = update.name.as_ref().filter(|name| **name != next.file_name) {
                next.file_name = match (oracle.has_name(at, name), update.check_name_mode) {
                    (None, _) | (_, NameMode::Ignore) => name.clone(),
                    (Some(other), NameMode::Refuse) => return Ok(Done::NameTaken(other)),
                    (Some(_), NameMode::AutoRename) => (0..)
                        .map(|clash| renamed(name, now, clash))
                        .find(|name| oracle.has_name(at, name).is_none())
                        .expect("one of endless names is free"),
                };
            }
            next.apply_details(update, now);
            Ok(oracle.settle(at, next))
        })
    }

    /// Deletes an active record logically.
    pub fn delete(&mut self, id: FileId, now: Timestamp) -> ItemOutcome {
        self.of_id(id, |oracle| {
            let at = oracle.active(id)?;
            oracle.records[at].trash(now);
            Ok(Done::Deleted)
        })
    }

    /// Removes a record for good, deleted or not.
    pub fn purge(&mut self, id: FileId) -> ItemOutcome {
        self.of_id(id, |oracle| {
            let at = oracle.position(id).ok_or(ItemError::NotFound)?;
            oracle.records.remove(at);
            Ok(Done::Purged)
        })
    }

    fn of_uri(
        &mut self,
        uri: String,
        act: impl FnOnce(&mut Self) -> Result<Done, ItemError>,
    ) -> ItemOutcome {
        let id = (!uri.is_empty()).then(|| FileId::of(&self.dataset_id, &uri));
        ItemOutcome { id, uri: Some(uri), result: act(self) }
    }

    fn of_id(
        &mut self,
        id: FileId,
        act: impl FnOnce(&mut Self) -> Result<Done, ItemError>,
    ) -> ItemOutcome {
        let uri = self.get(id).map(|record| record.uri.clone());
        ItemOutcome { id: Some(id), uri, result: act(self) }
    }

    fn position(&self, id: FileId) -> Option<usize> {
        self.records.iter().position(|record| record.id == id)
    }

    fn active(&self, id: FileId) -> Result<usize, ItemError> {
        self.position(id).filter(|at| self.records[*at].is_active()).ok_or(ItemError::NotFound)
    }

    /// The other active file with this name in the folder of the record at `at`; the one with the
    /// smallest id where there are several.
    fn has_name(&self, at: usize, name: &str) -> Option<FileId> {
        let this = &self.records[at];
        self.records
            .iter()
            .filter(|other| other.is_active() && other.id != this.id)
            .filter(|other| other.file_dir == this.file_dir && other.file_name == name)
            .map(|other| other.id)
            .min()
    }

    fn add(&mut self, file: NewFile, now: Timestamp) -> Result<Done, ItemError> {
        file.validate()?;
        let Some(at) = self.position(FileId::of(&self.dataset_id, &file.uri)) else {
            let record = self.anew(file, String::new(), now)?;
            self.records.push(record);
            return Ok(Done::Created);
        };
        if self.records[at].is_active() {
            return Err(ItemError::AlreadyExists);
        }
        self.records[at] = self.anew(file, self.records[at].revision_id.clone(), now)?;
        Ok(Done::Revived)
    }

    /// The record of a file created now, its revision following `revision`.
    fn anew(
        &self,
        file: NewFile,
        revision: String,
        now: Timestamp,
    ) -> Result<FileRecord, ItemError> {
        let mut record = FileRecord::new(&self.dataset_id, &file.uri, now);
        record.revision_id = revision;
        file.merge_into(&mut record, now);
        record.check_tag_counts()?;
        Ok(record)
    }

    fn lay_over(
        &mut self,
        at: usize,
        file: NewFile,
        mode: ImportMode,
        now: Timestamp,
    ) -> Result<Done, ItemError> {
        file.validate()?;
        let before = &self.records[at];
        let next = match mode {
            ImportMode::Merge => {
                let mut next = before.clone();
                file.merge_into(&mut next, now);
                next.check_tag_counts()?;
                next
            }
            ImportMode::Replace => {
                let mut next = self.anew(file, before.revision_id.clone(), now)?;
                next.record_create_time = before.record_create_time;
                let same_tags = next.tags == before.tags;
                next.tag_update_time = if same_tags { before.tag_update_time } else { Some(now) };
                next
            }
        };
        Ok(self.settle(at, next))
    }

    /// Writes a changed record. One that differs in nothing but the marks of the write itself is
    /// not written.
    fn settle(&mut self, at: usize, next: FileRecord) -> Done {
        let before = &self.records[at];
        let unmarked = FileRecord {
            sync_time: before.sync_time,
            revision_id: before.revision_id.clone(),
            ..next.clone()
        };
        if unmarked == *before {
            return Done::Unchanged;
        }
        self.records[at] = next;
        Done::Updated
    }
}
