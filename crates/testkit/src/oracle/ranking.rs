//! Ranking by words: BM25 by its formula, over every record for every word.

use std::collections::{BTreeMap, BTreeSet};

use filedex_model::analysis::Unit;
use filedex_model::{FileId, FileRecord, Filter, Property, StatusFilter, Test};

use super::engine::Oracle;
use super::words::units_of;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The words of one record: how often each stands there, and how many there are.
struct Words {
    id: FileId,
    counts: BTreeMap<String, u32>,
    length: u32,
}

/// What a filter ranks by: the texts that it asks for and does not deny, in the order of their
/// places.
///
/// ```
/// use filedex_model::{Filter, Property, Test};
/// use filedex_testkit::oracle::ranking_texts;
/// let text = |text: &str| Filter::test(Property::Text, Test::AnyWord(text.into()));
/// let filter = Filter::and([text("red car"), Filter::not(text("night"))]);
/// assert_eq!(ranking_texts(&filter), ["red car"]);
/// ```
#[must_use]
pub fn ranking_texts(filter: &Filter) -> Vec<String> {
    let mut texts = Vec::new();
    filter.visit(&mut |predicate, positive| match &predicate.test {
        _ if !positive || predicate.property != Property::Text => {}
        Test::AnyWord(text) => texts.push(text.clone()),
        Test::AllWords(all) => texts.push(all.join(" ")),
        _ => {}
    });
    texts
}

impl Oracle {
    /// The matches of a filter with their scores under these texts: the best first, ties by id.
    ///
    /// # Panics
    /// As [`Oracle::list`].
    #[must_use]
    pub fn ranked(
        &self,
        filter: &Filter,
        status: StatusFilter,
        texts: &[String],
    ) -> Vec<(FileId, f32)> {
        let all: Vec<Words> = self.records().iter().map(Words::of).collect();
        let found: BTreeSet<FileId> = self.newest_first(filter, status).into_iter().collect();
        let mut having: BTreeMap<&str, u32> = BTreeMap::new();
        for word in all.iter().flat_map(|words| words.counts.keys()) {
            *having.entry(word).or_default() += 1;
        }
        let total_length = all.iter().map(|words| u64::from(words.length)).sum();
        let collection = Collection { docs: all.len(), total_length, having };
        let mut ranked: Vec<(FileId, f32)> = all
            .iter()
            .filter(|words| found.contains(&words.id))
            .map(|words| (words.id, collection.score(words, texts)))
            .collect();
        ranked.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
        ranked
    }
}

impl Words {
    fn of(record: &FileRecord) -> Self {
        let texts = [record.file_name.as_str(), &record.file_dir]
            .into_iter()
            .chain(record.tags.all())
            .chain(record.comment.as_deref())
            .chain(record.description.as_deref());
        let (mut counts, mut length) = (BTreeMap::new(), 0);
        for text in texts {
            for Unit { whole, parts, .. } in &*units_of(text) {
                let own = !(parts.len() == 1 && parts[0] == *whole);
                for word in parts.iter().chain(own.then_some(whole)) {
                    *counts.entry(word.clone()).or_default() += 1;
                    length += 1;
                }
            }
        }
        Self { id: record.id, counts, length: quantised(length) }
    }

    fn count(&self, word: &str) -> u32 {
        self.counts.get(word).copied().unwrap_or(0)
    }
}

struct Collection<'a> {
    docs: usize,
    total_length: u64,
    /// How many records have each word.
    having: BTreeMap<&'a str, u32>,
}

impl Collection<'_> {
    /// The sums run in the order of texts, units and parts: they are of 32 bits, and rounded.
    fn score(&self, words: &Words, texts: &[String]) -> f32 {
        let of_unit = |unit: &Unit| {
            let mut sum = self.bm25(words, &unit.whole);
            if unit.is_split() && unit.parts.iter().all(|part| words.count(part) > 0) {
                unit.parts.iter().for_each(|part| sum += self.bm25(words, part));
            }
            sum
        };
        let of_text =
            |text: &String| units_of(text).iter().fold(0.0_f32, |sum, unit| sum + of_unit(unit));
        texts.iter().fold(0.0_f32, |sum, text| sum + of_text(text))
    }

    #[expect(clippy::cast_precision_loss, reason = "some hundred records")]
    #[expect(clippy::cast_possible_truncation, reason = "scores are of 32 bits")]
    fn bm25(&self, words: &Words, word: &str) -> f32 {
        let frequency = f64::from(words.count(word));
        if frequency == 0.0 {
            return 0.0;
        }
        let having = self.having.get(word).copied().map_or(0.0, f64::from);
        let docs = self.docs as f64;
        let rarity = (1.0 + (docs - having + 0.5) / (having + 0.5)).ln();
        let average = self.total_length as f64 / docs;
        let norm = K1 * (1.0 - B + B * f64::from(words.length) / average);
        (rarity * frequency * (K1 + 1.0) / (frequency + norm)) as f32
    }
}

/// A length as an index keeps it in a byte: exact below 40, then with four significant bits of
/// what is above 24.
fn quantised(length: u32) -> u32 {
    let above = length.saturating_sub(24);
    let dropped = (u32::BITS - above.leading_zeros()).saturating_sub(4);
    if length < 40 { length } else { (above >> dropped << dropped) + 24 }
}

#[cfg(test)]
mod tests {
    #[test]
    fn lengths_in_a_byte() {
        // The table of Lucene's SmallFloat, with 24 free values.
        for (length, kept) in [
            (0, 0),
            (39, 39),
            (40, 40),
            (41, 40),
            (42, 42),
            (55, 54),
            (56, 56),
            (59, 56),
            (60, 60),
            (87, 84),
            (88, 88),
            (95, 88),
            (152, 152),
            (167, 152),
        ] {
            assert_eq!(super::quantised(length), kept, "{length}");
        }
    }
}
