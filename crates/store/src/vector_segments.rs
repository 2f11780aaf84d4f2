//! A space's list of vector segments, each with the graph over it where there is one. The bitmaps
//! of their dead vectors stand beside those of text segments; see [`crate::segments`].

use std::collections::BTreeMap;

use filedex_model::Row;
use redb::ReadableTable;

use crate::blob::BlobKind;
use crate::dataset::VersionKey;
use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::read::ReadSnapshot;
use crate::spaces::SpaceKey;
use crate::stored::vector_segment as stored;
use crate::tables::VECTOR_SEGMENTS;
use crate::write::WriteBatch;

/// One vector segment of an embedding space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorSegmentEntry {
    /// The blob that holds it, of kind [`BlobKind::Vectors`].
    pub blob: u64,
    /// Vectors in it, dead ones included.
    pub vectors: u32,
    /// The first row that has a vector in it.
    pub first_row: u32,
    /// The last row that has a vector in it.
    pub last_row: u32,
    /// The blob of the graph over it, of kind [`BlobKind::Graph`].
    pub graph: Option<u64>,
}

impl VectorSegmentEntry {
    /// What is wrong with its rows in a version whose next row is this one.
    pub(crate) fn wrong_rows(&self, next_row: Row) -> Option<&'static str> {
        if self.first_row > self.last_row {
            Some("its last row is before its first")
        } else if self.last_row >= next_row {
            Some("it has rows never allocated")
        } else {
            None
        }
    }

    /// The blobs it names.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = (u64, BlobKind)> + use<> {
        let graph = self.graph.map(|graph| (graph, BlobKind::Graph));
        [(self.blob, BlobKind::Vectors)].into_iter().chain(graph)
    }
}

pub(crate) fn decode(
    key: VersionKey,
    space: SpaceKey,
    bytes: &[u8],
) -> Result<Vec<VectorSegmentEntry>, StoreError> {
    stored::decode(bytes).map_err(|why| {
        why.at(format_args!("the segments of embedding space {space} of version number {key}"))
    })
}

fn of(
    lists: &impl ReadableTable<(u32, u32), &'static [u8]>,
    key: VersionKey,
    space: SpaceKey,
) -> Result<Vec<VectorSegmentEntry>, StoreError> {
    let bytes = lists.get((key.0, space.0)).translate()?;
    bytes.map_or_else(|| Ok(Vec::new()), |bytes| decode(key, space, bytes.value()))
}

impl ReadSnapshot {
    /// The vector segments of a space, in the order they were set.
    ///
    /// # Errors
    /// [`StoreError::UnknownSpace`]; see [`ReadSnapshot`].
    pub fn vector_segments(
        &self,
        key: VersionKey,
        space: SpaceKey,
    ) -> Result<Vec<VectorSegmentEntry>, StoreError> {
        guarded(|| {
            self.has_space(key, space)?;
            of(&self.table(VECTOR_SEGMENTS)?, key, space)
        })
    }
}

impl WriteBatch {
    /// The vector segments of a space.
    ///
    /// # Errors
    /// [`StoreError::UnknownSpace`]; see [`WriteBatch`].
    pub fn vector_segments(
        &self,
        key: VersionKey,
        space: SpaceKey,
    ) -> Result<Vec<VectorSegmentEntry>, StoreError> {
        guarded(|| {
            self.has_space(key, space)?;
            of(&self.txn().open_table(VECTOR_SEGMENTS).translate()?, key, space)
        })
    }

    /// The vector segments of all spaces of a version.
    pub(crate) fn all_vector_segments(
        &self,
        key: VersionKey,
    ) -> Result<Vec<VectorSegmentEntry>, StoreError> {
        let lists = self.txn().open_table(VECTOR_SEGMENTS).translate()?;
        let mut all = Vec::new();
        for entry in lists.range((key.0, 0)..=(key.0, u32::MAX)).translate()? {
            let (at, bytes) = entry.translate()?;
            all.extend(decode(key, SpaceKey(at.value().1), bytes.value())?);
        }
        Ok(all)
    }

    /// Replaces a space's list of vector segments.
    ///
    /// Blobs that come in, of vectors and of graphs, are linked. Those that fall out become garbage
    /// when no other list names them: there is no need to unlink them. Vectors that no list of the
    /// version names any more lose their bitmap of dead vectors; under another graph they keep it.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`], [`StoreError::UnknownSpace`]. After these the batch cannot be
    /// committed: [`StoreError::UnknownBlob`]; [`StoreError::Unlistable`] where a blob is of another
    /// kind or on the list twice, or where its rows are out of order or were never allocated.
    pub fn set_vector_segments(
        &mut self,
        key: VersionKey,
        space: SpaceKey,
        entries: &[VectorSegmentEntry],
    ) -> Result<(), StoreError> {
        self.step(|batch| {
            let old = batch.vector_segments(key, space)?;
            let old = old.iter().flat_map(VectorSegmentEntry::blobs).collect();
            let done = batch.vector_blobs(key, entries).and_then(|new| {
                let bytes = stored::encode(entries)?;
                let mut lists = batch.txn().open_table(VECTOR_SEGMENTS).translate()?;
                lists.insert((key.0, space.0), bytes.as_slice()).translate()?;
                drop(lists);
                batch.relink(key, &old, &new)
            });
            if done.is_err() {
                batch.fail();
            }
            done
        })
    }

    /// The blobs that a list names, each once.
    fn vector_blobs(
        &self,
        key: VersionKey,
        entries: &[VectorSegmentEntry],
    ) -> Result<BTreeMap<u64, BlobKind>, StoreError> {
        let next_row = self.with_row(key, |row| row.next_row)?;
        let mut blobs = BTreeMap::new();
        for entry in entries {
            if let Some(why) = entry.wrong_rows(next_row) {
                return Err(StoreError::Unlistable { blob: entry.blob, why });
            }
            for (blob, kind) in entry.blobs() {
                if blobs.insert(blob, kind).is_some() {
                    return Err(StoreError::Unlistable { blob, why: "it is on the list twice" });
                }
            }
        }
        Ok(blobs)
    }
}
