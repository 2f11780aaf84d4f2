//! Merging text segments.

use std::collections::HashMap;

use filedex_index::{BuiltSegment, DeadDocs, SegmentView, TextIndex, merge};
use filedex_store::{TextSegmentEntry, VersionKey};

use crate::commit::put_segment;
use crate::database::Shared;
use crate::error::Result;
use crate::maintenance::tiers::{died_since, due, renumber, worth_merging};

/// A merged segment holds at most about this many records.
const LARGEST_SEGMENT: u64 = 500_000;

/// The segments that are due, by their places.
pub(super) fn due_group(text: &TextIndex) -> Option<Vec<usize>> {
    due(&live_docs(text), LARGEST_SEGMENT)
}

/// The segments that are worth merging when there is time, by their places.
pub(super) fn worthy_group(text: &TextIndex) -> Option<Vec<usize>> {
    worth_merging(&live_docs(text), LARGEST_SEGMENT)
}

fn live_docs(text: &TextIndex) -> Vec<(u64, u64)> {
    let count = |view: &SegmentView| {
        let docs = u64::from(view.segment.docs());
        (docs - view.dead.len(), docs)
    };
    text.segments().iter().map(count).collect()
}

/// Merges a group of one version's segments and installs the result; `false` when it was dropped.
pub(super) fn merge_group(
    shared: &Shared,
    version: VersionKey,
    text: &TextIndex,
    group: &[usize],
) -> Result<bool> {
    let sources: Vec<SegmentView> = group.iter().map(|at| text.segments()[*at].clone()).collect();
    let built = merge(&sources, &shared.spill())?;
    let _writing = shared.write_lock();
    let before = shared.snapshot()?;
    let newest = before.text(version)?;
    let current: HashMap<u64, (usize, &SegmentView)> = newest
        .segments()
        .iter()
        .enumerate()
        .map(|(at, view)| (view.segment.blob(), (at, view)))
        .collect();
    let mut died = DeadDocs::default();
    let mut died_length = 0;
    let mut offset = 0;
    for source in &sources {
        let Some((at, now)) = current.get(&source.segment.blob()) else { return Ok(false) };
        let since = died_since(&source.dead, &now.dead);
        died_length += newest.text_length_of(*at, &since)?;
        renumber(&source.dead, &since, offset, &mut died);
        offset += source.segment.docs() - u32::try_from(source.dead.len()).unwrap_or(u32::MAX);
    }
    install(shared, version, &sources, &built, &died, died_length)?;
    shared.publish(Some(&before), Some(version))?;
    Ok(true)
}

fn install(
    shared: &Shared,
    version: VersionKey,
    sources: &[SegmentView],
    built: &BuiltSegment,
    died: &DeadDocs,
    died_length: u64,
) -> Result<()> {
    let mut txn = shared.store.write()?;
    let mut entries = txn.segments(version)?;
    entries.retain(|entry| !sources.iter().any(|source| source.segment.blob() == entry.blob));
    if died.len() < u64::from(built.docs) {
        let entry = put_segment(&mut txn, built)?;
        entries.push(TextSegmentEntry { dead_text_length: died_length, ..entry });
        txn.set_segments(version, &entries)?;
        if !died.is_empty() {
            txn.set_dead(version, entry.blob, &died.to_bytes())?;
        }
    } else {
        txn.set_segments(version, &entries)?;
    }
    shared.collect_garbage(&mut txn)?;
    txn.commit()?;
    Ok(())
}
