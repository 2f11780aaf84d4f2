//! The neighbour graph of a segment: a hierarchical navigable small world (Malkov and Yashunin,
//! 2018).
//!
//! `hnsw_rs` finds the edges, and nothing else of it is used: [`build`] copies them, puts right
//! what can be missing, and proves that every vector can be reached; [`layout`] keeps them as flat
//! arrays; [`walk`] searches those.

mod build;
mod layout;
mod walk;

pub use build::{BuiltGraph, build_graph};
pub(crate) use layout::Graph;
pub(crate) use walk::candidates;
