//! The two places where crates that do not know each other meet: the index reads its bytes from the
//! store, and the planner its rows from the index and the records.

use std::io;
use std::sync::Arc;

use filedex_index::{
    self as index, BlobSource, Condition, IndexError, RankText, SearchPath, TextIndex, VectorIndex,
};
use filedex_model::{FileId, Predicate, Row, StatusFilter};
use filedex_planner::{
    self as planner, Access, Estimate, Found, NearestFound, NearestPath, NearestSearch, Search,
    SortKey, SourceError, VectorFacts,
};
use filedex_store::{CHUNK_BYTES, SpaceInfo, Store, StoreError, VersionInfo};

use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::Snapshot;

/// Blobs of the store, read in transactions of their own: a segment outlives the snapshot it was
/// opened for, and must not pin its pages.
#[derive(Debug)]
pub(crate) struct StoreBlobs {
    store: Store,
}

impl StoreBlobs {
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl BlobSource for StoreBlobs {
    fn chunk_bytes(&self) -> usize {
        CHUNK_BYTES
    }

    fn len(&self, blob: u64) -> io::Result<u64> {
        self.store.read().and_then(|read| read.blob_len(blob)).map_err(input_error)
    }

    fn read_chunk(&self, blob: u64, chunk: u32) -> io::Result<Vec<u8>> {
        self.store.read().and_then(|read| read.blob_chunk(blob, chunk)).map_err(input_error)
    }
}

/// An error of the store as the index takes it: the kind still says that bytes are damaged where the
/// text engine keeps no more of an error than its kind and its words.
pub(crate) fn input_error(error: StoreError) -> io::Error {
    let kind = match &error {
        StoreError::Damaged { .. } => io::ErrorKind::InvalidData,
        StoreError::Io { source, .. } | StoreError::Disk { source } => source.kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// One version of one snapshot, as the planner sees it.
#[derive(Debug)]
pub(crate) struct VersionSource {
    pub snapshot: Arc<Snapshot>,
    pub info: VersionInfo,
    pub text: Arc<TextIndex>,
    /// The vectors of the space that the question is about.
    vectors: Option<SpaceVectors>,
}

/// The vectors of one space, as the planner sees them.
#[derive(Debug)]
struct SpaceVectors(Arc<VectorIndex>);

impl VersionSource {
    pub fn new(snapshot: Arc<Snapshot>, info: VersionInfo) -> Result<Self> {
        let text = snapshot.text(info.key)?;
        Ok(Self { snapshot, info, text, vectors: None })
    }

    /// The same with the vectors of a space.
    pub fn with_space(mut self, space: &SpaceInfo) -> Result<Self> {
        self.vectors = Some(SpaceVectors(self.snapshot.vectors(self.info.key, space)?));
        Ok(self)
    }

    fn id_at(&self, row: Row) -> Result<FileId, StoreError> {
        self.snapshot.store.id_of(self.info.key, row)?.ok_or_else(|| StoreError::Damaged {
            what: format!("row {row} is indexed but has no record"),
        })
    }
}

impl planner::Source for VersionSource {
    fn identity(&self) -> String {
        format!("{}/{}", self.info.dataset_id, self.info.version.id)
    }

    fn change_number(&self) -> u64 {
        self.info.changes
    }

    fn live_rows(&self) -> u64 {
        self.text.live_docs()
    }

    fn estimate(&self, predicate: &Predicate) -> Result<Estimate, SourceError> {
        let estimate = self.text.estimate(predicate).map_err(SourceError::new)?;
        Ok(Estimate { min: estimate.min, expected: estimate.expected, max: estimate.max })
    }

    fn row_of(&self, id: &FileId) -> Result<Option<Row>, SourceError> {
        self.snapshot.store.row_of(self.info.key, id).map_err(SourceError::new)
    }

    fn id_of(&self, row: Row) -> Result<FileId, SourceError> {
        self.id_at(row).map_err(SourceError::new)
    }

    fn search(&self, search: &Search<'_>) -> Result<Found, SourceError> {
        let texts: Vec<RankText>;
        let order = match search.sorting {
            planner::Sorting::Field(by, order) => index::Ordering::Field { by, order: *order },
            planner::Sorting::Relevance(ranking) => {
                texts = ranking.iter().cloned().map(RankText).collect();
                index::Ordering::Relevance(&texts)
            }
        };
        let after = search.after.map(index_position);
        let condition = condition(search.access);
        let id_of = |row| self.id_at(row).map_err(io::Error::other);
        let found = self
            .text
            .search(&index::Search {
                condition: &condition,
                status: search.status,
                order,
                limit: search.limit,
                after: after.as_ref(),
                id_of: &id_of,
            })
            .map_err(SourceError::new)?;
        let hits = found.hits.into_iter().map(|hit| planner::Hit {
            row: hit.row,
            key: planner_key(hit.key),
            score: hit.score,
        });
        Ok(Found { total: found.total, hits: hits.collect() })
    }

    fn rows(&self, access: &Access) -> Result<Vec<Row>, SourceError> {
        let (snapshot, version) = (&self.snapshot, self.info.key);
        if let Some(rows) = snapshot.kept_rows(version, access) {
            return Ok(rows);
        }
        let rows =
            self.text.rows(&condition(access), StatusFilter::All).map_err(SourceError::new)?;
        snapshot.keep_rows(version, access, &rows);
        Ok(rows)
    }

    fn vectors(&self) -> Option<&dyn planner::VectorSource> {
        self.vectors.as_ref().map(|vectors| vectors as _)
    }

    fn count(&self, access: &Access, status: StatusFilter) -> Result<u64, SourceError> {
        self.text.count(&condition(access), status).map_err(SourceError::new)
    }
}

impl planner::VectorSource for SpaceVectors {
    fn facts(&self) -> VectorFacts {
        VectorFacts { live: self.0.live(), in_graphs: self.0.live_in_graphs() }
    }

    fn nearest(&self, search: &NearestSearch<'_>) -> Result<NearestFound, SourceError> {
        let path = match search.path {
            NearestPath::Exact => SearchPath::Exact,
            NearestPath::Cascade => SearchPath::Cascade,
            NearestPath::Graph => SearchPath::Graph,
        };
        let NearestSearch { vector: query, rows, k, above, .. } = *search;
        let found = self
            .0
            .nearest(&index::Nearest { query, rows, k, above, path })
            .map_err(SourceError::new)?;
        let path = match found.path {
            SearchPath::Exact => NearestPath::Exact,
            SearchPath::Cascade => NearestPath::Cascade,
            SearchPath::Graph => NearestPath::Graph,
        };
        let hits = found.hits.into_iter().map(|hit| (hit.row, hit.score)).collect();
        Ok(NearestFound { hits, path })
    }

    fn similarities(&self, vector: &[f32], rows: &[Row]) -> Result<Vec<Option<f32>>, SourceError> {
        self.0.scores(vector, rows).map_err(SourceError::new)
    }
}

/// The planner's access as the index's condition.
pub(crate) fn condition(access: &Access) -> Condition {
    let all = |parts: &[Access]| parts.iter().map(condition).collect();
    match access {
        Access::Everything => Condition::Everything,
        Access::Nothing => Condition::Nothing,
        Access::Rows(rows) => Condition::Rows(rows.clone()),
        Access::Find(predicate) => Condition::Test(predicate.clone()),
        Access::Check(predicate) => Condition::Check(predicate.clone()),
        Access::All(parts) => Condition::And(all(parts)),
        Access::Any(parts) => Condition::Or(all(parts)),
        Access::Not(inner) => Condition::Not(Box::new(condition(inner))),
    }
}

fn index_position(position: &planner::Position) -> index::Position {
    let key = match &position.key {
        SortKey::Missing => index::SortKey::Missing,
        SortKey::Int(n) => index::SortKey::Int(*n),
        SortKey::Number(key) => index::SortKey::Number(*key),
        SortKey::Text(text) => index::SortKey::Text(text.clone()),
        SortKey::Score(score) => index::SortKey::Score(*score),
    };
    index::Position { key, id: position.id }
}

fn planner_key(key: index::SortKey) -> SortKey {
    match key {
        index::SortKey::Missing => SortKey::Missing,
        index::SortKey::Int(n) => SortKey::Int(n),
        index::SortKey::Number(key) => SortKey::Number(key),
        index::SortKey::Text(text) => SortKey::Text(text),
        index::SortKey::Score(score) => SortKey::Score(score),
    }
}

impl From<IndexError> for Error {
    fn from(error: IndexError) -> Self {
        let kind = match &error {
            IndexError::Damaged { .. } => ErrorKind::Damaged,
            IndexError::Unsupported { .. } => ErrorKind::BadInput,
            IndexError::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                ErrorKind::Damaged
            }
            _ => ErrorKind::Io,
        };
        Error::of(kind, error)
    }
}
