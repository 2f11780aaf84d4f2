//! Blobs in memory, checksummed as a store's are, and an index over them.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use filedex_index::{
    BlobSource, BuiltSegment, ByteCache, DeadDocs, SegmentBuilder, SegmentView, Spill, TextIndex,
    TextSegment,
};
use filedex_model::{FileRecord, Row};

use crate::records::Random;

/// Blobs whose chunks are compared with what was stored, as a checksum would.
#[derive(Debug, Default)]
pub struct Blobs {
    stored: Mutex<HashMap<u64, Vec<u8>>>,
    damaged: Mutex<HashMap<u64, Vec<u8>>>,
    pub chunk: usize,
}

impl Blobs {
    pub fn new(chunk: usize) -> Arc<Self> {
        Arc::new(Self { chunk, ..Self::default() })
    }

    pub fn add(&self, bytes: Vec<u8>) -> u64 {
        let mut stored = self.stored.lock().unwrap();
        let number = stored.len() as u64 + 1;
        stored.insert(number, bytes);
        number
    }

    /// Makes `number` read as `bytes` from now on.
    pub fn damage(&self, number: u64, bytes: Vec<u8>) {
        self.damaged.lock().unwrap().insert(number, bytes);
    }

    fn bytes(&self, number: u64) -> io::Result<Vec<u8>> {
        let damaged = self.damaged.lock().unwrap().get(&number).cloned();
        let stored = || self.stored.lock().unwrap().get(&number).cloned();
        damaged.or_else(stored).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn chunk_of(&self, bytes: &[u8], chunk: u32) -> Option<Vec<u8>> {
        bytes.chunks(self.chunk).nth(chunk as usize).map(<[u8]>::to_vec)
    }
}

impl BlobSource for Blobs {
    fn chunk_bytes(&self) -> usize {
        self.chunk
    }

    fn len(&self, blob: u64) -> io::Result<u64> {
        Ok(self.bytes(blob)?.len() as u64)
    }

    fn read_chunk(&self, blob: u64, chunk: u32) -> io::Result<Vec<u8>> {
        let bytes = self.chunk_of(&self.bytes(blob)?, chunk);
        let stored = self.stored.lock().unwrap().get(&blob).and_then(|b| self.chunk_of(b, chunk));
        // The header has a checksum of its own, so its damage is let through.
        match bytes {
            Some(bytes) if chunk == 0 || Some(&bytes) == stored.as_ref() => Ok(bytes),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the chunk's checksum differs")),
        }
    }
}

pub fn build(records: &[(Row, FileRecord)]) -> BuiltSegment {
    let mut builder = SegmentBuilder::new().unwrap();
    for (row, record) in records {
        builder.add(*row, record).unwrap();
    }
    builder.finish().unwrap()
}

pub fn open(built: &BuiltSegment, chunk: usize) -> Arc<TextSegment> {
    let blobs = Blobs::new(chunk);
    let number = blobs.add(built.bytes.to_vec().unwrap());
    Arc::new(TextSegment::open(blobs, number, Arc::new(ByteCache::new(16 << 20))).unwrap())
}

/// Records over segments, some documents of which are dead: stale versions of records that live
/// elsewhere, and records that are gone.
pub struct Fixture {
    pub live: Vec<(Row, FileRecord)>,
    pub index: TextIndex,
}

impl Fixture {
    pub fn new(random: &mut Random, records: Vec<FileRecord>, segments: usize) -> Self {
        let mut parts: Vec<Vec<(Row, FileRecord, bool)>> = vec![Vec::new(); segments];
        let mut live = Vec::new();
        for (row, record) in (0..).zip(records) {
            if segments > 1 && random.below(5) == 0 {
                let stale = crate::records::record(random, row as usize);
                parts[random.below(segments)].push((row, stale, true));
            }
            if random.below(12) == 0 {
                parts[random.below(segments)].push((row, record, true));
                continue;
            }
            parts[random.below(segments)].push((row, record.clone(), false));
            live.push((row, record));
        }
        let views = parts.into_iter().enumerate().map(|(at, part)| {
            let docs: Vec<_> = part.iter().map(|(row, record, _)| (*row, record.clone())).collect();
            let dead = part.iter().zip(0..).filter(|((_, _, dead), _)| *dead).map(|(_, doc)| doc);
            // A row lives in one document, but a stale one may share its segment.
            SegmentView {
                segment: open(&build(&docs), [64, 1_000, 262_124][at % 3]),
                dead: Arc::new(dead.collect::<DeadDocs>()),
            }
        });
        let views: Vec<_> = views.collect();
        let index = with_length(views);
        Self { live, index }
    }

    /// Records in one segment, none of them dead.
    pub fn of(records: Vec<FileRecord>) -> Self {
        let live: Vec<_> = (0..).zip(records).collect();
        let view = SegmentView { segment: open(&build(&live), 1_000), dead: Arc::default() };
        Self { live, index: with_length(vec![view]) }
    }

    pub fn record(&self, row: Row) -> &FileRecord {
        // The rows ascend.
        &self.live[self.live.binary_search_by_key(&row, |(row, _)| *row).unwrap()].1
    }

    /// The same records in one segment without dead documents.
    pub fn merged(&self) -> Self {
        let built = filedex_index::merge(self.index.segments(), &Spill::default()).unwrap();
        let length = built.text_length;
        let view = SegmentView { segment: open(&built, 4_096), dead: Arc::default() };
        Self { live: self.live.clone(), index: TextIndex::new(vec![view], length) }
    }
}

/// An index whose live text length is added up from its segments.
pub fn with_length(views: Vec<SegmentView>) -> TextIndex {
    let probe = TextIndex::new(views.clone(), 0);
    let length = views.iter().enumerate().map(|(at, view)| {
        let live: Vec<u32> =
            (0..view.segment.docs()).filter(|doc| !view.dead.contains(*doc)).collect();
        probe.text_length_of(at, &live).unwrap()
    });
    let length = length.sum();
    TextIndex::new(views, length)
}
