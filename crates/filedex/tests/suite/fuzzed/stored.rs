//! Bytes as damage: to a file as a whole, and to one value of one table.

use std::io;

use filedex::{Database, Device, ErrorKind, MemoryDevice, NewFile};
use redb::{ReadableTable, StorageBackend, TableDefinition};

use super::Bytes;
use super::template::{answers, filled, open};

/// A whole file, and what it answers.
pub struct Stored {
    file: Vec<u8>,
    answers: Answers,
}

/// Changes that are made to a file at most.
const CHANGES: usize = 64;

impl Stored {
    pub fn new() -> Self {
        let file = filled();
        let database = open(MemoryDevice::from_bytes(file.clone())).expect("a whole file");
        assert!(database.check(|_, _| ()).expect("a check").is_sound(), "the template");
        let answers = answers(&database).expect("answers");
        Self { file, answers }
    }

    /// A file with changed bytes, or a short one: an error or the right answers. The first byte says
    /// whether the file is cut, five bytes for each change where and how.
    pub fn file(&self, bytes: &[u8]) {
        let mut bytes = Bytes(bytes);
        let mut file = self.file.clone();
        if bytes.byte() % 8 == 1 {
            // A file of no bytes is a new one.
            file.truncate(bytes.below(self.file.len()).max(1));
        }
        let mut changes = 0;
        while !bytes.is_empty() && !file.is_empty() && changes < CHANGES {
            let place = bytes.below(file.len());
            file[place] ^= bytes.byte();
            changes += 1;
        }
        if let Some(answers) = exercise(file) {
            assert_eq!(answers, self.answers, "a file that is sound answers wrongly");
        }
    }

    /// A value of one table becomes these bytes, behind the back of the checksums: the first byte
    /// chooses the table, the next four the entry.
    pub fn value(&self, bytes: &[u8]) {
        let mut bytes = Bytes(bytes);
        let (table, entry) = (bytes.byte(), bytes.number() as usize);
        let device = MemoryDevice::from_bytes(self.file.clone());
        replace(&device, table, entry, bytes.rest());
        // A sound file may say something else now.
        exercise(device.bytes());
    }
}

/// What a database answers.
type Answers = Vec<(u64, Vec<String>)>;

/// Opens a file, checks it, asks it, writes to it and rebuilds it; its answers where it is sound.
fn exercise(file: Vec<u8>) -> Option<Answers> {
    let database = open(MemoryDevice::from_bytes(file)).ok()?;
    let sound = database.check(|_, _| ()).is_ok_and(|report| report.is_sound());
    let told = answers(&database);
    let wrote = write(&database);
    let _ = (database.optimize(), database.rebuild(|_, _| ()));
    if !sound {
        return None;
    }
    for error in [told.as_ref().err(), wrote.as_ref().err()].into_iter().flatten() {
        let own = matches!(error.kind(), ErrorKind::Damaged | ErrorKind::Io);
        assert!(!own, "a file that is sound fails: {error}");
    }
    told.ok()
}

fn write(database: &Database) -> filedex::Result<()> {
    let version = database.default_version()?;
    let mut batch = database.batch(&version);
    batch.create(NewFile { comment: Some("new".into()), ..NewFile::at("oss://new/a.png") });
    batch.delete(version.file_id("oss://b/dir1/file1.png"));
    batch.commit()?;
    Ok(())
}

/// Tables whose values are encoded, as [`replace`] numbers them; ARCHITECTURE.md has them all.
const TABLES: u8 = 11;

/// Puts a value in the place of an entry's; nothing where the table is empty.
fn replace(device: &MemoryDevice, table: u8, entry: usize, value: &[u8]) {
    let backend = Backend(device.clone());
    let database = redb::Database::builder().create_with_backend(backend).expect("redb");
    let txn = database.begin_write().expect("a transaction");
    match table % TABLES {
        0 => put_by_text(&txn, "datasets", entry, value),
        1 => put_by_text(&txn, "notes", entry, value),
        2 => put::<u32>(&txn, "versions", entry, value),
        3 => put::<u32>(&txn, "segments", entry, value),
        4 => put::<u64>(&txn, "records", entry, value),
        5 => put::<u64>(&txn, "blobs", entry, value),
        6 => put::<(u32, u32)>(&txn, "dictionaries", entry, value),
        7 => put::<(u32, u32)>(&txn, "spaces", entry, value),
        8 => put::<(u32, u32)>(&txn, "vector_segments", entry, value),
        9 => put::<(u32, u64)>(&txn, "dead", entry, value),
        _ => put::<(u64, u32)>(&txn, "chunks", entry, value),
    }
    txn.commit().expect("a commit");
}

fn put<K>(txn: &redb::WriteTransaction, table: &str, entry: usize, value: &[u8])
where
    K: redb::Key + Copy + 'static,
    for<'a> K: redb::Value<SelfType<'a> = K>,
{
    let mut table =
        txn.open_table(TableDefinition::<K, &[u8]>::new(table)).expect("a table of this kind");
    let keys: Vec<K> =
        table.iter().expect("entries").map(|entry| entry.expect("a page").0.value()).collect();
    if let Some(at) = entry.checked_rem(keys.len()) {
        table.insert(keys[at], value).expect("a place");
    }
}

fn put_by_text(txn: &redb::WriteTransaction, table: &str, entry: usize, value: &[u8]) {
    let definition = TableDefinition::<&str, &[u8]>::new(table);
    let mut table = txn.open_table(definition).expect("a table of this kind");
    let entries = table.iter().expect("entries");
    let keys: Vec<String> =
        entries.map(|entry| entry.expect("a page").0.value().to_owned()).collect();
    if let Some(at) = entry.checked_rem(keys.len()) {
        table.insert(keys[at].as_str(), value).expect("a place");
    }
}

/// A device as redb sees it.
#[derive(Debug)]
struct Backend(MemoryDevice);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
