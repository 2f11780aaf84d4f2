//! Merging text segments, off the callers' latency.
//!
//! The merge itself works on a snapshot and holds no lock. To install it, the writer's lock is
//! taken, what died meanwhile is marked dead in the merged segment too, and the list of segments is
//! replaced in one small transaction. A merge whose sources are gone is dropped.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use filedex_index::{BuiltSegment, DeadDocs, SegmentView, TextIndex, merge};
use filedex_store::{TextSegmentEntry, VersionKey};

use crate::commit::put_segment;
use crate::database::{Database, Shared};
use crate::error::Result;

/// Segments of about one size are merged once there are this many.
const MERGE_FACTOR: usize = 8;
/// The smallest tier: segments below this many live records count as one size.
const FIRST_TIER: u64 = 64;
/// A merged segment holds at most about this many records.
const LARGEST_SEGMENT: u64 = 500_000;

/// The background thread that merges.
#[derive(Debug)]
pub(crate) struct Maintenance {
    wake: Option<Sender<()>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Maintenance {
    pub fn start(shared: &Arc<Shared>) -> Result<Self> {
        let (wake, woken) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (weak, stopping) = (Arc::downgrade(shared), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("filedex-merge".into())
            .spawn(move || run(&weak, &woken, &stopping))?;
        Ok(Self { wake: Some(wake), stop, thread: Some(thread) })
    }

    /// Tells the thread that segments were added.
    pub fn wake(&self) {
        if let Some(wake) = &self.wake {
            // The thread only ends with this handle.
            let _ = wake.send(());
        }
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Weak<Shared>, woken: &Receiver<()>, stop: &AtomicBool) {
    while woken.recv().is_ok() {
        while woken.try_recv().is_ok() {}
        loop {
            let Some(shared) = shared.upgrade() else { return };
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // A merge that fails leaves everything as it was; the next commit tries again, and the
            // error shows itself to whoever reads or writes next.
            match merge_one(&shared) {
                Ok(true) => {}
                Ok(false) | Err(_) => break,
            }
        }
    }
}

/// Merges one group of segments, if some version has one that is due.
fn merge_one(shared: &Shared) -> Result<bool> {
    let snapshot = shared.snapshot()?;
    for version in snapshot.version_keys()? {
        let text = snapshot.text(version)?;
        if let Some(group) = due(&live_docs(&text)) {
            drop(snapshot);
            return merge_group(shared, version, &text, &group);
        }
    }
    Ok(false)
}

fn live_docs(text: &TextIndex) -> Vec<(u64, u64)> {
    let count = |view: &SegmentView| {
        let docs = u64::from(view.segment.docs());
        (docs - view.dead.len(), docs)
    };
    text.segments().iter().map(count).collect()
}

/// The segments to merge next, by their places; `segments` are (live, all) counts.
///
/// A tier holds segments within a factor of eight; the fullest tier of the smallest size goes
/// first. A segment that is mostly dead is rewritten alone.
fn due(segments: &[(u64, u64)]) -> Option<Vec<usize>> {
    let mut tiers: HashMap<u32, Vec<usize>> = HashMap::new();
    for (place, (live, _)) in segments.iter().enumerate() {
        tiers.entry(tier_of(*live)).or_default().push(place);
    }
    let mut full: Vec<_> =
        tiers.into_iter().filter(|(_, group)| group.len() >= MERGE_FACTOR).collect();
    full.sort_unstable();
    for (_, group) in full {
        let mut sum = 0;
        let fitting: Vec<usize> = group
            .into_iter()
            .take_while(|place| {
                sum += segments[*place].0;
                sum <= LARGEST_SEGMENT
            })
            .collect();
        if fitting.len() > 1 {
            return Some(fitting);
        }
    }
    let mostly_dead =
        |(_, (live, all)): &(usize, &(u64, u64))| *all > FIRST_TIER && live * 2 < *all;
    segments.iter().enumerate().find(mostly_dead).map(|(place, _)| vec![place])
}

fn tier_of(live: u64) -> u32 {
    (live / FIRST_TIER).max(1).ilog2() / 3
}

/// Merges a group of one version's segments and installs the result; `false` when it was dropped.
fn merge_group(
    shared: &Shared,
    version: VersionKey,
    text: &TextIndex,
    group: &[usize],
) -> Result<bool> {
    let sources: Vec<SegmentView> = group.iter().map(|at| text.segments()[*at].clone()).collect();
    let built = merge(&sources)?;
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
        let since = died_since(source, now);
        died_length += newest.text_length_of(*at, &since)?;
        renumber(source, &since, offset, &mut died);
        offset += source.segment.docs() - u32::try_from(source.dead.len()).unwrap_or(u32::MAX);
    }
    install(shared, version, &sources, &built, &died, died_length)?;
    shared.publish(Some(&before), Some(version))?;
    Ok(true)
}

/// The documents of a source that died since the merge began, ascending.
fn died_since(then: &SegmentView, now: &SegmentView) -> Vec<u32> {
    if then.dead.len() == now.dead.len() {
        return Vec::new();
    }
    now.dead.iter().filter(|doc| !then.dead.contains(*doc)).collect()
}

/// Adds documents of one source to `died` by their numbers in the merged segment: a merge puts the
/// live documents of its sources one after the other, and this source's begin at `offset`.
fn renumber(then: &SegmentView, docs: &[u32], offset: u32, died: &mut DeadDocs) {
    let mut dead_before = then.dead.iter().peekable();
    let mut skipped = 0;
    for doc in docs {
        while dead_before.next_if(|gone| gone < doc).is_some() {
            skipped += 1;
        }
        died.insert(offset + doc - skipped);
    }
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

impl Database {
    /// Merges the text segments of every version into as few as are worth having, so that queries
    /// are as fast as they can be. Readers go on meanwhile, and so do writers but for short waits.
    ///
    /// # Errors
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), [`ErrorKind::Io`](crate::ErrorKind::Io),
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull).
    pub fn optimize(&self) -> Result<()> {
        let versions = self.shared.snapshot()?.version_keys()?;
        for version in versions {
            loop {
                let text = self.shared.snapshot()?.text(version)?;
                let Some(group) = worth_merging(&live_docs(&text)) else { break };
                // A dropped merge means that the background got there first: look again.
                merge_group(&self.shared, version, &text, &group)?;
            }
        }
        Ok(())
    }
}

/// All segments that fit one merged segment together, smallest first; none where one segment
/// without dead records is all there is.
fn worth_merging(segments: &[(u64, u64)]) -> Option<Vec<usize>> {
    let mut places: Vec<usize> = (0..segments.len()).collect();
    places.sort_by_key(|place| segments[*place].0);
    let mut sum = 0;
    places.retain(|place| {
        sum += segments[*place].0;
        sum <= LARGEST_SEGMENT
    });
    match places.as_slice() {
        [] => None,
        [only] => (segments[*only].0 < segments[*only].1).then_some(places),
        _ => Some(places),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers() {
        assert_eq!(due(&[]), None);
        assert_eq!(due(&[(1, 1); 7]), None);
        assert_eq!(due(&[(1, 1); 8]), Some((0..8).collect()));
        let mut mixed = vec![(16_000, 16_000); 7];
        mixed.extend([(1, 1); 3]);
        assert_eq!(due(&mixed), None);
        mixed.push((20_000, 20_000));
        assert_eq!(due(&mixed), Some(vec![0, 1, 2, 3, 4, 5, 6, 10]));
        assert_eq!(due(&[(40, 100)]), Some(vec![0]));
        assert_eq!(due(&[(400_000, 400_000); 8]), None);
    }

    #[test]
    fn optimising_ends() {
        assert_eq!(worth_merging(&[(5, 5)]), None);
        assert_eq!(worth_merging(&[(5, 6)]), Some(vec![0]));
        assert_eq!(worth_merging(&[(5, 5), (1, 1)]), Some(vec![1, 0]));
        assert_eq!(worth_merging(&[(499_999, 499_999), (499_998, 499_998)]), None);
    }
}
