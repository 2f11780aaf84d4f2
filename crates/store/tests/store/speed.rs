//! How fast it is; run with `cargo test --release -p filedex-store speed -- --ignored --nocapture`.
//!
//! 175,000 records of about 700 bytes with random ids, on the disk of the temporary folder.

use std::time::Instant;

use filedex_model::FileRecord;
use filedex_store::{Options, RecordPut, Store};

use crate::records::record;
use crate::sample::{self, dataset, version};

const RECORDS: u32 = 175_000;
const BATCH: usize = 10_000;

fn typical(n: u32) -> FileRecord {
    FileRecord {
        data_size: Some(u64::from(n) * 37),
        file_fingerprint: Some(format!("{n:032X}")),
        file_create_time: Some(sample::time(1_700_000_000_000 + i64::from(n))),
        comment: Some(
            "a red car parked by the side of a road on a sunny day, seen from the left".into(),
        ),
        attributes: sample::object(
            serde_json::json!({"width": 1920, "height": 1080, "camera": "front", "score": 0.25, "split": "train"}),
        ),
        tags: filedex_model::Tags {
            user: vec!["checked".into()],
            ai: [(
                "job-1".to_owned(),
                vec!["car".to_owned(), "road".to_owned(), "sunny".to_owned()],
            )]
            .into(),
            user_delete_ai: Vec::new(),
        },
        revision_id: format!("{n:040x}"),
        content_hash: Some(format!("{n:040x}")),
        content_hash_name: Some("sha1".into()),
        ..record(&format!("oss://bucket/datasets/cars/{:03}/{n:06}.png", n % 500))
    }
}

#[expect(clippy::print_stderr, reason = "what a measurement is for")]
fn say(what: &str, count: u32, start: Instant) {
    let spent = start.elapsed().as_secs_f64();
    let each = spent * 1e6 / f64::from(count);
    eprintln!("{what}: {each:.2} us each, {:.0}/s", f64::from(count) / spent);
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speed.filedex");
    let store = Store::create(&path, &Options::default()).unwrap();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let key = batch.create_version("d-1", &version("1", "v1")).unwrap();
    batch.commit().unwrap();
    let records: Vec<_> = (0..RECORDS).map(typical).collect();

    let start = Instant::now();
    for part in records.chunks(BATCH) {
        let mut batch = store.write().unwrap();
        let first = batch.allocate_rows(key, u32::try_from(part.len()).unwrap()).unwrap();
        let puts: Vec<_> = (first..)
            .zip(part)
            .map(|(row, record)| RecordPut { row, record, previous: None })
            .collect();
        batch.put_records(key, &puts).unwrap();
        batch.commit().unwrap();
    }
    say("put_records, batches of 10,000, commits included", RECORDS, start);

    let start = Instant::now();
    let mut batch = store.write().unwrap();
    for (row, record) in (0..10_000).zip(&records) {
        batch.put_record(key, row, record, Some(record)).unwrap();
    }
    say("put_record of the same name, one call each", 10_000, start);
    let start = Instant::now();
    let first = batch.allocate_rows(key, 10_000).unwrap();
    for n in 0..10_000 {
        batch.put_record(key, first + n, &typical(RECORDS + n), None).unwrap();
    }
    say("put_record of new ones (and making them), one call each", 10_000, start);
    let start = Instant::now();
    for record in &records[..10_000] {
        batch.row_of(key, &record.id).unwrap();
    }
    say("row_of in a batch, one call each", 10_000, start);
    drop(batch);

    let snapshot = store.read().unwrap();
    let random = |n: u32| n.wrapping_mul(2_654_435_761) % RECORDS;
    for pass in ["cold", "warm"] {
        let start = Instant::now();
        for n in 0..100_000 {
            assert!(snapshot.record(key, random(n)).unwrap().is_some());
        }
        say(&format!("record at a random row, {pass}"), 100_000, start);
    }
    let start = Instant::now();
    for n in 0..100_000 {
        assert!(snapshot.id_of(key, random(n)).unwrap().is_some());
    }
    say("id_of", 100_000, start);
    let start = Instant::now();
    for n in 0..100_000 {
        assert!(snapshot.row_of(key, &records[random(n) as usize].id).unwrap().is_some());
    }
    say("row_of", 100_000, start);
    let start = Instant::now();
    assert_eq!(snapshot.records(key, 0).unwrap().map(Result::unwrap).count(), RECORDS as usize);
    say("records in order", RECORDS, start);
    let start = Instant::now();
    assert_eq!(snapshot.folder(key, "").unwrap().file_count, u64::from(RECORDS));
    say("folder at the top, of 500", 1, start);
    drop(snapshot);

    let start = Instant::now();
    for n in 0..200 {
        let old = &records[n as usize];
        let mut batch = store.write().unwrap();
        batch.put_record(key, n, old, Some(old)).unwrap();
        batch.commit().unwrap();
    }
    say("durable commit of one record", 200, start);
    let start = Instant::now();
    for _ in 0..1_000 {
        store.read().unwrap();
    }
    say("snapshot", 1_000, start);
    let start = Instant::now();
    drop(store);
    say("close", 1, start);
    for n in 0..3 {
        let start = Instant::now();
        let store = Store::open(&path, &Options::default()).unwrap();
        say(&format!("open {n}"), 1, start);
        drop(store);
    }
    let start = Instant::now();
    let store = Store::open_read_only(&path, &Options::default()).unwrap();
    say("open_read_only", 1, start);
    let start = Instant::now();
    assert!(filedex_store::check(&store.read().unwrap()).unwrap().is_empty());
    say("check", 1, start);
    drop(store);
    let store = Store::open(&path, &Options::default()).unwrap();
    let start = Instant::now();
    let mut batch = store.write().unwrap();
    batch.delete_version(key).unwrap();
    batch.commit().unwrap();
    say("delete_version of everything", 1, start);
    let start = Instant::now();
    store.compact().unwrap();
    say("compact", 1, start);
}
