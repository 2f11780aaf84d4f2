//! Bodies that are one JSON object.

use serde::de::{DeserializeOwned, IgnoredAny};

/// Why a body was not read; each is a message for a person.
#[derive(Debug)]
pub(crate) enum NotRead {
    /// It is no JSON, or another value than an object.
    NoObject(String),
    /// A member is missing, unknown, or not what it has to be.
    Wrong(String),
}

/// Reads an object. A list is none, though serde would take its items for the members in their order.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NotRead> {
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(NotRead::NoObject(match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => "the body is a JSON object".to_owned(),
            Err(error) => format!("the body is no JSON: {error}"),
        }));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => NotRead::Wrong(error.to_string()),
        _ => NotRead::NoObject(format!("the body is no JSON: {error}")),
    })
}
