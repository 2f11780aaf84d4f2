//! What a graph must be, so that a search through it misses no vector.

use super::layout::{Graph, Layer};
use crate::vector::segment::Codes;

/// How a search comes to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is a node, and walked to.
    Walk,
    /// It stands beside a node with an equal vector.
    Equal,
    /// Every search looks at it.
    Loose,
}

impl Graph {
    /// What is wrong with it as the graph of a segment with these codes, in words; nothing where it is
    /// what [`build_graph`](super::build_graph) makes:
    ///
    /// - its entry is a node, of the highest layer where there are layers;
    /// - the nodes of a layer are nodes of the layer below, and its edges lead from node to node;
    /// - a pair of equal vectors is a node and a slot that is none, and their codes are equal;
    /// - every slot is walked to from the entry, is one of such a pair, or is loose; none is two of
    ///   these.
    pub(crate) fn faults(&self, codes: &Codes) -> Vec<String> {
        let mut faults = Vec::new();
        let ways = self.ways(&mut faults);
        self.layers(&ways, &mut faults);
        self.pairs(&ways, codes, &mut faults);
        let unreached = self.unreached();
        if unreached > 0 {
            faults.push(format!("its graph misses {unreached} vectors"));
        }
        faults
    }

    /// The way to each slot.
    fn ways(&self, faults: &mut Vec<String>) -> Vec<Way> {
        let mut ways = vec![Way::Walk; self.base.offsets.len() - 1];
        for (_, slot) in &self.equal {
            ways[*slot as usize] = Way::Equal;
        }
        let twice = self.equal.len() - ways.iter().filter(|way| **way == Way::Equal).count();
        if twice > 0 {
            faults.push(format!("its graph pairs {twice} vectors with two others"));
        }
        if !self.loose.is_sorted_by(|a, b| a < b) {
            faults.push("its graph's loose vectors are out of order".to_owned());
        }
        for slot in &self.loose {
            if std::mem::replace(&mut ways[*slot as usize], Way::Loose) == Way::Equal {
                faults.push(format!("its graph has slot {slot} both loose and as an equal"));
            }
        }
        ways
    }

    fn layers(&self, ways: &[Way], faults: &mut Vec<String>) {
        let no_node = |slot: u32| ways[slot as usize] == Way::Equal;
        let highest = self.upper.first();
        if no_node(self.entry)
            || highest.is_some_and(|layer| layer.nodes.binary_search(&self.entry).is_err())
        {
            faults.push("its graph's entry is no node of its highest layer".to_owned());
        }
        for (above, layer) in self.upper.iter().enumerate() {
            let below = self.upper.get(above + 1);
            let astray = layer.nodes.iter().filter(|node| match below {
                Some(below) => below.nodes.binary_search(node).is_err(),
                None => no_node(**node),
            });
            let astray = astray.count();
            if astray > 0 {
                faults.push(format!("its graph has {astray} nodes that the layer below lacks"));
            }
            wrong_edges(layer, |slot| layer.nodes.binary_search(&slot).is_err(), faults);
        }
        wrong_edges(&self.base, no_node, faults);
        let edges_of_none = (0..)
            .zip(ways)
            .filter(|(slot, way)| **way == Way::Equal && !self.base.edges_of(*slot).is_empty());
        if edges_of_none.count() > 0 {
            faults.push("its graph has edges of vectors that are no nodes".to_owned());
        }
    }

    fn pairs(&self, ways: &[Way], codes: &Codes, faults: &mut Vec<String>) {
        let row = |slot: u32| {
            let start = slot as usize * codes.stride;
            let code = codes.codes.get(start..start + codes.stride);
            Some((code?, codes.scales.get(slot as usize)?.to_bits()))
        };
        let unlike = self.equal.iter().filter(|(node, slot)| {
            let equal = row(*node).is_some() && row(*node) == row(*slot);
            ways[*node as usize] == Way::Equal || !equal
        });
        let unlike = unlike.count();
        if unlike > 0 {
            faults.push(format!("its graph pairs {unlike} vectors that are not equal"));
        }
    }
}

/// Edges to what is no node of the layer, to the node itself, and given twice.
fn wrong_edges(layer: &Layer, no_node: impl Fn(u32) -> bool, faults: &mut Vec<String>) {
    let mut wrong = 0;
    let mut seen = Vec::new();
    for (at, ends) in layer.offsets.windows(2).enumerate() {
        let edges = &layer.edges[ends[0] as usize..ends[1] as usize];
        let node = layer.nodes.get(at).copied().unwrap_or(at as u32);
        seen.clear();
        seen.extend_from_slice(edges);
        seen.sort_unstable();
        let twice = seen.windows(2).filter(|pair| pair[0] == pair[1]).count();
        wrong += twice + edges.iter().filter(|edge| **edge == node || no_node(**edge)).count();
    }
    if wrong > 0 {
        faults.push(format!("its graph has {wrong} edges that lead nowhere"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::signs::Signs;

    /// Five vectors in one dimension; the second and the fourth are equal.
    fn codes() -> Codes {
        let dense = [100, 110, 120, 110, 140];
        let stride = filedex_kernel::padded(1);
        let mut codes = vec![128; stride * dense.len()];
        codes.chunks_exact_mut(stride).zip(dense).for_each(|(row, code)| row[0] = code);
        let ones = vec![1.0; dense.len()];
        let signs = Signs::new(stride, &codes, &ones, &[], vec![0.0]);
        Codes {
            stride,
            codes,
            scales: ones.clone(),
            lost: ones.clone(),
            most_lost: 1.0,
            lengths: ones,
            halves: Vec::new(),
            signs,
        }
    }

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
    fn each_fault_is_found() {
        assert_eq!(graph().faults(&codes()), [""; 0]);
        type Damage = fn(&mut Graph);
        let cases: [(&str, Damage); 14] = [
            ("misses 1 vectors", |graph| graph.loose.clear()),
            ("misses 1 vectors", |graph| graph.equal.clear()),
            ("pairs 1 vectors with two others", |graph| graph.equal.push((2, 3))),
            ("pairs 1 vectors that are not equal", |graph| graph.equal = vec![(2, 3)]),
            ("pairs 2 vectors that are not equal", |graph| graph.equal = vec![(1, 3), (3, 4)]),
            ("slot 4 both loose and as an equal", |graph| graph.equal.push((2, 4))),
            ("loose vectors are out of order", |graph| graph.loose = vec![4, 4]),
            ("entry is no node of its highest layer", |graph| graph.entry = 0),
            ("entry is no node of its highest layer", |graph| {
                graph.upper.clear();
                graph.entry = 3;
            }),
            ("1 nodes that the layer below lacks", |graph| {
                graph.upper[0] = Layer::new(vec![1, 2], &[vec![2], vec![1]]);
            }),
            ("1 nodes that the layer below lacks", |graph| {
                graph.upper[1] = Layer::new(vec![0, 2, 3], &[vec![2], vec![0], vec![]]);
            }),
            ("1 edges that lead nowhere", |graph| {
                graph.upper[1] = Layer::new(vec![0, 2], &[vec![2], vec![1]]);
            }),
            ("2 edges that lead nowhere", |graph| {
                let lists = [vec![1, 0], vec![0, 2, 2], vec![1], vec![], vec![]];
                graph.base = Layer::new(Vec::new(), &lists);
            }),
            ("edges of vectors that are no nodes", |graph| {
                let lists = [vec![1], vec![0, 2], vec![1], vec![1], vec![]];
                graph.base = Layer::new(Vec::new(), &lists);
            }),
        ];
        for (fault, damage) in cases {
            let mut graph = graph();
            damage(&mut graph);
            let faults = graph.faults(&codes());
            assert!(faults.iter().any(|found| found.contains(fault)), "{fault}: {faults:?}");
        }
    }
}
