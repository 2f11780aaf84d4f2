//! Kinds of damage: to pages, behind the checksums, and to the file as a whole.

use std::path::Path;

use redb::{ReadableDatabase, ReadableTable, TableDefinition};

const RECORDS: TableDefinition<u64, &[u8]> = TableDefinition::new("records");
const IDS: TableDefinition<&[u8; 36], u32> = TableDefinition::new("ids");
const NAMES: TableDefinition<&[u8], ()> = TableDefinition::new("names");
const FOLDERS: TableDefinition<&[u8], u64> = TableDefinition::new("folders");
const VERSIONS: TableDefinition<u32, &[u8]> = TableDefinition::new("versions");
const META: TableDefinition<&str, u64> = TableDefinition::new("filedex");
const DATASET_NAMES: TableDefinition<&str, &str> = TableDefinition::new("dataset_names");
const DEAD: TableDefinition<(u32, u64), &[u8]> = TableDefinition::new("dead");
const BLOBS: TableDefinition<u64, &[u8]> = TableDefinition::new("blobs");
const CHUNKS: TableDefinition<(u64, u32), &[u8]> = TableDefinition::new("chunks");
const LINKS: TableDefinition<u64, u32> = TableDefinition::new("links");

/// A change of the tables, which gives every page a right checksum.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    RecordBytes,
    RecordGone,
    IdGone,
    NameGone,
    FolderCount,
    Counter,
    Number,
    DatasetName,
    Link,
    /// A byte of the first chunk of a blob of this kind: 1 text, 2 vectors, 3 graph.
    Blob(u8),
    DeadVectors,
}

fn blobs_of(txn: &redb::WriteTransaction, kind: u8) -> Vec<u64> {
    let blobs = txn.open_table(BLOBS).unwrap();
    let entries = blobs.iter().unwrap().map(Result::unwrap);
    let of_kind = entries.filter(|(_, head)| head.value()[1] == kind);
    of_kind.map(|(blob, _)| blob.value()).collect()
}

/// Changes the tables of a file behind the back of its engine.
pub fn change(path: &Path, change: Change) {
    let database = redb::Database::open(path).unwrap();
    let txn = database.begin_write().unwrap();
    {
        match change {
            Change::RecordBytes | Change::RecordGone => {
                let mut records = txn.open_table(RECORDS).unwrap();
                let (at, mut bytes) = {
                    let (at, bytes) = records.iter().unwrap().nth(20).unwrap().unwrap();
                    (at.value(), bytes.value().to_vec())
                };
                if matches!(change, Change::RecordGone) {
                    records.remove(at).unwrap();
                } else {
                    // Within the URI, which begins the body.
                    bytes[34 + 12] ^= 1;
                    records.insert(at, bytes.as_slice()).unwrap();
                }
            }
            Change::IdGone => drop(txn.open_table(IDS).unwrap().pop_first().unwrap()),
            Change::NameGone => drop(txn.open_table(NAMES).unwrap().pop_last().unwrap()),
            Change::FolderCount => {
                let mut folders = txn.open_table(FOLDERS).unwrap();
                let key = folders.first().unwrap().unwrap().0.value().to_vec();
                folders.insert(key.as_slice(), 7_777).unwrap();
            }
            Change::Counter => {
                let mut versions = txn.open_table(VERSIONS).unwrap();
                let mut row = versions.get(1).unwrap().unwrap().value().to_vec();
                // Behind the number of deleted records: three bytes of tokens, one of changes.
                let at = row.len() - 5;
                row[at] += 3;
                versions.insert(1, row.as_slice()).unwrap();
            }
            Change::Number => {
                let mut meta = txn.open_table(META).unwrap();
                meta.insert("next_version", 1).unwrap();
            }
            Change::DatasetName => {
                drop(txn.open_table(DATASET_NAMES).unwrap().pop_first().unwrap());
            }
            Change::Link => {
                let mut links = txn.open_table(LINKS).unwrap();
                let blob = links.first().unwrap().unwrap().0.value();
                links.insert(blob, 9).unwrap();
            }
            Change::Blob(kind) => {
                let blob = blobs_of(&txn, kind)[0];
                let mut chunks = txn.open_table(CHUNKS).unwrap();
                let mut bytes = chunks.get((blob, 0)).unwrap().unwrap().value().to_vec();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x10;
                chunks.insert((blob, 0), bytes.as_slice()).unwrap();
            }
            Change::DeadVectors => {
                let vectors = blobs_of(&txn, 2);
                let mut dead = txn.open_table(DEAD).unwrap();
                let mut gone = 0;
                dead.retain(|(_, blob), _| {
                    gone += u32::from(vectors.contains(&blob));
                    !vectors.contains(&blob)
                })
                .unwrap();
                assert!(gone > 0);
            }
        }
    }
    txn.commit().unwrap();
}

/// Whether the file is still one that the engine opens and reads.
pub fn is_another_program(path: &Path) {
    let database = redb::Database::create(path).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(TableDefinition::<u64, u64>::new("theirs")).unwrap().insert(1, 2).unwrap();
    txn.commit().unwrap();
    assert!(database.begin_read().is_ok());
}

/// A damage of the bytes.
#[derive(Clone, Copy, Debug)]
pub enum Bytes {
    /// Zeros over some bytes.
    Wiped(usize, usize),
    /// One bit.
    Bit(usize),
    /// So many thousandths of the file are left.
    Cut(usize),
}

impl Bytes {
    pub fn of(self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Wiped(from, count) => bytes[from..from + count].fill(0),
            Self::Bit(at) => bytes[at] ^= 4,
            Self::Cut(left) => bytes.truncate(bytes.len() * left / 1_000),
        }
        bytes
    }
}
