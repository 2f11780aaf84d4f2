//! Whole answers: every match in order, totals, and counts by value.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use filedex_model::{
    FileId, FileRecord, Filter, Number, Order, Property, SortBy, StatusFilter, Timestamp,
};

use super::engine::Oracle;
use super::matcher::{Held, held_values, matches};

/// The default order: the newest record first.
const NEWEST_FIRST: (SortBy, Order) = (SortBy::RecordCreateTime, Order::Desc);

/// What records are sorted by. Numbers come before dates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(Number),
    Date(Timestamp),
    Name(Vec<u8>),
}

impl Oracle {
    /// The ids of all matches, in order: missing values last in both directions, ties by id.
    ///
    /// # Panics
    /// When the filter has a relative time ([`Filter::at`] replaces them), and for
    /// [`SortBy::Relevance`]: the oracle does not rank.
    #[must_use]
    pub fn list(
        &self,
        filter: &Filter,
        status: StatusFilter,
        sort: &SortBy,
        order: Order,
    ) -> Vec<FileId> {
        let mut keyed: Vec<(Option<SortKey>, FileId)> = self
            .matching(filter, status)
            .map(|record| (sort_key(record, sort, order), record.id))
            .collect();
        keyed.sort_by(|(a, a_id), (b, b_id)| in_order(a, b, order).then(a_id.cmp(b_id)));
        keyed.into_iter().map(|(_, id)| id).collect()
    }

    /// [`Oracle::list`] in the order that an answer has when none is asked for: the newest record
    /// first.
    ///
    /// # Panics
    /// As [`Oracle::list`].
    #[must_use]
    pub fn newest_first(&self, filter: &Filter, status: StatusFilter) -> Vec<FileId> {
        let (sort, order) = NEWEST_FIRST;
        self.list(filter, status, &sort, order)
    }

    /// How many records match.
    ///
    /// # Panics
    /// When the filter has a relative time.
    #[must_use]
    pub fn total(&self, filter: &Filter, status: StatusFilter) -> usize {
        self.matching(filter, status).count()
    }

    /// The values of a text or keyword property among the matches, and how many matches have each:
    /// the most frequent first, then by value. Absent values are not counted.
    ///
    /// # Panics
    /// When the filter has a relative time.
    #[must_use]
    pub fn facets(
        &self,
        property: &Property,
        filter: &Filter,
        status: StatusFilter,
    ) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for record in self.matching(filter, status) {
            let values: BTreeSet<String> = held_values(property, record)
                .into_iter()
                .filter_map(|held| match held {
                    Held::Text(text) => Some(text.into_owned()),
                    Held::Number(_) | Held::Date(_) | Held::Bool(_) => None,
                })
                .collect();
            for value in values {
                *counts.entry(value).or_default() += 1;
            }
        }
        let mut facets: Vec<_> = counts.into_iter().collect();
        facets.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
        facets
    }

    fn matching<'a>(
        &'a self,
        filter: &'a Filter,
        status: StatusFilter,
    ) -> impl Iterator<Item = &'a FileRecord> {
        let covered = move |record: &FileRecord| match status {
            StatusFilter::Active => record.is_active(),
            StatusFilter::Deleted => !record.is_active(),
            StatusFilter::All => true,
        };
        self.records().iter().filter(move |record| covered(record) && matches(filter, record))
    }
}

fn in_order(a: &Option<SortKey>, b: &Option<SortKey>, order: Order) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => match order {
            Order::Asc => a.cmp(b),
            Order::Desc => b.cmp(a),
        },
    }
}

/// What a record is sorted by; `None` where it has nothing of the kind. An attribute counts by its
/// numbers, or by its dates where it has no number: by the smallest ascending, by the largest
/// descending.
fn sort_key(record: &FileRecord, sort: &SortBy, order: Order) -> Option<SortKey> {
    let property = sort.property();
    assert!(property.is_some(), "the oracle does not rank; ask for another order than relevance");
    let (mut numbers, mut dates) = (Vec::new(), Vec::new());
    for held in held_values(&property?, record) {
        match held {
            Held::Number(number) => numbers.push(SortKey::Number(number)),
            Held::Date(date) => dates.push(SortKey::Date(date)),
            Held::Text(name) if *sort == SortBy::FileName => {
                return Some(SortKey::Name(name.into_owned().into_bytes()));
            }
            Held::Text(_) | Held::Bool(_) => {}
        }
    }
    let keys = if numbers.is_empty() { dates } else { numbers };
    match order {
        Order::Asc => keys.into_iter().min(),
        Order::Desc => keys.into_iter().max(),
    }
}
