//! Values as terms of the engine's dictionaries.

use std::borrow::Cow;
use std::ops::Bound;

use filedex_model::attribute::AttributeValue;
use filedex_model::limits::EXACT_TERM_BYTES;
use filedex_model::{AttributePath, Number, Timestamp};
use sha2::{Digest, Sha256};

use super::frame::RESERVED;

/// Longest value kept whole in a term, in bytes. The engine's own limit is 65,530, of which an
/// attribute's key takes up to 1,100.
///
/// A longer value is its first bytes and its hash: equality stays exact, and so do tests on the
/// start of the value, up to this length.
pub(crate) const WHOLE_BYTES: usize = 64_000;

/// Kinds of attribute values, as they stand in terms.
pub(crate) const TEXT: u8 = b's';
pub(crate) const NUMBER: u8 = b'n';
pub(crate) const BOOL: u8 = b'b';
pub(crate) const DATE: u8 = b'd';

/// The term of a whole text value.
pub(crate) fn exact(value: &str) -> Cow<'_, str> {
    shortened(value, WHOLE_BYTES)
}

fn shortened(value: &str, most: usize) -> Cow<'_, str> {
    if value.len() <= most {
        return Cow::Borrowed(value);
    }
    let hash = Sha256::digest(value.as_bytes());
    let mut short = value[..value.floor_char_boundary(most)].to_owned();
    short.push_str("\0\u{1f}");
    short.extend(hash[..16].iter().map(|b| format!("{b:02x}")));
    Cow::Owned(short)
}

/// The key of an attribute path, free of the characters that mean something beside keys.
///
/// Keys are escaped so that no two are alike, and a very long one is cut and hashed.
pub(crate) fn attribute_key(path_key: &str) -> String {
    let escaped = if path_key.contains(RESERVED) {
        let mut escaped = String::with_capacity(path_key.len() + 8);
        for c in path_key.chars() {
            match RESERVED.iter().position(|reserved| *reserved == c) {
                Some(at) => escaped.extend(['\0', char::from(0x10 + at as u8)]),
                None => escaped.push(c),
            }
        }
        escaped
    } else {
        path_key.to_owned()
    };
    shortened(&escaped, EXACT_TERM_BYTES).into_owned()
}

/// The term of `HAS Attributes.path`.
pub(crate) fn has_attribute(key: &str) -> String {
    format!("Attributes.{key}")
}

/// What stands before every word of a path.
pub(crate) fn word_prefix(key: &str) -> String {
    format!("{key}\0")
}

/// What stands before every value of a kind of a path.
pub(crate) fn value_prefix(key: &str, kind: u8) -> Vec<u8> {
    let mut term = Vec::with_capacity(key.len() + 16);
    term.extend_from_slice(key.as_bytes());
    term.extend([0, kind]);
    term
}

pub(crate) fn text_value(key: &str, value: &str) -> Vec<u8> {
    let mut term = value_prefix(key, TEXT);
    term.extend_from_slice(exact(value).as_bytes());
    term
}

pub(crate) fn number_value(key: &str, value: Number) -> Vec<u8> {
    let mut term = value_prefix(key, NUMBER);
    term.extend(value.key());
    term
}

pub(crate) fn bool_value(key: &str, value: bool) -> Vec<u8> {
    let mut term = value_prefix(key, BOOL);
    term.push(u8::from(value));
    term
}

pub(crate) fn date_value(key: &str, value: Timestamp) -> Vec<u8> {
    let mut term = value_prefix(key, DATE);
    term.extend(date_key(value.millis()));
    term
}

/// Eight bytes whose order is the order of the numbers.
pub(crate) fn date_key(millis: i64) -> [u8; 8] {
    (millis as u64 ^ (1 << 63)).to_be_bytes()
}

/// The number a [`date_key`] was made of.
pub(crate) fn date_of_key(key: [u8; 8]) -> i64 {
    (u64::from_be_bytes(key) ^ (1 << 63)) as i64
}

/// The key of a path in a query.
pub(crate) fn path_key(path: &AttributePath) -> String {
    attribute_key(&path.key())
}

/// The term of an attribute value.
pub(crate) fn attribute_value(key: &str, value: AttributeValue<'_>) -> Vec<u8> {
    match value {
        AttributeValue::Text(text) => text_value(key, text),
        AttributeValue::Number(number) => number_value(key, number),
        AttributeValue::Bool(bool) => bool_value(key, bool),
    }
}

/// The smallest byte string above every one that starts with `prefix`; `None` if there is none.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut after = prefix[..=kept].to_vec();
    after[kept] += 1;
    Some(after)
}

/// The range of the byte strings that start with `prefix`.
pub(crate) fn prefix_range(prefix: Vec<u8>) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let end = after_prefix(&prefix).map_or(Bound::Unbounded, Bound::Excluded);
    (Bound::Included(prefix), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_never_run_into_each_other() {
        let keys = ["a", "a\0", "a\0s", "a\u{1}b", "a\u{2}", "", "\u{10}", "\0"];
        let values = ["x", "\0sx", "s", "sx\0"];
        let mut seen = std::collections::BTreeSet::new();
        for key in keys {
            for value in values {
                assert!(seen.insert(text_value(&attribute_key(key), value)), "{key:?} {value:?}");
            }
        }
        assert!(attribute_key(&"k".repeat(100_000)).len() < 1_100);
        assert_ne!(attribute_key(&"k".repeat(2_000)), attribute_key(&"k".repeat(2_001)));
        assert_ne!(exact(&"é".repeat(40_000)), exact(&"é".repeat(40_001)));
        assert!(text_value(&attribute_key(&"k".repeat(2_000)), &"é".repeat(40_000)).len() < 65_500);
    }

    #[test]
    fn dates_sort_and_come_back() {
        for pair in [i64::MIN, -5, -1, 0, 1, 1_700_000_000_000, i64::MAX].windows(2) {
            assert!(date_key(pair[0]) < date_key(pair[1]));
            assert_eq!(date_of_key(date_key(pair[0])), pair[0]);
        }
    }

    #[test]
    fn after_a_prefix() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"\xff"), None);
        assert_eq!(after_prefix(b""), None);
    }
}
