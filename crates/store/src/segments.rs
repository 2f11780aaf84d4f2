//! A version's list of text segments, and the bitmaps of their dead documents.

use std::collections::BTreeSet;

use redb::ReadableTable;

use crate::dataset::VersionKey;
use crate::error::{StoreError, Translate};
use crate::stored::segment as stored;
use crate::tables::{DEAD, SEGMENTS};
use crate::write::WriteBatch;

/// One text segment of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextSegmentEntry {
    /// The blob that holds it.
    pub blob: u64,
    /// Documents in it, dead ones included.
    pub docs: u32,
    /// Tokens of all its documents' texts.
    pub text_length: u64,
    /// Tokens of its dead documents' texts.
    pub dead_text_length: u64,
}

pub(crate) fn of(
    segments: &impl ReadableTable<u32, &'static [u8]>,
    key: VersionKey,
) -> Result<Vec<TextSegmentEntry>, StoreError> {
    match segments.get(key.0).translate()? {
        Some(bytes) => stored::decode(bytes.value())
            .map_err(|why| why.at(format_args!("the segments of version number {key}"))),
        None => Ok(Vec::new()),
    }
}

pub(crate) fn dead(
    dead: &impl ReadableTable<(u32, u64), &'static [u8]>,
    key: VersionKey,
    blob: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(dead.get((key.0, blob)).translate()?.map(|bytes| bytes.value().to_vec()))
}

impl WriteBatch {
    /// Replaces a version's list of segments.
    ///
    /// Blobs that come in are linked. Blobs that fall out lose their bitmap of dead documents and,
    /// when no other list names them, become garbage: there is no need to unlink them.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::UnknownBlob`], after which the batch cannot be
    /// committed.
    pub fn set_segments(
        &mut self,
        key: VersionKey,
        entries: &[TextSegmentEntry],
    ) -> Result<(), StoreError> {
        self.step(|batch| {
            let old: BTreeSet<u64> = batch.segments(key)?.iter().map(|entry| entry.blob).collect();
            let new: BTreeSet<u64> = entries.iter().map(|entry| entry.blob).collect();
            let done = batch.relist(key, &old, &new).and_then(|()| {
                let bytes = stored::encode(entries)?;
                let mut segments = batch.txn().open_table(SEGMENTS).translate()?;
                segments.insert(key.0, bytes.as_slice()).translate()?;
                Ok(())
            });
            if done.is_err() {
                batch.fail();
            }
            done
        })
    }

    fn relist(
        &self,
        key: VersionKey,
        old: &BTreeSet<u64>,
        new: &BTreeSet<u64>,
    ) -> Result<(), StoreError> {
        for blob in new.difference(old) {
            self.link_blob(*blob)?;
        }
        let mut dead = self.txn().open_table(DEAD).translate()?;
        for blob in old.difference(new) {
            dead.remove((key.0, *blob)).translate()?;
            self.release_blob(*blob)?;
        }
        Ok(())
    }

    /// Replaces the bitmap of the dead documents of a listed segment.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::UnknownBlob`] where the version does not list
    /// the blob.
    pub fn set_dead(
        &mut self,
        key: VersionKey,
        blob: u64,
        bitmap: &[u8],
    ) -> Result<(), StoreError> {
        self.step(|batch| {
            if !batch.segments(key)?.iter().any(|entry| entry.blob == blob) {
                return Err(StoreError::UnknownBlob { blob });
            }
            let mut dead = batch.txn().open_table(DEAD).translate()?;
            dead.insert((key.0, blob), bitmap).translate()?;
            Ok(())
        })
    }
}
