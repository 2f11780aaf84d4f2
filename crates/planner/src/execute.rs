//! A query against a source: one page of its answer.

use std::time::Instant;

use filedex_model::{
    Cursor, FileId, Filter, Order, Property, Row, SortBy, StatusFilter, Test, Timestamp, limits,
};
use filedex_query::print_filter;

use crate::choose::{Access, Plan, choose};
use crate::cursor::{Bookmark, fingerprint};
use crate::error::PlanError;
use crate::explain::{Explanation, NearestStep, explain};
use crate::fuse::Parts;
use crate::meaning::{self, Meaning, RankedList, Ranking};
use crate::nearest::NearestPath;
use crate::normalise::normalise;
use crate::page::{self, Slice};
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
    /// What the answer is to be near to; ranked by nothing else where it is given, and at most
    /// TopK long.
    pub meaning: Option<Meaning>,
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
            meaning: None,
        }
    }
}

/// One page of an answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How many records match, on all pages; page one's number on later pages.
    pub total: u64,
    /// The hits, in order.
    pub hits: Vec<AnswerHit>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Cursor>,
    /// The texts the answer was ranked by, for highlights.
    pub texts: Vec<String>,
    /// How the answer was found, where that was asked.
    pub explanation: Option<Explanation>,
    /// The path by which the nearest were found, where the answer is ranked by meaning.
    pub nearest: Option<NearestPath>,
}

/// One hit of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerHit {
    /// Its row.
    pub row: Row,
    /// Its id.
    pub id: FileId,
    /// The similarity where the answer is ranked by meaning, BM25 where it is ranked by text.
    pub score: Option<f32>,
    /// What it got where, where the answer is ranked by meaning.
    pub parts: Option<Parts>,
}

/// The texts that rank: those of `Text` tests that are not under NOT.
pub(crate) fn ranking_texts(filter: &Filter) -> Vec<String> {
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
/// A page size out of bounds, a cursor that does not fit, an order that has nothing to rank by, a
/// meaning without vectors, or an index that cannot be read.
pub fn answer(request: &Request, source: &impl Source) -> Result<Answer, PlanError> {
    if request.limit == 0 || request.limit > limits::PAGE_ITEMS {
        return Err(PlanError::PageSize { asked: request.limit, max: limits::PAGE_ITEMS });
    }
    match &request.meaning {
        Some(meaning) => answer_near(request, meaning, source),
        None => answer_found(request, source),
    }
}

/// Answers one page of what a filter finds.
fn answer_found(request: &Request, source: &impl Source) -> Result<Answer, PlanError> {
    let started = Instant::now();
    let texts = ranking_texts(&request.filter);
    let sorting = sorting(request, &texts)?;
    let mark = fingerprint(&[
        &source.identity(),
        &print_filter(&request.filter),
        &format!("{:?} {sorting:?}", request.status),
    ]);
    let ranked = matches!(sorting, Sorting::Relevance(_));
    let bookmark =
        request.cursor.as_ref().map(|c| resume(c, mark, ranked, ranked, source)).transpose()?;
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
        let id = source.id_of(hit.row)?;
        hits.push(AnswerHit { row: hit.row, id, score: hit.score, parts: None });
    }
    let last = found.hits.pop().zip(hits.last()).filter(|_| more);
    let last = last.map(|(found, hit)| Position { key: found.key, id: hit.id });
    let next = last.map(|position| {
        next_page(request, bookmark.as_ref(), source, mark, total, position).encode()
    });
    let times = [planned, searched];
    let explanation = request
        .explain
        .then(|| explain(&access, estimate, request.status, &sorting, found.total, times, source));
    Ok(Answer { total, hits, next, texts, explanation: explanation.transpose()?, nearest: None })
}

/// Answers one page of what is near.
fn answer_near(
    request: &Request,
    meaning: &Meaning,
    source: &impl Source,
) -> Result<Answer, PlanError> {
    let started = Instant::now();
    let field = page::field_order(request);
    let mark = fingerprint(&[
        &source.identity(),
        &print_filter(&request.filter),
        &format!("{:?} {field:?}", request.status),
        &meaning.identity(),
    ]);
    let by_rank = field.is_none();
    let bookmark =
        request.cursor.as_ref().map(|c| resume(c, mark, by_rank, true, source)).transpose()?;
    let clock = bookmark.as_ref().map_or(request.now, |b| b.clock);
    let filter = request.filter.clone().at(clock);
    let Plan { access, estimate } = meaning::plan(&filter, source)?;
    let planned = started.elapsed();

    let texts = ranking_texts(&filter);
    let (list, words) = rank(request, meaning, &filter, &access, &texts, source)?;
    let total = list.hits.len() as u64;
    let searched = started.elapsed();
    let after = bookmark.as_ref().map(|b| &b.position);
    let limit = request.limit as usize;
    let Slice { hits, last } = match &field {
        None => page::by_rank(&list, after, limit, source)?,
        Some(sorting) => {
            let search = Search { access: &access, status: request.status, sorting, limit, after };
            page::by_field(&list, sorting, &search, source)?
        }
    };
    let next = last.map(|position| {
        next_page(request, bookmark.as_ref(), source, mark, total, position).encode()
    });
    let explanation = request.explain.then(|| {
        let sorting = field.unwrap_or_else(|| Sorting::Relevance(words.clone()));
        let times = [planned, searched];
        let told = explain(&access, estimate, request.status, &sorting, total, times, source)?;
        let vectors = source.vectors().map_or(0, |vectors| vectors.facts().live);
        let nearest = Some(NearestStep { path: list.path, rows: list.rows, vectors });
        let order = if by_rank { by_rank_order(meaning, &words) } else { told.order.clone() };
        Ok::<_, PlanError>(Explanation { nearest, order, ..told })
    });
    let nearest = Some(list.path);
    Ok(Answer { total, hits, next, texts: words, explanation: explanation.transpose()?, nearest })
}

fn by_rank_order(meaning: &Meaning, words: &[String]) -> String {
    if words.is_empty() {
        return "similarity".to_owned();
    }
    let texts: Vec<String> = words.iter().map(|t| filedex_model::property::quoted(t)).collect();
    format!("{} of similarity and bm25({})", meaning.fusion, texts.join(", "))
}

/// Makes the whole ranked list; answers the words that counted, too.
pub(crate) fn rank<S: Source>(
    request: &Request,
    meaning: &Meaning,
    filter: &Filter,
    access: &Access,
    texts: &[String],
    source: &S,
) -> Result<(RankedList, Vec<String>), PlanError> {
    let vectors = source.vectors().ok_or(PlanError::NoVectors)?;
    let status = request.status;
    let ranking = Ranking { meaning, filter, access, status, texts, source, vectors };
    Ok((ranking.list()?, ranking.words()))
}

/// The rows of the whole of an answer that is ranked by meaning, best first.
///
/// # Errors
/// As [`answer`].
pub fn ranked_rows(request: &Request, source: &impl Source) -> Result<Vec<Row>, PlanError> {
    let meaning = request.meaning.as_ref().ok_or(PlanError::NoVectors)?;
    let filter = request.filter.clone().at(request.now);
    let access = meaning::plan(&filter, source)?.access;
    let texts = ranking_texts(&filter);
    let (list, _) = rank(request, meaning, &filter, &access, &texts, source)?;
    Ok(list.hits.into_iter().map(|hit| hit.row).collect())
}

/// The bookmark of the page that follows; it keeps what page one said.
fn next_page(
    request: &Request,
    bookmark: Option<&Bookmark>,
    source: &impl Source,
    fingerprint: u128,
    total: u64,
    position: Position,
) -> Bookmark {
    Bookmark {
        fingerprint,
        change_number: bookmark.map_or_else(|| source.change_number(), |b| b.change_number),
        total,
        clock: bookmark.map_or(request.now, |b| b.clock),
        position,
    }
}

/// Checks that a cursor fits this query, this version and, where ranks come in (`bound`), this
/// state; `by_rank` tells whether its key is a score.
fn resume(
    cursor: &Cursor,
    mark: u128,
    by_rank: bool,
    bound: bool,
    source: &impl Source,
) -> Result<Bookmark, PlanError> {
    let bookmark = Bookmark::decode(cursor)?;
    if bookmark.fingerprint != mark {
        return Err(PlanError::CursorForeign);
    }
    if by_rank != matches!(bookmark.position.key, SortKey::Score(_)) {
        return Err(PlanError::CursorDamaged);
    }
    if bound && bookmark.change_number != source.change_number() {
        return Err(PlanError::CursorStale);
    }
    Ok(bookmark)
}
