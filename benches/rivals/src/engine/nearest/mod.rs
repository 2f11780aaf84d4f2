//! The engines for the nearest vectors, one thread to a search.
//!
//! All hold the same vectors, 32-bit numbers of unit length, numbered by their rows. Each tells its
//! own time, which holds the search alone: the query is in the form that the engine wants it before
//! the clock starts, and what was found is translated into rows after it stopped.

mod filedex;
mod hnsw;
mod sqlite_vec;
mod usearch;

use std::time::Duration;

pub use filedex::Near;
pub use hnsw::HnswRs;
pub use sqlite_vec::SqliteVec;
pub use usearch::Usearch;

/// How many are wanted.
pub const NEAREST: usize = 10;
/// Edges of a node of the rivals' graphs; twice as many in the base layer.
pub const EDGES: usize = 16;
/// Candidates that the rivals' graphs are built with.
pub const BREADTH: usize = 200;

/// The rows that were found, best first, and how long that took.
pub type Answered = (Vec<u32>, Duration);

/// Vectors of one length, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Vectors<'a> {
    /// Numbers of a vector.
    pub dimension: usize,
    /// The numbers of all of them.
    pub numbers: &'a [f32],
}

impl<'a> Vectors<'a> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len() / self.dimension
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, at: usize) -> &'a [f32] {
        &self.numbers[at * self.dimension..][..self.dimension]
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f32]> {
        self.numbers.chunks_exact(self.dimension)
    }

    /// Bytes as 32-bit numbers.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        size_of_val(self.numbers) as u64
    }
}
