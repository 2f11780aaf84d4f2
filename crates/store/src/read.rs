//! Snapshots: one commit, for as long as the snapshot lives.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use filedex_model::{Dataset, FileId, FileRecord, Row};
use redb::{Key, ReadOnlyTable, ReadTransaction, TableDefinition, TableError, Value};

use crate::blob::{self, Garbage};
use crate::dataset::{self, VersionInfo, VersionKey};
use crate::dictionary::{self, Cache, Dictionaries, OwnDictionaries};
use crate::error::{StoreError, Translate};
use crate::folder::{self, Folder, FolderStats};
use crate::format::{self, Counters};
use crate::guard::guarded;
use crate::job::{self, JobKind};
use crate::open::{Live, Store};
use crate::pack::Dictionary;
use crate::record::{self, Records};
use crate::segments::{self, TextSegmentEntry};
use crate::stored::blob::BlobHead;
use crate::tables;

/// One commit of a database, seen unchanged until the snapshot is dropped.
///
/// It may be sent to and shared between threads. It keeps the file open, and keeps the space of
/// what later commits remove: hold it for the length of a query, not of a session.
///
/// Lookups answer `None` where there is nothing; a version number that is not in this commit is
/// [`StoreError::UnknownVersion`], and bytes that do not decode are [`StoreError::Damaged`].
pub struct ReadSnapshot {
    tables: Tables,
    layers: RwLock<HashMap<u32, u32>>,
    heads: RwLock<HashMap<u64, Arc<BlobHead>>>,
    generation: u64,
    txn: ReadTransaction,
    // Last, so that the file is closed after the transaction has ended.
    store: Live,
}

/// A table that is opened when it is first used.
pub(crate) struct Lazy<K: Key + 'static, V: Value + 'static> {
    table: OnceLock<ReadOnlyTable<K, V>>,
    definition: TableDefinition<'static, K, V>,
}

impl<K: Key + 'static, V: Value + 'static> Lazy<K, V> {
    fn new(definition: TableDefinition<'static, K, V>) -> Self {
        Self { table: OnceLock::new(), definition }
    }

    fn get(&self, txn: &ReadTransaction) -> Result<&ReadOnlyTable<K, V>, StoreError> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let table = txn.open_table(self.definition).translate()?;
        Ok(self.table.get_or_init(|| table))
    }
}

/// The tables read often enough to keep open.
struct Tables {
    records: Lazy<u64, &'static [u8]>,
    ids: Lazy<&'static [u8; 36], u32>,
    names: Lazy<&'static [u8], ()>,
    versions: Lazy<u32, &'static [u8]>,
    dead: Lazy<(u32, u64), &'static [u8]>,
    blobs: Lazy<u64, &'static [u8]>,
    chunks: Lazy<(u64, u32), &'static [u8]>,
}

impl ReadSnapshot {
    pub(crate) fn new(store: Store, txn: ReadTransaction) -> Result<Self, StoreError> {
        let generation = Counters::generation(&txn.open_table(tables::META).translate()?)?;
        Ok(Self {
            tables: Tables {
                records: Lazy::new(tables::RECORDS),
                ids: Lazy::new(tables::IDS),
                names: Lazy::new(tables::NAMES),
                versions: Lazy::new(tables::VERSIONS),
                dead: Lazy::new(tables::DEAD),
                blobs: Lazy::new(tables::BLOBS),
                chunks: Lazy::new(tables::CHUNKS),
            },
            layers: RwLock::default(),
            heads: RwLock::default(),
            generation,
            txn,
            store: Live::new(store),
        })
    }

    /// The transaction, for the modules that read all of a table.
    pub(crate) fn txn(&self) -> &ReadTransaction {
        &self.txn
    }

    /// A table that is read seldom.
    pub(crate) fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, StoreError> {
        self.txn.open_table(definition).translate()
    }

    /// A table that files of earlier formats do not have: in them it is empty.
    pub(crate) fn later_table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
        match self.txn.open_table(definition) {
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            opened => opened.translate().map(Some),
        }
    }

    /// The layer of the records of a version.
    pub(crate) fn layer(&self, key: VersionKey) -> Result<u32, StoreError> {
        if let Some(layer) = self.layers.read().unwrap_or_else(PoisonError::into_inner).get(&key.0)
        {
            return Ok(*layer);
        }
        let row = dataset::existing_row(self.tables.versions.get(&self.txn)?, key)?;
        let layer = row.layer().map_err(|why| why.at(format_args!("version number {key}")))?;
        self.layers.write().unwrap_or_else(PoisonError::into_inner).insert(key.0, layer);
        Ok(layer)
    }

    fn head(&self, blob: u64) -> Result<Arc<BlobHead>, StoreError> {
        if let Some(head) = self.heads.read().unwrap_or_else(PoisonError::into_inner).get(&blob) {
            return Ok(head.clone());
        }
        let head = Arc::new(blob::head(self.tables.blobs.get(&self.txn)?, blob)?);
        self.heads.write().unwrap_or_else(PoisonError::into_inner).insert(blob, head.clone());
        Ok(head)
    }

    /// The database the snapshot is of.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The number of the commit; a new database has 0, and each commit adds 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The format of the file: [`FORMAT_VERSION`](crate::FORMAT_VERSION), or an earlier one where it
    /// was opened read-only.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn format(&self) -> Result<u64, StoreError> {
        guarded(|| format::number_of(&self.txn))
    }

    /// All datasets, in order of their ids.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn datasets(&self) -> Result<Vec<Dataset>, StoreError> {
        guarded(|| dataset::all(&self.table(tables::DATASETS)?))
    }

    /// The dataset with this id.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn dataset(&self, id: &str) -> Result<Option<Dataset>, StoreError> {
        guarded(|| dataset::by_id(&self.table(tables::DATASETS)?, id))
    }

    /// The dataset with this name.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn dataset_by_name(&self, name: &str) -> Result<Option<Dataset>, StoreError> {
        guarded(|| {
            let names = self.table(tables::DATASET_NAMES)?;
            dataset::by_name(&names, &self.table(tables::DATASETS)?, name)
        })
    }

    /// The versions of a dataset, oldest first; none where there is no such dataset.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn versions(&self, dataset_id: &str) -> Result<Vec<VersionInfo>, StoreError> {
        guarded(|| {
            let ids = self.table(tables::VERSION_IDS)?;
            dataset::versions(&ids, self.tables.versions.get(&self.txn)?, dataset_id)
        })
    }

    /// The version of a dataset with this name or, failing that, this id.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn version(
        &self,
        dataset_id: &str,
        name_or_id: &str,
    ) -> Result<Option<VersionInfo>, StoreError> {
        guarded(|| {
            let (names, ids) =
                (self.table(tables::VERSION_NAMES)?, self.table(tables::VERSION_IDS)?);
            match dataset::version_key(&names, &ids, dataset_id, name_or_id)? {
                Some(key) => self.version_info(key),
                None => Ok(None),
            }
        })
    }

    /// The version with this number.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn version_info(&self, key: VersionKey) -> Result<Option<VersionInfo>, StoreError> {
        guarded(|| {
            let row = dataset::row(self.tables.versions.get(&self.txn)?, key)?;
            Ok(row.map(|row| VersionInfo::of(key, row)))
        })
    }

    /// The row of a file in a version.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn row_of(&self, key: VersionKey, id: &FileId) -> Result<Option<Row>, StoreError> {
        guarded(|| record::row_of(self.tables.ids.get(&self.txn)?, self.layer(key)?, id))
    }

    /// The record at a row. 2 to 3 us for one of 500 bytes whose page is in memory, 1 us more where
    /// compaction has packed it with a dictionary.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn record(&self, key: VersionKey, row: Row) -> Result<Option<FileRecord>, StoreError> {
        guarded(|| {
            let layer = self.layer(key)?;
            record::at(self.tables.records.get(&self.txn)?, self, key, layer, row)
        })
    }

    /// The id of the file at a row, without reading the rest of its record.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn id_of(&self, key: VersionKey, row: Row) -> Result<Option<FileId>, StoreError> {
        guarded(|| record::id_at(self.tables.records.get(&self.txn)?, key, self.layer(key)?, row))
    }

    /// The records from row `from` on, deleted ones included, in order of their rows. The iterator
    /// owns what it needs.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn records(&self, key: VersionKey, from: Row) -> Result<Records, StoreError> {
        guarded(|| {
            let dictionaries = OwnDictionaries {
                table: self.table(tables::DICTIONARIES)?,
                cache: self.store.dictionaries().clone(),
            };
            let records = self.tables.records.get(&self.txn)?;
            Records::new(records, dictionaries, key, self.layer(key)?, from)
        })
    }

    /// The rows of the active records with this name in this folder, in order.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn rows_named(
        &self,
        key: VersionKey,
        dir: &str,
        name: &str,
    ) -> Result<Vec<Row>, StoreError> {
        guarded(|| {
            record::rows_named(self.tables.names.get(&self.txn)?, self.layer(key)?, dir, name)
        })
    }

    /// How many active files and folders are in and below a folder; the empty text is the top.
    /// It reads one entry for each folder below, not for each file.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn folder(&self, key: VersionKey, dir: &str) -> Result<FolderStats, StoreError> {
        guarded(|| folder::stats(&self.table(tables::FOLDERS)?, self.layer(key)?, dir))
    }

    /// Every folder that has active files directly in it, in order of its bytes.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn folders(&self, key: VersionKey) -> Result<Vec<Folder>, StoreError> {
        guarded(|| folder::all(&self.table(tables::FOLDERS)?, self.layer(key)?))
    }

    /// The text segments of a version, in the order they were set.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn segments(&self, key: VersionKey) -> Result<Vec<TextSegmentEntry>, StoreError> {
        guarded(|| {
            self.layer(key)?;
            segments::of(&self.table(tables::SEGMENTS)?, key)
        })
    }

    /// The bitmap of a segment's dead documents, or vectors, as it was set.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn dead(&self, key: VersionKey, blob: u64) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| segments::dead(self.tables.dead.get(&self.txn)?, key, blob))
    }

    /// The length of a blob in bytes.
    ///
    /// # Errors
    /// [`StoreError::UnknownBlob`]; see [`ReadSnapshot`].
    pub fn blob_len(&self, blob: u64) -> Result<u64, StoreError> {
        guarded(|| Ok(self.head(blob)?.length))
    }

    /// A chunk of a blob: bytes `chunk * CHUNK_BYTES` up to the next chunk or the end, compared
    /// with their checksum.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming blob and chunk; [`StoreError::UnknownBlob`].
    pub fn blob_chunk(&self, blob: u64, chunk: u32) -> Result<Vec<u8>, StoreError> {
        guarded(|| blob::chunk(self.tables.chunks.get(&self.txn)?, &*self.head(blob)?, blob, chunk))
    }

    /// The whole of a blob.
    ///
    /// # Errors
    /// As [`ReadSnapshot::blob_chunk`].
    pub fn blob(&self, blob: u64) -> Result<Vec<u8>, StoreError> {
        guarded(|| blob::whole(self.tables.chunks.get(&self.txn)?, &*self.head(blob)?, blob))
    }

    /// The blobs that no list names, in order of their numbers.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn garbage(&self) -> Result<Vec<Garbage>, StoreError> {
        guarded(|| blob::garbage(&self.table(tables::GARBAGE)?))
    }

    /// The jobs noted in a version, in order of their ids.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn jobs(&self, key: VersionKey) -> Result<Vec<(String, JobKind)>, StoreError> {
        guarded(|| job::all(&self.table(tables::JOBS)?, self.layer(key)?))
    }
}

impl Dictionaries for ReadSnapshot {
    fn cache(&self) -> &Cache {
        self.store.dictionaries()
    }

    fn load(&self, layer: u32, number: u32) -> Result<Dictionary, StoreError> {
        dictionary::load(&self.table(tables::DICTIONARIES)?, layer, number)
    }
}

impl fmt::Debug for ReadSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadSnapshot").field("generation", &self.generation).finish_non_exhaustive()
    }
}
