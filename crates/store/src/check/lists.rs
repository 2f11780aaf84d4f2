//! The check of embedding spaces, of the lists of segments, and of the blobs these name.

use std::collections::BTreeSet;

use redb::{ReadableTable, ReadableTableMetadata};

use super::{About, Check};
use crate::blob::{self, BlobKind};
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
        let Some(entries) = self.sound(About::Segment, entries)? else { return Ok(()) };
        for entry in entries {
            if !self.name(entry.blob, BlobKind::Text, listed) {
                self.find(About::Segment, format!("version number {key} lists a segment twice"));
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
            let Some(info) = self.sound(About::Space, info)? else { continue };
            chosen += u32::from(info.chosen);
            if let Some(name) = names.replace(info.space.name) {
                let what = format!("version number {key} has two embedding spaces named {name:?}");
                self.find(About::Space, what);
            }
        }
        if chosen != u32::from(!numbers.is_empty()) {
            let (of, what) = (numbers.len(), "embedding spaces of version number");
            self.find(About::Space, format!("{chosen} of the {of} {what} {key} are chosen"));
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
                self.find(About::Segment, format!("{place} is there, the space is not"));
            }
            let entries = vector_segments::decode(key, space, bytes.value());
            let Some(entries) = self.sound(About::Segment, entries)? else { continue };
            let mut on_list = BTreeSet::new();
            for entry in &entries {
                if let Some(why) = entry.wrong_rows(info.next_row) {
                    let blob = entry.blob;
                    self.find(About::Segment, format!("blob {blob} on {place}: {why}"));
                }
                for (blob, kind) in entry.blobs() {
                    if !self.name(blob, kind, &mut on_list) {
                        self.find(About::Segment, format!("{place} has blob {blob} twice"));
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
                self.find(About::Segment, what);
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
            self.find(
                about,
                format!("there is {of} of version number {version}, which is not there"),
            );
        }
        Ok(())
    }

    /// Every blob: its chunks, what it holds, and whether it is listed as often as it is linked.
    pub(super) fn blobs(&mut self) -> Result<(), StoreError> {
        let snapshot = self.snapshot;
        let (blobs, chunks) = (snapshot.table(tables::BLOBS)?, snapshot.table(tables::CHUNKS)?);
        let (links, garbage) = (snapshot.table(tables::LINKS)?, snapshot.table(tables::GARBAGE)?);
        let mut known = BTreeSet::new();
        let mut wanted = 0;
        for entry in blobs.iter().translate()? {
            let number = entry.translate()?.0.value();
            known.insert(number);
            let counted = links.get(number).translate()?.map_or(0, |count| count.value());
            let is_garbage = garbage.get(number).translate()?.is_some();
            let listed = self.named.get(&number).map_or(0, |named| named.lists);
            if counted != listed {
                let what = format!("blob {number} counts {counted} lists, and is on {listed}");
                self.find(About::Blob, what);
            }
            if is_garbage == (counted > 0) {
                let what = if is_garbage { "both linked and garbage" } else { "an orphan" };
                self.find(About::Blob, format!("blob {number} is {what}"));
            }
            let head = blob::head(&blobs, number);
            let Some(head) = self.sound(About::Blob, head)? else { continue };
            let kinds = self.named.get(&number).map_or_else(BTreeSet::new, |n| n.kinds.clone());
            for kind in kinds.into_iter().filter(|kind| *kind != head.kind) {
                let what = format!("blob {number} is listed as {kind:?}, and is {:?}", head.kind);
                self.find(About::Segment, what);
            }
            wanted += u64::from(head.chunks());
            for chunk in 0..head.chunks() {
                let bytes = blob::chunk(&chunks, &head, number, chunk);
                self.sound(About::Blob, bytes)?;
            }
        }
        if chunks.len().translate()? != wanted {
            self.find(About::Blob, "there are not as many chunks as the blobs have");
        }
        let mut named: BTreeSet<u64> = self.named.keys().copied().collect();
        for entry in links.iter().translate()? {
            named.insert(entry.translate()?.0.value());
        }
        for entry in garbage.iter().translate()? {
            named.insert(entry.translate()?.0.value());
        }
        for missing in named.difference(&known) {
            self.find(About::Blob, format!("blob {missing} is missing"));
        }
        Ok(())
    }
}
