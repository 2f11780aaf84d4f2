//! Vectors: immutable segments of them, and the nearest of them to a query.
//!
//! A segment keeps each vector three times, coarse to fine: as a bit for each dimension (made on
//! loading, [`rotate`]d), as a byte for each ([`quantise`]), and as it came. A search goes down these
//! steps, and there are three ways to begin it, one file each: [`exact`] bounds every row by its bytes
//! and can prove that nothing was missed; [`cascade`] leaves out by bits first; [`graph`] walks a
//! neighbour graph. All end in [`finish`], which scores the last candidates in double precision.

mod bar;
mod builder;
mod cascade;
mod difference;
mod exact;
mod finish;
mod graph;
mod index;
mod layout;
#[cfg(test)]
mod levels;
mod prepared;
mod quantise;
mod rotate;
mod segment;
mod signs;
mod slots;

pub use builder::{BuiltVectors, VectorSegmentBuilder, merge_vectors};
pub use difference::vector_differences;
pub use graph::{BuiltGraph, build_graph};
pub use index::{Nearest, Neighbour, Neighbours, SearchPath, VectorIndex, VectorView};
pub use layout::VectorShape;
pub use segment::VectorSegment;
