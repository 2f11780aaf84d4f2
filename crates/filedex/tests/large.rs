//! The large data set (about 175,000 real records), where it is there: `shared/data` beside the
//! repository, or the folder that `FILEDEX_DATA` names. Run by `.ci/run`; see CONTRIBUTING.md.

#![expect(clippy::print_stdout, reason = "a test that tells what it did")]

use std::io::{BufReader, Read};
use std::path::Path;

use filedex::import::ImportOptions;
use filedex::{Aggregate, Database, ImportMode, Order, Query, SortBy, StatusFilter, VersionRef};
use filedex_testkit::Oracle;
use filedex_testkit::fixture::shared_data;

/// Unpacked JSON lines; the window of these files is 64 MiB.
fn lines(data: &Path) -> impl Read + Send {
    let file = std::fs::File::open(data.join("files/files.jsonl.zst")).expect("the file");
    ruzstd::decoding::StreamingDecoder::new(BufReader::new(file)).expect("zstd")
}

fn import(db: &Database, version: &VersionRef, data: &Path) -> filedex::import::ImportReport {
    let options = ImportOptions::default();
    db.import_lines(
        version,
        BufReader::new(lines(data)),
        &options,
        |_| {},
        |e| panic!("line {}: {}", e.line, e.reason),
    )
    .expect("an import")
}

/// Everything is imported, importing again changes nothing, `check` is clean, and totals, first
/// pages and statistics of telling queries are those of the naive oracle.
#[test]
#[ignore = "needs the large data set and some minutes; run by .ci/run"]
fn the_large_set_agrees_with_the_oracle() {
    let Some(data) = shared_data() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let db = Database::create(dir.path().join("large.filedex")).expect("a database");
    let version = db.default_version().expect("a version");
    let report = import(&db, &version, &data);
    assert_eq!(report.created, 175_849);
    assert_eq!(import(&db, &version, &data).unchanged, 175_849);

    let mut oracle = Oracle::new(version.dataset_id.clone());
    for record in db.reader().unwrap().scan(&version, &Query::parse("").unwrap()).unwrap() {
        oracle.adopt(record.expect("a record"));
    }
    let queries = [
        "Tags.all = 'hill' AND NOT Tags.all = 'mountain'",
        "FileType = 'image' AND Attributes.width >= 800 AND HAS Comment",
        "Comment : 'harris studio' OR Comment : 'portrait'",
        "FileName CONTAINS 'star' AND DataSize > 4000",
        "Attributes.artist = 'George Jones' AND Attributes.medium : 'ink'",
        "FileUpdateTime >= '2017-01-01' AND NOT FileDir = 'teenie' AND DataSize < 1000",
        "(Tags.user = 'river' OR Tags.user = 'castle') AND Attributes.year_start < 1800",
        "FileDir GLOB '/usr/share/openclipart/svg/**' AND NOT HAS Tags.user",
        "Attributes.created_earliest < '0001-01-01'",
        "Text : 'fishing boats at sunset'",
        "Tags.user = 'catle'~1 OR Attributes.artist = 'Turner'*",
    ];
    let orders = [
        (SortBy::FileUpdateTime, Order::Desc),
        (SortBy::FileName, Order::Asc),
        (SortBy::DataSize, Order::Asc),
    ];
    let reader = db.reader().unwrap();
    for (at, text) in queries.into_iter().enumerate() {
        let (sort, order) = orders[at % orders.len()].clone();
        let query = Query::parse(text).unwrap().sort(sort.clone(), order).limit(500);
        let expected = oracle.list(&query.as_filter(), StatusFilter::Active, &sort, order);
        let page = reader.list(&version, &query).unwrap();
        assert_eq!(page.total, expected.len() as u64, "{text}");
        let got: Vec<_> = page.hits.iter().map(|hit| hit.record.id).collect();
        assert_eq!(got, expected[..got.len()], "{text}");
        println!("{:>7} {text}", page.total);
    }
    let filter = Query::parse("Attributes.artist : 'turner'").unwrap();
    let groups = reader.statistics(&version, Aggregate::TagsAll, &filter).unwrap();
    let expected =
        oracle.facets(&filedex::Property::TagsAll, &filter.as_filter(), StatusFilter::Active);
    let groups: Vec<_> = groups.into_iter().map(|g| (g.key, g.count as usize)).collect();
    assert_eq!(groups, expected);

    drop(reader);
    let mut batch = db.batch(&version);
    for record in oracle.records().iter().step_by(100) {
        batch.delete(record.id);
        let file = filedex::NewFile { starred: Some(true), ..filedex::NewFile::at(&record.uri) };
        batch.import(file, ImportMode::Merge);
    }
    assert!(batch.commit().unwrap().all_succeeded());
    let compacted = db.compact().unwrap();
    assert!(compacted.after <= compacted.before);
    let report = db.check(|_, _| {}).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    println!("checked {} records, {} bytes after compaction", report.records, compacted.after);
}
