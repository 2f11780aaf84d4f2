//! Operations on whole files: compaction, space, check.

use filedex_store::{
    About, BlobKind, Finding, Options, Pages, Part, QuickRepair, Store, StoreError, VersionKey,
    check,
};
use redb::{ReadableDatabase, ReadableTable, TableDefinition, TableHandle};

use crate::blobs::{bytes, entry};
use crate::records::{add, assert_sound, record};
use crate::sample::{dataset, space, version};
use crate::spaces::vectors;

fn filled(path: &std::path::Path) -> (Store, VersionKey) {
    let store = Store::create(path, &Options::default()).unwrap();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let key = batch.create_version("d-1", &version("1", "v1")).unwrap();
    let blob = batch.put_blob(BlobKind::Text, &bytes(300_000)).unwrap();
    batch.set_segments(key, &[entry(blob)]).unwrap();
    batch.commit().unwrap();
    add(
        &store,
        key,
        &(0..50).map(|n| record(&format!("oss://b/{}/{n}", n % 3))).collect::<Vec<_>>(),
    );
    let mut batch = store.write().unwrap();
    let [a, _] = ["a", "b"].map(|name| batch.create_space(key, &space(name)).unwrap());
    let segment = batch.put_blob(BlobKind::Vectors, &bytes(2_000)).unwrap();
    let graph = batch.put_blob(BlobKind::Graph, &bytes(1_000)).unwrap();
    batch.set_vector_segments(key, a, &[vectors(segment, Some(graph))]).unwrap();
    batch.set_dead(key, segment, b"dead").unwrap();
    batch.commit().unwrap();
    (store, key)
}

#[test]
fn compaction_needs_the_file_alone_and_gives_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let (store, key) = filled(&dir.path().join("a.filedex"));
    let mut batch = store.write().unwrap();
    let big = batch.put_blob(BlobKind::Vectors, &bytes(8_000_000)).unwrap();
    batch.unlink_blob(big).unwrap();
    batch.commit().unwrap();
    let mut batch = store.write().unwrap();
    assert_eq!(batch.collect_garbage(&|_| false).unwrap(), 1);
    batch.commit().unwrap();

    let snapshot = store.read().unwrap();
    assert!(matches!(store.compact(), Err(StoreError::Busy { .. })));
    assert!(matches!(store.verify_pages(), Err(StoreError::Busy { .. })));
    drop(snapshot);
    let batch = store.write().unwrap();
    assert!(matches!(store.compact(), Err(StoreError::Busy { .. })));
    drop(batch);
    let done = store.compact().unwrap();
    assert!(done.before > 8_000_000 && done.after < 2_000_000, "{done:?}");
    assert_eq!(store.file_length().unwrap(), done.after);
    assert_eq!(store.verify_pages().unwrap(), Pages::Sound);
    assert_eq!(store.read().unwrap().records(key, 0).unwrap().count(), 50);
    assert_sound(&store);
}

#[test]
fn space_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = filled(&dir.path().join("a.filedex"));
    let space = store.space().unwrap();
    assert_eq!(space.parts[&Part::Records].entries, 50);
    assert_eq!(space.parts[&Part::Ids].entries, 50);
    assert_eq!(space.parts[&Part::Names].entries, 53);
    assert!(space.parts[&Part::Ids].stored >= 50 * 40);
    use BlobKind::{Graph, Text, Vectors};
    assert_eq!([Text, Vectors, Graph].map(|kind| space.blobs[&kind]), [300_000, 2_000, 1_000]);
    assert_eq!((space.garbage, space.file_length), (0, store.file_length().unwrap()));
    let used: u64 =
        space.parts.values().map(|part| part.stored + part.overhead + part.fragmented).sum();
    assert_eq!(used + space.free, space.file_length);
}

#[test]
fn quick_repair_is_chosen_by_size() {
    let dir = tempfile::tempdir().unwrap();
    for quick_repair in [QuickRepair::Auto, QuickRepair::On, QuickRepair::Off] {
        let path = dir.path().join(format!("{quick_repair:?}.filedex"));
        let options = Options { quick_repair, ..Options::default() };
        let store = Store::create(&path, &options).unwrap();
        store.write().unwrap().commit().unwrap();
        let crashed = path.with_extension("crashed");
        std::fs::copy(&path, &crashed).unwrap();
        assert_eq!(Store::open(&crashed, &options).unwrap().read().unwrap().generation(), 1);
    }
}

#[test]
fn the_format_document_names_every_table_and_number() {
    let document = include_str!("../../../../ARCHITECTURE.md");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    drop(Store::create(&path, &Options::default()).unwrap());
    let database = redb::ReadOnlyDatabase::open(&path).unwrap();
    let txn = database.begin_read().unwrap();
    let tables: Vec<_> = txn.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
    assert_eq!(tables.len(), 21);
    for table in tables {
        assert!(document.contains(&format!("\n| `{table}` | ")), "{table}");
    }
    const NUMBERS: TableDefinition<&str, u64> = TableDefinition::new("filedex");
    for entry in txn.open_table(NUMBERS).unwrap().iter().unwrap() {
        let (name, number) = entry.unwrap();
        let line =
            document.lines().find(|line| line.starts_with(&format!("| `{}` ", name.value())));
        let stated = format!(" {} |", number.value());
        assert!(line.unwrap().ends_with(&stated), "{}: {stated}", name.value());
    }
}

const RECORDS: TableDefinition<u64, &[u8]> = TableDefinition::new("records");
const IDS: TableDefinition<&[u8; 36], u32> = TableDefinition::new("ids");
const NAMES: TableDefinition<&[u8], ()> = TableDefinition::new("names");
const FOLDERS: TableDefinition<&[u8], u64> = TableDefinition::new("folders");
const LINKS: TableDefinition<u64, u32> = TableDefinition::new("links");
const GARBAGE: TableDefinition<u64, u64> = TableDefinition::new("garbage");
const CHUNKS: TableDefinition<(u64, u32), &[u8]> = TableDefinition::new("chunks");
const DATASET_NAMES: TableDefinition<&str, &str> = TableDefinition::new("dataset_names");
const VERSION_IDS: TableDefinition<&[u8], u32> = TableDefinition::new("version_ids");
const SEGMENTS: TableDefinition<u32, &[u8]> = TableDefinition::new("segments");
const DEAD: TableDefinition<(u32, u64), &[u8]> = TableDefinition::new("dead");
const SPACES: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("spaces");
const LISTS: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("vector_segments");

type Damage = fn(&redb::WriteTransaction);

#[test]
fn check_finds_what_does_not_agree() {
    let cases: [(&str, About, Damage); 12] = [
        ("a lost record", About::Counter, |txn| {
            txn.open_table(RECORDS).unwrap().pop_first().unwrap();
        }),
        ("a record of another file", About::Id, |txn| {
            let mut records = txn.open_table(RECORDS).unwrap();
            let last = records.pop_last().unwrap().unwrap().1.value().to_vec();
            records.insert(1 << 32, last.as_slice()).unwrap();
        }),
        ("an undecodable record", About::Record, |txn| {
            txn.open_table(RECORDS).unwrap().insert(1 << 32, &[9_u8; 40][..]).unwrap();
        }),
        ("a lost id", About::Id, |txn| {
            txn.open_table(IDS).unwrap().pop_first().unwrap();
        }),
        ("an id too many", About::Id, |txn| {
            let mut key = [9; 36];
            key[..4].copy_from_slice(&1_u32.to_be_bytes());
            txn.open_table(IDS).unwrap().insert(&key, 1).unwrap();
        }),
        ("a lost name", About::Name, |txn| {
            txn.open_table(NAMES).unwrap().pop_first().unwrap();
        }),
        ("a wrong folder", About::Folder, |txn| {
            let mut folders = txn.open_table(FOLDERS).unwrap();
            let key = folders.pop_first().unwrap().unwrap().0.value().to_vec();
            folders.insert(key.as_slice(), 999).unwrap();
        }),
        ("a blob both linked and garbage", About::Blob, |txn| {
            txn.open_table(GARBAGE).unwrap().insert(1, 1).unwrap();
        }),
        ("an orphan blob", About::Blob, |txn| {
            txn.open_table(LINKS).unwrap().remove(1).unwrap();
        }),
        ("a lost chunk", About::Blob, |txn| {
            txn.open_table(CHUNKS).unwrap().remove((1, 1)).unwrap();
        }),
        ("a lost dataset name", About::Dataset, |txn| {
            txn.open_table(DATASET_NAMES).unwrap().pop_first().unwrap();
        }),
        ("a lost version id", About::Version, |txn| {
            txn.open_table(VERSION_IDS).unwrap().pop_first().unwrap();
        }),
    ];
    for (name, about, damage) in cases {
        let findings = findings_after(damage);
        assert!(findings.iter().any(|finding| finding.about == about), "{name}: {findings:?}");
    }
    let findings = findings_after(|txn| list_text(txn, &[5]));
    assert!(findings.iter().any(|finding| finding.about == About::Segment), "{findings:?}");
}

/// What check says of a filled database with this damage.
fn findings_after(damage: Damage) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    drop(filled(&path));
    let database = redb::Database::open(&path).unwrap();
    let txn = database.begin_write().unwrap();
    damage(&txn);
    txn.commit().unwrap();
    drop(database);
    let store = Store::open_read_only(&path, &Options::default()).unwrap();
    check(&store.read().unwrap()).unwrap()
}

fn list_text(txn: &redb::WriteTransaction, value: &[u8]) {
    txn.open_table(SEGMENTS).unwrap().insert(1, value).unwrap();
}

/// Replaces the list of the first space, which is `[10, 1, 2, 5, 0, 9, 1, 3]`: tag, length, blob,
/// vectors, first row, last row, graph.
fn list(txn: &redb::WriteTransaction, value: &[u8]) {
    txn.open_table(LISTS).unwrap().insert((1, 1), value).unwrap();
}

/// Stores the first space once more, at another place, chosen or not.
fn copy_space(txn: &redb::WriteTransaction, to: (u32, u32), name: u8, chosen: u8) {
    let mut spaces = txn.open_table(SPACES).unwrap();
    let mut bytes = spaces.get((1, 1)).unwrap().unwrap().value().to_vec();
    // Tag, length of the name, the name; the last byte tells whether it is chosen.
    bytes[2] = name;
    *bytes.last_mut().unwrap() = chosen;
    spaces.insert(to, bytes.as_slice()).unwrap();
}

#[test]
fn check_finds_what_does_not_agree_in_spaces() {
    let cases: [(&str, About, Damage); 20] = [
        ("2 of the 2 embedding spaces of version number 1 are chosen", About::Space, |txn| {
            copy_space(txn, (1, 2), b'b', 1);
        }),
        ("0 of the 2 embedding spaces of version number 1 are chosen", About::Space, |txn| {
            copy_space(txn, (1, 1), b'a', 0);
        }),
        ("version number 1 has two embedding spaces named \"a\"", About::Space, |txn| {
            copy_space(txn, (1, 2), b'a', 0);
        }),
        ("embedding space 2 of version number 1: ", About::Space, |txn| {
            txn.open_table(SPACES).unwrap().insert((1, 2), &[9_u8, 1][..]).unwrap();
        }),
        ("an embedding space of version number 9, which is not there", About::Space, |txn| {
            copy_space(txn, (9, 9), b'a', 1);
        }),
        ("a list or a bitmap of version number 9, which is not there", About::Segment, |txn| {
            txn.open_table(LISTS).unwrap().insert((9, 1), &[10_u8, 0][..]).unwrap();
        }),
        ("a list or a bitmap of version number 8, which is not there", About::Segment, |txn| {
            txn.open_table(SEGMENTS).unwrap().insert(8, &[5_u8, 0][..]).unwrap();
        }),
        ("a list or a bitmap of version number 7, which is not there", About::Segment, |txn| {
            txn.open_table(DEAD).unwrap().insert((7, 2), &[][..]).unwrap();
        }),
        ("space 7 of version number 1 is there, the space is not", About::Segment, |txn| {
            txn.open_table(LISTS).unwrap().insert((1, 7), &[10_u8, 0][..]).unwrap();
        }),
        ("the segments of embedding space 1 of version number 1: ", About::Segment, |txn| {
            list(txn, &[10]);
        }),
        ("blob 3 is listed as Vectors, and is Graph", About::Segment, |txn| {
            list(txn, &[10, 1, 3, 5, 0, 9, 1, 2]);
        }),
        ("blob 2 is listed as Text, and is Vectors", About::Segment, |txn| {
            list_text(txn, &[5, 2, 1, 1, 1, 0, 2, 1, 1, 0]);
        }),
        ("blob 77 is missing", About::Blob, |txn| list(txn, &[10, 1, 77, 5, 0, 9, 1, 3])),
        ("blob 3 counts 1 lists, and is on 0", About::Blob, |txn| {
            list(txn, &[10, 1, 2, 5, 0, 9, 0]);
        }),
        ("blob 2 counts 2 lists, and is on 1", About::Blob, |txn| {
            txn.open_table(LINKS).unwrap().insert(2, 2).unwrap();
        }),
        ("blob 3 is both linked and garbage", About::Blob, |txn| {
            txn.open_table(GARBAGE).unwrap().insert(3, 1).unwrap();
        }),
        ("a bitmap of blob 3, which it does not list", About::Segment, |txn| {
            txn.open_table(DEAD).unwrap().insert((1, 3), &[][..]).unwrap();
        }),
        ("space 1 of version number 1 has blob 2 twice", About::Segment, |txn| {
            list(txn, &[10, 2, 2, 5, 0, 9, 1, 3, 2, 5, 0, 9, 0]);
        }),
        ("version number 1: it has rows never allocated", About::Segment, |txn| {
            list(txn, &[10, 1, 2, 5, 0, 50, 1, 3]);
        }),
        ("version number 1: its last row is before its first", About::Segment, |txn| {
            list(txn, &[10, 1, 2, 5, 9, 8, 1, 3]);
        }),
    ];
    assert_eq!(findings_after(|txn| list(txn, &[10, 1, 2, 5, 0, 49, 1, 3])), []);
    for (what, about, damage) in cases {
        let findings = findings_after(damage);
        let found =
            findings.iter().any(|finding| finding.about == about && finding.what.contains(what));
        assert!(found, "{what}: {findings:?}");
    }
}
