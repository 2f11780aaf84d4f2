//! One consistent view: a store snapshot, and the text and vector indexes that belong to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use filedex_index::{
    BlobSource, ByteCache, DeadDocs, SegmentView, TextIndex, TextSegment, VectorIndex,
    VectorSegment, VectorShape, VectorView,
};
use filedex_model::Row;
use filedex_planner::Access;
use filedex_store::{
    ReadSnapshot, SpaceInfo, SpaceKey, Store, StoreError, VectorSegmentEntry, VersionInfo,
    VersionKey,
};

use crate::adapters::StoreBlobs;
use crate::error::Result;

/// Open segments, shared by all snapshots: a segment is immutable, so its open form is too.
#[derive(Debug)]
pub(crate) struct Segments {
    source: Arc<dyn BlobSource>,
    cache: Arc<ByteCache>,
    /// Vectors in full precision. Apart, so that a scan of vectors throws out no postings.
    vector_cache: Arc<ByteCache>,
    open: Mutex<HashMap<u64, Weak<TextSegment>>>,
    open_vectors: Mutex<HashMap<u64, Weak<VectorSegment>>>,
}

impl Segments {
    pub fn new(store: &Store, cache_bytes: usize, vector_cache_bytes: usize) -> Self {
        Self {
            source: Arc::new(StoreBlobs::new(store.clone())),
            cache: Arc::new(ByteCache::new(cache_bytes)),
            vector_cache: Arc::new(ByteCache::new(vector_cache_bytes)),
            open: Mutex::default(),
            open_vectors: Mutex::default(),
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

    fn vectors(&self, entry: &VectorSegmentEntry) -> Result<Arc<VectorSegment>> {
        let mut open = self.open_vectors.lock().unwrap_or_else(PoisonError::into_inner);
        let known = open.get(&entry.blob).and_then(Weak::upgrade);
        let segment = match known {
            Some(segment) if segment.graph_blob() == entry.graph => return Ok(segment),
            // The graph came later: what is loaded of the segment stays.
            Some(segment) => segment.with_graph(entry.graph),
            None => {
                let (source, cache) = (&self.source, &self.vector_cache);
                VectorSegment::open(source, cache, entry.blob, entry.graph)?
            }
        };
        open.retain(|_, segment| segment.strong_count() > 0);
        let segment = Arc::new(segment);
        open.insert(entry.blob, Arc::downgrade(&segment));
        Ok(segment)
    }
}

/// The state of the database after one commit.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub store: ReadSnapshot,
    segments: Arc<Segments>,
    texts: Mutex<HashMap<VersionKey, Arc<TextIndex>>>,
    vectors: Mutex<HashMap<(VersionKey, SpaceKey), Arc<VectorIndex>>>,
    /// The rows of the last few filters of searches by meaning, newest last: such a search needs
    /// them all, and questions under one filter come in rows.
    filtered: Mutex<Vec<Filtered>>,
}

/// The rows that a filter lets through in a version.
#[derive(Debug)]
struct Filtered {
    version: VersionKey,
    access: Access,
    rows: Vec<Row>,
}

/// Filters whose rows a snapshot keeps.
const KEPT_FILTERS: usize = 8;

impl Snapshot {
    pub fn new(store: ReadSnapshot, segments: Arc<Segments>) -> Self {
        Self {
            store,
            segments,
            texts: Mutex::default(),
            vectors: Mutex::default(),
            filtered: Mutex::default(),
        }
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

    /// The vectors of a version in one space, opened when first asked for.
    pub fn vectors(&self, version: VersionKey, space: &SpaceInfo) -> Result<Arc<VectorIndex>> {
        let mut vectors = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = vectors.get(&(version, space.key)) {
            return Ok(Arc::clone(index));
        }
        let mut views = Vec::new();
        for entry in self.store.vector_segments(version, space.key)? {
            let dead = match self.store.dead(version, entry.blob)? {
                Some(bytes) => DeadDocs::from_bytes(&bytes)?,
                None => DeadDocs::default(),
            };
            let segment = self.segments.vectors(&entry)?;
            views.push(VectorView { segment, dead: Arc::new(dead) });
        }
        let index = Arc::new(VectorIndex::new(VectorShape::from(&space.space), views)?);
        vectors.insert((version, space.key), Arc::clone(&index));
        Ok(index)
    }

    /// The rows of a filter, if they are kept.
    pub fn kept_rows(&self, version: VersionKey, access: &Access) -> Option<Vec<Row>> {
        let kept = self.filtered.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|f| f.version == version && f.access == *access);
        found.map(|filtered| filtered.rows.clone())
    }

    /// Keeps the rows of a filter.
    pub fn keep_rows(&self, version: VersionKey, access: &Access, rows: &[Row]) {
        let mut kept = self.filtered.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_FILTERS {
            kept.remove(0);
        }
        kept.push(Filtered { version, access: access.clone(), rows: rows.to_vec() });
    }

    /// A vector segment by itself.
    pub fn vector_segment(&self, entry: &VectorSegmentEntry) -> Result<Arc<VectorSegment>> {
        self.segments.vectors(entry)
    }

    /// Opens the spaces of a version that `before` had open, so that what they loaded stays loaded.
    pub fn open_vectors_of(&self, before: &Self, version: VersionKey) -> Result<()> {
        let theirs = before.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<SpaceKey> =
            theirs.keys().filter(|(v, _)| *v == version).map(|(_, space)| *space).collect();
        if open.is_empty() {
            return Ok(());
        }
        for space in self.store.spaces(version)? {
            if open.contains(&space.key) {
                self.vectors(version, &space)?;
            }
        }
        Ok(())
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
        let theirs = before.vectors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut ours = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        ours.extend(theirs.into_iter().filter(|((version, _), _)| Some(*version) != changed));
    }
}
