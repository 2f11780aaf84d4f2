//! Every test on every property, alone and combined, over segments with dead documents.

use filedex_index::{Condition, Facet, IndexError};
use filedex_model::{
    AttributePath, Bound, FileRecord, Number, Predicate, Property, Range, Row, StatusFilter, Test,
    Timestamp, Value, When,
};

use crate::naive;
use crate::records::{PATHS, Random, TAGS, WORDS, number, records, time, words};
use crate::store::Fixture;

const STATUSES: [StatusFilter; 3] =
    [StatusFilter::Active, StatusFilter::Deleted, StatusFilter::All];

fn path(random: &mut Random) -> AttributePath {
    match random.below(8) {
        0 => AttributePath::new(["exif", "deep"]),
        1 => AttributePath::new(["exif", "a b"]),
        2 => AttributePath::new(["nowhere"]),
        3 => AttributePath::new(["k".repeat(3_000)]),
        _ => AttributePath::new([random.one(&PATHS)]),
    }
}

fn property(random: &mut Random) -> Property {
    match random.below(3) {
        0 => Property::Attribute(path(random)),
        _ => random.one(&Property::NAMED),
    }
}

fn date(random: &mut Random) -> Value {
    Value::Date(When::At(match random.below(4) {
        0 => "2024-02-29".parse().unwrap(),
        _ => time(random).shifted(random.below(3) as i64 - 1),
    }))
}

fn a_number(random: &mut Random) -> Value {
    Value::Number(match random.below(3) {
        0 => Number::from(random.below(1_002) as i64),
        1 => Number::float(random.one(&[0.5, 999.5, -1e300, 1e300, 1e19, -0.0])).unwrap(),
        _ => Number::from_json(number(random).as_number().unwrap()).unwrap(),
    })
}

/// A text that stands somewhere, a piece of one, or one that may not stand anywhere.
fn text(random: &mut Random, record: &FileRecord, property: &Property) -> String {
    let texts = naive::texts(record, property);
    let known = match texts.is_empty() {
        true => words(random, 3),
        false => (random.one(&texts)).to_owned(),
    };
    match random.below(5) {
        0 => words(random, 2),
        1 => (random.one(&WORDS)).to_owned(),
        2 => (random.one(&TAGS)).to_owned(),
        3 => piece(random, &known),
        _ => known,
    }
}

fn piece(random: &mut Random, text: &str) -> String {
    let chars: Vec<char> = text.chars().take(60).collect();
    let start = random.below(chars.len() + 1);
    let end = start + random.below(chars.len() - start + 1);
    chars[start..end].iter().collect()
}

/// A few edits, and a change of case now and then.
fn mangled(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().take(100).collect();
    for _ in 0..random.below(3) {
        let at = random.below(chars.len() + 1);
        match random.below(3) {
            0 => chars.insert(at, 'q'),
            1 if at < chars.len() => drop(chars.remove(at)),
            _ if at + 1 < chars.len() => chars.swap(at, at + 1),
            _ => {}
        }
    }
    let text: String = chars.into_iter().collect();
    if random.chance(20) { text.to_uppercase() } else { text }
}

fn value(random: &mut Random, record: &FileRecord, property: &Property) -> Value {
    match random.below(6) {
        0 => a_number(random),
        1 => date(random),
        2 => Value::Bool(random.chance(50)),
        3 if *property == Property::Id => Value::Text(record.id.to_string()),
        _ if matches!(property, Property::Starred | Property::Hidden) => {
            Value::Bool(random.chance(50))
        }
        _ if *property == Property::DataSize => a_number(random),
        _ => Value::Text(text(random, record, property)),
    }
}

fn range(random: &mut Random, property: &Property) -> Range {
    let numbers = match property {
        Property::DataSize => random.chance(95),
        Property::Attribute(_) => random.chance(50),
        _ => random.chance(5),
    };
    let mut bound = || {
        let value = if numbers { a_number(random) } else { date(random) };
        match random.below(4) {
            0 => Bound::Open,
            1 => Bound::Excluded(value),
            _ => Bound::Included(value),
        }
    };
    Range { from: bound(), to: bound() }
}

fn test(random: &mut Random, record: &FileRecord, property: &Property) -> Test {
    let edits = 1 + random.below(2) as u8;
    match random.below(13) {
        0 => Test::Has,
        1 => Test::Equals(value(random, record, property)),
        2 => Test::In((0..random.below(4)).map(|_| value(random, record, property)).collect()),
        3 => {
            let text = text(random, record, property);
            let end = random.below(text.chars().count().min(20) + 1);
            Test::StartsWith(text.chars().take(end).collect())
        }
        4 => {
            let text = text(random, record, property);
            Test::Near(mangled(random, &text), edits)
        }
        5 => Test::Phrase(text(random, record, property)),
        6 => {
            let mut text: Vec<char> = text(random, record, property).chars().take(40).collect();
            text.truncate(text.len().saturating_sub(random.below(4)));
            Test::PhrasePrefix(text.into_iter().collect())
        }
        7 => {
            let word = random.one(&WORDS);
            Test::WordNear(mangled(random, word), edits)
        }
        8 => Test::AllWords(
            (0..1 + random.below(2)).map(|_| text(random, record, property)).collect(),
        ),
        9 => Test::AnyWord(text(random, record, property)),
        10 => {
            let text = text(random, record, property);
            let piece = piece(random, &text);
            Test::Contains(mangled(random, &piece))
        }
        11 => {
            let text = text(random, record, property);
            Test::Glob(glob(random, &text))
        }
        _ => Test::InRange(range(random, property)),
    }
}

fn glob(random: &mut Random, text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars().take(30) {
        match random.below(12) {
            0 => pattern.push('?'),
            1 => pattern.push('*'),
            _ if c.is_alphanumeric() || c == '/' => pattern.push(c),
            _ => pattern.extend(['\\', c]),
        }
    }
    pattern.push_str(random.one(&["", "*", "/**", "{a,*}", "*.png", "[!x]*"]));
    if random.chance(20) { format!("**/{pattern}") } else { pattern }
}

fn predicate(random: &mut Random, record: &FileRecord) -> Predicate {
    let property = property(random);
    let test = test(random, record, &property);
    Predicate::new(property, test)
}

fn expected(fixture: &Fixture, condition: &Condition, status: StatusFilter) -> Vec<Row> {
    let matching = fixture.live.iter().filter(|(row, record)| {
        naive::in_status(record, status) && naive::holds(condition, *row, record)
    });
    matching.map(|(row, _)| *row).collect()
}

/// Asks the same of a fixture and of what it merges into; false if no index answers it.
fn check(fixtures: [&Fixture; 2], condition: &Condition, status: StatusFilter) -> bool {
    let want = expected(fixtures[0], condition, status);
    for Fixture { index, .. } in fixtures {
        match index.rows(condition, status) {
            Ok(rows) => assert_eq!(rows, want, "{condition:?} {status:?}"),
            Err(IndexError::Unsupported { .. }) => return false,
            Err(error) => panic!("{condition:?}: {error}"),
        }
        let count = index.count(condition, status).unwrap();
        assert_eq!(count, want.len() as u64, "{condition:?} {status:?}");
        if let (Condition::Test(predicate), StatusFilter::All) = (condition, status) {
            let guess = index.estimate(predicate).unwrap();
            let possible = guess.min..=guess.max;
            assert!(
                possible.contains(&count) && possible.contains(&guess.expected),
                "{predicate:?}: {count} and {guess:?}"
            );
        }
    }
    true
}

#[test]
fn texts_are_found_by_their_pieces() {
    // A name, what is looked for as a phrase, and whether it is found.
    let cases = [
        ("beachSunset_IMG1234.JPG", "sunset", true),
        ("beachSunset_IMG1234.JPG", "beachsunset", true),
        ("beachSunset_IMG1234.JPG", "Sunset img", true),
        ("beachSunset_IMG1234.JPG", "img1234 jpg", true),
        ("beachSunset_IMG1234.JPG", "beach img", false),
        // Parts and wholes never make a phrase together.
        ("beachSunset_IMG1234.JPG", "jpg beachsunset", false),
        ("人工智能.png", "工智", true),
        ("人工智能.png", "智能", true),
        ("人工智能.png", "智工", false),
        ("Crème Brûlée", "creme brulee", true),
        ("Crème Brûlée", "CRÈME", true),
        ("Straße", "strasse", false),
        ("a b", "", false),
    ];
    for (name, asked, found) in cases {
        let mut record = records(&mut Random::seeded(5), 1).remove(0);
        record.file_name = name.to_owned();
        let fixture = Fixture::of(vec![record]);
        let condition =
            Condition::Test(Predicate::new(Property::FileName, Test::Phrase(asked.into())));
        let count = fixture.index.count(&condition, StatusFilter::All).unwrap();
        assert_eq!(count, u64::from(found), "{name}: {asked}");
    }
}

#[test]
fn large_numbers_keep_apart() {
    let exact = 9_007_199_254_740_993_u64;
    let all = [exact - 1, exact, exact + 1, u64::MAX].map(|number| {
        let mut record = records(&mut Random::seeded(6), 1).remove(0);
        record.attributes = serde_json::Map::new();
        record.attributes.insert("n".into(), number.into());
        record
    });
    let fixture = Fixture::of(all.into());
    let n = Property::Attribute(AttributePath::new(["n"]));
    let rows = |test: Test| {
        let condition = Condition::Test(Predicate::new(n.clone(), test));
        fixture.index.rows(&condition, StatusFilter::All).unwrap()
    };
    let number = || Value::Number(Number::from(exact));
    assert_eq!(rows(Test::Equals(number())), [1]);
    let above = Range { from: Bound::Excluded(number()), to: Bound::Open };
    assert_eq!(rows(Test::InRange(above)), [2, 3]);
    let float = Value::Number(Number::float(9_007_199_254_740_992.0).unwrap());
    assert_eq!(rows(Test::Equals(float)), [0]);
}

#[test]
fn every_predicate_finds_what_it_means() {
    let mut random = Random::seeded(1);
    let mut checked = 0;
    for segments in 1..=5 {
        let all = records(&mut random, 300);
        let fixture = Fixture::new(&mut random, all.clone(), segments);
        let merged = fixture.merged();
        for _ in 0..1_000 {
            let record = random.one(&all);
            let condition = Condition::Test(predicate(&mut random, &record));
            let status = random.one(&STATUSES);
            checked += usize::from(check([&fixture, &merged], &condition, status));
        }
    }
    assert!(checked > 2_000, "only {checked} questions were answered");
}

fn supported(random: &mut Random, fixture: &Fixture, all: &[FileRecord]) -> Predicate {
    loop {
        let record = random.one(all);
        let predicate = predicate(random, &record);
        if fixture.index.estimate(&predicate).is_ok() {
            return predicate;
        }
    }
}

fn condition(
    random: &mut Random,
    fixture: &Fixture,
    all: &[FileRecord],
    depth: usize,
) -> Condition {
    if depth == 0 {
        return match random.below(12) {
            0 => Condition::Everything,
            1 => Condition::Nothing,
            2 => Condition::Rows((0..320).filter(|_| random.chance(30)).collect()),
            3 => Condition::Rows((0..320).filter(|_| random.chance(1)).collect()),
            _ => Condition::Test(supported(random, fixture, all)),
        };
    }
    let mut parts: Vec<Condition> =
        (0..1 + random.below(3)).map(|_| condition(random, fixture, all, depth - 1)).collect();
    match random.below(4) {
        0 => Condition::Not(Box::new(parts.remove(0))),
        1 => Condition::Or(parts),
        _ => {
            if random.chance(50) {
                let property = random.one(&[Property::FileCreateTime, Property::DataSize]);
                let range = range(random, &property);
                parts.push(Condition::Check(Predicate::new(property, Test::InRange(range))));
            }
            Condition::And(parts)
        }
    }
}

#[test]
fn every_condition_finds_what_it_means() {
    let mut random = Random::seeded(2);
    for segments in [1, 2, 4] {
        let all = records(&mut random, 300);
        let fixture = Fixture::new(&mut random, all.clone(), segments);
        let merged = fixture.merged();
        for round in 0..400 {
            let condition = condition(&mut random, &fixture, &all, round % 4);
            let status = random.one(&STATUSES);
            assert!(check([&fixture, &merged], &condition, status), "{condition:?}");
        }
    }
}

#[test]
fn facets_count_every_value() {
    let mut random = Random::seeded(3);
    let facets = [
        (Facet::FileDir, Property::FileDir),
        (Facet::FileType, Property::FileType),
        (Facet::TagsUser, Property::TagsUser),
        (Facet::TagsAi, Property::TagsAi),
        (Facet::TagsAll, Property::TagsAll),
        (Facet::TagsUserDeleteAi, Property::TagsUserDeleteAi),
    ];
    for segments in [1, 3] {
        let all = records(&mut random, 300);
        let fixture = Fixture::new(&mut random, all.clone(), segments);
        for fixture in [&fixture, &fixture.merged()] {
            for round in 0..40 {
                let condition = match round {
                    0 => Condition::Everything,
                    _ => condition(&mut random, fixture, &all, round % 2),
                };
                let status = random.one(&STATUSES);
                let (facet, property) = random.one(&facets);
                let mut want = std::collections::BTreeMap::new();
                for row in expected(fixture, &condition, status) {
                    for value in naive::texts(fixture.record(row), &property) {
                        *want.entry(value.to_owned()).or_insert(0_u64) += 1;
                    }
                }
                let got = fixture.index.facets(&condition, status, facet).unwrap();
                let count = got.len();
                let got: std::collections::BTreeMap<_, _> = got.into_iter().collect();
                assert_eq!(got, want, "{facet:?} {condition:?}");
                assert_eq!(count, want.len());
            }
        }
    }
}

#[test]
fn what_cannot_be_answered_is_an_error() {
    let mut random = Random::seeded(4);
    let all = records(&mut random, 20);
    let fixture = Fixture::new(&mut random, all, 1);
    let range = |value: Value| Range { from: Bound::Included(value), to: Bound::Open };
    let at = Value::Date(When::At(Timestamp::from_millis(0).unwrap()));
    let dated = Predicate::new(Property::SyncTime, Test::InRange(range(at)));
    let ago = Value::Date(When::Ago(-1));
    let refused = [
        Condition::Check(dated.clone()),
        Condition::Or(vec![Condition::Check(dated.clone()), Condition::Everything]),
        Condition::And(vec![Condition::Check(dated)]),
        Condition::And(vec![
            Condition::Everything,
            Condition::Check(Predicate::new(Property::FileName, Test::Phrase("x".into()))),
        ]),
        Condition::Test(Predicate::new(Property::SyncTime, Test::InRange(range(ago)))),
        Condition::Test(Predicate::new(Property::TagsAll, Test::Phrase("x".into()))),
        Condition::Test(Predicate::new(Property::Uri, Test::Glob("[".into()))),
        Condition::Test(Predicate::new(Property::Id, Test::Near("ab".into(), 1))),
        Condition::Test(Predicate::new(Property::Comment, Test::StartsWith("x".repeat(64_000)))),
    ];
    for condition in refused {
        let got = fixture.index.count(&condition, StatusFilter::All);
        assert!(matches!(got, Err(IndexError::Unsupported { .. })), "{condition:?}: {got:?}");
    }
}
