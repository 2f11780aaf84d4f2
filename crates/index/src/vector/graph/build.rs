//! Building a graph: `hnsw_rs` proposes edges, the rest is here.
//!
//! What `hnsw_rs` 0.3.5 leaves to be put right: an edge is often kept one way only, because a full
//! list drops its farthest end whatever that end has else, so that a vector can be left with no edge
//! that leads to it; equal vectors link to each other only. So equal vectors enter once, the other
//! way of an edge is added where there is room, and what the entry still does not reach is linked
//! from a neighbour, or kept as loose.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use filedex_kernel::{Level, dot_rows};
use filedex_model::Metric;
use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;

use crate::error::IndexError;
use crate::vector::graph::layout::{Graph, Layer};
use crate::vector::segment::{Codes, VectorSegment};

/// Edges of a node in an upper layer; twice as many in the base layer.
const EDGES: usize = 16;
/// Candidates looked at for a new node's edges.
const BREADTH: usize = 200;
/// The most layers `hnsw_rs` makes.
const LAYERS: usize = 16;
/// Edges of a node of the base layer, those added for reachability included.
const MOST_EDGES: usize = 2 * EDGES + 8;
/// Nodes inserted between two looks at whether to stop.
const INSERTED_AT_ONCE: usize = 2_000;
/// Bytes behind a row's codes: its scale and half of its squared length.
const TAIL: usize = 8;

/// A finished graph, to be stored as a blob.
#[derive(Clone, Debug)]
pub struct BuiltGraph {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Vectors that every search looks at, because no walk reaches them.
    pub loose: usize,
    /// Edges of the base layer.
    pub edges: usize,
}

/// Builds the graph of a segment on `threads` threads of its own, so that nobody who uses rayon's
/// waits for it; none once `stop` is set, which is looked at about every second. Two builds of a
/// segment can differ, because threads race for the order of insertion; a stored graph answers alike
/// for ever.
///
/// # Errors
/// If the segment cannot be read.
pub fn build_graph(
    segment: &VectorSegment,
    threads: usize,
    stop: &AtomicBool,
) -> Result<Option<BuiltGraph>, IndexError> {
    let codes = segment.codes()?;
    let shape = segment.shape();
    let count = segment.vectors();
    let (nodes, equal) = distinct(codes, count);
    let distance = CodeDistance::new(shape.metric, codes);
    let packed = pack(codes, &nodes);
    let width = codes.stride + TAIL;
    let hnsw = Hnsw::new(EDGES, nodes.len(), LAYERS, BREADTH, distance);
    let rows = packed.chunks_exact(width).zip(&nodes).map(|(row, slot)| (row, *slot as usize));
    let rows: Vec<(&[u8], usize)> = rows.collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let pool = pool.map_err(|error| IndexError::Engine { what: error.to_string() })?;
    for some in rows.chunks(INSERTED_AT_ONCE) {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        pool.install(|| hnsw.parallel_insert_slice(&some.to_vec()));
    }
    let mut graph = copy(&hnsw, count, equal);
    drop(hnsw);
    add_ways_back(&mut graph.lists);
    let loose = reach(&mut graph, &nodes);
    let base = Layer::new(Vec::new(), &graph.lists);
    let edges = base.edges.len();
    let built = Graph {
        entry: graph.entry,
        base,
        upper: graph.upper,
        equal: graph.equal,
        loose: loose.clone(),
    };
    Ok(Some(BuiltGraph { bytes: built.to_bytes(), loose: loose.len(), edges }))
}

/// A graph while it is put right.
struct Draft {
    entry: u32,
    /// The edges of each slot in the base layer.
    lists: Vec<Vec<u32>>,
    upper: Vec<Layer>,
    equal: Vec<(u32, u32)>,
}

/// The first slot of each different vector, and the others with theirs. Vectors whose codes are
/// equal count as such here: each is still scored for itself.
fn distinct(codes: &Codes, count: u32) -> (Vec<u32>, Vec<(u32, u32)>) {
    let mut first: HashMap<(&[u8], u32), u32> = HashMap::with_capacity(count as usize);
    let (mut nodes, mut equal) = (Vec::new(), Vec::new());
    for (slot, row) in (0..count).zip(codes.codes.chunks_exact(codes.stride)) {
        let scale = codes.scales[slot as usize].to_bits();
        match first.entry((row, scale)) {
            std::collections::hash_map::Entry::Occupied(node) => equal.push((*node.get(), slot)),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(slot);
                nodes.push(slot);
            }
        }
    }
    equal.sort_unstable();
    (nodes, equal)
}

/// The codes of the nodes, each with its scale and its half.
fn pack(codes: &Codes, nodes: &[u32]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(nodes.len() * (codes.stride + TAIL));
    for slot in nodes {
        let slot = *slot as usize;
        packed.extend_from_slice(&codes.codes[slot * codes.stride..(slot + 1) * codes.stride]);
        packed.extend(codes.scales[slot].to_ne_bytes());
        packed.extend(codes.halves.get(slot).copied().unwrap_or(0.0).to_ne_bytes());
    }
    packed
}

/// A distance between packed rows; never below 0, which `hnsw_rs` needs.
struct CodeDistance {
    metric: Metric,
    level: Level,
    /// Under dot, the greatest squared length: no product is above it.
    most: f32,
}

impl CodeDistance {
    fn new(metric: Metric, codes: &Codes) -> Self {
        let longest = codes.lengths.iter().fold(0.0_f32, |most, length| most.max(*length));
        Self { metric, level: Level::detect(), most: longest * longest }
    }
}

impl Distance<u8> for CodeDistance {
    fn eval(&self, a: &[u8], b: &[u8]) -> f32 {
        let (a, a_tail) = a.split_at(a.len() - TAIL);
        let (b, b_tail) = b.split_at(b.len() - TAIL);
        let number = |tail: &[u8], at: usize| {
            f32::from_ne_bytes([tail[at], tail[at + 1], tail[at + 2], tail[at + 3]])
        };
        let dot = dot_rows(self.level, a, b) as f32 * number(a_tail, 0) * number(b_tail, 0);
        let distance = match self.metric {
            Metric::Cosine => 1.0 - dot,
            Metric::Dot => self.most - dot,
            Metric::L2 => number(a_tail, 4) + number(b_tail, 4) - dot,
        };
        distance.max(0.0)
    }
}

/// Copies the edges of every layer.
fn copy(hnsw: &Hnsw<'_, u8, CodeDistance>, count: u32, equal: Vec<(u32, u32)>) -> Draft {
    let points = hnsw.get_point_indexation();
    let highest = usize::from(hnsw.get_max_level_observed());
    let mut lists = vec![Vec::new(); count as usize];
    let mut layers: Vec<Vec<(u32, Vec<u32>)>> = vec![Vec::new(); highest + 1];
    let mut entry = 0;
    for level in 0..=highest {
        for point in points.get_layer_iterator(level) {
            // Origins are slots, 32-bit numbers.
            let slot = point.get_origin_id() as u32;
            if level == highest {
                entry = slot;
            }
            for (layer, neighbours) in point.get_neighborhood_id().into_iter().enumerate() {
                // Above its own level a point keeps notes that are no edges.
                if layer > level {
                    break;
                }
                let edges = neighbours.iter().map(|n| n.get_origin_id() as u32).collect();
                if layer == 0 {
                    lists[slot as usize] = edges;
                } else {
                    layers[layer].push((slot, edges));
                }
            }
        }
    }
    for (slot, list) in (0..).zip(&mut lists) {
        tidy(slot, list, |_| true);
    }
    let upper = layers.into_iter().skip(1).rev().filter(|layer| !layer.is_empty());
    let upper = upper.map(|mut layer| {
        layer.sort_unstable();
        let (nodes, mut lists): (Vec<u32>, Vec<Vec<u32>>) = layer.into_iter().unzip();
        for (slot, list) in nodes.iter().zip(&mut lists) {
            tidy(*slot, list, |edge| nodes.binary_search(&edge).is_ok());
        }
        Layer::new(nodes, &lists)
    });
    Draft { entry, lists, upper: upper.collect(), equal }
}

/// Removes what a walk would take for nothing: edges to the node itself, second ones to the same node,
/// and in an upper layer those that lead out of it.
fn tidy(slot: u32, edges: &mut Vec<u32>, is_node: impl Fn(u32) -> bool) {
    let mut seen = HashSet::with_capacity(edges.len());
    edges.retain(|edge| *edge != slot && is_node(*edge) && seen.insert(*edge));
}

/// Adds the other way of each edge where there is room for it.
fn add_ways_back(lists: &mut [Vec<u32>]) {
    for slot in 0..lists.len() {
        for at in 0..lists[slot].len() {
            let other = lists[slot][at] as usize;
            if lists[other].len() < 2 * EDGES && !lists[other].contains(&(slot as u32)) {
                lists[other].push(slot as u32);
            }
        }
    }
}

/// Makes every node reachable from the entry of the base layer, by an edge from one of its own
/// neighbours; answers those for which none had room.
fn reach(graph: &mut Draft, nodes: &[u32]) -> Vec<u32> {
    let mut reached = vec![false; graph.lists.len()];
    flood(&graph.lists, graph.entry, &mut reached);
    // One round can make a neighbour reachable that another node waits for.
    loop {
        let mut progress = false;
        for node in nodes {
            if reached[*node as usize] {
                continue;
            }
            let room = graph.lists[*node as usize].iter().copied().find(|neighbour| {
                reached[*neighbour as usize] && graph.lists[*neighbour as usize].len() < MOST_EDGES
            });
            if let Some(neighbour) = room {
                graph.lists[neighbour as usize].push(*node);
                flood(&graph.lists, *node, &mut reached);
                progress = true;
            }
        }
        if !progress {
            break;
        }
    }
    nodes.iter().copied().filter(|node| !reached[*node as usize]).collect()
}

/// Marks all that can be reached from a node.
fn flood(lists: &[Vec<u32>], from: u32, reached: &mut [bool]) {
    let mut open = vec![from];
    reached[from as usize] = true;
    while let Some(slot) = open.pop() {
        for edge in &lists[slot as usize] {
            if !std::mem::replace(&mut reached[*edge as usize], true) {
                open.push(*edge);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::blob::{BlobSource, ByteCache};
    use crate::vector::builder::VectorSegmentBuilder;
    use crate::vector::layout::VectorShape;

    #[test]
    fn what_no_edge_leads_to_is_linked_or_loose() {
        let draft =
            |lists: Vec<Vec<u32>>| Draft { entry: 0, lists, upper: Vec::new(), equal: Vec::new() };
        // 2 leads to 1 and nothing to 2; 3 leads to 2 alone.
        let mut graph = draft(vec![vec![1], vec![0], vec![1], vec![2]]);
        assert_eq!(reach(&mut graph, &[0, 1, 2, 3]), [0_u32; 0]);
        assert_eq!(graph.lists, [vec![1], vec![0, 2], vec![1, 3], vec![2]]);
        // 1 has no room left.
        let mut graph = draft(vec![vec![1], vec![0; MOST_EDGES], vec![1]]);
        assert_eq!(reach(&mut graph, &[0, 1, 2]), [2]);
    }

    /// One segment in memory.
    #[derive(Debug)]
    struct Memory(Vec<u8>);

    impl BlobSource for Memory {
        fn chunk_bytes(&self) -> usize {
            self.0.len()
        }

        fn len(&self, _blob: u64) -> std::io::Result<u64> {
            Ok(self.0.len() as u64)
        }

        fn read_chunk(&self, _blob: u64, _chunk: u32) -> std::io::Result<Vec<u8>> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn built_graphs_have_no_edge_for_nothing() {
        let mut seed = filedex_testkit::Seed::of_run(0x1d1e);
        for metric in [Metric::Cosine, Metric::Dot, Metric::L2] {
            let shape =
                VectorShape { dimension: 6, metric, storage: filedex_model::VectorStorage::F32 };
            let mut builder = VectorSegmentBuilder::new(shape);
            for row in 0..3_000 {
                // Every seventh is one of a few, so that there are equal ones.
                let few = if row % 7 == 0 { 5 } else { 1_000 };
                let number = |seed: &mut filedex_testkit::Seed| seed.below(few) as f32 / 9.0 + 0.1;
                let vector: Vec<f32> = (0..6).map(|_| number(&mut seed)).collect();
                let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
                let vector: Vec<f32> = match metric {
                    Metric::Cosine => vector.iter().map(|x| x / length).collect(),
                    _ => vector,
                };
                builder.add(row, &vector).unwrap();
            }
            let source: Arc<dyn BlobSource> =
                Arc::new(Memory(builder.finish().unwrap().bytes.to_vec().unwrap()));
            let cache = Arc::new(ByteCache::new(1 << 20));
            let segment = VectorSegment::open(&source, &cache, 1, None).unwrap();
            let codes = segment.codes().unwrap();
            for threads in [1, 2, 4] {
                let built = build_graph(&segment, threads, &AtomicBool::new(false));
                let graph = Graph::parse(&built.unwrap().unwrap().bytes, 3_000).unwrap();
                assert_eq!(graph.wrong(|a, b| codes.are_equal(a, b)), [""; 0], "{metric}");
                assert!(!graph.equal.is_empty() && !graph.upper.is_empty());
                assert_eq!(graph.idle_edges(), 0, "{metric} on {threads} threads");
            }
        }
    }

    #[test]
    fn edges_that_a_walk_takes_for_nothing_go() {
        let mut edges = vec![3, 1, 3, 2, 1, 7];
        tidy(2, &mut edges, |edge| edge != 7);
        assert_eq!(edges, [3, 1]);
    }

    #[test]
    fn ways_back() {
        let mut lists = vec![vec![1, 2], vec![], vec![0]];
        add_ways_back(&mut lists);
        assert_eq!(lists, [vec![1, 2], vec![0], vec![0]]);
    }
}
