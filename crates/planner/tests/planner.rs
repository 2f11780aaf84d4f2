//! The planner over a plain in-memory source: rewrites, choices by name, cursors.

use std::cmp::Ordering;

use filedex_model::{
    Bound, FileId, Filter, Number, Order, Predicate, Property, Range, Row, SortBy, StatusFilter,
    Test, Timestamp, Value, When,
};
use filedex_planner::{
    Access, Estimate, Found, Hit, Path, PlanError, Position, Request, Search, SortKey, Sorting,
    Source, SourceError, answer, choose, normalise,
};

fn filter(text: &str) -> Filter {
    filedex_query::parse(text).unwrap_or_else(|e| panic!("{e}")).filter
}

#[test]
fn rewrites() {
    let cases = [
        ("NOT (FileType='a' AND FileType='b')", "NOT FileType='a' OR NOT FileType='b'"),
        ("NOT (FileType='a' OR NOT HAS Comment)", "NOT FileType='a' AND HAS Comment"),
        ("FileType='a' OR FileType='b' OR FileType='a'", "FileType IN ('a','b')"),
        ("FileType='a' AND FileType='a'", "FileType='a'"),
        ("DataSize>1 AND DataSize>=5 AND DataSize<9", "DataSize>=5 AND DataSize<9"),
        // A comparison is never inverted under NOT.
        ("NOT DataSize > 5", "NOT DataSize > 5"),
        // Ranges of a property with several values stay apart.
        ("Attributes.w>5 AND Attributes.w<3", "Attributes.w>5 AND Attributes.w<3"),
    ];
    for (from, to) in cases {
        let (got, want) = (normalise(filter(from)), normalise(filter(to)));
        assert_eq!(got, want, "{from}");
    }
    for nothing in [
        "DataSize>5 AND DataSize<3",
        "HAS Comment AND NOT HAS Comment",
        "DataSize>5 AND DataSize<5",
    ] {
        assert_eq!(normalise(filter(nothing)), Filter::Nothing, "{nothing}");
    }
    assert_eq!(normalise(filter("HAS Comment OR NOT HAS Comment")), Filter::All);
    let merged = normalise(filter("DataSize>=5 AND DataSize<9"));
    let from = Bound::Included(Value::Number(Number::from(5_u64)));
    let to = Bound::Excluded(Value::Number(Number::from(9_u64)));
    assert_eq!(merged, Filter::test(Property::DataSize, Test::InRange(Range { from, to })));
}

/// Rows 0..n; row r has size r % 10, and one record in a hundred has a tag.
struct Numbers {
    rows: Row,
    changes: u64,
}

impl Numbers {
    fn id(row: Row) -> FileId {
        FileId::of("d", &row.to_string())
    }

    fn size(row: Row) -> i64 {
        i64::from(row % 10)
    }

    fn matches(predicate: &Predicate, row: Row) -> bool {
        match (&predicate.property, &predicate.test) {
            (Property::TagsAll, _) => row.is_multiple_of(100),
            (Property::DataSize, Test::InRange(range)) => {
                let inside = |bound: &Bound, lower: bool| match bound {
                    Bound::Open => true,
                    Bound::Included(Value::Number(n)) | Bound::Excluded(Value::Number(n)) => {
                        let order = Number::from(Self::size(row)).cmp(n);
                        order.is_eq() && matches!(bound, Bound::Included(_))
                            || order == if lower { Ordering::Greater } else { Ordering::Less }
                    }
                    _ => false,
                };
                inside(&range.from, true) && inside(&range.to, false)
            }
            (Property::Text, _) => row.is_multiple_of(2),
            _ => false,
        }
    }

    fn holds(access: &Access, row: Row) -> bool {
        match access {
            Access::Everything => true,
            Access::Nothing => false,
            Access::Rows(rows) => rows.contains(&row),
            Access::Find(p) | Access::Check(p) => Self::matches(p, row),
            Access::All(parts) => parts.iter().all(|p| Self::holds(p, row)),
            Access::Any(parts) => parts.iter().any(|p| Self::holds(p, row)),
            Access::Not(inner) => !Self::holds(inner, row),
        }
    }
}

impl Source for Numbers {
    fn identity(&self) -> String {
        "numbers".into()
    }

    fn change_number(&self) -> u64 {
        self.changes
    }

    fn live_rows(&self) -> u64 {
        self.rows.into()
    }

    fn estimate(&self, predicate: &Predicate) -> Result<Estimate, SourceError> {
        let rows = (0..self.rows).filter(|row| Self::matches(predicate, *row)).count();
        Ok(Estimate::exactly(rows as u64))
    }

    fn row_of(&self, id: &FileId) -> Result<Option<Row>, SourceError> {
        Ok((0..self.rows).find(|row| Self::id(*row) == *id))
    }

    fn id_of(&self, row: Row) -> Result<FileId, SourceError> {
        Ok(Self::id(row))
    }

    fn search(&self, search: &Search<'_>) -> Result<Found, SourceError> {
        let mut hits: Vec<Hit> = (0..self.rows)
            .filter(|row| Self::holds(search.access, *row))
            .map(|row| match search.sorting {
                Sorting::Field(..) => Hit { row, key: SortKey::Int(Self::size(row)), score: None },
                Sorting::Relevance(_) => Hit { row, key: SortKey::Score(1.0), score: Some(1.0) },
            })
            .collect();
        let place = |key: &SortKey, id: FileId| {
            let SortKey::Int(n) = key else { return (0, id) };
            (if matches!(search.sorting, Sorting::Field(_, Order::Desc)) { -n } else { *n }, id)
        };
        hits.sort_by_key(|hit| place(&hit.key, Self::id(hit.row)));
        let total = hits.len() as u64;
        if let Some(Position { key, id }) = search.after {
            hits.retain(|hit| place(&hit.key, Self::id(hit.row)) > place(key, *id));
        }
        hits.truncate(search.limit);
        Ok(Found { total, hits })
    }

    fn rows(&self, access: &Access) -> Result<Vec<Row>, SourceError> {
        Ok((0..self.rows).filter(|row| Self::holds(access, *row)).collect())
    }

    fn count(&self, access: &Access, _status: StatusFilter) -> Result<u64, SourceError> {
        Ok((0..self.rows).filter(|row| Self::holds(access, *row)).count() as u64)
    }
}

#[test]
fn choices_by_name() {
    let source = Numbers { rows: 1_000, changes: 0 };
    let id = Numbers::id(3);
    let cases = [
        ("", Path::Everything, 0),
        ("DataSize > 3 AND DataSize < 2", Path::Nothing, 0),
        ("Tags.all = 'x'", Path::Postings, 0),
        // A narrow driver has the column checked, a wide one has it scanned.
        ("DataSize > 3 AND Tags.all = 'x'", Path::Postings, 1),
        ("DataSize > 3 AND Text:'x'", Path::Postings, 0),
        ("DataSize > 8 AND Text:'x'", Path::Column, 0),
        ("NOT Tags.all = 'x'", Path::Complement, 0),
        ("NOT Tags.all = 'x' AND DataSize > 3", Path::Column, 0),
        ("Tags.all = 'x' OR DataSize > 3", Path::Union, 0),
        (&format!("DatasetFileMetaId = '{id}'"), Path::Ids, 0),
        ("FileName : 'a b'", Path::Phrase, 0),
        ("FileName CONTAINS 'a'", Path::Dictionary, 0),
    ];
    for (text, path, checks) in cases {
        let plan = choose(&normalise(filter(text)), &source).unwrap();
        assert_eq!(plan.access.path(), path, "{text}: {plan:?}");
        let Access::All(parts) = &plan.access else {
            assert_eq!(checks, 0, "{text}: {plan:?}");
            continue;
        };
        let checked = parts.iter().filter(|p| matches!(p, Access::Check(_))).count();
        assert_eq!(checked, checks, "{text}: {plan:?}");
    }
}

fn walk(source: &Numbers, request: &Request) -> Result<Vec<FileId>, PlanError> {
    let mut request = request.clone();
    let mut all = Vec::new();
    loop {
        let page = answer(&request, source)?;
        all.extend(page.hits.iter().map(|hit| hit.id));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(all),
        }
    }
}

#[test]
fn pages_partition_with_ties() {
    let source = Numbers { rows: 200, changes: 0 };
    for order in [Order::Asc, Order::Desc] {
        for limit in [1, 7, 99, 100, 101, 10_000] {
            let request = Request {
                sort: Some(SortBy::DataSize),
                order,
                limit,
                ..Request::new(filter("DataSize > 4"))
            };
            let all = walk(&source, &request).unwrap();
            let mut distinct = all.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!((all.len(), distinct.len()), (100, 100), "{order:?} {limit}");
        }
    }
}

#[test]
fn cursors_are_bound() {
    let source = Numbers { rows: 1_000, changes: 0 };
    let request = Request::new(filter("DataSize > 4"));
    let next = answer(&request, &source).unwrap().next;
    let with = |text: &str| Request { cursor: next.clone(), ..Request::new(filter(text)) };
    assert!(answer(&with("DataSize > 4"), &source).is_ok());
    let later = Numbers { rows: 900, changes: 1 };
    let page = answer(&with("DataSize > 4"), &later).unwrap();
    assert_eq!(page.total, 500, "the total is page one's");
    assert!(matches!(answer(&with("DataSize > 5"), &source), Err(PlanError::CursorForeign)));
    let other_order = Request { sort: Some(SortBy::DataSize), ..with("DataSize > 4") };
    assert!(matches!(answer(&other_order, &source), Err(PlanError::CursorForeign)));

    let ranked = Request::new(filter("Text:'x'"));
    let cursor = answer(&ranked, &source).unwrap().next;
    let ranked = Request { cursor, ..ranked };
    assert!(answer(&ranked, &source).is_ok());
    assert!(matches!(answer(&ranked, &later), Err(PlanError::CursorStale)));
}

#[test]
fn the_clock_of_page_one_is_kept() {
    let source = Numbers { rows: 100, changes: 0 };
    let text = "FileUpdateTime > -7d OR DataSize >= 0";
    let first = answer(&Request::new(filter(text)), &source).unwrap();
    let later = Timestamp::now().shifted(1_000_000);
    let second = Request { now: later, cursor: first.next, ..Request::new(filter(text)) };
    assert!(answer(&second, &source).is_ok());
    assert_eq!(When::Ago(-5).resolve(later).millis(), later.millis() - 5);
}

#[test]
fn bounds_of_a_page() {
    let source = Numbers { rows: 10, changes: 0 };
    for (limit, fine) in [(0, false), (1, true), (10_000, true), (10_001, false)] {
        let request = Request { limit, ..Request::new(Filter::All) };
        assert_eq!(answer(&request, &source).is_ok(), fine, "{limit}");
    }
    let relevance = Request { sort: Some(SortBy::Relevance), ..Request::new(Filter::All) };
    assert!(matches!(answer(&relevance, &source), Err(PlanError::NothingToRank)));
}

#[test]
fn explanations_name_the_driver_and_count() {
    let source = Numbers { rows: 1_000, changes: 0 };
    let text = "DataSize > 3 AND Tags.all = 'x'";
    let request = Request { explain: true, ..Request::new(filter(text)) };
    let explanation = answer(&request, &source).unwrap().explanation.unwrap();
    assert_eq!(explanation.driver, Path::Postings);
    let steps: Vec<_> = explanation
        .steps
        .iter()
        .map(|s| (s.path, s.what.as_str(), s.estimated, s.actual))
        .collect();
    assert_eq!(
        steps,
        [
            (Path::Postings, "all of", None, 0),
            (Path::Postings, "Tags.all = 'x'", Some(10), 10),
            (Path::Check, "DataSize > 3", Some(600), 600),
        ]
    );
}
