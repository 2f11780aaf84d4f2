//! Vectors from NumPy files.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use half::f16;
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};

use crate::error::{Error, ErrorKind, Result};
use crate::import::VectorRows;

/// The rows of a matrix in an `.npy` file: float16, float32 or float64, C order, two dimensions
/// (format: NumPy enhancement proposal 1). Rows are read one after the other, so that a file may be
/// larger than memory.
///
/// ```
/// use filedex::import::VectorRows;
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("two.npy");
/// # let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
/// # let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
/// # bytes.extend(format!("{head:<117}\n").bytes());
/// # for x in [0.6_f32, 0.8] { bytes.extend(x.to_le_bytes()); }
/// # std::fs::write(&path, bytes)?;
/// let mut rows = filedex::NpyRows::open(&path)?;
/// assert_eq!((rows.rows(), rows.dimension()), (1, 2));
/// assert_eq!(rows.next_row()?, Some(vec![0.6, 0.8]));
/// assert_eq!(rows.next_row()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NpyRows {
    rows: u64,
    dimension: u64,
    read: u64,
    numbers: Box<dyn Iterator<Item = io::Result<f32>> + Send>,
}

impl NpyRows {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::BadInput`] for another shape, order or type of numbers,
    /// with what was found and what would be right.
    pub fn open(path: &Path) -> Result<Self> {
        let bad =
            |what: String| Error::new(ErrorKind::BadInput, format!("{}: {what}", path.display()));
        let file = BufReader::new(File::open(path).map_err(|error| {
            let kind = match error.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Io,
            };
            Error::new(kind, format!("{}: {error}", path.display()))
        })?);
        let npy = NpyFile::new(file).map_err(|error| bad(format!("is no .npy file: {error}")))?;
        let [rows, dimension] = match npy.shape() {
            [rows, dimension] => [*rows, *dimension],
            other => {
                let what = format!(
                    "has {} dimensions of shape {other:?}; embeddings are a matrix, a row a line",
                    other.len()
                );
                return Err(bad(what));
            }
        };
        if npy.header().order() != Order::C && rows > 1 && dimension > 1 {
            let what = "is in Fortran order; save numpy.ascontiguousarray(embeddings)";
            return Err(bad(what.to_owned()));
        }
        let kind = match npy.dtype() {
            DType::Plain(kind) => Some((kind.type_char(), kind.size_field())),
            _ => None,
        };
        let numbers = match kind {
            Some((TypeChar::Float, 2)) => numbers(npy, f16::to_f32),
            Some((TypeChar::Float, 4)) => numbers(npy, |x: f32| x),
            #[expect(clippy::cast_possible_truncation, reason = "vectors have 32 bits at most")]
            Some((TypeChar::Float, 8)) => numbers(npy, |x: f64| x as f32),
            _ => {
                let found = npy.dtype().descr();
                return Err(bad(format!(
                    "has numbers of type {found}; float16 or float32 is right"
                )));
            }
        };
        let numbers = numbers.map_err(|error| bad(error.to_string()))?;
        Ok(Self { rows, dimension, read: 0, numbers })
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Numbers in a row.
    #[must_use]
    pub fn dimension(&self) -> u64 {
        self.dimension
    }
}

type Numbers = Box<dyn Iterator<Item = io::Result<f32>> + Send>;

/// The numbers of a file, one after the other.
fn numbers<T>(npy: NpyFile<BufReader<File>>, to: fn(T) -> f32) -> io::Result<Numbers>
where
    T: Deserialize + 'static,
    T::TypeReader: Send,
{
    let data = npy.data::<T>().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Box::new(data.map(move |number| number.map(to))))
}

impl VectorRows for NpyRows {
    fn next_row(&mut self) -> io::Result<Option<Vec<f32>>> {
        if self.read == self.rows {
            return Ok(None);
        }
        self.read += 1;
        (0..self.dimension)
            .map(|_| {
                let ended = || {
                    let what = format!("the embeddings end inside row {}", self.read);
                    io::Error::new(io::ErrorKind::UnexpectedEof, what)
                };
                self.numbers.next().unwrap_or_else(|| Err(ended()))
            })
            .collect::<io::Result<Vec<f32>>>()
            .map(Some)
    }
}

impl std::fmt::Debug for NpyRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NpyRows")
            .field("rows", &self.rows)
            .field("dimension", &self.dimension)
            .finish_non_exhaustive()
    }
}
