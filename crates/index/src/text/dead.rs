//! The documents of a segment that have been overtaken.

use roaring::RoaringBitmap;

use crate::error::IndexError;

/// Documents of one segment that no longer count: their records were rewritten into another
/// segment, or purged.
///
/// ```
/// use filedex_index::DeadDocs;
/// let mut dead = DeadDocs::default();
/// assert!(dead.insert(3) && !dead.insert(3));
/// assert_eq!(DeadDocs::from_bytes(&dead.to_bytes())?, dead);
/// # Ok::<(), filedex_index::IndexError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeadDocs(RoaringBitmap);

impl DeadDocs {
    /// The set that [`DeadDocs::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`IndexError::Io`] if these are no such bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        Ok(Self(RoaringBitmap::deserialize_from(bytes)?))
    }

    /// The set as bytes: the portable roaring format.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.serialized_size());
        // Writing into memory cannot fail.
        let _ = self.0.serialize_into(&mut bytes);
        bytes
    }

    /// Adds a document; false if it was dead before.
    pub fn insert(&mut self, doc: u32) -> bool {
        self.0.insert(doc)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a document is dead.
    #[must_use]
    pub fn contains(&self, doc: u32) -> bool {
        self.0.contains(doc)
    }

    /// The documents, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter()
    }
}

impl FromIterator<u32> for DeadDocs {
    fn from_iter<I: IntoIterator<Item = u32>>(docs: I) -> Self {
        Self(docs.into_iter().collect())
    }
}
