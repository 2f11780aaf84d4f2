//! A page of a list that is ranked by meaning.

use filedex_model::{FileId, Row, SortBy};

use crate::choose::Access;
use crate::error::PlanError;
use crate::execute::AnswerHit;
use crate::fuse::Parts;
use crate::meaning::{Ranked, RankedList};
use crate::source::{Position, Search, SortKey, Sorting, Source, SourceError};

/// What a page holds, and where it ends.
pub(crate) struct Slice {
    pub hits: Vec<AnswerHit>,
    /// The place of its last hit, where more follow.
    pub last: Option<Position>,
}

/// The page of the list after a place, in the list's own order.
pub(crate) fn by_rank(
    list: &RankedList,
    after: Option<&Position>,
    limit: usize,
    source: &impl Source,
) -> Result<Slice, PlanError> {
    let start = match after {
        None => 0,
        Some(position) => {
            let SortKey::Score(score) = position.key else { return Err(PlanError::CursorDamaged) };
            let mut place = None;
            for (at, hit) in list.hits.iter().enumerate().filter(|(_, h)| h.parts.key() == score) {
                if id_of(hit, source)? == position.id {
                    place = Some(at + 1);
                }
            }
            // The version is as it was, so the hit is where it was, unless the cursor is forged.
            place.ok_or(PlanError::CursorDamaged)?
        }
    };
    let end = list.hits.len().min(start + limit);
    let mut hits = Vec::with_capacity(end - start);
    for hit in &list.hits[start..end] {
        hits.push(answered(hit.row, id_of(hit, source)?, Some(hit.parts)));
    }
    let last = (end < list.hits.len())
        .then(|| hits.last().zip(list.hits.get(end - 1)))
        .flatten()
        .map(|(hit, ranked)| Position { key: SortKey::Score(ranked.parts.key()), id: hit.id });
    Ok(Slice { hits, last })
}

/// The page of the list after a place, in the order of a field.
pub(crate) fn by_field(
    list: &RankedList,
    sorting: &Sorting,
    search: &Search<'_>,
    source: &impl Source,
) -> Result<Slice, PlanError> {
    let mut rows: Vec<Row> = list.hits.iter().map(|hit| hit.row).collect();
    rows.sort_unstable();
    let access = Access::Rows(rows);
    let limit = search.limit;
    let search = Search { access: &access, sorting, limit: limit + 1, ..search.clone() };
    let found = source.search(&search)?;
    let mut hits = Vec::with_capacity(found.hits.len().min(limit));
    for hit in found.hits.iter().take(limit) {
        let parts = list.hits.iter().find(|ranked| ranked.row == hit.row).map(|r| r.parts);
        hits.push(answered(hit.row, source.id_of(hit.row)?, parts));
    }
    let more = found.hits.len() > limit;
    let last = found.hits.get(limit.saturating_sub(1)).zip(hits.last()).filter(|_| more);
    let last = last.map(|(found, hit)| Position { key: found.key.clone(), id: hit.id });
    Ok(Slice { hits, last })
}

/// The score of a hit ranked by meaning is its similarity, whatever it was joined with.
fn answered(row: Row, id: FileId, parts: Option<Parts>) -> AnswerHit {
    AnswerHit { row, id, score: parts.and_then(|parts| parts.similarity), parts }
}

fn id_of(hit: &Ranked, source: &impl Source) -> Result<FileId, SourceError> {
    hit.id.map_or_else(|| source.id_of(hit.row), Ok)
}

/// The order that a request names for a ranked list; its own where it names none.
pub(crate) fn field_order(request: &crate::execute::Request) -> Option<Sorting> {
    match &request.sort {
        None | Some(SortBy::Relevance) => None,
        Some(by) => Some(Sorting::Field(by.clone(), request.order)),
    }
}
