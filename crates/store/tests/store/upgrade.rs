//! Files of every format there ever was: the first open for writing brings them up to date.
//!
//! `FILEDEX_BLESS=1` writes the file of a format that has none yet; those of released formats are
//! never written again.

use std::path::{Path, PathBuf};

use filedex_model::{FileId, FileRecord, Status};
use filedex_store::{
    BlobKind, FORMAT_VERSION, JobKind, MemoryDevice, Options, ReadSnapshot, Store, StoreError,
    VectorSegmentEntry, VersionKey, WriteBatch,
};

use crate::blobs::{bytes, entry};
use crate::records::{assert_sound, record};
use crate::sample::{dataset, full_dataset, full_record, long_record, space, time, version};

const KEYS: [VersionKey; 3] = [VersionKey(1), VersionKey(2), VersionKey(3)];
/// Blobs of every file, and two more since format 2; 1 is garbage and 4 was never listed.
const LISTED: u64 = 2;
const SHARED: u64 = 3;
const VECTORS: VectorSegmentEntry =
    VectorSegmentEntry { blob: 5, vectors: 2, first_row: 0, last_row: 3, graph: Some(6) };

/// The records of the first version, only the third of them active.
fn records() -> [FileRecord; 4] {
    let long = FileRecord { id: FileId::of("d-1", "long"), uri: "long".into(), ..long_record() };
    let deleted = FileRecord {
        status: Status::Deleted,
        trashed_at: Some(time(9)),
        ..record("oss://b/cars/2.png")
    };
    [full_record(), long, record("oss://b/cars/1.png"), deleted]
}

fn fill(batch: &mut WriteBatch) {
    batch.create_dataset(&full_dataset()).unwrap();
    batch.create_dataset(&dataset("d-2", "trucks")).unwrap();
    for (dataset, name) in [("d-1", "v1"), ("d-1", "v2"), ("d-2", "v1")] {
        batch.create_version(dataset, &version(&format!("id of {name}"), name)).unwrap();
    }
    for record in records() {
        let row = batch.allocate_row(KEYS[0]).unwrap();
        batch.put_record(KEYS[0], row, &record, None).unwrap();
    }
    batch.note_job(KEYS[0], "job", JobKind::Tagging).unwrap();
    let [replaced, listed, shared] =
        [9, 5_000, 0].map(|length| batch.put_blob(BlobKind::Text, &bytes(length)).unwrap());
    batch.set_segments(KEYS[0], &[entry(replaced)]).unwrap();
    batch.set_segments(KEYS[0], &[entry(shared), entry(listed)]).unwrap();
    batch.set_segments(KEYS[2], &[entry(shared)]).unwrap();
    batch.set_dead(KEYS[0], listed, b"dead").unwrap();
    batch.put_blob(BlobKind::Text, b"pending").unwrap();
}

/// What format 2 added.
fn fill_spaces(batch: &mut WriteBatch) {
    let created = ["a", "b"].map(|name| batch.create_space(KEYS[0], &space(name)).unwrap());
    batch.choose_space(KEYS[0], created[1]).unwrap();
    let vectors = batch.put_blob(BlobKind::Vectors, b"vectors").unwrap();
    let graph = batch.put_blob(BlobKind::Graph, b"graph").unwrap();
    let listed = VectorSegmentEntry { blob: vectors, graph: Some(graph), ..VECTORS };
    batch.set_vector_segments(KEYS[0], created[0], &[listed]).unwrap();
    batch.set_dead(KEYS[0], vectors, b"dead vectors").unwrap();
}

/// What format 3 added.
fn fill_notes(batch: &mut WriteBatch) {
    for name in ["a/1", "a/2", "b/1", "gone"] {
        batch.put_note(name, Some(name.as_bytes())).unwrap();
    }
    batch.put_note("gone", None).unwrap();
}

fn golden(format: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("format-{format}.filedex.lz4"))
}

/// The bytes of the stored file of a format.
pub fn stored_file(format: u64) -> Vec<u8> {
    let path = golden(format);
    let missing = format == FORMAT_VERSION && !path.exists();
    if std::env::var_os("FILEDEX_BLESS").is_some() && missing {
        let device = MemoryDevice::default();
        let store = Store::with_device(Box::new(device.clone()), &Options::default()).unwrap();
        let mut batch = store.write().unwrap();
        fill(&mut batch);
        fill_spaces(&mut batch);
        fill_notes(&mut batch);
        batch.commit().unwrap();
        assert_sound(&store);
        store.compact().unwrap();
        drop(store);
        std::fs::write(&path, lz4_flex::compress_prepend_size(&device.bytes())).unwrap();
    }
    lz4_flex::decompress_size_prepended(&std::fs::read(path).unwrap()).unwrap()
}

fn assert_filled(snapshot: &ReadSnapshot) {
    assert_eq!(snapshot.generation(), 1);
    assert_eq!(snapshot.datasets().unwrap(), [full_dataset(), dataset("d-2", "trucks")]);
    let versions = ["d-1", "d-2"].map(|id| snapshot.versions(id).unwrap());
    let infos: Vec<_> = versions.iter().flatten().collect();
    assert_eq!(infos.iter().map(|info| info.key).collect::<Vec<_>>(), KEYS);
    assert_eq!(infos[1].version, version("id of v2", "v2"));
    assert_eq!((infos[0].active, infos[0].deleted, infos[0].next_row), (1, 3, 4));
    let listed = snapshot.records(KEYS[0], 0).unwrap().map(Result::unwrap);
    assert!(listed.eq((0..).zip(records())));
    for (row, record) in (0..).zip(records()) {
        assert_eq!(snapshot.row_of(KEYS[0], &record.id).unwrap(), Some(row));
    }
    assert_eq!(snapshot.rows_named(KEYS[0], "cars", "1.png").unwrap(), [2]);
    assert_eq!(snapshot.jobs(KEYS[0]).unwrap(), [("job".to_owned(), JobKind::Tagging)]);
    let lists = KEYS.map(|key| snapshot.segments(key).unwrap());
    assert_eq!(lists, [vec![entry(SHARED), entry(LISTED)], Vec::new(), vec![entry(SHARED)]]);
    assert_eq!(snapshot.dead(KEYS[0], LISTED).unwrap().as_deref(), Some(&b"dead"[..]));
    assert_eq!(snapshot.blob(LISTED).unwrap(), bytes(5_000));
    assert_eq!(snapshot.blob_len(SHARED).unwrap(), 0);
}

fn assert_spaces(snapshot: &ReadSnapshot) {
    let [a, b] = ["a", "b"].map(|name| snapshot.space_named(KEYS[0], name).unwrap().unwrap());
    assert_eq!((&a.space, &b.space), (&space("a"), &space("b")));
    assert_eq!((a.chosen, b.chosen), (false, true));
    assert_eq!(snapshot.vector_segments(KEYS[0], a.key).unwrap(), [VECTORS]);
    assert_eq!(snapshot.vector_segments(KEYS[0], b.key).unwrap(), []);
    assert_eq!(
        snapshot.dead(KEYS[0], VECTORS.blob).unwrap().as_deref(),
        Some(&b"dead vectors"[..])
    );
    assert_eq!(snapshot.blob(6).unwrap(), b"graph");
}

fn assert_notes(snapshot: &ReadSnapshot) {
    let of_a = ["a/1", "a/2"].map(|name| (name.to_owned(), name.as_bytes().to_vec()));
    assert_eq!(snapshot.notes("a/").unwrap(), of_a);
    assert_eq!(snapshot.note("b/1").unwrap().as_deref(), Some(&b"b/1"[..]));
    assert_eq!(snapshot.note("gone").unwrap(), None);
    assert_eq!(snapshot.notes("").unwrap().len(), 3);
}

/// All that the file of the newest format has.
pub fn assert_whole(snapshot: &ReadSnapshot) {
    assert_filled(snapshot);
    assert_spaces(snapshot);
    assert_notes(snapshot);
}

#[test]
fn files_of_every_format_are_upgraded() {
    let dir = tempfile::tempdir().unwrap();
    for format in 1..=FORMAT_VERSION {
        let path = dir.path().join(format!("{format}.filedex"));
        std::fs::write(&path, stored_file(format)).unwrap();
        let store = Store::open(&path, &Options::default()).unwrap();
        let snapshot = store.read().unwrap();
        assert_eq!(snapshot.format().unwrap(), FORMAT_VERSION);
        assert_filled(&snapshot);
        assert_eq!(snapshot.garbage().unwrap(), []);
        assert_sound(&store);
        if format < 2 {
            assert_eq!(snapshot.spaces(KEYS[0]).unwrap(), []);
            let mut batch = store.write().unwrap();
            fill_spaces(&mut batch);
            batch.commit().unwrap();
            assert_sound(&store);
        }
        if format < 3 {
            assert_eq!(snapshot.notes("").unwrap(), []);
            let mut batch = store.write().unwrap();
            fill_notes(&mut batch);
            batch.commit().unwrap();
        }
        assert_notes(&store.read().unwrap());
        assert_spaces(&store.read().unwrap());
        drop((snapshot, store));
        let store = Store::open_read_only(&path, &Options::default()).unwrap();
        assert_spaces(&store.read().unwrap());
        assert_sound(&store);
    }
}

#[test]
fn older_files_are_read_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let other = {
        let (store, key) = crate::records::with_version();
        let mut batch = store.write().unwrap();
        batch.create_space(key, &space("a")).unwrap()
    };
    for format in 1..FORMAT_VERSION {
        let bytes = stored_file(format);
        std::fs::write(&path, &bytes).unwrap();
        let store = Store::open_read_only(&path, &Options::default()).unwrap();
        let snapshot = store.read().unwrap();
        assert_eq!(snapshot.format().unwrap(), format);
        assert_filled(&snapshot);
        assert_sound(&store);
        store.space().unwrap();
        if format < 3 {
            assert_eq!(snapshot.notes("").unwrap(), []);
            assert_eq!(snapshot.note("b/1").unwrap(), None);
        }
        if format < 2 {
            assert_eq!(snapshot.spaces(KEYS[0]).unwrap(), []);
            assert_eq!(snapshot.space_named(KEYS[0], "a").unwrap(), None);
            assert_eq!(snapshot.chosen_space(KEYS[0]).unwrap(), None);
            let error = snapshot.vector_segments(KEYS[0], other).unwrap_err();
            assert!(matches!(error, StoreError::UnknownSpace { .. }), "{error}");
            let gone = VersionKey(99);
            let error = snapshot.spaces(gone).unwrap_err();
            assert!(matches!(error, StoreError::UnknownVersion { .. }), "{error}");
        }
        drop((snapshot, store));
        assert!(std::fs::read(&path).unwrap() == bytes, "format {format} was changed");
    }
}
