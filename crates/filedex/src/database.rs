//! The database: opening, options, datasets and versions.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockResult, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use filedex_index::Spill;
use filedex_store::{Device, Options, QuickRepair, Store, VersionKey, WriteBatch};

use filedex_model::Embedder;
use filedex_planner::PathThresholds;

use crate::batch::Batch;
use crate::embedders::{Asking, Embedders};
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Leases;
use crate::maintenance::Maintenance;
use crate::reader::Reader;
use crate::snapshot::{Segments, Snapshot};

/// From how many vectors on a graph is faster than a scan; see `benches/rivals`.
const GRAPH_ROWS: u64 = 250_000;
/// Files shorter than this are not worth cutting.
const AUTO_COMPACT_BYTES: u64 = 64 << 20;
/// How long a compaction waits for readers to end.
const DRAIN_TIME: Duration = Duration::from_secs(3);

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// Once the operating system reports it on disk: it survives a power loss. The default.
    #[default]
    Durable,
    /// Once other readers see it: it survives the end of the process only after a later durable
    /// commit or a clean close. For data that can be imported again.
    Eventual,
}

/// When text segments are merged. Each commit that changes records writes a small segment; merging
/// keeps their number, and with it the cost of a query, bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MergePolicy {
    /// In the background, by size tiers: segments of about one size are merged once there are
    /// eight of them. The default.
    #[default]
    Tiered,
    /// Only when [`Database::optimize`] is called.
    Manual,
}

/// Options for opening or making a database.
///
/// ```
/// use filedex::{Database, Durability};
/// let dir = tempfile::tempdir()?;
/// let db = Database::builder()
///     .cache_bytes(64 << 20)
///     .durability(Durability::Eventual)
///     .create(dir.path().join("scratch.filedex"))?;
/// # drop(db);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    cache_bytes: usize,
    vector_cache_bytes: usize,
    durability: Durability,
    quick_repair: QuickRepair,
    merge_policy: MergePolicy,
    graph_rows: Option<u64>,
    snapshot_expiry: Option<Duration>,
    auto_compact: Option<u64>,
    paths: PathThresholds,
    embedders: Embedders,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            cache_bytes: 256 << 20,
            vector_cache_bytes: 256 << 20,
            durability: Durability::default(),
            quick_repair: QuickRepair::default(),
            merge_policy: MergePolicy::default(),
            graph_rows: Some(GRAPH_ROWS),
            snapshot_expiry: None,
            auto_compact: Some(AUTO_COMPACT_BYTES),
            paths: PathThresholds::default(),
            embedders: Embedders::default(),
        }
    }
}

impl Builder {
    /// Memory for pages of the file and pieces of the index, in bytes; half for each. 256 MiB by
    /// default.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Memory for vectors in full precision, in bytes, beside [`Builder::cache_bytes`]: 256 MiB by
    /// default. A search reads some dozens of them. The codes of the spaces that are searched are
    /// held whole, about 1.2 bytes a dimension for each vector.
    #[must_use]
    pub fn vector_cache_bytes(mut self, bytes: usize) -> Self {
        self.vector_cache_bytes = bytes;
        self
    }

    /// From how many vectors on a segment gets a neighbour graph in the background: 250,000 by
    /// default, `None` for never. Until it is there, and below that, searches scan.
    #[must_use]
    pub fn graph_rows(mut self, rows: Option<u64>) -> Self {
        self.graph_rows = rows;
        self
    }

    /// How long a [`Reader`] may go on after a later commit; without end by default.
    ///
    /// A snapshot keeps what later commits replace, so a reader that is forgotten in some session
    /// makes the file grow with each of them. Where this is set, such a reader ends with the first
    /// commit after the time: calls at work finish, later ones are refused with
    /// [`ErrorKind::SnapshotExpired`], and the space is used again. A reader of the newest commit
    /// never ends.
    ///
    /// ```
    /// use std::time::Duration;
    /// use filedex::{Database, ErrorKind, MemoryDevice};
    /// let db = Database::builder()
    ///     .snapshot_expiry(Some(Duration::ZERO))
    ///     .open_device(MemoryDevice::default())?;
    /// let reader = db.reader()?;
    /// assert!(reader.datasets().is_ok());
    /// db.default_version()?;
    /// assert_eq!(reader.datasets().unwrap_err().kind(), ErrorKind::SnapshotExpired);
    /// assert_eq!(db.reader()?.datasets()?.len(), 1);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    #[must_use]
    pub fn snapshot_expiry(mut self, expiry: Option<Duration>) -> Self {
        self.snapshot_expiry = expiry;
        self
    }

    /// From which length on, in bytes, the file is cut by itself where more than half of it is free:
    /// 64 MiB by default, `None` for never.
    ///
    /// It is done in the background ([`MergePolicy::Tiered`]) after two seconds without a commit, and
    /// only while nobody reads or writes. Who comes meanwhile waits until it is done, which takes time
    /// in proportion to what is live. [`Database::compact`] does more: it merges and packs first.
    #[must_use]
    pub fn auto_compact(mut self, from_bytes: Option<u64>) -> Self {
        self.auto_compact = from_bytes;
        self
    }

    /// Where searches by meaning go from one path to the next; measured by
    /// [`Reader::calibrate`].
    #[must_use]
    pub fn path_thresholds(mut self, paths: PathThresholds) -> Self {
        self.paths = paths;
        self
    }

    /// Adds a model that texts and pictures of questions are embedded with, in spaces of its model
    /// id. Several can be added.
    ///
    /// ```
    /// use filedex::{Database, TextEmbedder};
    /// let builder = Database::builder().embedder(TextEmbedder::new("len", 2, false, |texts| {
    ///     texts.iter().map(|text| Ok(vec![text.len() as f32, 1.0])).collect()
    /// }));
    /// # drop(builder);
    /// ```
    #[must_use]
    pub fn embedder(mut self, embedder: impl Embedder + 'static) -> Self {
        self.embedders.add(Arc::new(embedder));
        self
    }

    /// When a commit counts as done; [`Durability::Durable`] by default.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Whether commits store what a quick reopening after a crash needs; [`QuickRepair::Auto`] by
    /// default.
    #[must_use]
    pub fn quick_repair(mut self, quick_repair: QuickRepair) -> Self {
        self.quick_repair = quick_repair;
        self
    }

    /// When segments are merged; [`MergePolicy::Tiered`] by default.
    #[must_use]
    pub fn merge_policy(mut self, policy: MergePolicy) -> Self {
        self.merge_policy = policy;
        self
    }

    /// Makes a new file.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when there is a file already; [`ErrorKind::Io`].
    pub fn create(&self, path: impl AsRef<Path>) -> Result<Database> {
        self.start(Store::create(path.as_ref(), &self.options())?)
    }

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Locked`], [`ErrorKind::Unsupported`] for a file that
    /// is not Filedex's or of a newer format, [`ErrorKind::Damaged`], [`ErrorKind::Io`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Database> {
        self.start(Store::open(path.as_ref(), &self.options())?)
    }

    /// Opens a file for reading and writing, and makes it where it is absent.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub fn open_or_create(&self, path: impl AsRef<Path>) -> Result<Database> {
        match self.open(path.as_ref()) {
            Err(error) if error.kind() == ErrorKind::NotFound => self.create(path),
            other => other,
        }
    }

    /// Opens a file for reading; several processes can at once, none of them for writing.
    ///
    /// # Errors
    /// As [`Builder::open`], and [`ErrorKind::NeedsRecovery`] for a file that was not closed
    /// cleanly.
    pub fn open_read_only(&self, path: impl AsRef<Path>) -> Result<Database> {
        self.start(Store::open_read_only(path.as_ref(), &self.options())?)
    }

    /// Opens the database on a device for reading and writing, and makes it on an empty one: for
    /// storage that is no file, and for tests of what storage can do. Nothing locks a device, so its
    /// owner sees to it that it is open once.
    ///
    /// ```
    /// use filedex::{Database, MemoryDevice, NewFile};
    /// let device = MemoryDevice::default();
    /// let db = Database::builder().open_device(device.clone())?;
    /// let version = db.default_version()?;
    /// let mut batch = db.batch(&version);
    /// batch.create(NewFile::at("oss://b/1.png"));
    /// batch.commit()?;
    /// drop(db);
    /// let again = Database::builder().open_device(device)?;
    /// assert_eq!(again.reader()?.folder(&version, "")?.file_count, 1);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Builder::open`], but for those of locks and paths.
    pub fn open_device(&self, device: impl Device) -> Result<Database> {
        self.start(Store::with_device(Box::new(device), &self.options())?)
    }

    fn options(&self) -> Options {
        Options {
            cache_bytes: self.cache_bytes / 2,
            durability: match self.durability {
                Durability::Durable => filedex_store::Durability::Durable,
                Durability::Eventual => filedex_store::Durability::Eventual,
            },
            quick_repair: self.quick_repair,
        }
    }

    fn start(&self, store: Store) -> Result<Database> {
        let segments =
            Arc::new(Segments::new(&store, self.cache_bytes / 2, self.vector_cache_bytes));
        let snapshot = Arc::new(Snapshot::new(store.read()?, Arc::clone(&segments)));
        let living = Mutex::new(vec![Arc::downgrade(&snapshot)]);
        let shared = Arc::new(Shared {
            store,
            segments,
            current: ArcSwapOption::new(Some(snapshot)),
            living,
            leases: Leases::new(self.snapshot_expiry),
            writer: Mutex::new(()),
            asking: Arc::new(Asking { embedders: self.embedders.clone(), paths: self.paths }),
            graph_rows: self.graph_rows,
            auto_compact: self.auto_compact,
        });
        let background = self.merge_policy == MergePolicy::Tiered && !shared.store.is_read_only();
        let maintenance = background.then(|| Maintenance::start(&shared)).transpose()?;
        Ok(Database { maintenance, shared })
    }
}

/// What the handles of one open database share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub store: Store,
    pub segments: Arc<Segments>,
    /// The newest snapshot; `None` only while the file is being compacted.
    current: ArcSwapOption<Snapshot>,
    /// Every snapshot that may still be held.
    living: Mutex<Vec<Weak<Snapshot>>>,
    /// What readers hold theirs by.
    pub leases: Leases,
    writer: Mutex<()>,
    pub asking: Arc<Asking>,
    /// From how many vectors on a segment gets a graph.
    pub graph_rows: Option<u64>,
    /// From which length on the file is cut by itself.
    pub auto_compact: Option<u64>,
}

impl Shared {
    /// The newest snapshot.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>> {
        match self.current.load_full() {
            Some(snapshot) => Ok(snapshot),
            None => self.publish(None, None),
        }
    }

    /// Where merges put what they make until it is stored: beside the file, where there is room for it.
    pub fn spill(&self) -> Spill {
        let folder = self.store.path().and_then(Path::parent);
        folder.map_or_else(Spill::default, Spill::in_folder)
    }

    /// The right to write; a second writer waits here.
    pub fn write_lock(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to write, where nobody has it.
    pub fn try_write_lock(&self) -> TryLockResult<MutexGuard<'_, ()>> {
        self.writer.try_lock()
    }

    /// Makes the durable state the newest snapshot. `changed` names the version whose text index
    /// changed; `before` is the snapshot the change was made on.
    ///
    /// Where that fails there is no newest snapshot, and the next one who wants it opens it: a
    /// commit must never be based on the snapshot before the last commit.
    pub fn publish(
        &self,
        before: Option<&Snapshot>,
        changed: Option<VersionKey>,
    ) -> Result<Arc<Snapshot>> {
        let snapshot =
            self.open_newest(before, changed).inspect_err(|_| self.current.store(None))?;
        self.leases.expire(snapshot.store.generation(), Instant::now());
        // Several may be opening at once; the one with the newest commit stays.
        self.current.rcu(|current| {
            let newer =
                |other: &&Arc<Snapshot>| other.store.generation() > snapshot.store.generation();
            Some(Arc::clone(current.as_ref().filter(newer).unwrap_or(&snapshot)))
        });
        Ok(snapshot)
    }

    fn open_newest(
        &self,
        before: Option<&Snapshot>,
        changed: Option<VersionKey>,
    ) -> Result<Arc<Snapshot>> {
        let snapshot = Arc::new(Snapshot::new(self.store.read()?, Arc::clone(&self.segments)));
        if let Some(before) = before {
            snapshot.inherit(before, changed);
        }
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        living.retain(|s| s.strong_count() > 0);
        living.push(Arc::downgrade(&snapshot));
        drop(living);
        if let Some(version) = changed {
            // Opening the changed index now keeps its segments shared with the one before.
            snapshot.text(version)?;
            if let Some(before) = before {
                snapshot.open_vectors_of(before, version)?;
            }
        }
        Ok(snapshot)
    }

    /// Removes what no living snapshot can reach any more.
    pub fn collect_garbage(&self, txn: &mut WriteBatch) -> Result<()> {
        let garbage = txn.garbage()?;
        if garbage.is_empty() {
            return Ok(());
        }
        let living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = living.iter().filter_map(Weak::upgrade).map(|s| s.store.generation()).min();
        drop(living);
        // A blob unlinked by generation g is reachable from snapshots before g only.
        let held: Vec<u64> = garbage
            .into_iter()
            .filter(|item| oldest < item.since && oldest.is_some())
            .map(|item| item.blob)
            .collect();
        txn.collect_garbage(&|blob| held.contains(&blob))?;
        Ok(())
    }

    /// Lets go of the newest snapshot if nobody else holds any; whether it did.
    pub fn release_if_unread(&self) -> bool {
        let newest = self.current.swap(None);
        let living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        let held: usize = living.iter().map(Weak::strong_count).sum();
        drop(living);
        if held > newest.iter().count() {
            // Nobody commits meanwhile, so it is the newest still.
            self.current.store(newest);
            return false;
        }
        true
    }

    /// Removes garbage in a commit of its own. The caller holds the write lock.
    pub fn sweep(&self) -> Result<()> {
        let mut txn = self.store.write()?;
        if txn.garbage()?.is_empty() {
            return Ok(());
        }
        self.collect_garbage(&mut txn)?;
        txn.commit()?;
        Ok(())
    }

    /// Lets go of the newest snapshot, so that the file can be compacted, and lets readers drain.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while a reader holds a snapshot.
    fn release_snapshots(&self) -> Result<()> {
        self.current.store(None);
        let patience = Instant::now() + DRAIN_TIME;
        loop {
            let living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
            let held = living.iter().filter(|s| s.strong_count() > 0).count();
            drop(living);
            if held == 0 {
                return Ok(());
            }
            if Instant::now() > patience {
                self.publish(None, None)?;
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!("{held} readers still hold a snapshot; drop them, then compact"),
                ));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// One version of one dataset, found by name or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRef {
    /// The dataset's id.
    pub dataset_id: String,
    /// The dataset's name.
    pub dataset_name: String,
    /// The version's id.
    pub version_id: String,
    /// The version's name.
    pub version_name: String,
    pub(crate) key: VersionKey,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The file's length before, in bytes.
    pub before: u64,
    /// And after; closing the file may add a few pages.
    pub after: u64,
}

/// An open database.
///
/// Dropping it closes the file; a merge that is under way is finished first.
#[derive(Debug)]
pub struct Database {
    // Declared first, so that it is stopped before the store is closed.
    pub(crate) maintenance: Option<Maintenance>,
    pub(crate) shared: Arc<Shared>,
}

impl Database {
    /// Options for opening or making a database.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Makes a new file with default options.
    ///
    /// # Errors
    /// As [`Builder::create`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().create(path)
    }

    /// Opens a file for reading and writing with default options.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open(path)
    }

    /// Opens a file for reading with default options.
    ///
    /// # Errors
    /// As [`Builder::open_read_only`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open_read_only(path)
    }

    /// The file's path; `None` for a database that is not in a file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.shared.store.path()
    }

    /// A snapshot of the newest state. It never changes and never waits for a writer; hold it for
    /// as long as one task takes, since the space that newer commits free stays taken meanwhile.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file cannot be read.
    pub fn reader(&self) -> Result<Reader> {
        let lease = self.shared.leases.give(self.shared.snapshot()?);
        Ok(Reader::new(lease, Arc::clone(&self.shared.asking)))
    }

    /// A batch of changes to one version. Nothing is written before [`Batch::commit`].
    #[must_use]
    pub fn batch(&self, version: &VersionRef) -> Batch<'_> {
        Batch::new(self, version.clone())
    }

    /// Makes the file as small as its live content allows: segments are merged, garbage is removed,
    /// pages are moved to the front. Takes time in proportion to the file.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while a [`Reader`] is held; [`ErrorKind::Io`], [`ErrorKind::DiskFull`].
    pub fn compact(&self) -> Result<Compacted> {
        self.merge_all()?;
        let _writing = self.shared.write_lock();
        self.shared.release_snapshots()?;
        self.shared.sweep()?;
        self.shared.release_snapshots()?;
        let done = self.shared.store.compact();
        let shown = self.shared.publish(None, None);
        // Where both failed, the first error is the reason.
        let done = done?;
        shown?;
        Ok(Compacted { before: done.before, after: done.after })
    }
}
