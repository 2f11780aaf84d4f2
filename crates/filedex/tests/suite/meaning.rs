//! Search by meaning, alone and joined with words, against plain arithmetic over a list.

use std::collections::BTreeMap;

use filedex::{
    Cursor, Database, ErrorKind, FileId, FileUpdate, Fusion, ListedFile, MergePolicy, Metric,
    NearestPath, NewFile, NewSpace, NewVector, Order, Page, Query, QueryType, Reader, SortBy,
    Space, StatusFilter, TagEdit, Timestamp, VectorStorage, VersionRef,
};
use filedex_testkit::Seed;

const DIMENSION: u32 = 6;
const WORDS: [&str; 8] = ["car", "red", "beach", "sun", "dog", "night", "snow", "tree"];

/// What the database should hold.
#[derive(Default)]
struct Plain {
    files: BTreeMap<FileId, PlainFile>,
}

#[derive(Clone, Default)]
struct PlainFile {
    vector: Option<Vec<f32>>,
    size: u64,
    tag: bool,
}

fn space_of(metric: Metric, storage: VectorStorage) -> NewSpace {
    let normalised = metric == Metric::Cosine;
    NewSpace { metric, storage, normalised, ..NewSpace::new("s", "model", DIMENSION) }
}

/// Few different values, so that vectors and products tie.
fn vector(seed: &mut Seed) -> Vec<f32> {
    loop {
        let vector: Vec<f32> = (0..DIMENSION).map(|_| (seed.below(5) as f32 - 2.0) / 2.0).collect();
        if vector.iter().any(|x| *x != 0.0) {
            return vector;
        }
    }
}

fn caption(seed: &mut Seed) -> String {
    let count = seed.below(6);
    let words: Vec<&str> = (0..count).map(|_| WORDS[seed.below(WORDS.len())]).collect();
    words.join(" ")
}

fn write(db: &Database, version: &VersionRef, plain: &mut Plain, seed: &mut Seed) {
    let mut batch = db.batch(version);
    for _ in 0..1 + seed.below(24) {
        let uri = format!("oss://b/{}.png", seed.below(120));
        let id = version.file_id(&uri);
        let known = plain.files.contains_key(&id);
        match seed.below(10) {
            0..=4 if !known => {
                let tag = seed.below(3) == 0;
                let size = seed.below(9) as u64;
                let with = (seed.below(5) > 0).then(|| vector(seed));
                let file = NewFile {
                    comment: Some(caption(seed)),
                    data_size: Some(size),
                    tags_user: if tag { vec!["t".into()] } else { vec![] },
                    ..NewFile::at(&uri)
                };
                let vectors = with.iter().cloned().map(NewVector::of).collect();
                batch.create_embedded(file, vectors);
                plain.files.insert(id, PlainFile { vector: with, size, tag });
            }
            5 | 6 => {
                let values = vector(seed);
                batch.set_vector(id, NewVector::of(values.clone()).in_space("s"));
                if let Some(file) = plain.files.get_mut(&id) {
                    file.vector = Some(values);
                }
            }
            7 => {
                batch.remove_vector(id, None);
                if let Some(file) = plain.files.get_mut(&id) {
                    file.vector = None;
                }
            }
            8 => {
                batch.delete(id);
                plain.files.remove(&id);
            }
            _ => {
                let edit = TagEdit { add: vec!["t".into()], remove: vec![] };
                batch.update(id, FileUpdate { tags_user: edit, ..FileUpdate::default() });
                if let Some(file) = plain.files.get_mut(&id) {
                    file.tag = true;
                }
            }
        }
    }
    batch.commit().unwrap();
}

/// A question in all of its parts.
#[derive(Clone, Debug)]
struct Question {
    vector: Vec<f32>,
    words: Option<String>,
    only_tagged: bool,
    top_k: u32,
    above: Option<f32>,
    fusion: Fusion,
    weight: f32,
}

impl Question {
    fn random(seed: &mut Seed) -> Self {
        Self {
            vector: vector(seed),
            words: (seed.below(2) == 0)
                .then(|| format!("{} {}", WORDS[seed.below(8)], WORDS[seed.below(8)])),
            only_tagged: seed.below(3) == 0,
            top_k: [1, 3, 10, 100][seed.below(4)],
            above: (seed.below(4) == 0).then(|| seed.below(140) as f32 / 100.0 - 0.5),
            fusion: if seed.below(3) == 0 { Fusion::Rrf } else { Fusion::Convex },
            weight: [0.0, 0.3, 0.6, 1.0][seed.below(4)],
        }
    }

    fn filter(&self) -> &'static str {
        if self.only_tagged { "Tags.all = 't'" } else { "" }
    }

    fn query(&self) -> Query {
        // Words join through QueryText; the vector is given, so no model is asked.
        let options = filedex::ListOptions {
            query_text: self.words.clone(),
            tags: filedex::TagMatch {
                all: if self.only_tagged { vec!["t".into()] } else { vec![] },
                ..Default::default()
            },
            ..Default::default()
        };
        let query = Query::from_options(&options).unwrap();
        let query = query.vector(self.vector.clone()).top_k(self.top_k);
        let query = query.fuse(self.fusion, Some(self.weight));
        match self.above {
            Some(above) => query.above(above),
            None => query,
        }
    }

    /// The answer by plain arithmetic: id, similarity and what it is ranked by.
    fn answer(
        &self,
        plain: &Plain,
        space: &Space,
        reader: &Reader,
        version: &VersionRef,
    ) -> Vec<(FileId, Option<f32>, f32)> {
        let query = space.accept(&self.vector).unwrap();
        let filed = plain.files.iter().filter(|(_, file)| file.tag || !self.only_tagged);
        let similarity: BTreeMap<FileId, f32> = filed
            .filter_map(|(id, file)| {
                let kept = space.accept(file.vector.as_ref()?).unwrap();
                Some((*id, space.metric.score(&query, &kept) as f32))
            })
            .filter(|(_, score)| self.above.is_none_or(|above| *score > above))
            .collect();
        let words: Vec<ListedFile> = match &self.words {
            None => Vec::new(),
            Some(words) => {
                let and = if self.only_tagged { " AND " } else { "" };
                let text = format!("{}{and}Text:'{words}'", self.filter());
                let query = Query::parse(&text).unwrap().limit(10_000);
                reader.list(version, &query).unwrap().hits
            }
        };
        let bm25: BTreeMap<FileId, f32> =
            words.iter().map(|hit| (hit.record.id, hit.score.unwrap())).collect();
        let best = words.first().map_or(0.0, |hit| hit.score.unwrap());
        let place = |scores: &BTreeMap<FileId, f32>, id: &FileId| -> Option<f32> {
            let score = scores.get(id)?;
            Some(1.0 + scores.values().filter(|other| *other > score).count() as f32)
        };
        let candidates: Vec<FileId> = if self.words.is_none() || self.above.is_some() {
            similarity.keys().copied().collect()
        } else {
            let both = similarity.keys().chain(bm25.keys()).copied();
            both.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
        };
        let mut ranked: Vec<(FileId, Option<f32>, f32)> = candidates
            .into_iter()
            .map(|id| {
                let (near, text) = (similarity.get(&id).copied(), bm25.get(&id).copied());
                let key = match (&self.words, self.fusion) {
                    (None, _) => near.unwrap(),
                    (Some(_), Fusion::Convex) => {
                        let text = if best > 0.0 { text.unwrap_or(0.0) / best } else { 0.0 };
                        self.weight * near.unwrap_or(0.0).max(0.0) + (1.0 - self.weight) * text
                    }
                    (Some(_), Fusion::Rrf) => {
                        let term = |place: Option<f32>| place.map_or(0.0, |p| 1.0 / (60.0 + p));
                        2.0 * (self.weight * term(place(&similarity, &id))
                            + (1.0 - self.weight) * term(place(&bm25, &id)))
                    }
                };
                (id, near, key)
            })
            .collect();
        ranked.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        ranked.truncate(self.top_k as usize);
        ranked
    }
}

fn walk(reader: &Reader, version: &VersionRef, query: &Query, size: u32) -> (Vec<ListedFile>, u64) {
    let mut hits = Vec::new();
    let mut query = query.clone().limit(size);
    loop {
        let page = reader.list(version, &query).unwrap();
        let total = page.total;
        hits.extend(page.hits);
        match page.next {
            Some(next) => query = query.after(next),
            None => return (hits, total),
        }
    }
}

fn compare(reader: &Reader, version: &VersionRef, plain: &Plain, seed: &mut Seed) {
    let space = reader.spaces(version).unwrap().remove(0).space;
    let question = Question::random(seed);
    let wanted = question.answer(plain, &space, reader, version);
    let query = question.query();
    for size in [1, 3, 200] {
        let (hits, total) = walk(reader, version, &query, size);
        let found: Vec<_> = hits.iter().map(|hit| (hit.record.id, hit.score)).collect();
        let expected: Vec<_> = wanted.iter().map(|(id, score, _)| (*id, *score)).collect();
        assert_eq!(found, expected, "pages of {size}, {question:?}");
        assert_eq!(total, wanted.len() as u64);
        for (hit, (_, _, key)) in hits.iter().zip(&wanted) {
            let parts = hit.parts.unwrap();
            assert_eq!(parts.fused.or(parts.similarity), Some(*key), "{question:?}");
        }
    }
    // Similar enough, smallest first.
    let by_size = query.clone().sort(SortBy::DataSize, Order::Asc);
    let (hits, total) = walk(reader, version, &by_size, 4);
    let mut expected: Vec<_> =
        wanted.iter().map(|(id, score, _)| (plain.files[id].size, *id, *score)).collect();
    expected.sort_by_key(|(size, id, _)| (*size, *id));
    let found: Vec<_> =
        hits.iter().map(|hit| (hit.record.data_size.unwrap(), hit.record.id, hit.score)).collect();
    assert_eq!((found, total), (expected, wanted.len() as u64), "{question:?}");
    // Each file can say why it is there or not, and the count and the scan agree.
    assert_eq!(reader.count(version, &query).unwrap(), wanted.len() as u64);
    let scanned = reader.scan(version, &query).unwrap().map(|record| record.unwrap().id);
    let mut scanned: Vec<FileId> = scanned.collect();
    scanned.sort_unstable();
    let mut ids: Vec<FileId> = wanted.iter().map(|(id, ..)| *id).collect();
    ids.sort_unstable();
    assert_eq!(scanned, ids);
    for id in plain.files.keys().take(12) {
        let why = reader.why(version, &query, id).unwrap();
        let place = wanted.iter().position(|(hit, ..)| hit == id);
        assert_eq!(why.place, place.map(|at| at as u64 + 1), "{question:?}");
        assert_eq!(why.reasons().is_empty(), place.is_some(), "{question:?} {why}");
    }
}

/// Random writes and questions, over merges, reopening and rebuilding, under every metric.
#[test]
fn answers_are_those_of_plain_arithmetic() {
    let kinds = [
        (Metric::Cosine, VectorStorage::F32),
        (Metric::Dot, VectorStorage::F32),
        (Metric::L2, VectorStorage::F16),
    ];
    for (round, (metric, storage)) in kinds.into_iter().enumerate() {
        let mut seed = Seed::of_run(700 + round as u64);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.filedex");
        let mut db = Database::builder().merge_policy(MergePolicy::Manual).create(&path).unwrap();
        let version = db.default_version().unwrap();
        db.create_space(&version, &space_of(metric, storage)).unwrap();
        let mut plain = Plain::default();
        for step in 0..40 {
            write(&db, &version, &mut plain, &mut seed);
            let reader = db.reader().unwrap();
            for _ in 0..3 {
                compare(&reader, &version, &plain, &mut seed);
            }
            drop(reader);
            match step % 10 {
                3 => db.optimize().unwrap(),
                6 => {
                    drop(db);
                    db = Database::open(&path).unwrap();
                }
                9 => {
                    let report = db.check(|_, _| {}).unwrap();
                    assert!(report.is_sound(), "{:?}", report.findings);
                    let rebuilt = db.rebuild(|_, _| {}).unwrap();
                    assert_eq!((rebuilt.vectors, rebuilt.lost_vectors), (report.vectors, 0));
                }
                _ => {}
            }
        }
    }
}

fn ring(count: usize) -> impl Iterator<Item = (String, Vec<f32>)> {
    (0..count).map(move |n| {
        let angle = n as f32 / count as f32 * std::f32::consts::TAU;
        (format!("file:///r/{n}.png"), vec![angle.cos(), angle.sin()])
    })
}

fn ring_of(count: usize) -> (tempfile::TempDir, Database, VersionRef) {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::create(dir.path().join("r.filedex")).unwrap();
    let version = db.default_version().unwrap();
    db.create_space(&version, &NewSpace::new("ring", "angles", 2)).unwrap();
    let mut batch = db.batch(&version);
    for (uri, vector) in ring(count) {
        batch.create_embedded(NewFile::at(uri), vec![NewVector::of(vector)]);
    }
    assert!(batch.commit().unwrap().all_succeeded());
    (dir, db, version)
}

fn uris(page: &Page) -> Vec<String> {
    page.hits.iter().map(|hit| hit.record.uri.clone()).collect()
}

#[test]
fn more_like_this_leaves_the_file_itself_out() {
    let (_dir, db, version) = ring_of(36);
    let reader = db.reader().unwrap();
    let by_uri = Query::parse("SimilarTo = 'file:///r/0.png' AND TopK = 2").unwrap();
    let near = reader.list(&version, &by_uri).unwrap();
    let mut found = uris(&near);
    found.sort();
    assert_eq!(found, ["file:///r/1.png", "file:///r/35.png"]);
    assert_eq!((near.total, near.nearest), (2, Some(NearestPath::Exact)));
    let id = version.file_id("file:///r/0.png");
    let by_id = Query::parse(&format!("SimilarTo = '{id}' AND TopK = 2")).unwrap();
    assert_eq!(uris(&reader.list(&version, &by_id).unwrap()), uris(&near));
    // A picture of the version is itself the first.
    let options = filedex::ListOptions {
        query_image: Some("file:///r/0.png".into()),
        top_k: Some(1),
        ..Default::default()
    };
    let same = reader.list(&version, &Query::from_options(&options).unwrap()).unwrap();
    assert_eq!((uris(&same), same.hits[0].score), (vec!["file:///r/0.png".into()], Some(1.0)));
}

#[test]
fn ranked_cursors_hold_for_one_state_and_one_question() {
    let (_dir, db, version) = ring_of(30);
    let query = Query::parse("TopK = 20").unwrap().vector(vec![1.0, 0.2]).limit(5);
    let page = db.reader().unwrap().list(&version, &query).unwrap();
    let next: Cursor = page.next.clone().unwrap();
    // Another vector, another TopK, another space: other questions.
    for other in [
        query.clone().vector(vec![1.0, 0.3]),
        query.clone().top_k(21),
        query.clone().exact(),
        query.clone().above(0.1),
        Query::parse("").unwrap(),
    ] {
        let error = db.reader().unwrap().list(&version, &other.after(next.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadCursor);
    }
    let held = db.reader().unwrap();
    let mut batch = db.batch(&version);
    batch.set_vector(version.file_id("file:///r/3.png"), NewVector::of(vec![1.0, 0.2]));
    batch.commit().unwrap();
    let on = query.clone().after(next);
    assert_eq!(held.list(&version, &on).unwrap().hits.len(), 5);
    let error = db.reader().unwrap().list(&version, &on).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleCursor);
    // A merge changes no answer, so it makes no cursor stale.
    let page = db.reader().unwrap().list(&version, &query).unwrap();
    db.optimize().unwrap();
    let second = query.after(page.next.unwrap());
    assert_eq!(db.reader().unwrap().list(&version, &second).unwrap().hits.len(), 5);
}

#[test]
fn spaces_live_beside_each_other_and_switch_at_once() {
    let (_dir, db, version) = ring_of(10);
    db.create_space(&version, &NewSpace::new("new", "other", 3)).unwrap();
    let mut batch = db.batch(&version);
    for (n, (uri, _)) in ring(10).enumerate() {
        let values = vec![n as f32, 1.0, 0.0];
        batch.set_vector(version.file_id(&uri), NewVector::of(values).in_space("new"));
    }
    assert!(batch.commit().unwrap().all_succeeded());
    let near = |space: Option<&str>, vector: Vec<f32>| {
        let query = Query::parse("TopK = 1").unwrap().vector(vector);
        let query = space.into_iter().fold(query, Query::space);
        db.reader().unwrap().list(&version, &query).map(|page| uris(&page))
    };
    assert_eq!(near(None, vec![1.0, 0.0]).unwrap(), ["file:///r/0.png"]);
    assert_eq!(near(Some("new"), vec![9.0, 1.0, 0.0]).unwrap(), ["file:///r/9.png"]);
    assert_eq!(near(None, vec![9.0, 1.0, 0.0]).unwrap_err().kind(), ErrorKind::BadQuery);
    let held = db.reader().unwrap();
    db.choose_space(&version, "new").unwrap();
    assert_eq!(near(None, vec![9.0, 1.0, 0.0]).unwrap(), ["file:///r/9.png"]);
    assert!(held.spaces(&version).unwrap()[0].chosen, "a snapshot keeps its choice");
    db.drop_space(&version, "ring").unwrap();
    let error = near(Some("ring"), vec![1.0, 0.0]).unwrap_err();
    assert!(error.to_string().contains("there is new"), "{error}");
    assert_eq!(held.spaces(&version).unwrap().len(), 2);
    drop(held);
    let report = db.check(|_, _| {}).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.vectors, 10);
    // Another model's vector is refused by its name.
    let query = Query::parse("").unwrap().vector(vec![1.0, 0.0, 0.0]).model("angles");
    let error = db.reader().unwrap().list(&version, &query).unwrap_err();
    assert!(error.to_string().contains("\"other\""), "{error}");
}

#[test]
fn deletion_takes_vectors_along_and_revival_starts_anew() {
    let (_dir, db, version) = ring_of(4);
    let id = version.file_id("file:///r/0.png");
    let mut batch = db.batch(&version);
    batch.delete(id);
    batch.commit().unwrap();
    let query = Query::parse("TopK = 9").unwrap().vector(vec![1.0, 0.0]);
    let count = |query: &Query| db.reader().unwrap().count(&version, query).unwrap();
    assert_eq!(count(&query), 3);
    assert_eq!(count(&query.clone().status(StatusFilter::All)), 3);
    assert_eq!(count(&query.clone().status(StatusFilter::Deleted)), 0);
    let mut batch = db.batch(&version);
    batch.create(NewFile::at("file:///r/0.png")).at(Timestamp::now());
    batch.commit().unwrap();
    assert_eq!(db.reader().unwrap().vector(&version, &id, None).unwrap(), None);
    assert_eq!(count(&query), 3);
    assert!(db.check(|_, _| {}).unwrap().is_sound());
}

#[test]
fn questions_that_cannot_be_asked() {
    let (_dir, db, version) = ring_of(3);
    let other = db.create_dataset(filedex::NewDataset::named("bare")).unwrap();
    let bare = db.create_version(&other.id, "v1").unwrap();
    let reader = db.reader().unwrap();
    let cases: &[(&str, &VersionRef, &str)] = &[
        ("Content:'a red car'", &version, "model \"angles\", which is not at hand"),
        ("Content:'a red car'", &bare, "has no embedding space"),
        ("SimilarTo = 'file:///none.png'", &version, "neither by URI nor by id"),
        ("TopK = 5", &version, "add Content"),
        ("ScoreThreshold = 0.5", &version, "add Content"),
        ("QueryType = 'VECTOR'", &version, "add Content"),
        ("SimilarTo = 'file:///r/1.png' AND Space = 'x'", &version, "there is ring"),
    ];
    for (text, version, wanted) in cases {
        let error = reader.list(version, &Query::parse(text).unwrap()).unwrap_err();
        assert!(error.to_string().contains(wanted), "{text}: {error}");
    }
    let vector = |values: Vec<f32>| Query::parse("").unwrap().vector(values);
    let cases: Vec<(Query, &str)> = vec![
        (vector(vec![1.0]), "2 dimensions"),
        (vector(vec![0.0, 0.0]), "zero"),
        (vector(vec![f32::NAN, 0.0]), "finite"),
        (vector(vec![f32::INFINITY, 0.0]), "finite"),
        (vector(vec![1.0, 0.0]).top_k(0), "from 1 to 5000"),
        (vector(vec![1.0, 0.0]).top_k(5_001), "from 1 to 5000"),
        (vector(vec![1.0, 0.0]).above(f32::NAN), "ScoreThreshold"),
        (vector(vec![1.0, 0.0]).fuse(Fusion::Convex, Some(1.5)), "from 0 to 1"),
    ];
    for (query, wanted) in cases {
        let error = reader.list(&version, &query).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadQuery);
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let tag = vector(vec![1.0, 0.0]).query_type(QueryType::Tag);
    let page = reader.list(&version, &tag).unwrap();
    assert_eq!((page.total, page.nearest), (3, None), "TAG knows no meaning");
}

#[test]
fn one_bad_vector_fails_alone() {
    let (_dir, db, version) = ring_of(2);
    let mut batch = db.batch(&version);
    let bad: [(Vec<f32>, &str); 5] = [
        (vec![1.0], "2 dimensions"),
        (vec![f32::NAN, 1.0], "finite"),
        (vec![f32::NEG_INFINITY, 1.0], "finite"),
        (vec![0.0, 0.0], "zero"),
        (vec![1e20, 1.0], "1e15"),
    ];
    for (n, (values, _)) in bad.iter().enumerate() {
        let file = NewFile::at(format!("file:///bad/{n}.png"));
        batch.create_embedded(file, vec![NewVector::of(values.clone())]);
    }
    batch.create_embedded(
        NewFile::at("file:///lost.png"),
        vec![NewVector::of(vec![1.0, 0.0]).in_space("nowhere")],
    );
    batch.create_embedded(NewFile::at("file:///good.png"), vec![NewVector::of(vec![5.0, 0.0])]);
    let report = batch.commit().unwrap();
    let reasons: Vec<String> = report.failed().map(|(_, error)| error.to_string()).collect();
    for ((_, wanted), reason) in bad.iter().zip(&reasons) {
        assert!(reason.contains(wanted), "{reason}");
    }
    assert!(reasons[5].contains("\"nowhere\""), "{}", reasons[5]);
    assert_eq!((reasons.len(), db.reader().unwrap().spaces(&version).unwrap()[0].vectors), (6, 3));
}

#[test]
fn a_graph_comes_in_the_background_and_answers_alike() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::builder()
        .graph_rows(Some(500))
        .path_thresholds(filedex::PathThresholds { exact_rows: 10, graph_rows: 100 })
        .create(dir.path().join("g.filedex"))
        .unwrap();
    let version = db.default_version().unwrap();
    db.create_space(&version, &NewSpace::new("ring", "angles", 2)).unwrap();
    let mut batch = db.batch(&version);
    for (uri, vector) in ring(600) {
        batch.create_embedded(NewFile::at(uri), vec![NewVector::of(vector)]);
    }
    batch.commit().unwrap();
    let query = Query::parse("TopK = 5").unwrap().vector(vec![0.3, 0.7]);
    let exact = db.reader().unwrap().list(&version, &query.clone().exact()).unwrap();
    assert_eq!(exact.nearest, Some(NearestPath::Exact));
    // The background may have built it already; this waits for it.
    db.optimize().unwrap();
    assert_eq!(db.reader().unwrap().spaces(&version).unwrap()[0].in_graphs, 600);
    let walked = db.reader().unwrap().list(&version, &query).unwrap();
    assert_eq!((walked.nearest, uris(&walked)), (Some(NearestPath::Graph), uris(&exact)));
    // A filter that most rows fail is scanned; in two dimensions the scan is exact.
    let narrow = Query::parse("TopK = 5 AND FileName CONTAINS '7'").unwrap().vector(vec![0.3, 0.7]);
    let page = db.reader().unwrap().list(&version, &narrow).unwrap();
    assert_eq!((page.nearest, page.total), (Some(NearestPath::Exact), 5));
    let report = db.check(|_, _| {}).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}
