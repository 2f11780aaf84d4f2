//! Datasets as they travel.

use axum::body::Bytes;
use filedex::{ColumnSchema, Dataset, DatasetPatch, NewDataset};
use serde_json::{Map, Value, json};

use crate::fault::{Fault, InputFault};

/// Datasets on a page.
const LIMIT: usize = 20;
const LIMIT_MOST: usize = 100;

/// What is asked of a list.
pub(super) struct PageAsked {
    pub limit: usize,
    pub after: Option<String>,
}

fn input(place: &[&str], message: impl Into<String>, kind: &'static str) -> InputFault {
    InputFault {
        place: place.iter().map(|part| (*part).to_owned()).collect(),
        message: message.into(),
        kind,
    }
}

fn one(fault: InputFault) -> Fault {
    Fault::bad_inputs(vec![fault])
}

fn object(bytes: &Bytes) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(one(input(&["body"], "Input should be an object", "model_attributes_type"))),
        Err(error) => {
            Err(one(input(&["body"], format!("JSON decode error: {error}"), "json_invalid")))
        }
    }
}

/// The members of a body, read one by one, so that all that is wrong is told at once.
struct Members {
    left: Map<String, Value>,
    faults: Vec<InputFault>,
}

impl Members {
    /// A text of at least one character; `null` means absent.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.left.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            Some(Value::String(_)) => {
                let message = "String should have at least 1 character";
                self.faults.push(input(&["body", name], message, "string_too_short"));
                None
            }
            Some(_) => {
                let message = "Input should be a valid string";
                self.faults.push(input(&["body", name], message, "string_type"));
                None
            }
        }
    }

    fn read<T: serde::de::DeserializeOwned + Default>(
        &mut self,
        name: &str,
        kind: &'static str,
    ) -> T {
        match self.left.remove(name) {
            None | Some(Value::Null) => T::default(),
            Some(value) => serde_json::from_value(value).unwrap_or_else(|error| {
                self.faults.push(input(&["body", name], error.to_string(), kind));
                T::default()
            }),
        }
    }

    /// Whether all was right; what is left is not known.
    fn end(mut self) -> Result<(), Fault> {
        for name in self.left.keys() {
            let message = "Extra inputs are not permitted";
            self.faults.push(input(&["body", name], message, "extra_forbidden"));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Fault::bad_inputs(self.faults)) }
    }
}

/// The body of PATCH.
pub(super) fn patch(bytes: &Bytes) -> Result<DatasetPatch, Fault> {
    let mut members = Members { left: object(bytes)?, faults: Vec::new() };
    let patch = DatasetPatch { name: members.text("name"), folder: members.text("folder") };
    members.end()?;
    Ok(patch)
}

/// The body of POST.
pub(super) fn creation(bytes: &Bytes) -> Result<NewDataset, Fault> {
    let mut members = Members { left: object(bytes)?, faults: Vec::new() };
    if members.left.get("name").is_none_or(Value::is_null) {
        members.faults.push(input(&["body", "name"], "Field required", "missing"));
    }
    let rows: Vec<Value> = members.read("rows", "list_type");
    if !rows.is_empty() {
        let message = "Rows are not kept here: a dataset is made without them";
        members.faults.push(input(&["body", "rows"], message, "value_error"));
    }
    let new = NewDataset {
        schema: members.read::<Vec<ColumnSchema>>("schema", "list_type"),
        metadata: members.read("metadata", "dict_type"),
        folder: members.text("folder"),
        ai_project_id: members.text("ai_project_id"),
        ..NewDataset::named(members.text("name").unwrap_or_default())
    };
    members.end()?;
    Ok(new)
}

/// The query string of a list.
pub(super) fn page(raw: Option<&str>) -> Result<PageAsked, Fault> {
    let mut page = PageAsked { limit: LIMIT, after: None };
    let mut seen = Vec::new();
    for (name, value) in url_pairs(raw.unwrap_or_default()) {
        if seen.contains(&name) {
            let message = "The parameter is given twice";
            return Err(one(input(&["query", &name], message, "value_error")));
        }
        seen.push(name.clone());
        match name.as_str() {
            "limit" => match value.parse::<usize>() {
                Ok(limit) if (1..=LIMIT_MOST).contains(&limit) => page.limit = limit,
                Ok(_) => {
                    let message = format!("Input should be from 1 to {LIMIT_MOST}");
                    return Err(one(input(&["query", "limit"], message, "less_than_equal")));
                }
                Err(_) => {
                    let message = "Input should be a valid integer";
                    return Err(one(input(&["query", "limit"], message, "int_parsing")));
                }
            },
            "after" if value.is_empty() => {}
            "after" => page.after = Some(value),
            other => {
                let message = "Extra inputs are not permitted";
                return Err(one(input(&["query", other], message, "extra_forbidden")));
            }
        }
    }
    Ok(page)
}

fn url_pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    raw.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

pub(super) fn no_such_after(after: &str) -> Fault {
    let message = format!("There is no dataset {after:?} to go on after");
    one(input(&["query", "after"], message, "value_error"))
}

/// DatasetResponse.
pub(super) fn dataset(dataset: &Dataset) -> Value {
    let mut answer = json!({
        "id": dataset.id,
        "name": dataset.name,
        "status": dataset.status,
        "schema": dataset.schema,
        "metadata": dataset.metadata,
        "folder": dataset.folder,
        "current_version": dataset.current_version,
        "created_at": dataset.created_at.millis().div_euclid(1_000),
        "error": dataset.error,
        "type": dataset.object_type,
        "ai_project_id": dataset.ai_project_id,
    });
    if let (Some(origin), Some(answer)) = (&dataset.current_version_origin, answer.as_object_mut())
    {
        answer.insert("current_version_origin".to_owned(), json!(origin));
    }
    answer
}
