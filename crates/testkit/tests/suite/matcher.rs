//! The matcher against tables of tests and the records they match.

use filedex_model::{
    AttributePath, Bound, FileRecord, Filter, NewFile, Number, Property, Range, Test, Timestamp,
    Value, When,
};
use filedex_testkit::oracle::matches;
use serde_json::json;

fn now() -> Timestamp {
    "2025-01-31T12:00:00Z".parse().unwrap()
}

/// Four records, told apart by a letter: Beach, China, Empty, Museum.
fn records() -> [(char, FileRecord); 4] {
    let beach = NewFile {
        file_name: Some("beachSunset_IMG1234.JPG".into()),
        file_dir: Some("photos/Red_Cars/2025/".into()),
        data_size: Some(1_000),
        file_update_time: "2025-01-12T14:36:01Z".parse().ok(),
        comment: Some("A red car at the Café".into()),
        description: Some("hill".into()),
        tags_user: vec!["man, old".into(), "Car".into()],
        tags_ai: [("job".to_owned(), vec!["sunny day".to_owned(), "beach".to_owned()])].into(),
        tags_user_delete_ai: vec!["sunny day".into()],
        labels: vec!["todo".into()],
        starred: Some(true),
        attributes: json!({
            "width": 800, "iso": [100, 400.5], "when": "2025-01-12", "flag": true,
            "exif": {"focal length": 9_007_199_254_740_993_u64, "none": null},
            "people": [{"name": "George Jones"}, {"name": "J. Turner"}],
        })
        .as_object()
        .cloned(),
        ..NewFile::at("oss://b/x.bin")
    };
    let china = NewFile {
        comment: Some("我来到北京清华大学".into()),
        tags_user: vec!["汽车".into()],
        attributes: json!({"width": "800", "when": "-2505-01-22", "iso": [], "exif": {}})
            .as_object()
            .cloned(),
        ..NewFile::at("oss://b/红色汽车.txt")
    };
    let museum = NewFile {
        data_size: Some(0),
        file_update_time: "1969-12-31T23:59:59.999Z".parse().ok(),
        attributes: json!({"width": [5, 1_000], "when": 7}).as_object().cloned(),
        ..NewFile::at("oss://b/cars/HTTPServer2go")
    };
    let files = [('B', beach), ('C', china), ('E', NewFile::at("oss://b/e")), ('M', museum)];
    files.map(|(letter, file)| (letter, file.into_record("d-1", now())))
}

fn check(cases: Vec<(Property, Test, &str)>) {
    let records = records();
    for (property, test, expected) in cases {
        let filter = Filter::test(property, test);
        let letters = |filter: &Filter| -> String {
            records.iter().filter(|(_, r)| matches(filter, r)).map(|(letter, _)| *letter).collect()
        };
        assert_eq!(letters(&filter), expected, "{filter:?}");
        let others: String = "BCEM".chars().filter(|c| !expected.contains(*c)).collect();
        assert_eq!(letters(&Filter::not(filter.clone())), others, "NOT {filter:?}");
    }
}

fn attribute(names: &[&str]) -> Property {
    Property::Attribute(AttributePath::new(names.iter().copied()))
}

fn text(value: &str) -> Test {
    Test::Equals(Value::Text(value.into()))
}

fn number(text: &str) -> Value {
    Value::Number(Number::from_json(&text.parse().unwrap()).unwrap())
}

fn date(text: &str) -> Value {
    Value::Date(When::At(text.parse().unwrap()))
}

fn from(value: Value) -> Test {
    Test::InRange(Range { from: Bound::Included(value), to: Bound::Open })
}

fn below(value: Value) -> Test {
    Test::InRange(Range { from: Bound::Open, to: Bound::Excluded(value) })
}

#[test]
fn words_of_texts() {
    use Property::{Comment, FileDir, FileName};
    let phrase = |text: &str| Test::Phrase(text.into());
    let prefix = |text: &str| Test::PhrasePrefix(text.into());
    let near = |text: &str, edits| Test::WordNear(text.into(), edits);
    let all = |texts: &[&str]| Test::AllWords(texts.iter().map(|t| (*t).into()).collect());
    check(vec![
        (FileName, phrase("sunset"), "B"),
        (FileName, phrase("BeachSunset"), "B"),
        (FileName, phrase("sunset img"), "B"),
        (FileName, phrase("beachsunset img1234"), "B"),
        (FileName, phrase("beachsunset 1234"), ""),
        (FileName, phrase("img sunset"), ""),
        (FileName, phrase("suns"), ""),
        (FileName, phrase("1234.jpg"), "B"),
        (FileName, phrase("汽车"), "C"),
        (FileName, phrase("色汽"), "C"),
        (FileName, phrase("http server"), "M"),
        (FileName, phrase("httpserver2go"), "M"),
        (FileName, phrase("--"), ""),
        (FileDir, phrase("red cars"), "B"),
        (FileDir, phrase("cars"), "BM"),
        (Comment, phrase("CAFE"), "B"),
        (Comment, phrase("red at"), ""),
        (Comment, phrase("清华"), "C"),
        (FileName, prefix("sunset i"), "B"),
        (FileName, prefix("htt"), "M"),
        (FileName, prefix("sun img"), ""),
        (Comment, near("cor", 1), "B"),
        (Comment, near("rde", 1), "B"),
        (Comment, near("Cafés", 1), "B"),
        (Comment, near("xy", 2), "BC"),
        (Comment, near("harvester", 2), ""),
        (Comment, all(&["car", "red"]), "B"),
        (Comment, all(&["car", "hill"]), ""),
        (attribute(&["people", "name"]), phrase("george"), "B"),
        (attribute(&["people", "name"]), phrase("jones j"), ""),
        (attribute(&["people", "name"]), all(&["jones", "turner"]), "B"),
        (attribute(&["people"]), phrase("george"), ""),
    ]);
}

#[test]
fn ranked_text() {
    let any = |text: &str| Test::AnyWord(text.into());
    let all = |texts: &[&str]| Test::AllWords(texts.iter().map(|t| (*t).into()).collect());
    check(vec![
        (Property::Text, Test::Has, "BCEM"),
        (Property::Text, any("hill server"), "BM"),
        (Property::Text, any("beach"), "B"),
        (Property::Text, any("old"), "B"),
        (Property::Text, any("sunny"), ""),
        (Property::Text, any("Server2go"), "M"),
        (Property::Text, any("汽车"), "C"),
        (Property::Text, any("..."), ""),
        (Property::Text, all(&["hill", "beachSunset man"]), "B"),
        (Property::Text, all(&["hill", "server"]), ""),
    ]);
}

#[test]
fn whole_values() {
    use Property::{FileDir, FileName, FileType, Id, Labels, TagsAi, TagsAll, TagsUser, Uri};
    let within =
        |texts: &[&str]| Test::In(texts.iter().map(|text| Value::Text((*text).into())).collect());
    let id = records()[2].1.id.to_string();
    check(vec![
        (FileName, text("beachSunset_IMG1234.JPG"), "B"),
        (FileName, text("beachsunset_img1234.jpg"), ""),
        (FileDir, text("photos/Red_Cars/2025"), "B"),
        (FileDir, text(""), ""),
        (TagsUser, text("man, old"), "B"),
        (TagsAll, text("sunny day"), ""),
        (TagsAi, text("sunny day"), "B"),
        (Property::TagsUserDeleteAi, text("sunny day"), "B"),
        (TagsAll, within(&["汽车", "beach", "car"]), "BC"),
        (TagsUser, Test::StartsWith("man".into()), "B"),
        (TagsUser, Test::StartsWith("car".into()), ""),
        (TagsUser, Test::Near("man,old".into(), 1), "B"),
        (TagsUser, Test::Near("aCr".into(), 1), "B"),
        (TagsUser, Test::Near("car".into(), 1), "B"),
        (Labels, text("todo"), "B"),
        (FileType, text("text"), "C"),
        (Id, text(&id), "E"),
        (FileName, Test::Contains("SUN".into()), "B"),
        (FileDir, Test::Contains("d_c".into()), "B"),
        (Uri, Test::Contains("色".into()), "C"),
        (TagsUser, Test::Contains(", O".into()), "B"),
        (FileName, Test::Glob("*".into()), "BCEM"),
        (FileName, Test::Glob("*.JPG".into()), "B"),
        (FileDir, Test::Glob("*".into()), "M"),
        (FileDir, Test::Glob("**".into()), "BM"),
        (FileDir, Test::Glob("photos/**".into()), "B"),
        (FileDir, Test::Glob("**/2025".into()), "B"),
        (FileDir, Test::Glob("photos/*".into()), ""),
        (Uri, Test::Glob("oss://b/{e,cars/*}".into()), "EM"),
        (Uri, Test::Glob("[".into()), ""),
    ]);
}

#[test]
fn numbers_dates_and_booleans() {
    use Property::{DataSize, FileUpdateTime, Hidden, RecordCreateTime, Starred};
    check(vec![
        (DataSize, Test::Equals(number("1e3")), "B"),
        (DataSize, Test::In(vec![number("0"), number("1000.5")]), "M"),
        (DataSize, from(number("0")), "BM"),
        (DataSize, below(number("0")), ""),
        (FileUpdateTime, below(date("1970-01-01")), "M"),
        (FileUpdateTime, from(date("2025-01-12T14:36:01Z")), "B"),
        (RecordCreateTime, from(date("2025-01-31T12:00Z")), "BCEM"),
        (RecordCreateTime, below(date("2025-01-31T12:00Z")), ""),
        (Starred, Test::Equals(Value::Bool(true)), "B"),
        (Hidden, Test::Equals(Value::Bool(false)), "BCEM"),
    ]);
}

#[test]
fn attributes_by_type() {
    let width = || attribute(&["width"]);
    let when = || attribute(&["when"]);
    check(vec![
        (width(), from(number("800")), "BM"),
        (width(), below(number("10")), "M"),
        (width(), Test::Equals(number("800.0")), "B"),
        (width(), text("800"), "C"),
        (width(), Test::In(vec![number("5"), Value::Text("800".into())]), "CM"),
        (width(), Test::StartsWith("80".into()), "C"),
        (attribute(&["Width"]), from(number("0")), ""),
        (attribute(&["iso"]), from(number("400.5")), "B"),
        (when(), below(date("2026-01-01")), "BC"),
        (when(), below(date("0000-01-01")), "C"),
        (when(), text("2025-01-12"), "B"),
        (when(), from(number("7")), "M"),
        (attribute(&["flag"]), Test::Equals(Value::Bool(true)), "B"),
        (attribute(&["flag"]), text("true"), ""),
        (attribute(&["exif", "focal length"]), from(number("9007199254740993")), "B"),
        (attribute(&["exif", "focal length"]), below(number("9007199254740993")), ""),
        (attribute(&["people", "name"]), text("George Jones"), "B"),
    ]);
}

#[test]
fn presence() {
    let always = ["DatasetFileMetaId", "Uri", "FileName", "SyncTime", "RecordCreateTime"];
    let mut cases: Vec<(Property, Test, &str)> = Property::NAMED
        .into_iter()
        .filter(|property| property.name().is_some_and(|name| always.contains(&name)))
        .map(|property| (property, Test::Has, "BCEM"))
        .collect();
    assert_eq!(cases.len(), always.len());
    cases.extend([
        (Property::Starred, Test::Has, "BCEM"),
        (Property::Hidden, Test::Has, "BCEM"),
        (Property::FileDir, Test::Has, "BM"),
        (Property::FileType, Test::Has, "BC"),
        (Property::DataSize, Test::Has, "BM"),
        (Property::TagsUser, Test::Has, "BC"),
        (Property::TagsAi, Test::Has, "B"),
        (Property::TagUpdateTime, Test::Has, "BC"),
        (Property::Comment, Test::Has, "BC"),
        (Property::Description, Test::Has, "B"),
        (Property::SemanticIndexJobId, Test::Has, ""),
        (attribute(&["width"]), Test::Has, "BCM"),
        (attribute(&["iso"]), Test::Has, "B"),
        (attribute(&["exif"]), Test::Has, "B"),
        (attribute(&["exif", "none"]), Test::Has, ""),
        (attribute(&["people"]), Test::Has, "B"),
    ]);
    check(cases);
}

#[test]
fn joined_filters() {
    let records = records();
    let has = |property| Filter::test(property, Test::Has);
    let size = || has(Property::DataSize);
    let tags = || has(Property::TagsUser);
    let cases = [
        (Filter::All, "BCEM"),
        (Filter::Nothing, ""),
        (Filter::and([size(), tags()]), "B"),
        (Filter::or([size(), tags()]), "BCM"),
        (Filter::and([size(), Filter::not(tags())]), "M"),
        (Filter::not(Filter::or([size(), tags()])), "E"),
    ];
    for (filter, expected) in cases {
        let got: String = records
            .iter()
            .filter(|(_, r)| matches(&filter, r))
            .map(|(letter, _)| *letter)
            .collect();
        assert_eq!(got, expected, "{filter:?}");
    }
}

#[test]
#[should_panic(expected = "fix the filter with Filter::at")]
fn relative_times_are_to_be_fixed_first() {
    let filter = Filter::test(Property::SyncTime, from(Value::Date(When::Ago(-1))));
    assert!(matches(&filter.clone().at(now()), &records()[0].1));
    assert!(matches(&filter, &records()[0].1));
}
