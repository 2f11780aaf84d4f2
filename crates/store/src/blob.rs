//! Blobs: immutable bytes under a number that is never reused, in chunks with checksums.
//!
//! Every blob is either named by at least one list (table links) or garbage (table garbage), never
//! both: a new blob is garbage of the generation [`PENDING`] until a list names it. So what a
//! crashed process wrote and never listed is found at the next open.

use std::io;

use redb::ReadableTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{StoreError, Translate};
use crate::open::Store;
use crate::stored::blob::{self as stored, BlobHead};
use crate::tables::{BLOBS, CHUNKS, GARBAGE, LINKS};
use crate::write::WriteBatch;

/// Bytes in every chunk of a blob but the last: with it and its key a page of 256 KiB is full.
pub const CHUNK_BYTES: usize = 262_124;

/// The generation of blobs that no list has named yet.
pub(crate) const PENDING: u64 = u64::MAX;

/// What a blob holds, for the account of the file's space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BlobKind {
    /// A segment of a text index.
    Text,
    /// A segment of vectors.
    Vectors,
    /// A graph over vectors.
    Graph,
}

/// A blob that no list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbage {
    /// The blob.
    pub blob: u64,
    /// The generation that took it off its last list; `None` where it was never on one.
    pub since: Option<u64>,
}

type Encoded = &'static [u8];

pub(crate) fn head(
    blobs: &impl ReadableTable<u64, Encoded>,
    blob: u64,
) -> Result<BlobHead, StoreError> {
    match blobs.get(blob).translate()? {
        Some(bytes) => {
            stored::decode(bytes.value()).map_err(|why| why.at(format_args!("blob {blob}")))
        }
        None => Err(StoreError::UnknownBlob { blob }),
    }
}

pub(crate) fn chunk(
    chunks: &impl ReadableTable<(u64, u32), Encoded>,
    head: &BlobHead,
    blob: u64,
    chunk: u32,
) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    append_chunk(chunks, head, blob, chunk, &mut out)?;
    Ok(out)
}

pub(crate) fn whole(
    chunks: &impl ReadableTable<(u64, u32), Encoded>,
    head: &BlobHead,
    blob: u64,
) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    for number in 0..head.chunks() {
        append_chunk(chunks, head, blob, number, &mut out)?;
    }
    Ok(out)
}

fn append_chunk(
    chunks: &impl ReadableTable<(u64, u32), Encoded>,
    head: &BlobHead,
    blob: u64,
    chunk: u32,
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    let damaged = |why: &str| StoreError::damaged(format!("chunk {chunk} of blob {blob} {why}"));
    let start = u64::from(chunk) * CHUNK_BYTES as u64;
    let Some(sum) = head.checksums.get(chunk as usize) else {
        return Err(damaged("was asked for, which is past its end"));
    };
    let Some(bytes) = chunks.get((blob, chunk)).translate()? else {
        return Err(damaged("is missing"));
    };
    let bytes = bytes.value();
    if bytes.len() as u64 != (head.length - start).min(CHUNK_BYTES as u64) {
        return Err(damaged("has another length than it had"));
    }
    if xxh3_64(bytes) != *sum {
        return Err(damaged("is not what was written"));
    }
    out.extend_from_slice(bytes);
    Ok(())
}

pub(crate) fn garbage(garbage: &impl ReadableTable<u64, u64>) -> Result<Vec<Garbage>, StoreError> {
    let entries = garbage.iter().translate()?;
    entries
        .map(|entry| {
            let (blob, since) = entry.translate()?;
            let since = Some(since.value()).filter(|since| *since != PENDING);
            Ok(Garbage { blob: blob.value(), since })
        })
        .collect()
}

/// Removes every blob that no list names, pending ones included: for an open, when nobody can be
/// about to list one.
pub(crate) fn sweep(store: &Store) -> Result<(), StoreError> {
    let snapshot = store.read()?;
    if snapshot.garbage()?.is_empty() {
        return Ok(());
    }
    drop(snapshot);
    let mut batch = store.write()?;
    for garbage in batch.garbage()? {
        batch.erase_blob(garbage.blob)?;
    }
    batch.commit_same_generation()
}

impl BlobHead {
    /// How many chunks there are.
    pub(crate) fn chunks(&self) -> u32 {
        // The writer refuses blobs of more chunks, and the reader lengths that do not agree.
        u32::try_from(self.checksums.len()).unwrap_or(u32::MAX)
    }
}

impl WriteBatch {
    /// Stores a blob and answers its number. Until a list names it, it is pending: kept by
    /// [`WriteBatch::collect_garbage`], but removed by the next open of the database.
    ///
    /// # Errors
    /// Those of the file.
    pub fn put_blob(&mut self, kind: BlobKind, bytes: &[u8]) -> Result<u64, StoreError> {
        self.put_blob_from(kind, bytes.len() as u64, |offset, out| {
            // Offsets are below the length of bytes in memory.
            let offset = offset as usize;
            out.copy_from_slice(&bytes[offset..offset + out.len()]);
            Ok(())
        })
    }

    /// Stores a blob of `length` bytes as [`WriteBatch::put_blob`] does; `read` fills a piece of it
    /// from an offset. One piece is in memory at a time.
    ///
    /// # Errors
    /// Those of the file; [`StoreError::Io`] where `read` fails.
    pub fn put_blob_from(
        &mut self,
        kind: BlobKind,
        length: u64,
        mut read: impl FnMut(u64, &mut [u8]) -> io::Result<()>,
    ) -> Result<u64, StoreError> {
        self.step(|batch| {
            let blob = batch.take_blob()?;
            let mut checksums = Vec::new();
            let mut chunks = batch.txn().open_table(CHUNKS).translate()?;
            let mut piece = vec![0; CHUNK_BYTES];
            for (number, offset) in (0_u32..).zip((0..length).step_by(CHUNK_BYTES)) {
                // At most a chunk is left.
                let here = (length - offset).min(CHUNK_BYTES as u64) as usize;
                let piece = &mut piece[..here];
                read(offset, piece).map_err(|source| StoreError::Io {
                    what: "reading what is to be stored".to_owned(),
                    source,
                })?;
                checksums.push(xxh3_64(piece));
                chunks.insert((blob, number), &*piece).translate()?;
            }
            drop(chunks);
            let head = stored::encode(&BlobHead { kind, length, checksums })?;
            let mut blobs = batch.txn().open_table(BLOBS).translate()?;
            blobs.insert(blob, head.as_slice()).translate()?;
            let mut garbage = batch.txn().open_table(GARBAGE).translate()?;
            garbage.insert(blob, PENDING).translate()?;
            drop((blobs, garbage));
            Ok(blob)
        })
    }

    /// One more list names the blob, as one of this kind.
    pub(crate) fn link_blob(&self, blob: u64, kind: BlobKind) -> Result<(), StoreError> {
        if head(&self.txn().open_table(BLOBS).translate()?, blob)?.kind != kind {
            return Err(StoreError::Unlistable { blob, why: "it holds something else" });
        }
        self.txn().open_table(GARBAGE).translate()?.remove(blob).translate()?;
        let mut links = self.txn().open_table(LINKS).translate()?;
        let count = links.get(blob).translate()?.map_or(0, |count| count.value());
        let count =
            count.checked_add(1).ok_or(StoreError::Exhausted { what: "links to a blob" })?;
        links.insert(blob, count).translate()?;
        Ok(())
    }

    /// One list less names the blob; after the last it is garbage.
    pub(crate) fn release_blob(&self, blob: u64) -> Result<(), StoreError> {
        let mut links = self.txn().open_table(LINKS).translate()?;
        let count = links.get(blob).translate()?.map_or(0, |count| count.value());
        if count > 1 {
            links.insert(blob, count - 1).translate()?;
            return Ok(());
        }
        links.remove(blob).translate()?;
        let mut garbage = self.txn().open_table(GARBAGE).translate()?;
        garbage.insert(blob, self.next_generation()).translate()?;
        Ok(())
    }

    /// Gives up a pending blob: it becomes garbage of this commit. A blob that fell off its last
    /// list is garbage already, and stays so.
    ///
    /// # Errors
    /// [`StoreError::UnknownBlob`]; [`StoreError::BlobInUse`] while a list names it.
    pub fn unlink_blob(&mut self, blob: u64) -> Result<(), StoreError> {
        self.step(|batch| {
            if batch.txn().open_table(LINKS).translate()?.get(blob).translate()?.is_some() {
                return Err(StoreError::BlobInUse { blob });
            }
            let mut garbage = batch.txn().open_table(GARBAGE).translate()?;
            let since = garbage.get(blob).translate()?.map(|since| since.value());
            match since {
                Some(PENDING) => drop(garbage.insert(blob, batch.next_generation()).translate()?),
                Some(_) => {}
                None => return Err(StoreError::UnknownBlob { blob }),
            }
            Ok(())
        })
    }

    /// Removes garbage for good, all but pending blobs and those that `keep` answers true for by
    /// their number; answers how many. Snapshots of earlier commits go on seeing what is removed.
    ///
    /// # Errors
    /// Those of the file.
    pub fn collect_garbage(&mut self, keep: &dyn Fn(u64) -> bool) -> Result<usize, StoreError> {
        self.step(|batch| {
            let mut collected = 0;
            for garbage in batch.garbage()? {
                if garbage.since.is_some() && !keep(garbage.blob) {
                    batch.erase_blob(garbage.blob)?;
                    collected += 1;
                }
            }
            Ok(collected)
        })
    }

    fn erase_blob(&mut self, blob: u64) -> Result<(), StoreError> {
        let txn = self.txn();
        let chunks = (blob, 0)..=(blob, u32::MAX);
        txn.open_table(CHUNKS).translate()?.retain_in(chunks, |_, _| false).translate()?;
        txn.open_table(BLOBS).translate()?.remove(blob).translate()?;
        txn.open_table(GARBAGE).translate()?.remove(blob).translate()?;
        Ok(())
    }
}
