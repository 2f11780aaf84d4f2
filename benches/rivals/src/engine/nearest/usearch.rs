//! usearch: an HNSW graph in memory, with its own SIMD distances (numkong).

use std::path::Path;
use std::time::Duration;

use usearch::{Index, IndexOptions, MetricKind, ScalarKind};

use super::{Answered, BREADTH, EDGES, NEAREST, Vectors};
use crate::Outcome;
use crate::timing::timed;

/// An index.
pub struct Usearch {
    index: Index,
}

impl Usearch {
    /// What it computes with.
    #[must_use]
    pub fn hardware(&self) -> String {
        self.index.hardware_acceleration()
    }

    /// The library's version.
    #[must_use]
    pub fn version() -> &'static str {
        usearch::version()
    }

    /// Builds an index whose numbers are kept as `kind`, on so many threads; tells how long it took.
    ///
    /// # Errors
    /// When it refuses.
    pub fn build(
        kind: ScalarKind,
        vectors: Vectors<'_>,
        threads: usize,
    ) -> Outcome<(Self, Duration)> {
        let index = Index::new(&IndexOptions {
            dimensions: vectors.dimension,
            // Of vectors of unit length the product tells as much as the cosine, and costs less.
            metric: if kind == ScalarKind::I8 { MetricKind::Cos } else { MetricKind::IP },
            quantization: kind,
            connectivity: EDGES,
            expansion_add: BREADTH,
            expansion_search: NEAREST,
            multi: false,
        })?;
        index.reserve_capacity_and_threads(vectors.len(), threads)?;
        let insert = |from: usize| -> Result<(), String> {
            for row in (from..vectors.len()).step_by(threads) {
                index.add(row as u64, vectors.get(row)).map_err(|error| error.to_string())?;
            }
            Ok(())
        };
        let (done, taken) = timed(|| {
            std::thread::scope(|scope| {
                let parts: Vec<_> =
                    (0..threads).map(|from| scope.spawn(move || insert(from))).collect();
                parts.into_iter().try_for_each(|part| part.join().map_err(|_| "a thread ended")?)
            })
        });
        done.map_err(|error: String| error)?;
        Ok((Self { index }, taken))
    }

    /// Writes it to a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Outcome {
        Ok(self.index.save(text(path)?)?)
    }

    /// Reads it from a file, or maps the file into memory.
    ///
    /// # Errors
    /// When the file is no index.
    pub fn open(path: &Path, mapped: bool) -> Outcome<Self> {
        let path = text(path)?;
        let index = if mapped { Index::restore_view(path)? } else { Index::restore(path)? };
        Ok(Self { index })
    }

    /// Memory in use, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.index.memory_usage() as u64
    }

    /// Searches with `ef` candidates, among rows that pass where that is given.
    ///
    /// # Errors
    /// When it refuses.
    pub fn ask(&self, query: &[f32], ef: usize, passes: Option<&[bool]>) -> Outcome<Answered> {
        self.index.change_expansion_search(ef);
        let (found, taken) = match passes {
            None => timed(|| self.index.search(query, NEAREST)),
            Some(passes) => {
                timed(|| self.index.filtered_search(query, NEAREST, |row| passes[usize_of(row)]))
            }
        };
        let rows = found?.keys.into_iter().map(u32::try_from).collect::<Result<_, _>>()?;
        Ok((rows, taken))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the keys are rows, of which there are few")]
fn usize_of(row: u64) -> usize {
    row as usize
}

fn text(path: &Path) -> Outcome<&str> {
    Ok(path.to_str().ok_or("the folder's name is not Unicode")?)
}
