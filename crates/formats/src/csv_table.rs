//! Comma-separated tables.
//!
//! Written, a list is its items with `;` between, or JSON where an item would be misread; an
//! attribute is written as it looks (`5`, `true`, `red`), and as JSON where that would be misread
//! (`"5"` for a text). So every record is read back as it was.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Cursor, Read, Write};

use csv::{ByteRecord, ReaderBuilder, Writer, WriterBuilder};
use filedex_model::limits;
use serde_json::Value;

use crate::error::{FormatError, Result};
use crate::fill::{self, SEPARATORS};
use crate::layout::{Cell, ColumnType, Layout};
use crate::mapping::{COLUMNS, CellType, Mapping, Planned, UnderstoodColumn, require_uri};
use crate::property::{FieldKind, Target};
use crate::record::{Record, Row, Rows, json_numbers};

/// Rows that are looked at to find out what the columns hold.
const SAMPLE: usize = 1_000;
/// How much of the beginning is searched for the separator.
const HEAD: usize = 64 << 10;

/// A CSV that was opened.
pub(crate) struct Table {
    pub columns: Vec<UnderstoodColumn>,
    pub rows: Rows,
}

/// Opens a table with a header. `delimiter` is found out where it is not given: by the first line.
/// `has_uri` says that rows get their URI elsewhere.
pub(crate) fn read(
    input: impl Read + Send + 'static,
    mapping: &Mapping,
    delimiter: Option<u8>,
    has_uri: bool,
) -> Result<Table> {
    let mut input = BufReader::with_capacity(HEAD, input);
    let mut head = Vec::new();
    // A pipe gives as little as it likes at once.
    (&mut input).take(HEAD as u64).read_until(b'\n', &mut head)?;
    let delimiter = delimiter.unwrap_or_else(|| delimiter_of(&head));
    let skip = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let input = Cursor::new(head.split_off(skip)).chain(input);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(input);
    let header = reader.byte_headers()?.clone();
    let names = header.iter().enumerate().map(|(place, name)| match std::str::from_utf8(name) {
        Ok(name) => Ok(name.trim().to_owned()),
        Err(_) => Err(FormatError::bad(format!("the name of column {} is not UTF-8", place + 1))),
    });
    let names: Vec<String> = names.collect::<Result<_>>()?;
    if names.is_empty() || names.len() > COLUMNS {
        return Err(FormatError::bad(format!(
            "line 1 has {} columns; a CSV file begins with a line of column names, 1 to {COLUMNS}",
            names.len()
        )));
    }
    let plan = mapping.plan(&names)?;
    require_uri(&plan, has_uri)?;
    let mut first = VecDeque::new();
    let mut record = ByteRecord::new();
    while first.len() < SAMPLE && reader.read_byte_record(&mut record)? {
        first.push_back(record.clone());
    }
    let columns: Vec<CsvColumn> = plan
        .into_iter()
        .enumerate()
        .map(|(place, planned)| CsvColumn::find_out(planned, place, &first))
        .collect();
    let understood = columns.iter().map(CsvColumn::understood).collect();
    let rest = reader.into_byte_records().map(|record| record.map_err(FormatError::from));
    let all = first.into_iter().map(Ok).chain(rest);
    let rows = all.map(move |record| Ok(row(&record?, &columns)));
    Ok(Table { columns: understood, rows: Box::new(rows) })
}

/// The separator that the first line has most of; a comma where it has none.
fn delimiter_of(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut quoted = false;
    let mut counts = [(b',', 0), (b'\t', 0), (b';', 0), (b'|', 0)];
    for byte in line {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(sign, _)| sign == byte && !quoted) {
            *count += 1;
        }
    }
    // The first of equals, so a comma where there is none of any.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(sign, _)| *sign)
}

struct CsvColumn {
    planned: Planned,
    cells: CellType,
    separator: char,
}

impl CsvColumn {
    fn find_out(planned: Planned, place: usize, sample: &VecDeque<ByteRecord>) -> Self {
        let cells = || {
            let cells = sample.iter().filter_map(|record| record.get(place));
            cells.filter_map(|cell| std::str::from_utf8(cell).ok()).filter(|cell| !cell.is_empty())
        };
        let found = match &planned.target {
            Target::Attribute(name) if planned.column != format!("attributes.{name}") => {
                if cells().next().is_none() {
                    CellType::Text
                } else if cells().all(|cell| number(cell).is_some()) {
                    CellType::Number
                } else if cells().all(|cell| truth(cell).is_some()) {
                    CellType::Flag
                } else {
                    CellType::Text
                }
            }
            _ => CellType::Free,
        };
        let has = |sign: &char| cells().any(|cell| !cell.starts_with('[') && cell.contains(*sign));
        let separator = SEPARATORS.into_iter().find(has).unwrap_or(SEPARATORS[0]);
        Self { cells: planned.cells.unwrap_or(found), planned, separator }
    }

    fn understood(&self) -> UnderstoodColumn {
        let r#type = match &self.planned.target {
            Target::Attribute(_) => self.cells.name().to_owned(),
            Target::Field(field) if matches!(field.kind, FieldKind::Texts | FieldKind::Jobs) => {
                format!("list, by {:?}", self.separator)
            }
            Target::Tags => format!("list, by {:?}", self.separator),
            _ => CellType::Text.name().to_owned(),
        };
        self.planned.understood(r#type)
    }

    fn put(&self, record: &mut Record, cell: &str) -> Result<(), String> {
        if cell.is_empty() {
            return Ok(());
        }
        let text = || Value::from(cell);
        let value = match (&self.planned.target, self.cells) {
            (Target::Attribute(name), CellType::Free) => {
                record.put_attribute(name, free(cell));
                return Ok(());
            }
            (Target::Attribute(_), CellType::Number) => number(cell).unwrap_or_else(text),
            (Target::Attribute(_), CellType::Flag) => truth(cell).unwrap_or_else(text),
            _ => text(),
        };
        fill::put(record, &self.planned.target, value, self.separator)
    }
}

/// A row of the table; its number is the line it begins in.
fn row(record: &ByteRecord, columns: &[CsvColumn]) -> Row {
    let number = record.position().map_or(0, csv::Position::line);
    let read = || {
        if record.len() != columns.len() {
            let (has, wants) = (record.len(), columns.len());
            return Err(format!("has {has} fields where the header has {wants}"));
        }
        let mut read = Record::default();
        for (column, cell) in columns.iter().zip(record) {
            let done = std::str::from_utf8(cell)
                .map_err(|error| format!("is not UTF-8 from byte {}", error.valid_up_to() + 1))
                .and_then(|cell| column.put(&mut read, cell));
            done.map_err(|why| format!("column {:?}: {why}", column.planned.column))?;
        }
        Ok(read)
    };
    let record_read = read();
    let text = match &record_read {
        Ok(_) => String::new(),
        Err(_) => shown(record),
    };
    Row { number, record: record_read, text }
}

fn shown(record: &ByteRecord) -> String {
    let fields: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
    fields.join(",").chars().take(4_096).collect()
}

/// A number as JSON writes it, so that `007` and `+5` stay text.
fn number(cell: &str) -> Option<Value> {
    let first = cell.as_bytes().first()?;
    let may = first.is_ascii_digit() || *first == b'-';
    serde_json::from_str(cell).ok().filter(|value: &Value| may && value.is_number())
}

fn truth(cell: &str) -> Option<Value> {
    let is = |word: &str| cell.eq_ignore_ascii_case(word);
    (is("true") || is("false")).then(|| Value::Bool(is("true")))
}

/// What a cell looks like.
fn free(cell: &str) -> Value {
    let json = matches!(
        cell.as_bytes().first(),
        Some(b'[' | b'{' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
    );
    let value = if json { serde_json::from_str(cell).ok() } else { None };
    value.unwrap_or_else(|| Value::from(cell))
}

/// A cell that [`free`] reads back as the value.
fn free_cell(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && free(text) == *value => text.clone(),
        other => other.to_string(),
    }
}

fn list_cell(items: &[&str]) -> String {
    let misread = |item: &&str| {
        item.is_empty()
            || item.trim() != *item
            || item.contains(SEPARATORS)
            || item.starts_with('[')
    };
    if items.iter().any(misread) {
        return Value::from(items.to_vec()).to_string();
    }
    items.join(";")
}

/// Writes a table.
pub(crate) struct CsvWriter<W: Write> {
    inner: Writer<W>,
    layout: Layout,
}

impl<W: Write> CsvWriter<W> {
    pub(crate) fn begin(to: W, layout: Layout) -> Result<Self> {
        let mut inner = WriterBuilder::new().from_writer(to);
        inner.write_record(layout.columns.iter().map(|column| &column.name))?;
        Ok(Self { inner, layout })
    }

    pub(crate) fn put(&mut self, record: &Record) -> Result<()> {
        for column in &self.layout.columns {
            let is_attribute = matches!(column.target, Target::Attribute(_));
            let cell = match self.layout.cell(column, record) {
                Cell::Missing => String::new(),
                Cell::Text(text) if is_attribute => free_cell(&Value::from(text.as_ref())),
                Cell::Text(text) if text.is_empty() => top_folder(&column.target),
                Cell::Text(text) => text.into_owned(),
                Cell::Flag(flag) => flag.to_string(),
                Cell::Integer(number) => number.to_string(),
                Cell::Float(number)
                    if column.r#type == ColumnType::Number && number.fract() == 0.0 =>
                {
                    format!("{number}")
                }
                Cell::Float(number) => fill::float(number).to_string(),
                Cell::Texts(items) if is_attribute => Value::from(items).to_string(),
                Cell::Texts(items) => list_cell(&items),
                Cell::Time(time) => time.to_string(),
                Cell::Jobs(jobs) => Value::Object(jobs.clone()).to_string(),
                Cell::Json(value) if is_attribute => free_cell(&value),
                Cell::Json(value) => value.to_string(),
                Cell::Vector(values) => json_numbers(values).to_string(),
            };
            self.inner.write_field(cell)?;
        }
        Ok(self.inner.write_record(None::<&[u8]>)?)
    }

    pub(crate) fn finish(self) -> Result<W> {
        self.inner.into_inner().map_err(|error| FormatError::Io(error.into_error()))
    }
}

/// How the folder at the top is written, since an empty cell means that the URI's folder holds: as a
/// slash, which is read as the same folder.
fn top_folder(target: &Target) -> String {
    let is_folder = matches!(target, Target::Field(field) if field.name == "file_dir");
    String::from(if is_folder { "/" } else { "" })
}

const _: () = assert!(limits::NAME_BYTES < HEAD, "a column name fits in what is searched");

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_is_read_back_from_its_cell() {
        let values = [
            json!("red"),
            json!(""),
            json!("5"),
            json!("5 "),
            json!("007"),
            json!("-"),
            json!("true"),
            json!("null"),
            json!("\"quoted\""),
            json!("[1]"),
            json!("{\"a\":1}"),
            json!("nothing"),
            json!(5),
            json!(5.0),
            json!(-0.0),
            json!(1e300),
            json!(u64::MAX),
            json!(true),
            json!(null),
            json!(["a", 1]),
            json!({"a": {"b": null}}),
            json!("2025-01-31"),
            json!("1e5"),
        ];
        for value in values {
            let cell = free_cell(&value);
            assert_eq!(free(&cell), value, "{cell}");
            assert_ne!(cell, "", "{value} would be missing");
        }
    }

    /// Gives one byte at a time, as a pipe may.
    struct Trickle(Cursor<Vec<u8>>);

    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn the_first_line_is_seen_whole() {
        let text = "\u{feff}uri;tags\na://b/1;x|y\n";
        let input = Trickle(Cursor::new(text.into()));
        let mut table = read(input, &Mapping::default(), None, false).unwrap();
        let row = table.rows.next().unwrap().unwrap();
        assert_eq!((row.number, row.record.unwrap().tags()), (2, vec!["x", "y"]));
    }

    #[test]
    fn separators_are_found_in_the_first_line() {
        let cases = [
            ("a,b\n1;2;3", b','),
            ("a\tb\n", b'\t'),
            ("a;\"b,c,d\";e\n", b';'),
            ("alone", b','),
            ("", b','),
            ("a|b", b'|'),
        ];
        for (head, want) in cases {
            assert_eq!(delimiter_of(head.as_bytes()), want, "{head}");
        }
    }
}
