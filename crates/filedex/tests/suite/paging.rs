//! Pages over writes: an untouched record is neither repeated nor lost.

use std::collections::{BTreeSet, HashMap};

use filedex::{
    Database, ErrorKind, FileId, FileUpdate, MergePolicy, NewFile, Order, Query, SortBy,
};
use filedex_testkit::Seed;

fn files(count: usize, from: usize) -> impl Iterator<Item = NewFile> {
    (from..from + count).map(|n| NewFile {
        // Few sizes and few names: ties everywhere.
        data_size: (n % 5 != 0).then_some(n as u64 % 7),
        file_name: Some(format!("name{}.png", n % 11)),
        ..NewFile::at(format!("oss://b/dir{}/file{n}.png", n % 3))
    })
}

/// Pages are walked while every step inserts, updates and deletes others; each record that nothing
/// touched comes exactly once.
#[test]
fn untouched_records_come_once() {
    let orders = [
        (SortBy::DataSize, Order::Asc),
        (SortBy::DataSize, Order::Desc),
        (SortBy::FileName, Order::Asc),
        (SortBy::FileName, Order::Desc),
        (SortBy::RecordCreateTime, Order::Desc),
        (SortBy::FileUpdateTime, Order::Asc),
    ];
    for (round, (sort, order)) in orders.into_iter().enumerate() {
        let mut seed = Seed::of_run(100 + round as u64);
        let dir = tempfile::tempdir().unwrap();
        let db = Database::create(dir.path().join("p.filedex")).unwrap();
        let version = db.default_version().unwrap();
        let mut batch = db.batch(&version);
        files(300, 0).for_each(|file| {
            batch.create(file);
        });
        batch.commit().unwrap();

        let mut seen: HashMap<FileId, usize> = HashMap::new();
        let mut touched: BTreeSet<usize> = BTreeSet::new();
        let mut query = Query::parse("FileDir = 'dir1' OR FileDir = 'dir2'")
            .unwrap()
            .sort(sort.clone(), order)
            .limit(7);
        let mut inserted = 1_000;
        let mut total = None;
        loop {
            let page = db.reader().unwrap().list(&version, &query).unwrap();
            // Every page tells the total of page one.
            assert_eq!(*total.get_or_insert(page.total), page.total);
            for hit in page.hits {
                *seen.entry(hit.record.id).or_default() += 1;
            }
            let Some(next) = page.next else { break };
            query = query.after(next);
            let mut batch = db.batch(&version);
            for _ in 0..4 {
                let n = seed.below(300);
                touched.insert(n);
                let id = version.file_id(&format!("oss://b/dir{}/file{n}.png", n % 3));
                if seed.chance(30) {
                    batch.delete(id);
                } else {
                    let data_size = Some(seed.below(7) as u64);
                    batch.update(id, FileUpdate { data_size, ..FileUpdate::default() });
                }
            }
            files(3, inserted).for_each(|file| {
                batch.create(file);
            });
            inserted += 3;
            batch.commit().unwrap();
        }
        for n in (0..300).filter(|n| n % 3 != 0 && !touched.contains(n)) {
            let id = version.file_id(&format!("oss://b/dir{}/file{n}.png", n % 3));
            let times = seen.get(&id).copied().unwrap_or(0);
            assert_eq!(times, 1, "file {n}, {sort} {order:?}, seed {}", seed.origin());
        }
    }
}

/// A ranked answer's cursor holds until the version changes, and not over it; a merge changes
/// nothing that a cursor can see.
#[test]
fn ranked_cursors_end_with_their_ranking() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::builder()
        .merge_policy(MergePolicy::Manual)
        .create(dir.path().join("p.filedex"))
        .unwrap();
    let version = db.default_version().unwrap();
    for part in 0..5 {
        let mut batch = db.batch(&version);
        files(20, part * 20).for_each(|file| {
            batch.create(file);
        });
        batch.commit().unwrap();
    }
    let query = Query::parse("Text:'name3 dir1'").unwrap().limit(5);
    let reader = db.reader().unwrap();
    let first = reader.list(&version, &query).unwrap();
    let second = query.clone().after(first.next.unwrap());
    let expected: Vec<_> =
        reader.list(&version, &second).unwrap().hits.into_iter().map(|h| h.record.id).collect();
    db.optimize().unwrap();
    let got = db.reader().unwrap().list(&version, &second).unwrap();
    assert_eq!(got.hits.into_iter().map(|h| h.record.id).collect::<Vec<_>>(), expected);

    let mut batch = db.batch(&version);
    batch.create(NewFile::at("oss://b/new.png"));
    batch.commit().unwrap();
    let error = db.reader().unwrap().list(&version, &second).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleCursor);
    // The snapshot it was made on still serves it.
    assert_eq!(reader.list(&version, &second).unwrap().hits.len(), expected.len());
}

#[test]
fn cursors_of_other_questions_versions_and_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let db = Database::create(dir.path().join(name)).unwrap();
        let version = db.default_version().unwrap();
        let mut batch = db.batch(&version);
        files(30, 0).for_each(|file| {
            batch.create(file);
        });
        batch.commit().unwrap();
        (db, version)
    };
    let (db, version) = open("a.filedex");
    let (other_db, other_version) = open("b.filedex");
    let second_version = db.create_version("default", "v2").unwrap();
    let query = Query::parse("FileType = 'image'").unwrap();
    let cursor = db.reader().unwrap().list(&version, &query).unwrap().next.unwrap();
    let refused = |result: filedex::Result<filedex::Page>| {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BadCursor);
    };
    let reader = db.reader().unwrap();
    let continued = query.clone().after(cursor.clone());
    assert!(reader.list(&version, &continued).is_ok());
    // The same question in other words continues.
    let same = Query::parse("filetype='image'").unwrap().after(cursor.clone());
    assert!(reader.list(&version, &same).is_ok());
    refused(reader.list(&second_version, &continued));
    refused(other_db.reader().unwrap().list(&other_version, &continued));
    for other in ["FileType = 'video'", "FileType = 'image' AND Status = 'ALL'", ""] {
        refused(reader.list(&version, &Query::parse(other).unwrap().after(cursor.clone())));
    }
    refused(
        reader.list(
            &version,
            &query.clone().sort(SortBy::DataSize, Order::Asc).after(cursor.clone()),
        ),
    );
    for text in ["", "AAAA", "not a cursor", &cursor.as_str()[1..]] {
        refused(reader.list(&version, &query.clone().after(filedex::Cursor::new(text))));
    }
}
