//! Objects in a picture: what formats say of boxes, kept in the attribute `objects`.
//!
//! Each is `{"category": …}` with `bbox`, left, top, width and height in pixels, or `box`, left, top,
//! right and bottom as parts of the picture; and with whatever else its format says of it.

use serde_json::{Map, Value, json};

use crate::record::Record;

/// The attribute that holds them.
pub(crate) const OBJECTS: &str = "objects";

/// The objects of a record that have a category.
pub(crate) fn objects(record: &Record) -> Vec<(&str, &Map<String, Value>)> {
    let all = record.attribute(OBJECTS).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|object| {
        let object = object.as_object()?;
        Some((object.get("category")?.as_str()?, object))
    })
    .collect()
}

fn four(object: &Map<String, Value>, name: &str) -> Option<[f64; 4]> {
    let numbers = object.get(name)?.as_array()?;
    let numbers: Option<Vec<f64>> = numbers.iter().map(Value::as_f64).collect();
    numbers?.try_into().ok()
}

/// Left, top, width and height in pixels.
pub(crate) fn pixels(object: &Map<String, Value>, size: Option<(f64, f64)>) -> Option<[f64; 4]> {
    four(object, "bbox").or_else(|| {
        let [left, top, right, bottom] = four(object, "box")?;
        let (width, height) = size?;
        Some([left * width, top * height, (right - left) * width, (bottom - top) * height])
    })
}

/// Left, top, right and bottom as parts of the picture.
pub(crate) fn parts(object: &Map<String, Value>, size: Option<(f64, f64)>) -> Option<[f64; 4]> {
    four(object, "box").or_else(|| {
        let [left, top, wide, high] = four(object, "bbox")?;
        let (width, height) = size?;
        Some([left / width, top / height, (left + wide) / width, (top + high) / height])
    })
}

/// Adds an object to a record, and its category to the record's tags.
pub(crate) fn add(record: &mut Record, object: Map<String, Value>) {
    if let Some(category) = object.get("category").and_then(Value::as_str) {
        add_tag(record, category.to_owned());
    }
    if !matches!(record.attribute(OBJECTS), Some(Value::Array(_))) {
        record.put_attribute(OBJECTS, json!([]));
    }
    let all = record.fields.get_mut("attributes").and_then(|all| all.get_mut(OBJECTS));
    if let Some(Value::Array(all)) = all {
        all.push(Value::Object(object));
    }
}

/// Adds a tag of the user's, once.
pub(crate) fn add_tag(record: &mut Record, tag: String) {
    let tags = record.fields.entry("tags_user").or_insert_with(|| json!([]));
    if let Value::Array(tags) = tags
        && !tags.iter().any(|has| *has == *tag)
        && !tag.is_empty()
    {
        tags.push(Value::String(tag));
    }
}
