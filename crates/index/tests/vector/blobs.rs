//! Blobs in memory that are read as they are: nothing here checks a checksum, so damage gets as far
//! as the segments let it.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use filedex_index::{BlobSource, ByteCache, IndexError, VectorSegment};

/// Small enough that columns and vectors span chunks.
const CHUNK_BYTES: usize = 4_001;

#[derive(Debug, Default)]
pub struct Blobs(Mutex<HashMap<u64, Arc<Vec<u8>>>>);

impl Blobs {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Keeps a blob; its number.
    pub fn put(&self, bytes: Vec<u8>) -> u64 {
        let mut kept = self.0.lock().unwrap();
        let number = kept.len() as u64 + 1;
        kept.insert(number, Arc::new(bytes));
        number
    }

    /// The segment in a blob, read through a cache of its own.
    pub fn open(
        self: &Arc<Self>,
        blob: u64,
        graph: Option<u64>,
    ) -> Result<VectorSegment, IndexError> {
        let source: Arc<dyn BlobSource> = Arc::clone(self) as _;
        VectorSegment::open(&source, &Arc::new(ByteCache::new(64 << 20)), blob, graph)
    }

    fn bytes(&self, blob: u64) -> io::Result<Arc<Vec<u8>>> {
        self.0.lock().unwrap().get(&blob).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl BlobSource for Blobs {
    fn chunk_bytes(&self) -> usize {
        CHUNK_BYTES
    }

    fn len(&self, blob: u64) -> io::Result<u64> {
        Ok(self.bytes(blob)?.len() as u64)
    }

    fn read_chunk(&self, blob: u64, chunk: u32) -> io::Result<Vec<u8>> {
        let bytes = self.bytes(blob)?;
        let start = (chunk as usize * CHUNK_BYTES).min(bytes.len());
        Ok(bytes[start..(start + CHUNK_BYTES).min(bytes.len())].to_vec())
    }
}
