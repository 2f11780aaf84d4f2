//! BM25 over the live documents of all segments.

use filedex_model::analysis::units;
use tantivy::postings::TermInfo;

use super::bm25::bm25;
use super::index::{SegmentView, TextIndex};
use super::order::RankText;
use super::postings;
use super::schema::{Home, TextField};
use super::segment::TextSegment;
use crate::error::IndexError;

/// The words of the ranking texts, with where they are and how many live documents have them.
pub(crate) struct Scorer {
    texts: Vec<Vec<UnitScorer>>,
    docs: u64,
    total_length: u64,
}

struct UnitScorer {
    whole: Word,
    /// Empty where the parts are no other words than the whole.
    parts: Vec<Word>,
}

struct Word {
    /// In each segment.
    terms: Vec<Option<TermInfo>>,
    /// Live documents that have it.
    matching: u64,
}

impl Word {
    fn new(index: &TextIndex, word: &str) -> Result<Self, IndexError> {
        let (mut terms, mut matching) = (Vec::new(), 0);
        for view in index.segments() {
            let term = view.segment.term(TextField::Text, word.as_bytes())?;
            if let Some(term) = &term {
                matching += live_frequency(view, term)?;
            }
            terms.push(term);
        }
        Ok(Self { terms, matching })
    }
}

/// The live documents that have a term.
fn live_frequency(view: &SegmentView, term: &TermInfo) -> Result<u64, IndexError> {
    let mut live = u64::from(term.doc_freq);
    if !view.dead.is_empty() {
        let dead: Vec<u32> = view.dead.iter().collect();
        postings::look_up(view.segment.terms(Home::Ranking)?, term, &dead, |_| live -= 1)?;
    }
    Ok(live)
}

impl Scorer {
    pub(crate) fn new(index: &TextIndex, texts: &[RankText]) -> Result<Self, IndexError> {
        let texts = texts.iter().map(|RankText(text)| {
            let units = units(text);
            let units = units.iter().map(|unit| {
                let parts: &[String] = if unit.is_split() { &unit.parts } else { &[] };
                Ok(UnitScorer {
                    whole: Word::new(index, &unit.whole)?,
                    parts: parts
                        .iter()
                        .map(|part| Word::new(index, part))
                        .collect::<Result<_, _>>()?,
                })
            });
            units.collect()
        });
        Ok(Self {
            texts: texts.collect::<Result<_, IndexError>>()?,
            docs: index.live_docs(),
            total_length: index.live_text_length(),
        })
    }

    /// The scores of documents, ascending, of the segment at `at`.
    pub(crate) fn score(
        &self,
        at: usize,
        segment: &TextSegment,
        docs: &[u32],
    ) -> Result<Vec<f32>, IndexError> {
        let mut sums = vec![0.0; docs.len()];
        for text in &self.texts {
            let mut of_text = vec![0.0; docs.len()];
            for unit in text {
                let mut of_unit = vec![0.0; docs.len()];
                self.add(&unit.whole, at, segment, docs, &mut of_unit)?;
                self.add_parts(&unit.parts, at, segment, docs, &mut of_unit)?;
                add_all(&mut of_text, &of_unit);
            }
            add_all(&mut sums, &of_text);
        }
        Ok(sums)
    }

    fn add(
        &self,
        word: &Word,
        at: usize,
        segment: &TextSegment,
        docs: &[u32],
        sums: &mut [f32],
    ) -> Result<(), IndexError> {
        let Some(term) = &word.terms[at] else { return Ok(()) };
        let lengths = segment.lengths()?;
        let index = segment.terms(Home::Ranking)?;
        postings::frequencies(index, term, docs, |place, frequency| {
            let length = lengths.fieldnorm(docs[place]);
            sums[place] += bm25(frequency, length, word.matching, self.docs, self.total_length);
        })
    }

    /// Adds the scores of the parts where all of them are there.
    fn add_parts(
        &self,
        parts: &[Word],
        at: usize,
        segment: &TextSegment,
        docs: &[u32],
        sums: &mut [f32],
    ) -> Result<(), IndexError> {
        if parts.is_empty() || parts.iter().any(|part| part.terms[at].is_none()) {
            return Ok(());
        }
        let index = segment.terms(Home::Ranking)?;
        let mut having = vec![0_usize; docs.len()];
        for term in parts.iter().filter_map(|part| part.terms[at].as_ref()) {
            postings::frequencies(index, term, docs, |place, _| having[place] += 1)?;
        }
        let (places, all): (Vec<usize>, Vec<u32>) = docs
            .iter()
            .enumerate()
            .filter(|(place, _)| having[*place] == parts.len())
            .map(|(place, doc)| (place, *doc))
            .unzip();
        let mut of_all: Vec<f32> = places.iter().map(|place| sums[*place]).collect();
        for part in parts {
            self.add(part, at, segment, &all, &mut of_all)?;
        }
        for (place, sum) in places.into_iter().zip(of_all) {
            sums[place] = sum;
        }
        Ok(())
    }
}

fn add_all(sums: &mut [f32], more: &[f32]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}
