//! The stored form of a space's list of vector segments.

use bincode::{BorrowDecode, Encode};

use crate::codec::{self, Malformed};
use crate::error::StoreError;
use crate::vector_segments::VectorSegmentEntry;

#[derive(Encode, BorrowDecode)]
struct StoredVectorSegment {
    blob: u64,
    vectors: u32,
    first_row: u32,
    last_row: u32,
    graph: Option<u64>,
}

/// The encoding of the list.
pub(crate) fn encode(entries: &[VectorSegmentEntry]) -> Result<Vec<u8>, StoreError> {
    let stored: Vec<_> = entries
        .iter()
        .map(|entry| StoredVectorSegment {
            blob: entry.blob,
            vectors: entry.vectors,
            first_row: entry.first_row,
            last_row: entry.last_row,
            graph: entry.graph,
        })
        .collect();
    codec::encode(codec::VECTOR_SEGMENTS, &stored)
}

/// The list that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<VectorSegmentEntry>, Malformed> {
    let stored: Vec<StoredVectorSegment> = codec::decode(codec::VECTOR_SEGMENTS, bytes)?;
    Ok(stored
        .into_iter()
        .map(|entry| VectorSegmentEntry {
            blob: entry.blob,
            vectors: entry.vectors,
            first_row: entry.first_row,
            last_row: entry.last_row,
            graph: entry.graph,
        })
        .collect())
}
