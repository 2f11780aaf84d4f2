//! Any stretch of an answer, by place, which is what a gallery that scrolls asks for. The library
//! pages by cursor; the cursors at every so many hits are kept, so that a place once passed is
//! reached at once, and one further on by walking from the nearest before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Query as Asked, State};
use filedex::{Cursor, ErrorKind, Page, Query, Reader, VersionRef, export};
use serde_json::{Value, json};

use super::answer::{Answered, Question, Refusal, work};
use crate::app::Shared;

/// Hits between two cursors that are kept.
const STRIDE: usize = 500;
/// Most hits of one request.
const MOST: usize = 1_000;
/// Answers whose cursors are kept.
const KEPT: usize = 16;

/// The cursors of the last answers.
#[derive(Default)]
pub(crate) struct Galleries {
    kept: Mutex<VecDeque<(Key, Arc<Mutex<Anchors>>)>>,
}

/// What an answer depends on.
#[derive(Clone, PartialEq)]
struct Key {
    version: VersionRef,
    query: Query,
    generation: u64,
}

/// The cursors of one answer: number `n` leads to hit `(n + 1) * STRIDE`.
#[derive(Default)]
struct Anchors {
    cursors: Vec<Cursor>,
}

impl Galleries {
    fn anchors(&self, key: Key) -> Arc<Mutex<Anchors>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|(other, _)| *other == key) {
            return Arc::clone(&kept[place].1);
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let anchors = Arc::default();
        kept.push_back((key, Arc::clone(&anchors)));
        anchors
    }

    /// Hits `from` to `from + count` of an answer, fewer at its end, and the answer's total.
    fn stretch(
        &self,
        reader: &Reader,
        version: &VersionRef,
        query: &Query,
        from: usize,
        count: usize,
    ) -> Result<Page, Refusal> {
        let key =
            Key { version: version.clone(), query: query.clone(), generation: reader.generation() };
        let anchors = self.anchors(key);
        // Two that walk the same answer at once would walk it twice.
        let mut anchors = anchors.lock().unwrap_or_else(PoisonError::into_inner);
        match stretch(reader, version, query, &mut anchors, from, count) {
            Err(error) if error.kind() == ErrorKind::StaleCursor => {
                // The clock of relative times, or the ranking, went on: from the start, then.
                anchors.cursors.clear();
                Ok(stretch(reader, version, query, &mut anchors, from, count)?)
            }
            other => Ok(other?),
        }
    }
}

fn stretch(
    reader: &Reader,
    version: &VersionRef,
    query: &Query,
    anchors: &mut Anchors,
    from: usize,
    count: usize,
) -> filedex::Result<Page> {
    let mut place = (from / STRIDE).min(anchors.cursors.len());
    let mut wanted: Option<Page> = None;
    loop {
        let page = query.clone().limit(STRIDE as u32);
        let page = match place.checked_sub(1) {
            None => page,
            Some(at) => page.after(anchors.cursors[at].clone()),
        };
        let mut page = reader.list(version, &page)?;
        let (start, total) = (place * STRIDE, page.total);
        if place == anchors.cursors.len() {
            anchors.cursors.extend(page.next.clone());
        }
        let last = page.next.is_none() || start + page.hits.len() >= from + count;
        let end = page.hits.len().min((from + count).saturating_sub(start));
        page.hits.truncate(end);
        page.hits.drain(..from.saturating_sub(start).min(end));
        match &mut wanted {
            None => wanted = Some(page),
            Some(wanted) => wanted.hits.append(&mut page.hits),
        }
        if last {
            // The loop has read a page.
            let mut wanted = wanted.unwrap_or_else(|| unreachable!("a page was read"));
            wanted.total = total;
            return Ok(wanted);
        }
        place += 1;
    }
}

pub(super) async fn items(State(app): State<Shared>, Asked(question): Asked<Question>) -> Answered {
    work(&app, move |app| {
        let Some(browse) = &app.browse else { return Err(Refusal::read_only()) };
        let (from, count) = (question.from, question.count.unwrap_or(100));
        if count == 0 || count > MOST {
            return Err(Refusal::input("count", &count.to_string(), "1 to 1000"));
        }
        let reader = app.reader()?;
        let version = question.version(&reader)?;
        let query = question.query().map_err(|refusal| refusal.within(&question.q))?;
        let page = browse.galleries.stretch(&reader, &version, &query, from, count)?;
        let items: Value = page
            .hits
            .iter()
            .map(|hit| {
                let mut item = export::hit(hit);
                item["served"] = json!(app.links.roots().allows(&hit.record.uri));
                item
            })
            .collect();
        Ok(Json(json!({
            "total": page.total,
            "from": from,
            "items": items,
            "generation": reader.generation(),
            "ranked": page.nearest.map(|path| path.to_string()),
        })))
    })
    .await
}
