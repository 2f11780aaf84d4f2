//! Orders, totals and counts by value.

use filedex_model::{
    AttributePath, FileId, Filter, NewFile, Order, Property, SortBy, StatusFilter, Test, Timestamp,
};
use filedex_testkit::Oracle;
use serde_json::{Value, json};

fn second(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000).unwrap()
}

/// Files a, b, c, …, one for each value of the attribute `x`.
fn with_values(values: &[Value]) -> Oracle {
    let mut oracle = Oracle::new("d-1");
    for (letter, value) in ('a'..='z').zip(values) {
        let file = NewFile {
            attributes: json!({ "x": value }).as_object().cloned(),
            ..NewFile::at(format!("oss://b/{letter}"))
        };
        oracle.create(file, second(0));
    }
    oracle
}

fn names(oracle: &Oracle, ids: &[FileId]) -> String {
    ids.iter().map(|id| oracle.get(*id).unwrap().file_name.as_str()).collect()
}

/// The names, in the order of the files' ids.
fn by_id(names: &str) -> String {
    let mut letters: Vec<char> = names.chars().collect();
    letters.sort_by_key(|letter| FileId::of("d-1", &format!("oss://b/{letter}")));
    letters.into_iter().collect()
}

#[test]
fn attributes_sort_by_numbers_then_dates_then_nothing() {
    let oracle = with_values(&[
        json!(5),                         // a
        json!([9, 1]),                    // b
        json!("2025-01-01"),              // c
        json!("-2505-01-22"),             // d
        json!("words"),                   // e
        json!([true, null]),              // f
        json!(["2030-01-01", 7]),         // g
        json!(9_007_199_254_740_993_u64), // h
        json!(9_007_199_254_740_992.0),   // i
    ]);
    let sort = SortBy::Attribute(AttributePath::new(["x"]));
    let list =
        |order| names(&oracle, &oracle.list(&Filter::All, StatusFilter::Active, &sort, order));
    assert_eq!(list(Order::Asc), format!("bagihdc{}", by_id("ef")));
    assert_eq!(list(Order::Desc), format!("cdhibga{}", by_id("ef")));
}

#[test]
fn ties_go_by_id_and_missing_values_last() {
    let mut oracle = Oracle::new("d-1");
    for (letter, size) in [('a', Some(1)), ('b', None), ('c', Some(1)), ('d', None), ('e', Some(2))]
    {
        let file = NewFile { data_size: size, ..NewFile::at(format!("oss://b/{letter}")) };
        oracle.create(file, second(i64::from(letter == 'e')));
    }
    let list =
        |sort, order| names(&oracle, &oracle.list(&Filter::All, StatusFilter::All, &sort, order));
    let (equal, missing) = (by_id("ac"), by_id("bd"));
    assert_eq!(list(SortBy::DataSize, Order::Asc), format!("{equal}e{missing}"));
    assert_eq!(list(SortBy::DataSize, Order::Desc), format!("e{equal}{missing}"));
    assert_eq!(list(SortBy::FileName, Order::Desc), "edcba");
    assert_eq!(list(SortBy::FileCreateTime, Order::Desc), by_id("abcde"));
    let newest = oracle.newest_first(&Filter::All, StatusFilter::All);
    assert_eq!(names(&oracle, &newest), format!("e{}", by_id("abcd")));
}

#[test]
fn status_decides_what_is_covered() {
    let mut oracle = with_values(&[json!(1), json!(2), json!(3)]);
    oracle.delete(FileId::of("d-1", "oss://b/b"), second(1));
    let cases =
        [(StatusFilter::Active, "ac"), (StatusFilter::Deleted, "b"), (StatusFilter::All, "abc")];
    for (status, expected) in cases {
        let listed = oracle.list(&Filter::All, status, &SortBy::FileName, Order::Asc);
        assert_eq!(names(&oracle, &listed), expected, "{status:?}");
        assert_eq!(oracle.total(&Filter::All, status), expected.len(), "{status:?}");
    }
}

#[test]
fn facets_count_records_by_value() {
    let mut oracle = Oracle::new("d-1");
    let files: [(&str, &[&str]); 4] = [
        ("oss://b/cars/a.png", &["red", "car"]),
        ("oss://b/cars/b.png", &["car"]),
        ("oss://b/c.txt", &["blue"]),
        ("oss://b/d", &[]),
    ];
    for (uri, tags) in files {
        let tags_user = tags.iter().map(|tag| (*tag).into()).collect();
        oracle.create(NewFile { tags_user, ..NewFile::at(uri) }, second(0));
    }
    let facets = |property| {
        let counts = oracle.facets(&property, &Filter::All, StatusFilter::Active);
        counts.into_iter().map(|(key, count)| format!("{key} {count}")).collect::<Vec<_>>()
    };
    assert_eq!(facets(Property::TagsAll), ["car 2", "blue 1", "red 1"]);
    assert_eq!(facets(Property::FileDir), ["cars 2"]);
    assert_eq!(facets(Property::FileType), ["image 2", "text 1"]);
    let pictures = Filter::test(Property::FileType, Test::StartsWith("image".into()));
    let none = oracle.facets(&Property::TagsAll, &Filter::not(pictures), StatusFilter::Active);
    assert_eq!(none, [("blue".to_owned(), 1)]);
}

#[test]
#[should_panic(expected = "does not rank")]
fn relevance_is_not_for_the_oracle() {
    let oracle = with_values(&[json!(1)]);
    let _ = oracle.list(&Filter::All, StatusFilter::All, &SortBy::Relevance, Order::Desc);
}
