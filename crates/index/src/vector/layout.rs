//! The bytes of a vector segment.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 8 | `filedexV` |
//! | 8 | 4 | format, 1 |
//! | 12 | 4 | vectors, n |
//! | 16 | 4 | dimension, d |
//! | 20 | 1 | metric: 0 cosine, 1 dot, 2 l2 |
//! | 21 | 1 | storage: 0 f32, 1 f16 |
//! | 22 | 2 | 0 |
//! | 24 | 8 | length of the whole segment |
//! | 32 | 8 | xxh3 of the 32 bytes before |
//! | 40 | 4 d | mean of the vectors (under cosine, of unit vectors), f32 |
//! | | 4 n | rows, u32, ascending |
//! | | 4 n | scales: a code's signed value times this is the number it stands for, f32 |
//! | | 4 n | lengths of what the codes lost, rounded up, f32 |
//! | | 4 n | under l2 only: half of the squared lengths, f32 |
//! | | d n | codes: 128 + a number from -127 to 127 (under cosine, of unit vectors), u8 |
//! | | 4 d n or 2 d n | the vectors, f32 or f16 |
//!
//! Numbers are little-endian. The blob store's checksums guard all of it.

use std::ops::Range;

use filedex_model::limits::DIMENSION_MAX;
use filedex_model::{Metric, Space, VectorStorage};
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"filedexV";
const FORMAT: u32 = 1;
const CHECKED_BYTES: usize = 32;
/// Length of the header in bytes.
pub(crate) const HEADER_BYTES: usize = CHECKED_BYTES + 8;

/// What the vectors of a space have in common.
///
/// ```
/// use filedex_index::VectorShape;
/// use filedex_model::{Metric, VectorStorage};
/// let shape = VectorShape { dimension: 384, metric: Metric::Cosine, storage: VectorStorage::F32 };
/// assert_eq!(shape.vector_bytes(), 1_536);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorShape {
    /// Numbers in a vector, 1 to 4,096.
    pub dimension: usize,
    /// How likeness is measured.
    pub metric: Metric,
    /// How the numbers are kept.
    pub storage: VectorStorage,
}

impl VectorShape {
    /// Whether there can be such vectors: longer sums of codes would not fit 32 bits.
    pub(crate) fn fits(&self) -> bool {
        (1..=DIMENSION_MAX as usize).contains(&self.dimension)
    }

    /// The bytes of a stored vector.
    #[must_use]
    pub fn vector_bytes(&self) -> usize {
        match self.storage {
            VectorStorage::F32 => self.dimension * 4,
            VectorStorage::F16 => self.dimension * 2,
        }
    }
}

impl From<&Space> for VectorShape {
    fn from(space: &Space) -> Self {
        Self { dimension: space.dimension as usize, metric: space.metric, storage: space.storage }
    }
}

/// Where things are in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) shape: VectorShape,
    pub(crate) vectors: u32,
}

impl Layout {
    fn of(&self, metric_column: bool) -> [u64; 6] {
        let (n, d) = (u64::from(self.vectors), self.shape.dimension as u64);
        let halves = if metric_column { 4 * n } else { 0 };
        [4 * d, 4 * n, 4 * n, 4 * n, halves, d * n]
    }

    fn section(&self, number: usize) -> Range<u64> {
        let lengths = self.of(self.shape.metric == Metric::L2);
        let start = HEADER_BYTES as u64 + lengths[..number].iter().sum::<u64>();
        start..start + lengths[number]
    }

    pub(crate) fn mean(&self) -> Range<u64> {
        self.section(0)
    }

    pub(crate) fn rows(&self) -> Range<u64> {
        self.section(1)
    }

    pub(crate) fn scales(&self) -> Range<u64> {
        self.section(2)
    }

    pub(crate) fn lost(&self) -> Range<u64> {
        self.section(3)
    }

    pub(crate) fn halves(&self) -> Range<u64> {
        self.section(4)
    }

    pub(crate) fn codes(&self) -> Range<u64> {
        self.section(5)
    }

    pub(crate) fn vector(&self, slot: u32) -> Range<u64> {
        let bytes = self.shape.vector_bytes() as u64;
        let start = self.codes().end + u64::from(slot) * bytes;
        start..start + bytes
    }

    pub(crate) fn length(&self) -> u64 {
        self.vector(self.vectors).start
    }

    pub(crate) fn write_header(&self, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(self.vectors.to_le_bytes());
        // A dimension is at most 4,096.
        bytes.extend((self.shape.dimension as u32).to_le_bytes());
        bytes.push(match self.shape.metric {
            Metric::Cosine => 0,
            Metric::Dot => 1,
            Metric::L2 => 2,
        });
        bytes.push(match self.shape.storage {
            VectorStorage::F32 => 0,
            VectorStorage::F16 => 1,
        });
        bytes.extend([0, 0]);
        bytes.extend(self.length().to_le_bytes());
        let checksum = xxh3_64(&bytes[start..]);
        bytes.extend(checksum.to_le_bytes());
    }

    /// Reads the header of a segment of `length` bytes, or says what is wrong with it.
    pub(crate) fn parse(head: &[u8], length: u64) -> Result<Self, String> {
        let head: &[u8; HEADER_BYTES] =
            head.first_chunk().ok_or_else(|| format!("it has only {} bytes", head.len()))?;
        if &head[..8] != MAGIC {
            return Err("it does not start like a vector segment".to_owned());
        }
        if u32_at(head, 8) != FORMAT {
            let format = u32_at(head, 8);
            return Err(format!("its format is {format}, and this version reads {FORMAT}"));
        }
        if u64_at(head, CHECKED_BYTES) != xxh3_64(&head[..CHECKED_BYTES]) {
            return Err("its header does not match its checksum".to_owned());
        }
        let metric = match head[20] {
            0 => Metric::Cosine,
            1 => Metric::Dot,
            2 => Metric::L2,
            other => return Err(format!("{other} is no metric")),
        };
        let storage = match head[21] {
            0 => VectorStorage::F32,
            1 => VectorStorage::F16,
            other => return Err(format!("{other} is no storage")),
        };
        let shape = VectorShape { dimension: u32_at(head, 16) as usize, metric, storage };
        let layout = Self { shape, vectors: u32_at(head, 12) };
        if layout.vectors == 0 || !shape.fits() {
            let vectors = layout.vectors;
            return Err(format!("it has {vectors} vectors of {} numbers", shape.dimension));
        }
        if layout.length() != length || u64_at(head, 24) != length {
            return Err(format!("it has {length} bytes instead of {}", u64_at(head, 24)));
        }
        Ok(layout)
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// Little-endian numbers of 32 bits.
pub(crate) fn u32s(bytes: &[u8]) -> impl ExactSizeIterator<Item = u32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four))
}

/// Little-endian floats of 32 bits.
pub(crate) fn f32s(bytes: &[u8]) -> impl ExactSizeIterator<Item = f32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four))
}
