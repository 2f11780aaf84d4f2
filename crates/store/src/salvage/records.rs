//! Records: those that can be read, and those that were there.

use std::collections::{BTreeMap, HashMap, HashSet};

use filedex_model::{FileId, FileRecord, Row};

use super::catalog::Catalog;
use super::{LossKind, Salvaged, Wreck};
use crate::dataset::VersionKey;
use crate::dictionary::{Cache, Dictionaries};
use crate::error::{StoreError, Translate};
use crate::key;
use crate::open::Store;
use crate::pack::Dictionary;
use crate::pages::Read;
use crate::record::{self, RecordPut};
use crate::stored::dictionary as stored_dictionary;
use crate::tables;
use crate::write::WriteBatch;

/// Records stored at once.
const STORED_AT_ONCE: usize = 2_000;
/// Records of one commit.
const COMMITTED_AT_ONCE: u64 = 20_000;

/// The dictionaries of a damaged file: they have checksums of their own, so one on a damaged page is
/// as good as any where it decodes.
pub(super) struct Packed {
    cache: Cache,
    stored: HashMap<(u32, u32), Vec<u8>>,
}

impl Packed {
    pub(super) fn read(wreck: &Wreck) -> Result<Self, StoreError> {
        let mut stored = HashMap::new();
        wreck.read(tables::DICTIONARIES, |entry| {
            let number = entry.key.get(4..).and_then(key::le_u32);
            if let (Some(layer), Some(number)) = (key::le_u32(entry.key), number)
                && stored_dictionary::decode(entry.value).is_ok()
            {
                stored.insert((layer, number), entry.value.to_vec());
            }
            Ok(())
        })?;
        Ok(Self { cache: Cache::default(), stored })
    }

    pub(super) fn record(
        &self,
        version: VersionKey,
        layer: u32,
        row: Row,
        bytes: &[u8],
    ) -> Result<FileRecord, StoreError> {
        record::decode(self, version, layer, row, bytes)
    }

    /// Writes the newest dictionary of each layer: new records are packed with it.
    fn write(&self, catalog: &Catalog, batch: &WriteBatch) -> Result<(), StoreError> {
        let mut newest: BTreeMap<u32, u32> = BTreeMap::new();
        for (layer, number) in self.stored.keys() {
            let known = newest.entry(*layer).or_default();
            *known = (*known).max(*number);
        }
        let mut table = batch.txn().open_table(tables::DICTIONARIES).translate()?;
        for at in newest.into_iter().filter(|(layer, _)| catalog.version_of(*layer).is_some()) {
            table.insert(at, self.stored[&at].as_slice()).translate()?;
        }
        Ok(())
    }
}

impl Dictionaries for Packed {
    fn cache(&self) -> &Cache {
        &self.cache
    }

    fn load(&self, layer: u32, number: u32) -> Result<Dictionary, StoreError> {
        let place = || format!("dictionary {number} of layer {layer}");
        let Some(bytes) = self.stored.get(&(layer, number)) else {
            return Err(StoreError::damaged(format!("{} cannot be read", place())));
        };
        stored_dictionary::decode(bytes)
            .and_then(|stored| Dictionary::new(stored.bytes))
            .map_err(|why| why.at(place()))
    }
}

/// Copies every record that can be read, and notes those that cannot.
pub(super) fn copy(
    wreck: &Wreck,
    to: &Store,
    catalog: &mut Catalog,
    out: &mut Salvaged,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), StoreError> {
    let packed = Packed::read(wreck)?;
    let batch = to.write()?;
    packed.write(catalog, &batch)?;
    batch.commit()?;
    let mut writer = Writer::new(to);
    let mut aside = Vec::new();
    let read = pass(wreck, catalog, &packed, true, &mut writer, &mut aside, progress)?;
    out.table("records", &read);
    if !read.damages.is_empty() {
        pass(wreck, catalog, &packed, false, &mut writer, &mut aside, progress)?;
    }
    with_ids_put_right(wreck, catalog, aside, &mut writer)?;
    let (saved, doubtful, again) = writer.finish()?;
    out.records = saved.values().map(Rows::len).sum();
    for (version, name) in doubtful {
        out.doubt(LossKind::Record, &catalog.place(version), name);
    }
    for (version, name) in again {
        out.lose(LossKind::Record, &catalog.place(version), 1, vec![name]);
    }
    lost(wreck, to, catalog, &saved, out)
}

/// A record whose id is not that of its URI.
struct Aside {
    version: VersionKey,
    layer: u32,
    row: Row,
    record: FileRecord,
    sound: bool,
}

/// Goes through the records on sound pages, or through those on damaged ones.
fn pass(
    wreck: &Wreck,
    catalog: &Catalog,
    packed: &Packed,
    sound: bool,
    writer: &mut Writer<'_>,
    aside: &mut Vec<Aside>,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Read, StoreError> {
    let (mut seen, mut stopped, all) = (0_u64, false, wreck.listed(tables::RECORDS)?);
    let read = wreck.read(tables::RECORDS, |entry| {
        seen += 1;
        if seen.is_multiple_of(STORED_AT_ONCE as u64) && !stopped {
            stopped = !progress(seen, all.max(seen));
        }
        if entry.page_sound != sound || stopped {
            return Ok(());
        }
        let Some(at) = key::le_u64(entry.key) else { return Ok(()) };
        let (layer, row) = (key::layer_of(at), key::row_of(at));
        let Some((version, info)) = catalog.version_of(layer) else { return Ok(()) };
        if row >= info.next_row {
            return Ok(());
        }
        let Ok(mut record) = packed.record(version, layer, row, entry.value) else { return Ok(()) };
        let id = FileId::of(&info.dataset_id, &record.uri);
        if record.id != id && catalog.is_nobodys(layer) {
            record.id = id;
        }
        if record.id == id {
            writer.put(version, layer, row, record, sound)
        } else {
            aside.push(Aside { version, layer, row, record, sound });
            Ok(())
        }
    })?;
    if stopped { Err(StoreError::Interrupted { what: "the repair" }) } else { Ok(read) }
}

/// A record whose id is not that of its URI keeps its URI where the table of ids says the same; else
/// its URI is what is damaged, and it is lost.
fn with_ids_put_right(
    wreck: &Wreck,
    catalog: &Catalog,
    aside: Vec<Aside>,
    writer: &mut Writer<'_>,
) -> Result<(), StoreError> {
    if aside.is_empty() {
        return Ok(());
    }
    let id_of = |aside: &Aside| {
        let info = catalog.versions.get(&aside.version.0);
        info.map(|info| FileId::of(&info.dataset_id, &aside.record.uri))
    };
    let mut wanted: HashMap<[u8; 36], usize> = HashMap::new();
    for (place, aside) in aside.iter().enumerate() {
        wanted.extend(id_of(aside).map(|id| (key::id(aside.layer, &id), place)));
    }
    let mut right = HashSet::new();
    wreck.read(tables::IDS, |entry| {
        let key: Option<&[u8; 36]> = entry.key.try_into().ok();
        if let Some(place) = key.and_then(|key| wanted.get(key))
            && entry.page_sound
            && key::le_u32(entry.value) == Some(aside[*place].row)
        {
            right.insert(*place);
        }
        Ok(())
    })?;
    for (_, aside) in aside.into_iter().enumerate().filter(|(place, _)| right.contains(place)) {
        if let Some(id) = id_of(&aside) {
            let record = FileRecord { id, ..aside.record };
            writer.put(aside.version, aside.layer, aside.row, record, aside.sound)?;
        }
    }
    Ok(())
}

/// Names the records that names and ids lead to and that were not saved.
fn lost(
    wreck: &Wreck,
    to: &Store,
    catalog: &Catalog,
    saved: &BTreeMap<u32, Rows>,
    out: &mut Salvaged,
) -> Result<(), StoreError> {
    let is_saved = |layer, row| saved.get(&layer).is_some_and(|rows| rows.contains(row));
    let mut named: BTreeMap<VersionKey, BTreeMap<Row, String>> = BTreeMap::new();
    wreck.read(tables::NAMES, |entry| {
        let name = key::split_name(entry.key).filter(|_| entry.page_sound);
        let Some((layer, dir, name, row)) = name else { return Ok(()) };
        if let Some((version, _)) = catalog.version_of(layer).filter(|_| !is_saved(layer, row)) {
            let name = if dir.is_empty() { name } else { format!("{dir}/{name}") };
            named.entry(version).or_default().insert(row, name);
        }
        Ok(())
    })?;
    let snapshot = to.read()?;
    let mut listed: BTreeMap<VersionKey, u64> = BTreeMap::new();
    let ids = wreck.read(tables::IDS, |entry| {
        let key: Option<&[u8; 36]> = entry.key.try_into().ok();
        let (Some(at), Some(row)) = (key.filter(|_| entry.page_sound), key::le_u32(entry.value))
        else {
            return Ok(());
        };
        let (layer, id) = at.split_at(4);
        let Some(layer) = key::layer_of_bytes(layer) else { return Ok(()) };
        let Some((version, _)) = catalog.version_of(layer) else { return Ok(()) };
        *listed.entry(version).or_default() += 1;
        let id = FileId::from_bytes(id.try_into().unwrap_or([0; 32]));
        let is_there = is_saved(layer, row)
            || !catalog.is_nobodys(layer) && snapshot.row_of(version, &id)?.is_some();
        if !is_there {
            named.entry(version).or_default().entry(row).or_insert_with(|| id.to_string());
        }
        Ok(())
    })?;
    for number in catalog.versions.keys() {
        let version = VersionKey(*number);
        let names: Vec<String> = named.remove(&version).unwrap_or_default().into_values().collect();
        // Where ids cannot all be read, the version's own counter is the other witness.
        let all = match catalog.counted(version) {
            Some(counted) if !ids.is_whole() => counted,
            _ => listed.get(&version).copied().unwrap_or(0),
        };
        let layer = catalog.versions[number].layers.first();
        let kept = layer.and_then(|layer| saved.get(layer)).map_or(0, Rows::len);
        let count = (names.len() as u64).max(all.saturating_sub(kept));
        out.lose(LossKind::Record, &catalog.place(version), count, names);
    }
    Ok(())
}

/// Rows of a layer.
#[derive(Default)]
pub(super) struct Rows {
    bits: Vec<u64>,
    count: u64,
}

impl Rows {
    fn insert(&mut self, row: Row) -> bool {
        let (word, bit) = (row as usize / 64, 1 << (row % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        self.count += u64::from(new);
        new
    }

    fn remove(&mut self, row: Row) {
        if self.contains(row) {
            self.bits[row as usize / 64] &= !(1 << (row % 64));
            self.count -= 1;
        }
    }

    fn contains(&self, row: Row) -> bool {
        self.bits.get(row as usize / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    fn len(&self) -> u64 {
        self.count
    }
}

/// Names of records, with the version each is of.
type Names = Vec<(VersionKey, String)>;

/// Stores records, many at a time.
struct Writer<'a> {
    to: &'a Store,
    batch: Option<WriteBatch>,
    waiting: BTreeMap<VersionKey, Vec<(Row, FileRecord)>>,
    waiting_count: usize,
    in_batch: u64,
    saved: BTreeMap<u32, Rows>,
    doubtful: Names,
    /// Records of files that another row has already.
    again: Names,
    layers: BTreeMap<VersionKey, u32>,
}

impl<'a> Writer<'a> {
    fn new(to: &'a Store) -> Self {
        Self {
            to,
            batch: None,
            waiting: BTreeMap::new(),
            waiting_count: 0,
            in_batch: 0,
            saved: BTreeMap::new(),
            doubtful: Vec::new(),
            again: Vec::new(),
            layers: BTreeMap::new(),
        }
    }

    fn put(
        &mut self,
        version: VersionKey,
        layer: u32,
        row: Row,
        record: FileRecord,
        sound: bool,
    ) -> Result<(), StoreError> {
        if !self.saved.entry(layer).or_default().insert(row) {
            return Ok(());
        }
        self.layers.insert(version, layer);
        if !sound {
            let (dir, name) = (&record.file_dir, &record.file_name);
            let name = if dir.is_empty() { name.clone() } else { format!("{dir}/{name}") };
            self.doubtful.push((version, name));
        }
        self.waiting.entry(version).or_default().push((row, record));
        self.waiting_count += 1;
        if self.waiting_count >= STORED_AT_ONCE { self.store() } else { Ok(()) }
    }

    fn store(&mut self) -> Result<(), StoreError> {
        let mut batch = match self.batch.take() {
            Some(batch) => batch,
            None => self.to.write()?,
        };
        for (version, records) in std::mem::take(&mut self.waiting) {
            let mut ids: HashSet<FileId> = HashSet::new();
            let mut puts = Vec::with_capacity(records.len());
            for (row, record) in &records {
                if !ids.insert(record.id) || batch.row_of(version, &record.id)?.is_some() {
                    self.again.push((version, record.uri.clone()));
                    if let Some(rows) =
                        self.layers.get(&version).and_then(|l| self.saved.get_mut(l))
                    {
                        rows.remove(*row);
                    }
                    continue;
                }
                puts.push(RecordPut { row: *row, record, previous: None });
            }
            batch.put_records(version, &puts)?;
            self.in_batch += puts.len() as u64;
        }
        self.waiting_count = 0;
        if self.in_batch >= COMMITTED_AT_ONCE {
            batch.commit()?;
            self.in_batch = 0;
        } else {
            self.batch = Some(batch);
        }
        Ok(())
    }

    /// What was saved, what of it is doubtful, and what was there twice.
    fn finish(mut self) -> Result<(BTreeMap<u32, Rows>, Names, Names), StoreError> {
        self.store()?;
        if let Some(batch) = self.batch.take() {
            batch.commit()?;
        }
        Ok((self.saved, self.doubtful, self.again))
    }
}
