//! Walking a custom attribute object: which paths there are and which values they have.

use serde_json::{Map, Value as Json};

use crate::number::Number;
use crate::property::AttributePath;
use crate::time::Timestamp;

/// One value of an attribute path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    /// Text.
    Text(&'a str),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
}

impl AttributeValue<'_> {
    /// The point in time that a text value is written as, if it is one.
    ///
    /// ```
    /// use filedex_model::attribute::AttributeValue;
    /// assert!(AttributeValue::Text("-2505-01-22").date().is_some());
    /// assert!(AttributeValue::Text("c. 1833-1834").date().is_none());
    /// ```
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        match self {
            // The shortest date has ten bytes; the first character decides for nearly all texts.
            Self::Text(text)
                if (10..=36).contains(&text.len())
                    && text.starts_with(|c: char| c.is_ascii_digit() || c == '-') =>
            {
                text.parse().ok()
            }
            _ => None,
        }
    }
}

/// Calls `present` with the key of every path that has something under it, and `value` with every
/// value and its path's key ([`AttributePath::key`]). Null, empty text, empty arrays and empty
/// objects are nothing. A path may be reported several times.
///
/// ```
/// use filedex_model::attribute::walk;
/// let attributes = serde_json::json!({"exif": {"iso": [100, 200]}, "gone": null});
/// let (mut paths, mut values) = (Vec::new(), 0);
/// walk(
///     attributes.as_object().unwrap(),
///     &mut |path| paths.push(path.to_owned()),
///     &mut |_, _| values += 1,
/// );
/// assert_eq!((paths, values), (vec!["exif\u{1}iso".to_owned(), "exif".to_owned()], 2));
/// ```
pub fn walk<'a>(
    attributes: &'a Map<String, Json>,
    present: &mut impl FnMut(&str),
    value: &mut impl FnMut(&str, AttributeValue<'a>),
) {
    let mut key = String::new();
    walk_object(attributes, &mut key, present, value);
}

fn walk_object<'a>(
    object: &'a Map<String, Json>,
    key: &mut String,
    present: &mut impl FnMut(&str),
    value: &mut impl FnMut(&str, AttributeValue<'a>),
) -> bool {
    let length = key.len();
    let mut found = false;
    for (name, json) in object {
        if length > 0 {
            key.push('\u{1}');
        }
        key.push_str(name);
        if walk_value(json, key, present, value) {
            present(key);
            found = true;
        }
        key.truncate(length);
    }
    found
}

fn walk_value<'a>(
    json: &'a Json,
    key: &mut String,
    present: &mut impl FnMut(&str),
    value: &mut impl FnMut(&str, AttributeValue<'a>),
) -> bool {
    let leaf = match json {
        Json::Null => return false,
        Json::Bool(b) => AttributeValue::Bool(*b),
        Json::Number(n) => match Number::from_json(n) {
            Some(n) => AttributeValue::Number(n),
            None => return false,
        },
        Json::String(s) if s.is_empty() => return false,
        Json::String(s) => AttributeValue::Text(s),
        Json::Array(items) => {
            let mut found = false;
            for item in items {
                found |= walk_value(item, key, present, value);
            }
            return found;
        }
        Json::Object(object) => return walk_object(object, key, present, value),
    };
    value(key, leaf);
    true
}

/// Every value at `path`, in order.
#[must_use]
pub fn values<'a>(
    attributes: &'a Map<String, Json>,
    path: &AttributePath,
) -> Vec<AttributeValue<'a>> {
    let wanted = path.key();
    let mut found = Vec::new();
    walk(attributes, &mut |_| {}, &mut |key, value| {
        if key == wanted {
            found.push(value);
        }
    });
    found
}

/// Whether something is at `path`.
#[must_use]
pub fn has(attributes: &Map<String, Json>, path: &AttributePath) -> bool {
    let wanted = path.key();
    let mut found = false;
    walk(attributes, &mut |key| found |= key == wanted, &mut |_, _| {});
    found
}
