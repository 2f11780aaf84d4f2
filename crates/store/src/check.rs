//! The check that everything in a database agrees with everything else.

mod lists;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use filedex_model::{FileId, FileRecord, Status};
use redb::{ReadableTable, ReadableTableMetadata};

use crate::blob::BlobKind;
use crate::dataset::{VersionInfo, VersionKey};
use crate::dictionary;
use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::key;
use crate::read::ReadSnapshot;
use crate::record;
use crate::stored::version as stored_version;
use crate::tables;

/// Something in a database that does not agree with the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: About,
    /// What is wrong, and where.
    pub what: String,
}

/// What a [`Finding`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum About {
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

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Checks the whole of a snapshot: ids against records, names and folders against active records,
/// counters, embedding spaces, lists of segments, every chunk of every blob, links and garbage. It
/// reads all of the file.
///
/// [`Store::verify_pages`](crate::Store::verify_pages) checks what lies below.
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
    fn find(&mut self, about: About, what: impl Into<String>) {
        let finding = Finding { about, what: what.into() };
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
        self.sound(about, done).map(drop)
    }

    /// The value, or a finding where it is damaged.
    fn sound<T>(
        &mut self,
        about: About,
        result: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Damaged { what }) => {
                self.find(about, what);
                Ok(None)
            }
            Err(StoreError::UnknownBlob { blob }) => {
                self.find(about, format!("blob {blob} is missing"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn datasets(&mut self) -> Result<(), StoreError> {
        let datasets = self.snapshot.datasets();
        let Some(datasets) = self.sound(About::Dataset, datasets)? else { return Ok(()) };
        let names = self.snapshot.table(tables::DATASET_NAMES)?;
        if names.len().translate()? != datasets.len() as u64 {
            self.find(About::Dataset, "there are not as many dataset names as datasets");
        }
        for dataset in &datasets {
            let id = names.get(dataset.name.as_str()).translate()?.map(|id| id.value().to_owned());
            if id.as_deref() != Some(dataset.id.as_str()) {
                let (id, name) = (&dataset.id, &dataset.name);
                self.find(About::Dataset, format!("the name {name:?} does not lead to {id:?}"));
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
            self.find(About::Version, "there are not as many version names and ids as versions");
        }
        let (mut layers, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for entry in versions.iter().translate()? {
            let (number, bytes) = entry.translate()?;
            let key = VersionKey(number.value());
            numbers.insert(key.0);
            let row = stored_version::decode(bytes.value())
                .and_then(|row| Ok((row.layer()?, VersionInfo::of(key, row))))
                .map_err(|why| why.at(format_args!("version number {key}")));
            let Some((layer, info)) = self.sound(About::Version, row)? else { continue };
            if !layers.insert(layer) {
                self.find(About::Version, format!("two versions share layer {layer}"));
            }
            for (table, text) in [(&names, &info.version.name), (&ids, &info.version.id)] {
                let at = key::in_dataset(&info.dataset_id, text);
                let leads_to = table.get(at.as_slice()).translate()?.map(|key| key.value());
                if leads_to != Some(key.0) {
                    let what = format!("{text:?} does not lead to version number {key}");
                    self.find(About::Version, what);
                }
            }
            if self.snapshot.dataset(&info.dataset_id)?.is_none() {
                self.find(About::Version, format!("version number {key} has no dataset"));
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
            self.sound(About::Record, read)?;
            if !layers.contains(&layer) {
                let what = format!("layer {layer} has a dictionary and no version");
                self.find(About::Record, what);
            }
        }
        Ok(())
    }

    /// Entries of layers that no version has.
    fn strays(&mut self, layers: &BTreeSet<u32>) -> Result<(), StoreError> {
        let mut next = 0;
        loop {
            let records = self.snapshot.table(tables::RECORDS)?;
            let Some(entry) = records.range(key::record(next, 0)..).translate()?.next() else {
                return Ok(());
            };
            let layer = key::layer_of(entry.translate()?.0.value());
            if !layers.contains(&layer) {
                self.find(About::Record, format!("layer {layer} has records and no version"));
            }
            match layer.checked_add(1) {
                Some(after) => next = after,
                None => return Ok(()),
            }
        }
    }

    fn records(&mut self, info: &VersionInfo, layer: u32) -> Result<(), StoreError> {
        let key = info.key;
        let snapshot = self.snapshot;
        let records = snapshot.table(tables::RECORDS)?;
        let (mut active, mut deleted) = (0, 0);
        let mut folders: HashMap<String, u64> = HashMap::new();
        let rows = key::record(layer, 0)..=key::record(layer, u32::MAX);
        for entry in records.range(rows).translate()? {
            let (at, bytes) = entry.translate()?;
            let row = key::row_of(at.value());
            let place = format!("the record at row {row} of version number {key}");
            let record = record::decode(snapshot, key, layer, row, bytes.value());
            let Some(record) = self.sound(About::Record, record)? else { continue };
            if row >= info.next_row {
                self.find(About::Record, format!("{place} is at a row never allocated"));
            }
            self.record(info, row, &record, &place)?;
            if record.status == Status::Active {
                active += 1;
                *folders.entry(record.file_dir).or_default() += 1;
            } else {
                deleted += 1;
            }
        }
        if (info.active, info.deleted) != (active, deleted) {
            let what = format!(
                "version number {key} counts {} active and {} deleted records, and has {active} and {deleted}",
                info.active, info.deleted
            );
            self.find(About::Counter, what);
        }
        self.totals(key, layer, active, active + deleted)?;
        self.folders(key, folders)
    }

    fn record(
        &mut self,
        info: &VersionInfo,
        row: u32,
        record: &FileRecord,
        place: &str,
    ) -> Result<(), StoreError> {
        if record.id != FileId::of(&info.dataset_id, &record.uri) {
            self.find(About::Id, format!("{place} does not have the id of its URI"));
        }
        if self.snapshot.row_of(info.key, &record.id)? != Some(row) {
            self.find(About::Id, format!("its id does not lead to {place}"));
        }
        let rows = self.snapshot.rows_named(info.key, &record.file_dir, &record.file_name)?;
        if rows.contains(&row) != record.is_active() {
            self.find(About::Name, format!("the name of {place} is wrongly present or absent"));
        }
        Ok(())
    }

    /// As every record's id and name are there, equal numbers mean that there are no others.
    fn totals(
        &mut self,
        key: VersionKey,
        layer: u32,
        active: u64,
        all: u64,
    ) -> Result<(), StoreError> {
        let id = |byte| key::id(layer, &FileId::from_bytes([byte; 32]));
        let ids = self.snapshot.table(tables::IDS)?;
        let found = ids.range::<&[u8; 36]>(&id(0)..=&id(u8::MAX)).translate()?.count() as u64;
        if found != all {
            let what = format!("version number {key} has {found} file ids for {all} records");
            self.find(About::Id, what);
        }
        let (from, to) = key::layer_range(layer);
        let names = self.snapshot.table(tables::NAMES)?;
        let found = names.range(from.as_slice()..to.as_slice()).translate()?.count() as u64;
        if found != active {
            let what =
                format!("version number {key} has {found} names for {active} active records");
            self.find(About::Name, what);
        }
        Ok(())
    }

    fn folders(
        &mut self,
        key: VersionKey,
        mut counted: HashMap<String, u64>,
    ) -> Result<(), StoreError> {
        let listed = self.snapshot.folders(key);
        let Some(listed) = self.sound(About::Folder, listed)? else { return Ok(()) };
        for folder in listed {
            let (dir, files) = (folder.dir, folder.files);
            let counted = counted.remove(&dir).unwrap_or(0);
            if files != counted {
                let what = format!("folder {dir:?} counts {files} files, and has {counted}");
                self.find(About::Folder, format!("version number {key}: {what}"));
            }
        }
        for dir in counted.into_keys() {
            self.find(About::Folder, format!("version number {key}: folder {dir:?} is missing"));
        }
        Ok(())
    }
}
