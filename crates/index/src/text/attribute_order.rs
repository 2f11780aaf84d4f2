//! The order of the documents of a segment by the values of one attribute.

use filedex_model::Order;
use filedex_model::number::KEY_BYTES;
use tantivy::InvertedIndexReader;

use super::name_order::NOWHERE;
use super::postings::for_each_block;
use super::schema::TextField;
use super::term;
use crate::error::IndexError;

/// A value that attributes are sorted by: numbers, then dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AttributeKey {
    Number([u8; KEY_BYTES]),
    Date(i64),
}

/// The distinct numbers and dates of an attribute, and for each document its first and its last:
/// of its numbers if it has any, else of its dates.
pub(crate) struct AttributeOrder {
    keys: Vec<AttributeKey>,
    first: Vec<u32>,
    last: Vec<u32>,
}

impl AttributeOrder {
    pub(crate) fn read(
        index: &InvertedIndexReader,
        key: &str,
        docs: u32,
    ) -> Result<Self, IndexError> {
        let mut order = Self {
            keys: Vec::new(),
            first: vec![NOWHERE; docs as usize],
            last: vec![NOWHERE; docs as usize],
        };
        order.read_kind(index, key, term::NUMBER, |bytes| {
            bytes.try_into().ok().map(AttributeKey::Number)
        })?;
        order.read_kind(index, key, term::DATE, |bytes| {
            bytes.try_into().ok().map(|bytes| AttributeKey::Date(term::date_of_key(bytes)))
        })?;
        Ok(order)
    }

    fn read_kind(
        &mut self,
        index: &InvertedIndexReader,
        key: &str,
        kind: u8,
        decode: impl Fn(&[u8]) -> Option<AttributeKey>,
    ) -> Result<(), IndexError> {
        let prefix = TextField::Attribute.term(&term::value_prefix(key, kind));
        let mut stream = index.terms().range().ge(&prefix).into_stream()?;
        let before = self.keys.len() as u32;
        while stream.advance() && stream.key().starts_with(&prefix) {
            let Some(value) = decode(&stream.key()[prefix.len()..]) else { continue };
            let place = self.keys.len() as u32;
            self.keys.push(value);
            let term = std::slice::from_ref(stream.value());
            for_each_block(index, term, |docs| {
                for doc in docs {
                    let (first, last) =
                        (&mut self.first[*doc as usize], &mut self.last[*doc as usize]);
                    // A document with a value of the kind before has no use for this one.
                    if *first >= before {
                        *first = (*first).min(place);
                        *last = place;
                    }
                }
            })?;
        }
        Ok(())
    }

    /// The distinct values, ascending.
    pub(crate) fn keys(&self) -> &[AttributeKey] {
        &self.keys
    }

    /// The place of each document's value among the keys: the smallest of several when ascending,
    /// the largest when descending.
    pub(crate) fn places(&self, order: Order) -> &[u32] {
        match order {
            Order::Asc => &self.first,
            Order::Desc => &self.last,
        }
    }
}
