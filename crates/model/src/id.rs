//! Identities: the public id of a file, and its row inside one dataset version.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The public id of a file: sha256 of dataset id, a zero byte and the URI.
///
/// It is the same in every version of the dataset, and it is PAI's `DatasetFileMetaId` and PDS's
/// `file_id`. Its text is 64 lower-case hex digits.
///
/// ```
/// use filedex_model::FileId;
/// let id = FileId::of("d-1", "oss://bucket/cars/0001.png");
/// assert_eq!(id.to_string().len(), 64);
/// assert_eq!(id.to_string().parse::<FileId>().unwrap(), id);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId([u8; 32]);

/// The text was not 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a file id is 64 hex digits")]
pub struct IdError;

impl FileId {
    /// The id of the file at `uri` in the dataset `dataset_id`.
    #[must_use]
    pub fn of(dataset_id: &str, uri: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(dataset_id.as_bytes());
        hash.update([0]);
        hash.update(uri.as_bytes());
        Self(hash.finalize().into())
    }

    /// An id from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the hash; their order is the order of the ids.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight bytes as a number, whose order is the order of all but equal prefixes.
    #[must_use]
    pub fn prefix(&self) -> u64 {
        let mut head = [0; 8];
        head.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(head)
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

impl std::str::FromStr for FileId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return Err(IdError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |b: u8| char::from(b).to_digit(16).ok_or(IdError);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).map_err(|_| IdError)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for FileId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A record's dense, stable number inside one dataset version.
///
/// Numbers are given in order of arrival and never given twice, so a row names one record for as
/// long as the version lives.
pub type Row = u32;
