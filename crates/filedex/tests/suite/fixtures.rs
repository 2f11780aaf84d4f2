//! The fixtures' queries, whose answers no part of Filedex computed.

use filedex::import::ImportOptions;
use filedex::{Aggregate, Database, Property, Query, VersionRef};
use filedex_testkit::fixture;

fn imported() -> (tempfile::TempDir, Database, VersionRef) {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::create(dir.path().join("fixtures.filedex")).unwrap();
    let version = db.default_version().unwrap();
    let lines = std::fs::File::open(fixture::folder().join("files.jsonl")).unwrap();
    let report = db
        .import_lines(
            &version,
            std::io::BufReader::new(lines),
            &ImportOptions { batch_items: 700, ..ImportOptions::default() },
            |_| {},
            |error| panic!("line {}: {}", error.line, error.reason),
        )
        .unwrap();
    assert!(report.created >= 2_000, "{report:?}");
    (dir, db, version)
}

#[test]
fn answers() {
    let (_dir, db, version) = imported();
    let reader = db.reader().unwrap();
    for expected in fixture::answers() {
        let mut query = Query::parse(&expected.query).unwrap_or_else(|e| panic!("{e}"));
        if let Some((sort, order)) = expected.sort {
            query = query.sort(sort, order);
        }
        let page = reader.list(&version, &query).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(page.total, expected.total as u64, "{}", expected.query);
        if !expected.first.is_empty() {
            let uris: Vec<_> = page.hits.into_iter().map(|hit| hit.record.uri).collect();
            assert_eq!(uris, expected.first, "{}", expected.query);
        }
    }
}

#[test]
fn statistics() {
    let (_dir, db, version) = imported();
    let reader = db.reader().unwrap();
    for expected in fixture::statistics() {
        let by = match expected.by {
            Property::FileDir => Aggregate::FileDir,
            Property::FileType => Aggregate::FileType,
            Property::TagsUser => Aggregate::TagsUser,
            Property::TagsAll => Aggregate::TagsAll,
            other => panic!("{other} is nothing to count by"),
        };
        let query = Query::parse(expected.query.as_deref().unwrap_or("")).unwrap();
        let groups = reader.statistics(&version, by, &query).unwrap();
        assert_eq!(groups.len(), expected.total, "{by:?}");
        let first: Vec<_> =
            groups.into_iter().take(10).map(|g| (g.key, g.count as usize)).collect();
        assert_eq!(first, expected.first, "{by:?}");
    }
}

/// An export imported elsewhere gives the same records, and importing again changes nothing.
#[test]
fn export_and_import_agree() {
    let (_dir, db, version) = imported();
    let reader = db.reader().unwrap();
    let everything = Query::parse("").unwrap();
    let mut lines = String::new();
    for record in reader.scan(&version, &everything).unwrap() {
        lines.push_str(&filedex::export::line(&record.unwrap()).to_string());
        lines.push('\n');
    }
    let dir = tempfile::tempdir().unwrap();
    let copy = Database::create(dir.path().join("copy.filedex")).unwrap();
    let there = copy.default_version().unwrap();
    let import = |options: ImportOptions<'_>| {
        copy.import_lines(&there, lines.as_bytes(), &options, |_| {}, |e| panic!("{}", e.reason))
            .unwrap()
    };
    let first = import(ImportOptions::default());
    assert_eq!(first.created, first.imported());
    let again = import(ImportOptions::default());
    assert_eq!(again.unchanged, first.created, "{again:?}");
    let copied = copy.reader().unwrap();
    for record in reader.scan(&version, &everything).unwrap() {
        let record = record.unwrap();
        let other = copied.get(&there, &record.id).unwrap();
        assert_eq!(filedex::export::line(&other), filedex::export::line(&record));
    }
    assert!(copy.check(|_, _| {}).unwrap().is_sound());
}
