//! Copies of the file while others read and write.

use std::sync::atomic::{AtomicBool, Ordering};

use filedex::{
    Database, ErrorKind, FileUpdate, NewFile, NewSpace, NewVector, Query, TagEdit, VersionRef,
};

const FILES: usize = 150;

/// Every commit writes its number into all files: as a tag, as a size, and into their vectors.
fn write(db: &Database, version: &VersionRef, number: u64) {
    let mut batch = db.batch(version);
    for n in 0..FILES {
        let id = version.file_id(&format!("file:///{n}.png"));
        let before = format!("round {}", number.wrapping_sub(1));
        let update = FileUpdate {
            data_size: Some(number),
            tags_user: TagEdit { add: vec![format!("round {number}")], remove: vec![before] },
            ..FileUpdate::default()
        };
        batch.update(id, update);
        batch.set_vector(id, NewVector::of(vec![number as f32, n as f32 + 1.0]));
    }
    assert!(batch.commit().unwrap().all_succeeded());
}

/// The number that all of a database is of.
fn number_of(db: &Database, version: &VersionRef) -> u64 {
    let reader = db.reader().unwrap();
    let first = reader.get(version, &version.file_id("file:///0.png")).unwrap();
    let number = first.data_size.unwrap();
    let query = format!("DataSize = {number} AND Tags.all = 'round {number}'");
    let found = reader.count(version, &Query::parse(&query).unwrap()).unwrap();
    assert_eq!(found, FILES as u64, "{query}");
    for n in 0..FILES {
        let id = version.file_id(&format!("file:///{n}.png"));
        let vector = reader.vector(version, &id, None).unwrap().unwrap();
        assert_eq!(vector, [number as f32, n as f32 + 1.0]);
    }
    number
}

#[test]
fn a_copy_under_writes_is_one_commit() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::create(dir.path().join("a.filedex")).unwrap();
    let version = db.default_version().unwrap();
    let space =
        NewSpace { metric: filedex::Metric::L2, normalised: false, ..NewSpace::new("s", "m", 2) };
    db.create_space(&version, &space).unwrap();
    let mut batch = db.batch(&version);
    (0..FILES).for_each(|n| {
        batch.create(NewFile::at(format!("file:///{n}.png")));
    });
    batch.commit().unwrap();
    write(&db, &version, 0);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends = Ends(&over);
        scope.spawn(|| {
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                number += 1;
                write(&db, &version, number);
            }
        });
        let mut last = 0;
        for n in 0..4 {
            let path = dir.path().join(format!("copy {n}.filedex"));
            let done = db.backup_to(&path, |_| true).unwrap();
            assert_eq!(done.bytes, std::fs::metadata(&path).unwrap().len());
            let copy = Database::open(&path).unwrap();
            assert_eq!(copy.reader().unwrap().generation(), done.generation);
            let number = number_of(&copy, &version);
            assert!(number >= last, "{number} after {last}");
            last = number;
            assert!(copy.check(|_, _| {}).unwrap().is_sound());
        }
    });
}

/// Ends the writer with the scope, however that ends.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_copy_that_cannot_be_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let db = Database::create(&path).unwrap();
    for (to, kind) in [
        (path.clone(), ErrorKind::Conflict),
        (dir.path().join("none/b.filedex"), ErrorKind::NotFound),
    ] {
        assert_eq!(db.backup_to(&to, |_| true).unwrap_err().kind(), kind, "{}", to.display());
    }
    let version = db.default_version().unwrap();
    let mut batch = db.batch(&version);
    (0..40).for_each(|n| {
        let comment = Some("words ".repeat(10_000));
        batch.create(NewFile { comment, ..NewFile::at(format!("file:///{n}")) });
    });
    batch.commit().unwrap();
    let to = dir.path().join("b.filedex");
    let error = db.backup_to(&to, |_| false).err();
    // Small enough, it is whole before it could be stopped.
    assert!(error.is_none_or(|error| error.kind() == ErrorKind::Interrupted && !to.exists()));
}
