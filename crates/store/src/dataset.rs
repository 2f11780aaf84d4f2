//! Datasets and their versions: lookups, and the rules of their names and ids.

use std::fmt;

use filedex_model::{Dataset, FileId, Row, Version};
use redb::{ReadableTable, TableDefinition};

use crate::error::{StoreError, Translate};
use crate::key;
use crate::stored::dataset as stored;
use crate::stored::version::{self as stored_version, VersionRow};
use crate::tables::{
    DATASET_NAMES, DATASETS, DICTIONARIES, FOLDERS, IDS, JOBS, NAMES, RECORDS, SEGMENTS,
    VERSION_IDS, VERSION_NAMES, VERSIONS,
};
use crate::write::WriteBatch;

/// The number of a dataset version inside one file; never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(pub u32);

impl fmt::Display for VersionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A dataset version and its counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionInfo {
    /// Its number.
    pub key: VersionKey,
    /// The dataset it belongs to.
    pub dataset_id: String,
    /// What the user knows of it.
    pub version: Version,
    /// How many records are active.
    pub active: u64,
    /// How many records are logically deleted.
    pub deleted: u64,
    /// The row the next new record gets.
    pub next_row: Row,
    /// The number last given to [`WriteBatch::set_live_text_length`].
    pub live_text_length: u64,
    /// How often [`WriteBatch::note_change`] was called: it tells states of the records apart.
    pub changes: u64,
}

impl VersionInfo {
    pub(crate) fn of(key: VersionKey, row: VersionRow) -> Self {
        Self {
            key,
            dataset_id: row.dataset_id,
            version: row.version,
            active: row.active,
            deleted: row.deleted,
            next_row: row.next_row,
            live_text_length: row.live_text_length,
            changes: row.changes,
        }
    }
}

type Encoded = &'static [u8];

pub(crate) fn all(
    datasets: &impl ReadableTable<&'static str, Encoded>,
) -> Result<Vec<Dataset>, StoreError> {
    let entries = datasets.iter().translate()?;
    entries
        .map(|entry| {
            let (id, bytes) = entry.translate()?;
            decode(id.value(), bytes.value())
        })
        .collect()
}

pub(crate) fn by_id(
    datasets: &impl ReadableTable<&'static str, Encoded>,
    id: &str,
) -> Result<Option<Dataset>, StoreError> {
    datasets.get(id).translate()?.map(|bytes| decode(id, bytes.value())).transpose()
}

pub(crate) fn by_name(
    names: &impl ReadableTable<&'static str, &'static str>,
    datasets: &impl ReadableTable<&'static str, Encoded>,
    name: &str,
) -> Result<Option<Dataset>, StoreError> {
    match names.get(name).translate()? {
        Some(id) => by_id(datasets, id.value()),
        None => Ok(None),
    }
}

fn decode(id: &str, bytes: &[u8]) -> Result<Dataset, StoreError> {
    stored::decode(bytes).map_err(|why| why.at(format_args!("dataset {id:?}")))
}

pub(crate) fn row(
    versions: &impl ReadableTable<u32, Encoded>,
    key: VersionKey,
) -> Result<Option<VersionRow>, StoreError> {
    let bytes = versions.get(key.0).translate()?;
    bytes
        .map(|bytes| stored_version::decode(bytes.value()))
        .transpose()
        .map_err(|why| why.at(format_args!("version number {key}")))
}

pub(crate) fn existing_row(
    versions: &impl ReadableTable<u32, Encoded>,
    key: VersionKey,
) -> Result<VersionRow, StoreError> {
    row(versions, key)?.ok_or(StoreError::UnknownVersion { version: key })
}

pub(crate) fn version_key(
    names: &impl ReadableTable<Encoded, u32>,
    ids: &impl ReadableTable<Encoded, u32>,
    dataset_id: &str,
    name_or_id: &str,
) -> Result<Option<VersionKey>, StoreError> {
    let wanted = key::in_dataset(dataset_id, name_or_id);
    let found = match names.get(wanted.as_slice()).translate()? {
        Some(key) => Some(key.value()),
        None => ids.get(wanted.as_slice()).translate()?.map(|key| key.value()),
    };
    Ok(found.map(VersionKey))
}

/// The numbers of a dataset's versions, oldest first.
pub(crate) fn version_keys(
    ids: &impl ReadableTable<Encoded, u32>,
    dataset_id: &str,
) -> Result<Vec<VersionKey>, StoreError> {
    let (from, to) = key::dataset_range(dataset_id);
    let mut keys = Vec::new();
    for entry in ids.range(from.as_slice()..to.as_slice()).translate()? {
        keys.push(VersionKey(entry.translate()?.1.value()));
    }
    keys.sort_unstable();
    Ok(keys)
}

pub(crate) fn versions(
    ids: &impl ReadableTable<Encoded, u32>,
    versions: &impl ReadableTable<u32, Encoded>,
    dataset_id: &str,
) -> Result<Vec<VersionInfo>, StoreError> {
    let keys = version_keys(ids, dataset_id)?.into_iter();
    keys.map(|key| Ok(VersionInfo::of(key, existing_row(versions, key)?))).collect()
}

impl WriteBatch {
    /// Adds a dataset.
    ///
    /// # Errors
    /// [`StoreError::DatasetIdTaken`], [`StoreError::DatasetNameTaken`].
    pub fn create_dataset(&mut self, dataset: &Dataset) -> Result<(), StoreError> {
        self.step(|batch| {
            if batch.dataset(&dataset.id)?.is_some() {
                return Err(StoreError::DatasetIdTaken { id: dataset.id.clone() });
            }
            batch.write_dataset(dataset, None)
        })
    }

    /// Replaces the dataset that has the same id.
    ///
    /// # Errors
    /// [`StoreError::UnknownDataset`]; [`StoreError::DatasetNameTaken`] where another has the name.
    pub fn put_dataset(&mut self, dataset: &Dataset) -> Result<(), StoreError> {
        self.step(|batch| match batch.dataset(&dataset.id)? {
            Some(old) => batch.write_dataset(dataset, Some(&old.name)),
            None => Err(StoreError::UnknownDataset { id: dataset.id.clone() }),
        })
    }

    fn write_dataset(&self, new: &Dataset, old_name: Option<&str>) -> Result<(), StoreError> {
        let bytes = stored::encode(new)?;
        let mut names = self.txn().open_table(DATASET_NAMES).translate()?;
        let holder = names.get(new.name.as_str()).translate()?.map(|id| id.value().to_owned());
        if holder.is_some_and(|holder| holder != new.id) {
            return Err(StoreError::DatasetNameTaken { name: new.name.clone() });
        }
        // A dataset is asked for by name or by id: no name is another's id.
        if old_name != Some(new.name.as_str()) && new.name != new.id {
            let datasets = self.txn().open_table(DATASETS).translate()?;
            if datasets.get(new.name.as_str()).translate()?.is_some() {
                return Err(StoreError::DatasetNameTaken { name: new.name.clone() });
            }
        }
        if old_name.is_none() {
            let named = names.get(new.id.as_str()).translate()?;
            if named.is_some_and(|holder| holder.value() != new.id) {
                return Err(StoreError::DatasetIdTaken { id: new.id.clone() });
            }
        }
        if let Some(old_name) = old_name {
            names.remove(old_name).translate()?;
        }
        names.insert(new.name.as_str(), new.id.as_str()).translate()?;
        let mut datasets = self.txn().open_table(DATASETS).translate()?;
        datasets.insert(new.id.as_str(), bytes.as_slice()).translate()?;
        Ok(())
    }

    /// Removes a dataset with its versions and all they hold; their blobs become garbage.
    ///
    /// # Errors
    /// [`StoreError::UnknownDataset`].
    pub fn delete_dataset(&mut self, id: &str) -> Result<(), StoreError> {
        self.step(|batch| {
            let Some(dataset) = batch.dataset(id)? else {
                return Err(StoreError::UnknownDataset { id: id.to_owned() });
            };
            for info in batch.versions(id)? {
                batch.delete_version(info.key)?;
            }
            batch.txn().open_table(DATASETS).translate()?.remove(id).translate()?;
            let mut names = batch.txn().open_table(DATASET_NAMES).translate()?;
            names.remove(dataset.name.as_str()).translate()?;
            Ok(())
        })
    }

    /// Adds an empty version to a dataset.
    ///
    /// # Errors
    /// [`StoreError::UnknownDataset`], [`StoreError::VersionNameTaken`],
    /// [`StoreError::VersionIdTaken`].
    pub fn create_version(
        &mut self,
        dataset_id: &str,
        version: &Version,
    ) -> Result<VersionKey, StoreError> {
        self.step(|batch| {
            if batch.dataset(dataset_id)?.is_none() {
                return Err(StoreError::UnknownDataset { id: dataset_id.to_owned() });
            }
            let (by_name, by_id) = (
                key::in_dataset(dataset_id, &version.name),
                key::in_dataset(dataset_id, &version.id),
            );
            if batch.leads_somewhere(VERSION_IDS, &by_id)? {
                let (dataset_id, id) = (dataset_id.to_owned(), version.id.clone());
                return Err(StoreError::VersionIdTaken { dataset_id, id });
            }
            if batch.leads_somewhere(VERSION_NAMES, &by_name)? {
                let (dataset_id, name) = (dataset_id.to_owned(), version.name.clone());
                return Err(StoreError::VersionNameTaken { dataset_id, name });
            }
            let (number, layer) = batch.take_version()?;
            for (table, at) in [(VERSION_IDS, &by_id), (VERSION_NAMES, &by_name)] {
                batch
                    .txn()
                    .open_table(table)
                    .translate()?
                    .insert(at.as_slice(), number)
                    .translate()?;
            }
            batch.add_row(
                VersionKey(number),
                VersionRow {
                    dataset_id: dataset_id.to_owned(),
                    version: version.clone(),
                    layers: vec![layer],
                    next_row: 0,
                    active: 0,
                    deleted: 0,
                    live_text_length: 0,
                    changes: 0,
                },
            )?;
            Ok(VersionKey(number))
        })
    }

    /// Adds a version under the number it had, with its name and its id.
    pub(crate) fn restore_version(
        &mut self,
        key: VersionKey,
        row: VersionRow,
    ) -> Result<(), StoreError> {
        for (table, text) in [(VERSION_IDS, &row.version.id), (VERSION_NAMES, &row.version.name)] {
            let at = key::in_dataset(&row.dataset_id, text);
            let mut table = self.txn().open_table(table).translate()?;
            table.insert(at.as_slice(), key.0).translate()?;
        }
        self.add_row(key, row)
    }

    fn leads_somewhere(
        &self,
        table: TableDefinition<'static, Encoded, u32>,
        at: &[u8],
    ) -> Result<bool, StoreError> {
        Ok(self.txn().open_table(table).translate()?.get(at).translate()?.is_some())
    }

    /// Replaces what the user knows of a version: its name, its description, whether it is frozen.
    /// The id stays.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::VersionNameTaken`];
    /// [`StoreError::VersionIdTaken`] where the id is another than before.
    pub fn put_version(&mut self, key: VersionKey, version: &Version) -> Result<(), StoreError> {
        self.step(|batch| {
            let (dataset_id, old) =
                batch.with_row(key, |row| (row.dataset_id.clone(), row.version.clone()))?;
            if old.id != version.id {
                return Err(StoreError::VersionIdTaken { dataset_id, id: old.id });
            }
            if old.name != version.name {
                let wanted = key::in_dataset(&dataset_id, &version.name);
                if batch.leads_somewhere(VERSION_NAMES, &wanted)? {
                    let name = version.name.clone();
                    return Err(StoreError::VersionNameTaken { dataset_id, name });
                }
                let mut names = batch.txn().open_table(VERSION_NAMES).translate()?;
                names.remove(key::in_dataset(&dataset_id, &old.name).as_slice()).translate()?;
                names.insert(wanted.as_slice(), key.0).translate()?;
            }
            batch.change_row(key, |row| row.version = version.clone())
        })
    }

    /// Removes a version with all it holds; its blobs become garbage.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`].
    pub fn delete_version(&mut self, key: VersionKey) -> Result<(), StoreError> {
        self.step(|batch| {
            let layer = batch.layer(key)?;
            let (dataset_id, version) =
                batch.with_row(key, |row| (row.dataset_id.clone(), row.version.clone()))?;
            batch.set_segments(key, &[])?;
            batch.drop_spaces(key)?;
            batch.erase_layer(layer)?;
            let txn = batch.txn();
            txn.open_table(SEGMENTS).translate()?.remove(key.0).translate()?;
            let name = key::in_dataset(&dataset_id, &version.name);
            let id = key::in_dataset(&dataset_id, &version.id);
            txn.open_table(VERSION_NAMES).translate()?.remove(name.as_slice()).translate()?;
            txn.open_table(VERSION_IDS).translate()?.remove(id.as_slice()).translate()?;
            txn.open_table(VERSIONS).translate()?.remove(key.0).translate()?;
            batch.forget_row(key);
            Ok(())
        })
    }

    fn erase_layer(&self, layer: u32) -> Result<(), StoreError> {
        let txn = self.txn();
        let rows = key::record(layer, 0)..=key::record(layer, Row::MAX);
        txn.open_table(RECORDS).translate()?.retain_in(rows, |_, _| false).translate()?;
        self.store().dictionaries().forget(|of, _| of == layer);
        let numbers = (layer, 0)..=(layer, u32::MAX);
        txn.open_table(DICTIONARIES).translate()?.retain_in(numbers, |_, _| false).translate()?;
        let id = |byte| key::id(layer, &FileId::from_bytes([byte; 32]));
        let (first, last) = (id(0), id(u8::MAX));
        let mut ids = txn.open_table(IDS).translate()?;
        ids.retain_in::<&[u8; 36], _>(&first..=&last, |_, _| false).translate()?;
        let (from, to) = key::layer_range(layer);
        let range = || from.as_slice()..to.as_slice();
        txn.open_table(NAMES).translate()?.retain_in(range(), |_, ()| false).translate()?;
        txn.open_table(FOLDERS).translate()?.retain_in(range(), |_, _| false).translate()?;
        txn.open_table(JOBS).translate()?.retain_in(range(), |_, _| false).translate()?;
        Ok(())
    }
}
