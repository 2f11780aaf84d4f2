//! Putting a value into a record as its property wants it.

use serde_json::{Map, Number, Value};

use crate::mapping::is_text;
use crate::property::{Field, FieldKind, Target};
use crate::record::{Record, Vector};

/// The separators that a list in one cell may have, in the order they are looked for.
pub(crate) const SEPARATORS: [char; 3] = [';', '|', ','];

/// Puts a value where it belongs. Null and empty text are nothing.
///
/// `separator` splits a list that is written as one text.
pub(crate) fn put(
    record: &mut Record,
    target: &Target,
    value: Value,
    separator: char,
) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    match target {
        Target::Nothing => {}
        Target::Attribute(name) => record.put_attribute(name, value),
        Target::Vector(space) => {
            if let Some(values) = vector(value)? {
                record.vectors.push(Vector { space: space.clone(), values });
            }
        }
        Target::Tags => put_texts(record, "tags_user", value, separator)?,
        Target::Field(field) => put_field(record, field, value, separator)?,
    }
    Ok(())
}

fn put_field(
    record: &mut Record,
    field: &Field,
    value: Value,
    separator: char,
) -> Result<(), String> {
    if value.as_str().is_some_and(str::is_empty) && field.name != "file_dir" {
        return Ok(());
    }
    if field.name == "file_dir" && value.is_string() {
        let dir = value.as_str().unwrap_or_default();
        record.put(field.name, filedex_model::path::clean_dir(dir));
        return Ok(());
    }
    let value = match field.kind {
        kind if is_text(kind) => text(value)?,
        FieldKind::Size => size(&value)?,
        FieldKind::Flag => flag(&value)?,
        FieldKind::Texts => return put_texts(record, field.name, value, separator),
        FieldKind::Jobs => jobs(value, separator)?,
        _ => object(value)?,
    };
    if field.name == "attributes" {
        if let Value::Object(all) = value {
            // Columns of their own say it more exactly.
            for (name, value) in all {
                if record.attribute(&name).is_none() {
                    record.put_attribute(&name, value);
                }
            }
        }
        return Ok(());
    }
    let empty = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if !empty {
        record.put(field.name, value);
    }
    Ok(())
}

fn put_texts(record: &mut Record, name: &str, value: Value, separator: char) -> Result<(), String> {
    let list = texts(value, separator)?;
    if !list.is_empty() {
        record.put(name, list);
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn text(value: Value) -> Result<Value, String> {
    match value {
        Value::String(_) => Ok(value),
        Value::Number(_) | Value::Bool(_) => Ok(Value::String(value.to_string())),
        other => Err(format!("{} is no text", shown(&other))),
    }
}

fn size(value: &Value) -> Result<Value, String> {
    let whole = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    };
    whole.map(Value::from).ok_or_else(|| format!("{} is no number of bytes", shown(value)))
}

fn whole(number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..9e15).contains(&number);
    fits.then_some(number as u64)
}

fn flag(value: &Value) -> Result<Value, String> {
    let lower = match value {
        Value::Bool(flag) => return Ok(Value::Bool(*flag)),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_lowercase(),
        _ => String::new(),
    };
    match lower.as_str() {
        "true" | "yes" | "y" | "1" => Ok(Value::Bool(true)),
        "false" | "no" | "n" | "0" => Ok(Value::Bool(false)),
        _ => Err(format!("{} is neither true nor false", shown(value))),
    }
}

/// The texts of a list: as it is, as JSON, or split.
fn texts(value: Value, separator: char) -> Result<Vec<String>, String> {
    match value {
        Value::Array(items) => items
            .into_iter()
            .filter(|item| !item.is_null())
            .map(|item| match text(item)? {
                Value::String(text) => Ok(text),
                other => Err(format!("{} is no text", shown(&other))),
            })
            .collect(),
        Value::String(text) => {
            if text.starts_with('[')
                && let Ok(list) = serde_json::from_str::<Vec<String>>(&text)
            {
                return Ok(list);
            }
            let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
            Ok(parts.map(str::to_owned).collect())
        }
        Value::Number(_) | Value::Bool(_) => Ok(vec![value.to_string()]),
        other => Err(format!("{} is no list of texts", shown(&other))),
    }
}

/// Texts by job: an object, a list of jobs with their tags, or a list of tags without a job.
fn jobs(value: Value, separator: char) -> Result<Value, String> {
    let pair = |item: &Value| {
        let job = item.get("job")?.as_str()?.to_owned();
        Some((job, item.get("tags").cloned().unwrap_or_else(|| Value::Array(Vec::new()))))
    };
    match value {
        Value::Object(_) => Ok(value),
        Value::Array(items) if items.iter().any(Value::is_object) => items
            .iter()
            .map(|item| pair(item).ok_or_else(|| format!("{} has no \"job\"", shown(item))))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        Value::String(text) if text.starts_with('{') => object(Value::String(text)),
        other => Ok(Value::from(texts(other, separator)?)),
    }
}

fn object(value: Value) -> Result<Value, String> {
    match value {
        Value::Object(_) => Ok(value),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(other) => Err(format!("{} is no JSON object", shown(&other))),
            Err(error) => Err(format!("is no JSON object: {error}")),
        },
        other => Err(format!("{} is no JSON object", shown(&other))),
    }
}

fn vector(value: Value) -> Result<Option<Vec<f32>>, String> {
    let value = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => {
            serde_json::from_str(&text).map_err(|error| format!("is no vector: {error}"))?
        }
        other => other,
    };
    let Value::Array(items) = &value else {
        return Err(format!("{} is no vector", shown(&value)));
    };
    let numbers = items.iter().map(|item| item.as_f64().map(|number| number as f32));
    let numbers: Option<Vec<f32>> = numbers.collect();
    numbers.map(Some).ok_or_else(|| format!("{} has what is no number", shown(&value)))
}

/// A number that JSON can hold; none for what is not finite.
pub(crate) fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_what_their_property_wants() {
        let cases = [
            ("data_size", json!("12"), Ok(json!({"data_size": 12}))),
            ("data_size", json!(12.0), Ok(json!({"data_size": 12}))),
            ("data_size", json!("big"), Err("\"big\" is no number of bytes")),
            ("data_size", json!(-1), Err("-1 is no number of bytes")),
            ("comment", json!(5), Ok(json!({"comment": "5"}))),
            ("comment", json!(""), Ok(json!({}))),
            ("comment", json!(["a"]), Err("[\"a\"] is no text")),
            ("starred", json!("Yes"), Ok(json!({"starred": true}))),
            ("starred", json!("maybe"), Err("\"maybe\" is neither true nor false")),
            ("tags_user", json!("a; b;;c"), Ok(json!({"tags_user": ["a", "b", "c"]}))),
            ("tags_user", json!("[\"a;b\"]"), Ok(json!({"tags_user": ["a;b"]}))),
            ("tags", json!(["x", null]), Ok(json!({"tags_user": ["x"]}))),
            ("tags_ai", json!([{"job": "j", "tags": ["t"]}]), Ok(json!({"tags_ai": {"j": ["t"]}}))),
            ("tags_ai", json!([{"tags": ["t"]}]), Err("{\"tags\":[\"t\"]} has no \"job\"")),
            ("tags_ai", json!("a;b"), Ok(json!({"tags_ai": ["a", "b"]}))),
            ("user_tags", json!("{\"a\":\"b\"}"), Ok(json!({"user_tags": {"a": "b"}}))),
            ("user_tags", json!("[1]"), Err("[1] is no JSON object")),
            ("attributes", json!("{\"w\":1}"), Ok(json!({"attributes": {"w": 1}}))),
            ("attributes.w", json!(1.5), Ok(json!({"attributes": {"w": 1.5}}))),
            (
                "embedding",
                json!("[1,2"),
                Err("is no vector: EOF while parsing a list at line 1 column 4"),
            ),
            ("embedding", json!([1, "x"]), Err("[1,\"x\"] has what is no number")),
            ("-", json!(1), Ok(json!({}))),
        ];
        for (property, value, want) in cases {
            let mut record = Record::default();
            let target = Target::parse(property).unwrap();
            let done = put(&mut record, &target, value.clone(), ';');
            let got = done.map(|()| Value::Object(record.fields));
            assert_eq!(got, want.map_err(str::to_owned), "{property} {value}");
        }
    }
}
