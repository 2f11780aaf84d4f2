//! Answering: totals and pages of whole records.

use std::ops::Bound;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, InvertedIndexRangeQuery, Occur, Query,
    RangeQuery, RegexQuery, TermQuery,
};
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{DateTime, DocAddress, Order, Searcher, TantivyDocument, Term};

use super::{Tantivy, date, fields};
use crate::Outcome;
use crate::engine::PAGE;
use crate::question::{Clause, Column, Want};
use crate::record::{Found, Record};

impl Tantivy {
    /// The query of a clause.
    ///
    /// # Errors
    /// When a date or a pattern in it is none.
    pub fn query(&self, clause: &Clause) -> Outcome<Box<dyn Query>> {
        let fields = &self.fields;
        let term = |term| Box::new(TermQuery::new(term, IndexRecordOption::Basic));
        let path = |name| Term::from_field_json_path(fields.attributes, name, false);
        Ok(match *clause {
            Clause::Is(column, value) => {
                let field = match column {
                    Column::Dir => fields.dir,
                    Column::Type => fields.file_type,
                    Column::Tag => fields.tag,
                };
                // It filters, and adds nothing to a score.
                Box::new(ConstScoreQuery::new(term(Term::from_field_text(field, value)), 0.0))
            }
            Clause::Word(word) => Box::new(TermQuery::new(
                Term::from_field_text(fields.text, word),
                IndexRecordOption::WithFreqs,
            )),
            Clause::UpdatedBetween(from, to) => {
                let bound = |text: &str| -> Outcome<Term> {
                    Ok(Term::from_field_date(fields.updated, date(text.parse()?)))
                };
                Box::new(RangeQuery::new(
                    Bound::Included(bound(from)?),
                    Bound::Excluded(bound(to)?),
                ))
            }
            Clause::NameMatches(pattern) => {
                Box::new(RegexQuery::from_pattern(pattern, fields.name)?)
            }
            Clause::Attribute(name, value) => {
                let mut key = path(name);
                key.append_type_and_str(value);
                term(key)
            }
            Clause::AttributeBetween(name, from, to) => {
                let integer = |value| {
                    let mut key = path(name);
                    key.append_type_and_fast_value::<i64>(value);
                    key
                };
                #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
                let float = |value: i64| {
                    let mut key = path(name);
                    key.append_type_and_fast_value::<f64>(value as f64);
                    key
                };
                Box::new(BooleanQuery::union(vec![
                    between(integer(from), integer(to)),
                    between(float(from), float(to)),
                ]))
            }
            Clause::All(parts) => self.boolean(parts, Occur::Must)?,
            Clause::Any(parts) => self.boolean(parts, Occur::Should)?,
            Clause::Not(part) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery)),
                (Occur::MustNot, self.query(part)?),
            ])),
        })
    }

    fn boolean(&self, parts: &[Clause], occur: Occur) -> Outcome<Box<dyn Query>> {
        let mut clauses = Vec::with_capacity(parts.len());
        for part in parts {
            clauses.push(match part {
                Clause::Not(part) if occur == Occur::Must => (Occur::MustNot, self.query(part)?),
                _ => (occur, self.query(part)?),
            });
        }
        if clauses.is_empty() {
            return Ok(Box::new(EmptyQuery));
        }
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    /// Asks for the total and a page after `skipped` records; a later page has no total, as the
    /// first told it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn ask(&self, query: &dyn Query, want: Want, skipped: usize) -> Outcome<Found<Record>> {
        let searcher = self.reader.searcher();
        let top = TopDocs::with_limit(PAGE).and_offset(skipped);
        let (total, hits) = match want {
            Want::Count => (Some(query.count(&searcher)?), Vec::new()),
            // Two searches: counting alone is quick, and ranking alone can pass over blocks.
            Want::Ranked => {
                let total = query.count(&searcher)?;
                (Some(total), addresses(searcher.search(query, &top.order_by_score())?))
            }
            Want::Dated { .. } => {
                let newest = top.order_by_fast_field::<DateTime>(fields::DATE, Order::Desc);
                if skipped > 0 {
                    (None, addresses(searcher.search(query, &newest)?))
                } else {
                    let (hits, total) = searcher.search(query, &(newest, Count))?;
                    (Some(total), addresses(hits))
                }
            }
        };
        let records = hits.into_iter().map(|hit| self.record(&searcher, hit));
        let records = records.collect::<Outcome<_>>()?;
        Ok(Found { total: total.map(u64::try_from).transpose()?, records })
    }

    fn record(&self, searcher: &Searcher, hit: DocAddress) -> Outcome<Record> {
        let document: TantivyDocument = searcher.doc(hit)?;
        let record = document.get_first(self.fields.record).and_then(|value| value.as_str());
        Ok(serde_json::from_str(record.ok_or("a document without its record")?)?)
    }
}

fn addresses<K>(hits: Vec<(K, DocAddress)>) -> Vec<DocAddress> {
    hits.into_iter().map(|(_, address)| address).collect()
}

fn between(from: Term, to: Term) -> Box<dyn Query> {
    Box::new(InvertedIndexRangeQuery::new(Bound::Included(from), Bound::Excluded(to)))
}
