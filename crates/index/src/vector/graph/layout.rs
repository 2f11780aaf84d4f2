//! The bytes of a graph.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 8 | `filedexG` |
//! | 8 | 4 | format, 1 |
//! | 12 | 4 | vectors of its segment, n |
//! | 16 | 4 | entry, a slot |
//! | 20 | 4 | upper layers, u |
//! | 24 | 4 | pairs of equal vectors, e |
//! | 28 | 4 | loose slots, l |
//! | 32 | | the base layer, then each upper layer from the highest down |
//! | | 8 e | slot of a node, slot of a vector equal to it, ascending |
//! | | 4 l | loose slots, ascending |
//! | end - 8 | 8 | xxh3 of all before |
//!
//! A layer is its number of nodes m, its number of edges, both u32; under an upper layer m slots,
//! ascending; m + 1 offsets into the edges; the edges, slots. The base layer has a node for each
//! slot. Numbers are u32, little-endian.

use xxhash_rust::xxh3::xxh3_64;

use crate::vector::layout::{u32_at, u32s, u64_at};

const MAGIC: &[u8; 8] = b"filedexG";
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = 32;

/// The edges of one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer {
    /// The slots of its nodes, ascending; empty in the base layer, where each slot is a node.
    pub(crate) nodes: Vec<u32>,
    /// Where each node's edges begin, and where the last one's end.
    pub(crate) offsets: Vec<u32>,
    /// Slots.
    pub(crate) edges: Vec<u32>,
}

/// A segment's graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Graph {
    pub(crate) entry: u32,
    pub(crate) base: Layer,
    /// From the highest down.
    pub(crate) upper: Vec<Layer>,
    /// A node and a slot whose vector equals the node's; such slots have no edges.
    pub(crate) equal: Vec<(u32, u32)>,
    /// Slots that no walk reaches: every search looks at them.
    pub(crate) loose: Vec<u32>,
}

impl Layer {
    /// A layer with these lists of edges; `nodes` is empty for the base layer.
    pub(crate) fn new(nodes: Vec<u32>, lists: &[Vec<u32>]) -> Self {
        let mut offsets = Vec::with_capacity(lists.len() + 1);
        let mut edges = Vec::new();
        offsets.push(0);
        for list in lists {
            edges.extend_from_slice(list);
            offsets.push(edges.len() as u32);
        }
        Self { nodes, offsets, edges }
    }

    /// The edges of a slot; none where it is no node of the layer.
    pub(crate) fn edges_of(&self, slot: u32) -> &[u32] {
        let node = if self.nodes.is_empty() {
            slot as usize
        } else {
            match self.nodes.binary_search(&slot) {
                Ok(node) => node,
                Err(_) => return &[],
            }
        };
        &self.edges[self.offsets[node] as usize..self.offsets[node + 1] as usize]
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let numbers = [self.offsets.len() as u32 - 1, self.edges.len() as u32];
        let all = numbers.iter().chain(&self.nodes).chain(&self.offsets).chain(&self.edges);
        all.for_each(|n| bytes.extend(n.to_le_bytes()));
    }
}

impl Graph {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for number in [
            FORMAT,
            self.base.offsets.len() as u32 - 1,
            self.entry,
            self.upper.len() as u32,
            self.equal.len() as u32,
            self.loose.len() as u32,
        ] {
            bytes.extend(number.to_le_bytes());
        }
        self.base.write(&mut bytes);
        self.upper.iter().for_each(|layer| layer.write(&mut bytes));
        let pairs = self.equal.iter().flat_map(|(node, slot)| [node, slot]);
        pairs.chain(&self.loose).for_each(|n| bytes.extend(n.to_le_bytes()));
        let checksum = xxh3_64(&bytes);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// Reads the graph of a segment of `vectors`, or says what is wrong with it. Every slot in what
    /// it answers is one of the segment's.
    pub(crate) fn parse(bytes: &[u8], vectors: u32) -> Result<Self, String> {
        let body = bytes.len().checked_sub(8).filter(|body| *body >= HEADER_BYTES);
        let Some(body) = body else {
            return Err(format!("it has only {} bytes", bytes.len()));
        };
        if &bytes[..8] != MAGIC {
            return Err("it does not start like a graph".to_owned());
        }
        if u32_at(bytes, 8) != FORMAT {
            let format = u32_at(bytes, 8);
            return Err(format!("its format is {format}, and this version reads {FORMAT}"));
        }
        if u64_at(bytes, body) != xxh3_64(&bytes[..body]) {
            return Err("it does not match its checksum".to_owned());
        }
        if u32_at(bytes, 12) != vectors {
            return Err(format!("it is of {} vectors instead of {vectors}", u32_at(bytes, 12)));
        }
        let [entry, upper, equal, loose] = [16, 20, 24, 28].map(|at| u32_at(bytes, at));
        let mut rest = Numbers { bytes: &bytes[HEADER_BYTES..body], slots: vectors };
        let base = rest.layer(false)?;
        if base.offsets.len() != vectors as usize + 1 {
            return Err("its base layer is of another segment".to_owned());
        }
        let upper = (0..upper).map(|_| rest.layer(true)).collect::<Result<_, _>>()?;
        let pairs = rest.slots(equal as usize * 2)?;
        let loose = rest.slots(loose as usize)?;
        if entry >= vectors || !rest.bytes.is_empty() {
            return Err("it does not end where it should".to_owned());
        }
        let equal: Vec<(u32, u32)> =
            pairs.as_chunks::<2>().0.iter().map(|pair| (pair[0], pair[1])).collect();
        if !equal.is_sorted() {
            return Err("its equal vectors are out of order".to_owned());
        }
        Ok(Self { entry, base, upper, equal, loose })
    }

    /// How many slots no search would look at: all should be reached from the entry, equal one that
    /// is, or be loose.
    pub(crate) fn unreached(&self) -> usize {
        let mut reached = vec![false; self.base.offsets.len() - 1];
        let mut open = vec![self.entry];
        reached[self.entry as usize] = true;
        while let Some(slot) = open.pop() {
            for edge in self.base.edges_of(slot) {
                if !std::mem::replace(&mut reached[*edge as usize], true) {
                    open.push(*edge);
                }
            }
        }
        self.loose.iter().for_each(|slot| reached[*slot as usize] = true);
        for (node, slot) in &self.equal {
            reached[*slot as usize] |= reached[*node as usize];
        }
        reached.iter().filter(|reached| !**reached).count()
    }

    /// What is wrong with it, in words: what a search would miss because of it, or take for something
    /// it is not. `equal` is whether two slots have the same codes.
    pub(crate) fn wrong(&self, equal: impl Fn(u32, u32) -> bool) -> Vec<String> {
        let mut wrong = Vec::new();
        let unreached = self.unreached();
        if unreached > 0 {
            wrong.push(format!("misses {unreached} vectors"));
        }
        let unequal = self.equal.iter().filter(|(node, slot)| !equal(*node, *slot)).count();
        if unequal > 0 {
            wrong.push(format!("takes {unequal} pairs of vectors for equal that are not"));
        }
        let without_edges = |slot: &u32| self.base.edges_of(*slot).is_empty();
        let twice = self.equal.iter().filter(|(_, slot)| !without_edges(slot)).count();
        if twice > 0 {
            wrong.push(format!("has {twice} vectors both as nodes and as equal to one"));
        }
        if self.upper.first().is_some_and(|top| top.nodes.binary_search(&self.entry).is_err()) {
            wrong.push("does not begin in its highest layer".to_owned());
        }
        for (above, below) in self.upper.iter().zip(self.upper.iter().skip(1)) {
            let lost = above.nodes.iter().filter(|node| below.nodes.binary_search(node).is_err());
            let lost = lost.count();
            if lost > 0 {
                wrong.push(format!("has {lost} nodes in a layer that the layer below lacks"));
            }
        }
        wrong
    }

    /// Edges that a walk would take for nothing: to the node itself, twice to another, out of a layer.
    #[cfg(test)]
    pub(crate) fn idle_edges(&self) -> usize {
        let all: Vec<u32> = (0..self.base.offsets.len() as u32 - 1).collect();
        let layers = self.upper.iter().map(|layer| (layer, &layer.nodes));
        let layers = layers.chain([(&self.base, &all)]);
        let idle = layers.flat_map(|(layer, nodes)| {
            nodes.iter().map(move |slot| {
                let edges = layer.edges_of(*slot);
                let useful: std::collections::HashSet<u32> = edges
                    .iter()
                    .copied()
                    .filter(|edge| edge != slot && nodes.binary_search(edge).is_ok())
                    .collect();
                edges.len() - useful.len()
            })
        });
        idle.sum()
    }

    /// The slots whose vectors equal a node's.
    pub(crate) fn equal_to(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let from = self.equal.partition_point(|(n, _)| *n < node);
        self.equal[from..].iter().take_while(move |(n, _)| *n == node).map(|(_, slot)| *slot)
    }
}

/// What is left of the bytes.
struct Numbers<'a> {
    bytes: &'a [u8],
    slots: u32,
}

impl Numbers<'_> {
    fn take(&mut self, count: usize) -> Result<Vec<u32>, String> {
        let length = count.checked_mul(4).filter(|length| *length <= self.bytes.len());
        let length = length.ok_or("it ends too early")?;
        let (numbers, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Ok(u32s(numbers).collect())
    }

    fn slots(&mut self, count: usize) -> Result<Vec<u32>, String> {
        let slots = self.take(count)?;
        if slots.iter().any(|slot| *slot >= self.slots) {
            return Err("it names a vector that its segment lacks".to_owned());
        }
        Ok(slots)
    }

    fn layer(&mut self, upper: bool) -> Result<Layer, String> {
        let sizes = self.take(2)?;
        let (nodes, edges) = (sizes[0] as usize, sizes[1] as usize);
        let nodes_of = if upper { self.slots(nodes)? } else { Vec::new() };
        if upper && (nodes == 0 || !nodes_of.is_sorted_by(|a, b| a < b)) {
            return Err("its layers are out of order".to_owned());
        }
        let offsets = self.take(nodes + 1)?;
        let ascend = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        if !ascend || offsets.first() != Some(&0) || offsets.last() != Some(&sizes[1]) {
            return Err("its lists overlap".to_owned());
        }
        Ok(Layer { nodes: nodes_of, offsets, edges: self.slots(edges)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        Graph {
            entry: 2,
            base: Layer::new(Vec::new(), &[vec![1], vec![0, 2], vec![1], vec![], vec![]]),
            upper: vec![
                Layer::new(vec![2], &[vec![]]),
                Layer::new(vec![0, 2], &[vec![2], vec![0]]),
            ],
            equal: vec![(1, 3)],
            loose: vec![4],
        }
    }

    #[test]
    fn bytes_and_back() {
        let graph = graph();
        assert_eq!(Graph::parse(&graph.to_bytes(), 5).as_ref(), Ok(&graph));
        assert_eq!(graph.base.edges_of(1), [0, 2]);
        assert_eq!(graph.upper[1].edges_of(1), [0_u32; 0]);
        assert_eq!(graph.equal_to(1).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn slots_that_no_search_looks_at() {
        let whole = graph();
        assert_eq!(whole.unreached(), 0);
        assert_eq!(Graph { equal: Vec::new(), ..whole.clone() }.unreached(), 1);
        assert_eq!(Graph { loose: Vec::new(), ..whole.clone() }.unreached(), 1);
        let base = Layer::new(Vec::new(), &[vec![1], vec![0], vec![1], vec![], vec![]]);
        assert_eq!(Graph { entry: 0, base, ..whole }.unreached(), 1);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let whole = graph();
        assert_eq!(whole.wrong(|_, _| true), [""; 0]);
        assert_eq!(whole.idle_edges(), 0);
        let said = |graph: &Graph| graph.wrong(|_, _| true).join("; ");
        assert!(whole.wrong(|_, _| false)[0].contains("1 pairs"));
        assert!(said(&Graph { entry: 0, ..whole.clone() }).contains("highest layer"));
        let upper = whole.upper.iter().rev().cloned().collect();
        assert!(said(&Graph { upper, ..whole.clone() }).contains("the layer below lacks"));
        assert!(said(&Graph { equal: vec![(1, 0)], ..whole.clone() }).contains("both as nodes"));
        assert!(said(&Graph { loose: Vec::new(), ..whole.clone() }).contains("misses 1 vectors"));
        let base = Layer::new(Vec::new(), &[vec![1, 0], vec![0, 2, 2], vec![1], vec![], vec![]]);
        assert_eq!(Graph { base, ..whole }.idle_edges(), 2);
    }

    #[test]
    fn no_damage_panics_or_passes() {
        let good = graph().to_bytes();
        assert!(Graph::parse(&good, 4).is_err());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(Graph::parse(&bad, 5).is_err(), "byte {at}");
            assert!(Graph::parse(&good[..at], 5).is_err(), "length {at}");
            // With the checksum made good, what is read must still be inside the segment.
            let body = bad.len() - 8;
            let checksum = xxh3_64(&bad[..body]).to_le_bytes();
            bad[body..].copy_from_slice(&checksum);
            if let Ok(graph) = Graph::parse(&bad, 5) {
                assert!(graph.entry < 5 && graph.base.edges.iter().all(|slot| *slot < 5));
            }
        }
    }
}
