//! A query against a source: one page of its answer.

use std::time::Instant;

use filedex_model::{
    Cursor, FileId, Filter, Order, Property, Row, SortBy, StatusFilter, Test, Timestamp, limits,
};
use filedex_query::print_filter;

use crate::choose::{Plan, choose};
use crate::cursor::{Bookmark, fingerprint};
use crate::error::PlanError;
use crate::explain::{Explanation, explain};
use crate::normalise::normalise;
use crate::source::{Position, Search, SortKey, Sorting, Source};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which records.
    pub filter: Filter,
    /// Of which status; active by default.
    pub status: StatusFilter,
    /// In which order; by relevance where the filter has a text that ranks, else newest first.
    pub sort: Option<SortBy>,
    /// In which direction; descending by default.
    pub order: Order,
    /// Hits on a page: 1 to 10,000; 10 by default.
    pub limit: u32,
    /// Where the page starts; the beginning by default.
    pub cursor: Option<Cursor>,
    /// The clock that relative times count from, where no cursor brings one.
    pub now: Timestamp,
    /// Whether to tell how the answer was found; costs a count of each part.
    pub explain: bool,
}

impl Request {
    /// The first ten records of a filter, with defaults for everything else.
    #[must_use]
    pub fn new(filter: Filter) -> Self {
        Self {
            filter,
            status: StatusFilter::Active,
            sort: None,
            order: Order::Desc,
            limit: limits::PAGE_DEFAULT,
            cursor: None,
            now: Timestamp::now(),
            explain: false,
        }
    }
}

/// One page of an answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How many records match, on all pages; page one's number on later pages.
    pub total: u64,
    /// The hits: row, id and BM25 score where the answer is ranked.
    pub hits: Vec<(Row, FileId, Option<f32>)>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Cursor>,
    /// The texts the answer was ranked by, for highlights.
    pub texts: Vec<String>,
    /// How the answer was found, where that was asked.
    pub explanation: Option<Explanation>,
}

/// The texts that rank: those of `Text` tests that are not under NOT.
fn ranking_texts(filter: &Filter) -> Vec<String> {
    let mut texts = Vec::new();
    filter.visit(&mut |predicate, positive| {
        if positive && predicate.property == Property::Text {
            match &predicate.test {
                Test::AnyWord(text) => texts.push(text.clone()),
                Test::AllWords(all) => texts.push(all.join(" ")),
                _ => {}
            }
        }
    });
    texts
}

fn sorting(request: &Request, texts: &[String]) -> Result<Sorting, PlanError> {
    Ok(match &request.sort {
        Some(SortBy::Relevance) if texts.is_empty() => return Err(PlanError::NothingToRank),
        Some(SortBy::Relevance) => Sorting::Relevance(texts.to_vec()),
        Some(by) => Sorting::Field(by.clone(), request.order),
        None if texts.is_empty() => Sorting::Field(SortBy::RecordCreateTime, request.order),
        None => Sorting::Relevance(texts.to_vec()),
    })
}

/// Answers one page.
///
/// # Errors
/// A page size out of bounds, a cursor that does not fit, an order that has nothing to rank by, or
/// an index that cannot be read.
pub fn answer(request: &Request, source: &impl Source) -> Result<Answer, PlanError> {
    if request.limit == 0 || request.limit > limits::PAGE_ITEMS {
        return Err(PlanError::PageSize { asked: request.limit, max: limits::PAGE_ITEMS });
    }
    let started = Instant::now();
    let texts = ranking_texts(&request.filter);
    let sorting = sorting(request, &texts)?;
    let mark = fingerprint(&[
        &source.identity(),
        &print_filter(&request.filter),
        &format!("{:?} {sorting:?}", request.status),
    ]);
    let bookmark =
        request.cursor.as_ref().map(|c| resume(c, mark, &sorting, source)).transpose()?;
    let clock = bookmark.as_ref().map_or(request.now, |b| b.clock);
    let Plan { access, estimate } = choose(&normalise(request.filter.clone().at(clock)), source)?;
    let planned = started.elapsed();

    // One more than the page tells whether there is a next one.
    let limit = request.limit as usize;
    let after = bookmark.as_ref().map(|b| &b.position);
    let search = Search {
        access: &access,
        status: request.status,
        sorting: &sorting,
        limit: limit + 1,
        after,
    };
    let mut found = source.search(&search)?;
    let total = bookmark.as_ref().map_or(found.total, |b| b.total);
    let searched = started.elapsed();

    let more = found.hits.len() > limit;
    found.hits.truncate(limit);
    let mut hits = Vec::with_capacity(found.hits.len());
    for hit in &found.hits {
        hits.push((hit.row, source.id_of(hit.row)?, hit.score));
    }
    let next = match (found.hits.pop(), hits.last()) {
        (Some(last), Some((_, id, _))) if more => {
            let position = Position { key: last.key, id: *id };
            let change_number =
                bookmark.as_ref().map_or(source.change_number(), |b| b.change_number);
            Some(Bookmark { fingerprint: mark, change_number, total, clock, position }.encode())
        }
        _ => None,
    };
    let explanation = request
        .explain
        .then(|| {
            explain(
                &access,
                estimate,
                request.status,
                &sorting,
                found.total,
                [planned, searched],
                source,
            )
        })
        .transpose()?;
    Ok(Answer { total, hits, next, texts, explanation })
}

/// Checks that a cursor fits this query, this version and, for a ranked answer, this state.
fn resume(
    cursor: &Cursor,
    mark: u128,
    sorting: &Sorting,
    source: &impl Source,
) -> Result<Bookmark, PlanError> {
    let bookmark = Bookmark::decode(cursor)?;
    if bookmark.fingerprint != mark {
        return Err(PlanError::CursorForeign);
    }
    let ranked = matches!(sorting, Sorting::Relevance(_));
    if ranked != matches!(bookmark.position.key, SortKey::Score(_)) {
        return Err(PlanError::CursorDamaged);
    }
    if ranked && bookmark.change_number != source.change_number() {
        return Err(PlanError::CursorStale);
    }
    Ok(bookmark)
}
