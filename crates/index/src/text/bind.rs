//! Steps on one segment: terms looked up, dictionaries scanned.

use std::ops::Bound as End;
use std::sync::Arc;

use filedex_model::Row;
use roaring::RoaringBitmap;
use tantivy::InvertedIndexReader;
use tantivy::columnar::Column;
use tantivy::postings::TermInfo;
use tantivy::termdict::{TermDictionary, TermStreamer, WithoutKeys};
use tantivy_fst::Automaton;
use tantivy_fst::automaton::AlwaysMatch;

use super::compile::{Pattern, Step};
use super::dictionary::Dictionary;
use super::near::Near;
use super::postings::{for_each_block, look_up};
use super::schema::{Home, TextField};
use super::segment::TextSegment;
use super::set::{Docs, Gather};
use super::term;
use crate::error::IndexError;

/// A step that knows where its answer is in one segment.
pub(crate) enum Node<'a> {
    All,
    Nothing,
    Known(Docs),
    Terms(Terms<'a>),
    Phrase(&'a Arc<InvertedIndexReader>, Vec<TermInfo>),
    PhrasePrefix(&'a Arc<InvertedIndexReader>, Vec<TermInfo>, Vec<TermInfo>),
    Column { column: &'a Column<i64>, from: i64, to: i64, check: bool },
    And(Vec<Node<'a>>),
    Or(Vec<Node<'a>>),
    Not(Box<Node<'a>>),
}

/// A union of terms of one field.
pub(crate) struct Terms<'a> {
    pub(crate) index: &'a Arc<InvertedIndexReader>,
    pub(crate) terms: Vec<TermInfo>,
    /// The sum of their document frequencies.
    pub(crate) bound: u64,
}

/// Binds a step to a segment.
pub(crate) fn bind<'a>(step: &Step<'_>, segment: &'a TextSegment) -> Result<Node<'a>, IndexError> {
    Ok(match step {
        Step::All => Node::All,
        Step::Nothing => Node::Nothing,
        Step::Rows(rows) => known(docs_of_rows(segment, rows)?),
        Step::Terms(field, terms) => {
            let found = terms.iter().map(|term| segment.term(*field, term));
            let found = found.collect::<Result<Vec<_>, _>>()?;
            union(segment, *field, found.into_iter().flatten().collect())?
        }
        Step::TermRange(field, from, to) => {
            union(segment, *field, terms_between(segment, *field, from, to)?)?
        }
        Step::Contains(field, needle) => {
            scanned(segment, *field, |dictionary| dictionary.containing(needle))?
        }
        Step::Glob(field, pattern) => {
            scanned(segment, *field, |dictionary| matching(dictionary, pattern))?
        }
        Step::Near(field, near) => union(segment, *field, near_terms(segment, *field, near)?)?,
        Step::Phrase(field, words) => match all_terms(segment, *field, words)? {
            Some(words) => Node::Phrase(segment.terms(field.home())?, words),
            None => Node::Nothing,
        },
        Step::PhrasePrefix(field, words, last) => {
            let (from, to) = term::prefix_range(last.clone());
            let tails = terms_between(segment, *field, &from, &to)?;
            match all_terms(segment, *field, words)?.filter(|_| !tails.is_empty()) {
                Some(words) => Node::PhrasePrefix(segment.terms(field.home())?, words, tails),
                None => Node::Nothing,
            }
        }
        Step::Column(column, from, to, check) => {
            let column = segment.column(*column)?;
            let outside = *to < column.min_value() || *from > column.max_value();
            if column.values.num_vals() == 0 || outside {
                return Ok(Node::Nothing);
            }
            Node::Column { column, from: *from, to: *to, check: *check }
        }
        Step::Ids(from, to) => {
            let (mut docs, mut gather) = (Vec::new(), Gather::new(segment.docs()));
            let ids = segment.id_prefixes()?;
            // A packed column takes a range below its values for one of its least value.
            if ids.values.num_vals() == 0 || *to < ids.min_value() || *from > ids.max_value() {
                return Ok(Node::Nothing);
            }
            ids.get_docids_for_value_range(*from..=*to, 0..segment.docs(), &mut docs);
            gather.extend(&docs);
            known(gather.finish())
        }
        Step::And(parts) => bind_all(parts, segment)?,
        Step::Or(parts) => bind_any(parts, segment)?,
        Step::Not(inner) => not(bind(inner, segment)?),
    })
}

fn bind_all<'a>(parts: &[Step<'_>], segment: &'a TextSegment) -> Result<Node<'a>, IndexError> {
    let mut nodes = Vec::with_capacity(parts.len());
    for part in parts {
        match bind(part, segment)? {
            Node::Nothing => return Ok(Node::Nothing),
            Node::All => {}
            node => nodes.push(node),
        }
    }
    Ok(single(nodes, Node::All, Node::And))
}

fn bind_any<'a>(parts: &[Step<'_>], segment: &'a TextSegment) -> Result<Node<'a>, IndexError> {
    let mut nodes = Vec::with_capacity(parts.len());
    for part in parts {
        match bind(part, segment)? {
            Node::All => return Ok(Node::All),
            Node::Nothing => {}
            node => nodes.push(node),
        }
    }
    Ok(single(nodes, Node::Nothing, Node::Or))
}

fn not(node: Node<'_>) -> Node<'_> {
    match node {
        Node::All => Node::Nothing,
        Node::Nothing => Node::All,
        node => Node::Not(Box::new(node)),
    }
}

/// The documents of the values that a scan of a field's dictionary finds.
fn scanned<'a>(
    segment: &'a TextSegment,
    field: TextField,
    scan: impl FnOnce(&Dictionary) -> Vec<usize>,
) -> Result<Node<'a>, IndexError> {
    let dictionary = segment.dictionary(field)?;
    let mut gather = Gather::new(segment.docs());
    dictionary.gather(segment.terms(field.home())?, scan(dictionary), &mut gather)?;
    Ok(known(gather.finish()))
}

/// Below this many values with the start of a pattern, each is matched; above, first those are
/// found that go on as they must.
const FEW_VALUES: usize = 1_000;

/// The values that match a pattern.
fn matching(dictionary: &Dictionary, pattern: &Pattern) -> Vec<usize> {
    let start = dictionary.place(&pattern.prefix).0;
    let end = match term::prefix_range(pattern.prefix.clone()).1 {
        End::Excluded(after) => dictionary.place(&after).0,
        _ => dictionary.len(),
    };
    let candidates = if end - start > FEW_VALUES {
        let mut holding = dictionary.holding(&pattern.part);
        holding.retain(|ordinal| (start..end).contains(ordinal));
        holding
    } else {
        (start..end).collect()
    };
    let matches = |ordinal: &usize| {
        let value = std::str::from_utf8(dictionary.value(*ordinal));
        value.is_ok_and(|value| pattern.glob.is_match(value))
    };
    candidates.into_iter().filter(matches).collect()
}

fn single<'a>(
    mut nodes: Vec<Node<'a>>,
    none: Node<'a>,
    many: fn(Vec<Node<'a>>) -> Node<'a>,
) -> Node<'a> {
    match nodes.len() {
        0 => none,
        1 => nodes.remove(0),
        _ => many(nodes),
    }
}

fn known<'a>(docs: Docs) -> Node<'a> {
    if docs.count() == 0 { Node::Nothing } else { Node::Known(docs) }
}

fn union(
    segment: &TextSegment,
    field: TextField,
    terms: Vec<TermInfo>,
) -> Result<Node<'_>, IndexError> {
    if terms.is_empty() {
        return Ok(Node::Nothing);
    }
    let bound = terms.iter().map(|term| u64::from(term.doc_freq)).sum();
    if let ([_], true) = (terms.as_slice(), bound == u64::from(segment.docs())) {
        return Ok(Node::All);
    }
    Ok(Node::Terms(Terms { index: segment.terms(field.home())?, terms, bound }))
}

/// Every one of the words; `None` if one is not there.
fn all_terms(
    segment: &TextSegment,
    field: TextField,
    words: &[Vec<u8>],
) -> Result<Option<Vec<TermInfo>>, IndexError> {
    words.iter().map(|word| segment.term(field, word)).collect()
}

/// The terms of a range of a field, in order, without their keys.
pub(crate) fn term_range<'a>(
    dictionary: &'a TermDictionary,
    field: TextField,
    from: &End<Vec<u8>>,
    to: &End<Vec<u8>>,
) -> Result<TermStreamer<'a, AlwaysMatch, WithoutKeys>, IndexError> {
    let (first, after) = term::prefix_range(field.term(&[]));
    let within = |end: &End<Vec<u8>>, open: End<Vec<u8>>| match end {
        End::Included(value) => End::Included(field.term(value)),
        End::Excluded(value) => End::Excluded(field.term(value)),
        End::Unbounded => open,
    };
    let range = dictionary.range();
    let range = match within(from, first) {
        End::Included(term) => range.ge(term),
        End::Excluded(term) => range.gt(term),
        End::Unbounded => range,
    };
    let range = match within(to, after) {
        End::Included(term) => range.le(term),
        End::Excluded(term) => range.lt(term),
        End::Unbounded => range,
    };
    Ok(range.without_keys().into_stream()?)
}

fn terms_between(
    segment: &TextSegment,
    field: TextField,
    from: &End<Vec<u8>>,
    to: &End<Vec<u8>>,
) -> Result<Vec<TermInfo>, IndexError> {
    let mut stream = term_range(segment.terms(field.home())?.terms(), field, from, to)?;
    let mut terms = Vec::new();
    while stream.advance() {
        terms.push(stream.value().clone());
    }
    Ok(terms)
}

fn near_terms(
    segment: &TextSegment,
    field: TextField,
    near: &Near,
) -> Result<Vec<TermInfo>, IndexError> {
    let dictionary = segment.terms(field.home())?.terms();
    let mut terms = Vec::new();
    if let Some(automaton) = near.automaton() {
        // The state is small and copied; an automaton by reference is one too.
        let mut stream = dictionary.search(ByRef(&automaton)).into_stream()?;
        while stream.advance() {
            terms.push(stream.value().clone());
        }
        return Ok(terms);
    }
    let mut stream = dictionary.range().ge(&near.prefix).into_stream()?;
    while stream.advance() && stream.key().starts_with(&near.prefix) {
        if near.accepts(stream.key()) {
            terms.push(stream.value().clone());
        }
    }
    Ok(terms)
}

struct ByRef<'a, A>(&'a A);

impl<A: Automaton> Automaton for ByRef<'_, A> {
    type State = A::State;

    fn start(&self) -> A::State {
        self.0.start()
    }

    fn is_match(&self, state: &A::State) -> bool {
        self.0.is_match(state)
    }

    fn can_match(&self, state: &A::State) -> bool {
        self.0.can_match(state)
    }

    fn accept(&self, state: &A::State, byte: u8) -> A::State {
        self.0.accept(state, byte)
    }
}

/// Below this many rows for each of so many documents, terms are looked up one by one; above, the
/// whole column is read.
const DOCS_PER_LOOK_UP: u32 = 64;

/// The documents of these rows, dead ones included.
pub(crate) fn docs_of_rows(segment: &TextSegment, rows: &[Row]) -> Result<Docs, IndexError> {
    let docs = segment.docs();
    let mut gather = Gather::new(docs);
    if rows.len() as u64 * u64::from(DOCS_PER_LOOK_UP) < u64::from(docs) || rows.len() <= 4 {
        let column = segment.rows()?;
        let there = column.min_value()..=column.max_value();
        let mut terms = Vec::new();
        for row in rows.iter().filter(|row| there.contains(&u64::from(**row))) {
            terms.extend(segment.term(TextField::Row, &row.to_be_bytes())?);
        }
        for_each_block(segment.terms(Home::Values)?, &terms, |block| gather.extend(block))?;
        return Ok(gather.finish());
    }
    let wanted: RoaringBitmap = rows.iter().copied().collect();
    let column = segment.rows()?;
    for doc in 0..docs {
        let row = column.first(doc).and_then(|row| Row::try_from(row).ok());
        if row.is_some_and(|row| wanted.contains(row)) {
            gather.extend(&[doc]);
        }
    }
    Ok(gather.finish())
}

impl Terms<'_> {
    /// Those of `list` that have one of the terms.
    pub(crate) fn retain(&self, list: &mut Vec<u32>) -> Result<(), IndexError> {
        let mut kept = vec![false; list.len()];
        for term in &self.terms {
            look_up(self.index, term, list, |at| kept[at] = true)?;
        }
        let mut kept = kept.into_iter();
        list.retain(|_| kept.next().unwrap_or(false));
        Ok(())
    }
}
