//! Commits that fail, a thousand in a row: nothing is kept of them, in memory or in the file.
//!
//! A binary of its own, because it counts every byte that the process allocates.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use cap::Cap;
use filedex::{
    Database, Device, ErrorKind, Filter, MemoryDevice, MergePolicy, NewFile, NewSpace, NewVector,
    Query, Reader, Result, VersionRef,
};

#[global_allocator]
static ALLOCATED: Cap<System> = Cap::new(System, usize::MAX);

/// Commits that fail in a row.
const COMMITS: u32 = 1_000;
/// Handles that fail one after the other.
const HANDLES: u32 = 200;
/// After so many, everything that is made once has been made.
const WARM: u32 = 100;
/// What allocations may differ by from one moment to another: far less than one commit needs.
const SLACK: usize = 64 << 10;

/// A device in memory with room for so many bytes.
#[derive(Clone)]
struct Small {
    device: MemoryDevice,
    room: Arc<AtomicU64>,
}

impl Small {
    fn new() -> Self {
        Self { device: MemoryDevice::default(), room: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    /// There is no room for another byte.
    fn fill(&self) {
        self.room.store(self.device.len().unwrap(), SeqCst);
    }

    fn make_room(&self) {
        self.room.store(u64::MAX, SeqCst);
    }

    fn open(&self) -> Database {
        Database::builder()
            .cache_bytes(4 << 20)
            .vector_cache_bytes(1 << 20)
            .merge_policy(MergePolicy::Manual)
            .open_device(self.clone())
            .unwrap()
    }
}

impl Device for Small {
    fn len(&self) -> io::Result<u64> {
        self.device.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.device.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        if length > self.room.load(SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.device.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.device.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.device.write(offset, data)
    }
}

/// A commit of so many files with texts, so that the file has to grow, and vectors.
fn commit(db: &Database, version: &VersionRef, name: &str, files: u32) -> Result<()> {
    let mut batch = db.batch(version);
    for n in 0..files {
        let comment = Some(format!("{name} {n} ").repeat(100));
        let file = NewFile { comment, ..NewFile::at(format!("oss://b/{name}/{n}.jpg")) };
        batch.create_embedded(file, vec![NewVector::of(vec![1.0, n as f32])]);
    }
    batch.commit().map(drop)
}

fn founded(db: &Database) -> VersionRef {
    let version = db.default_version().unwrap();
    db.create_space(&version, &NewSpace::new("s", "model", 2)).unwrap();
    commit(db, &version, "first", 50).unwrap();
    version
}

fn files(reader: &Reader, version: &VersionRef) -> u64 {
    let near = Query::filter(Filter::All).vector(vec![1.0, 1.0]).exact();
    assert_eq!(reader.count(version, &near).unwrap(), 50);
    reader.count(version, &Query::parse("Text:'first'").unwrap()).unwrap()
}

/// Fails so often; what is allocated, and what the file takes, may not grow meanwhile.
fn fail_often(device: &Small, times: u32, mut fail: impl FnMut(u32)) {
    let mut warm = (0, 0);
    for nth in 0..times {
        fail(nth);
        if nth == WARM {
            warm = (ALLOCATED.allocated(), device.len().unwrap());
        }
    }
    let (bytes, length) = (ALLOCATED.allocated(), device.len().unwrap());
    assert!(bytes < warm.0 + SLACK, "{bytes} bytes are allocated, and {} were", warm.0);
    assert_eq!(length, warm.1, "the length of the file");
}

/// One test, since what others allocate would be counted.
#[test]
fn commits_that_fail_leave_nothing() {
    a_full_disk_and_one_handle();
    a_full_disk_and_a_new_handle_each_time();
    a_version_that_is_gone();
}

fn a_full_disk_and_one_handle() {
    let device = Small::new();
    let db = device.open();
    let version = founded(&db);
    let held = db.reader().unwrap();
    device.fill();
    fail_often(&device, COMMITS, |nth| {
        let error = commit(&db, &version, "more", 300).unwrap_err();
        let kind = if nth == 0 { ErrorKind::DiskFull } else { ErrorKind::Io };
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains("open the database again"), "{error}");
    });
    assert_eq!(files(&held, &version), 50);
    drop((held, db));
    goes_on(&device, &version);
}

fn a_full_disk_and_a_new_handle_each_time() {
    let device = Small::new();
    let version = founded(&device.open());
    device.fill();
    fail_often(&device, HANDLES, |_| {
        let db = device.open();
        assert_eq!(files(&db.reader().unwrap(), &version), 50);
        let error = commit(&db, &version, "more", 300).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DiskFull, "{error}");
    });
    goes_on(&device, &version);
}

/// Commits that fail after their transaction has begun; the database goes on between them.
fn a_version_that_is_gone() {
    let device = Small::new();
    let db = device.open();
    let version = founded(&db);
    let gone = db.create_version(&version.dataset_id, "gone").unwrap();
    db.delete_version(&version.dataset_id, "gone").unwrap();
    let held = db.reader().unwrap();
    fail_often(&device, COMMITS, |_| {
        let error = commit(&db, &gone, "more", 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(files(&held, &version), 50);
        assert_eq!(files(&db.reader().unwrap(), &version), 50);
    });
    drop((held, db));
    goes_on(&device, &version);
}

/// With room, what failed succeeds, and nothing of what failed is left.
fn goes_on(device: &Small, version: &VersionRef) {
    device.make_room();
    let db = device.open();
    assert_eq!(files(&db.reader().unwrap(), version), 50);
    assert_eq!(db.check(|_, _| {}).unwrap().findings, []);
    commit(&db, version, "more", 300).unwrap();
    let info = db.info().unwrap();
    assert_eq!(info.versions[0].active, 350);
    assert_eq!(db.check(|_, _| {}).unwrap().findings, []);
}
