//! Every table of the file. A table's name, key type and value type are part of the format:
//! `ARCHITECTURE.md` describes each byte of them.

use redb::{Key, TableDefinition, TableHandle, Value, WriteTransaction};

use crate::error::{StoreError, Translate};

/// Single numbers; see [`crate::format`].
pub(crate) const META: TableDefinition<&str, u64> = TableDefinition::new("filedex");
/// dataset id -> encoded dataset.
pub(crate) const DATASETS: TableDefinition<&str, &[u8]> = TableDefinition::new("datasets");
/// dataset name -> dataset id.
pub(crate) const DATASET_NAMES: TableDefinition<&str, &str> = TableDefinition::new("dataset_names");
/// version number -> encoded version row.
pub(crate) const VERSIONS: TableDefinition<u32, &[u8]> = TableDefinition::new("versions");
/// (dataset id, version name) -> version number.
pub(crate) const VERSION_NAMES: TableDefinition<&[u8], u32> = TableDefinition::new("version_names");
/// (dataset id, version id) -> version number.
pub(crate) const VERSION_IDS: TableDefinition<&[u8], u32> = TableDefinition::new("version_ids");
/// layer and row -> encoded record.
pub(crate) const RECORDS: TableDefinition<u64, &[u8]> = TableDefinition::new("records");
/// The records while [`crate::repack`] rewrites them; at other times there is no such table.
pub(crate) const RECORDS_NEW: TableDefinition<u64, &[u8]> = TableDefinition::new("records_new");
/// layer and number of the dictionary -> encoded dictionary.
pub(crate) const DICTIONARIES: TableDefinition<(u32, u32), &[u8]> =
    TableDefinition::new("dictionaries");
/// layer and file id -> row.
pub(crate) const IDS: TableDefinition<&[u8; 36], u32> = TableDefinition::new("ids");
/// layer, folder, name and row of every active record.
pub(crate) const NAMES: TableDefinition<&[u8], ()> = TableDefinition::new("names");
/// layer and folder -> how many active records are directly in it, never zero.
pub(crate) const FOLDERS: TableDefinition<&[u8], u64> = TableDefinition::new("folders");
/// layer and job id -> kind of job.
pub(crate) const JOBS: TableDefinition<&[u8], u8> = TableDefinition::new("jobs");
/// name of a note -> its bytes, which are the application's.
pub(crate) const NOTES: TableDefinition<&str, &[u8]> = TableDefinition::new("notes");
/// version number -> encoded list of text segments.
pub(crate) const SEGMENTS: TableDefinition<u32, &[u8]> = TableDefinition::new("segments");
/// version number and space number -> encoded embedding space.
pub(crate) const SPACES: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("spaces");
/// version number and space number -> encoded list of vector segments.
pub(crate) const VECTOR_SEGMENTS: TableDefinition<(u32, u32), &[u8]> =
    TableDefinition::new("vector_segments");
/// version number and blob -> bitmap of dead documents, or of dead vectors.
pub(crate) const DEAD: TableDefinition<(u32, u64), &[u8]> = TableDefinition::new("dead");
/// blob -> encoded head.
pub(crate) const BLOBS: TableDefinition<u64, &[u8]> = TableDefinition::new("blobs");
/// blob and number of the chunk -> its bytes.
pub(crate) const CHUNKS: TableDefinition<(u64, u32), &[u8]> = TableDefinition::new("chunks");
/// blob -> how many lists name it, never zero.
pub(crate) const LINKS: TableDefinition<u64, u32> = TableDefinition::new("links");
/// blob that no list names -> generation since when, or [`crate::blob::PENDING`].
pub(crate) const GARBAGE: TableDefinition<u64, u64> = TableDefinition::new("garbage");

/// What is done to every table.
pub(crate) trait Visit {
    /// # Errors
    /// Those of the table; they end the visit.
    fn table<K: Key + 'static, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<(), StoreError>;
}

/// Visits every table that a file of this format has. A table that is missing here is neither made
/// nor copied.
pub(crate) fn visit(visitor: &mut impl Visit) -> Result<(), StoreError> {
    visitor.table(META)?;
    visitor.table(DATASETS)?;
    visitor.table(DATASET_NAMES)?;
    visitor.table(VERSIONS)?;
    visitor.table(VERSION_NAMES)?;
    visitor.table(VERSION_IDS)?;
    visitor.table(RECORDS)?;
    visitor.table(DICTIONARIES)?;
    visitor.table(IDS)?;
    visitor.table(NAMES)?;
    visitor.table(FOLDERS)?;
    visitor.table(JOBS)?;
    visitor.table(NOTES)?;
    visitor.table(SEGMENTS)?;
    visitor.table(SPACES)?;
    visitor.table(VECTOR_SEGMENTS)?;
    visitor.table(DEAD)?;
    visitor.table(BLOBS)?;
    visitor.table(CHUNKS)?;
    visitor.table(LINKS)?;
    visitor.table(GARBAGE)?;
    Ok(())
}

/// Makes every table, so that a reader never meets a missing one.
pub(crate) fn create_all(txn: &WriteTransaction) -> Result<(), StoreError> {
    struct Create<'a>(&'a WriteTransaction);
    impl Visit for Create<'_> {
        fn table<K: Key + 'static, V: Value + 'static>(
            &mut self,
            definition: TableDefinition<'static, K, V>,
        ) -> Result<(), StoreError> {
            self.0.open_table(definition).translate().map(drop)
        }
    }
    visit(&mut Create(txn))
}

/// The part of the database a table belongs to, for the account of its space.
pub(crate) fn part_of(table: &impl TableHandle) -> crate::space::Part {
    use crate::space::Part;
    match table.name() {
        "filedex" | "datasets" | "dataset_names" | "jobs" | "notes" | "spaces" => Part::Meta,
        "versions" | "version_names" | "version_ids" => Part::Versions,
        "records" | "records_new" | "dictionaries" => Part::Records,
        "ids" => Part::Ids,
        "names" | "folders" => Part::Names,
        "segments" | "vector_segments" | "blobs" | "chunks" | "links" | "garbage" => Part::Blobs,
        "dead" => Part::Dead,
        _ => Part::Other,
    }
}
