//! What is imported that is no plain JSON lines: tables and data sets, their columns mapped; and what
//! an import would make of a source.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use filedex::NewVector;
use filedex::import::{ImportRow, parse_line};
use filedex_formats::{
    Format, FormatError, Mapping, Opened, ReadOptions, Root, Row, UnderstoodColumn, read_path,
    read_text,
};
use serde_json::{Value, json};

use crate::commands::vectors::{Expected, Vectors};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, Style};
use crate::source::Source;
use crate::table::{Column, Table};
use crate::terminal::clean;

/// Rows that a dry run reads, and that are searched for the first vector.
const PEEKED_ROWS: usize = 1_000;
/// Rows that a dry run shows.
const SHOWN_ROWS: usize = 5;
/// Longest row that a dry run shows, in characters.
const SHOWN_CHARS: usize = 400;

/// How a source is read.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Formats")]
pub struct Reading {
    /// The format of SOURCE; found out by its content and name where it is not said
    #[arg(long, value_parser = format_parser())]
    format: Option<Format>,
    /// What a column becomes: comment, tags_user, attributes.NAME, embedding, embeddings.SPACE, …, or
    /// - to leave it out; with :text, :number or :bool the type of an attribute
    #[arg(long, value_name = "COLUMN=PROPERTY")]
    map: Vec<String>,
    /// Where files are that SOURCE names by relative paths: a folder, or the start of addresses
    #[arg(long, value_name = "FOLDER|URI")]
    root: Option<String>,
    /// What separates the cells of a CSV; found out where it is not said
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Import nothing: show what the columns are taken for, and the first rows
    #[arg(long)]
    pub dry_run: bool,
}

/// Reads the name of a format.
pub fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        // Only names of formats are let through.
        .map(|name| Format::of_name(&name).unwrap_or(Format::JsonLines))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" | b"tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("one ASCII character, or tab".to_owned()),
    }
}

/// Rows to import.
pub struct ReadRows {
    /// The rows.
    pub rows: Box<dyn Iterator<Item = io::Result<ImportRow>> + Send>,
    /// Whether they were cut short because the user wanted an end.
    pub cut: Arc<AtomicBool>,
    /// What the first rows tell of their vectors.
    pub expected: Expected,
    columns: Vec<UnderstoodColumn>,
}

/// A failure of a format, about a path.
pub fn failure(shown: &str, error: FormatError) -> Failure {
    match error {
        FormatError::Io(error) => Failure::io(shown, error),
        FormatError::Bad(what) => Failure::Failed(format!("{shown}: {what}")),
    }
}

impl Reading {
    /// The format of a source that has to be read here; none where the source is JSON lines as they are
    /// and is to be imported.
    pub fn format(&self, source: &str) -> Result<Option<Format>, Failure> {
        let found = match self.format {
            Some(format) => Some(format),
            None if source == "-" => None,
            None => {
                Format::detect(Path::new(source)).map_err(|error| Failure::io(source, error))?
            }
        };
        let is_folder = || Path::new(source).is_dir();
        if self.format == Some(Format::JsonLines) && is_folder() {
            return Err(Failure::Failed(format!("{source} is a folder; jsonl is a file")));
        }
        if found.is_none() && is_folder() {
            return Ok(None);
        }
        let plain = self.map.is_empty() && self.root.is_none() && !self.dry_run;
        Ok(match found.unwrap_or(Format::JsonLines) {
            Format::JsonLines if plain => None,
            format => Some(format),
        })
    }

    /// Refuses what means nothing where a folder is walked.
    pub fn refuse_for_folders(&self, source: &str) -> Result<(), Failure> {
        let said = !self.map.is_empty() || self.root.is_some() || self.delimiter.is_some();
        if said || self.dry_run {
            return Err(Failure::Usage(format!(
                "--map, --root, --delimiter and --dry-run are for tables and data sets, and nothing in \
                 {source} says that it is one; --format says it"
            )));
        }
        Ok(())
    }

    fn options(&self) -> Result<ReadOptions, Failure> {
        let usage = |error: FormatError| Failure::Usage(error.to_string());
        let mapping = Mapping::parse(&self.map).map_err(usage)?;
        let root = self.root.as_deref().map(Root::parse).transpose().map_err(usage)?;
        Ok(ReadOptions { mapping, delimiter: self.delimiter, root })
    }

    /// Opens a source; `text` is what it reads, where it is read from front to back.
    pub fn open(
        &self,
        format: Format,
        source: &str,
        text: Option<Source>,
        vectors: &Vectors,
        interrupt: &Interrupt,
    ) -> Result<ReadRows, Failure> {
        let options = self.options()?;
        let shown = if source == "-" { "standard input" } else { source };
        let (opened, cut) = if let Some(text) = text {
            let cut = text.cut();
            (read_text(format, text.into_lines(), &options), cut)
        } else if source == "-" {
            return Err(Failure::Usage(format!(
                "{} cannot be read from standard input; give the path of a file",
                format.name()
            )));
        } else {
            (read_path(format, Path::new(source), &options), Arc::default())
        };
        let Opened { columns, rows } = opened.map_err(|error| failure(shown, error))?;
        let (stop, flag) = (interrupt.clone(), Arc::clone(&cut));
        let name = shown.to_owned();
        let mut rows = rows.map(move |row| match row {
            Ok(row) => Ok(import_row(row)),
            Err(error) => {
                let error = error.into_io();
                Err(io::Error::new(error.kind(), format!("reading {name}: {error}")))
            }
        });
        let rows = std::iter::from_fn(move || {
            if stop.is_set() {
                flag.store(true, Ordering::SeqCst);
                return None;
            }
            rows.next()
        });
        let (expected, rows) = peek(rows, vectors);
        Ok(ReadRows { rows, cut, expected, columns })
    }

    /// Shows what an import would make of a source. Answers whether all is well, as far as it was read.
    pub fn show(
        &self,
        format: Format,
        source: &str,
        rows: ReadRows,
        output: &mut Output,
    ) -> Result<bool, Failure> {
        let (mut good, mut bad, mut read) = (Vec::new(), Vec::new(), 0);
        for row in rows.rows.take(PEEKED_ROWS) {
            let row = row.map_err(|error| Failure::Failed(error.to_string()))?;
            read += 1;
            match shown_row(&row) {
                Ok(shown) => good.push(shown),
                Err(why) => bad.push((row.number, why)),
            }
        }
        good.truncate(SHOWN_ROWS);
        let fine = bad.is_empty();
        if output.is_json() {
            let errors: Vec<Value> = bad
                .iter()
                .take(10)
                .map(|(number, why)| json!({ "line": number, "reason": why }))
                .collect();
            output.json(&json!({
                "source": source,
                "format": format.name(),
                "columns": rows.columns,
                "rows": good,
                "read": read,
                "refused": bad.len(),
                "errors": errors,
            }))?;
            return Ok(fine);
        }
        output.line(format!("{source} is read as {}", format.name()))?;
        let mut table =
            Table::new(&[Column::Text("column"), Column::Text("type"), Column::Text("becomes")]);
        for column in &rows.columns {
            let property = column.property.as_deref().unwrap_or("nothing, it is left out");
            table.row([column.column.as_str(), column.r#type.as_str(), property]);
        }
        output.table(&table)?;
        output.line(output.styled(Style::Bold, "the first rows"))?;
        for row in &good {
            let text: String = row.to_string().chars().take(SHOWN_CHARS).collect();
            output.line(format!("  {}", clean(&text)))?;
        }
        for (number, why) in bad.iter().take(10) {
            output.line(format!("{} {number}: {}", noun(format), clean(why)))?;
        }
        output.line(format!(
            "{} of the first {read} would be refused; nothing was imported",
            bad.len()
        ))?;
        Ok(fine)
    }
}

/// What the number of an error counts.
pub fn noun(format: Format) -> &'static str {
    if format.is_text() { "line" } else { "row" }
}

fn import_row(row: Row) -> ImportRow {
    let Row { number, record, text } = row;
    let (fields, vectors) = match record {
        Ok(record) => (Ok(record.fields), record.vectors),
        Err(why) => (Err(why), Vec::new()),
    };
    let vectors = vectors.into_iter();
    let vectors =
        vectors.map(|vector| NewVector { space: vector.space, values: vector.values }).collect();
    ImportRow { number, fields, vectors, text }
}

/// A row as it would be stored, with its vectors cut short; or why it would be refused.
fn shown_row(row: &ImportRow) -> Result<Value, String> {
    let fields = row.fields.clone()?;
    let mut shown = Value::Object(fields);
    parse_line(&shown.to_string())?;
    for vector in &row.vectors {
        let name = match &vector.space {
            Some(space) => format!("embeddings.{space}"),
            None => "embedding".to_owned(),
        };
        shown[name] = json!(format!("{} numbers", vector.values.len()));
    }
    Ok(shown)
}

/// Looks at the first rows for a vector that belongs to the space, where that may have to be made.
fn peek(
    mut rows: impl Iterator<Item = io::Result<ImportRow>> + Send + 'static,
    vectors: &Vectors,
) -> (Expected, Box<dyn Iterator<Item = io::Result<ImportRow>> + Send>) {
    if !vectors.may_make_space() {
        return (Expected::Unknown, Box::new(rows));
    }
    let (mut seen, mut expected) = (VecDeque::new(), Expected::NoLines);
    while seen.len() < PEEKED_ROWS && !matches!(expected, Expected::Dimension(_)) {
        let Some(row) = rows.next() else { break };
        let first = row.iter().flat_map(|row| &row.vectors).find(|vector| vectors.is_ours(vector));
        expected = match first {
            Some(vector) => Expected::Dimension(vector.values.len() as u64),
            None => Expected::Unknown,
        };
        seen.push_back(row);
    }
    (expected, Box::new(seen.into_iter().chain(rows)))
}
