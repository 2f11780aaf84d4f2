//! The check of blobs: their chunks, and the lists that name them.

use std::collections::BTreeSet;

use redb::{ReadableTable, ReadableTableMetadata};

use super::{About, Check, Remedy};
use crate::blob::{self, BlobKind};
use crate::error::{StoreError, Translate};
use crate::tables;

impl Check<'_> {
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
                self.find(About::Blob, Remedy::Rebuild, what);
            }
            if is_garbage == (counted > 0) {
                let what = if is_garbage { "both linked and garbage" } else { "an orphan" };
                self.find(About::Blob, Remedy::Rebuild, format!("blob {number} is {what}"));
            }
            let head = blob::head(&blobs, number);
            let kinds = self.named.get(&number).map_or_else(BTreeSet::new, |n| n.kinds.clone());
            let remedy = remedy_of(&kinds);
            let Some(head) = self.sound(About::Blob, remedy, head)? else { continue };
            for kind in kinds.into_iter().filter(|kind| *kind != head.kind) {
                let what = format!("blob {number} is listed as {kind:?}, and is {:?}", head.kind);
                self.find(About::Segment, remedy, what);
            }
            wanted += u64::from(head.chunks());
            for chunk in 0..head.chunks() {
                let bytes = blob::chunk(&chunks, &head, number, chunk);
                self.sound(About::Blob, remedy, bytes)?;
            }
        }
        if chunks.len().translate()? != wanted {
            let what = "there are not as many chunks as the blobs have";
            self.find(About::Blob, Remedy::Rebuild, what);
        }
        let mut named: BTreeSet<u64> = self.named.keys().copied().collect();
        for entry in links.iter().translate()? {
            named.insert(entry.translate()?.0.value());
        }
        for entry in garbage.iter().translate()? {
            named.insert(entry.translate()?.0.value());
        }
        for missing in named.difference(&known) {
            let kinds = self.named.get(missing).map_or_else(BTreeSet::new, |n| n.kinds.clone());
            self.find(About::Blob, remedy_of(&kinds), format!("blob {missing} is missing"));
        }
        Ok(())
    }
}

/// Segments of text and graphs are derived; vectors are not.
fn remedy_of(kinds: &BTreeSet<BlobKind>) -> Remedy {
    if kinds.contains(&BlobKind::Vectors) { Remedy::Salvage } else { Remedy::Rebuild }
}
