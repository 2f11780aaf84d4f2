//! Files that cannot be opened, batches and lines that cannot be taken: each a clear error, nothing
//! lost.

use std::fs;
use std::path::Path;

use filedex::import::{ImportOptions, parse_line};
use filedex::{Database, ErrorKind, ItemError, NewFile, Query, limits};

fn with_one_file(path: &Path) {
    let db = Database::create(path).unwrap();
    let version = db.default_version().unwrap();
    let mut batch = db.batch(&version);
    batch.create(NewFile::at("oss://b/1.png"));
    assert!(batch.commit().unwrap().all_succeeded());
}

fn open_error(path: &Path) -> ErrorKind {
    Database::open(path).unwrap_err().kind()
}

#[test]
fn files_that_are_not_ours() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    assert_eq!(open_error(&path("absent")), ErrorKind::NotFound);
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("text", b"hello, this is not a database".to_vec()),
        ("zeros", vec![0; 100_000]),
        ("noise", (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
    ] {
        fs::write(path(name), &bytes).unwrap();
        assert_eq!(open_error(&path(name)), ErrorKind::Unsupported, "{name}");
        assert_eq!(fs::read(path(name)).unwrap(), bytes, "{name} is left as it was");
    }
    assert_ne!(open_error(dir.path()), ErrorKind::NotFound, "a folder");
}

#[test]
fn truncated_files_are_refused_or_right() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole.filedex");
    with_one_file(&whole);
    let bytes = fs::read(&whole).unwrap();
    let cut = dir.path().join("cut.filedex");
    for part in 1..20 {
        fs::write(&cut, &bytes[..bytes.len() * part / 20]).unwrap();
        // Either a clear error, or a file that answers; never a panic.
        match Database::open(&cut) {
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::Damaged | ErrorKind::Unsupported),
                "{part}: {error}"
            ),
            Ok(db) => {
                if let Ok(report) = db.check(|_, _| {}) {
                    assert!(report.is_sound() || !report.findings.is_empty());
                }
            }
        }
    }
}

#[test]
fn one_writer_at_a_time_and_several_readers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    with_one_file(&path);
    let held = Database::open(&path).unwrap();
    let error = Database::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    drop(held);
    let first = Database::open_read_only(&path).unwrap();
    let second = Database::open_read_only(&path).unwrap();
    let version = second.reader().unwrap().version(None, None).unwrap();
    assert_eq!(second.reader().unwrap().count(&version, &Query::parse("").unwrap()).unwrap(), 1);
    let mut batch = second.batch(&version);
    batch.create(NewFile::at("oss://b/2.png"));
    assert_eq!(batch.commit().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(open_error(&path), ErrorKind::Locked);
    drop((first, second));
    assert_eq!(Database::create(&path).unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn one_bad_item_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::create(dir.path().join("a.filedex")).unwrap();
    let version = db.default_version().unwrap();
    let bad = [
        NewFile::at(""),
        NewFile::at("oss://b/a\u{7}b.png"),
        NewFile::at("x".repeat(limits::URI_BYTES + 1)),
        NewFile { file_name: Some("a/b".into()), ..NewFile::at("oss://b/2.png") },
        NewFile { data_size: Some(u64::MAX), ..NewFile::at("oss://b/3.png") },
        NewFile { tags_user: vec![String::new()], ..NewFile::at("oss://b/4.png") },
        NewFile {
            tags_user: vec!["t".repeat(limits::TAG_BYTES + 1)],
            ..NewFile::at("oss://b/5.png")
        },
        NewFile {
            comment: Some("c".repeat(limits::COMMENT_BYTES + 1)),
            ..NewFile::at("oss://b/6.png")
        },
        NewFile {
            attributes: serde_json::json!({"a\u{1}b": 1}).as_object().cloned(),
            ..NewFile::at("oss://b/7.png")
        },
    ];
    let mut batch = db.batch(&version);
    batch.create(NewFile::at("oss://b/good.png"));
    let count = bad.len();
    for file in bad {
        batch.create(file);
    }
    batch.create(NewFile {
        uri: format!("oss://{}", "x".repeat(limits::URI_BYTES - 6)),
        file_name: Some("n".into()),
        comment: Some("c".repeat(limits::COMMENT_BYTES)),
        data_size: Some(limits::DATA_SIZE),
        tags_user: vec!["t".repeat(limits::TAG_BYTES)],
        ..NewFile::default()
    });
    let report = batch.commit().unwrap();
    assert_eq!((report.succeeded().count(), report.failed().count()), (2, count));
    for (_, error) in report.failed() {
        assert!(matches!(error, ItemError::Invalid { .. }), "{error}");
    }
    let reader = db.reader().unwrap();
    assert_eq!(reader.count(&version, &Query::parse("").unwrap()).unwrap(), 2);
    let long = format!("Comment = '{}'", "c".repeat(limits::QUERY_BYTES - 20));
    assert_eq!(reader.count(&version, &Query::parse(&long).unwrap()).unwrap(), 0);
    assert!(db.check(|_, _| {}).unwrap().is_sound());

    let mut batch = db.batch(&version);
    for n in 0..=limits::BATCH_ITEMS {
        batch.delete(version.file_id(&n.to_string()));
    }
    assert_eq!(batch.commit().unwrap_err().kind(), ErrorKind::BadInput);
}

#[test]
fn lines() {
    let wrong = [
        "",
        "nonsense",
        "[1,2]",
        "{}",
        r#"{"uri":5}"#,
        r#"{"uri":"u","data_size":-1}"#,
        r#"{"uri":"u","data_size":"12"}"#,
        r#"{"uri":"u","file_update_time":"2025-02-30"}"#,
        r#"{"uri":"u","tags_user":"car"}"#,
        r#"{"uri":"u","tags_ai":5}"#,
        r#"{"uri":"u","attributes":[]}"#,
        r#"{"uri":"u","attributes":5,"other":1}"#,
        r#"{"uri":"u","image_media":{"no such field":1}}"#,
        r#"{"uri":"u","hidden":"yes"}"#,
    ];
    for line in wrong {
        let reason = parse_line(line).unwrap_err();
        assert!(!reason.is_empty(), "{line}");
    }
    let file = parse_line(
        r#"{"uri":"u","caption":"c","source":"tate","attributes":{"source":"kept"},"extra":[1],"comment":null}"#,
    )
    .unwrap();
    assert_eq!(file.comment.as_deref(), Some("c"));
    let attributes = file.attributes.unwrap();
    assert_eq!((&attributes["source"], &attributes["extra"]), (&"kept".into(), &vec![1].into()));
}

#[test]
fn an_import_goes_on_past_bad_lines() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::create(dir.path().join("a.filedex")).unwrap();
    let version = db.default_version().unwrap();
    let mut input = b"\xef\xbb\xbf{\"uri\":\"oss://b/1.png\"}\n\n".to_vec();
    input.extend(b"{\"uri\":\"oss://b/\xff.png\"}\n");
    input.extend(b"not json\n{\"uri\":\"oss://b/2.png\",\"file_name\":\"a/b\"}\n");
    input.extend(b"{\"uri\":\"oss://b/3.png\"}\r\n{\"uri\":\"oss://b/3.png\",\"caption\":\"x\"}");
    let mut errors = Vec::new();
    let report = db
        .import_lines(
            &version,
            &input[..],
            &ImportOptions::default(),
            |_| {},
            |e| errors.push(e.line),
        )
        .unwrap();
    errors.sort_unstable();
    assert_eq!(errors, [3, 4, 5]);
    assert_eq!((report.created, report.updated, report.failed), (2, 1, 3));
}

/// A pattern that is none is the query's fault, and says so.
#[test]
fn patterns_that_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    with_one_file(&path);
    let db = Database::open(&path).unwrap();
    let version = db.default_version().unwrap();
    let query = Query::parse("FileDir GLOB 'a[b'").unwrap();
    let error = db.reader().unwrap().list(&version, &query).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadInput | ErrorKind::BadQuery), "{error}");
}
