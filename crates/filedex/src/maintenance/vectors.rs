//! Merging vector segments, and giving large ones a graph.

use std::sync::atomic::AtomicBool;

use filedex_index::{
    BuiltVectors, DeadDocs, VectorIndex, VectorShape, VectorView, build_graph, merge_vectors,
};
use filedex_store::{BlobKind, SpaceInfo, VersionKey};

use crate::database::Shared;
use crate::error::Result;
use crate::maintenance::tiers::{died_since, due, worth_merging};
use crate::vectors::put_vectors;

/// A merged segment has at most about this many bytes of vectors.
const LARGEST_BYTES: u64 = 1 << 30;

fn largest(shape: VectorShape) -> u64 {
    LARGEST_BYTES / shape.vector_bytes() as u64
}

fn live(index: &VectorIndex) -> Vec<(u64, u64)> {
    let sizes = index.segments().iter().map(|v| (v.live(), u64::from(v.segment.vectors())));
    sizes.collect()
}

/// The segments that are due, by their places.
pub(super) fn due_group(index: &VectorIndex) -> Option<Vec<usize>> {
    due(&live(index), largest(index.shape()))
}

/// The segments that are worth merging when there is time, by their places.
pub(super) fn worthy_group(index: &VectorIndex) -> Option<Vec<usize>> {
    worth_merging(&live(index), largest(index.shape()))
}

/// The largest segment that is to have a graph and has none.
pub(super) fn lacks_graph(index: &VectorIndex, rows: u64) -> Option<usize> {
    let without = index
        .segments()
        .iter()
        .enumerate()
        .filter(|(_, view)| view.segment.graph_blob().is_none() && view.live() >= rows.max(2));
    without.max_by_key(|(_, view)| view.live()).map(|(at, _)| at)
}

/// Merges a group of one space's segments and installs the result; `false` when it was dropped.
pub(super) fn merge_group(
    shared: &Shared,
    version: VersionKey,
    space: &SpaceInfo,
    index: &VectorIndex,
    group: &[usize],
) -> Result<bool> {
    let sources: Vec<VectorView> = group.iter().map(|at| index.segments()[*at].clone()).collect();
    let built = merge_vectors(index.shape(), &sources, &shared.spill())?;
    let _writing = shared.write_lock();
    let before = shared.snapshot()?;
    let newest = before.vectors(version, space)?;
    let mut gone = Vec::new();
    for source in &sources {
        let blob = source.segment.blob();
        let Some(now) = newest.segments().iter().find(|v| v.segment.blob() == blob) else {
            return Ok(false);
        };
        for slot in died_since(&source.dead, &now.dead) {
            gone.push(source.segment.row_at(slot)?);
        }
    }
    gone.sort_unstable();
    let mut txn = shared.store.write()?;
    let mut entries = txn.vector_segments(version, space.key)?;
    entries.retain(|entry| !sources.iter().any(|source| source.segment.blob() == entry.blob));
    if let Some(built) = built.filter(|built| (gone.len() as u64) < u64::from(built.vectors)) {
        let entry = put_vectors(&mut txn, &built)?;
        entries.push(entry);
        txn.set_vector_segments(version, space.key, &entries)?;
        let died = slots_of(&built, &gone);
        if !died.is_empty() {
            txn.set_dead(version, entry.blob, &died.to_bytes())?;
        }
    } else {
        txn.set_vector_segments(version, space.key, &entries)?;
    }
    shared.collect_garbage(&mut txn)?;
    txn.commit()?;
    shared.publish(Some(&before), Some(version))?;
    Ok(true)
}

/// The slots that rows have in a merged segment.
fn slots_of(built: &BuiltVectors, rows: &[u32]) -> DeadDocs {
    let slots = (0_u32..).zip(&built.rows).filter(|(_, row)| rows.binary_search(row).is_ok());
    slots.map(|(slot, _)| slot).collect()
}

/// Builds the graph of a segment and installs it; `false` when it was stopped, or the segment is
/// gone. Readers and writers go on meanwhile.
pub(super) fn add_graph(
    shared: &Shared,
    version: VersionKey,
    space: &SpaceInfo,
    view: &VectorView,
    threads: usize,
    stop: &AtomicBool,
) -> Result<bool> {
    let Some(built) = build_graph(&view.segment, threads, stop)? else { return Ok(false) };
    let _writing = shared.write_lock();
    let before = shared.snapshot()?;
    let mut txn = shared.store.write()?;
    if !txn.spaces(version)?.iter().any(|info| info.key == space.key) {
        return Ok(false);
    }
    let mut entries = txn.vector_segments(version, space.key)?;
    let blob = view.segment.blob();
    let Some(entry) = entries.iter_mut().find(|entry| entry.blob == blob) else {
        return Ok(false);
    };
    entry.graph = Some(txn.put_blob(BlobKind::Graph, &built.bytes)?);
    txn.set_vector_segments(version, space.key, &entries)?;
    txn.commit()?;
    shared.publish(Some(&before), Some(version))?;
    Ok(true)
}
