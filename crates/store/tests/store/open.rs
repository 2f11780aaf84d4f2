//! Making and opening files, and every way that can fail.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use filedex_store::{FORMAT_VERSION, MemoryDevice, Options, Store, StoreError};
use redb::TableDefinition;

fn options() -> Options {
    Options::default()
}

/// The error of each way to open what is at `path`.
fn errors(path: &Path) -> [StoreError; 2] {
    let write = Store::open(path, &options()).unwrap_err();
    [write, Store::open_read_only(path, &options()).unwrap_err()]
}

#[test]
fn a_new_file_is_empty_and_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let store = Store::create(&path, &options()).unwrap();
    assert_eq!(store.path(), Some(path.as_path()));
    assert!(!store.is_read_only());
    assert_eq!(store.write().unwrap().commit().unwrap(), 1);
    drop(store);
    let store = Store::open_read_only(&path, &options()).unwrap();
    assert!(store.is_read_only());
    assert_eq!(store.read().unwrap().generation(), 1);
    assert!(matches!(store.write(), Err(StoreError::ReadOnly)));
    assert!(matches!(store.compact(), Err(StoreError::ReadOnly)));
    // Several may read at once.
    Store::open_read_only(&path, &options()).unwrap().read().unwrap();
    assert!(matches!(Store::open(&path, &options()), Err(StoreError::Locked { .. })));
}

#[test]
fn missing_and_existing_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none.filedex");
    for error in errors(&path) {
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    }
    let nowhere = dir.path().join("no/where.filedex");
    let error = Store::create(&nowhere, &options()).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    std::fs::write(&path, "mine").unwrap();
    let error = Store::create(&path, &options()).unwrap_err();
    assert!(matches!(error, StoreError::AlreadyExists { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn foreign_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for error in errors(dir.path()) {
        assert!(matches!(error, StoreError::NotFiledex { .. }), "{error}");
    }
    let random: Vec<u8> =
        (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("one byte", vec![b'r']),
        ("text", b"redbook, chapter one".to_vec()),
        ("sqlite", b"SQLite format 3\0".to_vec()),
        ("random", random),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        for error in errors(&path) {
            assert!(matches!(error, StoreError::NotFiledex { .. }), "{name}: {error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name} was changed");
    }
}

#[test]
fn another_programs_redb_files_are_left_alone() {
    const SAME_NAME: TableDefinition<&str, &str> = TableDefinition::new("filedex");
    const OTHER_NAME: TableDefinition<u64, u64> = TableDefinition::new("other");
    const SAME_TYPES: TableDefinition<&str, u64> = TableDefinition::new("filedex");
    let dir = tempfile::tempdir().unwrap();
    for case in 0..3 {
        let path = dir.path().join(format!("{case}.redb"));
        let database = redb::Database::create(&path).unwrap();
        let txn = database.begin_write().unwrap();
        match case {
            0 => drop(txn.open_table(SAME_NAME).unwrap().insert("a", "b").unwrap()),
            1 => drop(txn.open_table(OTHER_NAME).unwrap().insert(1, 2).unwrap()),
            _ => drop(txn.open_table(SAME_TYPES).unwrap().insert("format", 1).unwrap()),
        }
        txn.commit().unwrap();
        drop(database);
        let before = std::fs::read(&path).unwrap();
        for error in errors(&path) {
            assert!(matches!(error, StoreError::NotFiledex { .. }), "{case}: {error}");
        }
        assert!(std::fs::read(&path).unwrap() == before, "{case} was changed");
    }
}

#[test]
fn newer_formats_are_left_alone() {
    const META: TableDefinition<&str, u64> = TableDefinition::new("filedex");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("newer.filedex");
    drop(Store::create(&path, &options()).unwrap());
    let database = redb::Database::open(&path).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(META).unwrap().insert("format", FORMAT_VERSION + 1).unwrap();
    txn.commit().unwrap();
    drop(database);
    let before = std::fs::read(&path).unwrap();
    for error in errors(&path) {
        let StoreError::NewerFormat { found, supported, .. } = error else { panic!("{error}") };
        assert_eq!((found, supported), (FORMAT_VERSION + 1, FORMAT_VERSION));
    }
    assert!(std::fs::read(&path).unwrap() == before, "it was changed");
}

#[test]
fn truncated_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("whole.filedex");
    drop(Store::create(&path, &options()).unwrap());
    let whole = std::fs::read(&path).unwrap();
    let cut = dir.path().join("cut.filedex");
    for length in [9, 10, 320, 4_096, 8_191, 8_192, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&cut, &whole[..length]).unwrap();
        for error in errors(&cut) {
            assert!(matches!(error, StoreError::Truncated { .. }), "{length}: {error}");
        }
    }
    let path = dir.path().join("copied.filedex");
    std::fs::write(&path, &whole).unwrap();
    Store::open(&path, &options()).unwrap();
}

#[test]
fn unclean_files_need_one_open_for_writing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let store = Store::create(&path, &options()).unwrap();
    store.write().unwrap().commit().unwrap();
    let crashed = dir.path().join("crashed.filedex");
    std::fs::copy(&path, &crashed).unwrap();
    let error = Store::open_read_only(&crashed, &options()).unwrap_err();
    assert!(matches!(error, StoreError::NeedsRecovery { .. }), "{error}");
    let recovered = Store::open(&crashed, &options()).unwrap();
    assert_eq!(recovered.read().unwrap().generation(), 1);
    drop(recovered);
    Store::open_read_only(&crashed, &options()).unwrap();
}

#[test]
fn the_same_process_cannot_open_twice() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let store = Store::create(&path, &options()).unwrap();
    let snapshot = store.read().unwrap();
    drop(store);
    // A snapshot keeps the file open.
    for error in errors(&path) {
        let StoreError::Locked { holder, .. } = &error else { panic!("{error}") };
        if cfg!(target_os = "linux") {
            assert_eq!(*holder, Some(std::process::id()), "{error}");
        }
    }
    assert_eq!(snapshot.generation(), 0);
    drop(snapshot);
    Store::open(&path, &options()).unwrap();
}

const CHILD: &str = "FILEDEX_STORE_TEST_HOLDS";

/// The other process of the next test: it holds a database until its input ends.
#[test]
fn child_process() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let _store = Store::open(path, &options()).unwrap();
    writeln!(std::io::stdout(), "held").unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn another_process_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    drop(Store::create(&path, &options()).unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "open::child_process", "--nocapture"])
        .env(CHILD, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut output = child.stdout.take().unwrap();
    while !said.ends_with(b"held\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).unwrap();
        said.push(byte[0]);
    }
    for error in errors(&path) {
        let StoreError::Locked { holder, .. } = &error else { panic!("{error}") };
        if cfg!(target_os = "linux") {
            assert_eq!(*holder, Some(child.id()), "{error}");
            assert!(error.to_string().contains(&format!("process {}", child.id())));
        }
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    Store::open(&path, &options()).unwrap();
}

#[test]
fn devices_open_like_files() {
    let device = MemoryDevice::default();
    let open = |device: &MemoryDevice| Store::with_device(Box::new(device.clone()), &options());
    let store = open(&device).unwrap();
    assert_eq!(store.path(), None);
    store.write().unwrap().commit().unwrap();
    drop(store);
    assert_eq!(open(&device).unwrap().read().unwrap().generation(), 1);
    let bytes = device.bytes();
    let cut = MemoryDevice::from_bytes(bytes[..bytes.len() - 1].to_vec());
    assert!(matches!(open(&cut), Err(StoreError::Truncated { .. })));
    let foreign = MemoryDevice::from_bytes(b"hello".to_vec());
    assert!(matches!(open(&foreign), Err(StoreError::NotFiledex { .. })));
    assert_eq!(foreign.bytes(), b"hello");
}
