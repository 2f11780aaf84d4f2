//! The check of the numbers of the file, which are never given out twice, and of what stands under
//! numbers that nothing has.

use std::collections::BTreeSet;

use redb::{Key, ReadableTable, TableDefinition, Value};

use super::{About, Check, Remedy};
use crate::error::{StoreError, Translate};
use crate::format::{Counters, FORMAT_VERSION};
use crate::key;
use crate::tables;

impl Check<'_> {
    /// Every number that the next thing would get is above all those that are there.
    pub(super) fn numbers(&mut self) -> Result<(), StoreError> {
        let meta = self.snapshot.table(tables::META)?;
        let counters = match self.snapshot.format()? {
            FORMAT_VERSION => Counters::load(&meta),
            _ => Counters::of_earlier(&meta),
        };
        let counters = self.sound(About::Number, Remedy::Rebuild, counters)?;
        let Some(counters) = counters else { return Ok(()) };
        let last = |number: Option<u64>| number.map_or(0, |number| number.saturating_add(1));
        let version = self.last(tables::VERSIONS)?.map(u64::from);
        let layer = self.last(tables::RECORDS)?.map(|key| u64::from(key::layer_of(key)));
        let blob = self.last(tables::BLOBS)?;
        let mut space = None;
        if let Some(spaces) = self.snapshot.later_table(tables::SPACES)? {
            for entry in spaces.iter().translate()? {
                space = space.max(Some(u64::from(entry.translate()?.0.value().1)));
            }
        }
        for (what, next, least) in [
            ("version", counters.next_version, last(version)),
            ("layer", counters.next_layer, last(layer)),
            ("blob", counters.next_blob, last(blob)),
            ("space", counters.next_space, last(space)),
        ] {
            if next < least {
                let has = least - 1;
                let what = format!("the next {what} would be number {next}, and {has} is there");
                self.find(About::Number, Remedy::Rebuild, what);
            }
        }
        Ok(())
    }

    /// The greatest key of a table of numbers.
    fn last<K, V>(&self, table: TableDefinition<'static, K, V>) -> Result<Option<K>, StoreError>
    where
        K: for<'a> Key<SelfType<'a> = K> + 'static,
        V: Value + 'static,
    {
        let table = self.snapshot.table(table)?;
        Ok(table.last().translate()?.map(|(key, _)| key.value()))
    }

    /// Entries of layers that no version has.
    pub(super) fn strays(&mut self, layers: &BTreeSet<u32>) -> Result<(), StoreError> {
        let records = self.snapshot.table(tables::RECORDS)?;
        let next = |layer: u32| {
            let mut range = records.range(key::record(layer, 0)..).translate()?;
            let entry = range.next().transpose().translate()?;
            Ok(entry.map(|(key, _)| key::layer_of(key.value())))
        };
        self.stray("records", Remedy::Salvage, layers, next)?;
        let ids = self.snapshot.table(tables::IDS)?;
        let next = |layer: u32| {
            let from = key::id(layer, &filedex_model::FileId::from_bytes([0; 32]));
            let entry = ids.range::<&[u8; 36]>(&from..).translate()?.next().transpose();
            Ok(entry.translate()?.and_then(|(key, _)| key::layer_of_bytes(key.value())))
        };
        self.stray("ids", Remedy::Rebuild, layers, next)?;
        self.stray_bytes("names", tables::NAMES, layers)?;
        self.stray_bytes("folders", tables::FOLDERS, layers)?;
        self.stray_bytes("jobs", tables::JOBS, layers)
    }

    fn stray_bytes<V: Value + 'static>(
        &mut self,
        what: &str,
        table: TableDefinition<'static, &'static [u8], V>,
        layers: &BTreeSet<u32>,
    ) -> Result<(), StoreError> {
        let table = self.snapshot.table(table)?;
        let next = |layer: u32| {
            let from = layer.to_be_bytes();
            let entry = table.range(from.as_slice()..).translate()?.next().transpose();
            Ok(entry.translate()?.and_then(|(key, _)| key::layer_of_bytes(key.value())))
        };
        self.stray(what, Remedy::Rebuild, layers, next)
    }

    /// Finds the layers of a table one by one: `next` answers the first at or after a number.
    fn stray(
        &mut self,
        what: &str,
        remedy: Remedy,
        layers: &BTreeSet<u32>,
        next: impl Fn(u32) -> Result<Option<u32>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut from = Some(0);
        while let Some(layer) = from.map(&next).transpose()?.flatten() {
            if !layers.contains(&layer) {
                let what = format!("layer {layer} has {what} and no version");
                self.find(About::Record, remedy, what);
            }
            from = layer.checked_add(1);
        }
        Ok(())
    }
}
