//! Keys of one segment as plain numbers, the first of an order being the smallest.

use std::ops::RangeInclusive;
use std::sync::Arc;

use filedex_model::{Order, SortBy};
use tantivy::columnar::{Column, ColumnIndex};

use super::attribute_order::{AttributeKey, AttributeOrder};
use super::dictionary::Dictionary;
use super::evaluate::Values;
use super::name_order::NOWHERE;
use super::order::SortKey;
use super::schema::{Column as ColumnOf, TextField};
use super::segment::TextSegment;
use super::set::gallop;
use crate::error::IndexError;

/// The rank of a document without a key. No key has it.
pub(crate) const MISSING: u64 = u64::MAX;

const SIGN: u64 = 1 << 63;

/// Where the ranks of a segment come from.
pub(crate) enum Ranks<'a> {
    /// A column, by value.
    Column { column: &'a Column<i64>, order: Order },
    /// Names, by their place among the segment's.
    Names { places: &'a [u32], names: &'a Dictionary, order: Order },
    /// An attribute's values, by their place among the segment's.
    Attribute { values: Arc<AttributeOrder>, order: Order },
    /// Scores of the documents in this list.
    Scores { docs: Vec<u32>, scores: Vec<f32> },
}

impl<'a> Ranks<'a> {
    /// The ranks of a segment by a property.
    pub(crate) fn by(
        segment: &'a TextSegment,
        by: &SortBy,
        order: Order,
    ) -> Result<Self, IndexError> {
        if *by == SortBy::FileName {
            return Ok(Self::Names {
                places: segment.names()?.places(),
                names: segment.dictionary(TextField::FileName)?,
                order,
            });
        }
        if let SortBy::Attribute(path) = by {
            return Ok(Self::Attribute { values: segment.attribute(&path.key())?, order });
        }
        match by.property().as_ref().and_then(ColumnOf::of) {
            Some(column) => Ok(Self::Column { column: segment.column(column)?, order }),
            None => Err(IndexError::unsupported(format!("{by} is no property to sort by"))),
        }
    }

    /// The ranks of a block of documents.
    pub(crate) fn read(&self, block: &[u32], values: &mut Values, ranks: &mut Vec<(u64, u32)>) {
        ranks.clear();
        match self {
            Self::Column { column, order } => {
                values.read(column, block);
                let mut at = 0;
                for (doc, value) in values.iter() {
                    while block[at] < doc {
                        ranks.push((MISSING, block[at]));
                        at += 1;
                    }
                    ranks.push((rank_of_value(value, *order), doc));
                    at += 1;
                }
                ranks.extend(block[at..].iter().map(|doc| (MISSING, *doc)));
            }
            Self::Names { places, names, order } => ranks.extend(
                block
                    .iter()
                    .map(|doc| (rank_of_place(places[*doc as usize], names.len(), *order), *doc)),
            ),
            Self::Attribute { values, order } => {
                let (places, count) = (values.places(*order), values.keys().len());
                ranks.extend(
                    block
                        .iter()
                        .map(|doc| (rank_of_place(places[*doc as usize], count, *order), *doc)),
                );
            }
            Self::Scores { docs, scores } => {
                let mut place = 0;
                for doc in block {
                    place = gallop(docs, place, |scored| scored < doc);
                    let rank = scores.get(place).map_or(MISSING, |score| rank_of_score(*score));
                    ranks.push((rank, *doc));
                }
            }
        }
    }

    /// The column, and its values that rank no later than `last`; `None` where there is no column
    /// with a value for every document, or nothing ranks later.
    pub(crate) fn reach(&self, last: u64) -> Option<(&Column<i64>, RangeInclusive<i64>)> {
        match self {
            Self::Column { column, order }
                if last < MISSING && matches!(column.index, ColumnIndex::Full) =>
            {
                let value = value_of_rank(last, *order);
                let values = match order {
                    Order::Asc => i64::MIN..=value,
                    Order::Desc => value..=i64::MAX,
                };
                Some((column, values))
            }
            _ => None,
        }
    }

    /// The key behind a rank.
    pub(crate) fn key(&self, rank: u64) -> SortKey {
        if rank == MISSING {
            return SortKey::Missing;
        }
        match self {
            Self::Column { order, .. } => SortKey::Int(value_of_rank(rank, *order)),
            Self::Names { names, order, .. } => {
                let name = names.value(place_of_rank(rank, names.len(), *order));
                SortKey::Text(String::from_utf8_lossy(name).into_owned())
            }
            Self::Attribute { values, order } => {
                match values.keys()[place_of_rank(rank, values.keys().len(), *order)] {
                    AttributeKey::Number(key) => SortKey::Number(key),
                    AttributeKey::Date(millis) => SortKey::Int(millis),
                }
            }
            Self::Scores { .. } => SortKey::Score(score_of_rank(rank)),
        }
    }

    /// Where a key stands among the ranks: no rank equals it where no document has the key.
    pub(crate) fn rank(&self, key: &SortKey) -> Result<u64, IndexError> {
        Ok(match (self, key) {
            (_, SortKey::Missing) => MISSING,
            (Self::Column { order, .. }, SortKey::Int(value)) => rank_of_value(*value, *order),
            (Self::Names { names, order, .. }, SortKey::Text(name)) => {
                let (before, found) = names.place(name.as_bytes());
                rank_of_gap(before, found, names.len(), *order)
            }
            (Self::Attribute { values, order }, SortKey::Number(_) | SortKey::Int(_)) => {
                let key = match key {
                    SortKey::Number(key) => AttributeKey::Number(*key),
                    SortKey::Int(millis) => AttributeKey::Date(*millis),
                    _ => return Err(foreign_key()),
                };
                let keys = values.keys();
                let before = keys.partition_point(|known| *known < key);
                rank_of_gap(before, keys.get(before) == Some(&key), keys.len(), *order)
            }
            (Self::Scores { .. }, SortKey::Score(score)) => rank_of_score(*score),
            _ => return Err(foreign_key()),
        })
    }
}

fn foreign_key() -> IndexError {
    IndexError::unsupported("the position belongs to another order")
}

/// Ascending values, less one so that the largest is not [`MISSING`]; no date and no size is
/// the smallest number there is.
fn rank_of_value(value: i64, order: Order) -> u64 {
    let ascending = (value as u64 ^ SIGN).saturating_sub(1);
    match order {
        Order::Asc => ascending,
        Order::Desc => MISSING - 1 - ascending,
    }
}

fn value_of_rank(rank: u64, order: Order) -> i64 {
    let ascending = match order {
        Order::Asc => rank,
        Order::Desc => MISSING - 1 - rank,
    };
    ((ascending + 1) ^ SIGN) as i64
}

/// Places have odd ranks, the gaps between them even ones.
fn rank_of_place(place: u32, places: usize, order: Order) -> u64 {
    match (place, order) {
        (NOWHERE, _) => MISSING,
        (place, Order::Asc) => 2 * u64::from(place) + 1,
        (place, Order::Desc) => 2 * (places as u64 - 1 - u64::from(place)) + 1,
    }
}

fn place_of_rank(rank: u64, places: usize, order: Order) -> usize {
    let place = (rank / 2) as usize;
    match order {
        Order::Asc => place,
        Order::Desc => places - 1 - place,
    }
}

/// The rank of a key with so many places before it, which is one of them if `found`.
fn rank_of_gap(before: usize, found: bool, places: usize, order: Order) -> u64 {
    let (before, places, found) = (before as u64, places as u64, u64::from(found));
    match order {
        Order::Asc => 2 * before + found,
        Order::Desc => 2 * (places - before - found) + found,
    }
}

/// Scores are never negative, so their bits sort as they do.
fn rank_of_score(score: f32) -> u64 {
    u64::from(u32::MAX - score.to_bits())
}

fn score_of_rank(rank: u64) -> f32 {
    f32::from_bits(u32::MAX - u32::try_from(rank).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_values_keep_their_order_and_come_back() {
        let values = [i64::MIN + 1, -5, 0, 1, 7_000_000_000, i64::MAX - 1, i64::MAX];
        for order in [Order::Asc, Order::Desc] {
            let ranks: Vec<u64> = values.iter().map(|v| rank_of_value(*v, order)).collect();
            assert!(ranks.iter().all(|rank| *rank != MISSING));
            assert!(match order {
                Order::Asc => ranks.is_sorted_by(|a, b| a < b),
                Order::Desc => ranks.is_sorted_by(|a, b| a > b),
            });
            let back: Vec<i64> = ranks.iter().map(|rank| value_of_rank(*rank, order)).collect();
            assert_eq!(back, values);
        }
    }

    #[test]
    fn gaps_lie_between_places() {
        for order in [Order::Asc, Order::Desc] {
            for place in 0..3_u32 {
                let rank = rank_of_place(place, 3, order);
                assert_eq!(place_of_rank(rank, 3, order), place as usize);
                assert_eq!(rank_of_gap(place as usize, true, 3, order), rank);
                let (before, after) = (
                    rank_of_gap(place as usize, false, 3, order),
                    rank_of_gap(place as usize + 1, false, 3, order),
                );
                assert!(before.min(after) < rank && rank < before.max(after));
            }
        }
    }

    #[test]
    fn better_scores_rank_first() {
        assert!(rank_of_score(2.5) < rank_of_score(0.1) && rank_of_score(0.1) < rank_of_score(0.0));
        assert_eq!(score_of_rank(rank_of_score(1.25)), 1.25);
    }
}
