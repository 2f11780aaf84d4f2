//! A small database with something of everything.

use filedex::{Database, MemoryDevice, MergePolicy, NewFile, NewSpace, NewVector, Query};
use serde_json::json;

pub const DIMENSION: u32 = 4;
const FILES: u64 = 60;
/// Vector segments of so many have a graph.
const GRAPH_ROWS: u64 = 20;

/// How every database of the fuzzers is opened: nothing is done in the background.
pub fn open(device: MemoryDevice) -> filedex::Result<Database> {
    let builder = Database::builder().merge_policy(MergePolicy::Manual);
    builder.graph_rows(Some(GRAPH_ROWS)).cache_bytes(4 << 20).open_device(device)
}

/// An empty database.
pub fn empty() -> Vec<u8> {
    let device = MemoryDevice::default();
    drop(open(device.clone()).expect("a database"));
    device.bytes()
}

fn file(n: u64) -> NewFile {
    NewFile {
        comment: Some(format!("a red car, number {n}")),
        tags_user: vec![format!("t{}", n % 3), "all".to_owned()],
        data_size: Some(n * 100),
        file_type: Some("image".to_owned()),
        content_type: Some("image/png".to_owned()),
        attributes: json!({ "year": 1990 + n, "place": { "town": "Ulm" } }).as_object().cloned(),
        ..NewFile::at(format!("oss://b/dir{}/file{n}.png", n % 4))
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn vector(n: u64) -> Vec<f32> {
    (0..u64::from(DIMENSION)).map(|d| ((n * 7 + d * 13) % 31) as f32 - 15.0).collect()
}

/// A closed file with records in two text segments, dead ones, a space with a graph, and a note.
pub fn filled() -> Vec<u8> {
    let device = MemoryDevice::default();
    let database = open(device.clone()).expect("a database");
    let version = database.default_version().expect("a version");
    let space = NewSpace::new("s", "model", DIMENSION);
    database.create_space(&version, &space).expect("a space");
    let add = |from: u64, to: u64| {
        let mut batch = database.batch(&version);
        for n in from..to {
            batch.create_embedded(file(n), vec![NewVector::of(vector(n))]);
        }
        assert!(batch.commit().expect("a commit").all_succeeded(), "files {from} to {to}");
    };
    add(0, FILES - 10);
    database.optimize().expect("merged");
    add(FILES - 10, FILES);
    let mut batch = database.batch(&version);
    batch.delete(version.file_id(&file(3).uri));
    batch.purge(version.file_id(&file(5).uri));
    batch.commit().expect("a commit");
    database.put_notes([("fuzzed/note", Some(b"kept"))]).expect("a note");
    database.compact().expect("a small file");
    drop(database);
    device.bytes()
}

/// Questions that between them read every part of a file.
pub fn questions() -> Vec<Query> {
    let texts = [
        "",
        "Tags.all = 't1' AND DataSize > 1000 AND SortBy=FileName",
        "Text:'red car' AND NOT FileName CONTAINS '7'",
        "(Attributes.year >= 2000 OR Attributes.place.town = 'Ulm') AND SortBy=DataSize",
        "HAS Comment AND Status = 'ALL'",
    ];
    let mut all: Vec<Query> =
        texts.iter().map(|text| Query::parse(text).expect("a question")).collect();
    all.push(Query::parse("HAS Uri").expect("a question").vector(vector(1)).top_k(9));
    all
}

/// What a database answers to these: for each the total and the uris of its first page.
pub fn answers(database: &Database) -> filedex::Result<Vec<(u64, Vec<String>)>> {
    let reader = database.reader()?;
    let version = reader.version(None, None)?;
    let answer = |query: Query| {
        let page = reader.list(&version, &query)?;
        Ok((page.total, page.hits.into_iter().map(|hit| hit.record.uri).collect()))
    };
    questions().into_iter().map(answer).collect()
}
