//! Records that compaction has packed with a dictionary.

use filedex_model::{FileRecord, Tags};
use filedex_store::{MemoryDevice, Options, RecordPut, Store, StoreError, VersionKey, check};
use redb::{ReadableTable, TableDefinition};
use serde_json::{Map, Value};

use crate::records::{add, assert_sound, record};
use crate::sample::{self, dataset, version};

const RECORDS: TableDefinition<u64, &[u8]> = TableDefinition::new("records");
const RECORDS_NEW: TableDefinition<u64, &[u8]> = TableDefinition::new("records_new");
const DICTIONARIES: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("dictionaries");

/// A record as an import makes it of a line of `fixtures/files.jsonl`.
fn imported(line: &str) -> FileRecord {
    let mut fields: Map<String, Value> = serde_json::from_str(line).unwrap();
    let mut text = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let new = record(&text("uri").unwrap());
    let (file_name, file_dir) = (text("file_name"), text("file_dir"));
    let new = FileRecord {
        file_name: file_name.unwrap_or_else(|| new.file_name.clone()),
        file_dir: file_dir.unwrap_or_else(|| new.file_dir.clone()),
        file_type: text("file_type"),
        content_type: text("content_type"),
        comment: text("caption"),
        file_create_time: text("file_create_time").map(|_| sample::time(1_449_581_860_000)),
        file_update_time: text("file_update_time").map(|_| sample::time(1_489_622_341_000)),
        ..new
    };
    let mut list = |name: &str| match fields.remove(name) {
        Some(Value::Array(list)) => {
            list.into_iter().map(|tag| tag.as_str().unwrap().to_owned()).collect()
        }
        _ => Vec::new(),
    };
    let (user, ai) = (list("tags_user"), list("tags_ai"));
    let ai = if ai.is_empty() { Vec::new() } else { vec![("import".to_owned(), ai)] };
    let data_size = fields.remove("data_size").and_then(|size| size.as_u64());
    let mut attributes = match fields.remove("attributes") {
        Some(Value::Object(attributes)) => attributes,
        _ => Map::new(),
    };
    attributes.extend(fields);
    let tags = Tags { user, ai: ai.into_iter().collect(), user_delete_ai: Vec::new() };
    FileRecord { data_size, attributes, tags, ..new }
}

/// `count` records of the fixtures.
pub fn real(count: usize) -> Vec<FileRecord> {
    let lines = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/files.jsonl");
    let text = std::fs::read_to_string(lines).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let again = |n: usize| {
        let record = imported(lines[n % lines.len()]);
        let uri = format!("{}?{}", record.uri, n / lines.len());
        FileRecord { id: filedex_model::FileId::of("d-1", &uri), uri, ..record }
    };
    (0..count).map(again).collect()
}

fn assert_holds(store: &Store, key: VersionKey, records: &[FileRecord]) {
    let snapshot = store.read().unwrap();
    let listed = snapshot.records(key, 0).unwrap().map(Result::unwrap);
    assert!(listed.eq((0..).zip(records.iter().cloned())));
    for (row, record) in (0..).zip(records).step_by(7) {
        assert_eq!(snapshot.record(key, row).unwrap().as_ref(), Some(record));
        assert_eq!(snapshot.id_of(key, row).unwrap(), Some(record.id));
    }
    drop(snapshot);
    assert_sound(store);
}

/// A store on a device with `records` in the version `1` of dataset `d-1`, not yet compacted.
fn filled(device: &MemoryDevice, records: &[FileRecord]) -> (Store, VersionKey) {
    let store = Store::with_device(Box::new(device.clone()), &Options::default()).unwrap();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let key = batch.create_version("d-1", &version("1", "v1")).unwrap();
    batch.commit().unwrap();
    add(&store, key, records);
    (store, key)
}

fn reopened(device: &MemoryDevice) -> Store {
    let device = MemoryDevice::from_bytes(device.bytes());
    Store::with_device(Box::new(device), &Options::default()).unwrap()
}

/// Looks at, or changes, the tables behind the store's back; answers a store on the result.
fn behind<T>(
    device: &MemoryDevice,
    change: impl FnOnce(&redb::WriteTransaction) -> T,
) -> (Store, T) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    std::fs::write(&path, device.bytes()).unwrap();
    let database = redb::Database::open(&path).unwrap();
    let txn = database.begin_write().unwrap();
    let answer = change(&txn);
    txn.commit().unwrap();
    drop(database);
    let changed = MemoryDevice::from_bytes(std::fs::read(&path).unwrap());
    (Store::with_device(Box::new(changed), &Options::default()).unwrap(), answer)
}

/// The numbers of the dictionaries, and how many records have each tag.
fn forms(device: &MemoryDevice) -> (Vec<(u32, u32)>, [usize; 8]) {
    let look = |txn: &redb::WriteTransaction| {
        let dictionaries = txn.open_table(DICTIONARIES).unwrap();
        let numbers = dictionaries.iter().unwrap().map(|entry| entry.unwrap().0.value()).collect();
        let mut tags = [0; 8];
        for entry in txn.open_table(RECORDS).unwrap().iter().unwrap() {
            tags[usize::from(entry.unwrap().1.value()[0])] += 1;
        }
        (numbers, tags)
    };
    behind(device, look).1
}

#[test]
fn compaction_more_than_halves_records_and_changes_none() {
    let device = MemoryDevice::default();
    let mut records = real(3_000);
    records[5] = FileRecord { status: filedex_model::Status::Deleted, ..records[5].clone() };
    let (store, key) = filled(&device, &records);
    let space = |store: &Store| {
        let part = store.space().unwrap().parts[&filedex_store::Part::Records];
        part.stored + part.overhead + part.fragmented
    };
    let (before, generation) = (space(&store), store.read().unwrap().generation());
    let snapshot = store.read().unwrap();
    assert!(matches!(store.compact(), Err(StoreError::Busy { .. })));
    drop(snapshot);
    let done = store.compact().unwrap();
    assert!(space(&store) * 2 < before, "{before}, then {}", space(&store));
    assert!(done.after < done.before, "{done:?}");
    assert_eq!(store.read().unwrap().generation(), generation);
    assert_holds(&store, key, &records);
    assert_holds(&reopened(&device), key, &records);

    // Later changes are packed too.
    let mut batch = store.write().unwrap();
    let starred: Vec<_> =
        records.iter().map(|old| FileRecord { starred: true, ..old.clone() }).collect();
    let puts: Vec<_> = (0..900_u32)
        .map(|row| (row, &starred[row as usize], &records[row as usize]))
        .map(|(row, record, previous)| RecordPut { row, record, previous: Some(previous) })
        .collect();
    batch.put_records(key, &puts).unwrap();
    assert_eq!(batch.record(key, 3).unwrap().as_ref(), Some(&starred[3]));
    batch.commit().unwrap();
    records[..900].clone_from_slice(&starred[..900]);
    let more = real(3_100).split_off(3_000);
    add(&store, key, &more);
    records.extend(more);
    assert_holds(&store, key, &records);
    drop(store);
    let (dictionaries, tags) = forms(&device);
    assert_eq!(dictionaries, [(1, 1)]);
    assert!(tags[7] > 3_050, "{tags:?}");
    let store = reopened(&device);
    assert_holds(&store, key, &records);
    store.compact().unwrap();
    assert_holds(&store, key, &records);

    let mut batch = store.write().unwrap();
    batch.delete_version(key).unwrap();
    batch.commit().unwrap();
    assert_eq!(store.space().unwrap().parts[&filedex_store::Part::Records].entries, 0);
    assert_sound(&store);
}

#[test]
fn small_layers_get_no_dictionary_and_grown_ones_a_new_one() {
    let device = MemoryDevice::default();
    let mut records = real(999);
    let (store, key) = filled(&device, &records);
    store.compact().unwrap();
    let add_up_to = |count: usize, records: &mut Vec<FileRecord>| {
        let more = real(count).split_off(records.len());
        add(&store, key, &more);
        records.extend(more);
        store.compact().unwrap();
        assert_holds(&store, key, records);
    };
    let numbers = || store.space().unwrap().parts[&filedex_store::Part::Records].entries;
    assert_eq!(numbers(), 999);
    add_up_to(1_000, &mut records);
    assert_eq!(numbers(), 1_001);
    add_up_to(5_000, &mut records);
    assert_eq!(numbers(), 5_001);
    drop(store);
    assert_eq!(forms(&device).0.len(), 1);
}

#[test]
fn a_missing_or_damaged_dictionary_is_named() {
    let device = MemoryDevice::default();
    let (store, key) = filled(&device, &real(1_200));
    store.compact().unwrap();
    drop(store);
    for missing in [true, false] {
        let (store, ()) = behind(&device, |txn| {
            let mut dictionaries = txn.open_table(DICTIONARIES).unwrap();
            let mut bytes = dictionaries.remove((1, 1)).unwrap().unwrap().value().to_vec();
            *bytes.last_mut().unwrap() ^= 1;
            if !missing {
                dictionaries.insert((1, 1), bytes.as_slice()).unwrap();
            }
        });
        let snapshot = store.read().unwrap();
        let error = snapshot.record(key, 7).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("dictionary 1 of layer 1"), "{error}");
        let findings = check(&snapshot).unwrap();
        let named = |finding: &&filedex_store::Finding| finding.what.contains("dictionary 1 of");
        // Once where its layer is read, once where all dictionaries are: not for each record.
        let times = findings.iter().filter(|finding| named(finding)).count();
        assert!((1..=2).contains(&times), "{times}");
        drop(snapshot);
        // Compaction neither fails nor makes it worse.
        store.compact().unwrap();
        assert!(store.read().unwrap().record(key, 7).is_err());
    }
}

#[test]
fn what_a_crash_left_of_a_compaction_goes_away() {
    let device = MemoryDevice::default();
    let records = real(20);
    let (store, key) = filled(&device, &records);
    drop(store);
    let (store, ()) = behind(&device, |txn| {
        txn.open_table(RECORDS_NEW).unwrap().insert(1 << 32, &[3_u8][..]).unwrap();
    });
    assert_eq!(store.space().unwrap().parts[&filedex_store::Part::Records].entries, 20);
    assert_holds(&store, key, &records);
}
