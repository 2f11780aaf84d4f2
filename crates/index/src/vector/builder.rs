//! Building segments: from vectors, and from segments.

use std::io::Write;

use filedex_model::limits::COMPONENT_MAX;
use filedex_model::{Metric, Row, VectorStorage};
use half::f16;

use crate::error::IndexError;
use crate::spill::{Bytes, Spill, SpillFile};
use crate::vector::index::VectorView;
use crate::vector::layout::{Layout, VectorShape};
use crate::vector::quantise::{quantise, unit};

/// A finished segment, to be stored as a blob.
#[derive(Debug, PartialEq)]
pub struct BuiltVectors {
    /// Its bytes.
    pub bytes: Bytes,
    /// How many vectors it has, at least 1.
    pub vectors: u32,
    /// The least row.
    pub first_row: Row,
    /// The greatest row.
    pub last_row: Row,
    /// The row of each vector, ascending.
    pub rows: Vec<Row>,
}

/// Makes one segment of vectors.
///
/// Equal vectors in equal order give equal bytes.
///
/// ```
/// use filedex_index::{VectorSegmentBuilder, VectorShape};
/// use filedex_model::{Metric, VectorStorage};
/// let shape = VectorShape { dimension: 2, metric: Metric::Cosine, storage: VectorStorage::F32 };
/// let mut builder = VectorSegmentBuilder::new(shape);
/// builder.add(7, &[0.6, 0.8])?;
/// let built = builder.finish().unwrap();
/// assert_eq!((built.vectors, built.first_row), (1, 7));
/// # Ok::<(), filedex_index::IndexError>(())
/// ```
#[derive(Debug)]
pub struct VectorSegmentBuilder {
    shape: VectorShape,
    rows: Vec<Row>,
    scales: Vec<f32>,
    lost: Vec<f32>,
    halves: Vec<f32>,
    sums: Vec<f64>,
    codes: Vec<u8>,
    vectors: SpillFile,
}

impl VectorSegmentBuilder {
    /// An empty segment.
    #[must_use]
    pub fn new(shape: VectorShape) -> Self {
        Self::with_spill(shape, &Spill::in_memory())
    }

    /// An empty segment whose vectors go to `spill` beyond some megabytes.
    #[must_use]
    pub fn with_spill(shape: VectorShape, spill: &Spill) -> Self {
        Self {
            shape,
            rows: Vec::new(),
            scales: Vec::new(),
            lost: Vec::new(),
            halves: Vec::new(),
            sums: vec![0.0; shape.dimension],
            codes: Vec::new(),
            vectors: spill.file(),
        }
    }

    /// Adds the vector of a row, one that [`Space::accept`](filedex_model::Space::accept) answered.
    ///
    /// # Errors
    /// [`IndexError::Io`]; [`IndexError::Unsupported`] for rows that do not ascend, another dimension, or a number that
    /// is not finite (or not in 16 bits, where such are stored) or beyond [`COMPONENT_MAX`].
    pub fn add(&mut self, row: Row, vector: &[f32]) -> Result<(), IndexError> {
        if self.rows.last().is_some_and(|last| *last >= row) {
            return Err(IndexError::unsupported(format!("row {row} out of order")));
        }
        if vector.len() != self.shape.dimension || !self.shape.fits() {
            return Err(IndexError::unsupported(format!(
                "a vector of {} numbers in a segment of {}",
                vector.len(),
                self.shape.dimension
            )));
        }
        let kept: Vec<f32> = match self.shape.storage {
            VectorStorage::F32 => vector.to_vec(),
            VectorStorage::F16 => vector.iter().map(|x| f16::from_f32(*x).to_f32()).collect(),
        };
        if kept.iter().any(|x| x.is_nan() || x.abs() > COMPONENT_MAX) {
            return Err(IndexError::unsupported(format!(
                "row {row} has a number that {} cannot hold",
                self.shape.storage
            )));
        }
        // Rounding to 16 bits takes a vector off unit length, which cosine does not see: there the
        // codes are of its direction.
        let unit = (self.shape.metric == Metric::Cosine).then(|| unit(&kept));
        let coded = unit.as_deref().unwrap_or(&kept);
        let codes = &mut self.codes;
        let quantised = quantise(coded, |code| codes.push(code.cast_unsigned() ^ 0x80));
        self.rows.push(row);
        self.scales.push(quantised.scale);
        self.lost.push(quantised.lost);
        for (sum, x) in self.sums.iter_mut().zip(coded) {
            *sum += f64::from(*x);
        }
        if self.shape.metric == Metric::L2 {
            let squared: f64 = kept.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
            #[expect(clippy::cast_possible_truncation, reason = "bounds allow for the rounding")]
            self.halves.push((squared / 2.0) as f32);
        }
        let stored: Vec<u8> = match self.shape.storage {
            VectorStorage::F32 => kept.iter().flat_map(|x| x.to_le_bytes()).collect(),
            VectorStorage::F16 => {
                kept.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect()
            }
        };
        self.vectors.write_all(&stored)?;
        Ok(())
    }

    /// How many vectors were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The segment; none where no vector was added.
    #[must_use]
    pub fn finish(self) -> Option<BuiltVectors> {
        let (first_row, last_row) = (*self.rows.first()?, *self.rows.last()?);
        // Rows are distinct 32-bit numbers.
        let vectors = u32::try_from(self.rows.len()).ok()?;
        let layout = Layout { shape: self.shape, vectors };
        let head = layout.length() - self.vectors.len();
        let mut bytes = Vec::with_capacity(usize::try_from(head).ok()?);
        layout.write_header(&mut bytes);
        #[expect(clippy::cast_possible_truncation, reason = "a mean of floats is about a float")]
        let mean = self.sums.iter().map(|sum| (sum / f64::from(vectors)) as f32);
        mean.for_each(|x| bytes.extend(x.to_le_bytes()));
        self.rows.iter().for_each(|row| bytes.extend(row.to_le_bytes()));
        for column in [&self.scales, &self.lost, &self.halves] {
            column.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        }
        bytes.extend_from_slice(&self.codes);
        let bytes = Bytes::from(bytes).then(self.vectors);
        Some(BuiltVectors { bytes, vectors, first_row, last_row, rows: self.rows })
    }
}

/// One segment of all vectors of `views` that live; none where no vector does. Their rows must
/// differ. What is made goes to `spill` beyond some megabytes.
///
/// # Errors
/// If a segment cannot be read, what is made cannot be written, a segment has another shape, or two have the same live row.
pub fn merge_vectors(
    shape: VectorShape,
    views: &[VectorView],
    spill: &Spill,
) -> Result<Option<BuiltVectors>, IndexError> {
    let mut live = Vec::new();
    for (at, view) in views.iter().enumerate() {
        view.check_shape(shape)?;
        let rows = view.segment.rows()?;
        let slots = (0..view.segment.vectors()).filter(|slot| !view.dead.contains(*slot));
        live.extend(slots.map(|slot| (rows.at(slot), at, slot)));
    }
    live.sort_unstable();
    let mut builder = VectorSegmentBuilder::with_spill(shape, spill);
    let mut vector = Vec::new();
    for (row, at, slot) in live {
        views[at].segment.read_vector(slot, &mut vector)?;
        builder.add(row, &vector)?;
    }
    Ok(builder.finish())
}
