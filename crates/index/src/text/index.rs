//! A version's segments, searched as one.

use std::cmp::Ordering as Cmp;
use std::collections::HashMap;
use std::sync::Arc;

use filedex_model::{FileId, Order, Row, StatusFilter};

use super::bind::{Node, bind, docs_of_rows};
use super::collect::{self, IdOf, row_of};
use super::compile::{Step, compile};
use super::condition::Condition;
use super::dead::DeadDocs;
use super::evaluate::{Values, count_unread, evaluate};
use super::order::{Ordering, Position, SortKey};
use super::rank::Ranks;
use super::score::Scorer;
use super::segment::TextSegment;
use super::set::{Docs, Gather};
use crate::error::IndexError;

/// A segment and its documents that no longer count.
#[derive(Clone, Debug)]
pub struct SegmentView {
    /// The segment.
    pub segment: Arc<TextSegment>,
    /// Its dead documents.
    pub dead: Arc<DeadDocs>,
}

/// The segments of one version at one time. Every row lives in at most one of them.
#[derive(Clone, Debug)]
pub struct TextIndex {
    views: Vec<SegmentView>,
    text_length: u64,
}

/// What to search for.
pub struct Search<'a> {
    /// Which records.
    pub condition: &'a Condition,
    /// Of which status.
    pub status: StatusFilter,
    /// In which order.
    pub order: Ordering<'a>,
    /// The most hits to answer.
    pub limit: usize,
    /// Only hits strictly after this one.
    pub after: Option<&'a Position>,
    /// The id of a row; asked only to tell records apart whose keys and first eight bytes of the
    /// id are equal.
    pub id_of: &'a dyn Fn(Row) -> std::io::Result<FileId>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// All matches, whatever the limit and the position.
    pub total: u64,
    /// The first of them, in order.
    pub hits: Vec<Hit>,
}

/// One match.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The record.
    pub row: Row,
    /// What it was ordered by.
    pub key: SortKey,
    /// Its BM25 score, if that is the order.
    pub score: Option<f32>,
}

impl SegmentView {
    /// The documents that count.
    #[must_use]
    pub fn live_docs(&self) -> u64 {
        u64::from(self.segment.docs()).saturating_sub(self.dead.len())
    }

    pub(crate) fn bind(&self, step: &Step<'_>) -> Result<Node<'_>, IndexError> {
        bind(step, &self.segment)
    }

    /// The live documents of a node.
    pub(crate) fn live(&self, node: &Node<'_>) -> Result<Docs, IndexError> {
        let docs = evaluate(node, self.segment.docs())?;
        Ok(if self.dead.is_empty() { docs } else { docs.without(&self.dead_set()) })
    }

    fn dead_set(&self) -> Docs {
        let mut gather = Gather::expecting(self.segment.docs(), self.dead.len());
        for doc in self.dead.iter().filter(|doc| *doc < self.segment.docs()) {
            gather.extend(&[doc]);
        }
        gather.finish()
    }

    fn count(&self, step: &Step<'_>) -> Result<u64, IndexError> {
        let node = self.bind(step)?;
        match &node {
            Node::All => return Ok(self.live_docs()),
            Node::Nothing => return Ok(0),
            _ => {}
        }
        match count_unread(&node, self.segment.docs()) {
            Some(count) if self.dead.is_empty() => Ok(count),
            _ => Ok(self.live(&node)?.count()),
        }
    }
}

impl TextIndex {
    /// An index of these segments, whose live documents' quantised text lengths add up to
    /// `live_text_length`.
    #[must_use]
    pub fn new(segments: Vec<SegmentView>, live_text_length: u64) -> Self {
        Self { views: segments, text_length: live_text_length }
    }

    /// The segments.
    #[must_use]
    pub fn segments(&self) -> &[SegmentView] {
        &self.views
    }

    /// The documents that count.
    #[must_use]
    pub fn live_docs(&self) -> u64 {
        self.views.iter().map(SegmentView::live_docs).sum()
    }

    /// The sum of the live documents' quantised text lengths.
    #[must_use]
    pub fn live_text_length(&self) -> u64 {
        self.text_length
    }

    /// For each segment the live documents of these rows, which are ascending.
    ///
    /// # Errors
    /// If a segment cannot be read.
    pub fn locate(&self, rows: &[Row]) -> Result<Vec<Vec<u32>>, IndexError> {
        let located = self.views.iter().map(|view| {
            let mut docs = docs_of_rows(&view.segment, rows)?.to_vec();
            docs.retain(|doc| !view.dead.contains(*doc));
            Ok(docs)
        });
        located.collect()
    }

    /// The sum of the quantised text lengths of documents of a segment.
    ///
    /// # Errors
    /// If the segment cannot be read, or there is no such segment.
    pub fn text_length_of(&self, segment: usize, docs: &[u32]) -> Result<u64, IndexError> {
        let lengths = self.segment(segment)?.lengths()?;
        let known = docs.iter().filter(|doc| **doc < lengths.num_docs());
        Ok(known.map(|doc| u64::from(lengths.fieldnorm(*doc))).sum())
    }

    /// The rows of documents of a segment, in the order of the documents given.
    ///
    /// # Errors
    /// If the segment cannot be read, or there is no such segment or document.
    pub fn rows_of(&self, segment: usize, docs: &[u32]) -> Result<Vec<Row>, IndexError> {
        let segment = self.segment(segment)?;
        if docs.iter().any(|doc| *doc >= segment.docs()) {
            return Err(IndexError::unsupported("a document beyond the end of its segment"));
        }
        docs.iter().map(|doc| row_of(segment, *doc)).collect()
    }

    fn segment(&self, segment: usize) -> Result<&TextSegment, IndexError> {
        let view = self.views.get(segment);
        view.map(|view| &*view.segment).ok_or_else(|| {
            IndexError::unsupported(format!("segment {segment} of {}", self.views.len()))
        })
    }

    /// How many records a condition finds, exactly.
    ///
    /// # Errors
    /// [`IndexError::Unsupported`] for a condition no index answers; others if a segment cannot be
    /// read.
    pub fn count(&self, condition: &Condition, status: StatusFilter) -> Result<u64, IndexError> {
        let step = compile(condition, status)?;
        self.views.iter().map(|view| view.count(&step)).sum()
    }

    /// The rows a condition finds, ascending.
    ///
    /// # Errors
    /// As [`TextIndex::count`].
    pub fn rows(
        &self,
        condition: &Condition,
        status: StatusFilter,
    ) -> Result<Vec<Row>, IndexError> {
        let step = compile(condition, status)?;
        let mut rows = Vec::new();
        for view in &self.views {
            let column = view.segment.rows()?;
            let mut values = Values::default();
            view.live(&view.bind(&step)?)?.for_each_block(|block| {
                values.read(column, block);
                rows.extend(values.iter().filter_map(|(_, row)| Row::try_from(row).ok()));
                Ok::<_, IndexError>(())
            })?;
        }
        rows.sort_unstable();
        Ok(rows)
    }

    /// The first records of an order among those a condition finds, and how many there are.
    ///
    /// # Errors
    /// As [`TextIndex::count`]; also if `after` belongs to another order, or `id_of` fails.
    pub fn search(&self, search: &Search<'_>) -> Result<Found, IndexError> {
        let step = compile(search.condition, search.status)?;
        let scorer = match search.order {
            Ordering::Relevance(texts) => Some(Scorer::new(self, texts)?),
            Ordering::Field { .. } => None,
        };
        let mut found = Found { total: 0, hits: Vec::new() };
        let mut candidates = Vec::new();
        for (at, view) in self.views.iter().enumerate() {
            let node = view.bind(&step)?;
            if let Node::Nothing = node {
                continue;
            }
            let docs = view.live(&node)?;
            found.total += docs.count();
            if search.limit == 0 {
                continue;
            }
            let ranks = match (search.order, &scorer) {
                (Ordering::Field { by, order }, _) => Ranks::by(&view.segment, by, order)?,
                (Ordering::Relevance(_), scorer) => {
                    let docs = docs.to_vec();
                    let scores = match scorer {
                        Some(scorer) => scorer.score(at, &view.segment, &docs)?,
                        None => vec![0.0; docs.len()],
                    };
                    Ranks::Scores { docs, scores }
                }
            };
            let segment = &view.segment;
            let first =
                collect::first(segment, &docs, &ranks, search.limit, search.after, search.id_of)?;
            for entry in first {
                let row = row_of(segment, entry.doc)?;
                candidates.push((ranks.key(entry.rank), entry.id_prefix, row));
            }
        }
        let direction = match search.order {
            Ordering::Field { order, .. } => order,
            Ordering::Relevance(_) => Order::Desc,
        };
        sort(&mut candidates, direction, search.id_of)?;
        candidates.truncate(search.limit);
        found.hits = candidates
            .into_iter()
            .map(|(key, _, row)| {
                let score = if let SortKey::Score(score) = key { Some(score) } else { None };
                Hit { row, key, score }
            })
            .collect();
        Ok(found)
    }
}

/// Sorts by key, then by id: by the first eight bytes, and where they tie by all of them.
fn sort(
    candidates: &mut [(SortKey, u64, Row)],
    order: Order,
    id_of: IdOf<'_>,
) -> Result<(), IndexError> {
    let near = |a: &(SortKey, u64, Row), b: &(SortKey, u64, Row)| {
        a.0.compare(&b.0, order).then(a.1.cmp(&b.1))
    };
    candidates.sort_unstable_by(near);
    let ties = candidates.chunk_by_mut(|a, b| near(a, b) == Cmp::Equal);
    for tie in ties.filter(|tie| tie.len() > 1) {
        let ids = tie
            .iter()
            .map(|(_, _, row)| Ok((*row, id_of(*row)?)))
            .collect::<Result<HashMap<Row, FileId>, IndexError>>()?;
        tie.sort_unstable_by_key(|(_, _, row)| ids.get(row).copied());
    }
    Ok(())
}
