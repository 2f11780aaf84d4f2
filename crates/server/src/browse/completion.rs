//! What can be typed next in the query box: properties, words of the language, and inside quotes the
//! values that the files have.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Query as Asked, State};
use filedex::{Aggregate, AttributePath, Property, Query, Reader, VersionRef};
use serde_json::{Value, json};

use super::answer::{Answered, Question, Refusal, work};
use crate::app::Shared;

/// Suggestions of one request.
const SHOWN: usize = 20;
/// Files whose attributes are looked at for names.
const SAMPLED: u32 = 200;
const WORDS: [&str; 8] = ["AND", "OR", "NOT", "HAS", "IN", "CONTAINS", "GLOB", "ALL"];
/// Control properties, with what follows them.
const CONTROLS: [&str; 6] =
    ["Content:'", "SimilarTo = '", "TopK = ", "ScoreThreshold = ", "QueryType = '", "Exact = true"];

pub(super) async fn completions(
    State(app): State<Shared>,
    Asked(question): Asked<Question>,
) -> Answered {
    work(&app, move |app| {
        let reader = app.reader()?;
        let version = question.version(&reader)?;
        let found = match place(&question.before) {
            Place::Value { property, typed } => values(&reader, &version, property, typed)?,
            Place::Name { typed } => names(&reader, &version, typed)?,
        };
        Ok(Json(found))
    })
    .await
}

/// Where the caret stands.
#[derive(Debug, PartialEq)]
enum Place<'a> {
    /// Inside the quotes of a value.
    Value { property: &'a str, typed: &'a str },
    /// In a word, or before one.
    Name { typed: &'a str },
}

/// Reads the text up to the caret: quotes are open or not, and before open ones stand an operator
/// and a property.
fn place(before: &str) -> Place<'_> {
    let mut open: Option<(usize, char)> = None;
    let mut escaped = false;
    for (at, c) in before.char_indices() {
        match open {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some((_, quote)) if c == quote => open = None,
            None if c == '\'' || c == '"' => open = Some((at, c)),
            _ => {}
        }
    }
    let Some((at, _)) = open else {
        let start = before.rfind(|c: char| !is_of_name(c)).map_or(0, |at| at + 1);
        // A character of several bytes ends a word, too.
        let start = (start..=before.len()).find(|at| before.is_char_boundary(*at));
        return Place::Name { typed: &before[start.unwrap_or(before.len())..] };
    };
    // Of a list such as `Tags.all IN ('a', 'b`, and of `ALL('a`, the property stands before it.
    let mut head = before[..at].trim_end();
    if let Some(list) = head.rfind('(')
        && head[list..].chars().filter(|c| *c == '\'').count().is_multiple_of(2)
    {
        head = head[..list].trim_end();
        head = strip_word(head, "IN");
        head = strip_word(head, "ALL");
    }
    for word in ["CONTAINS", "GLOB"] {
        head = strip_word(head, word);
    }
    let head = head.trim_end_matches(|c: char| "=:!<> ".contains(c));
    let start = head.rfind(|c: char| !is_of_name(c)).map_or(0, |at| at + 1);
    let start = (start..=head.len()).find(|at| head.is_char_boundary(*at)).unwrap_or(head.len());
    Place::Value { property: &head[start..], typed: &before[at + 1..] }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

fn strip_word<'a>(text: &'a str, word: &str) -> &'a str {
    let end = text.len().checked_sub(word.len()).and_then(|at| text.get(at..));
    match end {
        Some(end) if end.eq_ignore_ascii_case(word) => text[..text.len() - word.len()].trim_end(),
        _ => text,
    }
}

/// Values that files have, those that begin as what is typed before those that hold it.
fn values(
    reader: &Reader,
    version: &VersionRef,
    property: &str,
    typed: &str,
) -> Result<Value, Refusal> {
    let by = match property.to_ascii_lowercase().as_str() {
        "tags.user" => Aggregate::TagsUser,
        "tags.ai" => Aggregate::TagsAi,
        "tags.all" => Aggregate::TagsAll,
        "tags.user-delete-ai-tags" => Aggregate::TagsUserDeleteAi,
        "filetype" => Aggregate::FileType,
        "filedir" => Aggregate::FileDir,
        _ => return Ok(json!([])),
    };
    let all = reader.statistics(version, by, &Query::parse("")?)?;
    let (typed, lower) = (typed, typed.to_lowercase());
    let place = |key: &str| match key.to_lowercase().find(&lower) {
        Some(0) => 0,
        Some(_) => 1,
        None => 2,
    };
    let mut fitting: Vec<_> = all.iter().filter(|group| place(&group.key) < 2).collect();
    fitting.sort_by_key(|group| place(&group.key));
    let shown = fitting.into_iter().take(SHOWN);
    Ok(shown
        .map(|group| {
            let escaped = group.key.replace('\\', "\\\\").replace('\'', "\\'");
            json!({
                "text": group.key,
                "insert": format!("{escaped}'"),
                "replaces": typed.encode_utf16().count(),
                "count": group.count,
            })
        })
        .collect())
}

/// Properties, attributes, and words of the language.
fn names(reader: &Reader, version: &VersionRef, typed: &str) -> Result<Value, Refusal> {
    let mut all: Vec<String> =
        Property::NAMED.iter().filter_map(Property::name).map(str::to_owned).collect();
    all.extend(attributes(reader, version)?);
    all.extend(WORDS.map(str::to_owned));
    all.extend(CONTROLS.map(str::to_owned));
    let lower = typed.to_lowercase();
    let place = |name: &str| name.to_lowercase().find(&lower);
    let mut fitting: Vec<_> = all.into_iter().filter(|name| place(name).is_some()).collect();
    fitting.sort_by_key(|name| place(name).unwrap_or_default().min(1));
    let shown = fitting.into_iter().take(SHOWN);
    Ok(shown
        .map(|name| {
            json!({ "text": name, "insert": name, "replaces": typed.encode_utf16().count() })
        })
        .collect())
}

/// The paths of the attributes that some files have.
fn attributes(reader: &Reader, version: &VersionRef) -> Result<BTreeSet<String>, Refusal> {
    let page = reader.list(version, &Query::parse("")?.limit(SAMPLED))?;
    let mut paths = BTreeSet::new();
    for hit in page.hits {
        collect(&Value::Object(hit.record.attributes), &mut Vec::new(), &mut paths);
    }
    Ok(paths)
}

fn collect(value: &Value, names: &mut Vec<String>, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.push(name.clone());
                collect(value, names, paths);
                names.pop();
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names, paths)),
        _ if names.is_empty() => {}
        _ => _ = paths.insert(AttributePath::new(names.iter().cloned()).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_in_a_name_or_in_a_value() {
        let name = |typed| Place::Name { typed };
        let value = |property, typed| Place::Value { property, typed };
        for (before, right) in [
            ("", name("")),
            ("FileN", name("FileN")),
            ("NOT Tags.a", name("Tags.a")),
            ("FileName:'car' AND Da", name("Da")),
            ("Tags.all = 'be", value("Tags.all", "be")),
            ("Tags.all='", value("Tags.all", "")),
            ("x = 'it\\'s' AND FileType != \"im", value("FileType", "im")),
            ("Tags.user IN ('a', 'b", value("Tags.user", "b")),
            ("Tags.all:ALL('red", value("Tags.all", "red")),
            ("FileDir CONTAINS 'x", value("FileDir", "x")),
            ("'北京' AND 北", name("")),
        ] {
            assert_eq!(place(before), right, "{before}");
        }
    }
}
