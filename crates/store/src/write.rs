//! The write transaction: it sees its own changes, and becomes visible as a whole or not at all.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use redb::WriteTransaction;

use crate::dataset::{self, VersionKey};
use crate::error::{StoreError, Translate};
use crate::format::Counters;
use crate::guard::{Guarded, guarded};
use crate::open::{Live, Store};
use crate::options::Durability;
use crate::stored::version::{self as stored_version, VersionRow};
use crate::tables;

/// The one write transaction of a database. Dropping it undoes all of it.
///
/// Lookups see the batch's own changes; they answer as those of
/// [`ReadSnapshot`](crate::ReadSnapshot) do. A step that fails half-way makes
/// [`WriteBatch::commit`] refuse; steps whose documentation does not say so leave nothing behind
/// when they fail, and the batch may go on.
///
/// ```
/// use filedex_store::{BlobKind, MemoryDevice, Options, Store};
/// let store = Store::with_device(Box::new(MemoryDevice::default()), &Options::default())?;
/// let mut batch = store.write()?;
/// let blob = batch.put_blob(BlobKind::Text, b"a segment")?;
/// assert_eq!(batch.blob_chunk(blob, 0)?, b"a segment");
/// drop(batch);
/// assert!(store.read()?.blob_len(blob).is_err());
/// # Ok::<(), filedex_store::StoreError>(())
/// ```
pub struct WriteBatch {
    txn: Guarded<WriteTransaction>,
    /// Rows of versions that were looked at, and whether they have to be written back.
    rows: RefCell<BTreeMap<u32, CachedRow>>,
    counters: Counters,
    durability: Durability,
    failed: bool,
    // Last, so that the file is closed after the transaction has ended.
    store: Live,
}

struct CachedRow {
    row: VersionRow,
    changed: bool,
}

impl WriteBatch {
    pub(crate) fn new(store: Store, txn: WriteTransaction) -> Result<Self, StoreError> {
        let counters = Counters::load(&txn.open_table(tables::META).translate()?)?;
        let durability = store.options().durability;
        Ok(Self {
            txn: Guarded::new(txn),
            rows: RefCell::default(),
            counters,
            durability,
            failed: false,
            store: Live::new(store),
        })
    }

    /// When this batch will be on the disk; the default is that of the options.
    pub fn set_durability(&mut self, durability: Durability) {
        self.durability = durability;
    }

    /// Makes the batch visible, and answers the new generation: the old one and 1.
    ///
    /// # Errors
    /// [`StoreError::BatchFailed`], after which nothing of the batch is kept;
    /// [`StoreError::DiskFull`], [`StoreError::Disk`], after which the database has to be opened
    /// again, and then shows all of the batch or nothing.
    pub fn commit(mut self) -> Result<u64, StoreError> {
        self.counters.generation += 1;
        let generation = self.counters.generation;
        self.commit_same_generation()?;
        Ok(generation)
    }

    /// Commits a change that no reader can notice.
    pub(crate) fn commit_same_generation(self) -> Result<(), StoreError> {
        let Self { mut txn, rows, counters, durability, failed, store } = self;
        if failed {
            return Err(StoreError::BatchFailed);
        }
        guarded(|| {
            let mut versions = txn.open_table(tables::VERSIONS).translate()?;
            for (key, cached) in rows.into_inner().into_iter().filter(|(_, row)| row.changed) {
                let bytes = stored_version::encode(&cached.row)?;
                versions.insert(key, bytes.as_slice()).translate()?;
            }
            drop(versions);
            counters.save(&txn)?;
            match durability {
                Durability::Durable => {
                    let quick = store.options().quick_repair;
                    txn.set_quick_repair(quick.applies(store.file_length()?));
                }
                Durability::Eventual => {
                    // It is refused only after savepoints, and there are none.
                    txn.set_durability(redb::Durability::None).translate()?;
                }
            }
            txn.into_inner().commit().translate()
        })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn txn(&self) -> &WriteTransaction {
        &self.txn
    }

    /// Runs a step of the batch. After damage or an error of the file nobody knows how far it
    /// came, so the batch cannot be committed any more.
    pub(crate) fn step<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = guarded(|| work(self));
        self.failed |= matches!(
            done,
            Err(StoreError::Damaged { .. }
                | StoreError::Io { .. }
                | StoreError::Disk { .. }
                | StoreError::DiskFull
                | StoreError::Poisoned)
        );
        done
    }

    /// No part of the batch may become visible any more.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    pub(crate) fn next_generation(&self) -> u64 {
        self.counters.generation + 1
    }

    pub(crate) fn take_blob(&mut self) -> Result<u64, StoreError> {
        self.counters.take_blob()
    }

    /// The number and the layer of a new version.
    pub(crate) fn take_version(&mut self) -> Result<(u32, u32), StoreError> {
        Ok((self.counters.take_version()?, self.counters.take_layer()?))
    }

    /// The number of a new embedding space.
    pub(crate) fn take_space(&mut self) -> Result<u32, StoreError> {
        self.counters.take_space()
    }

    /// Sees to it that what comes next gets numbers above these.
    pub(crate) fn raise_numbers(&mut self, least: &Counters) {
        let counters = &mut self.counters;
        counters.generation = counters.generation.max(least.generation);
        counters.next_version = counters.next_version.max(least.next_version);
        counters.next_layer = counters.next_layer.max(least.next_layer);
        counters.next_blob = counters.next_blob.max(least.next_blob);
        counters.next_space = counters.next_space.max(least.next_space);
    }

    pub(crate) fn add_row(&mut self, key: VersionKey, row: VersionRow) -> Result<(), StoreError> {
        let bytes = stored_version::encode(&row)?;
        let mut versions = self.txn.open_table(tables::VERSIONS).translate()?;
        versions.insert(key.0, bytes.as_slice()).translate()?;
        self.rows.get_mut().insert(key.0, CachedRow { row, changed: false });
        Ok(())
    }

    pub(crate) fn forget_row(&mut self, key: VersionKey) {
        self.rows.get_mut().remove(&key.0);
    }

    /// Looks at the row of a version.
    pub(crate) fn with_row<T>(
        &self,
        key: VersionKey,
        look: impl FnOnce(&VersionRow) -> T,
    ) -> Result<T, StoreError> {
        if let Some(cached) = self.rows.borrow().get(&key.0) {
            return Ok(look(&cached.row));
        }
        let row = dataset::existing_row(&self.txn.open_table(tables::VERSIONS).translate()?, key)?;
        let seen = look(&row);
        self.rows.borrow_mut().insert(key.0, CachedRow { row, changed: false });
        Ok(seen)
    }

    /// Changes the row of a version; on an error the row must be as it was.
    pub(crate) fn try_change_row<T>(
        &mut self,
        key: VersionKey,
        change: impl FnOnce(&mut VersionRow) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_row(key, |_| ())?;
        let Some(cached) = self.rows.get_mut().get_mut(&key.0) else {
            return Err(StoreError::UnknownVersion { version: key });
        };
        cached.changed = true;
        change(&mut cached.row)
    }

    pub(crate) fn change_row(
        &mut self,
        key: VersionKey,
        change: impl FnOnce(&mut VersionRow),
    ) -> Result<(), StoreError> {
        self.try_change_row(key, |row| {
            change(row);
            Ok(())
        })
    }

    pub(crate) fn layer(&self, key: VersionKey) -> Result<u32, StoreError> {
        self.with_row(key, VersionRow::layer)?
            .map_err(|why| why.at(format_args!("version number {key}")))
    }

    /// The generation the batch began from; [`WriteBatch::commit`] makes the next.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.counters.generation
    }

    /// Counts a change of a version's records; what only rearranges its index does not count.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`].
    pub fn note_change(&mut self, key: VersionKey) -> Result<(), StoreError> {
        self.step(|batch| batch.change_row(key, |row| row.changes += 1))
    }

    /// Notes the number of tokens in the texts of a version's live records.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`].
    pub fn set_live_text_length(
        &mut self,
        key: VersionKey,
        live_text_length: u64,
    ) -> Result<(), StoreError> {
        self.step(|batch| batch.change_row(key, |row| row.live_text_length = live_text_length))
    }
}

impl fmt::Debug for WriteBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = self.counters.generation;
        f.debug_struct("WriteBatch").field("generation", &generation).finish_non_exhaustive()
    }
}
