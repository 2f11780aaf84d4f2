//! Operations become record changes inside one write transaction.

use std::collections::{BTreeMap, HashMap};

use filedex_model::change::{Done, renamed};
use filedex_model::{
    DetailsUpdate, FileId, FileRecord, FileUpdate, ItemError, ItemOutcome, NameMode, NewFile, Row,
    Timestamp,
};
use filedex_store::{RecordPut, SpaceInfo, SpaceKey, VersionKey, WriteBatch};

use crate::batch::{ImportMode, NewVector, Operation};
use crate::error::Result;

/// One row as the batch sees it.
#[derive(Debug)]
struct Change {
    /// Whether the row had a record when the batch began, and so stands in the text index.
    existed: bool,
    /// The record the transaction holds.
    stored: Option<FileRecord>,
    /// The record it is to hold.
    wanted: Option<FileRecord>,
    /// Whether the batch changed it at all.
    touched: bool,
}

/// A batch being applied.
pub(crate) struct Stage<'txn> {
    txn: &'txn mut WriteBatch,
    version: VersionKey,
    dataset_id: String,
    now: Timestamp,
    ids: HashMap<FileId, Row>,
    changes: BTreeMap<Row, Change>,
    spaces: Option<Vec<SpaceInfo>>,
    vectors: VectorChanges,
}

/// For each space the rows whose vector changed: to this one, or to none.
pub(crate) type VectorChanges = BTreeMap<SpaceKey, BTreeMap<Row, Option<Vec<f32>>>>;

/// What the indexes have to follow.
#[derive(Debug, Default)]
pub(crate) struct RecordChanges {
    /// Rows whose indexed form is out of date, ascending.
    pub stale: Vec<Row>,
    /// Records to be indexed, by ascending row.
    pub fresh: Vec<(Row, FileRecord)>,
    /// Vectors that came and went.
    pub vectors: VectorChanges,
}

impl RecordChanges {
    /// Whether there is nothing to follow.
    pub fn is_empty(&self) -> bool {
        self.stale.is_empty() && self.fresh.is_empty() && self.vectors.is_empty()
    }
}

impl<'txn> Stage<'txn> {
    pub fn new(
        txn: &'txn mut WriteBatch,
        version: VersionKey,
        dataset_id: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            txn,
            version,
            dataset_id: dataset_id.to_owned(),
            now,
            ids: HashMap::new(),
            changes: BTreeMap::new(),
            spaces: None,
            vectors: BTreeMap::new(),
        }
    }

    /// Applies one operation; only the database itself failing is an error.
    pub fn apply(&mut self, operation: Operation) -> Result<ItemOutcome> {
        let (id, uri) = match &operation {
            Operation::Create(file, _) | Operation::Import(file, ..) => {
                (FileId::of(&self.dataset_id, &file.uri), Some(file.uri.clone()))
            }
            Operation::Update(id, _)
            | Operation::SetVector(id, _)
            | Operation::RemoveVector(id, _)
            | Operation::Details(id, _)
            | Operation::Delete(id)
            | Operation::Purge(id) => (*id, None),
        };
        let row = self.find(&id)?;
        let uri = uri.or_else(|| Some(self.changes.get(&row?)?.wanted.as_ref()?.uri.clone()));
        let result = match operation {
            Operation::Create(file, vectors) => {
                self.with_vectors(&id, vectors, |stage| stage.create(*file, row))?
            }
            Operation::Import(file, mode, vectors) => {
                self.with_vectors(&id, vectors, |stage| stage.import(*file, mode, row))?
            }
            Operation::SetVector(_, vector) => self.set_vector(&vector, row)?,
            Operation::RemoveVector(_, space) => self.remove_vector(space.as_deref(), row)?,
            Operation::Update(_, update) => self.update(&update, row),
            Operation::Details(_, update) => self.details(&update, row)?,
            Operation::Delete(_) => self.delete(row)?,
            Operation::Purge(_) => self.purge(row)?,
        };
        let id = (!matches!(&uri, Some(uri) if uri.is_empty())).then_some(id);
        Ok(ItemOutcome { id, uri, result })
    }

    /// Writes what is left, and tells what the text index has to follow.
    pub fn finish(mut self) -> Result<RecordChanges> {
        self.flush()?;
        let mut changes = RecordChanges { vectors: self.vectors, ..RecordChanges::default() };
        for (row, change) in self.changes {
            if !change.touched {
                continue;
            }
            if change.existed {
                changes.stale.push(row);
            }
            changes.fresh.extend(change.wanted.map(|record| (row, record)));
        }
        Ok(changes)
    }

    /// The row of a file, its record at hand in `changes`.
    fn find(&mut self, id: &FileId) -> Result<Option<Row>> {
        if let Some(row) = self.ids.get(id) {
            return Ok(self.changes.get(row).is_some_and(|c| c.wanted.is_some()).then_some(*row));
        }
        let Some(row) = self.txn.row_of(self.version, id)? else { return Ok(None) };
        let record = self.txn.record(self.version, row)?;
        self.ids.insert(*id, row);
        self.changes.insert(
            row,
            Change { existed: true, stored: record.clone(), wanted: record, touched: false },
        );
        Ok(Some(row))
    }

    fn live(&self, row: Option<Row>) -> Option<(Row, &FileRecord)> {
        let row = row?;
        let record = self.changes.get(&row)?.wanted.as_ref()?;
        record.is_active().then_some((row, record))
    }

    fn set(&mut self, row: Row, record: Option<FileRecord>) {
        if let Some(change) = self.changes.get_mut(&row) {
            change.wanted = record;
            change.touched = true;
        }
    }

    /// Puts a new record in a new row, or in the row of the deleted record it revives; that one's
    /// chain of revisions goes on, and nothing else of it.
    fn insert(&mut self, file: NewFile, row: Option<Row>) -> Result<Result<Done, ItemError>> {
        let mut record = FileRecord::new(&self.dataset_id, &file.uri, self.now);
        let deleted = row.and_then(|row| self.changes.get(&row)?.wanted.as_ref());
        if let Some(deleted) = deleted {
            record.revision_id.clone_from(&deleted.revision_id);
        }
        file.merge_into(&mut record, self.now);
        if let Err(error) = record.check_tag_counts() {
            return Ok(Err(error));
        }
        if let Some(row) = row {
            self.set(row, Some(record));
            return Ok(Ok(Done::Revived));
        }
        let row = self.txn.allocate_row(self.version)?;
        self.ids.insert(record.id, row);
        self.changes.insert(
            row,
            Change { existed: false, stored: None, wanted: Some(record), touched: true },
        );
        Ok(Ok(Done::Created))
    }

    fn create(&mut self, file: NewFile, row: Option<Row>) -> Result<Result<Done, ItemError>> {
        if let Err(error) = file.validate() {
            return Ok(Err(error));
        }
        if self.live(row).is_some() {
            return Ok(Err(ItemError::AlreadyExists));
        }
        self.insert(file, row)
    }

    fn import(
        &mut self,
        file: NewFile,
        mode: ImportMode,
        row: Option<Row>,
    ) -> Result<Result<Done, ItemError>> {
        if let Err(error) = file.validate() {
            return Ok(Err(error));
        }
        let Some((row, before)) = self.live(row) else { return self.insert(file, row) };
        let mut after = before.clone();
        if mode == ImportMode::Replace {
            after = FileRecord::new(&self.dataset_id, &file.uri, self.now);
            after.record_create_time = before.record_create_time;
            after.revision_id.clone_from(&before.revision_id);
        }
        file.merge_into(&mut after, self.now);
        if mode == ImportMode::Replace {
            let same_tags = after.tags == before.tags;
            after.tag_update_time = if same_tags { before.tag_update_time } else { Some(self.now) };
        }
        if let Err(error) = after.check_tag_counts() {
            return Ok(Err(error));
        }
        Ok(Ok(self.settle(row, after)))
    }

    /// Puts a changed record in its row; one that differs in nothing but its mark is left alone.
    fn settle(&mut self, row: Row, after: FileRecord) -> Done {
        let before = self.changes.get(&row).and_then(|change| change.wanted.as_ref());
        if before.is_some_and(|before| same_content(before, &after)) {
            return Done::Unchanged;
        }
        self.set(row, Some(after));
        Done::Updated
    }

    fn update(&mut self, update: &FileUpdate, row: Option<Row>) -> Result<Done, ItemError> {
        update.validate()?;
        let (row, record) = self.live(row).ok_or(ItemError::NotFound)?;
        let mut record = record.clone();
        record.apply(update, self.now)?;
        Ok(self.settle(row, record))
    }

    fn details(
        &mut self,
        update: &DetailsUpdate,
        row: Option<Row>,
    ) -> Result<Result<Done, ItemError>> {
        if let Err(error) = update.validate() {
            return Ok(Err(error));
        }
        let Some((row, record)) = self.live(row) else { return Ok(Err(ItemError::NotFound)) };
        let mut record = record.clone();
        if let Some(name) = update.name.as_ref().filter(|name| **name != record.file_name) {
            let holder = self.holder(&record.file_dir, name, row)?;
            record.file_name = match (holder, update.check_name_mode) {
                (None, _) | (_, NameMode::Ignore) => name.clone(),
                (Some(holder), NameMode::Refuse) => return Ok(Ok(Done::NameTaken(holder))),
                (Some(_), NameMode::AutoRename) => self.free_name(&record, name, row)?,
            };
        }
        record.apply_details(update, self.now);
        Ok(Ok(self.settle(row, record)))
    }

    /// The first stamped name that no other file of the folder has.
    fn free_name(&mut self, record: &FileRecord, name: &str, row: Row) -> Result<String> {
        let mut clash = 0;
        loop {
            let candidate = renamed(name, self.now, clash);
            if self.holder(&record.file_dir, &candidate, row)?.is_none() {
                return Ok(candidate);
            }
            clash += 1;
        }
    }

    /// Another live file of the folder that has the name; of several, the one with the least id.
    fn holder(&mut self, dir: &str, name: &str, but: Row) -> Result<Option<FileId>> {
        self.flush()?;
        let mut holder: Option<FileId> = None;
        for row in self.txn.rows_named(self.version, dir, name)? {
            if row != but
                && let Some(record) = self.txn.record(self.version, row)?
            {
                holder = Some(holder.map_or(record.id, |least| least.min(record.id)));
            }
        }
        Ok(holder)
    }

    /// A deleted record has no vectors: it is not found by meaning, and revival starts anew.
    fn delete(&mut self, row: Option<Row>) -> Result<Result<Done, ItemError>> {
        let Some((row, record)) = self.live(row) else { return Ok(Err(ItemError::NotFound)) };
        let mut record = record.clone();
        record.trash(self.now);
        self.set(row, Some(record));
        self.drop_vectors(row)?;
        Ok(Ok(Done::Deleted))
    }

    fn purge(&mut self, row: Option<Row>) -> Result<Result<Done, ItemError>> {
        let Some(row) = row else { return Ok(Err(ItemError::NotFound)) };
        // The id stays known, so that what the transaction still holds is not found again.
        self.set(row, None);
        self.drop_vectors(row)?;
        Ok(Ok(Done::Purged))
    }

    fn spaces(&mut self) -> Result<&[SpaceInfo]> {
        if self.spaces.is_none() {
            self.spaces = Some(self.txn.spaces(self.version)?);
        }
        Ok(self.spaces.as_deref().unwrap_or_default())
    }

    /// The space of a name, or the chosen one.
    fn space(&mut self, name: Option<&str>) -> Result<Result<SpaceInfo, ItemError>> {
        let spaces = self.spaces()?;
        let found = spaces.iter().find(|info| match name {
            Some(name) => info.space.name == name,
            None => info.chosen,
        });
        Ok(found.cloned().ok_or_else(|| {
            ItemError::invalid(
                "embedding",
                match name {
                    Some(name) => format!("is for the space {name:?}, which the version lacks"),
                    None => "is for a space, and the version has none; create one".to_owned(),
                },
            )
        }))
    }

    /// Checks the vectors of a new file, and keeps them once `write` has put its record.
    fn with_vectors(
        &mut self,
        id: &FileId,
        vectors: Vec<NewVector>,
        write: impl FnOnce(&mut Self) -> Result<Result<Done, ItemError>>,
    ) -> Result<Result<Done, ItemError>> {
        let mut accepted = Vec::with_capacity(vectors.len());
        for vector in vectors {
            match self.accept(&vector)? {
                Ok(vector) => accepted.push(vector),
                Err(error) => return Ok(Err(error)),
            }
        }
        let done = write(self)?;
        if done.is_ok()
            && let Some(row) = self.ids.get(id).copied()
        {
            for (space, vector) in accepted {
                self.vectors.entry(space).or_default().insert(row, Some(vector));
            }
        }
        Ok(done)
    }

    fn accept(&mut self, vector: &NewVector) -> Result<Result<(SpaceKey, Vec<f32>), ItemError>> {
        let info = match self.space(vector.space.as_deref())? {
            Ok(info) => info,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match info.space.keep(&vector.values) {
            Ok(accepted) => Ok((info.key, accepted)),
            Err(why) => {
                let reason = format!("cannot be in the space {:?}: {why}", info.space.name);
                Err(ItemError::invalid("embedding", reason))
            }
        })
    }

    fn set_vector(
        &mut self,
        vector: &NewVector,
        row: Option<Row>,
    ) -> Result<Result<Done, ItemError>> {
        let Some((row, _)) = self.live(row) else { return Ok(Err(ItemError::NotFound)) };
        Ok(self.accept(vector)?.map(|(space, accepted)| {
            self.vectors.entry(space).or_default().insert(row, Some(accepted));
            Done::Updated
        }))
    }

    fn remove_vector(
        &mut self,
        space: Option<&str>,
        row: Option<Row>,
    ) -> Result<Result<Done, ItemError>> {
        let Some((row, _)) = self.live(row) else { return Ok(Err(ItemError::NotFound)) };
        Ok(self.space(space)?.map(|info| {
            self.vectors.entry(info.key).or_default().insert(row, None);
            Done::Updated
        }))
    }

    fn drop_vectors(&mut self, row: Row) -> Result<()> {
        let keys: Vec<SpaceKey> = self.spaces()?.iter().map(|info| info.key).collect();
        for key in keys {
            self.vectors.entry(key).or_default().insert(row, None);
        }
        Ok(())
    }

    /// Brings the transaction's records up to the wanted ones.
    fn flush(&mut self) -> Result<()> {
        let mut puts = Vec::new();
        for (row, change) in &self.changes {
            if !change.touched || change.stored == change.wanted {
                continue;
            }
            match (&change.wanted, &change.stored) {
                (Some(record), previous) => {
                    puts.push(RecordPut { row: *row, record, previous: previous.as_ref() });
                }
                (None, Some(stored)) => self.txn.remove_record(self.version, *row, stored)?,
                (None, None) => {}
            }
        }
        self.txn.put_records(self.version, &puts)?;
        for change in self.changes.values_mut().filter(|change| change.touched) {
            change.stored.clone_from(&change.wanted);
        }
        Ok(())
    }
}

/// Whether two states of a record differ in nothing but the mark of the last write.
fn same_content(before: &FileRecord, after: &FileRecord) -> bool {
    let mut marked = after.clone();
    marked.sync_time = before.sync_time;
    marked.revision_id.clone_from(&before.revision_id);
    marked == *before
}
