//! Vectors in a commit: the segments of each space follow what the batch changed.

use filedex_index::{BuiltVectors, VectorIndex, VectorSegmentBuilder, VectorShape};
use filedex_model::Row;
use filedex_store::{BlobKind, SpaceInfo, VectorSegmentEntry, VersionKey, WriteBatch};
use rayon::prelude::*;

use crate::apply::VectorChanges;
use crate::commit::put_bytes;
use crate::error::Result;
use crate::snapshot::Snapshot;

/// From this many new vectors on, a commit builds several segments at once.
const PARALLEL_VECTORS: usize = 2_000;

/// Brings every space up to the changed vectors: the ones that were are marked dead, the ones that
/// are become a segment.
pub(crate) fn follow(
    txn: &mut WriteBatch,
    version: VersionKey,
    snapshot: &Snapshot,
    changes: &VectorChanges,
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    for info in txn.spaces(version)? {
        let Some(changed) = changes.get(&info.key) else { continue };
        let index = snapshot.vectors(version, &info)?;
        let rows: Vec<Row> = changed.keys().copied().collect();
        let fresh: Vec<(Row, &[f32])> =
            changed.iter().filter_map(|(row, vector)| Some((*row, vector.as_deref()?))).collect();
        let built = build(&info, &fresh)?;
        replace(txn, version, &info, &index, &rows, &built)?;
    }
    Ok(())
}

fn replace(
    txn: &mut WriteBatch,
    version: VersionKey,
    info: &SpaceInfo,
    index: &VectorIndex,
    stale: &[Row],
    built: &[BuiltVectors],
) -> Result<()> {
    let located = index.locate(stale)?;
    if built.is_empty() && located.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let mut entries = txn.vector_segments(version, info.key)?;
    let mut bitmaps = Vec::new();
    for (view, slots) in index.segments().iter().zip(&located) {
        if slots.is_empty() {
            continue;
        }
        let mut dead = (*view.dead).clone();
        for slot in slots {
            dead.insert(*slot);
        }
        let blob = view.segment.blob();
        if dead.len() == u64::from(view.segment.vectors()) {
            entries.retain(|entry| entry.blob != blob);
        } else {
            bitmaps.push((blob, dead.to_bytes()));
        }
    }
    for built in built {
        entries.push(put_vectors(txn, built)?);
    }
    txn.set_vector_segments(version, info.key, &entries)?;
    for (blob, bitmap) in bitmaps {
        txn.set_dead(version, blob, &bitmap)?;
    }
    Ok(())
}

/// Stores a segment.
pub(crate) fn put_vectors(
    txn: &mut WriteBatch,
    built: &BuiltVectors,
) -> Result<VectorSegmentEntry> {
    Ok(VectorSegmentEntry {
        blob: put_bytes(txn, BlobKind::Vectors, &built.bytes)?,
        vectors: built.vectors,
        first_row: built.first_row,
        last_row: built.last_row,
        graph: None,
    })
}

/// Builds segments of vectors, which ascend by row; in parallel where there are many.
fn build(info: &SpaceInfo, vectors: &[(Row, &[f32])]) -> Result<Vec<BuiltVectors>> {
    if vectors.is_empty() {
        return Ok(Vec::new());
    }
    let shape = VectorShape::from(&info.space);
    let pieces = if vectors.len() < PARALLEL_VECTORS { 1 } else { rayon::current_num_threads() };
    let built = vectors.par_chunks(vectors.len().div_ceil(pieces)).map(|chunk| {
        let mut builder = VectorSegmentBuilder::new(shape);
        for (row, vector) in chunk {
            builder.add(*row, vector)?;
        }
        Ok(builder.finish())
    });
    let built: Vec<Option<BuiltVectors>> = built.collect::<Result<_>>()?;
    Ok(built.into_iter().flatten().collect())
}
