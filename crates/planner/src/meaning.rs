//! Answers ranked by meaning, alone or joined with words.
//!
//! Such an answer is at most TopK long, so the whole list is made, in one fixed order, and pages are
//! slices of it: a larger page changes no score. Filters are hard; the threshold is on the
//! similarity, before anything is joined.

use std::collections::{BTreeSet, HashMap};

use filedex_model::{FileId, Filter, Property, Row, StatusFilter, Test};
use filedex_query::Fusion;

use crate::choose::{Access, Plan, choose};
use crate::error::PlanError;
use crate::fuse::{Joining, Parts, ranks};
use crate::nearest::{NearestPath, NearestSearch, PathThresholds, VectorSource, choose_nearest};
use crate::normalise::normalise;
use crate::source::{Search, Sorting, Source, SourceError};

/// Reciprocal ranks are taken from lists of at least this length.
const RRF_DEPTH: usize = 1_000;

/// What a question is to be near to.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// The vector, as its space keeps vectors.
    pub vector: Vec<f32>,
    /// Names the space and its model: cursors are bound to it.
    pub space: String,
    /// The words that count beside it; texts of the filter count too. Ranked by meaning alone where
    /// there is none.
    pub text: Option<String>,
    /// Whether words count at all (MIX), or meaning alone (VECTOR).
    pub mixed: bool,
    /// The most hits on all pages, at least 1.
    pub top_k: u32,
    /// Only hits of a similarity above this.
    pub above: Option<f32>,
    /// Whether the answer must be certified exact.
    pub exact: bool,
    /// How words and meaning are joined.
    pub fusion: Fusion,
    /// The weight of meaning; by the fusion's default where there is none.
    pub weight: Option<f32>,
    /// A file that is not to be among the hits.
    pub except: Option<FileId>,
    /// Where searches go from one path to the next.
    pub thresholds: PathThresholds,
}

impl Meaning {
    /// All that changes the answer, for the fingerprint of a cursor.
    pub(crate) fn identity(&self) -> String {
        let Self {
            vector, space, text, mixed, top_k, above, exact, fusion, weight, except, ..
        } = self;
        let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
        let vector = xxhash_rust::xxh3::xxh3_128(&bytes);
        format!(
            "{vector:x} {space:?} {text:?} {mixed} {top_k} {above:?} {exact} {fusion} {weight:?} \
             {except:?}"
        )
    }
}

/// A row of a ranked list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ranked {
    pub row: Row,
    /// Known where it was needed to put equal keys in order.
    pub id: Option<FileId>,
    pub parts: Parts,
}

/// The whole of a ranked answer.
pub(crate) struct RankedList {
    pub hits: Vec<Ranked>,
    pub path: NearestPath,
    /// Rows that the filter let through; all rows with a vector where there is no filter.
    pub rows: u64,
}

/// What a ranked search is about, with what its parts read.
pub(crate) struct Ranking<'a, S> {
    pub meaning: &'a Meaning,
    pub filter: &'a Filter,
    pub access: &'a Access,
    pub status: StatusFilter,
    /// The texts of the filter.
    pub texts: &'a [String],
    pub source: &'a S,
    pub vectors: &'a dyn VectorSource,
}

impl<S: Source> Ranking<'_, S> {
    /// The list: best first, equal keys by id, at most TopK long.
    pub fn list(&self) -> Result<RankedList, PlanError> {
        let rows = self.rows()?;
        let facts = self.vectors.facts();
        let count = rows.as_ref().map_or(facts.live, |rows| rows.len() as u64);
        let exact = self.meaning.exact || self.meaning.above.is_some();
        let path = choose_nearest(count, facts, exact, self.meaning.thresholds);
        let except = self.meaning.except.map(|id| self.source.row_of(&id)).transpose()?.flatten();
        let pool = Pool { rows: rows.as_deref(), except, path };
        let words = self.words();
        let (list, path) = if words.is_empty() {
            self.by_meaning(&pool)?
        } else {
            match self.meaning.fusion {
                Fusion::Convex => self.convex(&pool, &words)?,
                Fusion::Rrf => self.reciprocal(&pool, &words)?,
            }
        };
        Ok(RankedList { hits: self.ordered(list)?, path, rows: count })
    }

    /// The texts that rank beside meaning.
    pub fn words(&self) -> Vec<String> {
        if !self.meaning.mixed {
            return Vec::new();
        }
        self.meaning.text.iter().chain(self.texts).cloned().collect()
    }

    /// The rows that the filter lets through; no list where it lets all through that can have a
    /// vector: deleted records have none.
    fn rows(&self) -> Result<Option<Vec<Row>>, SourceError> {
        match (self.access, self.status) {
            (Access::Nothing, _) | (_, StatusFilter::Deleted) => Ok(Some(Vec::new())),
            (Access::Everything, _) => Ok(None),
            (access, _) => self.source.rows(access).map(Some),
        }
    }

    fn nearest(
        &self,
        pool: &Pool<'_>,
        k: usize,
    ) -> Result<(Vec<(Row, f32)>, NearestPath), SourceError> {
        let found = self.vectors.nearest(&NearestSearch {
            vector: &self.meaning.vector,
            rows: pool.rows,
            k: k + usize::from(pool.except.is_some()),
            above: self.meaning.above,
            path: pool.path,
        })?;
        let mut hits = found.hits;
        hits.retain(|(row, _)| Some(*row) != pool.except);
        Ok((hits, found.path))
    }

    fn by_meaning(&self, pool: &Pool<'_>) -> Result<(Vec<Ranked>, NearestPath), SourceError> {
        let (hits, path) = self.nearest(pool, self.meaning.top_k as usize)?;
        let ranked = hits.into_iter().map(|(row, similarity)| Ranked {
            row,
            id: None,
            parts: Parts { similarity: Some(similarity), ..Parts::default() },
        });
        Ok((ranked.collect(), path))
    }

    /// The rows of the filter that match the words.
    fn matching(&self, words: &[String]) -> Result<Access, SourceError> {
        let any =
            words.iter().map(|text| Filter::test(Property::Text, Test::AnyWord(text.clone())));
        let filter = Filter::and([self.filter.clone(), Filter::or(any)]);
        Ok(choose(&normalise(filter), self.source)?.access)
    }

    /// The best rows by words.
    fn by_words(
        &self,
        access: &Access,
        words: &[String],
        limit: usize,
    ) -> Result<Vec<(Row, f32)>, SourceError> {
        let sorting = Sorting::Relevance(words.to_vec());
        let search = Search { access, status: self.status, sorting: &sorting, limit, after: None };
        let found = self.source.search(&search)?;
        Ok(found.hits.into_iter().map(|hit| (hit.row, hit.score.unwrap_or(0.0))).collect())
    }

    /// The BM25 scores of those of `rows`, which ascends, that match the words.
    fn word_scores(
        &self,
        access: &Access,
        words: &[String],
        rows: Vec<Row>,
    ) -> Result<HashMap<Row, f32>, SourceError> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let limit = rows.len();
        let access = Access::All(vec![Access::Rows(rows), access.clone()]);
        Ok(self.by_words(&access, words, limit)?.into_iter().collect())
    }

    /// The convex combination, exact for the similarities that the path sees: rows are taken from
    /// the tops of both lists until no row below them can reach the last hit (the threshold
    /// algorithm of Fagin, Lotem and Naor, 2003).
    fn convex(
        &self,
        pool: &Pool<'_>,
        words: &[String],
    ) -> Result<(Vec<Ranked>, NearestPath), SourceError> {
        let joining = Joining::new(self.meaning.fusion, self.meaning.weight);
        let top_k = self.meaning.top_k as usize;
        let access = self.matching(words)?;
        let mut depth = top_k.max(64);
        loop {
            let (near, path) = self.nearest(pool, depth)?;
            let worded = self.by_words(&access, words, depth)?;
            let best = worded.first().map_or(0.0, |(_, score)| *score);
            let last = |list: &[(Row, f32)]| {
                (list.len() >= depth).then(|| list.last().map_or(0.0, |(_, score)| *score))
            };
            let (last_near, last_worded) = (last(&near), last(&worded));
            let candidates = self.candidates(pool, &near, &worded, &access, words)?;
            let mut list: Vec<Ranked> = candidates
                .into_iter()
                .map(|(row, mut parts)| {
                    parts.fused = Some(joining.convex(parts.similarity, parts.bm25, best));
                    Ranked { row, id: None, parts }
                })
                .collect();
            list.sort_unstable_by(|a, b| b.parts.key().total_cmp(&a.parts.key()));
            // What is in neither list is at most at the ends of both.
            let rest = joining.convex(last_near, last_worded, best);
            let complete = last_near.is_none() && last_worded.is_none();
            let settled = list.get(top_k - 1).is_some_and(|last| last.parts.key() > rest);
            if complete || settled {
                return Ok((list, path));
            }
            depth = depth.saturating_mul(4);
        }
    }

    /// The rows of either list with both of their true scores, by row; under a threshold those above
    /// it only.
    fn candidates(
        &self,
        pool: &Pool<'_>,
        near: &[(Row, f32)],
        worded: &[(Row, f32)],
        access: &Access,
        words: &[String],
    ) -> Result<Vec<(Row, Parts)>, SourceError> {
        let near: HashMap<Row, f32> = near.iter().copied().collect();
        let worded: HashMap<Row, f32> = worded.iter().copied().collect();
        let rows: BTreeSet<Row> = near.keys().chain(worded.keys()).copied().collect();
        let missing: Vec<Row> =
            rows.iter().copied().filter(|row| !near.contains_key(row)).collect();
        let similarities = self.vectors.similarities(&self.meaning.vector, &missing)?;
        let further: HashMap<Row, f32> =
            missing.into_iter().zip(similarities).filter_map(|(row, s)| Some((row, s?))).collect();
        let unworded = rows.iter().copied().filter(|row| !worded.contains_key(row)).collect();
        let more_words = self.word_scores(access, words, unworded)?;
        let candidates = rows.into_iter().filter(|row| Some(*row) != pool.except).map(|row| {
            let similarity = near.get(&row).or(further.get(&row)).copied();
            let bm25 = worded.get(&row).or(more_words.get(&row)).copied();
            (row, Parts { similarity, bm25, fused: None })
        });
        let above = self.meaning.above;
        Ok(candidates
            .filter(|(_, parts)| {
                above.is_none_or(|above| parts.similarity.is_some_and(|s| s > above))
            })
            .collect())
    }

    fn reciprocal(
        &self,
        pool: &Pool<'_>,
        words: &[String],
    ) -> Result<(Vec<Ranked>, NearestPath), SourceError> {
        let joining = Joining::new(self.meaning.fusion, self.meaning.weight);
        let depth = RRF_DEPTH.max(self.meaning.top_k as usize);
        let access = self.matching(words)?;
        let (near, path) = self.nearest(pool, depth)?;
        let worded = self.by_words(&access, words, depth)?;
        let (by_meaning, by_words) = (ranks(&near), ranks(&worded));
        let candidates = self.candidates(pool, &near, &worded, &access, words)?;
        let ranked = candidates.into_iter().map(|(row, mut parts)| {
            let (meaning, words) = (by_meaning.get(&row).copied(), by_words.get(&row).copied());
            parts.fused = Some(joining.reciprocal(meaning, words));
            Ranked { row, id: None, parts }
        });
        Ok((ranked.collect(), path))
    }

    /// Best first, equal keys by id, cut to TopK. Ids are read only where keys are equal.
    fn ordered(&self, mut list: Vec<Ranked>) -> Result<Vec<Ranked>, SourceError> {
        let top_k = self.meaning.top_k as usize;
        list.sort_unstable_by(|a, b| {
            b.parts.key().total_cmp(&a.parts.key()).then(a.row.cmp(&b.row))
        });
        let mut ordered: Vec<Ranked> = Vec::with_capacity(list.len().min(top_k));
        for equal in list.chunk_by_mut(|a, b| a.parts.key() == b.parts.key()) {
            if ordered.len() >= top_k {
                break;
            }
            if equal.len() > 1 {
                for hit in equal.iter_mut() {
                    hit.id = Some(self.source.id_of(hit.row)?);
                }
                equal.sort_unstable_by_key(|hit| hit.id);
            }
            ordered.extend_from_slice(equal);
        }
        ordered.truncate(top_k);
        Ok(ordered)
    }
}

/// Where a ranked search looks, and how.
struct Pool<'a> {
    rows: Option<&'a [Row]>,
    except: Option<Row>,
    path: NearestPath,
}

/// The plan of a filter, for a ranked search.
pub(crate) fn plan(filter: &Filter, source: &impl Source) -> Result<Plan, SourceError> {
    choose(&normalise(filter.clone()), source)
}
