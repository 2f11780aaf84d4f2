//! Every level of instructions gives the same candidates on every path, to the last bit.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use filedex_kernel::Level;
use filedex_model::{Metric, VectorStorage};

use crate::blob::{BlobSource, ByteCache};
use crate::text::DeadDocs;
use crate::vector::builder::VectorSegmentBuilder;
use crate::vector::finish::Candidate;
use crate::vector::graph::build_graph;
use crate::vector::index::VectorView;
use crate::vector::layout::VectorShape;
use crate::vector::prepared::Prepared;
use crate::vector::segment::VectorSegment;
use crate::vector::slots::Slots;
use crate::vector::{cascade, exact, graph};

#[derive(Debug)]
struct Two([Vec<u8>; 2]);

impl BlobSource for Two {
    fn chunk_bytes(&self) -> usize {
        1 << 20
    }
    fn len(&self, blob: u64) -> std::io::Result<u64> {
        Ok(self.0[blob as usize].len() as u64)
    }
    fn read_chunk(&self, blob: u64, _: u32) -> std::io::Result<Vec<u8>> {
        Ok(self.0[blob as usize].clone())
    }
}

fn open(bytes: [Vec<u8>; 2], graph: Option<u64>) -> VectorSegment {
    let source: Arc<dyn BlobSource> = Arc::new(Two(bytes));
    VectorSegment::open(&source, &Arc::new(ByteCache::new(1 << 20)), 0, graph).unwrap()
}

#[test]
fn every_level_finds_the_same_candidates() {
    for (metric, dimension) in [(Metric::Cosine, 3), (Metric::Dot, 70), (Metric::L2, 130)] {
        let wave = |row: usize| -> Vec<f32> {
            (0..dimension).map(|d| ((row * 37 + d * d) as f32).sin()).collect()
        };
        let shape = VectorShape { dimension, metric, storage: VectorStorage::F32 };
        let mut builder = VectorSegmentBuilder::new(shape);
        (0..300).for_each(|row| builder.add(row as u32, &wave(row)).unwrap());
        let bytes = builder.finish().unwrap().bytes.to_vec().unwrap();
        let plain = open([bytes.clone(), Vec::new()], None);
        let built = build_graph(&plain, 1, &AtomicBool::new(false)).unwrap().unwrap();
        let segment = Arc::new(open([bytes, built.bytes], Some(1)));
        let dead = Arc::new(DeadDocs::default());
        let views = [VectorView { segment, dead: Arc::clone(&dead) }];
        let slots = [Slots::All { count: 300, dead: &dead }];
        let found = |level: Level| {
            let query = Prepared::at_level(level, metric, &wave(1_000));
            let graph = views[0].segment.graph().unwrap().unwrap();
            let by_path = [
                exact::candidates(&query, &views, &slots, 7, f32::NEG_INFINITY).unwrap(),
                cascade::candidates(&query, &views, &slots, 7).unwrap(),
                graph::candidates(&query, &views[0], 0, graph, &slots[0], 40).unwrap().unwrap(),
            ];
            by_path.map(|candidates: Vec<Candidate>| -> Vec<(u32, u32)> {
                candidates.iter().map(|found| (found.slot, found.upper.to_bits())).collect()
            })
        };
        let portable = found(Level::Portable);
        assert!(portable.iter().all(|candidates| candidates.len() >= 7));
        for level in Level::available() {
            assert_eq!(found(level), portable, "{metric}, {dimension}, {level:?}");
        }
    }
}
