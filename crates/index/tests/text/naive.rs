//! What a predicate means, evaluated on the record itself.

use std::cell::RefCell;
use std::cmp::Ordering as Cmp;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use filedex_index::{Condition, bm25, quantised_length, ranking_words};
use filedex_model::analysis::{Streams, fold, units};
use filedex_model::attribute::{self, AttributeValue};
use filedex_model::{
    Bound, FileRecord, Number, Predicate, Property, Range, Row, Status, StatusFilter, Test,
    Timestamp, Value, When,
};
use globset::GlobBuilder;

pub fn in_status(record: &FileRecord, status: StatusFilter) -> bool {
    match status {
        StatusFilter::All => true,
        StatusFilter::Active => record.status == Status::Active,
        StatusFilter::Deleted => record.status == Status::Deleted,
    }
}

pub fn holds(condition: &Condition, row: Row, record: &FileRecord) -> bool {
    match condition {
        Condition::Everything => true,
        Condition::Nothing => false,
        Condition::Rows(rows) => rows.contains(&row),
        Condition::Test(predicate) | Condition::Check(predicate) => matches(predicate, record),
        Condition::And(parts) => parts.iter().all(|part| holds(part, row, record)),
        Condition::Or(parts) => parts.iter().any(|part| holds(part, row, record)),
        Condition::Not(inner) => !holds(inner, row, record),
    }
}

pub fn texts<'a>(record: &'a FileRecord, property: &Property) -> Vec<&'a str> {
    let tags = |tags: &'a [String]| tags.iter().map(String::as_str).collect();
    let values: Vec<&str> = match property {
        Property::Uri => vec![&record.uri],
        Property::FileName => vec![&record.file_name],
        Property::FileDir => vec![&record.file_dir],
        Property::FileType => record.file_type.as_deref().into_iter().collect(),
        Property::ContentType => record.content_type.as_deref().into_iter().collect(),
        Property::FileFingerPrint => record.file_fingerprint.as_deref().into_iter().collect(),
        Property::SemanticIndexJobId => {
            record.semantic_index_job_id.as_deref().into_iter().collect()
        }
        Property::TagsAi => record.tags.ai_union(),
        Property::TagsUser => tags(&record.tags.user),
        Property::TagsUserDeleteAi => tags(&record.tags.user_delete_ai),
        Property::TagsAll => record.tags.all(),
        Property::Labels => tags(&record.labels),
        Property::Comment => record.comment.as_deref().into_iter().collect(),
        Property::Description => record.description.as_deref().into_iter().collect(),
        Property::Attribute(path) => attribute::values(&record.attributes, path)
            .into_iter()
            .filter_map(|value| match value {
                AttributeValue::Text(text) => Some(text),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    values.into_iter().filter(|value| !value.is_empty()).collect()
}

pub fn integer(record: &FileRecord, property: &Property) -> Option<i64> {
    match property {
        Property::DataSize => record.data_size.map(|size| size as i64),
        Property::FileCreateTime => record.file_create_time.map(Timestamp::millis),
        Property::FileUpdateTime => record.file_update_time.map(Timestamp::millis),
        Property::SyncTime => Some(record.sync_time.millis()),
        Property::TagUpdateTime => record.tag_update_time.map(Timestamp::millis),
        Property::SemanticIndexUpdateTime => {
            record.semantic_index_update_time.map(Timestamp::millis)
        }
        Property::RecordCreateTime => Some(record.record_create_time.millis()),
        _ => None,
    }
}

/// Every value of a property, typed as literals are.
fn values(record: &FileRecord, property: &Property) -> Vec<Value> {
    match property {
        Property::Starred => vec![Value::Bool(record.starred)],
        Property::Hidden => vec![Value::Bool(record.hidden)],
        Property::DataSize => {
            record.data_size.map(|size| Value::Number(Number::from(size))).into_iter().collect()
        }
        Property::Attribute(path) => {
            let mut values = Vec::new();
            for value in attribute::values(&record.attributes, path) {
                if let Some(date) = value.date() {
                    values.push(Value::Date(When::At(date)));
                }
                values.push(match value {
                    AttributeValue::Text(text) => Value::Text(text.to_owned()),
                    AttributeValue::Number(number) => Value::Number(number),
                    AttributeValue::Bool(bool) => Value::Bool(bool),
                });
            }
            values
        }
        other => match integer(record, other) {
            Some(millis) => vec![Value::Date(When::At(Timestamp::from_millis(millis).unwrap()))],
            None => texts(record, other).into_iter().map(|t| Value::Text(t.to_owned())).collect(),
        },
    }
}

fn has(record: &FileRecord, property: &Property) -> bool {
    match property {
        Property::Text => !ranking(record).is_empty(),
        Property::Attribute(path) => attribute::has(&record.attributes, path),
        other => !values(record, other).is_empty(),
    }
}

fn contiguous(stream: &[String], phrase: &[String], last: impl Fn(&str, &str) -> bool) -> bool {
    let Some((end, start)) = phrase.split_last() else { return false };
    stream
        .windows(phrase.len())
        .any(|window| window[..start.len()] == *start && last(&window[start.len()], end))
}

thread_local! {
    static STREAMS: RefCell<HashMap<String, Rc<Streams>>> = RefCell::default();
    static RANKING: RefCell<HashMap<String, Rc<Vec<String>>>> = RefCell::default();
}

/// The streams of a text, remembered: the same few texts are asked for again and again.
fn streams(text: &str) -> Rc<Streams> {
    STREAMS.with_borrow_mut(|known| match known.get(text) {
        Some(streams) => Rc::clone(streams),
        None => {
            let streams = Rc::new(Streams::of(text));
            Rc::clone(known.entry(text.to_owned()).or_insert(streams))
        }
    })
}

/// The ranking words of a record, remembered by its revision.
fn ranking(record: &FileRecord) -> Rc<Vec<String>> {
    RANKING.with_borrow_mut(|known| match known.get(&record.revision_id) {
        Some(words) => Rc::clone(words),
        None => {
            let words = Rc::new(ranking_words(record));
            Rc::clone(known.entry(record.revision_id.clone()).or_insert(words))
        }
    })
}

fn phrase(text: &str, asked: &str, last: impl Fn(&str, &str) -> bool + Copy) -> bool {
    let (text, asked) = (streams(text), streams(asked));
    [&text.parts[..], text.wholes()].iter().any(|stream| {
        contiguous(stream, &asked.parts, last) || contiguous(stream, asked.wholes(), last)
    })
}

fn ranked(record: &FileRecord, asked: &str, all: bool) -> bool {
    let words = ranking(record);
    let units = units(asked);
    let found = |unit: &filedex_model::analysis::Unit| {
        words.contains(&unit.whole) || unit.parts.iter().all(|part| words.contains(part))
    };
    if all { !units.is_empty() && units.iter().all(found) } else { units.iter().any(found) }
}

fn inside(value: &Value, range: &Range) -> bool {
    let order = |bound: &Value| match (value, bound) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Date(When::At(a)), Value::Date(When::At(b))) => Some(a.cmp(b)),
        _ => None,
    };
    let above = match &range.from {
        Bound::Open => true,
        Bound::Included(bound) => order(bound).is_some_and(Cmp::is_ge),
        Bound::Excluded(bound) => order(bound).is_some_and(Cmp::is_gt),
    };
    let below = match &range.to {
        Bound::Open => true,
        Bound::Included(bound) => order(bound).is_some_and(Cmp::is_le),
        Bound::Excluded(bound) => order(bound).is_some_and(Cmp::is_lt),
    };
    above && below && matches!(value, Value::Number(_) | Value::Date(_))
}

/// The index knows the first eight bytes of an id.
fn id_matches(test: &Test, record: &FileRecord) -> bool {
    let id = record.id.to_string();
    let equals = |value: &Value| matches!(value, Value::Text(text) if text.len() == 64 && text[..16] == id[..16]);
    match test {
        Test::Has => true,
        Test::Equals(value) => equals(value),
        Test::In(values) => values.iter().any(equals),
        Test::StartsWith(start) => id[..16].starts_with(&start[..start.floor_char_boundary(16)]),
        _ => false,
    }
}

pub fn matches(predicate: &Predicate, record: &FileRecord) -> bool {
    let Predicate { property, test } = predicate;
    if *property == Property::Id {
        return id_matches(test, record);
    }
    let any_text = |test: &dyn Fn(&str) -> bool| texts(record, property).into_iter().any(test);
    match test {
        Test::Has => has(record, property),
        Test::Equals(value) => values(record, property).contains(value),
        Test::In(wanted) => values(record, property).iter().any(|value| wanted.contains(value)),
        Test::StartsWith(start) => any_text(&|text| text.starts_with(start.as_str())),
        Test::Near(near, edits) => any_text(&|text| {
            text.len() < 1_000 && strsim::osa_distance(text, near) <= usize::from(*edits)
        }),
        Test::Phrase(asked) => any_text(&|text| phrase(text, asked, |word, end| word == end)),
        Test::PhrasePrefix(asked) => {
            any_text(&|text| phrase(text, asked, |word, end| word.starts_with(end)))
        }
        Test::WordNear(word, edits) => any_text(&|text| {
            let streams = streams(text);
            let mut words: Vec<&String> = streams.parts.iter().chain(&streams.wholes).collect();
            words.sort();
            words.dedup();
            let folded = fold(word);
            !folded.is_empty()
                && words
                    .iter()
                    .any(|word| strsim::osa_distance(word, &folded) <= usize::from(*edits))
        }),
        Test::AllWords(asked) if *property == Property::Text => {
            asked.iter().all(|asked| ranked(record, asked, true))
        }
        Test::AllWords(asked) => {
            asked.iter().all(|asked| any_text(&|text| phrase(text, asked, |word, end| word == end)))
        }
        Test::AnyWord(asked) => ranked(record, asked, false),
        Test::Contains(part) => {
            any_text(&|text| text.to_lowercase().contains(&part.to_lowercase()))
        }
        Test::Glob(pattern) => {
            let mut glob = GlobBuilder::new(pattern);
            let glob = glob.literal_separator(true).backslash_escape(true).build();
            let glob = glob.unwrap().compile_matcher();
            any_text(&|text| glob.is_match(text))
        }
        Test::InRange(range) => values(record, property).iter().any(|value| inside(value, range)),
    }
}

/// The score of every record for ranking texts, as `RankText` documents it.
pub fn scores(live: &[(Row, FileRecord)], asked: &[String]) -> HashMap<Row, f32> {
    let words: Vec<_> = live.iter().map(|(row, record)| (*row, ranking(record))).collect();
    let total: u64 = words.iter().map(|(_, w)| u64::from(quantised_length(w.len() as u32))).sum();
    let mut matching: HashMap<&str, u64> = HashMap::new();
    for (_, of) in &words {
        let distinct: HashSet<&str> = of.iter().map(String::as_str).collect();
        distinct.into_iter().for_each(|word| *matching.entry(word).or_default() += 1);
    }
    let score = |word: &str, of: &[String]| {
        let frequency = of.iter().filter(|w| *w == word).count() as u32;
        let length = quantised_length(of.len() as u32);
        let matching = matching.get(word).copied().unwrap_or(0);
        (frequency > 0).then(|| bm25(frequency, length, matching, live.len() as u64, total))
    };
    words
        .iter()
        .map(|(row, of)| {
            let mut sum = 0.0;
            for text in asked {
                let mut of_text = 0.0;
                for unit in units(text) {
                    let mut of_unit = 0.0_f32;
                    of_unit += score(&unit.whole, of).unwrap_or(0.0);
                    let parts: Option<Vec<f32>> =
                        unit.parts.iter().map(|part| score(part, of)).collect();
                    if let (true, Some(parts)) = (unit.is_split(), parts) {
                        parts.iter().for_each(|part| of_unit += part);
                    }
                    of_text += of_unit;
                }
                sum += of_text;
            }
            (*row, sum)
        })
        .collect()
}
