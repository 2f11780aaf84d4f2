//! Saving what can be read from a damaged file into a new one.
//!
//! The damaged file is read page by page ([`crate::pages`]), never by the engine, and never written.
//! What is not derived is taken over: datasets, versions, records, jobs, notes, spaces; ids, names,
//! folders and counters are made by storing the records. What is derived in the damaged file serves as
//! witness of what is lost: an id that leads to no record is a record that was there.

mod catalog;
mod records;
mod small;
mod vectors;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::check::{Finding, findings};
use crate::error::StoreError;
use crate::format::KEY_NEXT_VERSION;
use crate::format::{APPLICATION, Counters, FORMAT_VERSION, KEY_APPLICATION, KEY_FORMAT};
use crate::format::{KEY_GENERATION, KEY_NEXT_BLOB, KEY_NEXT_LAYER, KEY_NEXT_SPACE};
use crate::key;
use crate::open::Store;
use crate::pages::{Chosen, Entry, FoundBy, Image, Others, Read};
use crate::tables;
pub use vectors::{SegmentLeft, SpaceLeft, VectorsLeft};

/// A file that may be damaged, open for saving what can be read. Nothing writes to it.
///
/// ```
/// use filedex_store::{Options, Store, Wreck};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("a.filedex");
/// drop(Store::create(&path, &Options::default())?);
/// let wreck = Wreck::open(&path)?;
/// let saved = Store::create(dir.path().join("saved.filedex"), &Options::default())?;
/// let salvaged = wreck.copy_into(&saved, &mut |_, _| true)?;
/// assert!(salvaged.losses.is_empty() && salvaged.doubts.is_empty());
/// # Ok::<(), filedex_store::StoreError>(())
/// ```
pub struct Wreck {
    image: Image,
    chosen: Chosen,
    counters: Counters,
    path: PathBuf,
}

/// What a [`Loss`] is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LossKind {
    /// The newest commit: what was saved is the one before.
    Commit,
    /// What is known of a dataset but its name and its id.
    Dataset,
    /// What is known of a version but its name, its id and its records.
    Version,
    /// A record.
    Record,
    /// A job that left nothing in records.
    Job,
    /// A note.
    Note,
    /// What is known of an embedding space.
    Space,
    /// A vector.
    Vector,
    /// What says which vectors of a segment were removed or replaced.
    Deletion,
}

impl LossKind {
    /// Its name, as JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Dataset => "dataset",
            Self::Version => "version",
            Self::Record => "record",
            Self::Job => "job",
            Self::Note => "note",
            Self::Space => "space",
            Self::Vector => "vector",
            Self::Deletion => "deletion",
        }
    }
}

/// Something that is lost, or that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Of what kind.
    pub kind: LossKind,
    /// Where: `DATASET/VERSION`; empty for what belongs to the whole file.
    pub of: String,
    /// How many, at least 1.
    pub count: u64,
    /// Those whose names are known: folder and name of a record, or its id.
    pub names: Vec<String>,
}

/// What was saved, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Datasets in the new file.
    pub datasets: u64,
    /// Versions in it.
    pub versions: u64,
    /// Records in it.
    pub records: u64,
    /// Notes in it.
    pub notes: u64,
    /// Spaces in it.
    pub spaces: u64,
    /// What is lost.
    pub losses: Vec<Loss>,
    /// What was saved from damaged pages: it reads as something that was written, and may not be all
    /// of what was.
    pub doubts: Vec<Loss>,
    /// What nothing proves, in words.
    pub unproved: Vec<String>,
}

impl Salvaged {
    fn lose(&mut self, kind: LossKind, of: &str, count: u64, names: Vec<String>) {
        add(&mut self.losses, kind, of, count, names);
    }

    fn doubt(&mut self, kind: LossKind, of: &str, name: String) {
        add(&mut self.doubts, kind, of, 1, vec![name]);
    }

    /// Notes what became of a table, all of which is to be saved.
    fn table(&mut self, name: &str, read: &Read) {
        if read.by_damaged {
            self.unproved.push(format!(
                "a page above the entries of table {name} is damaged: entries that were read are whole, \
                 and may be older ones"
            ));
        }
    }
}

fn add(to: &mut Vec<Loss>, kind: LossKind, of: &str, count: u64, names: Vec<String>) {
    if count == 0 {
        return;
    }
    match to.iter_mut().find(|loss| loss.kind == kind && loss.of == of) {
        Some(loss) => {
            loss.count += count;
            loss.names.extend(names);
        }
        None => to.push(Loss { kind, of: of.to_owned(), count, names }),
    }
}

impl Wreck {
    /// Opens a file for saving what can be read, also one that [`Store::open`] refuses.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Locked`] while a process writes to it;
    /// [`StoreError::NotFiledex`] for what never was a Filedex file; [`StoreError::NewerFormat`];
    /// [`StoreError::Damaged`] where no commit can be found in it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let image = Image::of_file(path, Others::Read)?;
        let chosen = image.chosen().map_err(|error| match error {
            StoreError::Damaged { .. } if !image.starts_as_one() => StoreError::NotFiledex {
                path: path.to_owned(),
                reason: "it does not start as one does, and nothing in it is one",
            },
            other => other,
        })?;
        let mut numbers = std::collections::HashMap::new();
        let read = image.entries(&chosen.verified, tables::META, |entry: Entry<'_>| {
            if let (Ok(name), Some(number)) =
                (std::str::from_utf8(entry.key), key::le_u64(entry.value))
                && (entry.page_sound || !numbers.contains_key(name))
            {
                numbers.insert(name.to_owned(), number);
            }
            Ok(())
        })?;
        let is_whole = read.is_whole() || !read.is_listed && !read.by_damaged;
        if is_whole && numbers.get(KEY_APPLICATION) != Some(&APPLICATION) {
            let reason = "it is a redb database of another program";
            return Err(StoreError::NotFiledex { path: path.to_owned(), reason });
        }
        if let Some(found) = numbers.get(KEY_FORMAT).filter(|found| **found > FORMAT_VERSION) {
            let (found, path) = (*found, path.to_owned());
            // On a damaged page the number can be any.
            if is_whole {
                return Err(StoreError::NewerFormat { path, found, supported: FORMAT_VERSION });
            }
        }
        let (new, sound) = (Counters::default(), read.damages.is_empty());
        // A number that may be any is made anew from what is there.
        let number = |name, least| numbers.get(name).filter(|_| sound).copied().unwrap_or(least);
        let counters = Counters {
            generation: number(KEY_GENERATION, new.generation),
            next_version: number(KEY_NEXT_VERSION, new.next_version),
            next_layer: number(KEY_NEXT_LAYER, new.next_layer),
            next_blob: number(KEY_NEXT_BLOB, new.next_blob),
            next_space: number(KEY_NEXT_SPACE, new.next_space),
        };
        Ok(Self { image, chosen, counters, path: path.to_owned() })
    }

    /// What is wrong with its pages, as [`check_file`](crate::check_file) says it.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn findings(&self) -> Result<Vec<Finding>, StoreError> {
        findings(&self.image, &self.chosen.verified)
    }

    /// How many of its pages are what was written.
    #[must_use]
    pub fn sound_pages(&self) -> u64 {
        self.chosen.verified.pages
    }

    /// Writes all that can be read to a new, empty database: everything but blobs and lists of
    /// segments. Ids, names, folders and counters are made anew. `progress` is told the records read
    /// and all there are; where it answers `false` the salvage is given up.
    ///
    /// # Errors
    /// [`StoreError::Interrupted`]; those of the new file. What cannot be read is a loss, not an
    /// error.
    pub fn copy_into(
        &self,
        to: &Store,
        progress: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Salvaged, StoreError> {
        let mut out = Salvaged::default();
        match self.chosen.found_by {
            FoundBy::Header | FoundBy::DamagedSlot => {}
            FoundBy::Before => out.lose(LossKind::Commit, "", 1, Vec::new()),
            FoundBy::Looking => out.unproved.push(
                "nothing in the header leads to a commit: the newest that was found among the pages was \
                 taken, and there may have been a newer one"
                    .to_owned(),
            ),
        }
        let mut catalog = catalog::Catalog::read(self, &mut out)?;
        catalog.write(to, self.counters)?;
        records::copy(self, to, &mut catalog, &mut out, progress)?;
        small::copy(self, to, &catalog, &mut out)?;
        out.losses.sort_by(|a, b| (a.kind, &a.of).cmp(&(b.kind, &b.of)));
        out.doubts.sort_by(|a, b| (a.kind, &a.of).cmp(&(b.kind, &b.of)));
        Ok(out)
    }

    fn read<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: redb::TableDefinition<'static, K, V>,
        found: impl FnMut(Entry<'_>) -> Result<(), StoreError>,
    ) -> Result<Read, StoreError> {
        self.image.entries(&self.chosen.verified, table, found)
    }

    /// How many entries the list of tables says that a table has.
    fn listed<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: redb::TableDefinition<'static, K, V>,
    ) -> Result<u64, StoreError> {
        self.image.listed(&self.chosen.verified, table)
    }
}

impl fmt::Debug for Wreck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wreck").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A name that is not taken yet: this one, or it with a number behind.
fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut unique = name.to_owned();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{name} ({number})");
        number += 1;
    }
    unique
}
