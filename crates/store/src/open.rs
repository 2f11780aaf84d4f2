//! Making and opening databases, and the handle to an open one.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant};

use redb::{Builder, Database, DatabaseError, ReadOnlyDatabase, ReadableDatabase};

use crate::device::{Adapter, Device};
use crate::dictionary::Cache;
use crate::error::{StoreError, Translate};
use crate::format::{self, FORMAT_VERSION, Kind};
use crate::guard::{Guarded, guarded};
use crate::options::Options;
use crate::pages::{Image, Others};
use crate::read::ReadSnapshot;
use crate::write::WriteBatch;
use crate::{blob, probe, repack};

/// How long an operation that needs the whole file waits for a transaction that just begins.
const PATIENCE: Duration = Duration::from_millis(50);

/// A handle to an open database; clones are handles to the same one.
///
/// The file is locked until the last handle, snapshot and batch is dropped, and closed then.
///
/// ```
/// use filedex_store::{Options, Store, StoreError};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("cars.filedex");
/// let store = Store::create(&path, &Options::default())?;
/// assert_eq!(store.read()?.generation(), 0);
/// assert!(matches!(Store::open(&path, &Options::default()), Err(StoreError::Locked { .. })));
/// # Ok::<(), StoreError>(())
/// ```
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: RwLock<Guarded<Engine>>,
    place: Place,
    options: Options,
    dictionaries: Arc<Cache>,
    /// How many snapshots and batches there are.
    live: AtomicUsize,
}

/// A handle that counts as a snapshot or a batch for as long as it lives.
pub(crate) struct Live(Store);

impl Live {
    pub(crate) fn new(store: Store) -> Self {
        store.inner.live.fetch_add(1, Ordering::SeqCst);
        Self(store)
    }
}

impl Deref for Live {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.0
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.inner.live.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) enum Engine {
    Write(Database),
    Read(ReadOnlyDatabase),
}

enum Place {
    File(PathBuf),
    Device(Arc<dyn Device>),
}

impl Store {
    /// Makes a new database in a new file.
    ///
    /// The file gets its name once it is a whole database, so a process that is killed on the way
    /// leaves nothing at `path`; at most a file beside it that ends in `.creating-` and the
    /// process id, which can be deleted.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] where there is a file; [`StoreError::NotFound`] where its
    /// folder is missing.
    pub fn create(path: impl AsRef<Path>, options: &Options) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let made = make_whole(path, |file, _| {
            let database = builder(options).create_file(file).map_err(|e| open_error(path, e))?;
            initialise(&database)?;
            Ok(database)
        });
        Ok(Self::of(Engine::Write(made?), Place::File(path.to_owned()), options))
    }

    /// Opens a database for reading and writing, recovers it if it was not closed cleanly, and
    /// removes blobs that nothing refers to.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::NotFiledex`], [`StoreError::NewerFormat`],
    /// [`StoreError::Truncated`], [`StoreError::Damaged`], [`StoreError::Locked`]. A foreign or
    /// newer file is left as it is.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, StoreError> {
        let path = path.as_ref();
        probe::file(path)?;
        let database = at_path(path, || {
            // A look without writing comes first: a foreign file must stay as it is.
            match builder(options).open_read_only(path) {
                Ok(database) => known_format(&database, path).map(drop)?,
                Err(DatabaseError::RepairAborted) => {}
                Err(error) => return Err(open_error(path, error)),
            }
            builder(options).open(path).map_err(|error| open_error(path, error))
        })?;
        Self::opened(database, Place::File(path.to_owned()), options)
    }

    /// Opens a database for reading only. Several processes may do so at once, while none writes.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::NeedsRecovery`] where it was not closed cleanly.
    pub fn open_read_only(path: impl AsRef<Path>, options: &Options) -> Result<Self, StoreError> {
        let path = path.as_ref();
        probe::file(path)?;
        let database = at_path(path, || {
            let opened = builder(options).open_read_only(path);
            let database = opened.map_err(|error| open_error(path, error))?;
            known_format(&database, path)?;
            Ok(database)
        })?;
        Ok(Self::of(Engine::Read(database), Place::File(path.to_owned()), options))
    }

    /// Opens the database on `device`, or makes a new one on an empty device. Nothing locks it.
    ///
    /// # Errors
    /// As [`Store::open`], but for those of locks and paths.
    pub fn with_device(device: Box<dyn Device>, options: &Options) -> Result<Self, StoreError> {
        let device: Arc<dyn Device> = Arc::from(device);
        let path = Path::new("(device)");
        probe::device(&*device, path)?;
        let fresh = device.is_empty().map_err(|error| StoreError::io("reading", path, error))?;
        let database = at_path(path, || {
            let opened = builder(options).create_with_backend(Adapter(device.clone()));
            let database = opened.map_err(|error| open_error(path, error))?;
            if fresh {
                initialise(&database)?;
            }
            Ok(database)
        })?;
        Self::opened(database, Place::Device(device), options)
    }

    fn opened(database: Database, place: Place, options: &Options) -> Result<Self, StoreError> {
        let path = match &place {
            Place::File(path) => path.clone(),
            Place::Device(_) => PathBuf::from("(device)"),
        };
        let store = Self::of(Engine::Write(database), place, options);
        at_path(&path, || {
            let engine = store.engine();
            let Engine::Write(database) = &**engine else { return Ok(()) };
            for format in known_format(database, &path)?..FORMAT_VERSION {
                let txn = database.begin_write().translate()?;
                format::upgrade(&txn, format)?;
                txn.commit().translate()?;
            }
            drop(engine);
            repack::sweep(&store)?;
            blob::sweep(&store)
        })?;
        Ok(store)
    }

    fn of(engine: Engine, place: Place, options: &Options) -> Self {
        Self {
            inner: Arc::new(Inner {
                engine: RwLock::new(Guarded::new(engine)),
                place,
                options: options.clone(),
                dictionaries: Arc::default(),
                live: AtomicUsize::new(0),
            }),
        }
    }

    /// A snapshot of the newest commit. It never waits for a writer.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`] after an input or output error.
    pub fn read(&self) -> Result<ReadSnapshot, StoreError> {
        guarded(|| {
            // Held until the snapshot counts, so that nobody who is alone overlooks it.
            let engine = self.engine();
            let txn = match &**engine {
                Engine::Write(database) => database.begin_read(),
                Engine::Read(database) => database.begin_read(),
            };
            ReadSnapshot::new(self.clone(), txn.translate()?)
        })
    }

    /// The one write transaction; waits until the one before it has ended.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`]; [`StoreError::Poisoned`] after an input or output error.
    pub fn write(&self) -> Result<WriteBatch, StoreError> {
        guarded(|| {
            // Held until the batch counts, so that nobody who is alone overlooks it.
            let engine = self.engine();
            let txn = match &**engine {
                Engine::Write(database) => database.begin_write().translate()?,
                Engine::Read(_) => return Err(StoreError::ReadOnly),
            };
            WriteBatch::new(self.clone(), txn)
        })
    }

    /// The path, unless the database is on a device.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.inner.place {
            Place::File(path) => Some(path),
            Place::Device(_) => None,
        }
    }

    /// Whether it was opened for reading only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(**self.engine(), Engine::Read(_))
    }

    /// The options it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// The length of the file in bytes.
    ///
    /// # Errors
    /// When the operating system cannot tell.
    pub fn file_length(&self) -> Result<u64, StoreError> {
        match &self.inner.place {
            Place::File(path) => std::fs::metadata(path)
                .map(|metadata| metadata.len())
                .map_err(|error| StoreError::io("measuring", path, error)),
            Place::Device(device) => device
                .len()
                .map_err(|error| StoreError::io("measuring", Path::new("(device)"), error)),
        }
    }

    /// Looks at the file as it stands on the disk; nobody writes to it meanwhile.
    pub(crate) fn image<T>(
        &self,
        look: impl FnOnce(&Image) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let engine = self.engine();
        let writing = match &**engine {
            Engine::Write(database) => Some(database.begin_write().translate()?),
            Engine::Read(_) => None,
        };
        let looked = match &self.inner.place {
            Place::File(path) => look(&Image::of_file(path, Others::AreKnown)?),
            Place::Device(device) => look(&Image::of_device(device)?),
        };
        drop(writing);
        looked
    }

    /// The dictionaries that are prepared.
    pub(crate) fn dictionaries(&self) -> &Arc<Cache> {
        &self.inner.dictionaries
    }

    fn engine(&self) -> std::sync::RwLockReadGuard<'_, Guarded<Engine>> {
        self.inner.engine.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` with nobody else in a transaction, or beginning one.
    pub(crate) fn alone<T>(
        &self,
        work: impl FnOnce(&mut Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let end = Instant::now() + PATIENCE;
        let mut engine = loop {
            match self.inner.engine.try_write() {
                Ok(engine) => break engine,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Busy { what: "a batch is waiting to begin" });
                }
            }
        };
        match &mut **engine {
            Engine::Write(_) if self.inner.live.load(Ordering::SeqCst) > 0 => {
                Err(StoreError::Busy { what: "a snapshot or a batch is still open" })
            }
            Engine::Write(database) => {
                let path = self.path().unwrap_or(Path::new("(device)"));
                at_path(path, || work(database))
            }
            Engine::Read(_) => Err(StoreError::ReadOnly),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path()).finish_non_exhaustive()
    }
}

pub(crate) fn builder(options: &Options) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);
    builder
}

fn initialise(database: &Database) -> Result<(), StoreError> {
    let txn = database.begin_write().translate()?;
    format::initialise(&txn)?;
    txn.commit().translate()
}

/// The format of an open file, if it is one this crate reads.
fn known_format(database: &impl ReadableDatabase, path: &Path) -> Result<u64, StoreError> {
    match format::kind_of(&database.begin_read().translate()?)? {
        Kind::Known(format) => Ok(format),
        Kind::Newer(found) => {
            let path = path.to_owned();
            Err(StoreError::NewerFormat { path, found, supported: FORMAT_VERSION })
        }
        Kind::Foreign => Err(StoreError::NotFiledex {
            path: path.to_owned(),
            reason: "it is a redb database of another program",
        }),
    }
}

/// Runs what opens a file, and says in its error which file.
fn at_path<T>(path: &Path, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    guarded(work).map_err(|error| match error {
        StoreError::Damaged { what } => {
            StoreError::Damaged { what: format!("{}: {what}", path.display()) }
        }
        other => other,
    })
}

pub(crate) fn open_error(path: &Path, error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            StoreError::Locked { path: path.to_owned(), holder: probe::holder(path) }
        }
        DatabaseError::RepairAborted => StoreError::NeedsRecovery { path: path.to_owned() },
        DatabaseError::UpgradeRequired(_) => StoreError::NotFiledex {
            path: path.to_owned(),
            reason: "it is a redb database of an old layout, which no Filedex wrote",
        },
        DatabaseError::Storage(redb::StorageError::Io(source))
            if !matches!(source.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) =>
        {
            StoreError::io("opening", path, source)
        }
        other => crate::error::translate(other.into()),
    }
}

/// What a file is called while it is being made.
fn unnamed(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".creating-{}", std::process::id()));
    path.with_file_name(name)
}

/// Gives a file that was made under another name its own, and makes that safe from a power cut.
/// Nothing that has the name is replaced.
///
/// # Errors
/// [`StoreError::AlreadyExists`]; [`StoreError::Io`].
pub fn give_whole_name(unnamed: &Path, path: &Path) -> Result<(), StoreError> {
    let io = |error| StoreError::io("naming", path, error);
    give_name(unnamed, path).map_err(io)?;
    // Renamed already where the system has no links.
    let _ = std::fs::remove_file(unnamed);
    sync_folder_of(path).map_err(io)
}

/// Makes a new file under another name, and gives it its own once it is whole. What `make` answers
/// can hold the file open, so that nobody else gets it in between.
pub(crate) fn make_whole<T>(
    path: &Path,
    make: impl FnOnce(File, &Path) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let io = |error| StoreError::io("creating", path, error);
    if path.symlink_metadata().is_ok() {
        return Err(io(std::io::ErrorKind::AlreadyExists.into()));
    }
    let unnamed = unnamed(path);
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).open(&unnamed).map_err(io)?;
    let made = at_path(path, || {
        let made = make(file, &unnamed)?;
        give_name(&unnamed, path).map_err(io)?;
        sync_folder_of(path).map_err(io)?;
        Ok(made)
    });
    // Gone already where it was renamed; where it was not, the first error is the one to tell.
    let _ = std::fs::remove_file(&unnamed);
    made
}

/// Names a finished file, unless something has the name. The lock on it stays: it is on the file,
/// not on its name.
fn give_name(unnamed: &Path, path: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(unnamed, path) {
        // Some file systems have no links; there the check and the renaming are two steps.
        Err(error)
            if error.kind() != std::io::ErrorKind::AlreadyExists
                && path.symlink_metadata().is_err() =>
        {
            std::fs::rename(unnamed, path)
        }
        done => done,
    }
}

/// Makes the new name itself safe from a power cut, where the system has a way.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
