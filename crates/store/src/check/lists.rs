//! The check of embedding spaces and of the lists of segments.

use std::collections::BTreeSet;

use redb::ReadableTable;

use super::{About, Check, Remedy};
use crate::blob::BlobKind;
use crate::dataset::{VersionInfo, VersionKey};
use crate::error::{StoreError, Translate};
use crate::spaces::{self, SpaceKey};
use crate::tables;
use crate::vector_segments;

impl Check<'_> {
    /// Everything that a version lists.
    pub(super) fn lists(&mut self, info: &VersionInfo) -> Result<(), StoreError> {
        let mut listed = BTreeSet::new();
        self.text_list(info.key, &mut listed)?;
        let spaces = self.spaces(info.key)?;
        self.vector_lists(info, &spaces, &mut listed)?;
        self.dead(info.key, &listed)
    }

    /// Counts a blob that a list names; `false` where the same list has named it before.
    fn name(&mut self, blob: u64, kind: BlobKind, on_list: &mut BTreeSet<u64>) -> bool {
        let first = on_list.insert(blob);
        let named = self.named.entry(blob).or_default();
        named.lists += u32::from(first);
        named.kinds.insert(kind);
        first
    }

    fn text_list(&mut self, key: VersionKey, listed: &mut BTreeSet<u64>) -> Result<(), StoreError> {
        let entries = self.snapshot.segments(key);
        let Some(entries) = self.sound(About::Segment, Remedy::Rebuild, entries)? else {
            return Ok(());
        };
        for entry in entries {
            if !self.name(entry.blob, BlobKind::Text, listed) {
                let what = format!("version number {key} lists a segment twice");
                self.find(About::Segment, Remedy::Rebuild, what);
            }
        }
        Ok(())
    }

    /// The numbers of a version's spaces, which have names of their own and one chosen among them.
    fn spaces(&mut self, key: VersionKey) -> Result<BTreeSet<SpaceKey>, StoreError> {
        let (mut numbers, mut names, mut chosen) = (BTreeSet::new(), BTreeSet::new(), 0);
        let Some(table) = self.snapshot.later_table(tables::SPACES)? else { return Ok(numbers) };
        for entry in table.range((key.0, 0)..=(key.0, u32::MAX)).translate()? {
            let (at, bytes) = entry.translate()?;
            let space = SpaceKey(at.value().1);
            numbers.insert(space);
            let info = spaces::decode(key, space, bytes.value());
            let Some(info) = self.sound(About::Space, Remedy::Salvage, info)? else { continue };
            chosen += u32::from(info.chosen);
            if let Some(name) = names.replace(info.space.name) {
                let what = format!("version number {key} has two embedding spaces named {name:?}");
                self.find(About::Space, Remedy::Rebuild, what);
            }
        }
        if chosen != u32::from(!numbers.is_empty()) {
            let (of, what) = (numbers.len(), "embedding spaces of version number");
            let what = format!("{chosen} of the {of} {what} {key} are chosen");
            self.find(About::Space, Remedy::Rebuild, what);
        }
        Ok(numbers)
    }

    fn vector_lists(
        &mut self,
        info: &VersionInfo,
        spaces: &BTreeSet<SpaceKey>,
        listed: &mut BTreeSet<u64>,
    ) -> Result<(), StoreError> {
        let key = info.key;
        let lists = self.snapshot.later_table(tables::VECTOR_SEGMENTS)?;
        let Some(lists) = lists else { return Ok(()) };
        for entry in lists.range((key.0, 0)..=(key.0, u32::MAX)).translate()? {
            let (at, bytes) = entry.translate()?;
            let space = SpaceKey(at.value().1);
            let place = format!("the list of embedding space {space} of version number {key}");
            if !spaces.contains(&space) {
                let what = format!("{place} is there, the space is not");
                self.find(About::Segment, Remedy::Salvage, what);
            }
            let entries = vector_segments::decode(key, space, bytes.value());
            let Some(entries) = self.sound(About::Segment, Remedy::Salvage, entries)? else {
                continue;
            };
            let mut on_list = BTreeSet::new();
            for entry in &entries {
                if let Some(why) = entry.wrong_rows(info.next_row) {
                    let blob = entry.blob;
                    let what = format!("blob {blob} on {place}: {why}");
                    self.find(About::Segment, Remedy::Rebuild, what);
                }
                for (blob, kind) in entry.blobs() {
                    if !self.name(blob, kind, &mut on_list) {
                        let what = format!("{place} has blob {blob} twice");
                        self.find(About::Segment, Remedy::Rebuild, what);
                    }
                }
            }
            listed.extend(entries.iter().map(|entry| entry.blob));
        }
        Ok(())
    }

    fn dead(&mut self, key: VersionKey, listed: &BTreeSet<u64>) -> Result<(), StoreError> {
        let dead = self.snapshot.table(tables::DEAD)?;
        for entry in dead.range((key.0, 0)..=(key.0, u64::MAX)).translate()? {
            let (_, blob) = entry.translate()?.0.value();
            if !listed.contains(&blob) {
                let what = format!(
                    "version number {key} has a bitmap of blob {blob}, which it does not list"
                );
                self.find(About::Segment, Remedy::Rebuild, what);
            }
        }
        Ok(())
    }

    /// Spaces, lists and bitmaps of versions that are not there.
    pub(super) fn without_version(&mut self, versions: &BTreeSet<u32>) -> Result<(), StoreError> {
        let mut found = BTreeSet::new();
        for entry in self.snapshot.table(tables::SEGMENTS)?.iter().translate()? {
            found.insert((entry.translate()?.0.value(), About::Segment));
        }
        for entry in self.snapshot.table(tables::DEAD)?.iter().translate()? {
            found.insert((entry.translate()?.0.value().0, About::Segment));
        }
        for (table, about) in
            [(tables::SPACES, About::Space), (tables::VECTOR_SEGMENTS, About::Segment)]
        {
            let Some(table) = self.snapshot.later_table(table)? else { continue };
            for entry in table.iter().translate()? {
                found.insert((entry.translate()?.0.value().0, about));
            }
        }
        for (version, about) in found.into_iter().filter(|(version, _)| !versions.contains(version))
        {
            let of =
                if about == About::Space { "an embedding space" } else { "a list or a bitmap" };
            let what = format!("there is {of} of version number {version}, which is not there");
            self.find(about, Remedy::Salvage, what);
        }
        Ok(())
    }
}
