//! The stored form of a dictionary.

use bincode::{BorrowDecode, Encode};
use xxhash_rust::xxh3::xxh3_64;

use crate::codec::{self, Malformed};
use crate::error::StoreError;

/// A dictionary as the trainer made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DictionaryBytes {
    /// How many records the layer had then.
    pub(crate) records: u64,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Encode, BorrowDecode)]
struct StoredDictionary<'a> {
    records: u64,
    checksum: [u8; 8],
    bytes: &'a [u8],
}

/// The encoding of `dictionary`.
pub(crate) fn encode(dictionary: &DictionaryBytes) -> Result<Vec<u8>, StoreError> {
    let stored = StoredDictionary {
        records: dictionary.records,
        checksum: xxh3_64(&dictionary.bytes).to_le_bytes(),
        bytes: &dictionary.bytes,
    };
    codec::encode(codec::DICTIONARY, &stored)
}

/// The dictionary that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<DictionaryBytes, Malformed> {
    let stored: StoredDictionary<'_> = codec::decode(codec::DICTIONARY, bytes)?;
    if xxh3_64(stored.bytes).to_le_bytes() != stored.checksum {
        return Err(Malformed::new("it is not what was written"));
    }
    Ok(DictionaryBytes { records: stored.records, bytes: stored.bytes.to_vec() })
}
