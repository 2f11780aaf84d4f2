//! Readers that are held: without an expiry they see their commit for ever and the file grows, with
//! one they end and it does not.

use std::time::Duration;

use filedex::{
    Aggregate, Database, Device, ErrorKind, FileUpdate, Filter, MemoryDevice, MergePolicy, NewFile,
    Order, Query, Reader, Result, SortBy, VersionRef,
};

const FILES: u64 = 200;

fn database(expiry: Option<Duration>) -> (Database, MemoryDevice, VersionRef) {
    let device = MemoryDevice::default();
    let db = Database::builder()
        .snapshot_expiry(expiry)
        .merge_policy(MergePolicy::Manual)
        .open_device(device.clone())
        .unwrap();
    let version = db.default_version().unwrap();
    let mut batch = db.batch(&version);
    for number in 0..FILES {
        batch.create(NewFile {
            data_size: Some(number),
            comment: Some(format!("file number {number}")),
            ..NewFile::at(uri(number))
        });
    }
    assert!(batch.commit().unwrap().all_succeeded());
    (db, device, version)
}

fn uri(number: u64) -> String {
    format!("oss://b/{number}.png")
}

/// A commit that changes every file.
fn change_all(db: &Database, version: &VersionRef, round: u64) {
    let mut batch = db.batch(version);
    for number in 0..FILES {
        let comment = Some(format!("round {round} of file {number}"));
        batch
            .update(version.file_id(&uri(number)), FileUpdate { comment, ..FileUpdate::default() });
    }
    assert!(batch.commit().unwrap().all_succeeded());
}

/// The length of the file after many commits beside a reader of the first.
fn grown(expiry: Option<Duration>, held: bool) -> u64 {
    let (db, device, version) = database(expiry);
    let reader = held.then(|| db.reader().unwrap());
    for round in 0..120 {
        change_all(&db, &version, round);
        if round % 8 == 7 {
            db.optimize().unwrap();
        }
    }
    drop(reader);
    device.len().unwrap()
}

#[test]
fn a_held_reader_grows_the_file_until_it_expires() {
    let alone = grown(None, false);
    let held = grown(None, true);
    let expired = grown(Some(Duration::ZERO), true);
    assert!(held >= 2 * alone, "{held} bytes beside a reader, {alone} without");
    assert!(expired <= alone, "{expired} bytes where it expired, {alone} without a reader");
}

/// Every question that a reader answers.
type Question = fn(&Reader, &VersionRef) -> Result<()>;

const QUESTIONS: [(&str, Question); 10] = [
    ("datasets", |reader, _| reader.datasets().map(drop)),
    ("version", |reader, _| reader.version(None, None).map(drop)),
    ("get", |reader, version| reader.get(version, &version.file_id(&uri(3))).map(drop)),
    ("list", |reader, version| reader.list(version, &Query::parse("Text:'number'")?).map(drop)),
    ("count", |reader, version| reader.count(version, &Query::filter(Filter::All)).map(drop)),
    ("scan", |reader, version| reader.scan(version, &Query::filter(Filter::All)).map(drop)),
    ("statistics", |reader, version| {
        reader.statistics(version, Aggregate::FileType, &Query::filter(Filter::All)).map(drop)
    }),
    ("folder", |reader, version| reader.folder(version, "").map(drop)),
    ("spaces", |reader, version| reader.spaces(version).map(drop)),
    ("notes", |reader, _| reader.notes("").map(drop)),
];

#[test]
fn an_expired_reader_is_refused_and_its_clones_with_it() {
    let (db, _, version) = database(Some(Duration::ZERO));
    let reader = db.reader().unwrap();
    let clone = reader.clone();
    let generation = reader.generation();
    let mut scan = reader.scan(&version, &Query::filter(Filter::All)).unwrap();
    assert!(scan.next().unwrap().is_ok());
    for (name, question) in QUESTIONS {
        question(&clone, &version).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    change_all(&db, &version, 0);
    let error = scan.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotExpired);
    assert!(error.to_string().contains("take a new reader"), "{error}");
    for (name, question) in QUESTIONS {
        let error = question(&clone, &version).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SnapshotExpired, "{name}: {error}");
    }
    assert_eq!(clone.generation(), generation);
}

#[test]
fn a_reader_of_the_newest_commit_and_one_within_its_time_go_on() {
    let (db, _, version) = database(Some(Duration::from_secs(3_600)));
    let old = db.reader().unwrap();
    change_all(&db, &version, 0);
    let newest = db.reader().unwrap();
    for (name, question) in QUESTIONS {
        for reader in [&old, &newest] {
            question(reader, &version).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    let (db, _, version) = database(Some(Duration::ZERO));
    let newest = db.reader().unwrap();
    db.check(|_, _| ()).unwrap();
    assert!(newest.get(&version, &version.file_id(&uri(0))).is_ok());
}

#[test]
fn a_cursor_goes_on_with_a_new_reader() {
    let (db, _, version) = database(Some(Duration::ZERO));
    let mut query = Query::filter(Filter::All).sort(SortBy::DataSize, Order::Asc).limit(30);
    let mut sizes = Vec::new();
    for round in 0.. {
        let page = db.reader().unwrap().list(&version, &query).unwrap();
        sizes.extend(page.hits.iter().map(|hit| hit.record.data_size.unwrap()));
        change_all(&db, &version, round);
        match page.next {
            Some(next) => query = query.after(next),
            None => break,
        }
    }
    assert!(sizes.into_iter().eq(0..FILES));
}
