//! Records: lookups, and the changes that keep ids, names, folders and counters in step.

use std::collections::{BTreeMap, HashMap};

use filedex_model::{FileId, FileRecord, Row, Status};
use redb::{Range, ReadOnlyTable, ReadableTable};

use crate::codec::Malformed;
use crate::dataset::VersionKey;
use crate::dictionary::{self, Dictionaries, OwnDictionaries};
use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::stored::record as stored;
use crate::tables::{IDS, NAMES, RECORDS};
use crate::write::WriteBatch;
use crate::{folder, key};

type Encoded = &'static [u8];

pub(crate) fn row_of(
    ids: &impl ReadableTable<&'static [u8; 36], u32>,
    layer: u32,
    id: &FileId,
) -> Result<Option<Row>, StoreError> {
    Ok(ids.get(&key::id(layer, id)).translate()?.map(|row| row.value()))
}

pub(crate) fn at(
    records: &impl ReadableTable<u64, Encoded>,
    dictionaries: &impl Dictionaries,
    version: VersionKey,
    layer: u32,
    row: Row,
) -> Result<Option<FileRecord>, StoreError> {
    let bytes = records.get(key::record(layer, row)).translate()?;
    bytes.map(|bytes| decode(dictionaries, version, layer, row, bytes.value())).transpose()
}

pub(crate) fn id_at(
    records: &impl ReadableTable<u64, Encoded>,
    version: VersionKey,
    layer: u32,
    row: Row,
) -> Result<Option<FileId>, StoreError> {
    let bytes = records.get(key::record(layer, row)).translate()?;
    bytes.map(|bytes| Ok(head(version, row, bytes.value())?.0)).transpose()
}

pub(crate) fn rows_named(
    names: &impl ReadableTable<Encoded, ()>,
    layer: u32,
    dir: &str,
    name: &str,
) -> Result<Vec<Row>, StoreError> {
    let dir = filedex_model::path::clean_dir(dir);
    let (from, to) = (key::name(layer, dir, name, 0), key::name(layer, dir, name, Row::MAX));
    let entries = names.range(from.as_slice()..=to.as_slice()).translate()?;
    entries
        .map(|entry| {
            let row = entry.translate()?.0.value().last_chunk::<4>().copied();
            row.map(Row::from_be_bytes).ok_or_else(|| StoreError::damaged("a key of table names"))
        })
        .collect()
}

fn head(version: VersionKey, row: Row, bytes: &[u8]) -> Result<(FileId, Status), StoreError> {
    stored::head(bytes).map_err(|why| why.at(place(version, row)))
}

pub(crate) fn decode(
    dictionaries: &impl Dictionaries,
    version: VersionKey,
    layer: u32,
    row: Row,
    bytes: &[u8],
) -> Result<FileRecord, StoreError> {
    let here = |why: Malformed| why.at(place(version, row));
    let number = stored::dictionary_of(bytes).map_err(here)?;
    let dictionary = number.map(|number| dictionaries.dictionary(layer, number)).transpose()?;
    stored::decode(bytes, dictionary.as_deref()).map_err(here)
}

fn place(version: VersionKey, row: Row) -> String {
    format!("the record at row {row} of version number {version}")
}

/// The records of a version in order of their rows; see
/// [`ReadSnapshot::records`](crate::ReadSnapshot::records).
pub struct Records {
    range: Range<'static, u64, Encoded>,
    dictionaries: OwnDictionaries,
    version: VersionKey,
    layer: u32,
}

impl Records {
    pub(crate) fn new(
        records: &ReadOnlyTable<u64, Encoded>,
        dictionaries: OwnDictionaries,
        version: VersionKey,
        layer: u32,
        from: Row,
    ) -> Result<Self, StoreError> {
        let range = records.range(key::record(layer, from)..=key::record(layer, Row::MAX));
        Ok(Self { range: range.translate()?, dictionaries, version, layer })
    }
}

impl Iterator for Records {
    type Item = Result<(Row, FileRecord), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = || {
            let Some(entry) = self.range.next() else { return Ok(None) };
            let (key, bytes) = entry.translate()?;
            let row = key::row_of(key.value());
            let (version, layer) = (self.version, self.layer);
            Ok(Some((row, decode(&self.dictionaries, version, layer, row, bytes.value())?)))
        };
        guarded(next).transpose()
    }
}

/// A record to store; see [`WriteBatch::put_records`].
#[derive(Clone, Copy, Debug)]
pub struct RecordPut<'a> {
    /// Where.
    pub row: Row,
    /// What.
    pub record: &'a FileRecord,
    /// What is stored there now, if anything is.
    pub previous: Option<&'a FileRecord>,
}

/// From one state of a row to the next.
struct Change<'a> {
    row: Row,
    old: Option<&'a FileRecord>,
    new: Option<&'a FileRecord>,
}

impl WriteBatch {
    /// A row number for a new record of a version.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::Exhausted`] after four billion rows.
    pub fn allocate_row(&mut self, key: VersionKey) -> Result<Row, StoreError> {
        self.allocate_rows(key, 1)
    }

    /// The first of `count` consecutive row numbers for new records of a version.
    ///
    /// # Errors
    /// As [`WriteBatch::allocate_row`].
    pub fn allocate_rows(&mut self, key: VersionKey, count: u32) -> Result<Row, StoreError> {
        self.step(|batch| {
            batch.try_change_row(key, |row| {
                let first = row.next_row;
                let next = first.checked_add(count);
                row.next_row =
                    next.ok_or(StoreError::Exhausted { what: "rows of this version" })?;
                Ok(first)
            })
        })
    }

    /// Stores a record at an allocated row, and keeps ids, names, folders and counters in step.
    /// `previous` is the record that is there now. For many records use
    /// [`WriteBatch::put_records`], which opens each table once and goes through it in order.
    ///
    /// # Errors
    /// As [`WriteBatch::put_records`].
    pub fn put_record(
        &mut self,
        key: VersionKey,
        row: Row,
        record: &FileRecord,
        previous: Option<&FileRecord>,
    ) -> Result<(), StoreError> {
        self.put_records(key, &[RecordPut { row, record, previous }])
    }

    /// Stores many records, in order; one row may come several times.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::UnknownRow`] where a row was not allocated;
    /// [`StoreError::StalePrevious`] where `previous` is seen not to be what is stored, by its
    /// file, its status or its name; [`StoreError::FileIdTaken`] where another row holds the file. After an error the batch
    /// cannot be committed.
    pub fn put_records(
        &mut self,
        key: VersionKey,
        puts: &[RecordPut<'_>],
    ) -> Result<(), StoreError> {
        let changes: Vec<_> = puts
            .iter()
            .map(|put| Change { row: put.row, old: put.previous, new: Some(put.record) })
            .collect();
        self.apply(key, &changes)
    }

    /// Removes a record for good. `record` is what is stored there now.
    ///
    /// # Errors
    /// As [`WriteBatch::remove_records`].
    pub fn remove_record(
        &mut self,
        key: VersionKey,
        row: Row,
        record: &FileRecord,
    ) -> Result<(), StoreError> {
        self.remove_records(key, &[(row, record)])
    }

    /// Removes many records for good.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::StalePrevious`] where a record is not what is
    /// stored. After an error the batch cannot be committed.
    pub fn remove_records(
        &mut self,
        key: VersionKey,
        records: &[(Row, &FileRecord)],
    ) -> Result<(), StoreError> {
        let changes: Vec<_> = records
            .iter()
            .map(|(row, record)| Change { row: *row, old: Some(record), new: None })
            .collect();
        self.apply(key, &changes)
    }

    fn apply(&mut self, key: VersionKey, changes: &[Change<'_>]) -> Result<(), StoreError> {
        self.step(|batch| batch.apply_all(key, changes))
    }

    fn apply_all(&mut self, key: VersionKey, changes: &[Change<'_>]) -> Result<(), StoreError> {
        let layer = self.layer(key)?;
        let next_row = self.with_row(key, |row| row.next_row)?;
        if let Some(unknown) = changes.iter().find(|change| change.row >= next_row) {
            return Err(StoreError::UnknownRow { version: key, row: unknown.row });
        }
        let done = self
            .apply_records(key, layer, changes)
            .and_then(|()| self.apply_ids(layer, changes))
            .and_then(|()| self.apply_names(key, layer, changes))
            .and_then(|()| folder::apply(self.txn(), layer, &folder_changes(changes)))
            .and_then(|()| self.apply_counters(key, changes));
        if done.is_err() {
            self.fail();
        }
        done
    }

    fn apply_records(
        &self,
        version: VersionKey,
        layer: u32,
        changes: &[Change<'_>],
    ) -> Result<(), StoreError> {
        let any_new = changes.iter().any(|change| change.new.is_some());
        let newest = if any_new { dictionary::newest(self, layer)? } else { None };
        let with = newest.as_ref().map(|(number, dictionary)| (*number, &**dictionary));
        let mut records = self.txn().open_table(RECORDS).translate()?;
        let mut bytes = Vec::new();
        for change in changes {
            let row = change.row;
            let at = key::record(layer, row);
            let found = match change.new {
                Some(record) => {
                    stored::encode(record, with, &mut bytes)?;
                    records.insert(at, bytes.as_slice()).translate()?
                }
                None => records.remove(at).translate()?,
            };
            let found = found.map(|bytes| head(version, row, bytes.value())).transpose()?;
            let same_file = change.new.is_none_or(|new| found.is_none_or(|(id, _)| id == new.id));
            if found != change.old.map(|old| (old.id, old.status)) || !same_file {
                return Err(StoreError::StalePrevious { version, row });
            }
        }
        Ok(())
    }

    fn apply_ids(&self, layer: u32, changes: &[Change<'_>]) -> Result<(), StoreError> {
        let mut sorted: Vec<_> = changes
            .iter()
            .filter_map(|change| match (change.old, change.new) {
                (None, Some(new)) => Some((new.id, change.row, true)),
                (Some(old), None) => Some((old.id, change.row, false)),
                _ => None,
            })
            .collect();
        if sorted.is_empty() {
            return Ok(());
        }
        sorted.sort_by_key(|(id, ..)| *id);
        let mut ids = self.txn().open_table(IDS).translate()?;
        for (id, row, is_new) in sorted {
            let at = key::id(layer, &id);
            if !is_new {
                ids.remove(&at).translate()?;
            } else if let Some(taken) = ids.insert(&at, row).translate()? {
                return Err(StoreError::FileIdTaken { id, row: taken.value() });
            }
        }
        Ok(())
    }

    fn apply_names(
        &self,
        version: VersionKey,
        layer: u32,
        changes: &[Change<'_>],
    ) -> Result<(), StoreError> {
        // For each name, in order: whether it is there now, and whether it shall be.
        let mut wanted = BTreeMap::new();
        for change in changes {
            let (old, new) = (active(change.old), active(change.new));
            if old.map(place_of) == new.map(place_of) {
                continue;
            }
            let name = |record: &FileRecord| {
                key::name(layer, &record.file_dir, &record.file_name, change.row)
            };
            let (gone, come) = (old.map(|old| (old, false)), new.map(|new| (new, true)));
            for (record, present) in gone.into_iter().chain(come) {
                wanted.entry(name(record)).or_insert((change.row, !present, present)).2 = present;
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut names = self.txn().open_table(NAMES).translate()?;
        for (name, (row, before, after)) in &wanted {
            let found = if *after {
                names.insert(name.as_slice(), ()).translate()?.is_some()
            } else {
                names.remove(name.as_slice()).translate()?.is_some()
            };
            if found != *before {
                return Err(StoreError::StalePrevious { version, row: *row });
            }
        }
        Ok(())
    }

    fn apply_counters(
        &mut self,
        key: VersionKey,
        changes: &[Change<'_>],
    ) -> Result<(), StoreError> {
        let count = |status: Status| {
            let has = |record: Option<&FileRecord>| {
                i64::from(record.is_some_and(|record| record.status == status))
            };
            changes.iter().map(|change| has(change.new) - has(change.old)).sum::<i64>()
        };
        let (active, deleted) = (count(Status::Active), count(Status::Deleted));
        if (active, deleted) == (0, 0) {
            return Ok(());
        }
        self.try_change_row(key, |row| {
            let moved = |counter: u64, by| {
                let why = "the counters of a version are below what they count";
                counter.checked_add_signed(by).ok_or_else(|| StoreError::damaged(why))
            };
            (row.active, row.deleted) = (moved(row.active, active)?, moved(row.deleted, deleted)?);
            Ok(())
        })
    }
}

fn active(record: Option<&FileRecord>) -> Option<&FileRecord> {
    record.filter(|record| record.is_active())
}

fn place_of(record: &FileRecord) -> (&str, &str) {
    (&record.file_dir, &record.file_name)
}

fn folder_changes<'a>(changes: &[Change<'a>]) -> HashMap<&'a str, i64> {
    let mut by_folder = HashMap::new();
    for change in changes {
        let (old, new) = (active(change.old), active(change.new));
        if old.map(|old| &old.file_dir) == new.map(|new| &new.file_dir) {
            continue;
        }
        if let Some(old) = old {
            *by_folder.entry(old.file_dir.as_str()).or_insert(0) -= 1;
        }
        if let Some(new) = new {
            *by_folder.entry(new.file_dir.as_str()).or_insert(0) += 1;
        }
    }
    by_folder
}
