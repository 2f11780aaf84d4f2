//! Files of released formats with real indexes, in `fixtures/golden`: each is opened, checked, asked
//! and brought up to date, for ever.
//!
//! `FILEDEX_BLESS=1` makes the file of the newest format where it has none yet. One that is there is
//! never made again: what it holds is what a released program wrote.

use std::path::{Path, PathBuf};

use filedex::{
    Database, FileUpdate, MergePolicy, Metric, NewFile, NewSpace, NewVector, Query, RepairTo,
    StatusFilter, TagEdit, VectorStorage, VersionRef,
};
use filedex_store::FORMAT_VERSION;
use filedex_testkit::fixture;
use serde_json::{Value, json};

/// The first format whose file here has indexes.
const FIRST: u64 = 3;
const RECORDS: usize = 140;
const QUERIES: [&str; 7] = [
    "",
    "HAS Comment",
    "Text:'portrait of a man'",
    "FileName:'json' AND DataSize > 1000",
    "Tags.all = 'kept'",
    "FileDir PREFIX 't'",
    "NOT HAS Tags.user AND FileType = 'image'",
];
const SPACES: [(&str, Metric, VectorStorage); 2] =
    [("codes", Metric::Cosine, VectorStorage::F32), ("halves", Metric::L2, VectorStorage::F16)];

fn folder() -> PathBuf {
    fixture::folder().join("golden")
}

fn unpacked(packed: &Path) -> Vec<u8> {
    let bytes =
        std::fs::read(packed).unwrap_or_else(|error| panic!("{}: {error}", packed.display()));
    lz4_flex::decompress_size_prepended(&bytes).unwrap()
}

/// Numbers that look like any, of a place.
fn vector(place: usize) -> Vec<f32> {
    let number = |at: usize| {
        let mixed = (place * 12 + at + 1).wrapping_mul(0x9E37_79B9) >> 7;
        (mixed % 2_001) as f32 / 1_000.0 - 1.0
    };
    let vector: Vec<f32> = (0..12).map(number).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / length).collect()
}

/// Makes the file: two spaces, one segment with a graph and newer ones beside it, records that were
/// changed, deleted and purged, notes, a second version.
fn make(path: &Path) {
    let builder = Database::builder().merge_policy(MergePolicy::Manual).graph_rows(Some(60));
    let db = builder.create(path).unwrap();
    let version = db.default_version().unwrap();
    for (name, metric, storage) in SPACES {
        let space = NewSpace {
            metric,
            storage,
            normalised: metric == Metric::Cosine,
            ..NewSpace::new(name, "golden model", 12)
        };
        db.create_space(&version, &space).unwrap();
    }
    let files: Vec<NewFile> = fixture::files().into_iter().step_by(16).take(RECORDS).collect();
    assert_eq!(files.len(), RECORDS);
    let ids: Vec<_> = files.iter().map(|file| version.file_id(&file.uri)).collect();
    for half in [0..RECORDS / 2, RECORDS / 2..RECORDS] {
        let mut batch = db.batch(&version);
        for n in half {
            let vectors = SPACES.iter().map(|(name, ..)| NewVector::of(vector(n)).in_space(*name));
            batch.create_embedded(files[n].clone(), vectors.collect());
        }
        assert!(batch.commit().unwrap().all_succeeded());
    }
    db.optimize().unwrap();
    let mut batch = db.batch(&version);
    for n in (0..60).step_by(6) {
        let update = FileUpdate {
            tags_user: TagEdit { add: vec!["kept".into()], remove: Vec::new() },
            ..FileUpdate::default()
        };
        batch.update(ids[n], update);
        batch.set_vector(ids[n], NewVector::of(vector(n + 5_000)).in_space("codes"));
        batch.delete(ids[n + 1]);
        batch.purge(ids[n + 2]);
    }
    assert!(batch.commit().unwrap().all_succeeded());
    let second = db.create_version("default", "second").unwrap();
    let mut batch = db.batch(&second);
    batch.create(NewFile::at("oss://b/second.png"));
    assert!(batch.commit().unwrap().all_succeeded());
    db.put_notes([("golden/a", Some("1")), ("golden/b", Some("2"))]).unwrap();
}

/// All that is asked of a file, as JSON.
fn answers(db: &Database) -> Value {
    let reader = db.reader().unwrap();
    let version = reader.version(None, Some("v1")).unwrap();
    let uris = |query: Query| -> Value {
        let page = reader.list(&version, &query.limit(20)).unwrap();
        let uris: Value = page.hits.iter().map(|hit| hit.record.uri.clone()).collect();
        json!({ "total": page.total, "uris": uris })
    };
    let queries: Value = QUERIES.iter().map(|text| uris(Query::parse(text).unwrap())).collect();
    let nearest: Value = SPACES
        .iter()
        .flat_map(|(name, ..)| [7, 33].map(|place| (*name, place)))
        .map(|(name, place)| {
            let query = Query::parse("").unwrap().vector(vector(place)).space(name).top_k(8);
            uris(query)
        })
        .collect();
    let everything = Query::parse("").unwrap().status(StatusFilter::All);
    let records: Value = reader
        .scan(&version, &everything)
        .unwrap()
        .map(|record| filedex::export::record(&record.unwrap()))
        .collect();
    let notes: Vec<(String, Vec<u8>)> = reader.notes("golden/").unwrap();
    json!({ "queries": queries, "nearest": nearest, "records": records, "notes": notes })
}

/// The nearest by plain arithmetic over the vectors that the file gives back.
fn assert_nearest_are_right(db: &Database, version: &VersionRef) {
    let reader = db.reader().unwrap();
    let wanted = vector(7);
    for (name, metric, _) in SPACES {
        let mut all: Vec<(f64, String)> = Vec::new();
        for record in reader.scan(version, &Query::parse("").unwrap()).unwrap() {
            let record = record.unwrap();
            let Some(found) = reader.vector(version, &record.id, Some(name)).unwrap() else {
                continue;
            };
            let pairs = || found.iter().zip(&wanted).map(|(a, b)| (f64::from(*a), f64::from(*b)));
            let far = match metric {
                Metric::L2 => pairs().map(|(a, b)| (a - b) * (a - b)).sum(),
                _ => -pairs().map(|(a, b)| a * b).sum::<f64>(),
            };
            all.push((far, record.uri));
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let query = Query::parse("").unwrap().vector(wanted.clone()).space(name).top_k(8);
        for query in [query.clone(), query.exact()] {
            let page = reader.list(version, &query).unwrap();
            let uris: Vec<_> = page.hits.iter().map(|hit| &hit.record.uri).collect();
            assert_eq!(uris, all[..8].iter().map(|(_, uri)| uri).collect::<Vec<_>>(), "{name}");
        }
    }
}

/// Whether all that was said is still said; what is said beside it came later.
fn assert_says(now: &Value, then: &Value, at: &str) {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            for (key, value) in then {
                let at = format!("{at}.{key}");
                assert_says(now.get(key).unwrap_or(&Value::Null), value, &at);
            }
        }
        (Value::Array(now), Value::Array(then)) => {
            assert_eq!(now.len(), then.len(), "{at}");
            now.iter().zip(then).enumerate().for_each(|(place, (now, then))| {
                assert_says(now, then, &format!("{at}[{place}]"));
            });
        }
        _ => assert_eq!(now, then, "{at}"),
    }
}

#[test]
fn files_of_released_formats_with_their_indexes() {
    let dir = tempfile::tempdir().unwrap();
    for format in FIRST..=FORMAT_VERSION {
        let packed = folder().join(format!("format-{format}.filedex.lz4"));
        let said = folder().join(format!("format-{format}.json"));
        let path = dir.path().join(format!("{format}.filedex"));
        let bless = std::env::var_os("FILEDEX_BLESS").is_some();
        if bless && format == FORMAT_VERSION && !packed.exists() {
            make(&path);
            std::fs::create_dir_all(folder()).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&packed, lz4_flex::compress_prepend_size(&bytes)).unwrap();
            let answers = answers(&Database::open_read_only(&path).unwrap());
            std::fs::write(&said, serde_json::to_string_pretty(&answers).unwrap() + "\n").unwrap();
            std::fs::remove_file(&path).unwrap();
        }
        std::fs::write(&path, unpacked(&packed)).unwrap();
        let then: Value = serde_json::from_slice(&std::fs::read(said).unwrap()).unwrap();
        let read = Database::open_read_only(&path).unwrap();
        assert_eq!(read.check(|_, _| {}).unwrap().findings, [], "format {format}");
        assert_says(&answers(&read), &then, &format!("format {format}"));
        drop(read);
        assert!(std::fs::read(&path).unwrap() == unpacked(&packed), "format {format} was changed");

        let db = Database::builder().merge_policy(MergePolicy::Manual).open(&path).unwrap();
        let version = db.reader().unwrap().version(None, Some("v1")).unwrap();
        let graphs = db.reader().unwrap().spaces(&version).unwrap()[0].in_graphs;
        assert!(graphs > 0, "format {format}");
        assert_nearest_are_right(&db, &version);
        assert_says(&answers(&db), &then, &format!("format {format}, brought up to date"));
        let mut batch = db.batch(&version);
        batch.create_embedded(
            NewFile::at("oss://b/later.png"),
            vec![NewVector::of(vector(7)).in_space("codes")],
        );
        assert!(batch.commit().unwrap().all_succeeded());
        db.optimize().unwrap();
        assert_eq!(db.check(|_, _| {}).unwrap().findings, [], "format {format}");
        assert_nearest_are_right(&db, &version);
    }
}

/// A repair reads old formats too: the older files have made-up blobs, so only their vectors are lost.
#[test]
fn files_of_released_formats_are_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let store = fixture::folder().join("../crates/store/tests/golden");
    for format in 1..=FORMAT_VERSION {
        let path = dir.path().join(format!("{format}.filedex"));
        let bytes = unpacked(&store.join(format!("format-{format}.filedex.lz4")));
        std::fs::write(&path, bytes).unwrap();
        let report = filedex::repair(&path, &RepairTo::InPlace, |_, _, _| true).unwrap();
        assert_eq!((report.datasets, report.versions, report.records), (2, 3, 4), "{format}");
        let lost: Vec<&str> = report.losses.iter().map(|loss| loss.kind.name()).collect();
        let expected: &[&str] = if format < 2 { &[] } else { &["vector", "deletion"] };
        assert!(lost.iter().all(|kind| expected.contains(kind)), "format {format}: {report:#?}");
        assert_eq!(report.doubts, [], "format {format}");
        let db = Database::open(&path).unwrap();
        assert_eq!(db.check(|_, _| {}).unwrap().findings, [], "format {format}");
    }
}
