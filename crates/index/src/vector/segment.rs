//! An open segment: its rows, its codes in memory, its vectors read one by one.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use filedex_kernel::padded;
use filedex_model::{Row, VectorStorage};
use half::f16;
use rayon::prelude::*;

use crate::blob::{Blob, BlobSource, ByteCache};
use crate::error::IndexError;
use crate::spill::Bytes;
use crate::vector::graph::Graph;
use crate::vector::layout::{HEADER_BYTES, Layout, VectorShape, f32s, u32s};
use crate::vector::quantise::up;
use crate::vector::signs::Signs;
use crate::vector::slots::Rows;

/// A vector segment, opened. Opening reads its header; the first search reads its codes, a quarter
/// of its size, and keeps them for as long as the segment is open.
pub struct VectorSegment {
    blob: Blob,
    graph_blob: Option<Blob>,
    layout: Layout,
    rows: Arc<OnceLock<Rows>>,
    codes: Arc<OnceLock<Codes>>,
    graph: OnceLock<Graph>,
    loading: Mutex<()>,
}

/// What searches read of every row.
pub(crate) struct Codes {
    /// Bytes from row to row.
    pub(crate) stride: usize,
    pub(crate) codes: Vec<u8>,
    pub(crate) scales: Vec<f32>,
    /// Lengths of what the codes lost, rounded up.
    pub(crate) lost: Vec<f32>,
    /// The greatest of them.
    pub(crate) most_lost: f32,
    /// Lengths of what the codes stand for, rounded up.
    pub(crate) lengths: Vec<f32>,
    /// Halves of squared lengths, under l2 only.
    pub(crate) halves: Vec<f32>,
    pub(crate) signs: Signs,
}

impl Codes {
    /// Whether two vectors have the same codes, which stand for the same numbers.
    pub(crate) fn are_equal(&self, a: u32, b: u32) -> bool {
        let row = |slot: u32| &self.codes[slot as usize * self.stride..][..self.stride];
        let scale = |slot: u32| self.scales[slot as usize].to_bits();
        row(a) == row(b) && scale(a) == scale(b)
    }
}

impl VectorSegment {
    /// Opens the segment in a blob, with the graph in another where it has one.
    ///
    /// # Errors
    /// [`IndexError::Io`]; [`IndexError::Damaged`] if it is none.
    pub fn open(
        source: &Arc<dyn BlobSource>,
        cache: &Arc<ByteCache>,
        blob: u64,
        graph: Option<u64>,
    ) -> Result<Self, IndexError> {
        let blob_of =
            |number| Blob { source: Arc::clone(source), cache: Arc::clone(cache), number };
        let length = source.len(blob)?;
        let blob = blob_of(blob);
        let head = blob.load(0..length.min(HEADER_BYTES as u64))?;
        let layout = Layout::parse(&head, length)
            .map_err(|what| IndexError::Damaged { blob: blob.number, what })?;
        Ok(Self {
            blob,
            graph_blob: graph.map(blob_of),
            layout,
            rows: Arc::default(),
            codes: Arc::default(),
            graph: OnceLock::new(),
            loading: Mutex::default(),
        })
    }

    /// The same segment with the graph in this blob, or with none; what it has loaded is shared.
    #[must_use]
    pub fn with_graph(&self, graph: Option<u64>) -> Self {
        Self {
            blob: self.blob.clone(),
            graph_blob: graph.map(|number| Blob { number, ..self.blob.clone() }),
            layout: self.layout.clone(),
            rows: Arc::clone(&self.rows),
            codes: Arc::clone(&self.codes),
            graph: OnceLock::new(),
            loading: Mutex::default(),
        }
    }

    /// The number of its blob.
    #[must_use]
    pub fn blob(&self) -> u64 {
        self.blob.number
    }

    /// The number of its graph's blob.
    #[must_use]
    pub fn graph_blob(&self) -> Option<u64> {
        self.graph_blob.as_ref().map(|blob| blob.number)
    }

    /// How many vectors it has, dead ones included.
    #[must_use]
    pub fn vectors(&self) -> u32 {
        self.layout.vectors
    }

    /// What its vectors have in common.
    #[must_use]
    pub fn shape(&self) -> VectorShape {
        self.layout.shape
    }

    /// The row of each vector, ascending.
    ///
    /// # Errors
    /// If the blob cannot be read.
    pub fn row_list(&self) -> Result<Vec<Row>, IndexError> {
        let rows = self.rows()?;
        Ok((0..self.vectors()).map(|slot| rows.at(slot)).collect())
    }

    /// The row of a vector.
    ///
    /// # Errors
    /// If the blob cannot be read, or has no such place.
    pub fn row_at(&self, slot: u32) -> Result<Row, IndexError> {
        if slot >= self.vectors() {
            return Err(IndexError::unsupported("a vector beyond the end of its segment"));
        }
        Ok(self.rows()?.at(slot))
    }

    /// The place of a row's vector.
    ///
    /// # Errors
    /// If the blob cannot be read.
    pub fn slot_of(&self, row: Row) -> Result<Option<u32>, IndexError> {
        Ok(self.rows()?.slot(row))
    }

    /// Reads one vector into `vector`.
    ///
    /// # Errors
    /// If the blob cannot be read, or has no such place.
    pub fn read_vector(&self, slot: u32, vector: &mut Vec<f32>) -> Result<(), IndexError> {
        if slot >= self.vectors() {
            return Err(IndexError::unsupported("a vector beyond the end of its segment"));
        }
        let bytes = self.blob.read(self.layout.vector(slot))?;
        vector.clear();
        match self.layout.shape.storage {
            VectorStorage::F32 => vector.extend(f32s(&bytes)),
            VectorStorage::F16 => {
                let pairs = bytes.as_slice().as_chunks::<2>().0;
                vector.extend(pairs.iter().map(|pair| f16::from_le_bytes(*pair).to_f32()));
            }
        }
        Ok(())
    }

    pub(crate) fn rows(&self) -> Result<&Rows, IndexError> {
        self.once(&self.rows, |segment| {
            let rows: Vec<Row> = u32s(&segment.blob.load(segment.layout.rows())?).collect();
            if rows.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(segment.damaged("its rows do not ascend"));
            }
            Ok(Rows::new(&rows))
        })
    }

    pub(crate) fn codes(&self) -> Result<&Codes, IndexError> {
        self.once(&self.codes, Self::load_codes)
    }

    /// The graph; none where the segment has none.
    pub(crate) fn graph(&self) -> Result<Option<&Graph>, IndexError> {
        let Some(blob) = &self.graph_blob else { return Ok(None) };
        self.once(&self.graph, |segment| {
            let bytes = blob.load(0..blob.source.len(blob.number)?)?;
            Graph::parse(&bytes, segment.vectors())
                .map_err(|what| IndexError::Damaged { blob: blob.number, what })
        })
        .map(Some)
    }

    /// What is in the cell, made at most once at a time but by rayon's threads.
    fn once<'a, T>(
        &'a self,
        cell: &'a OnceLock<T>,
        make: impl FnOnce(&Self) -> Result<T, IndexError>,
    ) -> Result<&'a T, IndexError> {
        if let Some(made) = cell.get() {
            return Ok(made);
        }
        // Making uses rayon. One of its threads that waits for its part of the work may take up
        // another search meanwhile, and that one would wait here for what is below it on its own
        // stack. So such threads never wait: now and then two make the same.
        let _loading = match rayon::current_thread_index() {
            Some(_) => self.loading.try_lock().ok(),
            None => Some(self.loading.lock().unwrap_or_else(PoisonError::into_inner)),
        };
        if let Some(made) = cell.get() {
            return Ok(made);
        }
        let made = make(self)?;
        Ok(cell.get_or_init(|| made))
    }

    /// Whether these are the segment's bytes.
    pub(crate) fn same_bytes(&self, bytes: &Bytes, length: u64) -> Result<bool, IndexError> {
        let chunk = self.blob.source.chunk_bytes().max(1);
        if bytes.len() != length || self.blob.source.len(self.blob.number)? != length {
            return Ok(false);
        }
        let mut part = vec![0; chunk];
        for start in (0..length).step_by(chunk) {
            let end = length.min(start + chunk as u64);
            let part = &mut part[..(end - start) as usize];
            bytes.read_at(start, part)?;
            if &*self.blob.load(start..end)? != part {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn damaged(&self, what: &str) -> IndexError {
        IndexError::Damaged { blob: self.blob.number, what: what.to_owned() }
    }

    fn load_codes(&self) -> Result<Codes, IndexError> {
        let (layout, dimension) = (&self.layout, self.layout.shape.dimension);
        let column = |range| Ok::<Vec<f32>, IndexError>(f32s(&self.blob.load(range)?).collect());
        let (scales, lost) = (column(layout.scales())?, column(layout.lost())?);
        let (halves, mean) = (column(layout.halves())?, column(layout.mean())?);
        let dense = self.blob.load(layout.codes())?;
        let stride = padded(dimension);
        let codes = if stride == dimension {
            dense
        } else {
            let mut codes = vec![128; stride * layout.vectors as usize];
            for (row, dense) in codes.chunks_exact_mut(stride).zip(dense.chunks_exact(dimension)) {
                row[..dimension].copy_from_slice(dense);
            }
            codes
        };
        let lengths = codes.par_chunks(stride).zip(&scales).map(|(row, scale)| {
            // At most 4,096 squares of 127.
            let squares = row.iter().map(|code| (i32::from(*code) - 128).pow(2)).sum::<i32>();
            up(f64::from(*scale) * f64::from(squares).sqrt())
        });
        let lengths = lengths.collect();
        let signs = Signs::new(stride, &codes, &scales, &halves, mean);
        let most_lost = lost.iter().fold(0.0_f32, |most, lost| most.max(*lost));
        Ok(Codes { stride, codes, scales, lost, most_lost, lengths, halves, signs })
    }
}

impl fmt::Debug for VectorSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorSegment")
            .field("blob", &self.blob.number)
            .field("vectors", &self.vectors())
            .field("graph", &self.graph_blob())
            .finish_non_exhaustive()
    }
}
