//! A version's list of text segments; the links of all lists to their blobs; and the bitmaps of what
//! is dead in the segments that a version lists, be it documents or vectors.

use std::collections::{BTreeMap, BTreeSet};

use redb::ReadableTable;

use crate::blob::BlobKind;
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
    /// [`StoreError::UnknownVersion`]; [`StoreError::UnknownBlob`] and, for a blob of another kind,
    /// [`StoreError::Unlistable`], after which the batch cannot be committed.
    pub fn set_segments(
        &mut self,
        key: VersionKey,
        entries: &[TextSegmentEntry],
    ) -> Result<(), StoreError> {
        self.step(|batch| {
            let blobs = |entries: &[TextSegmentEntry]| {
                entries.iter().map(|entry| (entry.blob, BlobKind::Text)).collect()
            };
            let old = blobs(&batch.segments(key)?);
            let done = stored::encode(entries).and_then(|bytes| {
                let mut segments = batch.txn().open_table(SEGMENTS).translate()?;
                segments.insert(key.0, bytes.as_slice()).translate()?;
                drop(segments);
                batch.relink(key, &old, &blobs(entries))
            });
            if done.is_err() {
                batch.fail();
            }
            done
        })
    }

    /// Follows a list of the version, the new one stored already: links the blobs that came onto
    /// it and releases those that fell off, whose bitmaps go unless another list names them.
    pub(crate) fn relink(
        &self,
        key: VersionKey,
        old: &BTreeMap<u64, BlobKind>,
        new: &BTreeMap<u64, BlobKind>,
    ) -> Result<(), StoreError> {
        for (blob, kind) in new {
            if old.get(blob) != Some(kind) {
                self.link_blob(*blob, *kind)?;
            }
        }
        let gone: Vec<u64> = old
            .iter()
            .filter(|(blob, kind)| new.get(blob) != Some(kind))
            .map(|(b, _)| *b)
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let listed = self.listed(key)?;
        let mut dead = self.txn().open_table(DEAD).translate()?;
        for blob in gone {
            if !listed.contains(&blob) {
                dead.remove((key.0, blob)).translate()?;
            }
            self.release_blob(blob)?;
        }
        Ok(())
    }

    /// The segments, of text and of vectors, on any list of the version.
    fn listed(&self, key: VersionKey) -> Result<BTreeSet<u64>, StoreError> {
        let text = self.segments(key)?.into_iter().map(|entry| entry.blob);
        let vectors = self.all_vector_segments(key)?.into_iter().map(|entry| entry.blob);
        Ok(text.chain(vectors).collect())
    }

    /// Replaces the bitmap of the dead documents, or vectors, of a listed segment.
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
            if !batch.listed(key)?.contains(&blob) {
                return Err(StoreError::UnknownBlob { blob });
            }
            let mut dead = batch.txn().open_table(DEAD).translate()?;
            dead.insert((key.0, blob), bitmap).translate()?;
            Ok(())
        })
    }
}
