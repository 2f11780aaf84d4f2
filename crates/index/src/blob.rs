//! Where a segment's bytes come from: blobs in chunks, and a cache of them.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use tantivy::directory::OwnedBytes;

/// A store of immutable byte strings, each known by a number that is never given twice.
///
/// Blobs are read in chunks of one size. A chunk that is not what was written must come back as an
/// error: the index trusts what it is given.
pub trait BlobSource: Send + Sync + fmt::Debug + 'static {
    /// The size of every chunk but a blob's last, in bytes.
    fn chunk_bytes(&self) -> usize;

    /// The length of a blob in bytes.
    ///
    /// # Errors
    /// If there is no such blob or it cannot be read.
    fn len(&self, blob: u64) -> io::Result<u64>;

    /// The bytes of one chunk, verified against their checksum.
    ///
    /// # Errors
    /// If there is no such chunk, it cannot be read, or it is damaged.
    fn read_chunk(&self, blob: u64, chunk: u32) -> io::Result<Vec<u8>>;
}

/// A cache of blob bytes, shared by every segment of a database.
///
/// It holds copies of chunks, and ranges that span chunks, put together once. Reading inside one
/// chunk copies nothing.
pub struct ByteCache {
    cache: Cache<Key, OwnedBytes, ByteWeight>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Chunk { blob: u64, chunk: u32 },
    Span { blob: u64, start: u64, end: u64 },
}

#[derive(Clone)]
struct ByteWeight;

impl Weighter<Key, OwnedBytes> for ByteWeight {
    fn weight(&self, _: &Key, bytes: &OwnedBytes) -> u64 {
        bytes.len() as u64 + ENTRY_BYTES
    }
}

/// What an entry costs beside its bytes.
const ENTRY_BYTES: u64 = 96;
/// Few shards, so that one can hold a large column.
const SHARDS: usize = 4;

impl ByteCache {
    /// A cache of at most about `capacity_bytes`.
    ///
    /// ```
    /// let cache = filedex_index::ByteCache::new(64 << 20);
    /// assert_eq!(cache.bytes(), 0);
    /// ```
    #[must_use]
    pub fn new(capacity_bytes: usize) -> Self {
        let items = (capacity_bytes / (64 << 10)).clamp(64, 1 << 16);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(items)
            .weight_capacity(capacity_bytes as u64)
            .shards(SHARDS)
            .build();
        // Every option that build() requires is set above; the fallback has the default shards.
        let cache = match options {
            Ok(options) => Cache::with_options(
                options,
                ByteWeight,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            Err(_) => Cache::with_weighter(items, capacity_bytes as u64, ByteWeight),
        };
        Self { cache }
    }

    /// The bytes held now.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

impl fmt::Debug for ByteCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteCache").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// One blob, read through the cache.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    pub(crate) source: Arc<dyn BlobSource>,
    pub(crate) cache: Arc<ByteCache>,
    pub(crate) number: u64,
}

impl Blob {
    /// The bytes of `range`: a view of the cached chunk, or a cached copy where chunks are spanned.
    pub(crate) fn read(&self, range: Range<u64>) -> io::Result<OwnedBytes> {
        if range.start >= range.end {
            return Ok(OwnedBytes::empty());
        }
        let size = self.source.chunk_bytes().max(1) as u64;
        let (first, last) = (range.start / size, (range.end - 1) / size);
        if first == last {
            return part(&self.chunk(first)?, range.start - first * size..range.end - first * size);
        }
        let key = Key::Span { blob: self.number, start: range.start, end: range.end };
        if let Some(bytes) = self.cache.cache.get(&key) {
            return Ok(bytes);
        }
        let mut whole = Vec::with_capacity(usize_of(range.end - range.start)?);
        for chunk in first..=last {
            let start = range.start.max(chunk * size) - chunk * size;
            let end = range.end.min((chunk + 1) * size) - chunk * size;
            whole.extend_from_slice(&part(&self.chunk(chunk)?, start..end)?);
        }
        let bytes = OwnedBytes::new(whole);
        self.cache.cache.insert(key, bytes.clone());
        Ok(bytes)
    }

    /// The bytes of `range`, copied past the cache: for what is kept in another form.
    pub(crate) fn load(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize_of(range.end.saturating_sub(range.start))?);
        if range.start >= range.end {
            return Ok(bytes);
        }
        let size = self.source.chunk_bytes().max(1) as u64;
        for chunk in range.start / size..=(range.end - 1) / size {
            let number = u32::try_from(chunk).map_err(io::Error::other)?;
            let read = self.source.read_chunk(self.number, number)?;
            let start = range.start.max(chunk * size) - chunk * size;
            let end = range.end.min((chunk + 1) * size) - chunk * size;
            let part = read.get(usize_of(start)?..usize_of(end)?);
            bytes.extend_from_slice(part.ok_or_else(short_chunk)?);
        }
        Ok(bytes)
    }

    fn chunk(&self, chunk: u64) -> io::Result<OwnedBytes> {
        let chunk = u32::try_from(chunk).map_err(io::Error::other)?;
        let key = Key::Chunk { blob: self.number, chunk };
        if let Some(bytes) = self.cache.cache.get(&key) {
            return Ok(bytes);
        }
        let bytes = OwnedBytes::new(self.source.read_chunk(self.number, chunk)?);
        self.cache.cache.insert(key, bytes.clone());
        Ok(bytes)
    }
}

fn part(chunk: &OwnedBytes, range: Range<u64>) -> io::Result<OwnedBytes> {
    let range = usize_of(range.start)?..usize_of(range.end)?;
    if range.end > chunk.len() {
        return Err(short_chunk());
    }
    Ok(chunk.slice(range))
}

fn short_chunk() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a chunk is shorter than its blob says")
}

fn usize_of(n: u64) -> io::Result<usize> {
    usize::try_from(n).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Bytes(Vec<u8>);

    impl BlobSource for Bytes {
        fn chunk_bytes(&self) -> usize {
            10
        }
        fn len(&self, _: u64) -> io::Result<u64> {
            Ok(self.0.len() as u64)
        }
        fn read_chunk(&self, _: u64, chunk: u32) -> io::Result<Vec<u8>> {
            let start = chunk as usize * 10;
            let end = self.0.len().min(start + 10);
            self.0.get(start..end).map(<[u8]>::to_vec).ok_or(io::ErrorKind::NotFound.into())
        }
    }

    #[test]
    fn every_range_reads_right_and_none_panics() {
        let bytes: Vec<u8> = (0..37).collect();
        let blob = Blob {
            source: Arc::new(Bytes(bytes.clone())),
            cache: Arc::new(ByteCache::new(1 << 20)),
            number: 1,
        };
        for start in 0..=37_u64 {
            for end in start..=37 {
                let read = blob.read(start..end).unwrap();
                assert_eq!(read.as_slice(), &bytes[start as usize..end as usize]);
                assert_eq!(blob.load(start..end).unwrap(), read.as_slice());
            }
            assert!(blob.read(start..39).is_err());
        }
        assert!(blob.cache.bytes() > 0);
    }

    #[test]
    fn inside_a_chunk_nothing_is_copied() {
        let blob = Blob {
            source: Arc::new(Bytes((0..37).collect())),
            cache: Arc::new(ByteCache::new(1 << 20)),
            number: 1,
        };
        let (one, two) = (blob.read(11..15).unwrap(), blob.read(13..20).unwrap());
        assert_eq!(one.as_slice()[2..].as_ptr(), two.as_slice().as_ptr());
        let (one, two) = (blob.read(5..25).unwrap(), blob.read(5..25).unwrap());
        assert_eq!(one.as_slice().as_ptr(), two.as_slice().as_ptr());
    }
}
