//! Where the bytes of the file are.

use std::collections::BTreeMap;

use redb::{ReadableTable, ReadableTableMetadata};

use crate::blob::BlobKind;
use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::open::Store;
use crate::stored::blob as stored_blob;
use crate::tables;

/// A part of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// Numbers of the whole file, datasets, jobs, embedding spaces.
    Meta,
    /// Versions and their names.
    Versions,
    /// Records.
    Records,
    /// File ids.
    Ids,
    /// Names and folders.
    Names,
    /// Blobs: index segments, their heads and the lists that name them. [`Space::blobs`] tells their
    /// kinds apart.
    Blobs,
    /// Bitmaps of dead documents and vectors.
    Dead,
    /// Anything else.
    Other,
}

/// What one part takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartSpace {
    /// Entries in its tables.
    pub entries: u64,
    /// Bytes of keys and values.
    pub stored: u64,
    /// Bytes of the trees that find them.
    pub overhead: u64,
    /// Bytes unused inside the pages of the part.
    pub fragmented: u64,
}

/// Where the bytes of the file are; see [`Store::space`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// The length of the file.
    pub file_length: u64,
    /// What each part takes.
    pub parts: BTreeMap<Part, PartSpace>,
    /// Bytes of the blobs of each kind, garbage included.
    pub blobs: BTreeMap<BlobKind, u64>,
    /// Bytes of the blobs that no list names.
    pub garbage: u64,
    /// Bytes that are free, held by earlier commits, or the engine's own: what
    /// [`Store::compact`] can give back is among them.
    pub free: u64,
}

impl Store {
    /// Where the bytes of the file are, in the newest commit. It reads every branch of every tree,
    /// so its cost grows with the file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a page or a blob's head cannot be read.
    pub fn space(&self) -> Result<Space, StoreError> {
        guarded(|| self.account())
    }

    fn account(&self) -> Result<Space, StoreError> {
        let snapshot = self.read()?;
        let mut space = Space { file_length: self.file_length()?, ..Space::default() };
        let mut used = 0;
        for table in snapshot.txn().list_tables().translate()? {
            let part = space.parts.entry(tables::part_of(&table)).or_default();
            let table = snapshot.txn().open_untyped_table(table).translate()?;
            let stats = table.stats().translate()?;
            part.entries += table.len().translate()?;
            part.stored += stats.stored_bytes();
            part.overhead += stats.metadata_bytes();
            part.fragmented += stats.fragmented_bytes();
            used += stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes();
        }
        space.free = space.file_length.saturating_sub(used);
        let garbage = snapshot.table(tables::GARBAGE)?;
        for entry in snapshot.table(tables::BLOBS)?.iter().translate()? {
            let (blob, bytes) = entry.translate()?;
            let head = stored_blob::decode(bytes.value())
                .map_err(|why| why.at(format_args!("blob {}", blob.value())))?;
            *space.blobs.entry(head.kind).or_default() += head.length;
            if garbage.get(blob.value()).translate()?.is_some() {
                space.garbage += head.length;
            }
        }
        Ok(space)
    }
}
