//! The fixtures, and the oracle against the answers of `fixtures/expect.py`: two evaluations that
//! share no line of code.

use std::collections::BTreeMap;

use filedex_model::change::Done;
use filedex_model::{
    AttributePath, Bound, Filter, Number, Property, Range, StatusFilter, Test, Timestamp, Value,
    When,
};
use filedex_testkit::{Oracle, fixture};

use Property::{
    Comment, ContentType, DataSize, FileCreateTime, FileDir, FileName, FileType, FileUpdateTime,
    TagsAi, TagsAll, TagsUser, Text,
};

fn oracle() -> Oracle {
    let mut oracle = Oracle::new("default");
    for file in fixture::files() {
        let outcome = oracle.create(file, Timestamp::from_millis(0).unwrap());
        assert_eq!(outcome.result, Ok(Done::Created), "{:?}", outcome.uri);
    }
    oracle
}

fn attribute(name: &str) -> Property {
    Property::Attribute(AttributePath::new([name]))
}

fn is(property: Property, text: &str) -> Filter {
    Filter::test(property, Test::Equals(Value::Text(text.into())))
}

fn among(property: Property, texts: &[&str]) -> Filter {
    let values = texts.iter().map(|text| Value::Text((*text).into())).collect();
    Filter::test(property, Test::In(values))
}

fn phrase(property: Property, words: &str) -> Filter {
    Filter::test(property, Test::Phrase(words.into()))
}

fn any_word(words: &str) -> Filter {
    Filter::test(Text, Test::AnyWord(words.into()))
}

fn contains(property: Property, part: &str) -> Filter {
    Filter::test(property, Test::Contains(part.into()))
}

fn glob(property: Property, pattern: &str) -> Filter {
    Filter::test(property, Test::Glob(pattern.into()))
}

fn has(property: Property) -> Filter {
    Filter::test(property, Test::Has)
}

fn not(filter: Filter) -> Filter {
    Filter::not(filter)
}

fn at_least(property: Property, end: Value) -> Filter {
    let range = Range { from: Bound::Included(end), to: Bound::Open };
    Filter::test(property, Test::InRange(range))
}

fn below(property: Property, end: Value) -> Filter {
    let range = Range { from: Bound::Open, to: Bound::Excluded(end) };
    Filter::test(property, Test::InRange(range))
}

fn number(number: i64) -> Value {
    Value::Number(Number::from(number))
}

fn date(text: &str) -> Value {
    Value::Date(When::At(text.parse().unwrap()))
}

/// The queries of `queries.jsonl` about tags, names and folders, built by hand.
fn tags_and_names() -> Vec<(&'static str, Filter)> {
    let tag = |tag: &str| is(TagsUser, tag);
    vec![
        (
            "Tags.user = 'hill' AND NOT FileType = 'application'",
            Filter::and([tag("hill"), not(is(FileType, "application"))]),
        ),
        (
            "Tags.all = 'castle' AND Tags.all = 'river'",
            Filter::and([is(TagsAll, "castle"), is(TagsAll, "river")]),
        ),
        ("Tags.user IN ('cat', 'dog', 'horse')", among(TagsUser, &["cat", "dog", "horse"])),
        ("Tags.user = 'man, old'", tag("man, old")),
        (
            "Tags.user = 'St Pancras, Queen Alexandria Mansions' OR Tags.user = \"peers' robes\"",
            Filter::or([tag("St Pancras, Queen Alexandria Mansions"), tag("peers' robes")]),
        ),
        ("Tags.user = 'Château'*", Filter::test(TagsUser, Test::StartsWith("Château".into()))),
        ("Tags.user = 'catle'~1", Filter::test(TagsUser, Test::Near("catle".into(), 1))),
        ("Tags.user CONTAINS 'CATHEDRAL'", contains(TagsUser, "CATHEDRAL")),
        (
            "FileType = 'image' AND NOT HAS Tags.user",
            Filter::and([is(FileType, "image"), not(has(TagsUser))]),
        ),
        ("HAS Tags.ai", has(TagsAi)),
        ("FileName CONTAINS 'car'", contains(FileName, "car")),
        ("FileName : 'star'", phrase(FileName, "star")),
        (
            "FileName : 'flag'* AND ContentType = 'image/png'",
            Filter::and([
                Filter::test(FileName, Test::PhrasePrefix("flag".into())),
                is(ContentType, "image/png"),
            ]),
        ),
        (
            "FileName = 'dolphin_enrique_meza_c_02.svg'",
            is(FileName, "dolphin_enrique_meza_c_02.svg"),
        ),
        ("FileName GLOB 'star_[0-4]*.svg'", glob(FileName, "star_[0-4]*.svg")),
        (
            "FileDir GLOB '/usr/share/openclipart/svg/**'",
            glob(FileDir, "/usr/share/openclipart/svg/**"),
        ),
        (
            "FileDir : 'signs and symbols' AND FileDir : 'europe' AND NOT FileName : 'france'",
            Filter::and([
                phrase(FileDir, "signs and symbols"),
                phrase(FileDir, "europe"),
                not(phrase(FileName, "france")),
            ]),
        ),
    ]
}

/// Those about captions, sizes and times.
fn words_and_ranges() -> Vec<(&'static str, Filter)> {
    vec![
        ("Comment : 'harris studio'", phrase(Comment, "harris studio")),
        (
            "Comment : ALL('wedding', 'bride') AND NOT Comment : 'harris studio'",
            Filter::and([
                Filter::test(Comment, Test::AllWords(vec!["wedding".into(), "bride".into()])),
                not(phrase(Comment, "harris studio")),
            ]),
        ),
        ("Comment : 'chateau'", phrase(Comment, "chateau")),
        ("Text : 'castle'", any_word("castle")),
        ("Text : 'fishing boats at sunset'", any_word("fishing boats at sunset")),
        (
            "Text : 'baseball player' AND FileType = 'image'",
            Filter::and([any_word("baseball player"), is(FileType, "image")]),
        ),
        (
            "DataSize >= 100000 AND ContentType = 'image/svg+xml'",
            Filter::and([at_least(DataSize, number(100_000)), is(ContentType, "image/svg+xml")]),
        ),
        (
            "DataSize < 1000 OR NOT HAS DataSize",
            Filter::or([below(DataSize, number(1_000)), not(has(DataSize))]),
        ),
        (
            "FileUpdateTime >= '2017-01-01' AND FileUpdateTime < '2018-01-01' AND NOT FileDir = 'teenie'",
            Filter::and([
                at_least(FileUpdateTime, date("2017-01-01")),
                below(FileUpdateTime, date("2018-01-01")),
                not(is(FileDir, "teenie")),
            ]),
        ),
        ("FileCreateTime < '2005-01-01'", below(FileCreateTime, date("2005-01-01"))),
    ]
}

/// Those about custom attributes, and the long ones.
fn attributes_and_all() -> Vec<(&'static str, Filter)> {
    let (artist, year, earliest) =
        (|| attribute("artist"), || attribute("year_start"), || attribute("created_earliest"));
    vec![
        ("Attributes.width >= 800", at_least(attribute("width"), number(800))),
        ("Attributes.artist = 'George Jones'", is(artist(), "George Jones")),
        (
            "Attributes.artist : 'turner' AND NOT Attributes.artist : 'after'",
            Filter::and([phrase(artist(), "turner"), not(phrase(artist(), "after"))]),
        ),
        ("Attributes.medium : 'ink'", phrase(attribute("medium"), "ink")),
        (
            "HAS Attributes.width AND NOT HAS Attributes.bit_depth",
            Filter::and([has(attribute("width")), not(has(attribute("bit_depth")))]),
        ),
        (
            "Attributes.artist_nationality IN ('Japanese', 'Chinese')",
            among(attribute("artist_nationality"), &["Japanese", "Chinese"]),
        ),
        ("Attributes.created_earliest < '0001-01-01'", below(earliest(), date("0001-01-01"))),
        (
            "(Tags.user = 'hill' OR Tags.user = 'mountain') AND NOT (Tags.user = 'river' OR HAS \
             Attributes.inscription) AND Attributes.year_start >= 1800 AND Attributes.year_start < 1850",
            Filter::and([
                Filter::or([is(TagsUser, "hill"), is(TagsUser, "mountain")]),
                not(Filter::or([is(TagsUser, "river"), has(attribute("inscription"))])),
                at_least(year(), number(1_800)),
                below(year(), number(1_850)),
            ]),
        ),
        (
            "(Comment : 'baseball' OR Comment : 'basketball') AND Attributes.created_earliest >= \
             '1945-01-01' AND Attributes.created_earliest < '1955-01-01'",
            Filter::and([
                Filter::or([phrase(Comment, "baseball"), phrase(Comment, "basketball")]),
                at_least(earliest(), date("1945-01-01")),
                below(earliest(), date("1955-01-01")),
            ]),
        ),
    ]
}

#[test]
fn the_oracle_answers_as_the_script_did() {
    let oracle = oracle();
    let by_hand: BTreeMap<_, _> = [tags_and_names(), words_and_ranges(), attributes_and_all()]
        .into_iter()
        .flatten()
        .collect();
    let answers = fixture::answers();
    assert_eq!(answers.len(), by_hand.len());
    for answer in answers {
        let filter = by_hand
            .get(answer.query.as_str())
            .unwrap_or_else(|| panic!("build the filter of {} here", answer.query));
        assert_eq!(oracle.total(filter, StatusFilter::Active), answer.total, "{}", answer.query);
        let Some((sort, order)) = answer.sort else { continue };
        let uris: Vec<_> = oracle
            .list(filter, StatusFilter::Active, &sort, order)
            .into_iter()
            .take(10)
            .map(|id| oracle.get(id).unwrap().uri.clone())
            .collect();
        assert_eq!(uris, answer.first, "{}", answer.query);
    }
}

#[test]
fn the_oracle_counts_as_the_script_did() {
    let oracle = oracle();
    for statistics in fixture::statistics() {
        let filter = match statistics.query.as_deref() {
            None => Filter::All,
            Some("ContentType = 'image/png'") => is(ContentType, "image/png"),
            Some("Attributes.artist : 'turner'") => phrase(attribute("artist"), "turner"),
            Some(other) => panic!("build the filter of {other} here"),
        };
        let facets = oracle.facets(&statistics.by, &filter, StatusFilter::Active);
        assert_eq!(facets.len(), statistics.total, "{statistics:?}");
        assert_eq!(facets[..statistics.first.len()], statistics.first, "{statistics:?}");
    }
}

#[test]
fn every_record_is_legal_and_keeps_what_it_says() {
    let files = fixture::files();
    assert_eq!(files.len(), 2_350);
    for file in &files {
        assert_eq!(file.validate(), Ok(()), "{}", file.uri);
        let source = file.attributes.as_ref().and_then(|attributes| attributes.get("source"));
        assert!(source.is_some_and(serde_json::Value::is_string), "{}", file.uri);
    }
    let with = |has: fn(&filedex_model::NewFile) -> bool| files.iter().filter(|f| has(f)).count();
    assert!(with(|file| !file.tags_user.is_empty()) > 1_000);
    assert!(with(|file| file.comment.as_ref().is_some_and(|c| !c.is_ascii())) > 100);
    assert!(with(|file| file.description.is_some()) > 50);
    assert!(with(|file| file.data_size.is_none()) > 500);
}

#[test]
fn the_larger_data_is_found_or_said_to_be_absent() {
    if let Some(data) = fixture::shared_data() {
        assert!(data.join("files").is_dir(), "{} has no files/", data.display());
    }
}
