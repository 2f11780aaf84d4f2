//! How many records a predicate finds, without finding them.

use std::ops::Bound;

use filedex_model::Predicate;

use super::bind::term_range;
use super::compile::{self, Step};
use super::index::{SegmentView, TextIndex};
use super::schema::{Column, TextField};
use super::segment::TextSegment;
use crate::error::IndexError;

/// A guess at a number of records. The truth lies between `min` and `max`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// No fewer.
    pub min: u64,
    /// The best guess.
    pub expected: u64,
    /// No more.
    pub max: u64,
}

/// Values of a column looked at to guess how many are in a range.
const SAMPLES: u32 = 256;
/// One in so many values is guessed to hold a piece of text, to match a pattern, or to be near.
const VALUES_PER_MATCH: u64 = 20;
/// One in so many records with all the words of a phrase is guessed not to have the phrase.
const WORDS_PER_PHRASE: u64 = 2;

impl Estimate {
    fn exactly(count: u64) -> Self {
        Self { min: count, expected: count, max: count }
    }

    fn up_to(max: u64, expected: u64) -> Self {
        Self { min: 0, expected: expected.min(max), max }
    }
}

impl TextIndex {
    /// How many live records a predicate finds, about: from document frequencies and samples, at
    /// the cost of a few look-ups for each segment.
    ///
    /// # Errors
    /// As [`TextIndex::count`].
    pub fn estimate(&self, predicate: &Predicate) -> Result<Estimate, IndexError> {
        let step = compile::of_predicate(predicate)?;
        let mut sum = Estimate::default();
        for view in self.segments() {
            let of_all = of_step(&step, view)?;
            let (docs, dead) = (u64::from(view.segment.docs()), view.dead.len());
            let live = view.live_docs();
            sum.min += of_all.min.saturating_sub(dead);
            sum.max += of_all.max.min(live);
            let expected = u128::from(of_all.expected) * u128::from(live) / u128::from(docs.max(1));
            sum.expected += u64::try_from(expected).unwrap_or(live);
        }
        sum.expected = sum.expected.clamp(sum.min, sum.max);
        Ok(sum)
    }
}

/// Of all the documents of a segment, dead ones included.
fn of_step(step: &Step<'_>, view: &SegmentView) -> Result<Estimate, IndexError> {
    let segment = &*view.segment;
    let docs = u64::from(segment.docs());
    Ok(match step {
        Step::All => Estimate::exactly(docs),
        Step::Nothing => Estimate::default(),
        Step::Rows(rows) => Estimate::up_to(docs.min(rows.len() as u64), rows.len() as u64),
        Step::Ids(from, to) => Estimate::up_to(docs, share(docs, *from, *to)),
        Step::Terms(field, terms) => {
            let mut frequencies = Vec::new();
            for term in terms {
                frequencies.push(frequency(view, *field, term)?);
            }
            of_frequencies(&frequencies, docs)
        }
        Step::TermRange(field, from, to) => of_range(segment, *field, from, to)?,
        Step::Contains(..) | Step::Glob(..) | Step::Near(..) => {
            Estimate::up_to(docs, docs.div_ceil(VALUES_PER_MATCH))
        }
        Step::Phrase(field, words) | Step::PhrasePrefix(field, words, _) => {
            let mut least = docs;
            for word in words {
                least = least.min(frequency(view, *field, word)?);
            }
            Estimate::up_to(least, least.div_ceil(WORDS_PER_PHRASE))
        }
        Step::Column(column, from, to, _) => of_column(view, *column, *from, *to)?,
        Step::And(parts) => {
            let mut all = Estimate::exactly(docs);
            for part in parts {
                let part = of_step(part, view)?;
                all.min = (all.min + part.min).saturating_sub(docs);
                all.max = all.max.min(part.max);
                all.expected = all.expected.min(part.expected);
            }
            all
        }
        Step::Or(parts) => {
            let mut any = Estimate::default();
            for part in parts {
                let part = of_step(part, view)?;
                any.min = any.min.max(part.min);
                any.max = docs.min(any.max + part.max);
                any.expected = docs.min(any.expected + part.expected);
            }
            any
        }
        Step::Not(inner) => {
            let inner = of_step(inner, view)?;
            Estimate {
                min: docs - inner.max,
                expected: docs - inner.expected,
                max: docs - inner.min,
            }
        }
    })
}

fn frequency(view: &SegmentView, field: TextField, term: &[u8]) -> Result<u64, IndexError> {
    Ok(view.segment.term(field, term)?.map_or(0, |term| u64::from(term.doc_freq)))
}

/// Of a union of terms.
fn of_frequencies(frequencies: &[u64], docs: u64) -> Estimate {
    let max = docs.min(frequencies.iter().sum());
    Estimate { min: frequencies.iter().copied().max().unwrap_or(0), expected: max, max }
}

/// Of the terms of a range: of all of them if they are few, else of the first ones and of how many
/// there are.
fn of_range(
    segment: &TextSegment,
    field: TextField,
    from: &Bound<Vec<u8>>,
    to: &Bound<Vec<u8>>,
) -> Result<Estimate, IndexError> {
    let dictionary = segment.terms(field.home())?.terms();
    let mut stream = term_range(dictionary, field, from, to)?;
    let (mut frequencies, mut start) = (Vec::new(), 0);
    while stream.advance() {
        if frequencies.is_empty() {
            start = stream.term_ord();
        }
        frequencies.push(u64::from(stream.value().doc_freq));
        if frequencies.len() == SAMPLES as usize {
            break;
        }
    }
    let docs = u64::from(segment.docs());
    let seen = of_frequencies(&frequencies, docs);
    if frequencies.len() < SAMPLES as usize {
        return Ok(seen);
    }
    let beyond = match to {
        Bound::Included(value) => dictionary.range().gt(field.term(value)),
        Bound::Excluded(value) => dictionary.range().ge(field.term(value)),
        Bound::Unbounded => dictionary.range().gt(field.term(&[u8::MAX])),
    };
    let mut beyond = beyond.into_stream()?;
    let end = if beyond.advance() { beyond.term_ord() } else { dictionary.num_terms() as u64 };
    let sum: u64 = frequencies.iter().sum();
    let expected = sum.saturating_mul(end.saturating_sub(start)) / u64::from(SAMPLES);
    Ok(Estimate { min: seen.min, expected: expected.min(docs), max: docs })
}

/// How many of `docs` evenly spread numbers lie between two.
fn share(docs: u64, from: u64, to: u64) -> u64 {
    let width = u128::from(to - from) + 1;
    u64::try_from((u128::from(docs) * width) >> 64).unwrap_or(docs).max(1)
}

fn of_column(
    view: &SegmentView,
    column: Column,
    from: i64,
    to: i64,
) -> Result<Estimate, IndexError> {
    let column = view.segment.column(column)?;
    let values = column.values.num_vals();
    if values == 0 || to < column.min_value() || from > column.max_value() {
        return Ok(Estimate::default());
    }
    if from <= column.min_value() && to >= column.max_value() {
        return Ok(Estimate::exactly(u64::from(values)));
    }
    let samples = values.min(SAMPLES);
    let place = |sample: u32| u64::from(sample) * u64::from(values) / u64::from(samples);
    let inside = (0..samples)
        .filter(|sample| (from..=to).contains(&column.values.get_val(place(*sample) as u32)))
        .count() as u64;
    let expected = inside * u64::from(values) / u64::from(samples);
    if samples == values {
        return Ok(Estimate::exactly(inside));
    }
    Ok(Estimate::up_to(u64::from(values), expected.max(1)))
}
