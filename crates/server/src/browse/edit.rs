//! Tags, labels, comments and stars of some files, changed in one commit.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use filedex::{DetailsUpdate, FileId, FileUpdate, TagEdit, limits};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Answered, Question, Refusal, work};
use crate::app::Shared;
use crate::write_queue::Write;

/// What to change, of which files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default)]
    dataset: Option<String>,
    #[serde(default)]
    version: Option<String>,
    ids: Vec<String>,
    /// Tags of the user to add.
    #[serde(default)]
    add_tags: Vec<String>,
    /// Tags to take away, machine tags among them.
    #[serde(default)]
    remove_tags: Vec<String>,
    /// The labels, all of them.
    #[serde(default)]
    labels: Option<Vec<String>>,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    starred: Option<bool>,
}

pub(super) async fn edit(State(app): State<Shared>, bytes: Bytes) -> Answered {
    if !app.browse.as_ref().is_some_and(|browse| browse.edit) {
        return Err(Refusal::read_only().into());
    }
    let change: Change = serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, format!("the change cannot be read: {error}"))
    })?;
    let (version, writes) = work(&app, move |app| {
        let reader = app.reader()?;
        let Change { dataset, version, .. } = &change;
        let question =
            Question { dataset: dataset.clone(), version: version.clone(), ..Question::default() };
        let version = question.version(&reader)?;
        if change.ids.is_empty() || change.ids.len() > limits::BATCH_ITEMS {
            let right = format!("1 to {} files", limits::BATCH_ITEMS);
            return Err(Refusal::input("ids", &change.ids.len().to_string(), &right));
        }
        let mut writes = Vec::new();
        for id in &change.ids {
            let id: FileId = id.parse().map_err(|_| Refusal::input("id", id, "64 hex digits"))?;
            let record = reader.get(&version, &id)?;
            change.writes(id, &record.tags.ai_union(), &mut writes);
        }
        Ok((version, writes))
    })
    .await?;
    let outcomes = app.writes.commit(version, writes).await.map_err(|error| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("nothing was changed: {}", error.message),
        )
    })?;
    let failed: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| {
            let error = outcome.result.as_ref().err()?;
            Some(json!({ "id": outcome.id, "message": error.to_string() }))
        })
        .collect();
    Ok(Json(json!({ "changed": outcomes.len() - failed.len(), "failed": failed })))
}

impl Change {
    /// The writes of one file. A machine's tag is not the user's to remove, but can be taken back;
    /// one that is added again is taken back no more.
    fn writes(&self, id: FileId, machine: &[&str], writes: &mut Vec<Write>) {
        let of_machine = |tag: &&String| machine.contains(&tag.as_str());
        let update = FileUpdate {
            tags_user: TagEdit { add: self.add_tags.clone(), remove: self.remove_tags.clone() },
            tags_user_delete_ai: TagEdit {
                add: self.remove_tags.iter().filter(of_machine).cloned().collect(),
                remove: self.add_tags.iter().filter(of_machine).cloned().collect(),
            },
            comment: self.comment.clone(),
            ..FileUpdate::default()
        };
        if update != FileUpdate::default() {
            writes.push(Write::Update(id, Box::new(update)));
        }
        let details = DetailsUpdate {
            labels: self.labels.clone(),
            starred: self.starred,
            ..DetailsUpdate::default()
        };
        if details != DetailsUpdate::default() {
            writes.push(Write::Details(id, Box::new(details)));
        }
    }
}
