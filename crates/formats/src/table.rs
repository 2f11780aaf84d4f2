//! Tables: one file of rows, read and written.

use std::fs::File;
use std::io::{Read, Write};

use crate::arrow::{self, ArrowWriter, Container};
use crate::csv_table::{self, CsvWriter};
use crate::error::{FormatError, Result};
use crate::format::Format;
use crate::layout::Layout;
use crate::lines::{self, Keys, LinesWriter};
use crate::mapping::{Mapping, UnderstoodColumn};
use crate::record::{Record, Rows};
use crate::root::{self, Root};

/// How a source is read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// What columns become.
    pub mapping: Mapping,
    /// What separates the cells of a CSV; found out where it is not said.
    pub delimiter: Option<u8>,
    /// Where files are that are named by relative paths; beside the source where it is not said.
    pub root: Option<Root>,
}

/// A source that was opened.
pub struct Opened {
    /// What was understood of its columns.
    pub columns: Vec<UnderstoodColumn>,
    /// Its rows.
    pub rows: Rows,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// Reads a text from front to back: JSON lines or CSV.
///
/// ```
/// use filedex_formats::{Format, ReadOptions, read_text};
/// let text = "uri,caption,tags,width\noss://b/1.png,A red car,car;red,800\n";
/// let opened = read_text(Format::Csv, text.as_bytes(), &ReadOptions::default())?;
/// let record = opened.rows.into_iter().next().unwrap()?.record.unwrap();
/// assert_eq!(record.tags(), ["car", "red"]);
/// assert_eq!(record.attribute("width").unwrap(), 800);
/// # Ok::<(), filedex_formats::FormatError>(())
/// ```
///
/// # Errors
/// When it cannot be read, is no such text, or has no column that could be the URI.
pub fn read_text(
    format: Format,
    input: impl Read + Send + 'static,
    options: &ReadOptions,
) -> Result<Opened> {
    let ReadOptions { mapping, delimiter, root } = options;
    let table = match format {
        Format::Csv => csv_table::read(input, mapping, *delimiter, root.is_some())?,
        Format::JsonLines => lines::read(input, mapping, Keys::Fields)?,
        other => {
            return Err(FormatError::bad(format!(
                "{} is not read from front to back; give the path of a file",
                other.name()
            )));
        }
    };
    Ok(opened(table, root.clone()))
}

/// Reads a Parquet or Arrow file.
///
/// # Errors
/// As [`read_text`].
pub fn read_table(format: Format, file: File, options: &ReadOptions) -> Result<Opened> {
    let container = match format {
        Format::Parquet => Container::Parquet,
        Format::Arrow => Container::Ipc,
        other => return read_text(other, file, options),
    };
    let table = arrow::read(file, container, &options.mapping, options.root.is_some())?;
    Ok(opened(table, options.root.clone()))
}

fn opened(table: csv_table::Table, root: Option<Root>) -> Opened {
    let rows = match root {
        Some(root) => root::below(root, table.rows),
        None => table.rows,
    };
    Opened { columns: table.columns, rows }
}

/// Writes records into one file of a table's format.
#[expect(missing_debug_implementations, reason = "it holds writers that have none")]
pub struct TableWriter<W: Write + Send>(Inner<W>);

enum Inner<W: Write + Send> {
    Lines(LinesWriter<W>),
    Csv(Box<CsvWriter<W>>),
    Arrow(ArrowWriter<W>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a file. JSON lines hold the records as they are where `layout` is none; the others need
    /// one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(format: Format, to: W, layout: Option<Layout>) -> Result<Self> {
        let needed = |layout: Option<Layout>| {
            layout.ok_or_else(|| FormatError::bad("a table needs to know its columns"))
        };
        Ok(Self(match format {
            Format::JsonLines => Inner::Lines(LinesWriter::begin(to, layout)),
            Format::Csv => Inner::Csv(Box::new(CsvWriter::begin(to, needed(layout)?)?)),
            Format::Parquet => {
                Inner::Arrow(ArrowWriter::begin(to, Container::Parquet, needed(layout)?)?)
            }
            Format::Arrow => Inner::Arrow(ArrowWriter::begin(to, Container::Ipc, needed(layout)?)?),
            other => return Err(FormatError::bad(format!("{} is no table", other.name()))),
        }))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&mut self, record: Record) -> Result<()> {
        match &mut self.0 {
            Inner::Lines(writer) => writer.put(&record),
            Inner::Csv(writer) => writer.put(&record),
            Inner::Arrow(writer) => writer.put(record),
        }
    }

    /// Ends the file; what it was written to is given back, and may have to be flushed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<W> {
        match self.0 {
            Inner::Lines(writer) => Ok(writer.finish()),
            Inner::Csv(writer) => writer.finish(),
            Inner::Arrow(writer) => writer.finish(),
        }
    }
}
