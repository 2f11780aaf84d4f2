//! The one commit protocol.
//!
//! Under the write lock, in one store transaction: records change, the rows they had in the text
//! index are marked dead, new segments are built from the new records and stored as blobs, the list
//! of segments is replaced, garbage that no snapshot can reach is removed. Then the new snapshot is
//! swapped in. Nothing outside the transaction changes before it is durable, so an error anywhere
//! drops the transaction and leaves no trace.

use std::sync::Arc;

use filedex_index::{BuiltSegment, Bytes, SegmentBuilder, TextIndex};
use filedex_model::{FileRecord, Row, Timestamp};
use filedex_store::{BlobKind, TextSegmentEntry, VersionKey, WriteBatch};
use rayon::prelude::*;

use crate::apply::{RecordChanges, Stage};
use crate::batch::{BatchReport, Operation};
use crate::database::{Shared, VersionRef};
use crate::error::{Error, ErrorKind, Result};
use crate::vectors;

/// From this many new records on, a commit builds several segments at once.
const PARALLEL_RECORDS: usize = 2_000;

pub(crate) fn commit(
    shared: &Shared,
    version: &VersionRef,
    operations: Vec<Operation>,
    now: Timestamp,
) -> Result<BatchReport> {
    let _writing = shared.write_lock();
    let snapshot = shared.snapshot()?;
    let mut txn = shared.store.write()?;
    let info = txn.version_info(version.key)?.ok_or_else(|| version_gone(version))?;
    if info.version.frozen {
        return Err(Error::new(
            ErrorKind::ReadOnly,
            format!("version {:?} is frozen and takes no changes", info.version.name),
        ));
    }
    let mut stage = Stage::new(&mut txn, version.key, &info.dataset_id, now);
    let outcomes = operations.into_iter().map(|op| stage.apply(op)).collect::<Result<Vec<_>>>()?;
    let changes = stage.finish()?;
    if changes.is_empty() {
        let generation = snapshot.store.generation();
        return Ok(BatchReport { outcomes, generation });
    }
    let text = snapshot.text(version.key)?;
    index(&mut txn, version.key, &text, info.live_text_length, &changes)?;
    vectors::follow(&mut txn, version.key, &snapshot, &changes.vectors)?;
    txn.note_change(version.key)?;
    shared.collect_garbage(&mut txn)?;
    let generation = txn.commit()?;
    shared.publish(Some(&snapshot), Some(version.key))?;
    Ok(BatchReport { outcomes, generation })
}

/// Brings the version's text index up to the changed records.
fn index(
    txn: &mut WriteBatch,
    version: VersionKey,
    text: &Arc<TextIndex>,
    live_text_length: u64,
    changes: &RecordChanges,
) -> Result<()> {
    let mut length = live_text_length;
    let mut entries = txn.segments(version)?;
    let mut bitmaps = Vec::new();
    let located = text.locate(&changes.stale)?;
    for (at, (view, docs)) in text.segments().iter().zip(&located).enumerate() {
        if docs.is_empty() {
            continue;
        }
        let died = text.text_length_of(at, docs)?;
        length = length.saturating_sub(died);
        let mut dead = (*view.dead).clone();
        for doc in docs {
            dead.insert(*doc);
        }
        let blob = view.segment.blob();
        if dead.len() == u64::from(view.segment.docs()) {
            entries.retain(|entry| entry.blob != blob);
        } else {
            entries
                .iter_mut()
                .filter(|entry| entry.blob == blob)
                .for_each(|entry| entry.dead_text_length += died);
            bitmaps.push((blob, dead.to_bytes()));
        }
    }
    for built in build(&changes.fresh)? {
        length += built.text_length;
        entries.push(put_segment(txn, &built)?);
    }
    txn.set_segments(version, &entries)?;
    for (blob, bitmap) in bitmaps {
        txn.set_dead(version, blob, &bitmap)?;
    }
    txn.set_live_text_length(version, length)?;
    Ok(())
}

/// Stores the bytes of a segment.
pub(crate) fn put_bytes(txn: &mut WriteBatch, kind: BlobKind, bytes: &Bytes) -> Result<u64> {
    Ok(txn.put_blob_from(kind, bytes.len(), |offset, out| bytes.read_at(offset, out))?)
}

/// Stores a segment; the entry has no dead documents.
pub(crate) fn put_segment(txn: &mut WriteBatch, built: &BuiltSegment) -> Result<TextSegmentEntry> {
    Ok(TextSegmentEntry {
        blob: put_bytes(txn, BlobKind::Text, &built.bytes)?,
        docs: built.docs,
        text_length: built.text_length,
        dead_text_length: 0,
    })
}

fn version_gone(version: &VersionRef) -> Error {
    Error::not_found("version", &format!("{}/{}", version.dataset_name, version.version_name))
}

/// Builds segments of records, in parallel where there are many.
pub(crate) fn build(records: &[(Row, FileRecord)]) -> Result<Vec<BuiltSegment>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let pieces = if records.len() < PARALLEL_RECORDS { 1 } else { rayon::current_num_threads() };
    records
        .par_chunks(records.len().div_ceil(pieces))
        .map(|chunk| {
            let mut builder = SegmentBuilder::new()?;
            for (row, record) in chunk {
                builder.add(*row, record)?;
            }
            Ok(builder.finish()?)
        })
        .collect()
}
