//! What a batch sees: the newest commit with its own changes.

use filedex_model::{Dataset, FileId, FileRecord, Row};

use crate::blob::{self, Garbage};
use crate::dataset::{self, VersionInfo, VersionKey};
use crate::error::{StoreError, Translate};
use crate::folder::{self, FolderStats};
use crate::guard::guarded;
use crate::job::{self, JobKind};
use crate::record;
use crate::segments::{self, TextSegmentEntry};
use crate::tables;
use crate::write::WriteBatch;

impl WriteBatch {
    /// All datasets, in order of their ids.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn datasets(&self) -> Result<Vec<Dataset>, StoreError> {
        guarded(|| dataset::all(&self.txn().open_table(tables::DATASETS).translate()?))
    }

    /// The dataset with this id.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn dataset(&self, id: &str) -> Result<Option<Dataset>, StoreError> {
        guarded(|| dataset::by_id(&self.txn().open_table(tables::DATASETS).translate()?, id))
    }

    /// The dataset with this name.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn dataset_by_name(&self, name: &str) -> Result<Option<Dataset>, StoreError> {
        guarded(|| {
            let names = self.txn().open_table(tables::DATASET_NAMES).translate()?;
            dataset::by_name(&names, &self.txn().open_table(tables::DATASETS).translate()?, name)
        })
    }

    /// The versions of a dataset, oldest first.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn versions(&self, dataset_id: &str) -> Result<Vec<VersionInfo>, StoreError> {
        guarded(|| {
            let ids = self.txn().open_table(tables::VERSION_IDS).translate()?;
            let keys = dataset::version_keys(&ids, dataset_id)?.into_iter();
            keys.map(|key| self.with_row(key, |row| VersionInfo::of(key, row.clone()))).collect()
        })
    }

    /// The version of a dataset with this name or, failing that, this id.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn version(
        &self,
        dataset_id: &str,
        name_or_id: &str,
    ) -> Result<Option<VersionInfo>, StoreError> {
        guarded(|| {
            let names = self.txn().open_table(tables::VERSION_NAMES).translate()?;
            let ids = self.txn().open_table(tables::VERSION_IDS).translate()?;
            match dataset::version_key(&names, &ids, dataset_id, name_or_id)? {
                Some(key) => self.version_info(key),
                None => Ok(None),
            }
        })
    }

    /// The version with this number, its counters as this batch leaves them.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn version_info(&self, key: VersionKey) -> Result<Option<VersionInfo>, StoreError> {
        guarded(|| match self.with_row(key, |row| VersionInfo::of(key, row.clone())) {
            Err(StoreError::UnknownVersion { .. }) => Ok(None),
            info => info.map(Some),
        })
    }

    /// The row of a file in a version.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn row_of(&self, key: VersionKey, id: &FileId) -> Result<Option<Row>, StoreError> {
        guarded(|| {
            record::row_of(&self.txn().open_table(tables::IDS).translate()?, self.layer(key)?, id)
        })
    }

    /// The rows of many files in a version, in the order asked.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn rows_of(&self, key: VersionKey, ids: &[FileId]) -> Result<Vec<Option<Row>>, StoreError> {
        guarded(|| {
            let layer = self.layer(key)?;
            let table = self.txn().open_table(tables::IDS).translate()?;
            ids.iter().map(|id| record::row_of(&table, layer, id)).collect()
        })
    }

    /// The record at a row.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn record(&self, key: VersionKey, row: Row) -> Result<Option<FileRecord>, StoreError> {
        guarded(|| {
            let records = self.txn().open_table(tables::RECORDS).translate()?;
            record::at(&records, self, key, self.layer(key)?, row)
        })
    }

    /// The records at many rows, in the order asked.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn records_at(
        &self,
        key: VersionKey,
        rows: &[Row],
    ) -> Result<Vec<Option<FileRecord>>, StoreError> {
        guarded(|| {
            let layer = self.layer(key)?;
            let records = self.txn().open_table(tables::RECORDS).translate()?;
            rows.iter().map(|row| record::at(&records, self, key, layer, *row)).collect()
        })
    }

    /// The id of the file at a row.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn id_of(&self, key: VersionKey, row: Row) -> Result<Option<FileId>, StoreError> {
        guarded(|| {
            let records = self.txn().open_table(tables::RECORDS).translate()?;
            record::id_at(&records, key, self.layer(key)?, row)
        })
    }

    /// The rows of the active records with this name in this folder, in order.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn rows_named(
        &self,
        key: VersionKey,
        dir: &str,
        name: &str,
    ) -> Result<Vec<Row>, StoreError> {
        guarded(|| {
            let names = self.txn().open_table(tables::NAMES).translate()?;
            record::rows_named(&names, self.layer(key)?, dir, name)
        })
    }

    /// How many active files and folders are in and below a folder.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn folder(&self, key: VersionKey, dir: &str) -> Result<FolderStats, StoreError> {
        guarded(|| {
            folder::stats(
                &self.txn().open_table(tables::FOLDERS).translate()?,
                self.layer(key)?,
                dir,
            )
        })
    }

    /// The text segments of a version.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn segments(&self, key: VersionKey) -> Result<Vec<TextSegmentEntry>, StoreError> {
        guarded(|| {
            self.layer(key)?;
            segments::of(&self.txn().open_table(tables::SEGMENTS).translate()?, key)
        })
    }

    /// The bitmap of a segment's dead documents, or vectors.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn dead(&self, key: VersionKey, blob: u64) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| segments::dead(&self.txn().open_table(tables::DEAD).translate()?, key, blob))
    }

    /// The length of a blob in bytes.
    ///
    /// # Errors
    /// [`StoreError::UnknownBlob`]; see [`WriteBatch`].
    pub fn blob_len(&self, blob: u64) -> Result<u64, StoreError> {
        guarded(|| Ok(blob::head(&self.txn().open_table(tables::BLOBS).translate()?, blob)?.length))
    }

    /// A chunk of a blob, compared with its checksum.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming blob and chunk; [`StoreError::UnknownBlob`].
    pub fn blob_chunk(&self, blob: u64, chunk: u32) -> Result<Vec<u8>, StoreError> {
        guarded(|| {
            let head = blob::head(&self.txn().open_table(tables::BLOBS).translate()?, blob)?;
            blob::chunk(&self.txn().open_table(tables::CHUNKS).translate()?, &head, blob, chunk)
        })
    }

    /// The blobs that no list names, in order of their numbers.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn garbage(&self) -> Result<Vec<Garbage>, StoreError> {
        guarded(|| blob::garbage(&self.txn().open_table(tables::GARBAGE).translate()?))
    }

    /// The jobs noted in a version, in order of their ids.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn jobs(&self, key: VersionKey) -> Result<Vec<(String, JobKind)>, StoreError> {
        guarded(|| job::all(&self.txn().open_table(tables::JOBS).translate()?, self.layer(key)?))
    }
}
