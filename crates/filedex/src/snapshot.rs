//! One consistent view: a store snapshot, and the text indexes that belong to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use filedex_index::{BlobSource, ByteCache, DeadDocs, SegmentView, TextIndex, TextSegment};
use filedex_store::{ReadSnapshot, Store, StoreError, VersionInfo, VersionKey};

use crate::adapters::StoreBlobs;
use crate::error::Result;

/// Open segments, shared by all snapshots: a segment is immutable, so its open form is too.
#[derive(Debug)]
pub(crate) struct Segments {
    source: Arc<dyn BlobSource>,
    cache: Arc<ByteCache>,
    open: Mutex<HashMap<u64, Weak<TextSegment>>>,
}

impl Segments {
    pub fn new(store: &Store, cache_bytes: usize) -> Self {
        Self {
            source: Arc::new(StoreBlobs::new(store.clone())),
            cache: Arc::new(ByteCache::new(cache_bytes)),
            open: Mutex::default(),
        }
    }

    fn get(&self, blob: u64) -> Result<Arc<TextSegment>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = open.get(&blob).and_then(Weak::upgrade) {
            return Ok(segment);
        }
        open.retain(|_, segment| segment.strong_count() > 0);
        let segment = TextSegment::open(Arc::clone(&self.source), blob, Arc::clone(&self.cache))?;
        let segment = Arc::new(segment);
        open.insert(blob, Arc::downgrade(&segment));
        Ok(segment)
    }
}

/// The state of the database after one commit.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub store: ReadSnapshot,
    segments: Arc<Segments>,
    texts: Mutex<HashMap<VersionKey, Arc<TextIndex>>>,
}

impl Snapshot {
    pub fn new(store: ReadSnapshot, segments: Arc<Segments>) -> Self {
        Self { store, segments, texts: Mutex::default() }
    }

    /// The text index of a version, opened when first asked for.
    pub fn text(&self, version: VersionKey) -> Result<Arc<TextIndex>> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(&version) {
            return Ok(Arc::clone(text));
        }
        let mut views = Vec::new();
        for entry in self.store.segments(version)? {
            let dead = match self.store.dead(version, entry.blob)? {
                Some(bytes) => DeadDocs::from_bytes(&bytes)?,
                None => DeadDocs::default(),
            };
            views.push(SegmentView {
                segment: self.segments.get(entry.blob)?,
                dead: Arc::new(dead),
            });
        }
        let text = Arc::new(TextIndex::new(views, self.info(version)?.live_text_length));
        texts.insert(version, Arc::clone(&text));
        Ok(text)
    }

    /// A version's row; an error where it was deleted.
    pub fn info(&self, version: VersionKey) -> Result<VersionInfo> {
        Ok(self.store.version_info(version)?.ok_or(StoreError::UnknownVersion { version })?)
    }

    /// Every version with the name of its dataset.
    pub fn versions(&self) -> Result<Vec<(String, VersionInfo)>> {
        let mut all = Vec::new();
        for dataset in self.store.datasets()? {
            let versions = self.store.versions(&dataset.id)?;
            all.extend(versions.into_iter().map(|info| (dataset.name.clone(), info)));
        }
        Ok(all)
    }

    /// The keys of all versions.
    pub fn version_keys(&self) -> Result<Vec<VersionKey>> {
        Ok(self.versions()?.into_iter().map(|(_, info)| info.key).collect())
    }

    /// Takes over the open text indexes of the snapshot before, but for the version that changed.
    pub fn inherit(&self, before: &Self, changed: Option<VersionKey>) {
        let theirs = before.texts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut ours = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        ours.extend(theirs.into_iter().filter(|(version, _)| Some(*version) != changed));
    }
}
