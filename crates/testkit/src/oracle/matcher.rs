//! Whether a record matches a filter, asked of the record itself.

use std::borrow::Cow;
use std::cmp::Ordering;

use filedex_model::analysis;
use filedex_model::attribute::{self, AttributeValue};
use filedex_model::{
    Bound, FileRecord, Filter, Kind, Number, Predicate, Property, Range, Test, Timestamp, Value,
    When,
};
use globset::GlobBuilder;

use super::words::{self, Last};

/// Whether `record` matches `filter`, whatever its status.
///
/// ```
/// use filedex_model::{FileRecord, Filter, Property, Test, Timestamp};
/// let record = FileRecord::new("d-1", "oss://bucket/cars/beachSunset.png", Timestamp::now());
/// let sunset = Filter::test(Property::FileName, Test::Phrase("SUNSET".into()));
/// assert!(filedex_testkit::oracle::matches(&sunset, &record));
/// ```
///
/// # Panics
/// When the filter has a relative time: [`Filter::at`] replaces them.
#[must_use]
pub fn matches(filter: &Filter, record: &FileRecord) -> bool {
    match filter {
        Filter::All => true,
        Filter::Nothing => false,
        Filter::Test(predicate) => holds(predicate, record),
        Filter::And(parts) => parts.iter().all(|part| matches(part, record)),
        Filter::Or(parts) => parts.iter().any(|part| matches(part, record)),
        Filter::Not(inner) => !matches(inner, record),
    }
}

fn holds(Predicate { property, test }: &Predicate, record: &FileRecord) -> bool {
    let held = || held_values(property, record);
    match (property, test) {
        (Property::Text, test) => holds_for_text(test, record),
        (Property::Attribute(path), Test::Has) => attribute::has(&record.attributes, path),
        (_, Test::Has) => !held().is_empty(),
        // Each phrase may stand in another value.
        (_, Test::AllWords(phrases)) => phrases.iter().all(|phrase| {
            let test = Test::Phrase(phrase.clone());
            held().iter().any(|value| holds_for_value(&test, value))
        }),
        _ => held().iter().any(|value| holds_for_value(test, value)),
    }
}

fn holds_for_text(test: &Test, record: &FileRecord) -> bool {
    let known = words::words_of(record);
    match test {
        Test::Has => !known.is_empty(),
        Test::AnyWord(text) => {
            analysis::units(text).iter().any(|unit| words::has_unit(&known, unit))
        }
        Test::AllWords(texts) => texts.iter().all(|text| {
            let units = analysis::units(text);
            !units.is_empty() && units.iter().all(|unit| words::has_unit(&known, unit))
        }),
        _ => false,
    }
}

/// One value that a record has for a property.
pub(super) enum Held<'a> {
    Text(Cow<'a, str>),
    Number(Number),
    Date(Timestamp),
    Bool(bool),
}

/// The values that `record` has for `property`; none where it is absent. A text attribute that is
/// written as a date is a text and a date.
pub(super) fn held_values<'a>(property: &Property, record: &'a FileRecord) -> Vec<Held<'a>> {
    if let Property::Attribute(path) = property {
        let values = attribute::values(&record.attributes, path);
        return values.into_iter().flat_map(held_attribute).collect();
    }
    match property.kind() {
        Kind::Date => date_of(property, record).map(Held::Date).into_iter().collect(),
        Kind::Bool if *property == Property::Starred => vec![Held::Bool(record.starred)],
        Kind::Bool => vec![Held::Bool(record.hidden)],
        Kind::Number => {
            let size = record.data_size.map(|size| Held::Number(Number::from(size)));
            size.into_iter().collect()
        }
        Kind::Text | Kind::Keyword | Kind::Attribute | Kind::Ranked => texts_of(property, record)
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(Held::Text)
            .collect(),
    }
}

fn held_attribute(value: AttributeValue<'_>) -> Vec<Held<'_>> {
    match value {
        AttributeValue::Text(text) => {
            let date = value.date().map(Held::Date);
            [Held::Text(Cow::Borrowed(text))].into_iter().chain(date).collect()
        }
        AttributeValue::Number(number) => vec![Held::Number(number)],
        AttributeValue::Bool(is) => vec![Held::Bool(is)],
    }
}

fn date_of(property: &Property, record: &FileRecord) -> Option<Timestamp> {
    match property {
        Property::FileCreateTime => record.file_create_time,
        Property::FileUpdateTime => record.file_update_time,
        Property::SyncTime => Some(record.sync_time),
        Property::TagUpdateTime => record.tag_update_time,
        Property::SemanticIndexUpdateTime => record.semantic_index_update_time,
        Property::RecordCreateTime => Some(record.record_create_time),
        _ => None,
    }
}

fn texts_of<'a>(property: &Property, record: &'a FileRecord) -> Vec<Cow<'a, str>> {
    let one = |text: &'a str| vec![Cow::Borrowed(text)];
    let maybe = |text: &'a Option<String>| one(text.as_deref().unwrap_or_default());
    let many = |texts: &'a [String]| texts.iter().map(|text| Cow::Borrowed(&**text)).collect();
    match property {
        Property::Id => vec![Cow::Owned(record.id.to_string())],
        Property::Uri => one(&record.uri),
        Property::FileName => one(&record.file_name),
        Property::FileDir => one(&record.file_dir),
        Property::FileType => maybe(&record.file_type),
        Property::ContentType => maybe(&record.content_type),
        Property::FileFingerPrint => maybe(&record.file_fingerprint),
        Property::SemanticIndexJobId => maybe(&record.semantic_index_job_id),
        Property::Comment => maybe(&record.comment),
        Property::Description => maybe(&record.description),
        Property::Labels => many(&record.labels),
        Property::TagsUser => many(&record.tags.user),
        Property::TagsUserDeleteAi => many(&record.tags.user_delete_ai),
        Property::TagsAi => record.tags.ai_union().into_iter().map(Cow::Borrowed).collect(),
        Property::TagsAll => record.tags.all().into_iter().map(Cow::Borrowed).collect(),
        _ => Vec::new(),
    }
}

fn holds_for_value(test: &Test, held: &Held<'_>) -> bool {
    match test {
        Test::Has => true,
        Test::Equals(value) => compared(held, value) == Some(Ordering::Equal),
        Test::In(values) => {
            values.iter().any(|value| compared(held, value) == Some(Ordering::Equal))
        }
        Test::InRange(range) => is_inside(held, range),
        other => matches!(held, Held::Text(text) if holds_for_string(other, text)),
    }
}

fn holds_for_string(test: &Test, text: &str) -> bool {
    match test {
        Test::StartsWith(start) => text.starts_with(start.as_str()),
        Test::Near(whole, edits) => words::is_near(text, whole, *edits),
        Test::Phrase(phrase) => words::has_phrase(text, phrase, Last::Whole),
        Test::PhrasePrefix(phrase) => words::has_phrase(text, phrase, Last::Start),
        Test::WordNear(word, edits) => words::has_near_word(text, word, *edits),
        Test::Contains(part) => text.to_lowercase().contains(&part.to_lowercase()),
        Test::Glob(pattern) => is_globbed(text, pattern),
        _ => false,
    }
}

/// `*` and `?` stop at a slash, `**` does not; a pattern that is none matches nothing.
fn is_globbed(text: &str, pattern: &str) -> bool {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(text))
}

fn is_inside(held: &Held<'_>, Range { from, to }: &Range) -> bool {
    let keeps = |bound: &Bound, side: Ordering| match bound {
        Bound::Open => matches!(held, Held::Number(_) | Held::Date(_)),
        Bound::Included(end) => {
            compared(held, end).is_some_and(|order| order == side || order == Ordering::Equal)
        }
        Bound::Excluded(end) => compared(held, end) == Some(side),
    };
    keeps(from, Ordering::Greater) && keeps(to, Ordering::Less)
}

/// How a value stands to a literal; `None` where they are of different types.
fn compared(held: &Held<'_>, literal: &Value) -> Option<Ordering> {
    Some(match (held, literal) {
        (Held::Text(held), Value::Text(text)) => held.as_ref().cmp(text),
        (Held::Number(held), Value::Number(number)) => held.cmp(number),
        (Held::Date(held), Value::Date(when)) => held.cmp(&fixed(*when)),
        (Held::Bool(held), Value::Bool(is)) => held.cmp(is),
        _ => return None,
    })
}

fn fixed(when: When) -> Timestamp {
    match when {
        When::At(time) => time,
        When::Ago(millis) => {
            panic!("a time {millis} ms from now: fix the filter with Filter::at before it is asked")
        }
    }
}
