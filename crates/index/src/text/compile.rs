//! Conditions into steps: which terms, ranges and scans answer them. Steps know no segment, so
//! that a query is analysed once however many segments there are.

use std::ops::Bound as End;

use filedex_model::analysis::{Unit, units};
use filedex_model::{
    Bound, FileId, Predicate, Property, Range, Row, StatusFilter, Test, Timestamp, Value, When,
};
use globset::{GlobBuilder, GlobMatcher};

use super::condition::Condition;
use super::interval::in_range;
use super::near::Near;
use super::schema::{Column, TextField, flag};
use super::term;
use crate::error::IndexError;

/// How a condition is answered.
pub(crate) enum Step<'a> {
    All,
    Nothing,
    Rows(&'a [Row]),
    /// One of these terms.
    Terms(TextField, Vec<Vec<u8>>),
    /// A term between these.
    TermRange(TextField, End<Vec<u8>>, End<Vec<u8>>),
    /// A value that holds this, in any case; in lower case here.
    Contains(TextField, String),
    /// A value that matches.
    Glob(TextField, Box<Pattern>),
    /// A term a few edits away.
    Near(TextField, Box<Near>),
    /// These words next to each other; at least two.
    Phrase(TextField, Vec<Vec<u8>>),
    /// These words, at least one, and next a word that starts like this.
    PhrasePrefix(TextField, Vec<Vec<u8>>, Vec<u8>),
    /// A number of a column from one to another; as a check only where `true`.
    Column(Column, i64, i64, bool),
    /// The first eight bytes of the id, from one number to another.
    Ids(u64, u64),
    And(Vec<Step<'a>>),
    Or(Vec<Step<'a>>),
    Not(Box<Step<'a>>),
}

use Step as S;

/// The steps of a condition among the records of a status.
pub(crate) fn compile(condition: &Condition, status: StatusFilter) -> Result<Step<'_>, IndexError> {
    let step = of_condition(condition)?;
    let deleted = S::Terms(TextField::Flag, vec![flag::DELETED.into()]);
    Ok(match status {
        StatusFilter::All => step,
        StatusFilter::Active => and([step, not(deleted)]),
        StatusFilter::Deleted => and([step, deleted]),
    })
}

fn of_condition(condition: &Condition) -> Result<Step<'_>, IndexError> {
    match condition {
        Condition::Everything => Ok(S::All),
        Condition::Nothing => Ok(S::Nothing),
        Condition::Rows(rows) => Ok(S::Rows(rows)),
        Condition::Test(predicate) => of_predicate(predicate),
        Condition::Check(_) => {
            Err(IndexError::unsupported("a check stands inside And only, beside what it checks"))
        }
        Condition::And(parts) => {
            if !parts.is_empty() && parts.iter().all(|part| matches!(part, Condition::Check(_))) {
                return of_condition(&parts[0]);
            }
            let steps = parts.iter().map(|part| match part {
                Condition::Check(predicate) => match of_predicate(predicate)? {
                    S::Column(column, from, to, _) => Ok(S::Column(column, from, to, true)),
                    S::Nothing => Ok(S::Nothing),
                    _ => Err(IndexError::unsupported("only ranges of dates and sizes are checks")),
                },
                other => of_condition(other),
            });
            Ok(and(steps.collect::<Result<Vec<_>, _>>()?))
        }
        Condition::Or(parts) => {
            Ok(or(parts.iter().map(of_condition).collect::<Result<Vec<_>, _>>()?))
        }
        Condition::Not(inner) => Ok(not(of_condition(inner)?)),
    }
}

/// The steps of one predicate.
pub(crate) fn of_predicate<'a>(predicate: &Predicate) -> Result<Step<'a>, IndexError> {
    let Predicate { property, test } = predicate;
    match test {
        Test::Has => Ok(has(property)),
        Test::Equals(value) => equals(property, value),
        Test::In(values) => {
            Ok(or(values.iter().map(|v| equals(property, v)).collect::<Result<Vec<_>, _>>()?))
        }
        Test::StartsWith(text) => starts_with(property, text),
        Test::Near(text, edits) => near(property, text, *edits),
        Test::Phrase(text) => phrase(property, text),
        Test::PhrasePrefix(text) => phrase_prefix(property, text),
        Test::WordNear(word, edits) => word_near(property, word, *edits),
        Test::AllWords(texts) => all_words(property, texts),
        Test::AnyWord(text) if *property == Property::Text => {
            Ok(or(units(text).iter().map(ranked_word)))
        }
        Test::AnyWord(_) => Err(refused(property, "any word")),
        Test::Contains(part) => match TextField::exact_of(property) {
            Some(field) => Ok(S::Contains(field, part.to_lowercase())),
            None => Err(refused(property, "CONTAINS")),
        },
        Test::Glob(pattern) => match TextField::exact_of(property) {
            Some(field) => glob(field, pattern),
            None => Err(refused(property, "GLOB")),
        },
        Test::InRange(range) => in_range(property, range),
    }
}

pub(crate) fn and<'a>(steps: impl IntoIterator<Item = Step<'a>>) -> Step<'a> {
    let mut flat = Vec::new();
    for step in steps {
        match step {
            S::All => {}
            S::Nothing => return S::Nothing,
            S::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.is_empty() { S::All } else { single(flat, S::And) }
}

pub(crate) fn or<'a>(steps: impl IntoIterator<Item = Step<'a>>) -> Step<'a> {
    let mut flat: Vec<Step<'a>> = Vec::new();
    for step in steps {
        match (step, flat.last_mut()) {
            (S::Nothing, _) => {}
            (S::All, _) => return S::All,
            (S::Or(inner), _) => flat.extend(inner),
            // IN lists become one union of terms.
            (S::Terms(field, terms), Some(S::Terms(before, all))) if *before == field => {
                all.extend(terms);
            }
            (other, _) => flat.push(other),
        }
    }
    if flat.is_empty() { S::Nothing } else { single(flat, S::Or) }
}

fn single<'a>(mut steps: Vec<Step<'a>>, many: fn(Vec<Step<'a>>) -> Step<'a>) -> Step<'a> {
    match (steps.len(), steps.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            steps.extend(last);
            many(steps)
        }
    }
}

pub(crate) fn not(step: Step<'_>) -> Step<'_> {
    match step {
        S::All => S::Nothing,
        S::Nothing => S::All,
        S::Not(inner) => *inner,
        other => S::Not(Box::new(other)),
    }
}

pub(crate) fn refused(property: &Property, test: &str) -> IndexError {
    IndexError::unsupported(format!("{test} on {property}"))
}

fn has<'a>(property: &Property) -> Step<'a> {
    let name = match property {
        // Every record has these, or they have a value for every record.
        Property::Id | Property::Starred | Property::Hidden => return S::All,
        Property::Attribute(path) => term::has_attribute(&term::path_key(path)),
        named => named.to_string(),
    };
    S::Terms(TextField::Has, vec![name.into_bytes()])
}

fn equals<'a>(property: &Property, value: &Value) -> Result<Step<'a>, IndexError> {
    let flagged = |flag: &str, set: bool| {
        let step = S::Terms(TextField::Flag, vec![flag.into()]);
        if set { step } else { not(step) }
    };
    Ok(match (property, value) {
        (Property::Text, _) => return Err(refused(property, "=")),
        (Property::Starred, Value::Bool(set)) => flagged(flag::STARRED, *set),
        (Property::Hidden, Value::Bool(set)) => flagged(flag::HIDDEN, *set),
        (Property::Id, Value::Text(text)) => match text.parse::<FileId>() {
            Ok(id) if id.to_string() == *text => S::Ids(id.prefix(), id.prefix()),
            _ => S::Nothing,
        },
        (Property::Attribute(path), value) => {
            let key = term::path_key(path);
            let term = match value {
                Value::Text(text) if text.is_empty() => return Ok(S::Nothing),
                Value::Text(text) => term::text_value(&key, text),
                Value::Number(number) => term::number_value(&key, *number),
                Value::Bool(bool) => term::bool_value(&key, *bool),
                Value::Date(when) => term::date_value(&key, fixed(*when)?),
            };
            S::Terms(TextField::Attribute, vec![term])
        }
        (property, value) => match (TextField::exact_of(property), value) {
            (Some(_), Value::Text(text)) if text.is_empty() => S::Nothing,
            (Some(field), Value::Text(text)) => {
                S::Terms(field, vec![term::exact(text).into_owned().into_bytes()])
            }
            (None, Value::Number(_) | Value::Date(_)) => {
                let bound = || Bound::Included(value.clone());
                return in_range(property, &Range { from: bound(), to: bound() });
            }
            _ => S::Nothing,
        },
    })
}

/// A time that does not depend on the clock.
pub(crate) fn fixed(when: When) -> Result<Timestamp, IndexError> {
    match when {
        When::At(at) => Ok(at),
        When::Ago(_) => Err(IndexError::unsupported("a time relative to now; fix it first")),
    }
}

/// The terms that start with `prefix`.
fn prefixed<'a>(field: TextField, prefix: Vec<u8>) -> Step<'a> {
    let (from, to) = term::prefix_range(prefix);
    S::TermRange(field, from, to)
}

/// The field and the bytes before whole text values of a property.
fn whole(property: &Property) -> Option<(TextField, Vec<u8>)> {
    match property {
        Property::Attribute(path) => {
            Some((TextField::Attribute, term::value_prefix(&term::path_key(path), term::TEXT)))
        }
        other => TextField::exact_of(other).map(|field| (field, Vec::new())),
    }
}

/// Values are whole in the index up to a length; what compares pieces must not need more.
fn short_enough(text: &str) -> Result<(), IndexError> {
    // A little less than the limit: a cut value ends at a character and may be edited.
    if text.len() + 64 > term::WHOLE_BYTES {
        return Err(IndexError::unsupported(format!(
            "a text of {} bytes is too long to compare with parts of values",
            text.len()
        )));
    }
    Ok(())
}

fn starts_with<'a>(property: &Property, text: &str) -> Result<Step<'a>, IndexError> {
    if *property == Property::Id {
        return Ok(id_starts_with(text));
    }
    let (field, mut prefix) = whole(property).ok_or_else(|| refused(property, "a start"))?;
    short_enough(text)?;
    prefix.extend_from_slice(text.as_bytes());
    Ok(prefixed(field, prefix))
}

fn id_starts_with<'a>(text: &str) -> Step<'a> {
    if text.len() > 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return S::Nothing;
    }
    let head = &text[..text.len().min(16)];
    let bits = 64 - 4 * head.len() as u32;
    let value = u64::from_str_radix(head, 16).unwrap_or(0);
    let from = value.checked_shl(bits).unwrap_or(0);
    S::Ids(from, from | 1_u64.checked_shl(bits).map_or(u64::MAX, |one| one - 1))
}

fn near<'a>(property: &Property, text: &str, edits: u8) -> Result<Step<'a>, IndexError> {
    let (field, prefix) = whole(property).ok_or_else(|| refused(property, "a near value"))?;
    short_enough(text)?;
    Ok(S::Near(field, Box::new(Near::new(field.term(&prefix), text, edits))))
}

/// The field and what stands before each word of a property's texts.
fn words(property: &Property) -> Result<(TextField, String), IndexError> {
    let field = TextField::words_of(property).ok_or_else(|| refused(property, "words"))?;
    Ok(match property {
        Property::Attribute(path) => (field, term::word_prefix(&term::path_key(path))),
        _ => (field, String::new()),
    })
}

/// The parts of a text and its wholes, as terms; the wholes only where they differ.
fn streams(text: &str, prefix: &str) -> Vec<Vec<Vec<u8>>> {
    let units = units(text);
    let term = |word: &String| [prefix.as_bytes(), word.as_bytes()].concat();
    let parts: Vec<_> = units.iter().flat_map(|unit| &unit.parts).map(term).collect();
    let wholes: Vec<_> = units.iter().map(|unit| term(&unit.whole)).collect();
    let mut streams = vec![parts];
    if wholes != streams[0] {
        streams.push(wholes);
    }
    streams
}

fn phrase<'a>(property: &Property, text: &str) -> Result<Step<'a>, IndexError> {
    if *property == Property::Text {
        return Err(refused(property, "a phrase"));
    }
    let (field, prefix) = words(property)?;
    Ok(or(streams(text, &prefix).into_iter().map(|words| match words.len() {
        0 => S::Nothing,
        1 => S::Terms(field, words),
        _ => S::Phrase(field, words),
    })))
}

fn phrase_prefix<'a>(property: &Property, text: &str) -> Result<Step<'a>, IndexError> {
    let (field, prefix) = words(property)?;
    Ok(or(streams(text, &prefix).into_iter().map(|mut words| match words.pop() {
        None => S::Nothing,
        Some(last) if words.is_empty() => prefixed(field, last),
        Some(last) => S::PhrasePrefix(field, words, last),
    })))
}

fn word_near<'a>(property: &Property, word: &str, edits: u8) -> Result<Step<'a>, IndexError> {
    let (field, prefix) = words(property)?;
    let folded = filedex_model::analysis::fold(word);
    if folded.is_empty() {
        return Ok(S::Nothing);
    }
    Ok(S::Near(field, Box::new(Near::new(field.term(prefix.as_bytes()), &folded, edits))))
}

fn all_words<'a>(property: &Property, texts: &[String]) -> Result<Step<'a>, IndexError> {
    if texts.is_empty() {
        return Ok(S::Nothing);
    }
    let steps = texts.iter().map(|text| {
        if *property != Property::Text {
            return phrase(property, text);
        }
        let units = units(text);
        Ok(if units.is_empty() { S::Nothing } else { and(units.iter().map(ranked_word)) })
    });
    Ok(and(steps.collect::<Result<Vec<_>, _>>()?))
}

/// One word of the ranking text: its whole, or all its parts wherever they stand.
fn ranked_word<'a>(unit: &Unit) -> Step<'a> {
    let word = |word: &String| S::Terms(TextField::Text, vec![word.clone().into_bytes()]);
    or([word(&unit.whole), and(unit.parts.iter().map(word))])
}

/// A path pattern, with what every path that matches starts with and holds.
pub(crate) struct Pattern {
    pub(crate) glob: GlobMatcher,
    pub(crate) prefix: Vec<u8>,
    pub(crate) part: Vec<u8>,
}

/// What every path that matches a pattern starts with, and the longest text it holds.
///
/// Slashes beside a wildcard are left out, for `**/` may stand for nothing; and of a pattern with
/// choices or escapes only the start is looked at.
fn literals(pattern: &str) -> (&str, &str) {
    let special = pattern.find(['[', '{', '\\']);
    let plain = &pattern[..special.unwrap_or(pattern.len())];
    let runs = || plain.split(['*', '?']);
    let prefix = match (special, runs().next()) {
        (None, Some(all)) if all.len() == plain.len() => all,
        (_, start) => start.unwrap_or_default().trim_end_matches('/'),
    };
    let part = runs().map(|run| run.trim_matches('/')).max_by_key(|run| run.len());
    (prefix, part.unwrap_or_default())
}

fn glob<'a>(field: TextField, pattern: &str) -> Result<Step<'a>, IndexError> {
    let glob =
        GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build().map_err(
            |error| IndexError::unsupported(format!("the pattern {pattern:?}: {error}")),
        )?;
    let (prefix, part) = literals(pattern);
    let glob = glob.compile_matcher();
    Ok(S::Glob(field, Box::new(Pattern { glob, prefix: prefix.into(), part: part.into() })))
}
