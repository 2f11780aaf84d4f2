//! Whether a segment's derived parts are what its vectors give.

use crate::error::IndexError;
use crate::spill::Spill;
use crate::vector::builder::VectorSegmentBuilder;
use crate::vector::index::VectorIndex;
use crate::vector::layout::{Layout, VectorShape};

/// What is wrong with the segments of an index, in words; nothing where all is well.
///
/// Every segment is built anew from its rows and vectors, and compared byte by byte; rows that live
/// twice are named; graphs must reach every vector of their segments, take for equal what is, and have
/// in each layer what the layers above it have.
///
/// # Errors
/// If a segment cannot be read.
pub fn vector_differences(index: &VectorIndex) -> Result<Vec<String>, IndexError> {
    let mut wrong = Vec::new();
    let rows = index.rows()?;
    for pair in rows.windows(2).filter(|pair| pair[0] == pair[1]) {
        wrong.push(format!("row {} has two vectors", pair[0]));
    }
    for view in index.segments() {
        let segment = &view.segment;
        let what = |why: &str| format!("vector segment {}: {why}", segment.blob());
        if view.dead.iter().last().is_some_and(|last| last >= segment.vectors()) {
            wrong.push(what("a vector beyond its end is marked dead"));
        }
        match segment.graph() {
            Ok(None) => {}
            Ok(Some(graph)) => {
                let codes = segment.codes()?;
                let found = graph.wrong(|a, b| codes.are_equal(a, b));
                wrong.extend(found.iter().map(|why| what(&format!("its graph {why}"))));
            }
            Err(IndexError::Damaged { blob, what: why }) => {
                wrong.push(what(&format!("its graph {blob} is damaged: {why}")));
            }
            Err(error) => return Err(error),
        }
        if !segment.rebuilds()? {
            wrong.push(what("its codes are not those of its vectors"));
        }
    }
    Ok(wrong)
}

impl crate::vector::VectorSegment {
    /// Whether building it anew gives the same bytes.
    fn rebuilds(&self) -> Result<bool, IndexError> {
        let shape: VectorShape = self.shape();
        let mut builder = VectorSegmentBuilder::with_spill(shape, &Spill::default());
        let rows = self.rows()?;
        let mut vector = Vec::new();
        for slot in 0..self.vectors() {
            self.read_vector(slot, &mut vector)?;
            if builder.add(rows.at(slot), &vector).is_err() {
                return Ok(false);
            }
        }
        let layout = Layout { shape, vectors: self.vectors() };
        let Some(built) = builder.finish() else { return Ok(self.vectors() == 0) };
        self.same_bytes(&built.bytes, layout.length())
    }
}
