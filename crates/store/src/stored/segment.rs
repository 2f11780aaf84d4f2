//! The stored form of a version's list of text segments.

use bincode::{BorrowDecode, Encode};

use crate::codec::{self, Malformed};
use crate::error::StoreError;
use crate::segments::TextSegmentEntry;

#[derive(Encode, BorrowDecode)]
struct StoredSegment {
    blob: u64,
    docs: u32,
    text_length: u64,
    dead_text_length: u64,
}

/// The encoding of the list.
pub(crate) fn encode(entries: &[TextSegmentEntry]) -> Result<Vec<u8>, StoreError> {
    let stored: Vec<_> = entries
        .iter()
        .map(|entry| StoredSegment {
            blob: entry.blob,
            docs: entry.docs,
            text_length: entry.text_length,
            dead_text_length: entry.dead_text_length,
        })
        .collect();
    codec::encode(codec::SEGMENTS, &stored)
}

/// The list that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<TextSegmentEntry>, Malformed> {
    let stored: Vec<StoredSegment> = codec::decode(codec::SEGMENTS, bytes)?;
    Ok(stored
        .into_iter()
        .map(|entry| TextSegmentEntry {
            blob: entry.blob,
            docs: entry.docs,
            text_length: entry.text_length,
            dead_text_length: entry.dead_text_length,
        })
        .collect())
}
