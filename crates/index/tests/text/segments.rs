//! Segments as such: rows, merges, lengths, what `check` compares.

use std::sync::Arc;

use filedex_index::{
    Condition, DeadDocs, SegmentBuilder, SegmentView, Spill, TextIndex, differences, merge,
    quantised_length, ranking_words,
};
use filedex_model::{FileRecord, Row, StatusFilter};

use crate::records::{Random, record, records};
use crate::store::{Fixture, build, open, with_length};

fn docs_in_order(view: &SegmentView) -> Vec<Row> {
    let index = TextIndex::new(vec![view.clone()], 0);
    let live: Vec<u32> = (0..view.segment.docs()).filter(|doc| !view.dead.contains(*doc)).collect();
    index.rows_of(0, &live).unwrap()
}

#[test]
fn indexes_are_shared_among_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<TextIndex>();
    shared::<filedex_index::TextSegment>();
    shared::<filedex_index::ByteCache>();
    shared::<filedex_index::IndexError>();
}

#[test]
fn a_merge_strings_the_living_together_in_order() {
    let mut random = Random::seeded(31);
    let all = records(&mut random, 200);
    let fixture = Fixture::new(&mut random, all, 4);
    let merged = fixture.merged();
    let want: Vec<Row> = fixture.index.segments().iter().flat_map(docs_in_order).collect();
    assert_eq!(docs_in_order(&merged.index.segments()[0]), want);
    assert_eq!(merged.index.live_docs(), fixture.live.len() as u64);
    assert_eq!(merged.index.live_docs(), fixture.index.live_docs());
}

#[test]
fn rows_are_located_few_or_many() {
    let mut random = Random::seeded(32);
    let all = records(&mut random, 300);
    let fixture = Fixture::new(&mut random, all, 3);
    for percent in [0, 1, 3, 20, 100] {
        let rows: Vec<Row> = (0..310).filter(|_| random.chance(percent)).collect();
        let located = fixture.index.locate(&rows).unwrap();
        let mut found: Vec<Row> = located
            .iter()
            .enumerate()
            .flat_map(|(segment, docs)| fixture.index.rows_of(segment, docs).unwrap())
            .collect();
        found.sort_unstable();
        let want: Vec<Row> =
            fixture.live.iter().map(|(row, _)| *row).filter(|row| rows.contains(row)).collect();
        assert_eq!(found, want);
    }
}

#[test]
fn text_lengths_add_up() {
    let mut random = Random::seeded(33);
    let all: Vec<(Row, FileRecord)> = (0..).zip(records(&mut random, 60)).collect();
    let lengths: Vec<u64> = all
        .iter()
        .map(|(_, record)| u64::from(quantised_length(ranking_words(record).len() as u32)))
        .collect();
    let built = build(&all);
    assert_eq!(built.text_length, lengths.iter().sum::<u64>());
    let view = SegmentView { segment: open(&built, 500), dead: Arc::default() };
    assert_eq!(view.segment.text_length(), lengths.iter().sum::<u64>());
    let index = TextIndex::new(vec![view], 0);
    assert_eq!(index.text_length_of(0, &[3, 59]).unwrap(), lengths[3] + lengths[59]);
    assert!(index.text_length_of(1, &[]).is_err());
    assert!(index.rows_of(0, &[60]).is_err());
}

#[test]
fn empty_segments_are_segments() {
    let built = SegmentBuilder::new().unwrap().finish().unwrap();
    assert_eq!((built.docs, built.text_length), (0, 0));
    let empty = SegmentView { segment: open(&built, 100), dead: Arc::default() };
    let index = TextIndex::new(vec![empty.clone()], 0);
    assert_eq!(index.count(&Condition::Everything, StatusFilter::All).unwrap(), 0);
    assert_eq!(index.locate(&[1, 2]).unwrap(), [Vec::<u32>::new()]);
    let mut random = Random::seeded(34);
    let one = [(9, record(&mut random, 9))];
    let dead: DeadDocs = [0].into_iter().collect();
    let gone = SegmentView { segment: open(&build(&one), 100), dead: Arc::new(dead) };
    let spill = Spill::default();
    assert_eq!(merge(&[gone.clone(), empty.clone()], &spill).unwrap().docs, 0);
    let living = SegmentView { segment: open(&build(&one), 100), dead: Arc::default() };
    assert_eq!(merge(&[gone, empty, living], &spill).unwrap().docs, 1);
}

#[test]
fn differences_see_every_change() {
    let mut random = Random::seeded(35);
    let all = records(&mut random, 120);
    let fixture = Fixture::new(&mut random, all, 3);
    let rebuilt = |live: &[(Row, FileRecord)]| {
        let halves = live.chunks(live.len().div_ceil(2));
        with_length(
            halves
                .map(|half| SegmentView { segment: open(&build(half), 300), dead: Arc::default() })
                .collect(),
        )
    };
    let same = rebuilt(&fixture.live);
    assert_eq!(differences(&fixture.index, &same, 10).unwrap(), Vec::<String>::new());
    assert_eq!(differences(&fixture.merged().index, &same, 10).unwrap(), Vec::<String>::new());
    type Change = fn(&mut FileRecord);
    let changes: [Change; 8] = [
        |r| r.file_name.push('x'),
        |r| r.data_size = Some(77),
        |r| r.tags.user.push("new tag".into()),
        |r| r.starred = !r.starred,
        |r| r.comment = Some("sunset beach sunset".into()),
        |r| drop(r.attributes.insert("new".into(), serde_json::json!([1]))),
        |r| r.sync_time = r.sync_time.shifted(1),
        |r| r.id = filedex_model::FileId::of("other", "id"),
    ];
    for (at, change) in changes.iter().enumerate() {
        let mut changed = fixture.live.clone();
        change(&mut changed[at].1);
        let found = differences(&fixture.index, &rebuilt(&changed), 3).unwrap();
        assert!((1..=3).contains(&found.len()), "change {at}: {found:?}");
    }
    let fewer = differences(&fixture.index, &rebuilt(&fixture.live[1..]), 100).unwrap();
    assert!(fewer[0].starts_with("rows of row"), "{fewer:?}");
}
