//! The check that everything in a database agrees with everything else.

mod blobs;
mod lists;
mod numbers;
mod pages;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use redb::{ReadableTable, ReadableTableMetadata};

use crate::blob::BlobKind;
use crate::dataset::{VersionInfo, VersionKey};
use crate::dictionary;
use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::key;
use crate::read::ReadSnapshot;
use crate::stored::version as stored_version;
use crate::tables;
pub(crate) use pages::findings;
pub use pages::{PagesChecked, check_file};

/// Something in a database that does not agree with the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: About,
    /// What can be done about it.
    pub remedy: Remedy,
    /// What is wrong, and where.
    pub what: String,
}

/// What a [`Finding`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum About {
    /// A page of the file.
    Page,
    /// A number of the whole file: of the next version, layer, blob or space.
    Number,
    /// A dataset or its name.
    Dataset,
    /// A version, its name, its id or its row.
    Version,
    /// A record.
    Record,
    /// A file id that leads to the wrong row, or a record that its id does not lead to.
    Id,
    /// The name of an active record.
    Name,
    /// The number of files of a folder.
    Folder,
    /// A counter of a version.
    Counter,
    /// A blob: a chunk, its links, its being garbage.
    Blob,
    /// A list of segments, of text or of vectors, or a bitmap of what is dead in one.
    Segment,
    /// An embedding space: its name, its version, its being chosen.
    Space,
}

/// What can be done about a [`Finding`]. `Display` says it to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// It is derived from the rest of the file: a repair makes it anew, and nothing is lost by it.
    Rebuild,
    /// Nothing else in the file says the same: a repair saves what can be read, and says what is lost;
    /// that comes back from a backup only.
    Salvage,
}

impl Remedy {
    /// Its name, as JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Salvage => "salvage",
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rebuild => "`filedex repair FILE` makes it anew from the rest of the file",
            Self::Salvage => {
                "`filedex repair FILE` saves the rest and says what is lost; only a backup brings that back"
            },
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Checks the whole of a snapshot: ids against records, names and folders against active records,
/// counters, the numbers of the file, embedding spaces, lists of segments, every chunk of every blob,
/// links and garbage. It reads all of the file.
///
/// [`Store::check_pages`](crate::Store::check_pages) checks what lies below, and comes first: on a
/// damaged page anything can stand.
///
/// ```
/// use filedex_store::{MemoryDevice, Options, Store, check};
/// let store = Store::with_device(Box::new(MemoryDevice::default()), &Options::default())?;
/// assert!(check(&store.read()?)?.is_empty());
/// # Ok::<(), filedex_store::StoreError>(())
/// ```
///
/// # Errors
/// Where the file cannot be read at all; what can be read and is wrong is a finding.
pub fn check(snapshot: &ReadSnapshot) -> Result<Vec<Finding>, StoreError> {
    let mut check = Check { snapshot, findings: Vec::new(), named: BTreeMap::new() };
    check.stage(About::Dataset, Check::datasets)?;
    check.stage(About::Version, Check::versions)?;
    check.stage(About::Blob, Check::blobs)?;
    check.stage(About::Number, Check::numbers)?;
    Ok(check.findings)
}

struct Check<'a> {
    snapshot: &'a ReadSnapshot,
    findings: Vec<Finding>,
    /// The blobs that lists name.
    named: BTreeMap<u64, Named>,
}

/// What lists say of a blob.
#[derive(Default)]
struct Named {
    /// How many of them name it.
    lists: u32,
    /// What they take it for.
    kinds: BTreeSet<BlobKind>,
}

impl Check<'_> {
    fn find(&mut self, about: About, remedy: Remedy, what: impl Into<String>) {
        let finding = Finding { about, remedy, what: what.into() };
        // A damaged dictionary shows in each of its records.
        if self.findings.last() != Some(&finding) {
            self.findings.push(finding);
        }
    }

    /// Runs a part of the check; where pages make no sense it ends early, with a finding.
    fn stage(
        &mut self,
        about: About,
        work: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let done = guarded(|| work(self));
        self.sound(about, Remedy::Salvage, done).map(drop)
    }

    /// The value, or a finding where it is damaged.
    fn sound<T>(
        &mut self,
        about: About,
        remedy: Remedy,
        result: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Damaged { what }) => {
                self.find(about, remedy, what);
                Ok(None)
            }
            Err(StoreError::UnknownBlob { blob }) => {
                self.find(about, remedy, format!("blob {blob} is missing"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn datasets(&mut self) -> Result<(), StoreError> {
        let datasets = self.snapshot.datasets();
        let Some(datasets) = self.sound(About::Dataset, Remedy::Salvage, datasets)? else {
            return Ok(());
        };
        let names = self.snapshot.table(tables::DATASET_NAMES)?;
        if names.len().translate()? != datasets.len() as u64 {
            let what = "there are not as many dataset names as datasets";
            self.find(About::Dataset, Remedy::Rebuild, what);
        }
        for dataset in &datasets {
            let id = names.get(dataset.name.as_str()).translate()?.map(|id| id.value().to_owned());
            if id.as_deref() != Some(dataset.id.as_str()) {
                let (id, name) = (&dataset.id, &dataset.name);
                let what = format!("the name {name:?} does not lead to {id:?}");
                self.find(About::Dataset, Remedy::Rebuild, what);
            }
        }
        Ok(())
    }

    fn versions(&mut self) -> Result<(), StoreError> {
        let versions = self.snapshot.table(tables::VERSIONS)?;
        let names = self.snapshot.table(tables::VERSION_NAMES)?;
        let ids = self.snapshot.table(tables::VERSION_IDS)?;
        let count = versions.len().translate()?;
        if [names.len().translate()?, ids.len().translate()?] != [count; 2] {
            let what = "there are not as many version names and ids as versions";
            self.find(About::Version, Remedy::Rebuild, what);
        }
        let (mut layers, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for entry in versions.iter().translate()? {
            let (number, bytes) = entry.translate()?;
            let key = VersionKey(number.value());
            numbers.insert(key.0);
            let row = stored_version::decode(bytes.value())
                .and_then(|row| Ok((row.layer()?, VersionInfo::of(key, row))))
                .map_err(|why| why.at(format_args!("version number {key}")));
            let Some((layer, info)) = self.sound(About::Version, Remedy::Salvage, row)? else {
                continue;
            };
            if !layers.insert(layer) {
                let what = format!("two versions share layer {layer}");
                self.find(About::Version, Remedy::Salvage, what);
            }
            for (table, text) in [(&names, &info.version.name), (&ids, &info.version.id)] {
                let at = key::in_dataset(&info.dataset_id, text);
                let leads_to = table.get(at.as_slice()).translate()?.map(|key| key.value());
                if leads_to != Some(key.0) {
                    let what = format!("{text:?} does not lead to version number {key}");
                    self.find(About::Version, Remedy::Rebuild, what);
                }
            }
            if self.snapshot.dataset(&info.dataset_id)?.is_none() {
                let what = format!("version number {key} has no dataset");
                self.find(About::Version, Remedy::Salvage, what);
            }
            self.stage(About::Record, |check| check.records(&info, layer))?;
            self.stage(About::Segment, |check| check.lists(&info))?;
        }
        self.stage(About::Segment, |check| check.without_version(&numbers))?;
        self.dictionaries(&layers)?;
        self.strays(&layers)
    }

    fn dictionaries(&mut self, layers: &BTreeSet<u32>) -> Result<(), StoreError> {
        let dictionaries = self.snapshot.table(tables::DICTIONARIES)?;
        for entry in dictionaries.iter().translate()? {
            let (layer, number) = entry.translate()?.0.value();
            let read = dictionary::load(&dictionaries, layer, number);
            self.sound(About::Record, Remedy::Salvage, read)?;
            if !layers.contains(&layer) {
                let what = format!("layer {layer} has a dictionary and no version");
                self.find(About::Record, Remedy::Rebuild, what);
            }
        }
        Ok(())
    }
}
