//! The vectors of an import: where they come from, and the space they go to.

use std::io::{self, BufRead, Cursor, Read};
use std::path::PathBuf;

use filedex::import::{VectorRows, parse_embedded_line};
use filedex::{Database, NewSpace, NewVector, NpyRows, VersionRef};

use crate::commands::embed::space_name;
use crate::commands::space::find;
use crate::failure::Failure;
use crate::output::Output;
use crate::units::{count, counted};

/// How much of an input is searched for the first vector.
const PEEKED_BYTES: u64 = 16 << 20;

/// What is said of vectors.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Vectors")]
pub struct Vectors {
    /// Vectors beside the lines: a NumPy file of float16 or float32, row i for line i
    #[arg(long, value_name = "FILE.npy")]
    embeddings: Option<PathBuf>,
    /// The space that these vectors, or the `embedding` of each line, go to; the chosen one where it
    /// is not said
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    /// What identifies the model that made the vectors; with it the space is made where it is absent
    #[arg(long, value_name = "ID")]
    model_id: Option<String>,
}

/// Lines to import.
pub type Lines = Box<dyn BufRead + Send>;

/// What is known of the vectors before the first line is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Their dimension.
    Dimension(u64),
    /// There is none, or none was looked for.
    Unknown,
    /// There are no lines either.
    NoLines,
}

impl Vectors {
    /// Refuses what means nothing where a folder is imported.
    pub fn refuse_for_folders(&self) -> Result<(), Failure> {
        if self.embeddings.is_some() || self.space.is_some() || self.model_id.is_some() {
            let what = "--embeddings, --space and --model-id are for lines; `filedex embed` gives the \
                        files of a folder their vectors";
            return Err(Failure::Usage(what.to_owned()));
        }
        Ok(())
    }

    /// Opens the vectors beside the lines.
    pub fn open(&self) -> Result<Option<Rows>, Failure> {
        let open = |path: &PathBuf| -> Result<Rows, Failure> {
            Ok(Rows { inner: NpyRows::open(path)?, read: 0 })
        };
        self.embeddings.as_ref().map(open).transpose()
    }

    /// Whether a space may have to be made for vectors that the lines have.
    pub fn may_make_space(&self) -> bool {
        self.model_id.is_some() && self.embeddings.is_none()
    }

    /// Whether a vector goes to the space that was said.
    pub fn is_ours(&self, vector: &NewVector) -> bool {
        vector.space.is_none() || vector.space == self.space
    }

    /// What the lines tell of their vectors, where the space may have to be made for them. Nothing of
    /// the lines is lost.
    pub fn peek(&self, mut lines: Lines) -> Result<(Expected, Lines), Failure> {
        if !self.may_make_space() {
            return Ok((Expected::Unknown, lines));
        }
        let (mut seen, mut expected) = (Vec::new(), Expected::NoLines);
        let mut bounded = (&mut lines).take(PEEKED_BYTES);
        while !matches!(expected, Expected::Dimension(_)) {
            let start = seen.len();
            // What cannot be read now cannot be read by the import either, which says it better.
            if !matches!(bounded.read_until(b'\n', &mut seen), Ok(1..)) {
                break;
            }
            let line = String::from_utf8_lossy(&seen[start..]);
            if line.trim().is_empty() {
                continue;
            }
            let vectors = parse_embedded_line(line.trim()).map(|(_, vectors)| vectors);
            let first = vectors.unwrap_or_default().into_iter().find(|vector| self.is_ours(vector));
            expected = first.map_or(Expected::Unknown, |vector| {
                Expected::Dimension(vector.values.len() as u64)
            });
        }
        Ok((expected, Box::new(Cursor::new(seen).chain(lines))))
    }

    /// The space that vectors without one go to, made where it is absent; none is named where nothing
    /// was said, or nothing is imported.
    pub fn space(
        &self,
        database: &Database,
        version: &VersionRef,
        expected: Expected,
    ) -> Result<Option<String>, Failure> {
        if self.embeddings.is_none() && self.space.is_none() && self.model_id.is_none() {
            return Ok(None);
        }
        let failed = |what: String| Err(Failure::Failed(format!("{what}; nothing was imported")));
        let found = find(&database.reader()?, version, self.space.as_deref())?;
        if let Some(space) = found.map(|summary| summary.space) {
            let (name, has) = (&space.name, u64::from(space.dimension));
            if let Some(model) = self.model_id.as_ref().filter(|model| **model != space.model) {
                return failed(format!(
                    "the space {name:?} has vectors of the model {:?}, not of {model:?}",
                    space.model
                ));
            }
            if let Expected::Dimension(given) = expected
                && given != has
            {
                return failed(format!(
                    "the vectors have {given} numbers each, the space {name:?} has {has} dimensions"
                ));
            }
            return Ok(Some(space.name));
        }
        let Some(model) = &self.model_id else {
            let name = self.space.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
            return failed(format!(
                "there is no embedding space{name} yet; say --space and --model-id to have it made"
            ));
        };
        let name = self.space.clone().unwrap_or_else(|| space_name(model));
        let dimension = match expected {
            Expected::Dimension(dimension) => dimension,
            Expected::NoLines => return Ok(None),
            Expected::Unknown => {
                return failed(format!(
                    "no line has an `embedding` that tells how many dimensions the space {name:?} is \
                     to have; make it with `filedex space create`"
                ));
            }
        };
        let dimension = u32::try_from(dimension).unwrap_or(u32::MAX);
        database.create_space(version, &NewSpace::new(&name, model, dimension))?;
        Ok(Some(name))
    }
}

/// Vectors beside lines, counted.
pub struct Rows {
    inner: NpyRows,
    read: u64,
}

impl Rows {
    /// Numbers in a row.
    pub fn dimension(&self) -> u64 {
        self.inner.dimension()
    }

    /// Says that there are more rows than lines, which may mean that they do not belong together.
    pub fn note_rest(&self, output: &Output) {
        let rest = self.inner.rows() - self.read;
        if rest > 0 {
            output.note(&format!(
                "there are {} and {} of embeddings; the last {} belong to no line",
                counted(self.read, "line", "lines"),
                counted(self.inner.rows(), "row", "rows"),
                count(rest)
            ));
        }
    }
}

impl VectorRows for Rows {
    fn next_row(&mut self) -> io::Result<Option<Vec<f32>>> {
        let row = self.inner.next_row()?;
        self.read += u64::from(row.is_some());
        Ok(row)
    }
}
