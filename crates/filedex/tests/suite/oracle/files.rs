//! Files of one version against the naive oracle: generated operations and queries, merges between
//! them, ranking by words.

use filedex::{
    Aggregate, Database, FileId, FileRecord, Filter, ImportMode, MergePolicy, Order, Property,
    Query, Reader, SortBy, StatusFilter, VersionRef,
};
use filedex_testkit::oracle::{ImportMode as OracleMode, Operation};
use filedex_testkit::{Generator, Oracle, Seed};

const STATUSES: [StatusFilter; 3] =
    [StatusFilter::Active, StatusFilter::Deleted, StatusFilter::All];

/// A database and an oracle that are told the same.
struct Pair {
    db: Database,
    version: VersionRef,
    oracle: Oracle,
    generator: Generator,
    seed: u64,
    _dir: tempfile::TempDir,
}

impl Pair {
    fn new(default_seed: u64) -> Self {
        let seed = Seed::of_run(default_seed);
        let origin = seed.origin();
        let dir = tempfile::tempdir().unwrap();
        // Merges run where the test says, so that a failing seed replays.
        let db = Database::builder()
            .merge_policy(MergePolicy::Manual)
            .create(dir.path().join("pair.filedex"))
            .unwrap();
        let version = db.default_version().unwrap();
        let oracle = Oracle::new(version.dataset_id.clone());
        let generator = Generator::new(seed, version.dataset_id.clone());
        Self { db, version, oracle, generator, seed: origin, _dir: dir }
    }

    /// One batch of operations on both; outcomes are equal.
    fn batch(&mut self, operations: usize) {
        let now = self.generator.tick();
        let mut batch = self.db.batch(&self.version);
        batch.at(now);
        let mut expected = Vec::new();
        for _ in 0..operations {
            let operation = self.generator.operation();
            match operation.clone() {
                Operation::Create(file) => batch.create(file),
                Operation::Import(file, OracleMode::Merge) => batch.import(file, ImportMode::Merge),
                Operation::Import(file, OracleMode::Replace) => {
                    batch.import(file, ImportMode::Replace)
                }
                Operation::Update(id, update) => batch.update(id, update),
                Operation::UpdateDetails(id, update) => batch.update_details(id, update),
                Operation::Delete(id) => batch.delete(id),
                Operation::Purge(id) => batch.purge(id),
            };
            expected.push((operation.clone(), self.oracle.apply(operation, now)));
        }
        let report = batch.commit().unwrap();
        assert_eq!(report.outcomes.len(), expected.len());
        for (got, (operation, expected)) in report.outcomes.into_iter().zip(expected) {
            assert_eq!(got, expected, "{operation:?}, seed {}", self.seed);
        }
    }

    /// Every record, one by one.
    fn compare_records(&self, reader: &Reader) {
        for record in self.oracle.records() {
            let got: FileRecord = reader.get(&self.version, &record.id).unwrap();
            assert_eq!(&got, record, "seed {}", self.seed);
        }
        let all = Query::filter(Filter::All).status(StatusFilter::All);
        let count = reader.count(&self.version, &all).unwrap();
        assert_eq!(count, self.oracle.records().len() as u64, "seed {}", self.seed);
    }

    /// One generated query, all its pages, all statuses.
    fn compare_query(&mut self, reader: &Reader) {
        let filter = self.generator.filter(3);
        let (sort, order) = self.generator.sort();
        let limit = self.generator.page_size();
        let now = self.generator.now();
        let status = *self.generator.seed().pick(&STATUSES);
        let text = printed(&filter);
        let parsed = Query::parse(&text).unwrap_or_else(|e| panic!("{e}\nseed {}", self.seed));
        assert_eq!(parsed.as_filter(), filter, "{text}, seed {}", self.seed);
        let query = parsed.sort(sort.clone(), order).status(status).limit(limit).at(now);
        let expected = self.oracle.list(&filter.clone().at(now), status, &sort, order);
        let got = walk(reader, &self.version, &query, expected.len() as u64);
        assert_eq!(
            got, expected,
            "{text}\nsort {sort} {order:?}, {status:?}, pages of {limit}, seed {}",
            self.seed
        );
    }

    fn compare_statistics(&mut self, reader: &Reader) {
        let groups = [
            (Aggregate::FileDir, Property::FileDir),
            (Aggregate::FileType, Property::FileType),
            (Aggregate::TagsUser, Property::TagsUser),
            (Aggregate::TagsAi, Property::TagsAi),
            (Aggregate::TagsAll, Property::TagsAll),
            (Aggregate::TagsUserDeleteAi, Property::TagsUserDeleteAi),
        ];
        let filter =
            if self.generator.seed().chance(50) { Filter::All } else { self.generator.filter(2) };
        let now = self.generator.now();
        for (by, property) in groups {
            for status in STATUSES {
                let query = Query::filter(filter.clone()).status(status).at(now);
                let got = reader.statistics(&self.version, by, &query).unwrap();
                let got: Vec<_> = got.into_iter().map(|g| (g.key, g.count as usize)).collect();
                let expected = self.oracle.facets(&property, &filter.clone().at(now), status);
                assert_eq!(got, expected, "{by:?} {status:?} {filter:?} seed {}", self.seed);
            }
        }
    }
}

fn printed(filter: &Filter) -> String {
    Query::filter(filter.clone()).to_string()
}

/// The ids on all pages; each page tells the total.
fn walk(reader: &Reader, version: &VersionRef, query: &Query, total: u64) -> Vec<FileId> {
    let mut query = query.clone();
    let mut ids = Vec::new();
    loop {
        let page = reader.list(version, &query).unwrap_or_else(|e| panic!("{e}: {query}"));
        assert_eq!(page.total, total, "{query}");
        ids.extend(page.hits.into_iter().map(|hit| hit.record.id));
        match page.next {
            Some(next) => query = query.after(next),
            None => return ids,
        }
    }
}

fn run(seed: u64, batches: usize, operations: usize, queries: usize) {
    let mut pair = Pair::new(seed);
    for step in 0..batches {
        pair.batch(operations);
        if step % 7 == 6 {
            pair.db.optimize().unwrap();
        }
        let reader = pair.db.reader().unwrap();
        pair.compare_records(&reader);
        for _ in 0..queries {
            pair.compare_query(&reader);
        }
        pair.compare_statistics(&reader);
    }
    let report = pair.db.check(|_, _| {}).unwrap();
    assert!(report.is_sound(), "{:?}, seed {}", report.findings, pair.seed);
}

#[test]
fn small_batches() {
    run(11, 40, 4, 12);
}

#[test]
fn large_batches() {
    run(12, 6, 150, 60);
}

#[test]
fn single_operations() {
    run(13, 60, 1, 4);
}

/// The default order is newest first; a snapshot does not see what comes after it.
#[test]
fn snapshots_and_default_order() {
    let mut pair = Pair::new(14);
    pair.batch(50);
    let reader = pair.db.reader().unwrap();
    let before = pair.oracle.newest_first(&Filter::All, StatusFilter::Active);
    pair.batch(50);
    let all = Query::filter(Filter::All).limit(10_000);
    let total = before.len() as u64;
    assert_eq!(walk(&reader, &pair.version, &all, total), before);
    let now = pair.oracle.newest_first(&Filter::All, StatusFilter::Active);
    let newer = pair.db.reader().unwrap();
    assert_eq!(walk(&newer, &pair.version, &all, now.len() as u64), now);
    assert_eq!(walk(&reader, &pair.version, &all, total), before);
}

/// Ranking by text: the same set as the filter, scores descending, equal whatever the segments.
#[test]
fn ranked_answers_do_not_depend_on_segments() {
    let mut pair = Pair::new(15);
    for _ in 0..12 {
        pair.batch(25);
    }
    let texts = ["beach", "red car", "IMG_1234", "北京", "café sunset 2025"];
    let ask = |pair: &Pair, text: &str, limit: u32| {
        let query = Query::parse(&format!("Text:'{text}'")).unwrap().limit(limit);
        let reader = pair.db.reader().unwrap();
        let (mut query, mut all) = (query, Vec::new());
        loop {
            let page = reader.list(&pair.version, &query).unwrap();
            all.extend(page.hits.into_iter().map(|h| (h.record.id, h.score.unwrap().to_bits())));
            match page.next {
                Some(next) => query = query.after(next),
                None => return all,
            }
        }
    };
    let before: Vec<_> = texts.iter().map(|text| ask(&pair, text, 3)).collect();
    pair.db.optimize().unwrap();
    for (text, before) in texts.iter().zip(before) {
        let after = ask(&pair, text, 10_000);
        assert_eq!(before, after, "{text}, seed {}", pair.seed);
        assert!(after.windows(2).all(|p| {
            let (a, b) = (f32::from_bits(p[0].1), f32::from_bits(p[1].1));
            a > b || (a == b && p[0].0 < p[1].0)
        }));
        let filter = Query::parse(&format!("Text:'{text}'")).unwrap().as_filter();
        let mut ids: Vec<_> = after.into_iter().map(|(id, _)| id).collect();
        ids.sort();
        let mut expected =
            pair.oracle.list(&filter, StatusFilter::Active, &SortBy::DataSize, Order::Asc);
        expected.sort();
        assert_eq!(ids, expected, "{text}, seed {}", pair.seed);
    }
}
