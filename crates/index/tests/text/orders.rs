//! Every order, both ways, page by page.

use std::cmp::Ordering as Cmp;

use filedex_index::{Condition, Found, Hit, IndexError, Ordering, Position, Search, SortKey};
use filedex_model::attribute::{self, AttributeValue};
use filedex_model::{
    AttributePath, Bound, FileRecord, Number, Order, Predicate, Property, Range, Row, SortBy,
    StatusFilter, Test, Value,
};

use crate::naive;
use crate::records::{Random, plain_record, records};
use crate::store::Fixture;

fn every_order() -> Vec<SortBy> {
    let attributes = ["width", "taken", "note", "nowhere", "odd\0key\u{2}\u{3}"];
    let mut orders = vec![
        SortBy::FileCreateTime,
        SortBy::FileUpdateTime,
        SortBy::TagUpdateTime,
        SortBy::SyncTime,
        SortBy::SemanticIndexUpdateTime,
        SortBy::RecordCreateTime,
        SortBy::FileName,
        SortBy::DataSize,
        SortBy::Attribute(AttributePath::new(["exif", "deep"])),
    ];
    orders.extend(attributes.map(|name| SortBy::Attribute(AttributePath::new([name]))));
    orders
}

/// The key a record is sorted by: a kind, bytes that sort, and the key itself.
fn key(record: &FileRecord, by: &SortBy, order: Order) -> Option<(u8, Vec<u8>, SortKey)> {
    let of_int = |n: i64| ((n as u64) ^ (1 << 63)).to_be_bytes().to_vec();
    match by {
        SortBy::FileName => {
            let name = &record.file_name;
            let key = (0, name.as_bytes().to_vec(), SortKey::Text(name.clone()));
            (!name.is_empty()).then_some(key)
        }
        SortBy::Attribute(path) => {
            let values = attribute::values(&record.attributes, path);
            let mut numbers: Vec<_> = values
                .iter()
                .filter_map(|value| match value {
                    AttributeValue::Number(n) => {
                        Some((0, n.key().to_vec(), SortKey::Number(n.key())))
                    }
                    _ => None,
                })
                .collect();
            if numbers.is_empty() {
                numbers.extend(
                    values
                        .iter()
                        .filter_map(AttributeValue::date)
                        .map(|date| (1, of_int(date.millis()), SortKey::Int(date.millis()))),
                );
            }
            numbers.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            match order {
                Order::Asc => numbers.into_iter().next(),
                Order::Desc => numbers.into_iter().next_back(),
            }
        }
        other => naive::integer(record, &other.property().unwrap())
            .map(|n| (0, of_int(n), SortKey::Int(n))),
    }
}

fn sorted(fixture: &Fixture, rows: &[Row], by: &SortBy, order: Order) -> Vec<Hit> {
    let mut keyed: Vec<_> = rows
        .iter()
        .map(|row| (key(fixture.record(*row), by, order), fixture.record(*row).id, *row))
        .collect();
    keyed.sort_by(|(a, a_id, _), (b, b_id, _)| {
        let by_key = match (a, b) {
            (None, None) => Cmp::Equal,
            (None, _) => Cmp::Greater,
            (_, None) => Cmp::Less,
            (Some(a), Some(b)) => {
                let ascending = (a.0, &a.1).cmp(&(b.0, &b.1));
                if order == Order::Asc { ascending } else { ascending.reverse() }
            }
        };
        by_key.then(a_id.cmp(b_id))
    });
    keyed
        .into_iter()
        .map(|(key, _, row)| Hit {
            row,
            key: key.map_or(SortKey::Missing, |(_, _, key)| key),
            score: None,
        })
        .collect()
}

pub fn search(
    fixture: &Fixture,
    condition: &Condition,
    order: Ordering<'_>,
    limit: usize,
    after: Option<&Position>,
) -> Found {
    let search = Search {
        condition,
        status: StatusFilter::All,
        order,
        limit,
        after,
        id_of: &|row| Ok(fixture.record(row).id),
    };
    fixture.index.search(&search).unwrap()
}

/// All hits, page by page.
pub fn paged(
    fixture: &Fixture,
    condition: &Condition,
    order: Ordering<'_>,
    limit: usize,
) -> (u64, Vec<Hit>) {
    let (mut hits, mut after): (Vec<Hit>, Option<Position>) = (Vec::new(), None);
    loop {
        let page = search(fixture, condition, order, limit, after.as_ref());
        let Some(last) = page.hits.last() else { return (page.total, hits) };
        let id = fixture.record(last.row).id;
        after = Some(Position { key: last.key.clone(), id });
        assert!(page.hits.len() <= limit);
        hits.extend(page.hits);
    }
}

#[test]
fn pages_of_every_order_are_the_sorted_records() {
    let mut random = Random::seeded(11);
    for segments in [1, 3, 5] {
        let all = records(&mut random, 300);
        let fixture = Fixture::new(&mut random, all, segments);
        let merged = fixture.merged();
        let conditions = [
            Condition::Everything,
            Condition::Test(Predicate::new(Property::TagsUser, Test::Has)),
            Condition::Test(Predicate::new(Property::FileName, Test::Phrase("beach".into()))),
        ];
        for by in every_order() {
            for order in [Order::Asc, Order::Desc] {
                for (condition, limit) in conditions.iter().zip([1_000, 37, 4]) {
                    let rows = fixture.index.rows(condition, StatusFilter::All).unwrap();
                    let want = sorted(&fixture, &rows, &by, order);
                    for fixture in [&fixture, &merged] {
                        let asked = Ordering::Field { by: &by, order };
                        let (total, hits) = paged(fixture, condition, asked, limit);
                        assert_eq!(total, want.len() as u64);
                        assert_eq!(hits, want, "{by:?} {order:?} {limit}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_first_of_many_are_the_first() {
    let mut random = Random::seeded(14);
    let all: Vec<FileRecord> = (0..5_000).map(|row| plain_record(&mut random, row)).collect();
    let fixture = Fixture::of(all);
    let small = Predicate::new(
        Property::DataSize,
        Test::InRange(Range {
            from: Bound::Open,
            to: Bound::Included(Value::Number(Number::from(3_000_i64))),
        }),
    );
    for condition in [Condition::Everything, Condition::Test(small)] {
        let rows = fixture.index.rows(&condition, StatusFilter::All).unwrap();
        for by in every_order() {
            for order in [Order::Asc, Order::Desc] {
                let want = sorted(&fixture, &rows, &by, order);
                for (start, limit) in [(0, 1), (0, 10), (700, 10), (2_500, 300), (0, 0)] {
                    let after = want.get(start).filter(|_| start > 0).map(|hit| Position {
                        key: hit.key.clone(),
                        id: fixture.record(hit.row).id,
                    });
                    let asked = Ordering::Field { by: &by, order };
                    let got = search(&fixture, &condition, asked, limit, after.as_ref());
                    let first = if start > 0 { want.len().min(start + 1) } else { 0 };
                    let last = want.len().min(first + limit);
                    if after.is_some() || start == 0 {
                        assert_eq!(got.hits, want[first..last], "{by:?} {order:?} {start}");
                    }
                    assert_eq!(got.total, want.len() as u64);
                }
            }
        }
    }
}

#[test]
fn a_page_may_start_where_no_record_is() {
    let mut random = Random::seeded(12);
    let all = records(&mut random, 200);
    let fixture = Fixture::new(&mut random, all, 2);
    let everything = fixture.index.rows(&Condition::Everything, StatusFilter::All).unwrap();
    let positions = [
        (SortBy::FileName, SortKey::Text("IMG".into())),
        (SortBy::FileName, SortKey::Text(String::new())),
        (SortBy::FileName, SortKey::Text("\u{10ffff}".into())),
        (SortBy::DataSize, SortKey::Int(500)),
        (SortBy::DataSize, SortKey::Missing),
        (SortBy::Attribute(AttributePath::new(["width"])), SortKey::Number([128; 10])),
        (SortBy::Attribute(AttributePath::new(["width"])), SortKey::Int(17)),
    ];
    for (by, key) in positions {
        for order in [Order::Asc, Order::Desc] {
            let id = random.one(&[[0; 32], [255; 32], [7; 32]]);
            let id = filedex_model::FileId::from_bytes(id);
            let after = Position { key: key.clone(), id };
            let asked = Ordering::Field { by: &by, order };
            let got = search(&fixture, &Condition::Everything, asked, 1_000, Some(&after));
            // The position as a record of its own, sorted among the others.
            let all = sorted(&fixture, &everything, &by, order);
            let want: Vec<Hit> =
                all.iter().filter(|hit| is_after(&fixture, hit, &after, order)).cloned().collect();
            assert_eq!(got.hits, want, "{by:?} {order:?} {key:?}");
            assert_eq!(got.total, all.len() as u64);
        }
    }
}

fn is_after(fixture: &Fixture, hit: &Hit, after: &Position, order: Order) -> bool {
    let kind = |key: &SortKey| match key {
        SortKey::Number(bytes) => (0, bytes.to_vec()),
        SortKey::Int(n) => (1, ((*n as u64) ^ (1 << 63)).to_be_bytes().to_vec()),
        SortKey::Text(text) => (2, text.as_bytes().to_vec()),
        _ => (3, Vec::new()),
    };
    let by_key = match (&hit.key, &after.key) {
        (SortKey::Missing, SortKey::Missing) => Cmp::Equal,
        (SortKey::Missing, _) => Cmp::Greater,
        (_, SortKey::Missing) => Cmp::Less,
        (a, b) => {
            let ascending = kind(a).cmp(&kind(b));
            if order == Order::Asc { ascending } else { ascending.reverse() }
        }
    };
    by_key.then(fixture.record(hit.row).id.cmp(&after.id)) == Cmp::Greater
}

#[test]
fn a_position_of_another_order_is_refused() {
    let mut random = Random::seeded(13);
    let all = records(&mut random, 50);
    let fixture = Fixture::new(&mut random, all, 1);
    let after = Position { key: SortKey::Score(1.0), id: fixture.live[0].1.id };
    for by in [SortBy::DataSize, SortBy::FileName, SortBy::Relevance] {
        let got = fixture.index.search(&Search {
            condition: &Condition::Everything,
            status: StatusFilter::All,
            order: Ordering::Field { by: &by, order: Order::Asc },
            limit: 10,
            after: Some(&after),
            id_of: &|row| Ok(fixture.record(row).id),
        });
        assert!(matches!(got, Err(IndexError::Unsupported { .. })), "{by:?}");
    }
}
