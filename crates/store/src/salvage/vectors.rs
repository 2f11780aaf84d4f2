//! Vectors: which segments a damaged file has, and their bytes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::Wreck;
use crate::blob::{BlobKind, CHUNK_BYTES};
use crate::dataset::VersionKey;
use crate::error::StoreError;
use crate::key;
use crate::pages::Read;
use crate::spaces::SpaceKey;
use crate::stored::blob::{self as stored_blob, BlobHead};
use crate::stored::vector_segment as stored_list;
use crate::tables;

/// The segments of a space in a damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceLeft {
    /// The version.
    pub version: VersionKey,
    /// The space; the salvaged file may lack it.
    pub space: SpaceKey,
    /// Its segments, in their order.
    pub segments: Vec<SegmentLeft>,
}

/// A vector segment in a damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentLeft {
    /// The blob that holds it.
    pub blob: u64,
    /// Vectors in it by the list, dead ones included.
    pub vectors: u32,
    /// The bitmap of its dead vectors.
    pub dead: Option<Vec<u8>>,
    /// Whether that is the bitmap it had, or it had none.
    pub dead_is_known: bool,
}

/// What a damaged file has of vectors.
pub struct VectorsLeft {
    wreck: Arc<Wreck>,
    /// Where the bytes of chunks stand, how many they are, and whether their page is sound.
    chunks: HashMap<(u64, u32), (u64, u64, bool)>,
    /// Heads, and whether their page is sound.
    heads: BTreeMap<u64, (BlobHead, bool)>,
    /// Every list that can be read.
    pub spaces: Vec<SpaceLeft>,
    /// How many lists cannot be read.
    pub lost_lists: u64,
    /// Segments that were on such a list, with their dead vectors.
    pub unlisted: Vec<(VersionKey, SegmentLeft)>,
}

impl Wreck {
    /// The vector segments of the file, and a way to read their bytes.
    ///
    /// # Errors
    /// [`StoreError::Io`]. What is damaged is said in the answer.
    pub fn vectors(self: &Arc<Self>) -> Result<VectorsLeft, StoreError> {
        let heads = self.heads()?;
        let mut chunks = HashMap::new();
        self.read(tables::CHUNKS, |entry| {
            let number = entry.key.get(8..).and_then(key::le_u32);
            if let (Some(blob), Some(number)) = (key::le_u64(entry.key), number) {
                let found = (entry.at, entry.value.len() as u64, entry.page_sound);
                let known = chunks.entry((blob, number)).or_insert(found);
                if entry.page_sound {
                    *known = found;
                }
            }
            Ok(())
        })?;
        let mut lists = BTreeMap::new();
        let listed = self.read(tables::VECTOR_SEGMENTS, |entry| {
            let space = entry.key.get(4..).and_then(key::le_u32);
            if let (true, Some(version), Some(space), Ok(list)) =
                (entry.page_sound, key::le_u32(entry.key), space, stored_list::decode(entry.value))
            {
                lists.insert((version, space), list);
            }
            Ok(())
        })?;
        let mut dead: HashMap<(u32, u64), Vec<u8>> = HashMap::new();
        let read_dead = self.read(tables::DEAD, |entry| {
            let blob = entry.key.get(4..).and_then(key::le_u64);
            if let (true, Some(version), Some(blob)) =
                (entry.page_sound, key::le_u32(entry.key), blob)
            {
                dead.insert((version, blob), entry.value.to_vec());
            }
            Ok(())
        })?;
        let segment = |version: u32, blob: u64, vectors: u32| {
            let dead = dead.get(&(version, blob)).cloned();
            let dead_is_known = dead.is_some() || !may_be_lost(&read_dead, version, blob);
            SegmentLeft { blob, vectors, dead, dead_is_known }
        };
        let spaces: Vec<SpaceLeft> = lists
            .iter()
            .map(|((version, space), list)| SpaceLeft {
                version: VersionKey(*version),
                space: SpaceKey(*space),
                segments: list.iter().map(|e| segment(*version, e.blob, e.vectors)).collect(),
            })
            .collect();
        let lost_lists = listed.entries.saturating_sub(lists.len() as u64);
        let mut left = VectorsLeft {
            wreck: Arc::clone(self),
            chunks,
            heads,
            spaces,
            lost_lists,
            unlisted: Vec::new(),
        };
        if lost_lists > 0 {
            let named: HashSet<u64> = lists.values().flatten().map(|entry| entry.blob).collect();
            let of: HashMap<u64, u32> =
                dead.keys().map(|(version, blob)| (*blob, *version)).collect();
            for blob in self.orphans(&left.heads, &named)? {
                // Where no bitmap tells the version, the caller finds the space by its shape.
                let version = of.get(&blob).copied().unwrap_or(0);
                left.unlisted.push((VersionKey(version), segment(version, blob, 0)));
            }
        }
        Ok(left)
    }

    fn heads(&self) -> Result<BTreeMap<u64, (BlobHead, bool)>, StoreError> {
        let mut heads: BTreeMap<u64, (BlobHead, bool)> = BTreeMap::new();
        self.read(tables::BLOBS, |entry| {
            if let (Some(blob), Ok(head)) =
                (key::le_u64(entry.key), stored_blob::decode(entry.value))
                && (entry.page_sound || !heads.contains_key(&blob))
            {
                heads.insert(blob, (head, entry.page_sound));
            }
            Ok(())
        })?;
        Ok(heads)
    }

    /// Blobs of vectors that are linked, and on none of the lists that can be read.
    fn orphans(
        &self,
        heads: &BTreeMap<u64, (BlobHead, bool)>,
        named: &HashSet<u64>,
    ) -> Result<Vec<u64>, StoreError> {
        let mut garbage = HashSet::new();
        self.read(tables::GARBAGE, |entry| {
            garbage.extend(key::le_u64(entry.key).filter(|_| entry.page_sound));
            Ok(())
        })?;
        let vectors = heads.iter().filter(|(_, (head, _))| head.kind == BlobKind::Vectors);
        let orphans = vectors.map(|(blob, _)| *blob);
        Ok(orphans.filter(|blob| !named.contains(blob) && !garbage.contains(blob)).collect())
    }
}

/// Whether the bitmap of a segment can have been among what cannot be read.
fn may_be_lost(read: &Read, version: u32, blob: u64) -> bool {
    let at = |key: &Option<Vec<u8>>| {
        let key = key.as_deref()?;
        Some((key::le_u32(key)?, key.get(4..).and_then(key::le_u64)?))
    };
    read.damages.iter().any(|damage| {
        let after = at(&damage.after).is_none_or(|after| after < (version, blob));
        after && at(&damage.up_to).is_none_or(|up_to| (version, blob) <= up_to)
    })
}

impl VectorsLeft {
    /// The length of a blob in bytes.
    ///
    /// # Errors
    /// [`StoreError::UnknownBlob`].
    pub fn blob_len(&self, blob: u64) -> Result<u64, StoreError> {
        if let Some((head, _)) = self.heads.get(&blob) {
            return Ok(head.length);
        }
        // Its chunks say it, as far as they go.
        let lengths = (0..).map_while(|number| self.chunks.get(&(blob, number)));
        match lengths.map(|(_, length, _)| *length).sum() {
            0 => Err(StoreError::UnknownBlob { blob }),
            length => Ok(length),
        }
    }

    /// A chunk of a blob, where it is what was written; all have [`CHUNK_BYTES`] but the last.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn blob_chunk(&self, blob: u64, chunk: u32) -> Result<Vec<u8>, StoreError> {
        let damaged =
            |why: &str| StoreError::damaged(format!("chunk {chunk} of blob {blob} {why}"));
        let Some((offset, length, page_sound)) = self.chunks.get(&(blob, chunk)).copied() else {
            return Err(damaged("cannot be found"));
        };
        if length > CHUNK_BYTES as u64 {
            return Err(damaged("has another length than it had"));
        }
        let bytes = self.wreck.image.bytes_at(offset, length);
        let bytes = bytes.ok_or_else(|| damaged("cannot be read"))?;
        let head = self.heads.get(&blob);
        let sum = head.and_then(|(head, _)| head.checksums.get(chunk as usize));
        let proved = sum.is_some_and(|sum| *sum == xxh3_64(&bytes));
        let head_sound = head.is_some_and(|(_, sound)| *sound);
        if proved || page_sound && !head_sound {
            Ok(bytes)
        } else {
            Err(damaged("is not what was written"))
        }
    }
}

impl fmt::Debug for VectorsLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorsLeft").field("spaces", &self.spaces).finish_non_exhaustive()
    }
}
