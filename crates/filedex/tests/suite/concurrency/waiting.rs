//! Who waits for whom: no reader for a commit or a merge, however long the disk takes.

use std::sync::mpsc::{Receiver, channel};
use std::thread::Scope;
use std::time::Duration;

use filedex::{Database, ErrorKind, MergePolicy, VersionRef};

use super::gate::{Calls, Gated};
use super::groups::{GROUPS, agree, founded, write};

/// Whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// With the segment that the groups began in, eight segments of one size.
const COMMITS_TO_A_MERGE: u64 = 7;

/// Without caches, so that every read reaches the device.
fn open(device: &Gated, merge_policy: MergePolicy) -> Database {
    Database::builder()
        .cache_bytes(0)
        .vector_cache_bytes(0)
        .merge_policy(merge_policy)
        .open_device(device.clone())
        .unwrap()
}

/// Does something beside the test; the answer comes through what is returned.
fn beside<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Receiver<T> {
    let (sender, receiver) = channel();
    scope.spawn(move || sender.send(work()));
    receiver
}

/// Writes one group anew; the groups take turns.
fn commit(db: &Database, version: &VersionRef, round: u64) {
    let mut batch = db.batch(version);
    write(&mut batch, version, group_of(round), round);
    batch.commit().unwrap();
}

fn group_of(round: u64) -> usize {
    usize::try_from(round).unwrap() % GROUPS
}

/// The rounds of the groups after this commit.
fn after(round: u64) -> Vec<u64> {
    let mut rounds = vec![0; GROUPS];
    (1..=round).for_each(|round| rounds[group_of(round)] = round);
    rounds
}

/// Several readers open and ask, each in a thread of its own; all must come to an end while what
/// waits at the gate waits.
fn readers_agree<'scope>(
    scope: &'scope Scope<'scope, '_>,
    db: &'scope Database,
    version: &'scope VersionRef,
    round: u64,
) {
    let readers = (0..4).map(|_| beside(scope, move || agree(&db.reader().unwrap(), version)));
    for reader in readers.collect::<Vec<_>>() {
        assert_eq!(reader.recv_timeout(PATIENCE).expect("a reader hangs"), after(round));
    }
}

#[test]
fn a_commit_that_hangs_in_its_sync_holds_up_no_reader() {
    let device = Gated::default();
    let db = open(&device, MergePolicy::Manual);
    let version = founded(&db);
    let held = db.reader().unwrap();
    std::thread::scope(|scope| {
        device.close(Calls::Syncs);
        let committed = beside(scope, || commit(&db, &version, 1));
        device.until_somebody_waits();
        readers_agree(scope, &db, &version, 0);
        assert_eq!(agree(&held, &version), after(0));
        assert_eq!((device.waiting(), committed.try_recv().is_err()), (1, true));
        device.open();
        committed.recv_timeout(PATIENCE).expect("the commit hangs");
        readers_agree(scope, &db, &version, 1);
        assert_eq!(agree(&held, &version), after(0));
    });
}

/// A second writer waits for the first, and readers for neither.
#[test]
fn writers_queue() {
    let device = Gated::default();
    let db = open(&device, MergePolicy::Manual);
    let version = founded(&db);
    std::thread::scope(|scope| {
        device.close(Calls::Syncs);
        let first = beside(scope, || commit(&db, &version, 1));
        device.until_somebody_waits();
        let others: Vec<_> = (0..3).map(|_| beside(scope, || commit(&db, &version, 2))).collect();
        readers_agree(scope, &db, &version, 0);
        assert!(first.try_recv().is_err() && others.iter().all(|other| other.try_recv().is_err()));
        device.open();
        first.recv_timeout(PATIENCE).expect("the first writer hangs");
        for other in others {
            other.recv_timeout(PATIENCE).expect("a writer hangs");
        }
        readers_agree(scope, &db, &version, 2);
    });
}

/// Commits until a merge waits at the gate; answers the last round.
fn commit_until_it_merges(db: &Database, version: &VersionRef, device: &Gated) -> u64 {
    (1..=COMMITS_TO_A_MERGE).for_each(|round| commit(db, version, round));
    device.until_somebody_waits();
    COMMITS_TO_A_MERGE
}

/// A merge reads the segments it merges without any lock: neither readers nor a writer wait for it.
#[test]
fn a_merge_that_is_being_built_holds_up_nobody() {
    let device = Gated::default();
    let db = open(&device, MergePolicy::Tiered);
    let (db, version) = (&db, &founded(&db));
    std::thread::scope(|scope| {
        device.close(Calls::ReadsOfMerges);
        let last = commit_until_it_merges(db, version, &device);
        readers_agree(scope, db, version, last);
        let committed = beside(scope, move || commit(db, version, last + 1));
        committed.recv_timeout(PATIENCE).expect("a writer waits for a merge");
        readers_agree(scope, db, version, last + 1);
        assert_eq!(device.waiting(), 1);
        device.open();
        db.optimize().unwrap();
        readers_agree(scope, db, version, last + 1);
        assert_eq!(db.check(|_, _| {}).unwrap().findings, []);
        assert_eq!(db.info().unwrap().versions[0].segments, 1);
    });
}

#[test]
fn a_merge_that_hangs_in_its_sync_holds_up_no_reader() {
    let device = Gated::default();
    let db = open(&device, MergePolicy::Tiered);
    let (db, version) = (&db, &founded(&db));
    std::thread::scope(|scope| {
        device.close(Calls::SyncsOfMerges);
        let last = commit_until_it_merges(db, version, &device);
        readers_agree(scope, db, version, last);
        assert_eq!(device.waiting(), 1);
        device.open();
        let committed = beside(scope, move || commit(db, version, last + 1));
        committed.recv_timeout(PATIENCE).expect("a writer hangs");
        readers_agree(scope, db, version, last + 1);
    });
}

/// A compaction is refused while somebody reads, and says so; it disturbs nobody.
#[test]
fn a_compaction_beside_a_reader() {
    let device = Gated::default();
    let db = open(&device, MergePolicy::Manual);
    let version = founded(&db);
    let held = db.reader().unwrap();
    std::thread::scope(|scope| {
        let compacted = beside(scope, || db.compact());
        readers_agree(scope, &db, &version, 0);
        let refused = compacted.recv_timeout(PATIENCE).expect("it hangs").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Busy);
        assert!(refused.to_string().contains("drop them, then compact"), "{refused}");
        assert_eq!(agree(&held, &version), after(0));
        drop(held);
        commit(&db, &version, 1);
        readers_agree(scope, &db, &version, 1);
    });
    db.compact().unwrap();
    assert_eq!(agree(&db.reader().unwrap(), &version), after(1));
}

/// Readers that come during a compaction wait for its end, and then see what was there.
#[test]
fn readers_that_come_during_a_compaction() {
    let device = Gated::default();
    let db = open(&device, MergePolicy::Manual);
    let version = founded(&db);
    commit(&db, &version, 1);
    // What it merges and removes is done, so the syncs below are those of moving pages.
    db.compact().unwrap();
    std::thread::scope(|scope| {
        device.close(Calls::Syncs);
        let compacted = beside(scope, || db.compact());
        device.until_somebody_waits();
        let reader = beside(scope, || agree(&db.reader().unwrap(), &version));
        device.open();
        compacted.recv_timeout(PATIENCE).expect("the compaction hangs").unwrap();
        assert_eq!(reader.recv_timeout(PATIENCE).expect("a reader hangs"), after(1));
    });
}
