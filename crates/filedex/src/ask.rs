//! From a question to a request: what it is to be near to becomes a vector.

use std::path::Path;

use filedex_model::{FileId, Space, limits};
use filedex_planner::{Meaning, Request};
use filedex_query::QueryType;

use crate::adapters::VersionSource;
use crate::database::VersionRef;
use crate::error::{Error, ErrorKind, Result};
use crate::list::Query;
use crate::reader::Reader;

/// TopK where none is given.
const TOP_K: u32 = 100;

/// A request with what answers it.
pub(crate) struct Asked {
    pub request: Request,
    pub source: VersionSource,
}

/// What a question is to be near to.
enum Near<'a> {
    Vector(&'a [f32]),
    Text(&'a str),
    Image(&'a str),
    Video(&'a str),
    File(&'a str),
}

impl Reader {
    /// The request that a question makes of this snapshot.
    pub(crate) fn asked(
        &self,
        version: &VersionRef,
        query: &Query,
        explain: bool,
    ) -> Result<Asked> {
        let source = self.source(version)?;
        let controls = query.controls();
        let Some(near) = near(query)? else {
            return Ok(Asked { request: query.request(query.as_filter(), explain), source });
        };
        // A text ranks by its words where there is no space that knows its meaning.
        let by_default = controls.content.is_none() && controls.space.is_none();
        if matches!(near, Near::Text(_))
            && by_default
            && controls.query_type != Some(QueryType::Vector)
            && controls.top_k.is_none()
            && controls.score_threshold.is_none()
            && self.snapshot()?.store.chosen_space(version.key)?.is_none()
        {
            return Ok(Asked { request: query.request(query.as_filter(), explain), source });
        }
        let info = self.space(version, controls.space.as_deref())?;
        let source = source.with_space(&info)?;
        let (vector, except) = self.vector_of(version, query, &near, &info.space)?;
        let vector = info.space.accept(&vector).map_err(|why| {
            let what =
                format!("nothing can be near to this in the space {:?}: {why}", info.space.name);
            Error::new(ErrorKind::BadQuery, what)
        })?;
        let meaning = Meaning {
            vector,
            space: format!("{} {}", info.key, info.space.model),
            text: match near {
                Near::Text(text) => Some(text.to_owned()),
                _ => controls.query_text.clone(),
            },
            mixed: controls.query_type != Some(QueryType::Vector),
            top_k: bounded_top_k(controls.top_k)?,
            above: finite(controls.score_threshold)?,
            exact: controls.exact.unwrap_or(false),
            fusion: controls.fusion.unwrap_or_default(),
            weight: share(controls.vector_weight)?,
            except,
            thresholds: self.asking.paths,
        };
        let request =
            Request { meaning: Some(meaning), ..query.request(query.plain_filter(), explain) };
        Ok(Asked { request, source })
    }

    /// The vector a question is about, and the file that it is the vector of, which is no hit.
    fn vector_of(
        &self,
        version: &VersionRef,
        query: &Query,
        near: &Near<'_>,
        space: &Space,
    ) -> Result<(Vec<f32>, Option<FileId>)> {
        let embedders = &self.asking.embedders;
        match near {
            Near::Vector(vector) => {
                if let (_, Some(model)) = query.given_vector()
                    && model != space.model
                {
                    return Err(Error::new(
                        ErrorKind::BadQuery,
                        format!(
                            "the vector is of the model {model:?}, the space {:?} of {:?}",
                            space.name, space.model
                        ),
                    ));
                }
                Ok((vector.to_vec(), None))
            }
            Near::Text(text) => Ok((embedders.text(space, text)?, None)),
            Near::File(name) => {
                let found = self.stored(version, name, space)?;
                found.map(|(id, vector)| (vector, Some(id))).ok_or_else(|| {
                    Error::new(
                        ErrorKind::NotFound,
                        format!(
                            "SimilarTo: the version has no file {name:?}, neither by URI nor by id"
                        ),
                    )
                })
            }
            Near::Image(uri) => {
                if let Some((_, vector)) = self.stored(version, uri, space)? {
                    return Ok((vector, None));
                }
                let path = Path::new(uri.strip_prefix("file://").unwrap_or(uri));
                if path.is_file() {
                    return Ok((embedders.image(space, path)?, None));
                }
                Err(not_here("QueryImage", uri, "nor a picture on this machine"))
            }
            Near::Video(uri) => match self.stored(version, uri, space)? {
                Some((_, vector)) => Ok((vector, None)),
                None => Err(not_here("QueryVideo", uri, "and no model here reads videos")),
            },
        }
    }

    /// The vector of a file by its URI or id; none where there is no such file.
    fn stored(
        &self,
        version: &VersionRef,
        name: &str,
        space: &Space,
    ) -> Result<Option<(FileId, Vec<f32>)>> {
        let ids = [Some(version.file_id(name)), name.parse::<FileId>().ok()];
        for id in ids.into_iter().flatten() {
            let Some(row) = self.snapshot()?.store.row_of(version.key, &id)? else { continue };
            let info = self.space(version, Some(&space.name))?;
            let vector = self.snapshot()?.vectors(version.key, &info)?.vector(row)?;
            let vector = vector.ok_or_else(|| {
                let what = format!("the file {name:?} has no vector in the space {:?}", space.name);
                Error::new(ErrorKind::NotFound, what)
            })?;
            return Ok(Some((id, vector)));
        }
        Ok(None)
    }
}

/// The one thing a question is to be near to; none where it is about words and fields alone.
fn near(query: &Query) -> Result<Option<Near<'_>>> {
    let controls = query.controls();
    if controls.query_type == Some(QueryType::Tag) {
        return Ok(None);
    }
    let (vector, _) = query.given_vector();
    let all: Vec<(&str, Near<'_>)> = [
        vector.map(|vector| ("a vector", Near::Vector(vector))),
        controls.content.as_deref().map(|text| ("Content", Near::Text(text))),
        controls.similar_to.as_deref().map(|name| ("SimilarTo", Near::File(name))),
        controls.query_image.as_deref().map(|uri| ("QueryImage", Near::Image(uri))),
        controls.query_video.as_deref().map(|uri| ("QueryVideo", Near::Video(uri))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if all.len() > 1 {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        return Err(Error::new(
            ErrorKind::BadQuery,
            format!("a search has one thing to be near to, not {}", names.join(" and ")),
        ));
    }
    let text = controls.query_text.as_deref().map(Near::Text);
    let found = all.into_iter().next().map(|(_, near)| near).or(text);
    let bounds = [
        ("TopK", controls.top_k.is_some()),
        ("ScoreThreshold", controls.score_threshold.is_some()),
        ("QueryType = 'VECTOR'", controls.query_type == Some(QueryType::Vector)),
        ("Exact", controls.exact == Some(true)),
    ];
    match bounds.iter().find(|(_, given)| *given) {
        Some((name, _)) if found.is_none() => Err(Error::new(
            ErrorKind::BadQuery,
            format!("{name} is about a search by meaning; add Content:'…' or SimilarTo = '…'"),
        )),
        _ => Ok(found),
    }
}

fn not_here(what: &str, uri: &str, else_: &str) -> Error {
    let message = format!("{what}: {uri:?} is neither a file of the version {else_}");
    Error::new(ErrorKind::NotFound, message)
}

fn bounded_top_k(top_k: Option<u32>) -> Result<u32> {
    match top_k.unwrap_or(TOP_K) {
        good @ 1..=limits::TOP_K => Ok(good),
        bad => Err(Error::new(
            ErrorKind::BadQuery,
            format!("TopK is a whole number from 1 to {}, not {bad}", limits::TOP_K),
        )),
    }
}

fn finite(score: Option<f32>) -> Result<Option<f32>> {
    match score {
        Some(score) if !score.is_finite() => {
            let what = format!("ScoreThreshold is a number such as 0.6, not {score}");
            Err(Error::new(ErrorKind::BadQuery, what))
        }
        score => Ok(score),
    }
}

fn share(weight: Option<f32>) -> Result<Option<f32>> {
    match weight {
        Some(weight) if !(0.0..=1.0).contains(&weight) => {
            let what = format!("VectorWeight is a number from 0 to 1, not {weight}");
            Err(Error::new(ErrorKind::BadQuery, what))
        }
        weight => Ok(weight),
    }
}
