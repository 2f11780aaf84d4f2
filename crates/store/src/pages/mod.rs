//! The pages of a file as they stand on the disk, read without the engine and compared with their
//! checksums.
//!
//! The engine, redb 4, keeps a tree for each table. The root of a tree is named with its checksum in a
//! list of tables, a tree too, whose root is named in a commit slot of the first page; a branch names
//! its children with theirs. So each page is known by its checksum from the slot down. The engine
//! itself compares them only when it recovers or verifies, answers yes or no, and may panic on what
//! makes no sense. Here it comes out which pages are not what was written, which table they belong to
//! and which keys they held; and what stands on the others can be read, whatever became of those.
//!
//! The layout is that of redb's file format 3, which `docs/design.md` of redb describes. Nothing here
//! writes.

mod header;
mod node;
mod number;
mod salvage;
mod tree;

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Key, StorageBackend, TableDefinition, TableHandle, Value};

use crate::device::{Adapter, Device};
use crate::error::StoreError;
use crate::probe;
use header::{Header, Place, Root, Slot};
use node::Widths;
use number::{u32_at, u64_at};
pub(crate) use salvage::{Chosen, FoundBy, Read};
use tree::Walk;
pub(crate) use tree::{Damage, Entry, Why};

/// The widths of the lists of tables.
const LIST: Widths = Widths { key: None, value: None };
/// The kind of a table that has one value for a key.
const TABLE: u8 = 3;

/// A file as bytes.
pub(crate) struct Image {
    bytes: Box<dyn StorageBackend>,
    path: PathBuf,
    length: u64,
    header: Header,
}

/// Who else may have the file open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// Those who read it.
    Read,
    /// Nobody.
    Nobody,
    /// The caller has seen to it that nobody writes.
    AreKnown,
}

/// What the pages of a file come to.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    commit: Slot,
    /// Pages that are what was written.
    pub(crate) pages: u64,
    /// What is wrong with the first page, in words.
    pub(crate) header: Vec<String>,
    /// Damaged pages, with the table each is of.
    pub(crate) damages: Vec<(Of, Damage)>,
}

/// What a page belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// The list of tables.
    List,
    /// A table.
    Table(String),
    /// A table of the engine's own, which has its account of free space.
    Engine,
}

/// A table in the list.
struct Listed {
    name: String,
    entries: u64,
    root: Option<Root>,
    widths: Widths,
    /// Whether its entry is what was written.
    sound: bool,
}

impl Image {
    /// Opens a file. It need not be one that the engine opens.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Locked`], [`StoreError::NotFiledex`] for a folder and an
    /// empty file.
    pub(crate) fn of_file(path: &Path, others: Others) -> Result<Self, StoreError> {
        let io = |error| StoreError::io("reading", path, error);
        let not = |reason| StoreError::NotFiledex { path: path.to_owned(), reason };
        let mut options = OpenOptions::new();
        // A lock against everybody needs a file that could be written.
        options.read(true).write(others == Others::Nobody);
        let file = options.open(path).map_err(|error| match error.kind() {
            ErrorKind::IsADirectory => not("it is a folder"),
            _ => io(error),
        })?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(not("it is a folder"));
        }
        if metadata.len() == 0 {
            return Err(not("it is empty"));
        }
        let backend =
            FileBackend::new(file).map_err(|error| crate::open::open_error(path, error))?;
        let (all, none) = (Bound::Unbounded, Bound::Unbounded);
        let locked = match others {
            Others::Read => backend.try_lock_shared_range(all, none),
            Others::Nobody => backend.try_lock_range(all, none),
            Others::AreKnown => Ok(true),
        };
        // Where a system has no locks, the engine does without them too.
        if matches!(locked, Ok(false)) {
            return Err(StoreError::Locked { path: path.to_owned(), holder: probe::holder(path) });
        }
        Self::new(Box::new(backend), path)
    }

    /// The bytes of a device, which nobody writes to meanwhile.
    pub(crate) fn of_device(device: &Arc<dyn Device>) -> Result<Self, StoreError> {
        Self::new(Box::new(Adapter(device.clone())), Path::new("(device)"))
    }

    fn new(bytes: Box<dyn StorageBackend>, path: &Path) -> Result<Self, StoreError> {
        let io = |error| StoreError::io("reading", path, error);
        let length = bytes.len().map_err(io)?;
        let mut first = vec![0; header::BYTES.min(usize::try_from(length).unwrap_or(usize::MAX))];
        bytes.read(0, &mut first).map_err(io)?;
        let header = Header::read(&first, length);
        Ok(Self { bytes, path: path.to_owned(), length, header })
    }

    fn most_pages(&self) -> u64 {
        self.length / header::PAGE + 1
    }

    fn page(&self, place: Place) -> Result<Vec<u8>, Why> {
        let end = place.offset.checked_add(place.bytes).filter(|end| *end <= self.length);
        let Some(length) = end.and_then(|_| usize::try_from(place.bytes).ok()) else {
            return Err(Why::Beyond);
        };
        let mut bytes = vec![0; length];
        match self.bytes.read(place.offset, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Why::Beyond),
            Err(_) => Err(Why::Unreadable),
        }
    }

    /// Compares every page of the newest commit with its checksum: of the commit that an open shows,
    /// which after a crash can be the one before.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where no commit can be found.
    pub(crate) fn verify(&self) -> Result<Verified, StoreError> {
        let mut newest = None;
        for commit in &self.header.commits {
            let verified = self.verify_commit(*commit)?;
            if verified.damages.is_empty() || !self.header.may_be_cut_short {
                return Ok(verified);
            }
            newest.get_or_insert(verified);
        }
        newest.ok_or_else(|| {
            let path = self.path.display();
            let why =
                self.header.wrong.first().map_or("both of its commits are damaged", |why| why);
            StoreError::damaged(format!(
                "{path}: {why}, and no page of a commit can be found; restore it from a backup"
            ))
        })
    }

    fn verify_commit(&self, commit: Slot) -> Result<Verified, StoreError> {
        let mut verified =
            Verified { commit, pages: 1, header: self.header.wrong.clone(), damages: Vec::new() };
        for (root, own) in [(commit.tables, false), (commit.own, true)] {
            let Some(root) = root else { continue };
            let (listed, met) = self.list(root)?;
            verified.add(&if own { Of::Engine } else { Of::List }, met);
            for table in listed {
                let Some(root) = table.root.filter(|_| table.sound) else { continue };
                let mut walk = Walk::new(self, table.widths, None);
                walk.from(root, true)?;
                let of = if own { Of::Engine } else { Of::Table(table.name) };
                verified.add(&of, Met { pages: walk.pages, damages: walk.damages });
            }
        }
        Ok(verified)
    }

    /// The tables of a list, as far as they can be read.
    fn list(&self, root: Root) -> Result<(Vec<Listed>, Met), StoreError> {
        let mut listed = Vec::new();
        let mut visit = |entry: Entry<'_>| {
            listed.extend(Listed::read(&entry));
            Ok(())
        };
        let mut walk = Walk::new(self, LIST, Some(&mut visit));
        walk.from(root, true)?;
        let met = Met { pages: walk.pages, damages: walk.damages };
        Ok((listed, met))
    }

    /// Every entry of a table that can be read, as the bytes of its key and its value. Those on damaged
    /// pages, and below them, come too, with `false`: they are what was written or not. Answers whether
    /// the table was found and all of its pages are what was written.
    ///
    /// # Errors
    /// Those of `found`.
    pub(crate) fn read<K: Key + 'static, V: Value + 'static>(
        &self,
        verified: &Verified,
        definition: TableDefinition<'static, K, V>,
        mut found: impl FnMut(&[u8], &[u8], bool) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let Some(root) = verified.commit.tables else { return Ok(true) };
        let (listed, list) = self.list(root)?;
        let name = definition.name();
        let Some(table) = listed.into_iter().find(|table| table.name == name) else {
            return Ok(list.damages.is_empty());
        };
        let widths = Widths { key: K::fixed_width(), value: V::fixed_width() };
        let sound = table.sound && table.widths == widths;
        let Some(root) = table.root.filter(|_| table.widths == widths) else { return Ok(sound) };
        let mut visit = |entry: Entry<'_>| found(entry.key, entry.value, entry.sound);
        let mut walk = Walk::new(self, widths, Some(&mut visit));
        walk.from(root, sound)?;
        Ok(sound && walk.damages.is_empty())
    }
}

/// Pages that a walk met.
struct Met {
    pages: u64,
    damages: Vec<Damage>,
}

impl Verified {
    fn add(&mut self, of: &Of, met: Met) {
        self.pages += met.pages;
        self.damages.extend(met.damages.into_iter().map(|damage| (of.clone(), damage)));
    }
}

impl Listed {
    /// An entry of a list of tables: its kind (1), its entries (8), whether it has a root (1), the root
    /// (32), whether keys have a fixed width (1), that width (4), the same of values.
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let name = std::str::from_utf8(entry.key).ok()?.to_owned();
        let value = entry.value;
        if *value.first()? != TABLE {
            return None;
        }
        let entries = u64_at(value, 1)?;
        let root = if *value.get(9)? == 0 { None } else { Some(Root::read(value.get(10..)?)?) };
        let width = |at: usize| {
            let width = u32_at(value, at + 1)?;
            Some((*value.get(at)? != 0).then_some(width as usize))
        };
        let widths = Widths { key: width(42)?, value: width(47)? };
        Some(Self { name, entries, root, widths, sound: entry.sound })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use redb::{Database, ReadableDatabase, ReadableTable};

    use super::*;
    use crate::device::MemoryDevice;

    const WIDE: TableDefinition<u64, &[u8]> = TableDefinition::new("wide");
    const NARROW: TableDefinition<&[u8], u32> = TableDefinition::new("narrow");
    const PAIRS: TableDefinition<(u64, u32), ()> = TableDefinition::new("pairs");
    const EMPTY: TableDefinition<u64, u64> = TableDefinition::new("empty");

    /// Numbers that look like any.
    fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut state = seed;
        move |below| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        }
    }

    fn change(database: &Database, next: &mut impl FnMut(u64) -> u64) {
        let txn = database.begin_write().unwrap();
        {
            let mut wide = txn.open_table(WIDE).unwrap();
            let mut narrow = txn.open_table(NARROW).unwrap();
            let mut pairs = txn.open_table(PAIRS).unwrap();
            txn.open_table(EMPTY).unwrap();
            for _ in 0..next(400) {
                let key = next(1_000);
                let length = match next(50) {
                    0 => 30_000 + next(300_000),
                    1 => 0,
                    _ => next(700),
                };
                let value: Vec<u8> = (0..length).map(|n| (n * key) as u8).collect();
                wide.insert(key, value.as_slice()).unwrap();
                wide.remove(next(1_000)).unwrap();
                let text = "key ".repeat(1 + next(30) as usize) + &key.to_string();
                narrow.insert(text.as_bytes(), key as u32).unwrap();
                pairs.insert((next(1 << 40), key as u32), ()).unwrap();
            }
        }
        txn.commit().unwrap();
    }

    type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

    fn by_engine<K: Key + 'static, V: Value + 'static>(
        database: &Database,
        definition: TableDefinition<'static, K, V>,
    ) -> Entries {
        let table = database.begin_read().unwrap().open_table(definition).unwrap();
        let entries = table.iter().unwrap().map(|entry| {
            let (key, value) = entry.unwrap();
            let key = K::as_bytes(&key.value()).as_ref().to_vec();
            (key, V::as_bytes(&value.value()).as_ref().to_vec())
        });
        entries.collect()
    }

    fn by_pages<K: Key + 'static, V: Value + 'static>(
        image: &Image,
        definition: TableDefinition<'static, K, V>,
    ) -> Entries {
        let verified = image.verify().unwrap();
        assert_eq!(verified.damages, []);
        let mut entries = Entries::new();
        let whole = image.read(&verified, definition, |key, value, sound| {
            assert!(sound);
            assert_eq!(entries.insert(key.to_vec(), value.to_vec()), None);
            Ok(())
        });
        assert!(whole.unwrap());
        entries
    }

    #[test]
    fn the_pages_hold_what_the_engine_reads() {
        for seed in 0..8 {
            let mut next = numbers(seed);
            let device = MemoryDevice::default();
            let shared: Arc<dyn Device> = Arc::new(device.clone());
            let mut database =
                redb::Builder::new().create_with_backend(Adapter(shared.clone())).unwrap();
            for round in 0..6 {
                change(&database, &mut next);
                if round == 4 {
                    database.compact().unwrap();
                }
                let image = Image::of_device(&shared).unwrap();
                assert!(image.header.wrong.is_empty());
                assert_eq!(by_pages(&image, WIDE), by_engine(&database, WIDE), "seed {seed}");
                assert_eq!(by_pages(&image, NARROW), by_engine(&database, NARROW), "seed {seed}");
                assert_eq!(by_pages(&image, PAIRS), by_engine(&database, PAIRS), "seed {seed}");
                assert_eq!(by_pages(&image, EMPTY), Entries::new());
            }
            let last = by_engine(&database, WIDE);
            drop(database);
            let image = Image::of_device(&shared).unwrap();
            assert!(!image.header.may_be_cut_short && image.header.wrong.is_empty());
            assert_eq!(by_pages(&image, WIDE), last, "seed {seed}");
        }
    }
}
