//! Why a record is in an answer, or is not.

use std::fmt;

use filedex_model::{FileId, Filter, Row, StatusFilter};
use filedex_query::print_filter;

use crate::choose::{Access, choose};
use crate::error::PlanError;
use crate::execute::{Request, rank, ranking_texts};
use crate::fuse::Parts;
use crate::meaning::{self, Meaning};
use crate::nearest::{NearestPath, NearestSearch};
use crate::normalise::normalise;
use crate::source::{Search, Sorting, Source, SourceError};

/// One clause of a filter, for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The clause, in the query language.
    pub what: String,
    /// Whether the record satisfies it.
    pub passes: bool,
}

/// What a query makes of one record. Its `Display` is a text for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The record.
    pub id: FileId,
    /// Whether the version has a record with this id, deleted or not.
    pub exists: bool,
    /// Whether its status is one that the query covers.
    pub covered: bool,
    /// The clauses that stand in the top-level AND of the filter.
    pub clauses: Vec<Clause>,
    /// Its place in the whole answer, from 1; none where it is not in it.
    pub place: Option<u64>,
    /// How long the whole answer is.
    pub total: u64,
    /// Its scores in each source, where the answer is ranked.
    pub parts: Option<Parts>,
    /// Its place by similarity alone among what the filter lets through, from 1; equal scores share
    /// the best place.
    pub similarity_place: Option<u64>,
    /// Its place by BM25 alone, likewise.
    pub bm25_place: Option<u64>,
    /// The similarity a hit has to be above, where there is a threshold.
    pub above: Option<f32>,
    /// The most hits, where the answer is ranked by meaning.
    pub top_k: Option<u32>,
    /// What the last hit of a full answer has, by which the record would be ranked.
    pub last_key: Option<f32>,
}

impl Why {
    /// Whether the record is in the answer.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.place.is_some()
    }

    /// What keeps the record out, in words; nothing for a hit.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        if self.is_hit() {
            return Vec::new();
        }
        if !self.exists {
            return vec!["the version has no record with this id".to_owned()];
        }
        let mut reasons = Vec::new();
        if !self.covered {
            reasons.push("its status is not one that the query covers".to_owned());
        }
        let failed = self.clauses.iter().filter(|clause| !clause.passes);
        reasons.extend(failed.map(|clause| format!("it does not satisfy {}", clause.what)));
        let Some(parts) = self.parts.filter(|_| reasons.is_empty()) else { return reasons };
        match (parts.similarity, self.above) {
            (None, Some(_)) => reasons.push("it has no vector, so no score".to_owned()),
            (Some(similarity), Some(above)) if similarity <= above => {
                reasons.push(format!("its score {similarity} is not above {above}"));
            }
            (None, None) if parts.bm25.is_none() => {
                reasons.push("it has no vector in the space, and no word of the query".to_owned());
            }
            _ => {}
        }
        if let (true, Some(top_k)) = (reasons.is_empty(), self.top_k) {
            let last = self.last_key.map_or(String::new(), |key| format!(" (the last has {key})"));
            reasons.push(format!("{top_k} others rank before it{last}"));
        }
        reasons
    }
}

/// Tells why a record is in an answer, or is not. The page and the cursor of the request do not
/// matter. Costs about as much as the query, and an exact search for the places.
///
/// # Errors
/// As [`answer`](crate::answer).
pub fn why<S: Source>(request: &Request, id: &FileId, source: &S) -> Result<Why, PlanError> {
    let mut told = Why {
        id: *id,
        exists: false,
        covered: false,
        clauses: Vec::new(),
        place: None,
        total: 0,
        parts: None,
        similarity_place: None,
        bm25_place: None,
        above: None,
        top_k: None,
        last_key: None,
    };
    let filter = request.filter.clone().at(request.now);
    let access = choose(&normalise(filter.clone()), source)?.access;
    let row = source.row_of(id)?;
    if let Some(row) = row {
        told.exists = true;
        told.covered = holds(&Access::Everything, row, request.status, source)?;
        for part in parts_of(&filter) {
            let part_access = choose(&normalise(part.clone()), source)?.access;
            let passes = holds(&part_access, row, StatusFilter::All, source)?;
            let what = print_filter(&part);
            // The filter that lets everything through has no words.
            if !what.is_empty() {
                told.clauses.push(Clause { what, passes });
            }
        }
    }
    let texts = ranking_texts(&filter);
    match &request.meaning {
        Some(meaning) => {
            near(request, meaning, (&filter, &access), &texts, row, source, &mut told)?;
        }
        None => {
            told.total = source.count(&access, request.status)?;
            let found = row.is_some() && told.covered && told.clauses.iter().all(|c| c.passes);
            if let Some(row) = row.filter(|_| found && !texts.is_empty()) {
                let scored = bm25(&access, request.status, &texts, row, source)?;
                told.parts =
                    Some(Parts { bm25: scored.map(|(score, _)| score), ..Parts::default() });
                told.bm25_place = scored.map(|(_, place)| place);
                told.place = told.bm25_place;
            } else if found {
                told.place = field_place(request, &access, row, source)?;
            }
        }
    }
    Ok(told)
}

/// Fills in what a search by meaning makes of the row.
fn near<S: Source>(
    request: &Request,
    meaning: &Meaning,
    (filter, access): (&Filter, &Access),
    texts: &[String],
    row: Option<Row>,
    source: &S,
    told: &mut Why,
) -> Result<(), PlanError> {
    let vectors = source.vectors().ok_or(PlanError::NoVectors)?;
    let (list, words) = rank(request, meaning, filter, access, texts, source)?;
    told.total = list.hits.len() as u64;
    told.above = meaning.above;
    told.top_k = Some(meaning.top_k);
    if list.hits.len() >= meaning.top_k as usize {
        told.last_key = list.hits.last().map(|hit| hit.parts.key());
    }
    let Some(row) = row else { return Ok(()) };
    let place = list.hits.iter().position(|hit| hit.row == row);
    told.place = place.map(|at| at as u64 + 1);
    let similarity = vectors.similarities(&meaning.vector, &[row])?.into_iter().next().flatten();
    let mut parts = Parts { similarity, ..Parts::default() };
    if let Some(at) = place {
        parts = list.hits[at].parts;
    }
    let passes = told.covered && told.clauses.iter().all(|clause| clause.passes);
    if let Some(similarity) = similarity.filter(|_| passes) {
        let rows = match access {
            Access::Everything => None,
            access => Some(source.rows(access)?),
        };
        let before = vectors.nearest(&NearestSearch {
            vector: &meaning.vector,
            rows: rows.as_deref(),
            k: usize::MAX,
            above: Some(similarity),
            path: NearestPath::Exact,
        })?;
        told.similarity_place = Some(before.hits.len() as u64 + 1);
    }
    if passes && !words.is_empty() {
        let any = words.iter().map(|text| {
            Filter::test(filedex_model::Property::Text, filedex_model::Test::AnyWord(text.clone()))
        });
        let matching = Filter::and([filter.clone(), Filter::or(any)]);
        let matching = meaning::plan(&matching, source)?.access;
        let scored = bm25(&matching, request.status, &words, row, source)?;
        parts.bm25 = scored.map(|(score, _)| score);
        told.bm25_place = scored.map(|(_, place)| place);
    }
    told.parts = Some(parts);
    Ok(())
}

/// The clauses of the top-level AND.
fn parts_of(filter: &Filter) -> Vec<Filter> {
    match filter {
        Filter::And(parts) => parts.iter().flat_map(parts_of).collect(),
        other => vec![other.clone()],
    }
}

fn holds(
    access: &Access,
    row: Row,
    status: StatusFilter,
    source: &impl Source,
) -> Result<bool, SourceError> {
    let access = Access::All(vec![Access::Rows(vec![row]), access.clone()]);
    Ok(source.count(&access, status)? > 0)
}

/// The BM25 score of a row and its place; none where no word of it matches.
fn bm25(
    access: &Access,
    status: StatusFilter,
    words: &[String],
    row: Row,
    source: &impl Source,
) -> Result<Option<(f32, u64)>, SourceError> {
    let sorting = Sorting::Relevance(words.to_vec());
    let total = source.count(access, status)?;
    let limit = usize::try_from(total).unwrap_or(usize::MAX);
    let found = source.search(&Search { access, status, sorting: &sorting, limit, after: None })?;
    let score = found.hits.iter().find(|hit| hit.row == row).and_then(|hit| hit.score);
    Ok(score.map(|score| {
        let before = found.hits.iter().filter(|hit| hit.score > Some(score)).count();
        (score, before as u64 + 1)
    }))
}

/// The place of a row in the order of a field.
fn field_place(
    request: &Request,
    access: &Access,
    row: Option<Row>,
    source: &impl Source,
) -> Result<Option<u64>, PlanError> {
    let by = match &request.sort {
        Some(filedex_model::SortBy::Relevance) => return Err(PlanError::NothingToRank),
        Some(by) => by.clone(),
        None => filedex_model::SortBy::RecordCreateTime,
    };
    let sorting = Sorting::Field(by, request.order);
    let total = source.count(access, request.status)?;
    let limit = usize::try_from(total).unwrap_or(usize::MAX);
    let search = Search { access, status: request.status, sorting: &sorting, limit, after: None };
    let found = source.search(&search)?;
    let place = found.hits.iter().position(|hit| Some(hit.row) == row);
    Ok(place.map(|at| at as u64 + 1))
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => writeln!(f, "{} is hit {place} of {}", self.id, self.total)?,
            None => writeln!(f, "{} is not among the {} hits", self.id, self.total)?,
        }
        for reason in self.reasons() {
            writeln!(f, "  because {reason}")?;
        }
        for clause in &self.clauses {
            let mark = if clause.passes { "satisfies" } else { "fails" };
            writeln!(f, "  {mark} {}", clause.what)?;
        }
        let Some(parts) = &self.parts else { return Ok(()) };
        let place = |place: Option<u64>| place.map_or(String::new(), |p| format!(", place {p}"));
        match parts.similarity {
            Some(score) => {
                writeln!(f, "  similarity {score}{}", place(self.similarity_place))?;
            }
            None if self.top_k.is_some() => writeln!(f, "  no vector in the space")?,
            None => {}
        }
        if let Some(score) = parts.bm25 {
            writeln!(f, "  bm25 {score}{}", place(self.bm25_place))?;
        }
        if let Some(score) = parts.fused {
            writeln!(f, "  joined {score}")?;
        }
        Ok(())
    }
}
