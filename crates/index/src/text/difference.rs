//! Where two indexes of the same records differ.

use std::collections::BTreeMap;

use filedex_model::Row;
use tantivy::postings::{Postings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::termdict::TermStreamer;
use tantivy::{DocSet, TERMINATED};
use xxhash_rust::xxh3::xxh3_64;

use super::index::{SegmentView, TextIndex};
use super::schema::{Column, Home};
use crate::error::IndexError;

/// What is different between an index and one rebuilt from the records: every term of every field
/// with the rows that have it, how often and where; every column; every text length. Dead
/// documents do not count. Empty if they agree; at most `limit` lines.
///
/// Costs as much as reading both indexes whole.
///
/// # Errors
/// If one of them cannot be read.
pub fn differences(
    index: &TextIndex,
    rebuilt: &TextIndex,
    limit: usize,
) -> Result<Vec<String>, IndexError> {
    let mut found = Vec::new();
    let (mine, theirs) = (Rows::read(index)?, Rows::read(rebuilt)?);
    compare(&mut found, limit, "rows", &mine.live_rows(), &theirs.live_rows());
    compare(&mut found, limit, "id_prefix", &mine.ids()?, &theirs.ids()?);
    for column in Column::NUMBERED {
        let name = column.name();
        compare(&mut found, limit, name, &mine.column(column)?, &theirs.column(column)?);
    }
    compare(&mut found, limit, "text length", &mine.lengths()?, &theirs.lengths()?);
    for home in Home::EVERY {
        compare_terms(&mut found, limit, home, &mine, &theirs)?;
    }
    if found.len() < limit && index.live_text_length() != rebuilt.live_text_length() {
        found.push(format!(
            "the text lengths add up to {} instead of {}",
            index.live_text_length(),
            rebuilt.live_text_length()
        ));
    }
    Ok(found)
}

/// An index with the row of every live document.
struct Rows<'a> {
    views: &'a [SegmentView],
    /// For each segment the row of each document; `None` for the dead.
    rows: Vec<Vec<Option<Row>>>,
}

impl<'a> Rows<'a> {
    fn read(index: &'a TextIndex) -> Result<Self, IndexError> {
        let rows = index.segments().iter().map(|view| {
            let column = view.segment.rows()?;
            let row = |doc| column.first(doc).and_then(|row| Row::try_from(row).ok());
            let live = |doc: &u32| !view.dead.contains(*doc);
            Ok((0..view.segment.docs()).map(|doc| row(doc).filter(|_| live(&doc))).collect())
        });
        Ok(Self { views: index.segments(), rows: rows.collect::<Result<_, IndexError>>()? })
    }

    /// A value of every live row that has one.
    fn values<T>(
        &self,
        value: impl Fn(&SegmentView, u32) -> Result<Option<T>, IndexError>,
    ) -> Result<BTreeMap<Row, T>, IndexError> {
        let mut values = BTreeMap::new();
        for (view, rows) in self.views.iter().zip(&self.rows) {
            for (row, doc) in rows.iter().zip(0_u32..) {
                if let Some(row) = row
                    && let Some(value) = value(view, doc)?
                {
                    values.insert(*row, value);
                }
            }
        }
        Ok(values)
    }

    fn live_rows(&self) -> BTreeMap<Row, usize> {
        let mut counts = BTreeMap::new();
        for row in self.rows.iter().flatten().flatten() {
            *counts.entry(*row).or_default() += 1;
        }
        counts
    }

    fn ids(&self) -> Result<BTreeMap<Row, u64>, IndexError> {
        self.values(|view, doc| Ok(view.segment.id_prefixes()?.first(doc)))
    }

    fn column(&self, column: Column) -> Result<BTreeMap<Row, i64>, IndexError> {
        self.values(|view, doc| Ok(view.segment.column(column)?.first(doc)))
    }

    fn lengths(&self) -> Result<BTreeMap<Row, u32>, IndexError> {
        self.values(|view, doc| Ok(Some(view.segment.lengths()?.fieldnorm(doc))))
    }
}

fn compare<T: PartialEq + std::fmt::Debug>(
    found: &mut Vec<String>,
    limit: usize,
    name: &str,
    mine: &BTreeMap<Row, T>,
    theirs: &BTreeMap<Row, T>,
) {
    let rows = mine.keys().chain(theirs.keys().filter(|row| !mine.contains_key(row)));
    for row in rows.filter(|row| mine.get(row) != theirs.get(row)) {
        if found.len() >= limit {
            return;
        }
        found.push(format!(
            "{name} of row {row} is {} instead of {}",
            shown(mine.get(row)),
            shown(theirs.get(row))
        ));
    }
}

fn shown<T: std::fmt::Debug>(value: Option<&T>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
}

/// The rows that have a term, each with a digest of how often and where.
type Occurrences = Vec<(Row, u64)>;

fn compare_terms(
    found: &mut Vec<String>,
    limit: usize,
    home: Home,
    mine: &Rows<'_>,
    theirs: &Rows<'_>,
) -> Result<(), IndexError> {
    let (mut mine, mut theirs) = (Terms::new(mine, home)?, Terms::new(theirs, home)?);
    let (mut a, mut b) = (mine.next()?, theirs.next()?);
    while found.len() < limit {
        let order = match (&a, &b) {
            (None, None) => return Ok(()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let (term, of_mine, of_theirs) = match order {
            std::cmp::Ordering::Less => (a.as_ref().map(|a| &a.0), a.as_ref().map(|a| &a.1), None),
            std::cmp::Ordering::Greater => {
                (b.as_ref().map(|b| &b.0), None, b.as_ref().map(|b| &b.1))
            }
            std::cmp::Ordering::Equal => {
                (a.as_ref().map(|a| &a.0), a.as_ref().map(|a| &a.1), b.as_ref().map(|b| &b.1))
            }
        };
        if of_mine != of_theirs {
            let rows = |of: Option<&Occurrences>| of.map_or(0, Vec::len);
            found.push(format!(
                "{} {:?} has {} rows instead of {}, or stands elsewhere in them",
                home.name(),
                term.map(|term| String::from_utf8_lossy(term)).unwrap_or_default(),
                rows(of_mine),
                rows(of_theirs)
            ));
        }
        if order.is_le() {
            a = mine.next()?;
        }
        if order.is_ge() {
            b = theirs.next()?;
        }
    }
    Ok(())
}

/// The terms of a field over all segments, in order.
struct Terms<'a> {
    rows: &'a Rows<'a>,
    home: Home,
    /// For each segment its terms, and whether one is waiting.
    streams: Vec<(TermStreamer<'a>, bool)>,
}

impl<'a> Terms<'a> {
    fn new(rows: &'a Rows<'a>, home: Home) -> Result<Self, IndexError> {
        let streams = rows.views.iter().map(|view| {
            let mut stream = view.segment.terms(home)?.terms().stream()?;
            let waiting = stream.advance();
            Ok((stream, waiting))
        });
        let streams = streams.collect::<Result<_, IndexError>>()?;
        Ok(Self { rows, home, streams })
    }

    /// The next term that a live row has.
    fn next(&mut self) -> Result<Option<(Vec<u8>, Occurrences)>, IndexError> {
        loop {
            let waiting = self.streams.iter().filter(|(_, waiting)| *waiting);
            let Some(term) = waiting.map(|(stream, _)| stream.key()).min().map(<[u8]>::to_vec)
            else {
                return Ok(None);
            };
            let mut occurrences = Vec::new();
            for (at, (stream, waiting)) in self.streams.iter_mut().enumerate() {
                if *waiting && stream.key() == term {
                    let view = &self.rows.views[at];
                    read(view, self.home, stream.value(), &self.rows.rows[at], &mut occurrences)?;
                    *waiting = stream.advance();
                }
            }
            if !occurrences.is_empty() {
                occurrences.sort_unstable();
                return Ok(Some((term, occurrences)));
            }
        }
    }
}

fn read(
    view: &SegmentView,
    home: Home,
    term: &TermInfo,
    rows: &[Option<Row>],
    into: &mut Occurrences,
) -> Result<(), IndexError> {
    let record = IndexRecordOption::WithFreqsAndPositions;
    let mut postings = view.segment.terms(home)?.read_postings_from_terminfo(term, record)?;
    let (mut positions, mut bytes) = (Vec::new(), Vec::new());
    let placed = home == Home::Words;
    while postings.doc() != TERMINATED {
        if let Some(row) = rows.get(postings.doc() as usize).copied().flatten() {
            bytes.clear();
            bytes.extend(postings.term_freq().to_le_bytes());
            if placed {
                postings.positions(&mut positions);
                bytes.extend(positions.iter().flat_map(|position| position.to_le_bytes()));
            }
            into.push((row, xxh3_64(&bytes)));
        }
        postings.advance();
    }
    Ok(())
}
