//! JSON objects as text, and times as milliseconds.

use std::borrow::Cow;

use filedex_model::Timestamp;
use serde_json::{Map, Value};

use crate::codec::Malformed;

/// An object as compact JSON text; the empty object is the empty text.
pub(super) fn text(object: &Map<String, Value>) -> Cow<'static, str> {
    if object.is_empty() {
        return Cow::Borrowed("");
    }
    // The text of a map with text keys cannot fail to be written.
    Cow::Owned(serde_json::to_string(object).unwrap_or_default())
}

/// The object that [`text`] wrote.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, Malformed> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text).map_err(|error| Malformed::new(format!("JSON: {error}")))
}

/// The time at `millis`.
pub(super) fn time(millis: i64) -> Result<Timestamp, Malformed> {
    Timestamp::from_millis(millis)
        .ok_or_else(|| Malformed::new(format!("{millis} is no point in time")))
}

/// The time at `millis`, where there is one.
pub(super) fn time_option(millis: Option<i64>) -> Result<Option<Timestamp>, Malformed> {
    millis.map(time).transpose()
}
