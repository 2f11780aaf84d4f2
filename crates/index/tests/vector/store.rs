//! Vectors in segments, some dead, and the same vectors in a plain list.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use filedex_index::{
    BuiltVectors, DeadDocs, VectorIndex, VectorSegmentBuilder, VectorShape, VectorView, build_graph,
};
use filedex_model::{Metric, Row, Space, Timestamp, VectorStorage};
use filedex_testkit::Seed;
use half::f16;

use crate::blobs::Blobs;

/// Vectors by row, rows ascending.
pub type Listed = Vec<(Row, Vec<f32>)>;

/// An index, and what lives in it as it is stored.
pub struct Store {
    pub blobs: Arc<Blobs>,
    pub index: VectorIndex,
    pub live: Listed,
}

/// A space whose vectors keep their lengths unless it is under cosine.
pub fn space(metric: Metric, storage: VectorStorage, dimension: usize) -> Space {
    let now = Timestamp::from_millis(0).unwrap();
    let made = Space::new("s", "m", u32::try_from(dimension).unwrap(), now);
    Space { metric, storage, normalised: metric == Metric::Cosine, ..made }
}

pub fn shape(metric: Metric, storage: VectorStorage, dimension: usize) -> VectorShape {
    VectorShape::from(&space(metric, storage, dimension))
}

pub fn build(shape: VectorShape, vectors: &[(Row, Vec<f32>)]) -> BuiltVectors {
    let mut builder = VectorSegmentBuilder::new(shape);
    for (row, vector) in vectors {
        builder.add(*row, vector).unwrap();
    }
    builder.finish().unwrap()
}

/// A vector as a segment gives it back.
pub fn stored(storage: VectorStorage, vector: &[f32]) -> Vec<f32> {
    match storage {
        VectorStorage::F32 => vector.to_vec(),
        VectorStorage::F16 => vector.iter().map(|x| f16::from_f32(*x).to_f32()).collect(),
    }
}

impl Store {
    /// Everything in one segment, nothing dead.
    pub fn whole(shape: VectorShape, vectors: Listed) -> Self {
        Self::of_parts(shape, vec![(vectors, Vec::new())])
    }

    /// Each part is a segment with its dead slots.
    pub fn of_parts(shape: VectorShape, parts: Vec<(Listed, Vec<u32>)>) -> Self {
        let blobs = Blobs::new();
        let mut live = Listed::new();
        let mut views = Vec::new();
        for (vectors, dead) in parts.into_iter().filter(|(vectors, _)| !vectors.is_empty()) {
            let blob = blobs.put(build(shape, &vectors).bytes.to_vec().unwrap());
            let segment = Arc::new(blobs.open(blob, None).unwrap());
            let dead: DeadDocs = dead.into_iter().collect();
            for (slot, (row, vector)) in (0..).zip(vectors) {
                if !dead.contains(slot) {
                    live.push((row, stored(shape.storage, &vector)));
                }
            }
            views.push(VectorView { segment, dead: Arc::new(dead) });
        }
        live.sort_by_key(|(row, _)| *row);
        Self { blobs, index: VectorIndex::new(shape, views).unwrap(), live }
    }

    /// The vectors over several segments, with a dead vector for about every sixth live one: stale
    /// vectors of rows that live elsewhere, and of rows that live no more.
    pub fn scattered(
        seed: &mut Seed,
        shape: VectorShape,
        vectors: Listed,
        segments: usize,
    ) -> Self {
        let mut parts = vec![(Listed::new(), Vec::new()); segments];
        for (row, vector) in vectors {
            let home = seed.below(segments);
            if seed.chance(8) {
                let (stale, dead) = &mut parts[(home + 1) % segments];
                dead.push(u32::try_from(stale.len()).unwrap());
                stale.push((row, vector.iter().rev().copied().collect()));
            }
            let (part, dead) = &mut parts[home];
            // A stale vector may have taken the row's place in the only segment.
            if part.last().is_some_and(|(last, _)| *last == row) {
                continue;
            }
            if seed.chance(8) {
                dead.push(u32::try_from(part.len()).unwrap());
            }
            part.push((row, vector));
        }
        Self::of_parts(shape, parts)
    }

    /// The same, with a graph for every segment.
    pub fn with_graphs(&self) -> Self {
        let graphed = self.index.segments().iter().map(|view| {
            let built = build_graph(&view.segment, 2, &AtomicBool::new(false)).unwrap().unwrap();
            let graph = self.blobs.put(built.bytes);
            let segment = Arc::new(view.segment.with_graph(Some(graph)));
            VectorView { segment, dead: Arc::clone(&view.dead) }
        });
        let index = VectorIndex::new(self.index.shape(), graphed.collect()).unwrap();
        Self { blobs: Arc::clone(&self.blobs), index, live: self.live.clone() }
    }

    pub fn rows(&self) -> Vec<Row> {
        self.live.iter().map(|(row, _)| *row).collect()
    }
}

/// Rows with gaps of up to `gap` for these vectors.
pub fn numbered(seed: &mut Seed, vectors: Vec<Vec<f32>>, gap: usize) -> Listed {
    let mut next = 0;
    let row_of = |vector| {
        let row: Row = next + Row::try_from(seed.below(gap + 1)).unwrap();
        next = row + 1;
        (row, vector)
    };
    vectors.into_iter().map(row_of).collect()
}
