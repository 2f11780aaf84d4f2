//! Reading postings: whole lists, and the places of words.

use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, InvertedIndexReader, TERMINATED};

use super::set::{Docs, Gather, gallop};
use crate::error::IndexError;

/// Hands on the documents of each term, some at a time.
pub(crate) fn for_each_block(
    index: &InvertedIndexReader,
    terms: &[TermInfo],
    mut visit: impl FnMut(&[u32]),
) -> Result<(), IndexError> {
    let Some((first, more)) = terms.split_first() else { return Ok(()) };
    let mut block = index.read_block_postings_from_terminfo(first, IndexRecordOption::Basic)?;
    let mut more = more.iter();
    loop {
        while !block.docs().is_empty() {
            visit(block.docs());
            block.advance();
        }
        match more.next() {
            Some(term) => index.reset_block_postings_from_terminfo(term, &mut block)?,
            None => return Ok(()),
        }
    }
}

/// The documents that have one of the terms.
pub(crate) fn union(
    index: &InvertedIndexReader,
    terms: &[TermInfo],
    docs: u32,
) -> Result<Docs, IndexError> {
    let expected = terms.iter().map(|term| u64::from(term.doc_freq)).sum();
    let mut gather = Gather::expecting(docs, expected);
    for_each_block(index, terms, |block| gather.extend(block))?;
    Ok(gather.finish())
}

/// Those of `candidates`, ascending, that have the term; each is looked up on its own.
pub(crate) fn look_up(
    index: &InvertedIndexReader,
    term: &TermInfo,
    candidates: &[u32],
    mut found: impl FnMut(usize),
) -> Result<(), IndexError> {
    let mut postings = index.read_postings_from_terminfo(term, IndexRecordOption::Basic)?;
    for (at, doc) in candidates.iter().enumerate() {
        if postings.doc() < *doc {
            postings.seek(*doc);
        }
        match postings.doc() {
            TERMINATED => break,
            doc_found if doc_found == *doc => found(at),
            _ => {}
        }
    }
    Ok(())
}

/// How often the term stands in each of `docs`, ascending: `found` gets the place in `docs` and
/// the frequency, for those that have it.
pub(crate) fn frequencies(
    index: &InvertedIndexReader,
    term: &TermInfo,
    docs: &[u32],
    mut found: impl FnMut(usize, u32),
) -> Result<(), IndexError> {
    let mut block = index.read_block_postings_from_terminfo(term, IndexRecordOption::WithFreqs)?;
    let mut at = 0;
    while at < docs.len() {
        let mut within = block.seek(docs[at]);
        if block.docs().last().is_none_or(|last| *last < docs[at]) {
            break;
        }
        let (in_block, freqs) = (block.docs(), block.freqs());
        while at < docs.len() && within < in_block.len() {
            match docs[at].cmp(&in_block[within]) {
                std::cmp::Ordering::Less => at += 1,
                std::cmp::Ordering::Greater => within += 1,
                std::cmp::Ordering::Equal => {
                    found(at, freqs[within]);
                    at += 1;
                    within += 1;
                }
            }
        }
    }
    Ok(())
}

/// Words that must stand next to each other in this order.
pub(crate) struct Phrase {
    /// Each with its place in the phrase, the rarest first.
    words: Vec<(u32, SegmentPostings)>,
    positions: Vec<u32>,
    starts: Vec<u32>,
}

impl Phrase {
    pub(crate) fn new(index: &InvertedIndexReader, words: &[TermInfo]) -> Result<Self, IndexError> {
        let mut words = words
            .iter()
            .zip(0_u32..)
            .map(|(word, place)| {
                let record = IndexRecordOption::WithFreqsAndPositions;
                Ok((place, index.read_postings_from_terminfo(word, record)?))
            })
            .collect::<Result<Vec<_>, IndexError>>()?;
        words.sort_by_key(|(_, postings)| postings.size_hint());
        Ok(Self { words, positions: Vec::new(), starts: Vec::new() })
    }

    /// The first document from `doc` on that has every word, wherever; [`TERMINATED`] if none.
    fn seek_words(&mut self, mut doc: u32) -> u32 {
        'again: loop {
            for (_, postings) in &mut self.words {
                if postings.doc() < doc {
                    postings.seek(doc);
                }
                if postings.doc() > doc {
                    doc = postings.doc();
                    if doc == TERMINATED {
                        return doc;
                    }
                    continue 'again;
                }
            }
            return doc;
        }
    }

    /// Where the phrase starts in the current document.
    fn read_starts(&mut self) {
        let Some(((place, first), more)) = self.words.split_first_mut() else { return };
        first.positions(&mut self.starts);
        let place = *place;
        // A word of place p at position q belongs to a phrase that starts at q - p.
        self.starts.retain_mut(|start| {
            let fits = *start >= place;
            *start = start.wrapping_sub(place);
            fits
        });
        for (place, postings) in more {
            if self.starts.is_empty() {
                return;
            }
            postings.positions(&mut self.positions);
            let positions = &self.positions;
            self.starts.retain(|start| positions.binary_search(&(start + *place)).is_ok());
        }
    }

    /// Calls `found` with every document that has the phrase, and where it starts; only with
    /// `candidates`, if given.
    pub(crate) fn for_each(
        mut self,
        candidates: Option<&Docs>,
        mut found: impl FnMut(u32, &[u32]),
    ) {
        match candidates {
            Some(Docs::Few(list)) => {
                for doc in list {
                    match self.seek_words(*doc) {
                        TERMINATED => break,
                        at if at == *doc => self.visit(at, &mut found),
                        _ => {}
                    }
                }
            }
            candidates => {
                let mut doc = self.seek_words(0);
                while doc != TERMINATED {
                    if candidates.is_none_or(|set| set.contains(doc)) {
                        self.visit(doc, &mut found);
                    }
                    doc = self.seek_words(doc + 1);
                }
            }
        }
    }

    fn visit(&mut self, doc: u32, found: &mut impl FnMut(u32, &[u32])) {
        self.read_starts();
        if !self.starts.is_empty() {
            found(doc, &self.starts);
        }
    }
}

/// Narrows documents with phrase starts to those where the term stands `offset` words after one.
pub(crate) fn follows(
    index: &InvertedIndexReader,
    term: &TermInfo,
    heads: &[(u32, Vec<u32>)],
    offset: u32,
    gather: &mut Gather,
) -> Result<(), IndexError> {
    let record = IndexRecordOption::WithFreqsAndPositions;
    let mut postings = index.read_postings_from_terminfo(term, record)?;
    let mut positions = Vec::new();
    let mut at = 0;
    while at < heads.len() && postings.doc() != TERMINATED {
        let doc = postings.seek(heads[at].0.max(postings.doc()));
        at = gallop(heads, at, |(head, _)| *head < doc);
        let Some((head, starts)) = heads.get(at) else { break };
        if *head == doc {
            postings.positions(&mut positions);
            if starts.iter().any(|start| positions.binary_search(&(start + offset)).is_ok()) {
                gather.extend(&[doc]);
            }
            at += 1;
        }
    }
    Ok(())
}
