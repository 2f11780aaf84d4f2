//! Records, and what is kept in step with them.

use filedex_model::{FileId, FileRecord, Status};
use filedex_store::{
    FolderStats, JobKind, MemoryDevice, Options, RecordPut, Store, StoreError, VersionKey, check,
};

use crate::sample;

pub fn store() -> Store {
    Store::with_device(Box::new(MemoryDevice::default()), &Options::default()).unwrap()
}

/// A store with the dataset `d-1` and its version `v1`.
pub fn with_version() -> (Store, VersionKey) {
    let store = store();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&sample::dataset("d-1", "cars")).unwrap();
    let key = batch.create_version("d-1", &sample::version("1", "v1")).unwrap();
    batch.commit().unwrap();
    (store, key)
}

pub fn record(uri: &str) -> FileRecord {
    FileRecord::new("d-1", uri, sample::time(0))
}

/// Adds new records in one batch; their rows count from `first`.
pub fn add(store: &Store, key: VersionKey, records: &[FileRecord]) -> u32 {
    let mut batch = store.write().unwrap();
    let first = batch.allocate_rows(key, u32::try_from(records.len()).unwrap()).unwrap();
    let puts: Vec<_> = (first..)
        .zip(records)
        .map(|(row, record)| RecordPut { row, record, previous: None })
        .collect();
    batch.put_records(key, &puts).unwrap();
    batch.commit().unwrap();
    first
}

pub fn assert_sound(store: &Store) {
    let findings = check(&store.read().unwrap()).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn every_field_comes_back() {
    let (store, key) = with_version();
    let long =
        FileRecord { id: FileId::of("d-1", "long"), uri: "long".into(), ..sample::long_record() };
    let all = [sample::full_record(), record("oss://bucket/plain.bin"), long];
    add(&store, key, &all);
    let snapshot = store.read().unwrap();
    for (row, record) in (0..).zip(&all) {
        assert_eq!(snapshot.record(key, row).unwrap().as_ref(), Some(record));
        assert_eq!(snapshot.id_of(key, row).unwrap(), Some(record.id));
        assert_eq!(snapshot.row_of(key, &record.id).unwrap(), Some(row));
    }
    assert_eq!(snapshot.record(key, 3).unwrap(), None);
    assert_eq!(snapshot.id_of(key, 3).unwrap(), None);
    assert_eq!(snapshot.row_of(key, &FileId::of("d-1", "x")).unwrap(), None);
    let listed: Vec<_> = snapshot.records(key, 1).unwrap().map(Result::unwrap).collect();
    assert_eq!(listed, [(1, all[1].clone()), (2, all[2].clone())]);
    let gone = VersionKey(99);
    for error in [
        snapshot.record(gone, 0).unwrap_err(),
        snapshot.segments(gone).unwrap_err(),
        snapshot.folders(gone).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::UnknownVersion { version } if version == gone));
    }
    assert_eq!(snapshot.version_info(gone).unwrap(), None);
    assert_sound(&store);
}

#[test]
fn the_batch_reads_its_own_changes() {
    let (store, key) = with_version();
    let first = record("oss://b/a/1.png");
    let mut batch = store.write().unwrap();
    let row = batch.allocate_row(key).unwrap();
    batch.put_record(key, row, &first, None).unwrap();
    assert_eq!(batch.row_of(key, &first.id).unwrap(), Some(row));
    assert_eq!(batch.rows_of(key, &[first.id, FileId::of("", "")]).unwrap(), [Some(row), None]);
    assert_eq!(batch.record(key, row).unwrap().as_ref(), Some(&first));
    assert_eq!(batch.records_at(key, &[row, 7]).unwrap(), [Some(first.clone()), None]);
    assert_eq!(batch.id_of(key, row).unwrap(), Some(first.id));
    assert_eq!(batch.rows_named(key, "a/", "1.png").unwrap(), [row]);
    assert_eq!(batch.folder(key, "a").unwrap().file_count, 1);
    let info = batch.version_info(key).unwrap().unwrap();
    assert_eq!((info.active, info.deleted, info.next_row), (1, 0, 1));
    batch.set_live_text_length(key, 42).unwrap();
    batch.note_change(key).unwrap();
    assert_eq!(batch.versions("d-1").unwrap()[0].live_text_length, 42);
    // Others see none of it before the commit, and their snapshot none of it after.
    let before = store.read().unwrap();
    assert_eq!(batch.commit().unwrap(), 2);
    assert_eq!(before.record(key, row).unwrap(), None);
    assert_eq!(before.generation(), 1);
    let after = store.read().unwrap();
    let version = after.version("d-1", "v1").unwrap().unwrap();
    assert_eq!((version.live_text_length, version.changes), (42, 1));
    assert_eq!(after.generation(), 2);
}

#[test]
fn names_and_counters_follow_the_status() {
    let (store, key) = with_version();
    let original = record("oss://b/a/1.png");
    let row = add(&store, key, std::slice::from_ref(&original));
    let state = |store: &Store| {
        let snapshot = store.read().unwrap();
        let info = snapshot.version_info(key).unwrap().unwrap();
        let named = |dir: &str, name: &str| snapshot.rows_named(key, dir, name).unwrap().len();
        let folders: Vec<_> =
            snapshot.folders(key).unwrap().into_iter().map(|f| (f.dir, f.files)).collect();
        (info.active, info.deleted, named("a", "1.png"), named("b", "2.png"), folders)
    };
    let folder = |dir: &str| vec![(dir.to_owned(), 1)];
    assert_eq!(state(&store), (1, 0, 1, 0, folder("a")));
    let moved = FileRecord { file_dir: "b".into(), file_name: "2.png".into(), ..original.clone() };
    let trashed = FileRecord { status: Status::Deleted, ..moved.clone() };
    let steps = [
        (&original, &moved, (1, 0, 0, 1, folder("b"))),
        (&moved, &trashed, (0, 1, 0, 0, Vec::new())),
        (&trashed, &original, (1, 0, 1, 0, folder("a"))),
        (&original, &trashed, (0, 1, 0, 0, Vec::new())),
    ];
    for (old, new, expected) in steps {
        let mut batch = store.write().unwrap();
        batch.put_record(key, row, new, Some(old)).unwrap();
        batch.commit().unwrap();
        assert_eq!(state(&store), expected);
        assert_sound(&store);
    }
    let mut batch = store.write().unwrap();
    batch.remove_record(key, row, &trashed).unwrap();
    batch.commit().unwrap();
    assert_eq!(state(&store), (0, 0, 0, 0, Vec::new()));
    assert_eq!(store.read().unwrap().row_of(key, &original.id).unwrap(), None);
    assert_sound(&store);
}

#[test]
fn one_row_may_change_several_times_in_one_call() {
    let (store, key) = with_version();
    let a = record("oss://b/a/1.png");
    let b = FileRecord { file_name: "2.png".into(), ..a.clone() };
    let c = FileRecord { file_dir: "c".into(), ..a.clone() };
    let mut batch = store.write().unwrap();
    let row = batch.allocate_row(key).unwrap();
    let puts = [(&a, None), (&b, Some(&a)), (&c, Some(&b)), (&a, Some(&c)), (&b, Some(&a))]
        .map(|(record, previous)| RecordPut { row, record, previous });
    batch.put_records(key, &puts).unwrap();
    batch.commit().unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.rows_named(key, "a", "2.png").unwrap(), [row]);
    assert_eq!(snapshot.folders(key).unwrap().len(), 1);
    assert_sound(&store);
}

#[test]
fn changes_made_from_another_state_are_refused() {
    let (store, key) = with_version();
    let a = record("oss://b/a/1.png");
    let row = add(&store, key, std::slice::from_ref(&a));
    let trashed = FileRecord { status: Status::Deleted, ..a.clone() };
    let other = record("oss://b/a/other.png");
    let refuse = |change: &dyn Fn(&mut filedex_store::WriteBatch) -> Result<(), StoreError>| {
        let mut batch = store.write().unwrap();
        let free = batch.allocate_row(key).unwrap();
        assert_eq!(free, row + 1);
        let error = change(&mut batch).unwrap_err();
        assert!(matches!(batch.commit(), Err(StoreError::BatchFailed)));
        error
    };
    for (put, previous) in
        [(&a, None), (&a, Some(&trashed)), (&other, Some(&a)), (&a, Some(&other))]
    {
        let error = refuse(&|batch| batch.put_record(key, row, put, previous));
        assert!(matches!(error, StoreError::StalePrevious { .. }), "{error}");
    }
    let renamed = FileRecord { file_name: "2.png".into(), ..a.clone() };
    let error = refuse(&|batch| batch.put_record(key, row, &a, Some(&renamed)));
    assert!(matches!(error, StoreError::StalePrevious { .. }), "{error}");
    let error = refuse(&|batch| batch.remove_record(key, row, &renamed));
    assert!(matches!(error, StoreError::StalePrevious { .. }), "{error}");
    let error = refuse(&|batch| batch.remove_record(key, row + 1, &a));
    assert!(matches!(error, StoreError::StalePrevious { .. }), "{error}");
    let error = refuse(&|batch| batch.put_record(key, row + 1, &a, None));
    assert!(matches!(error, StoreError::FileIdTaken { row: 0, .. }), "{error}");
    let mut batch = store.write().unwrap();
    let error = batch.put_record(key, row + 1, &other, None).unwrap_err();
    assert!(matches!(error, StoreError::UnknownRow { row: 1, .. }), "{error}");
    drop(batch);
    assert_eq!(store.read().unwrap().record(key, row).unwrap(), Some(a));
    assert_sound(&store);
}

#[test]
fn folders_count_what_is_below() {
    let (store, key) = with_version();
    let uris = [
        "oss://b/top.png",
        "oss://b/cars/1.png",
        "oss://b/cars/2.png",
        "oss://b/cars/2024/q1/3.png",
        "oss://b/cars/2024-x/4.png",
        "oss://b/cars/2024/q2/5.png",
        "oss://b/cars-x/6.png",
        "oss://b/carts/7.png",
        "file:///data/8.png",
    ];
    add(&store, key, &uris.map(record));
    let snapshot = store.read().unwrap();
    let cases = [
        // folder, files below and in it, folders below, files in it, folders in it
        ("", 9, 8, 1, 4),
        ("/", 9, 8, 1, 4),
        ("cars", 5, 4, 2, 2),
        ("cars/", 5, 4, 2, 2),
        ("cars/2024", 2, 2, 0, 2),
        ("cars/2024/q1", 1, 0, 1, 0),
        ("/data", 1, 0, 1, 0),
        ("car", 0, 0, 0, 0),
        ("none", 0, 0, 0, 0),
    ];
    for (dir, file_count, dir_count, direct_files, direct_dirs) in cases {
        let expected = FolderStats { file_count, dir_count, direct_files, direct_dirs };
        assert_eq!(snapshot.folder(key, dir).unwrap(), expected, "{dir:?}");
    }
    assert_eq!(snapshot.folders(key).unwrap().len(), 8);
    // Names do not run over into each other, whatever is in them.
    let odd: Vec<_> = [("a", "b\0c"), ("a\0b", "c"), ("a", "b"), ("a", "b\u{1}\u{1}c")]
        .into_iter()
        .enumerate()
        .map(|(n, (dir, name))| FileRecord {
            file_dir: dir.into(),
            file_name: name.into(),
            ..record(&format!("odd{n}"))
        })
        .collect();
    let first = add(&store, key, &odd);
    let snapshot = store.read().unwrap();
    for (row, record) in (first..).zip(&odd) {
        let found = snapshot.rows_named(key, &record.file_dir, &record.file_name).unwrap();
        assert_eq!(found, [row], "{:?}", record.file_name);
    }
    assert_sound(&store);
}

#[test]
fn several_files_may_share_a_name() {
    let (store, key) = with_version();
    let twins = [record("oss://b1/a/1.png"), record("oss://b2/a/1.png")];
    add(&store, key, &twins);
    assert_eq!(store.read().unwrap().rows_named(key, "a", "1.png").unwrap(), [0, 1]);
    assert_sound(&store);
}

#[test]
fn jobs_are_noted_once() {
    let (store, key) = with_version();
    let mut batch = store.write().unwrap();
    for (id, kind) in
        [("t", JobKind::Tagging), ("s", JobKind::SemanticIndex), ("t", JobKind::Tagging)]
    {
        batch.note_job(key, id, kind).unwrap();
    }
    let jobs = batch.jobs(key).unwrap();
    assert_eq!(jobs, [("s".into(), JobKind::SemanticIndex), ("t".into(), JobKind::Tagging)]);
    batch.commit().unwrap();
    assert_eq!(store.read().unwrap().jobs(key).unwrap(), jobs);
}
