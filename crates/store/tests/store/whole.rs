//! Operations on whole files: compaction, space, check.

use filedex_store::{
    About, BlobKind, Options, Pages, Part, QuickRepair, Store, StoreError, VersionKey, check,
};
use redb::{ReadableDatabase, ReadableTable, TableDefinition, TableHandle};

use crate::blobs::{bytes, entry};
use crate::records::{add, assert_sound, record};
use crate::sample::{dataset, version};

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
    assert_eq!(space.blobs[&BlobKind::Text], 300_000);
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
    assert_eq!(tables.len(), 18);
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
    let dir = tempfile::tempdir().unwrap();
    for (name, about, damage) in cases {
        let path = dir.path().join(format!("{name}.filedex"));
        drop(filled(&path));
        let database = redb::Database::open(&path).unwrap();
        let txn = database.begin_write().unwrap();
        damage(&txn);
        txn.commit().unwrap();
        drop(database);
        let store = Store::open_read_only(&path, &Options::default()).unwrap();
        let findings = check(&store.read().unwrap()).unwrap();
        assert!(findings.iter().any(|finding| finding.about == about), "{name}: {findings:?}");
    }
    let path = dir.path().join("segments.filedex");
    drop(filled(&path));
    let database = redb::Database::open(&path).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(SEGMENTS).unwrap().insert(1, &[5_u8][..]).unwrap();
    txn.commit().unwrap();
    drop(database);
    let store = Store::open(&path, &Options::default()).unwrap();
    let findings = check(&store.read().unwrap()).unwrap();
    assert!(findings.iter().any(|finding| finding.about == About::Segment), "{findings:?}");
}
