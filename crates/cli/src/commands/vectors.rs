//! The vectors of an import: where they come from, and the space they go to.

use std::io::{self, BufRead, Cursor, Read};
use std::path::PathBuf;

use filedex::import::{VectorRows, parse_embedded_line};
use filedex::{Database, NewSpace, NpyRows, VersionRef};

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

    /// The dimension of the first vector that belongs to the space, where the space may have to be
    /// made for the vectors in the lines. Nothing of the lines is lost.
    pub fn peek(&self, mut lines: Lines) -> Result<(Option<u64>, Lines), Failure> {
        if self.model_id.is_none() || self.embeddings.is_some() {
            return Ok((None, lines));
        }
        let (mut seen, mut dimension) = (Vec::new(), None);
        let mut bounded = (&mut lines).take(PEEKED_BYTES);
        while dimension.is_none() {
            let start = seen.len();
            let read = bounded.read_until(b'\n', &mut seen);
            // What cannot be read now cannot be read by the import either, which says it better.
            if !matches!(read, Ok(1..)) {
                break;
            }
            let line = String::from_utf8_lossy(&seen[start..]);
            let vectors = parse_embedded_line(line.trim()).map(|(_, vectors)| vectors);
            let ours = |name: &Option<String>| name.is_none() || *name == self.space;
            let vectors = vectors.unwrap_or_default().into_iter();
            dimension = vectors
                .filter(|vector| ours(&vector.space))
                .map(|vector| vector.values.len() as u64)
                .next();
        }
        Ok((dimension, Box::new(Cursor::new(seen).chain(lines))))
    }

    /// The space that vectors without one go to, made where it is absent; none is named where nothing
    /// was said.
    pub fn space(
        &self,
        database: &Database,
        version: &VersionRef,
        dimension: Option<u64>,
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
            if let Some(given) = dimension.filter(|given| *given != has) {
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
        let Some(dimension) = dimension else {
            return failed(format!(
                "no line has an `embedding` that tells how many dimensions the space {name:?} is to \
                 have; make it with `filedex space create`"
            ));
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
