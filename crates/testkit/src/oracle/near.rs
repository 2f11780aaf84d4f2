//! Questions by meaning, naively: a score for each vector, and the two ways of joining words.

use std::collections::{BTreeMap, BTreeSet};

use filedex_model::{FileId, Filter, Property, SortBy, StatusFilter, Test, limits};

use super::embedding::{DIMENSION, MODEL, embed};
use super::ranking::ranking_texts;
use super::spaces::PlainSpace;
use super::world::{PlainVersion, Refusal};
use crate::script::{Nearby, Toward};

/// At most so many hits where no number is asked for.
const TOP_K: u32 = 100;

/// A file of an answer by meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// The file.
    pub id: FileId,
    /// How similar it is, if it has a vector.
    pub similarity: Option<f32>,
    /// Its score by words, if words rank and it has some.
    pub bm25: Option<f32>,
    /// What both are joined to, if words rank.
    pub fused: Option<f32>,
}

impl Near {
    fn key(&self) -> f32 {
        self.fused.or(self.similarity).unwrap_or(0.0)
    }
}

/// The scores of all that may be in the answer.
struct Scores {
    similarity: BTreeMap<FileId, f32>,
    /// `None` where words do not rank.
    bm25: Option<BTreeMap<FileId, f32>>,
}

impl PlainVersion {
    /// The files of a question by meaning, in order.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub fn near(&self, nearby: &Nearby) -> Result<Vec<Near>, Refusal> {
        let space = match (self.space(nearby.space.as_deref()), &nearby.space) {
            (Some(space), _) => space,
            (None, Some(_)) => return Err(Refusal::NotFound),
            (None, None) => return Err(Refusal::BadQuery),
        };
        let (vector, except) = self.toward(space, nearby)?;
        let vector = space.space.accept(&vector).map_err(|_| Refusal::BadQuery)?;
        let top_k = nearby.top_k.unwrap_or(TOP_K);
        let share = nearby.words.weight.is_none_or(|weight| (0.0..=1.0).contains(&weight));
        let finite = nearby.above.is_none_or(f32::is_finite);
        if !(1..=limits::TOP_K).contains(&top_k) || !finite || !share {
            return Err(Refusal::BadQuery);
        }
        let scores = self.scores(space, nearby, &vector);
        let mut hits = nearby.join(&scores, except);
        hits.sort_by(|a, b| b.key().total_cmp(&a.key()).then(a.id.cmp(&b.id)));
        hits.truncate(top_k as usize);
        let among = &nearby.among;
        match &among.sort {
            None | Some((SortBy::Relevance, _)) => {}
            Some((by, order)) => {
                let filter = among.filter.clone().at(among.now);
                let all = self.files.list(&filter, among.status, by, *order);
                hits.sort_by_key(|near| all.iter().position(|id| *id == near.id));
            }
        }
        Ok(hits)
    }

    fn scores(&self, space: &PlainSpace, nearby: &Nearby, vector: &[f32]) -> Scores {
        let among = &nearby.among;
        let filter = among.filter.clone().at(among.now);
        // What is deleted has no vectors.
        let status = match among.status {
            StatusFilter::All => StatusFilter::Active,
            status => status,
        };
        let candidates = self.files.newest_first(&filter, status).into_iter();
        let scored = candidates.filter_map(|id| {
            #[expect(clippy::cast_possible_truncation, reason = "scores are of 32 bits")]
            let similarity = space.space.metric.score(vector, space.vectors.get(&id)?) as f32;
            Some((id, similarity))
        });
        let similarity =
            scored.filter(|(_, score)| nearby.above.is_none_or(|above| *score > above)).collect();
        let text = match &nearby.toward {
            Toward::Text(text) => Some(text),
            Toward::Vector(_) => nearby.words.text.as_ref(),
            Toward::Uri(_) | Toward::Id(_) => None,
        };
        let texts: Vec<String> = text.into_iter().cloned().chain(ranking_texts(&filter)).collect();
        let bm25 = (!nearby.words.ignored && !texts.is_empty()).then(|| {
            let any = texts.iter().cloned();
            let any = any.map(|text| Filter::test(Property::Text, Test::AnyWord(text)));
            let filter = Filter::and([filter, Filter::or(any)]);
            self.files.ranked(&filter, among.status, &texts).into_iter().collect()
        });
        Scores { similarity, bm25 }
    }

    /// The vector to be near to, and the file it is of.
    fn toward(
        &self,
        space: &PlainSpace,
        nearby: &Nearby,
    ) -> Result<(Vec<f32>, Option<FileId>), Refusal> {
        let id = match &nearby.toward {
            Toward::Vector(vector) => {
                let other = nearby.model.as_ref().is_some_and(|model| *model != space.space.model);
                return if other { Err(Refusal::BadQuery) } else { Ok((vector.clone(), None)) };
            }
            Toward::Text(text) => {
                let space = &space.space;
                let known = space.model == MODEL && space.dimension as usize == DIMENSION;
                return if known { Ok((embed(text), None)) } else { Err(Refusal::BadQuery) };
            }
            Toward::Uri(uri) => FileId::of(self.files.dataset_id(), uri),
            Toward::Id(id) => *id,
        };
        let vector = space.vectors.get(&id).ok_or(Refusal::NotFound)?;
        Ok((vector.clone(), Some(id)))
    }
}

impl Nearby {
    /// The answer in no order. A score of words counts as a share of the best there is, its rank
    /// as one among all; a file that the question names is in neither list of hits.
    fn join(&self, Scores { similarity, bm25 }: &Scores, except: Option<FileId>) -> Vec<Near> {
        let by_words = bm25.clone().unwrap_or_default();
        let mut similar = similarity.clone();
        if let Some(except) = except {
            similar.remove(&except);
        }
        let with_words = by_words.keys().filter(|_| self.above.is_none());
        let ids: BTreeSet<FileId> = similar.keys().chain(with_words).copied().collect();
        let best = by_words.values().copied().fold(0.0, f32::max);
        let rank = |scores: &BTreeMap<FileId, f32>, id: &FileId| {
            let score = scores.get(id)?;
            Some(1 + scores.values().filter(|other| *other > score).count())
        };
        #[expect(clippy::cast_precision_loss, reason = "a rank is a small number")]
        let share = |rank: Option<usize>| rank.map_or(0.0, |rank| 1.0 / (60.0 + rank as f32));
        let hits = ids.into_iter().filter(|id| Some(*id) != except).map(|id| {
            let (near, words) = (similar.get(&id).copied(), by_words.get(&id).copied());
            let fused = if self.words.reciprocal {
                let weight = self.words.weight.unwrap_or(0.5);
                let (meaning, words) = (rank(&similar, &id), rank(&by_words, &id));
                2.0 * (weight * share(meaning) + (1.0 - weight) * share(words))
            } else {
                let weight = self.words.weight.unwrap_or(0.6);
                let words = if best > 0.0 { words.unwrap_or(0.0) / best } else { 0.0 };
                weight * near.unwrap_or(0.0).max(0.0) + (1.0 - weight) * words
            };
            Near { id, similarity: near, bm25: words, fused: bm25.as_ref().map(|_| fused) }
        });
        hits.collect()
    }
}
