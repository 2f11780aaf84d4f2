//! Searching a graph over byte codes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::error::IndexError;
use crate::vector::finish::Candidate;
use crate::vector::graph::layout::Graph;
use crate::vector::index::VectorView;
use crate::vector::prepared::Prepared;
use crate::vector::segment::Codes;
use crate::vector::slots::Slots;

/// A slot by its closeness.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Near {
    closeness: f32,
    slot: u32,
}

impl Eq for Near {}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.closeness.total_cmp(&other.closeness).then(other.slot.cmp(&self.slot))
    }
}

/// Nodes that a walk may look at for each that it keeps. It takes about 12 among all rows and 28 among
/// half of them; where the search is about rows far from the query, it would first have to pass through
/// all that are near.
const PATIENCE: usize = 32;

/// The best of one segment's rows that a walk of its graph meets, bounded by their codes: `breadth`
/// different vectors where there are as many, with all that equal them. None where the walk lost
/// patience.
///
/// The walk goes through every node and keeps those that the search is about, so it slows down as
/// those grow fewer; its caller takes another path then.
pub(crate) fn candidates(
    query: &Prepared,
    view: &VectorView,
    place: u32,
    graph: &Graph,
    slots: &Slots<'_>,
    breadth: usize,
) -> Result<Option<Vec<Candidate>>, IndexError> {
    let codes = view.segment.codes()?;
    let Some(nodes) = walk(query, codes, graph, slots, breadth) else { return Ok(None) };
    let nodes = nodes.iter().map(|node| node.slot).chain(graph.loose.iter().copied());
    let mut chosen: Vec<u32> = nodes
        .flat_map(|node| std::iter::once(node).chain(graph.equal_to(node)))
        .filter(|slot| slots.contains(*slot))
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mut bounds = Vec::new();
    query.bounds(codes, &chosen, &mut bounds);
    let candidates = chosen.iter().zip(&bounds).map(|(slot, bound)| Candidate {
        upper: bound.near + bound.slack,
        view: place,
        slot: *slot,
    });
    Ok(Some(candidates.collect()))
}

fn walk(
    query: &Prepared,
    codes: &Codes,
    graph: &Graph,
    slots: &Slots<'_>,
    breadth: usize,
) -> Option<Vec<Near>> {
    let mut closeness = Vec::new();
    let entry = descend(query, codes, graph, &mut closeness);
    // A node counts if its vector, or one that equals it, is what the search is about.
    let counts =
        |slot: u32| slots.contains(slot) || graph.equal_to(slot).any(|equal| slots.contains(equal));
    let mut seen = vec![0_u64; codes.scales.len().div_ceil(64)];
    let mut first_time = |slot: u32| {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        let new = seen[word] & bit == 0;
        seen[word] |= bit;
        new
    };
    let mut open = BinaryHeap::new();
    let mut found: BinaryHeap<Reverse<Near>> = BinaryHeap::with_capacity(breadth + 1);
    // From the graph's entry every node can be reached; from where the descent ends, not always.
    query.coarse(codes, &[entry.slot, graph.entry], &mut closeness);
    for (slot, closeness) in [entry.slot, graph.entry].into_iter().zip(&closeness) {
        if first_time(slot) {
            let near = Near { closeness: *closeness, slot };
            open.push(near);
            if counts(slot) {
                found.push(Reverse(near));
            }
        }
    }
    let mut fresh = Vec::new();
    let mut patience = breadth * PATIENCE;
    while let Some(next) = open.pop() {
        let worst = found.peek().map(|worst| worst.0.closeness);
        if found.len() >= breadth && worst.is_some_and(|worst| next.closeness < worst) {
            break;
        }
        fresh.clear();
        fresh.extend(graph.base.edges_of(next.slot).iter().copied().filter(|s| first_time(*s)));
        patience = patience.checked_sub(fresh.len())?;
        query.coarse(codes, &fresh, &mut closeness);
        for (slot, closeness) in fresh.iter().zip(&closeness) {
            let near = Near { closeness: *closeness, slot: *slot };
            let worst = found.peek().map(|worst| worst.0.closeness);
            if found.len() >= breadth && worst.is_some_and(|worst| near.closeness <= worst) {
                continue;
            }
            open.push(near);
            if counts(near.slot) {
                found.push(Reverse(near));
                if found.len() > breadth {
                    found.pop();
                }
            }
        }
    }
    Some(found.into_iter().map(|near| near.0).collect())
}

/// The nearest node of the lowest upper layer that a greedy walk finds.
fn descend(query: &Prepared, codes: &Codes, graph: &Graph, closeness: &mut Vec<f32>) -> Near {
    query.coarse(codes, &[graph.entry], closeness);
    let mut at = Near { closeness: closeness[0], slot: graph.entry };
    for layer in &graph.upper {
        loop {
            let edges = layer.edges_of(at.slot);
            query.coarse(codes, edges, closeness);
            let nearest = edges
                .iter()
                .zip(closeness.iter())
                .map(|(slot, closeness)| Near { closeness: *closeness, slot: *slot });
            match nearest.max() {
                Some(nearest) if nearest.closeness > at.closeness => at = nearest,
                _ => break,
            }
        }
    }
    at
}
