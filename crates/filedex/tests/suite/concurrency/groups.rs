//! Groups of files that are written anew as a whole, so that whoever sees two rounds of one group,
//! in any part of the database, sees what never was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use filedex::{
    Aggregate, Batch, Database, Filter, Fusion, ImportMode, NewFile, NewSpace, NewVector, Page,
    Query, Reader, StatusFilter, VersionRef,
};
use filedex_testkit::Seed;

/// So many that eight commits leave most of the first segment alive: it is not merged for its own sake.
pub const GROUPS: usize = 20;
/// A group has at least one file and at most so many.
const LARGEST: usize = 12;
const DIMENSION: u32 = 16;
const SPACE: &str = "s";

/// A group as one round leaves it.
#[derive(Clone, Copy)]
struct Group {
    number: usize,
    round: u64,
}

impl Group {
    /// Chance that belongs to this round of this group.
    fn seed(self) -> Seed {
        Seed::new(self.round.rotate_left(32) ^ self.number as u64)
    }

    fn files(self) -> usize {
        1 + self.seed().below(LARGEST)
    }

    fn uri(self, file: usize) -> String {
        format!("oss://b/{}/{file}.jpg", self.dir())
    }

    fn dir(self) -> String {
        format!("group {}", self.number)
    }

    fn uris(self) -> BTreeSet<String> {
        (0..self.files()).map(|file| self.uri(file)).collect()
    }

    /// A word of letters that no other round and no other group has.
    fn word(self) -> String {
        let digits = format!("{}x{}", self.number, self.round);
        digits.chars().map(|c| c.to_digit(10).map_or(c, |d| char::from(b'a' + d as u8))).collect()
    }

    fn vector(self) -> Vec<f32> {
        let mut seed = self.seed();
        (0..DIMENSION).map(|_| seed.below(2_001) as f32 / 1_000.0 - 1.000_5).collect()
    }
}

/// A version with the space that the groups' vectors are in, and every group in round 0.
pub fn founded(db: &Database) -> VersionRef {
    let version = db.default_version().unwrap();
    db.create_space(&version, &NewSpace::new(SPACE, "model", DIMENSION)).unwrap();
    let mut batch = db.batch(&version);
    (0..GROUPS).for_each(|number| write(&mut batch, &version, number, 0));
    batch.commit().unwrap();
    version
}

/// Writes a group anew. Files that it has no more are deleted, or removed for good.
pub fn write(batch: &mut Batch<'_>, version: &VersionRef, number: usize, round: u64) {
    let group = Group { number, round };
    for file in 0..LARGEST {
        let uri = group.uri(file);
        if file < group.files() {
            let new = NewFile {
                file_dir: Some(group.dir()),
                comment: Some(format!("{} of them", group.word())),
                tags_user: vec![group.word()],
                data_size: Some(round),
                ..NewFile::at(uri)
            };
            batch.import_embedded(new, ImportMode::Replace, vec![NewVector::of(group.vector())]);
        } else if round.is_multiple_of(2) {
            batch.delete(version.file_id(&uri));
        } else {
            batch.purge(version.file_id(&uri));
        }
    }
}

/// Asserts that all parts of a snapshot say the same; answers the round of each group.
pub fn agree(reader: &Reader, version: &VersionRef) -> Vec<u64> {
    agree_about(reader, version, 0..GROUPS)
}

/// The same, with every way to ask for some groups alone.
pub fn agree_about(
    reader: &Reader,
    version: &VersionRef,
    asked: impl IntoIterator<Item = usize>,
) -> Vec<u64> {
    let round = |number| {
        let first = Group { number, round: 0 }.uri(0);
        reader.get(version, &version.file_id(&first)).unwrap().data_size.unwrap()
    };
    let rounds: Vec<u64> = (0..GROUPS).map(round).collect();
    let groups: Vec<Group> =
        (0..).zip(&rounds).map(|(number, round)| Group { number, round: *round }).collect();
    let all: BTreeSet<String> = groups.iter().flat_map(|group| group.uris()).collect();
    same("the records", &uris_of_records(reader, version), &all, &groups);
    let files = all.len() as u64;
    let everything = Query::filter(Filter::All);
    same("the total", &reader.count(version, &everything).unwrap(), &files, &groups);
    same("the top folder", &reader.folder(version, "").unwrap().file_count, &files, &groups);
    same("the vectors", &reader.spaces(version).unwrap()[0].vectors, &files, &groups);
    let tags: BTreeMap<String, u64> =
        groups.iter().map(|group| (group.word(), group.files() as u64)).collect();
    let counted = reader.statistics(version, Aggregate::TagsUser, &everything).unwrap();
    let counted = counted.into_iter().map(|tag| (tag.key, tag.count)).collect();
    same("the statistics", &counted, &tags, &groups);
    asked.into_iter().for_each(|number| agree_on(reader, version, groups[number]));
    rounds
}

/// The URIs of the records, each of which is of the round of its group.
fn uris_of_records(reader: &Reader, version: &VersionRef) -> BTreeSet<String> {
    let everything = Query::filter(Filter::All).status(StatusFilter::Active);
    let mut words = BTreeMap::new();
    let records = reader.scan(version, &everything).unwrap();
    let uris = records.map(|record| {
        let record = record.unwrap();
        let word = record.tags.user.first().cloned().unwrap();
        assert_eq!(record.comment, Some(format!("{word} of them")));
        let known = words.entry(record.file_dir.clone()).or_insert_with(|| word.clone());
        assert_eq!(*known, word, "two rounds of {}", record.file_dir);
        record.uri
    });
    uris.collect()
}

/// Asserts that every way to ask for a group answers all of it and nothing else.
fn agree_on(reader: &Reader, version: &VersionRef, group: Group) {
    let (word, dir, round) = (group.word(), group.dir(), group.round);
    let parse = |text: String| Query::parse(&text).unwrap();
    let near = |query: Query| query.vector(group.vector()).space(SPACE);
    let files = group.files() as u32;
    let ways = [
        ("words", parse(format!("Text:'{word}'"))),
        ("a tag", parse(format!("Tags.user = '{word}'"))),
        ("a folder", parse(format!("FileDir = '{dir}'"))),
        ("a column", parse(format!("DataSize = {round} AND FileDir = '{dir}'"))),
        ("exact vectors", near(Query::filter(Filter::All)).exact().top_k(files)),
        ("near vectors", near(Query::filter(Filter::All)).above(0.999)),
        ("vectors in a folder", near(parse(format!("FileDir = '{dir}'"))).top_k(100)),
        (
            "words and vectors",
            near(parse(format!("Text:'{word}'"))).fuse(Fusion::Convex, None).top_k(100),
        ),
    ];
    for (way, query) in ways {
        same(way, &walked(reader, version, query), &group.uris(), &[group]);
    }
    same("the folder", &reader.folder(version, &dir).unwrap().file_count, &files.into(), &[group]);
}

/// The URIs of all pages.
fn walked(reader: &Reader, version: &VersionRef, query: Query) -> BTreeSet<String> {
    let mut query = query.limit(5);
    let (mut uris, mut total) = (BTreeSet::new(), None);
    loop {
        let Page { hits, next, total: all, .. } = reader.list(version, &query).unwrap();
        for hit in hits {
            assert!(uris.insert(hit.record.uri), "a hit on two pages");
        }
        assert_eq!(*total.get_or_insert(all), all);
        match next {
            Some(next) => query = query.after(next),
            None => break,
        }
    }
    assert_eq!(total, Some(uris.len() as u64), "{query}");
    uris
}

fn same<T: PartialEq + Debug>(what: &str, said: &T, wanted: &T, groups: &[Group]) {
    let rounds: Vec<_> = groups.iter().map(|group| (group.number, group.round)).collect();
    assert_eq!(said, wanted, "{what}, groups and their rounds {rounds:?}");
}
