//! Sets of documents out of bound steps.

use tantivy::columnar::{Column, ColumnIndex};

use super::bind::{Node, Terms};
use super::postings::{self, Phrase};
use super::set::{Docs, Gather};
use crate::error::IndexError;

/// The documents of a node among the `docs` of its segment, dead ones included.
pub(crate) fn evaluate(node: &Node<'_>, docs: u32) -> Result<Docs, IndexError> {
    Ok(match node {
        Node::All => Docs::all(docs),
        Node::Nothing => Docs::none(),
        Node::Known(set) => set.clone(),
        Node::Terms(Terms { index, terms, .. }) => postings::union(index, terms, docs)?,
        Node::Phrase(index, words) => {
            let mut gather = Gather::new(docs);
            Phrase::new(index, words)?.for_each(None, |doc, _| gather.extend(&[doc]));
            gather.finish()
        }
        Node::PhrasePrefix(..) => phrase_prefix(node, None, docs)?,
        Node::Column { column, from, to, .. } => {
            let mut list = Vec::new();
            column.get_docids_for_value_range(*from..=*to, 0..docs, &mut list);
            let mut gather = Gather::expecting(docs, list.len() as u64);
            gather.extend(&list);
            gather.finish()
        }
        Node::And(parts) => {
            let mut parts: Vec<&Node<'_>> = parts.iter().collect();
            parts.sort_by_key(|part| (rank(part), bound(part, docs)));
            let mut parts = parts.into_iter();
            let mut set = match parts.next() {
                Some(first) => evaluate(first, docs)?,
                None => Docs::all(docs),
            };
            for part in parts {
                if matches!(&set, Docs::Few(list) if list.is_empty()) {
                    break;
                }
                set = retain(part, set, docs)?;
            }
            set
        }
        Node::Or(parts) => {
            let mut gather = Gather::new(docs);
            for part in parts {
                gather.add(evaluate(part, docs)?);
            }
            gather.finish()
        }
        Node::Not(inner) => Docs::all(docs).without(&evaluate(inner, docs)?),
    })
}

/// Those of `set` that a node holds for.
fn retain(node: &Node<'_>, set: Docs, docs: u32) -> Result<Docs, IndexError> {
    match (node, set) {
        (Node::Terms(terms), Docs::Few(mut list))
            if list.len() as u64 * LOOK_UP_COST * (terms.terms.len() as u64) < terms.bound =>
        {
            terms.retain(&mut list)?;
            Ok(Docs::Few(list))
        }
        (Node::Phrase(index, words), set) => {
            let mut gather = Gather::new(docs);
            Phrase::new(index, words)?.for_each(Some(&set), |doc, _| gather.extend(&[doc]));
            Ok(gather.finish())
        }
        (Node::PhrasePrefix(..), set) => phrase_prefix(node, Some(&set), docs),
        (Node::Column { column, from, to, check }, set) => {
            // Reading a value costs a few times what filtering a packed block of them does.
            if !check && set.count() * 4 > u64::from(docs) {
                return Ok(set.and(&evaluate(node, docs)?));
            }
            let mut gather = Gather::new(docs);
            let mut values = Values::default();
            set.for_each_block(|block| {
                values.read(column, block);
                for (doc, value) in values.iter() {
                    if (*from..=*to).contains(&value) {
                        gather.extend(&[doc]);
                    }
                }
                Ok::<_, IndexError>(())
            })?;
            Ok(gather.finish())
        }
        (Node::Not(inner), set @ Docs::Few(_)) => {
            let gone = retain(inner, set.clone(), docs)?;
            Ok(set.without(&gone))
        }
        (Node::Not(inner), set) => Ok(set.without(&evaluate(inner, docs)?)),
        (Node::And(parts), set) => parts.iter().try_fold(set, |set, part| retain(part, set, docs)),
        (node, set) => Ok(set.and(&evaluate(node, docs)?)),
    }
}

/// What looking one document up costs, in documents read in a row.
const LOOK_UP_COST: u64 = 16;

/// What finds documents goes before what only excludes or checks them.
fn rank(node: &Node<'_>) -> u8 {
    match node {
        Node::Column { check: true, .. } => 3,
        Node::Not(_) => 2,
        Node::Column { .. } | Node::All => 1,
        _ => 0,
    }
}

/// The most documents a node can have.
fn bound(node: &Node<'_>, docs: u32) -> u64 {
    let docs = u64::from(docs);
    match node {
        Node::Nothing => 0,
        Node::Known(set) => set.count(),
        Node::Terms(terms) => terms.bound.min(docs),
        Node::Phrase(_, words) | Node::PhrasePrefix(_, words, _) => {
            words.iter().map(|word| u64::from(word.doc_freq)).min().unwrap_or(docs)
        }
        Node::Column { column, .. } => u64::from(column.values.num_vals()),
        Node::And(parts) => parts.iter().map(|p| bound(p, docs as u32)).min().unwrap_or(docs),
        Node::Or(parts) => parts.iter().map(|p| bound(p, docs as u32)).sum::<u64>().min(docs),
        Node::All | Node::Not(_) => docs,
    }
}

fn phrase_prefix(
    node: &Node<'_>,
    candidates: Option<&Docs>,
    docs: u32,
) -> Result<Docs, IndexError> {
    let Node::PhrasePrefix(index, words, tails) = node else { return Ok(Docs::none()) };
    let mut heads = Vec::new();
    Phrase::new(index, words)?
        .for_each(candidates, |doc, starts| heads.push((doc, starts.to_vec())));
    let mut gather = Gather::new(docs);
    for tail in tails {
        postings::follows(index, tail, &heads, words.len() as u32, &mut gather)?;
    }
    Ok(gather.finish())
}

/// Whether a node's documents can be counted without reading them, and how many there are.
pub(crate) fn count_unread(node: &Node<'_>, docs: u32) -> Option<u64> {
    match node {
        Node::All => Some(u64::from(docs)),
        Node::Nothing => Some(0),
        Node::Known(set) => Some(set.count()),
        Node::Terms(terms) if terms.terms.len() == 1 => Some(terms.bound),
        Node::Not(inner) => count_unread(inner, docs).map(|count| u64::from(docs) - count),
        _ => None,
    }
}

/// The values of a block of documents, read together.
#[derive(Default)]
pub(crate) struct Values<T = i64> {
    docs: Vec<u32>,
    places: Vec<u32>,
    values: Vec<T>,
}

impl<T> Values<T>
where
    T: Copy + Default + PartialOrd + std::fmt::Debug + Send + Sync + 'static,
{
    /// Reads the values of those of `docs` that have one.
    pub(crate) fn read(&mut self, column: &Column<T>, docs: &[u32]) {
        self.docs.clear();
        if let ColumnIndex::Full = column.index {
            self.docs.extend_from_slice(docs);
            self.values.resize(docs.len(), T::default());
            column.values.get_vals(docs, &mut self.values);
            return;
        }
        self.places.clear();
        column.row_ids_for_docs(docs, &mut self.docs, &mut self.places);
        self.values.resize(self.places.len(), T::default());
        column.values.get_vals(&self.places, &mut self.values);
    }

    /// Each document that has a value, with it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, T)> + '_ {
        self.docs.iter().copied().zip(self.values.iter().copied())
    }
}
