//! The stored form of the head of a blob.

use bincode::{BorrowDecode, Encode};

use crate::blob::{BlobKind, CHUNK_BYTES};
use crate::codec::{self, Malformed};
use crate::error::StoreError;

/// What is known of a blob without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlobHead {
    pub(crate) kind: BlobKind,
    pub(crate) length: u64,
    /// XXH3-64 of every chunk.
    pub(crate) checksums: Vec<u64>,
}

#[derive(Encode, BorrowDecode)]
struct StoredBlob {
    kind: u8,
    length: u64,
    checksums: Vec<[u8; 8]>,
}

/// The encoding of `head`.
pub(crate) fn encode(head: &BlobHead) -> Result<Vec<u8>, StoreError> {
    let stored = StoredBlob {
        kind: kind_byte(head.kind),
        length: head.length,
        checksums: head.checksums.iter().map(|sum| sum.to_le_bytes()).collect(),
    };
    codec::encode(codec::BLOB, &stored)
}

/// The head that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<BlobHead, Malformed> {
    let stored: StoredBlob = codec::decode(codec::BLOB, bytes)?;
    if stored.length.div_ceil(CHUNK_BYTES as u64) != stored.checksums.len() as u64 {
        let (length, chunks) = (stored.length, stored.checksums.len());
        return Err(Malformed::new(format!("{length} bytes in {chunks} chunks")));
    }
    Ok(BlobHead {
        kind: kind_of(stored.kind)?,
        length: stored.length,
        checksums: stored.checksums.into_iter().map(u64::from_le_bytes).collect(),
    })
}

fn kind_byte(kind: BlobKind) -> u8 {
    match kind {
        BlobKind::Text => 1,
        BlobKind::Vectors => 2,
        BlobKind::Graph => 3,
    }
}

fn kind_of(byte: u8) -> Result<BlobKind, Malformed> {
    Ok(match byte {
        1 => BlobKind::Text,
        2 => BlobKind::Vectors,
        3 => BlobKind::Graph,
        other => return Err(Malformed::new(format!("the blob kind {other}"))),
    })
}
