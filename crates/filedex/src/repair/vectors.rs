//! Vectors of a damaged file: each is copied where the bytes it stands in are proved.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use filedex_index::{
    BlobSource, ByteCache, DeadDocs, VectorSegment, VectorSegmentBuilder, VectorShape,
};
use filedex_model::{Row, Space, Timestamp};
use filedex_store::{
    CHUNK_BYTES, Loss, LossKind, SegmentLeft, SpaceInfo, VectorsLeft, VersionInfo, VersionKey,
    Wreck,
};

use crate::adapters::input_error;
use crate::database::Shared;
use crate::error::Result;
use crate::repair::RepairReport;
use crate::vectors::put_vectors;

/// Memory for pieces of segments.
const CACHE_BYTES: usize = 64 << 20;
/// Bytes of vectors in a segment that is made.
const SEGMENT_BYTES: usize = 64 << 20;

/// The blobs of a damaged file.
#[derive(Debug)]
struct WreckBlobs(Arc<VectorsLeft>);

impl BlobSource for WreckBlobs {
    fn chunk_bytes(&self) -> usize {
        CHUNK_BYTES
    }

    fn len(&self, blob: u64) -> io::Result<u64> {
        self.0.blob_len(blob).map_err(input_error)
    }

    fn read_chunk(&self, blob: u64, chunk: u32) -> io::Result<Vec<u8>> {
        self.0.blob_chunk(blob, chunk).map_err(input_error)
    }
}

/// Copies the vectors of every space, and notes those that are lost.
pub(super) fn copy(wreck: &Arc<Wreck>, shared: &Shared, report: &mut RepairReport) -> Result<()> {
    let left = Arc::new(wreck.vectors()?);
    let mut copy = Copy {
        source: Arc::new(WreckBlobs(Arc::clone(&left))),
        cache: Arc::new(ByteCache::new(CACHE_BYTES)),
        shared,
        report,
    };
    let mut lists: BTreeMap<(VersionKey, u64), Vec<SegmentLeft>> = BTreeMap::new();
    let mut without_space = Vec::new();
    let snapshot = shared.snapshot()?;
    let mut spaces: BTreeMap<(VersionKey, u64), (String, VersionInfo, SpaceInfo)> = BTreeMap::new();
    for (dataset, info) in snapshot.versions()? {
        for (number, space) in snapshot.store.spaces(info.key)?.into_iter().enumerate() {
            let place = format!("{dataset}/{}", info.version.name);
            spaces.insert((info.key, number as u64), (place, info.clone(), space));
        }
    }
    for list in &left.spaces {
        let of = spaces
            .iter()
            .find(|(_, (_, info, space))| info.key == list.version && space.key == list.space);
        match of {
            Some((at, _)) => drop(lists.insert(*at, list.segments.clone())),
            None => without_space.push(list.clone()),
        }
    }
    for (at, segment) in copy.adopted(&left, &spaces, &lists) {
        lists.entry(at).or_default().push(segment);
    }
    for list in without_space {
        copy.move_to_new_space(list.version, &list.segments)?;
    }
    for (at, segments) in lists {
        let (place, info, space) = &spaces[&at];
        copy.space(place, info, space, &segments)?;
    }
    Ok(())
}

struct Copy<'a> {
    source: Arc<dyn BlobSource>,
    cache: Arc<ByteCache>,
    shared: &'a Shared,
    report: &'a mut RepairReport,
}

type Spaces = BTreeMap<(VersionKey, u64), (String, VersionInfo, SpaceInfo)>;
type Lists = BTreeMap<(VersionKey, u64), Vec<SegmentLeft>>;

impl Copy<'_> {
    fn lose(&mut self, kind: LossKind, of: &str, count: u64, names: Vec<String>) {
        let losses = &mut self.report.losses;
        if count == 0 {
            return;
        }
        match losses.iter_mut().find(|loss| loss.kind == kind && loss.of == of) {
            Some(loss) => {
                loss.count += count;
                loss.names.extend(names);
            }
            None => losses.push(Loss { kind, of: of.to_owned(), count, names }),
        }
    }

    fn open(&self, blob: u64) -> Option<VectorSegment> {
        VectorSegment::open(&self.source, &self.cache, blob, None).ok()
    }

    /// Segments whose list is lost, each with the one space it can have been of: of its shape, and
    /// without a list. What could be of several is lost.
    fn adopted(
        &mut self,
        left: &VectorsLeft,
        spaces: &Spaces,
        lists: &Lists,
    ) -> Vec<((VersionKey, u64), SegmentLeft)> {
        let mut adopted = Vec::new();
        for (version, segment) in &left.unlisted {
            let opened = self.open(segment.blob);
            let shape = opened.as_ref().map(VectorSegment::shape);
            let mut fitting = spaces.iter().filter(|(at, (_, info, space))| {
                let known_version = version.0 == 0 || info.key == *version;
                let fits = shape == Some(VectorShape::from(&space.space));
                known_version && fits && !lists.contains_key(*at)
            });
            match (fitting.next(), fitting.next(), &opened) {
                (Some((at, _)), None, Some(opened)) => {
                    adopted
                        .push((*at, SegmentLeft { vectors: opened.vectors(), ..segment.clone() }));
                }
                _ => {
                    let vectors = opened.map_or(1, |opened| u64::from(opened.vectors()));
                    self.lose(LossKind::Vector, "", vectors, Vec::new());
                }
            }
        }
        adopted
    }

    /// Vectors of a space that is lost itself: they get one of their shape, of a model nobody knows.
    fn move_to_new_space(&mut self, version: VersionKey, segments: &[SegmentLeft]) -> Result<()> {
        let opened = segments.iter().find_map(|segment| self.open(segment.blob));
        let snapshot = self.shared.snapshot()?;
        let mut versions = snapshot.versions()?.into_iter();
        let known = versions.find(|(_, info)| info.key == version);
        let (Some(opened), Some((dataset, info))) = (opened, known) else {
            let vectors = segments.iter().map(lives_in).sum();
            self.lose(LossKind::Vector, "", vectors, Vec::new());
            return Ok(());
        };
        let shape = opened.shape();
        let mut txn = self.shared.store.write()?;
        let names: Vec<String> =
            txn.spaces(version)?.into_iter().map(|space| space.space.name).collect();
        let free = (1..).map(|number| format!("recovered-{number}"));
        let name = free.into_iter().find(|name| !names.contains(name)).unwrap_or_default();
        let space = Space {
            metric: shape.metric,
            normalised: shape.metric == filedex_model::Metric::Cosine,
            storage: shape.storage,
            // A dimension is at most 4,096.
            ..Space::new(&name, "unknown", shape.dimension as u32, Timestamp::now())
        };
        let key = txn.create_space(version, &space)?;
        txn.commit()?;
        self.shared.publish(Some(&snapshot), Some(version))?;
        self.report.spaces += 1;
        let made = self.shared.snapshot()?.store.spaces(version)?;
        let place = format!("{dataset}/{}", info.version.name);
        for space in made.into_iter().filter(|space| space.key == key) {
            self.space(&place, &info, &space, segments)?;
        }
        Ok(())
    }

    /// Copies the vectors of a space.
    fn space(
        &mut self,
        place: &str,
        info: &VersionInfo,
        space: &SpaceInfo,
        segments: &[SegmentLeft],
    ) -> Result<()> {
        let place = format!("{place} in {}", space.space.name);
        let shape = VectorShape::from(&space.space);
        let snapshot = self.shared.snapshot()?;
        let mut opened = Vec::new();
        // For each row the newest segment that has a vector of it.
        let mut found: BTreeMap<Row, (u64, usize, u32)> = BTreeMap::new();
        for segment in segments {
            let of_shape = self.open(segment.blob).filter(|opened| opened.shape() == shape);
            let rows = of_shape.as_ref().and_then(|opened| opened.row_list().ok());
            let (Some(of_shape), Some(rows)) = (of_shape, rows) else {
                self.lose(LossKind::Vector, &place, lives_in(segment), Vec::new());
                continue;
            };
            let (dead, known) = dead_of(segment);
            if !known {
                self.lose(LossKind::Deletion, &place, 1, Vec::new());
            }
            let at = opened.len();
            opened.push(of_shape);
            for (slot, row) in (0..).zip(rows).filter(|(slot, _)| !dead.contains(*slot)) {
                let this = (segment.blob, at, slot);
                let newest = found.entry(row).or_insert(this);
                if *newest != this {
                    // One of them was replaced, and the bitmap that says which is lost.
                    self.lose(LossKind::Deletion, &place, u64::from(known), Vec::new());
                    *newest = this.max(*newest);
                }
            }
        }
        let mut txn = self.shared.store.write()?;
        let (mut entries, mut builder) = (Vec::new(), VectorSegmentBuilder::new(shape));
        let mut vector = Vec::new();
        let most = (SEGMENT_BYTES / shape.vector_bytes().max(1)).max(1);
        for (row, (_, at, slot)) in found {
            let record = snapshot.store.record(info.key, row)?;
            if record.as_ref().is_some_and(|record| !record.is_active()) {
                // It had been removed with its record.
                continue;
            }
            let read = opened[at].read_vector(slot, &mut vector).is_ok();
            if record.is_some() && read && builder.add(row, &vector).is_ok() {
                self.report.vectors += 1;
            } else {
                let name = record.map(|record| match record.file_dir.as_str() {
                    "" => record.file_name,
                    dir => format!("{dir}/{}", record.file_name),
                });
                self.lose(LossKind::Vector, &place, 1, name.into_iter().collect());
            }
            if builder.len() >= most {
                let full = std::mem::replace(&mut builder, VectorSegmentBuilder::new(shape));
                entries.extend(full.finish().map(|b| put_vectors(&mut txn, &b)).transpose()?);
            }
        }
        entries.extend(builder.finish().map(|b| put_vectors(&mut txn, &b)).transpose()?);
        txn.set_vector_segments(info.key, space.key, &entries)?;
        txn.note_change(info.key)?;
        txn.commit()?;
        self.shared.publish(Some(&snapshot), Some(info.key))?;
        Ok(())
    }
}

/// The dead vectors of a segment, and whether they are known.
fn dead_of(segment: &SegmentLeft) -> (DeadDocs, bool) {
    match segment.dead.as_deref().map(DeadDocs::from_bytes) {
        None => (DeadDocs::default(), segment.dead_is_known),
        Some(Ok(dead)) => (dead, segment.dead_is_known),
        Some(Err(_)) => (DeadDocs::default(), false),
    }
}

/// How many vectors of a segment lived, by its list.
fn lives_in(segment: &SegmentLeft) -> u64 {
    u64::from(segment.vectors).saturating_sub(dead_of(segment).0.len())
}
