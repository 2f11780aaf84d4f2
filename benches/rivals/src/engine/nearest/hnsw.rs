//! `hnsw_rs`: an HNSW graph in memory, with the SIMD distances of its feature `simdeez_f`.

use std::path::Path;
use std::time::Duration;

use hnsw_rs::anndists::dist::distances::DistDot;
use hnsw_rs::api::AnnT;
use hnsw_rs::hnsw::Hnsw;

use super::{Answered, BREADTH, EDGES, NEAREST, Vectors};
use crate::Outcome;
use crate::timing::timed;

/// The most layers there are.
const LAYERS: usize = 16;

/// An index. The distance is one less the product, which of unit vectors is the cosine's.
pub struct HnswRs {
    graph: Hnsw<'static, f32, DistDot>,
}

impl HnswRs {
    /// Builds an index on all threads; tells how long it took.
    #[must_use]
    pub fn build(vectors: Vectors<'_>) -> (Self, Duration) {
        let mut graph = Hnsw::new(EDGES, vectors.len(), LAYERS, BREADTH, DistDot);
        let rows: Vec<(&[f32], usize)> = vectors.iter().zip(0..).collect();
        let ((), taken) = timed(|| graph.parallel_insert_slice(&rows));
        graph.set_searching_mode(true);
        (Self { graph }, taken)
    }

    /// Writes it into a folder: a file of edges and one of vectors.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn save(&self, folder: &Path) -> Outcome {
        self.graph.file_dump(folder, "hnsw")?;
        Ok(())
    }

    /// Searches with `ef` candidates, among rows that pass where that is given.
    ///
    /// # Errors
    /// When a row has another number than was given.
    pub fn ask(&self, query: &[f32], ef: usize, passes: Option<&[bool]>) -> Outcome<Answered> {
        let (found, taken) = match passes {
            None => timed(|| self.graph.search(query, NEAREST, ef)),
            Some(passes) => {
                let filter = |row: &usize| passes[*row];
                timed(|| self.graph.search_filter(query, NEAREST, ef, Some(&filter)))
            }
        };
        let rows = found.into_iter().map(|near| u32::try_from(near.d_id));
        Ok((rows.collect::<Result<_, _>>()?, taken))
    }
}
