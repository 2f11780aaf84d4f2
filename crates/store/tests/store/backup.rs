//! Copies of a database that is in use.

use filedex_store::{Options, Store, StoreError};
use redb::{ReadableDatabase, TableHandle};

use crate::records::{assert_sound, record};
use crate::upgrade::{assert_whole, stored_file};

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The file of a format has something in every table that the format has.
#[test]
fn a_copy_has_all_that_the_snapshot_shows() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("a.filedex"), dir.path().join("b.filedex"));
    std::fs::write(&path, stored_file(filedex_store::FORMAT_VERSION)).unwrap();
    let store = Store::open(&path, &Options::default()).unwrap();
    let snapshot = store.read().unwrap();
    // What is written after the snapshot is not in the copy.
    let key = filedex_store::VersionKey(1);
    let mut batch = store.write().unwrap();
    let row = batch.allocate_row(key).unwrap();
    batch.put_record(key, row, &record("oss://b/later.png"), None).unwrap();
    batch.commit().unwrap();
    let length = snapshot.backup_to(&copy, &mut |_| true).unwrap();
    assert_eq!(length, std::fs::metadata(&copy).unwrap().len());
    assert_eq!(names(dir.path()), ["a.filedex", "b.filedex"]);

    let tables = |path| {
        let database = redb::ReadOnlyDatabase::open(path).unwrap();
        let txn = database.begin_read().unwrap();
        txn.list_tables().unwrap().map(|table| table.name().to_owned()).collect::<Vec<_>>()
    };
    let copied = Store::open_read_only(&copy, &Options::default()).unwrap();
    assert_whole(&copied.read().unwrap());
    assert_sound(&copied);
    drop((copied, snapshot, store));
    assert_eq!(tables(&copy), tables(&path));
}

#[test]
fn a_copy_that_is_given_up_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("a.filedex"), dir.path().join("b.filedex"));
    let store = Store::create(&path, &Options::default()).unwrap();
    let mut batch = store.write().unwrap();
    let big = vec![7; 4 << 20];
    batch.put_blob(filedex_store::BlobKind::Text, &big).unwrap();
    batch.commit().unwrap();
    let snapshot = store.read().unwrap();
    let mut told = Vec::new();
    let stopped = snapshot.backup_to(&copy, &mut |bytes| {
        told.push(bytes);
        told.len() < 3
    });
    assert!(matches!(stopped, Err(StoreError::Interrupted { .. })), "{stopped:?}");
    assert!(told.is_sorted() && told.len() == 3, "{told:?}");
    assert_eq!(names(dir.path()), ["a.filedex"]);

    for taken in [path.clone(), dir.path().to_owned()] {
        let error = snapshot.backup_to(&taken, &mut |_| true).unwrap_err();
        assert!(matches!(error, StoreError::AlreadyExists { .. }), "{error}");
    }
    let error = snapshot.backup_to(dir.path().join("no/such.filedex"), &mut |_| true).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    assert_eq!(names(dir.path()), ["a.filedex"]);
}
