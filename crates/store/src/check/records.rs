//! The check of the records of a version: against ids, names, folders and counters.

use std::collections::HashMap;

use filedex_model::{FileId, FileRecord, Status};

use super::{About, Check, Remedy};
use crate::dataset::{VersionInfo, VersionKey};
use crate::error::{StoreError, Translate};
use crate::key;
use crate::record;
use crate::tables;

impl Check<'_> {
    pub(super) fn records(&mut self, info: &VersionInfo, layer: u32) -> Result<(), StoreError> {
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
            let Some(record) = self.sound(About::Record, Remedy::Salvage, record)? else {
                continue;
            };
            if row >= info.next_row {
                let what = format!("{place} is at a row never allocated");
                self.find(About::Record, Remedy::Rebuild, what);
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
            // Fewer than were counted: some may have been lost.
            let fewer = active + deleted < info.active + info.deleted;
            let remedy = if fewer { Remedy::Salvage } else { Remedy::Rebuild };
            self.find(About::Counter, remedy, what);
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
            let what = format!("{place} does not have the id of its URI");
            self.find(About::Id, Remedy::Salvage, what);
        }
        if self.snapshot.row_of(info.key, &record.id)? != Some(row) {
            self.find(About::Id, Remedy::Rebuild, format!("its id does not lead to {place}"));
        }
        let rows = self.snapshot.rows_named(info.key, &record.file_dir, &record.file_name)?;
        if rows.contains(&row) != record.is_active() {
            let what = format!("the name of {place} is wrongly present or absent");
            self.find(About::Name, Remedy::Rebuild, what);
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
            let remedy = if found > all { Remedy::Salvage } else { Remedy::Rebuild };
            self.find(About::Id, remedy, what);
        }
        let (from, to) = key::layer_range(layer);
        let names = self.snapshot.table(tables::NAMES)?;
        let found = names.range(from.as_slice()..to.as_slice()).translate()?.count() as u64;
        if found != active {
            let what =
                format!("version number {key} has {found} names for {active} active records");
            self.find(About::Name, Remedy::Rebuild, what);
        }
        Ok(())
    }

    fn folders(
        &mut self,
        key: VersionKey,
        mut counted: HashMap<String, u64>,
    ) -> Result<(), StoreError> {
        let listed = self.snapshot.folders(key);
        let Some(listed) = self.sound(About::Folder, Remedy::Rebuild, listed)? else {
            return Ok(());
        };
        for folder in listed {
            let (dir, files) = (folder.dir, folder.files);
            let counted = counted.remove(&dir).unwrap_or(0);
            if files != counted {
                let what = format!("folder {dir:?} counts {files} files, and has {counted}");
                let what = format!("version number {key}: {what}");
                self.find(About::Folder, Remedy::Rebuild, what);
            }
        }
        for dir in counted.into_keys() {
            let what = format!("version number {key}: folder {dir:?} is missing");
            self.find(About::Folder, Remedy::Rebuild, what);
        }
        Ok(())
    }
}
