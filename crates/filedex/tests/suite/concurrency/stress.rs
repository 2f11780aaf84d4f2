//! Readers, a writer, merges, compactions and copies as fast as they go.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use filedex::{Database, ErrorKind, MemoryDevice, VersionRef};
use filedex_testkit::Seed;

use super::groups::{GROUPS, agree, agree_about, founded, write};

const READERS: u64 = 3;

/// One database under stress.
struct Stress {
    db: Database,
    version: VersionRef,
    /// The generation of the last commit that returned.
    committed: AtomicU64,
    commits: AtomicU64,
    over: AtomicBool,
    /// Held shared by whoever reads, and alone where a compaction is to succeed.
    reading: RwLock<()>,
    looks: AtomicU64,
    compactions: AtomicU64,
    refused: AtomicU64,
    copies: AtomicU64,
}

/// Ends the others when one thread ends, in whatever way.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

impl Stress {
    fn new() -> Self {
        let db = Database::builder()
            .cache_bytes(256 << 10)
            .vector_cache_bytes(64 << 10)
            .graph_rows(Some(16))
            .open_device(MemoryDevice::default())
            .unwrap();
        let version = founded(&db);
        Self {
            db,
            version,
            committed: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            over: AtomicBool::new(false),
            reading: RwLock::default(),
            looks: AtomicU64::new(0),
            compactions: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            copies: AtomicU64::new(0),
        }
    }

    /// Commits until there were so many commits and so many looks.
    fn write(&self, seed: &mut Seed, commits: u64) {
        let _ends = Ends(&self.over);
        let mut round = 0;
        while round < commits || self.looks.load(SeqCst) < commits {
            if self.over.load(SeqCst) {
                return;
            }
            round += 1;
            let mut batch = self.db.batch(&self.version);
            for _ in 0..1 + seed.below(3) {
                write(&mut batch, &self.version, seed.below(GROUPS), round);
            }
            let generation = batch.commit().unwrap().generation;
            self.committed.fetch_max(generation, SeqCst);
            self.commits.fetch_add(1, SeqCst);
        }
    }

    fn read(&self, seed: &mut Seed) {
        let _ends = Ends(&self.over);
        let mut newest = 0;
        while !self.over.load(SeqCst) {
            let _reading = self.reading.read().unwrap();
            let committed = self.committed.load(SeqCst);
            let reader = self.db.reader().unwrap();
            assert!(reader.generation() >= committed, "a commit that returned is not seen");
            assert!(reader.generation() >= newest, "a reader is older than the one before");
            newest = reader.generation();
            let asked = [seed.below(GROUPS), seed.below(GROUPS)];
            let rounds = agree_about(&reader, &self.version, asked);
            if seed.chance(30) {
                // A snapshot is what it was, whatever was written and merged since.
                for _ in 0..seed.below(20) {
                    std::thread::yield_now();
                }
                assert_eq!(agree_about(&reader, &self.version, asked), rounds);
            }
            self.looks.fetch_add(1, SeqCst);
        }
    }

    fn keep(&self, seed: &mut Seed) {
        let _ends = Ends(&self.over);
        let folder = tempfile::tempdir().unwrap();
        for turn in seed.below(8).. {
            if self.over.load(SeqCst) {
                return;
            }
            match turn % 8 {
                0..3 => self.db.optimize().unwrap(),
                3 => {
                    let path = folder.path().join(format!("{}", self.copies.load(SeqCst)));
                    let copied = self.db.backup_to(&path, |_| true).unwrap();
                    let copy = Database::open_read_only(&path).unwrap();
                    let reader = copy.reader().unwrap();
                    assert_eq!(reader.generation(), copied.generation);
                    agree(&reader, &self.version);
                    self.copies.fetch_add(1, SeqCst);
                }
                4 => {
                    let report = self.db.check(|_, _| {}).unwrap();
                    assert_eq!(report.findings, []);
                }
                5..7 => {
                    let _alone = self.reading.write().unwrap();
                    self.db.compact().unwrap();
                    self.compactions.fetch_add(1, SeqCst);
                }
                _ => match self.db.compact() {
                    Ok(_) => _ = self.compactions.fetch_add(1, SeqCst),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
                        self.refused.fetch_add(1, SeqCst);
                    }
                },
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "the count of a run is what it is for")]
fn stress(default_seed: u64, commits: u64) {
    let seed = Seed::of_run(default_seed).origin();
    let stress = Stress::new();
    std::thread::scope(|scope| {
        let of_thread = |thread: u64| Seed::new(seed ^ thread.rotate_left(56));
        let stress = &stress;
        scope.spawn(move || stress.write(&mut of_thread(0), commits));
        scope.spawn(move || stress.keep(&mut of_thread(1)));
        for reader in 0..READERS {
            scope.spawn(move || stress.read(&mut of_thread(2 + reader)));
        }
    });
    agree(&stress.db.reader().unwrap(), &stress.version);
    assert_eq!(stress.db.check(|_, _| {}).unwrap().findings, []);
    let Stress { commits, looks, compactions, refused, copies, .. } = &stress;
    eprintln!(
        "{commits:?} commits, {looks:?} looks, {compactions:?} compactions, {refused:?} refused, \
         {copies:?} copies, seed {seed}"
    );
}

#[test]
fn snapshots_agree_with_themselves_at_all_times() {
    stress(53, 60);
}

/// `FILEDEX_COMMITS=… cargo test --release -p filedex --test suite -- --ignored --nocapture
/// many_commits_and_readers`: 20,000 commits where no number is given.
#[test]
#[ignore = "takes minutes; named in CONTRIBUTING.md"]
fn many_commits_and_readers() {
    let commits = std::env::var("FILEDEX_COMMITS").ok();
    let commits = commits.map_or(20_000, |text| text.parse().expect("FILEDEX_COMMITS is a number"));
    stress(1_053, commits);
}
