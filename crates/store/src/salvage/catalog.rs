//! Datasets and versions: those that can be read, and those that are known by their names alone.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use filedex_model::{Dataset, DatasetStatus, FileId, Row, Timestamp, Version};

use super::records::Packed;
use super::{LossKind, Salvaged, Wreck, unique};
use crate::dataset::VersionKey;
use crate::error::StoreError;
use crate::format::Counters;
use crate::key;
use crate::open::Store;
use crate::stored::dataset as stored_dataset;
use crate::stored::record as stored_record;
use crate::stored::version::{self as stored_version, VersionRow};
use crate::tables;

/// The dataset of records that belong to none.
const NOBODYS: &str = "recovered";

/// The datasets and the versions of the new file.
#[derive(Default)]
pub(super) struct Catalog {
    datasets: BTreeMap<String, Dataset>,
    pub(super) versions: BTreeMap<u32, VersionRow>,
    /// The version of each layer.
    of_layer: HashMap<u32, u32>,
    /// How many records each version counted, where its row was read.
    counted: HashMap<u32, u64>,
    /// Layers whose dataset is not known: their records get new ids.
    nobodys: BTreeSet<u32>,
}

/// What is known of a version whose row cannot be read.
#[derive(Default)]
struct Named {
    dataset_id: Option<String>,
    name: Option<String>,
    id: Option<String>,
}

/// What is known of a layer by its records.
struct Layer {
    next_row: Row,
    /// The first record that can be read.
    sample: Option<(FileId, String)>,
}

impl Catalog {
    pub(super) fn read(wreck: &Wreck, out: &mut Salvaged) -> Result<Self, StoreError> {
        let mut catalog = Self::default();
        let listed_datasets = catalog.read_datasets(wreck, out)?;
        let listed_versions = catalog.read_versions(wreck, out)?;
        for (number, row) in &mut catalog.versions {
            catalog.counted.insert(*number, row.active.saturating_add(row.deleted));
            (row.active, row.deleted) = (0, 0);
        }
        let read_versions = catalog.versions.len() as u64;
        let named = catalog.named_versions(wreck)?;
        let layers = Self::layers(wreck)?;
        let names = Self::dataset_names(wreck)?;
        let ids: BTreeSet<String> = catalog.datasets.keys().chain(names.keys()).cloned().collect();
        catalog.add_lost_versions(named, &layers, &ids, out);
        for (layer, found) in &layers {
            if let Some(row) = catalog.version_of_layer_mut(*layer) {
                row.next_row = row.next_row.max(found.next_row);
            }
        }
        let lost = listed_versions.saturating_sub(read_versions);
        let known = catalog.versions.len() as u64 - read_versions;
        out.lose(LossKind::Version, "", lost.saturating_sub(known), Vec::new());
        let read_datasets = catalog.datasets.len() as u64;
        catalog.add_lost_datasets(&names, out);
        let lost = listed_datasets.saturating_sub(read_datasets);
        let known = catalog.datasets.len() as u64 - read_datasets;
        out.lose(LossKind::Dataset, "", lost.saturating_sub(known), Vec::new());
        catalog.make_unique();
        for (number, row) in &mut catalog.versions {
            catalog.of_layer.insert(row.layers.first().copied().unwrap_or(*number), *number);
        }
        out.datasets = catalog.datasets.len() as u64;
        out.versions = catalog.versions.len() as u64;
        Ok(catalog)
    }

    fn read_datasets(&mut self, wreck: &Wreck, out: &mut Salvaged) -> Result<u64, StoreError> {
        let mut doubtful = Vec::new();
        let read = wreck.read(tables::DATASETS, |entry| {
            let Ok(dataset) = stored_dataset::decode(entry.value) else { return Ok(()) };
            if dataset.id.as_bytes() == entry.key {
                match entry.page_sound {
                    true => drop(self.datasets.insert(dataset.id.clone(), dataset)),
                    false => doubtful.push(dataset),
                }
            }
            Ok(())
        })?;
        for dataset in doubtful {
            if !self.datasets.contains_key(&dataset.id) {
                out.doubt(LossKind::Dataset, "", dataset.name.clone());
                self.datasets.insert(dataset.id.clone(), dataset);
            }
        }
        out.table("datasets", &read);
        Ok(if wreck.is_loose() { 0 } else { read.entries })
    }

    fn read_versions(&mut self, wreck: &Wreck, out: &mut Salvaged) -> Result<u64, StoreError> {
        let mut doubtful = Vec::new();
        let read = wreck.read(tables::VERSIONS, |entry| {
            let (Some(number), Ok(row)) =
                (key::le_u32(entry.key), stored_version::decode(entry.value))
            else {
                return Ok(());
            };
            if row.layer().is_ok() {
                match entry.page_sound {
                    true => drop(self.versions.insert(number, row)),
                    false => doubtful.push((number, row)),
                }
            }
            Ok(())
        })?;
        for (number, row) in doubtful {
            if let Entry::Vacant(vacant) = self.versions.entry(number) {
                out.doubt(LossKind::Version, "", row.version.name.clone());
                vacant.insert(row);
            }
        }
        out.table("versions", &read);
        Ok(if wreck.is_loose() { 0 } else { read.entries })
    }

    /// The versions that names and ids lead to and that have no row.
    fn named_versions(&self, wreck: &Wreck) -> Result<BTreeMap<u32, Named>, StoreError> {
        let mut named: BTreeMap<u32, Named> = BTreeMap::new();
        for (table, is_name) in [(tables::VERSION_NAMES, true), (tables::VERSION_IDS, false)] {
            wreck.read(table, |entry| {
                let number = key::le_u32(entry.value).filter(|_| entry.page_sound);
                if let (Some(number), Some((dataset_id, text))) =
                    (number, key::split_in_dataset(entry.key))
                    && !self.versions.contains_key(&number)
                {
                    let known = named.entry(number).or_default();
                    known.dataset_id = Some(dataset_id);
                    let place = if is_name { &mut known.name } else { &mut known.id };
                    *place = Some(text);
                }
                Ok(())
            })?;
        }
        Ok(named)
    }

    /// The layers that records on sound pages are of.
    fn layers(wreck: &Wreck) -> Result<BTreeMap<u32, Layer>, StoreError> {
        let packed = Packed::read(wreck)?;
        let mut layers: BTreeMap<u32, Layer> = BTreeMap::new();
        wreck.read(tables::RECORDS, |entry| {
            let Some(at) = key::le_u64(entry.key).filter(|_| entry.page_sound) else {
                return Ok(());
            };
            let (number, row) = (key::layer_of(at), key::row_of(at));
            if row == Row::MAX || stored_record::head(entry.value).is_err() {
                return Ok(());
            }
            let layer = layers.entry(number).or_insert(Layer { next_row: 0, sample: None });
            layer.next_row = layer.next_row.max(row + 1);
            if layer.sample.is_none() {
                let record = packed.record(VersionKey(number), number, row, entry.value);
                layer.sample = record.ok().map(|record| (record.id, record.uri));
            }
            Ok(())
        })?;
        Ok(layers)
    }

    /// The names of datasets by their ids.
    fn dataset_names(wreck: &Wreck) -> Result<BTreeMap<String, String>, StoreError> {
        let mut names = BTreeMap::new();
        wreck.read(tables::DATASET_NAMES, |entry| {
            let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
            if let (true, Some(name), Some(id)) =
                (entry.page_sound, text(entry.key), text(entry.value))
            {
                names.insert(id, name);
            }
            Ok(())
        })?;
        Ok(names)
    }

    /// Makes rows for versions that names lead to, and for layers that have records.
    fn add_lost_versions(
        &mut self,
        mut named: BTreeMap<u32, Named>,
        layers: &BTreeMap<u32, Layer>,
        datasets: &BTreeSet<String>,
        out: &mut Salvaged,
    ) {
        let with_row: BTreeSet<u32> =
            self.versions.values().flat_map(|row| row.layers.iter().copied()).collect();
        // A version and its layer are made at once, from counters that begin together.
        for layer in layers.keys().filter(|layer| !with_row.contains(layer)) {
            named.entry(*layer).or_default();
        }
        let mut ids = datasets.clone();
        ids.extend(self.versions.values().map(|row| row.dataset_id.clone()));
        ids.extend(named.values().filter_map(|known| known.dataset_id.clone()));
        for (number, known) in named {
            let sample = layers.get(&number).and_then(|layer| layer.sample.as_ref());
            let by_sample = || {
                let (id, uri) = sample?;
                ids.iter().find(|dataset| FileId::of(dataset, uri) == *id).cloned()
            };
            let dataset_id = known.dataset_id.or_else(by_sample).unwrap_or_else(|| {
                self.nobodys.insert(number);
                NOBODYS.to_owned()
            });
            let version = Version {
                id: known.id.unwrap_or_else(|| format!("{number:022x}")),
                name: known.name.unwrap_or_else(|| format!("recovered-{number}")),
                created_at: Timestamp::now(),
                description: None,
                frozen: false,
                parent: None,
            };
            out.lose(LossKind::Version, "", 1, vec![version.name.clone()]);
            self.versions.insert(
                number,
                VersionRow {
                    dataset_id,
                    version,
                    layers: vec![number],
                    next_row: 0,
                    active: 0,
                    deleted: 0,
                    live_text_length: 0,
                    changes: 0,
                },
            );
        }
    }

    /// Makes datasets that names, or versions, lead to.
    fn add_lost_datasets(&mut self, names: &BTreeMap<String, String>, out: &mut Salvaged) {
        let of_versions = self.versions.values().map(|row| row.dataset_id.clone());
        let wanted: BTreeSet<String> = names.keys().cloned().chain(of_versions).collect();
        for id in wanted {
            if self.datasets.contains_key(&id) {
                continue;
            }
            let name = names.get(&id).cloned().unwrap_or_else(|| match id.as_str() {
                NOBODYS => id.clone(),
                _ => format!("recovered {id}"),
            });
            out.lose(LossKind::Dataset, "", 1, vec![name.clone()]);
            let dataset = Dataset {
                id: id.clone(),
                name,
                object_type: "dataset".to_owned(),
                status: DatasetStatus::Ready,
                schema: Vec::new(),
                metadata: serde_json::Map::new(),
                folder: "/".to_owned(),
                current_version: None,
                created_at: Timestamp::now(),
                error: None,
                current_version_origin: None,
                ai_project_id: None,
                workspace_id: None,
            };
            self.datasets.insert(id, dataset);
        }
    }

    /// Sees to it that names, and ids of a dataset's versions, differ.
    fn make_unique(&mut self) {
        let mut taken = BTreeSet::new();
        for dataset in self.datasets.values_mut() {
            dataset.name = unique(&mut taken, &dataset.name);
        }
        let mut taken: HashMap<String, [BTreeSet<String>; 2]> = HashMap::new();
        for row in self.versions.values_mut() {
            let [names, ids] = taken.entry(row.dataset_id.clone()).or_default();
            row.version.name = unique(names, &row.version.name);
            row.version.id = unique(ids, &row.version.id);
        }
    }

    fn version_of_layer_mut(&mut self, layer: u32) -> Option<&mut VersionRow> {
        self.versions.values_mut().find(|row| row.layers.first() == Some(&layer))
    }

    /// The version of a layer.
    pub(super) fn version_of(&self, layer: u32) -> Option<(VersionKey, &VersionRow)> {
        let number = self.of_layer.get(&layer)?;
        self.versions.get(number).map(|row| (VersionKey(*number), row))
    }

    /// How many records a version counted; none where that is not known.
    pub(super) fn counted(&self, version: VersionKey) -> Option<u64> {
        self.counted.get(&version.0).copied()
    }

    /// Whether the records of a layer get new ids.
    pub(super) fn is_nobodys(&self, layer: u32) -> bool {
        self.nobodys.contains(&layer)
    }

    /// `DATASET/VERSION`.
    pub(super) fn place(&self, version: VersionKey) -> String {
        let Some(row) = self.versions.get(&version.0) else {
            return format!("version number {version}");
        };
        let dataset = self.datasets.get(&row.dataset_id).map_or(&*row.dataset_id, |d| &*d.name);
        format!("{dataset}/{}", row.version.name)
    }

    /// Writes datasets and empty versions to a new file.
    pub(super) fn write(&self, to: &Store, mut counters: Counters) -> Result<(), StoreError> {
        let mut batch = to.write()?;
        for dataset in self.datasets.values() {
            batch.create_dataset(dataset)?;
        }
        let above = |number: u32| u64::from(number) + 1;
        for (number, row) in &self.versions {
            batch.restore_version(VersionKey(*number), row.clone())?;
            counters.next_version = counters.next_version.max(above(*number));
            let layer = row.layers.iter().copied().max().unwrap_or(0);
            counters.next_layer = counters.next_layer.max(above(layer));
        }
        batch.raise_numbers(&counters);
        batch.commit()?;
        Ok(())
    }
}
