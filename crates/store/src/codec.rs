//! The one place that names bincode: tags, encoding, decoding.
//!
//! Every encoded value starts with a tag byte that says what it is and in which layout. A layout
//! never changes: a new one gets a new tag, and the reader of the old one stays. Integers are
//! variable-length, signed ones in zigzag form, text is its length and its UTF-8.

use bincode::config::{self, Configuration, Limit, LittleEndian, Varint};
use bincode::{BorrowDecode, Encode};

use crate::error::StoreError;

/// Tag of a dataset.
pub(crate) const DATASET: u8 = 0x01;
/// Tag of a version row.
pub(crate) const VERSION: u8 = 0x02;
/// Tag of a record whose body stands as it is.
pub(crate) const RECORD: u8 = 0x03;
/// Tag of a record whose body is compressed.
pub(crate) const RECORD_LZ4: u8 = 0x04;
/// Tag of a list of text segments.
pub(crate) const SEGMENTS: u8 = 0x05;
/// Tag of the head of a blob.
pub(crate) const BLOB: u8 = 0x06;
/// Tag of a record whose body is compressed with a dictionary.
pub(crate) const RECORD_ZSTD: u8 = 0x07;
/// Tag of a dictionary.
pub(crate) const DICTIONARY: u8 = 0x08;
/// Tag of an embedding space.
pub(crate) const SPACE: u8 = 0x09;
/// Tag of a list of vector segments.
pub(crate) const VECTOR_SEGMENTS: u8 = 0x0A;

/// Longest value, so that a damaged length cannot ask for all memory.
pub(crate) const LIMIT: usize = 256 * 1024 * 1024;

const CONFIG: Configuration<LittleEndian, Varint, Limit<LIMIT>> =
    config::standard().with_limit::<LIMIT>();

/// Bytes that no encoder of this crate wrote.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(String);

impl Malformed {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// The error for a value found at `place`.
    pub(crate) fn at(self, place: impl std::fmt::Display) -> StoreError {
        StoreError::damaged(format!("{place}: {}", self.0))
    }
}

/// Appends the encoding of `value` to `out`.
pub(crate) fn append<T: Encode>(value: &T, out: &mut Vec<u8>) -> Result<(), StoreError> {
    match bincode::encode_into_std_write(value, out, CONFIG) {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::Unstorable { what: format!("a value ({error})") }),
    }
}

/// The tag and the encoding of `value`.
pub(crate) fn encode<T: Encode>(tag: u8, value: &T) -> Result<Vec<u8>, StoreError> {
    let mut out = vec![tag];
    append(value, &mut out)?;
    Ok(out)
}

/// Reads what [`append`] wrote; every byte must be used.
pub(crate) fn read<'a, T: BorrowDecode<'a, ()>>(bytes: &'a [u8]) -> Result<T, Malformed> {
    match read_first(bytes)? {
        (value, []) => Ok(value),
        (_, rest) => Err(Malformed::new(format!("{} bytes are left over", rest.len()))),
    }
}

/// Reads what [`append`] wrote, and answers what follows it.
pub(crate) fn read_first<'a, T: BorrowDecode<'a, ()>>(
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), Malformed> {
    let (value, used) = bincode::borrow_decode_from_slice(bytes, CONFIG)
        .map_err(|error| Malformed::new(error.to_string()))?;
    Ok((value, &bytes[used..]))
}

/// Reads what [`encode`] wrote under the same tag.
pub(crate) fn decode<'a, T: BorrowDecode<'a, ()>>(
    tag: u8,
    bytes: &'a [u8],
) -> Result<T, Malformed> {
    match bytes.split_first() {
        Some((&found, body)) if found == tag => read(body),
        Some((found, _)) => Err(Malformed::new(format!("the tag is {found}, not {tag}"))),
        None => Err(Malformed::new("the value is empty")),
    }
}
