//! JSON lines, where columns are mapped or only looked at, and tables of JSON objects.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};

use serde_json::{Map, Value};

use crate::csv_table::Table;
use crate::error::{FormatError, Result};
use crate::fill::{self, SEPARATORS};
use crate::layout::{Cell, ColumnType, Layout};
use crate::mapping::{Mapping, Planned};
use crate::property::Target;
use crate::record::{Record, Row, json_numbers};

/// Lines that are looked at to find out what columns there are.
const SAMPLE: usize = 1_000;
/// Longest line that is read, in bytes.
const LINE_BYTES: usize = 16 << 20;

/// What the keys of the objects are, where nobody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Fields of an import, which knows what to do with others.
    Fields,
    /// Columns, as a table has them; text that is a JSON list, object or text stands for it.
    Columns,
}

/// Opens JSON lines: each object's keys are the columns.
pub(crate) fn read(
    input: impl Read + Send + 'static,
    mapping: &Mapping,
    keys: Keys,
) -> Result<Table> {
    let mut input = BufReader::with_capacity(256 << 10, input);
    let mut first = Vec::new();
    let mut number = 0;
    while first.len() < SAMPLE {
        let Some(line) = next_line(&mut input)? else { break };
        number += 1;
        first.push((number, line));
    }
    let mut types: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for (_, line) in &first {
        let Ok(Value::Object(fields)) = serde_json::from_slice(line) else { continue };
        for (name, value) in &fields {
            if !types.contains_key(name) {
                order.push(name.clone());
            }
            let seen = types.entry(name.clone()).or_default();
            let is = type_name(value);
            if !value.is_null() && !seen.contains(&is) {
                seen.push(is);
            }
        }
    }
    let said: Vec<String> = mapping.pairs().map(|(column, _)| column.to_owned()).collect();
    if let Some(absent) = said.iter().find(|name| !types.is_empty() && !types.contains_key(*name)) {
        return Err(FormatError::bad(format!(
            "no line of the first {} has the field {absent:?} to map; the fields are {}",
            first.len(),
            order.join(", ")
        )));
    }
    let targets: BTreeMap<String, Target> =
        mapping.pairs().map(|(column, target)| (column.to_owned(), target.clone())).collect();
    let columns = order.iter().map(|name| {
        let target = targets.get(name).cloned().unwrap_or_else(|| keys.target(name));
        let planned = Planned { column: name.clone(), target, cells: None };
        planned.understood(types.get(name).map(|seen| seen.join(" or ")).unwrap_or_default())
    });
    let columns = columns.collect();
    let rest = std::iter::from_fn(move || match next_line(&mut input) {
        Ok(line) => {
            number += 1;
            line.map(|line| Ok((number, line)))
        }
        Err(error) => Some(Err(error)),
    });
    let rows = first.into_iter().map(Ok).chain(rest).filter_map(move |line| match line {
        Ok((_, line)) if line.iter().all(u8::is_ascii_whitespace) => None,
        Ok((number, line)) => Some(Ok(row(number, &line, &targets, keys))),
        Err(error) => Some(Err(error)),
    });
    Ok(Table { columns, rows: Box::new(rows) })
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

impl Keys {
    /// What becomes of a key.
    fn target(self, name: &str) -> Target {
        match (self, name) {
            (Self::Columns, _) => Target::of_column(name),
            (_, "caption") => Target::field("comment").map_or(Target::Nothing, Target::Field),
            (_, "embedding") => Target::Vector(None),
            (_, "embeddings") => Target::Vector(Some("*".to_owned())),
            _ => Target::field(name)
                .map_or_else(|| Target::Attribute(name.to_owned()), Target::Field),
        }
    }
}

/// A value of a column, which may be JSON in a text.
fn unpacked(target: &Target, value: Value) -> Value {
    match (&value, target) {
        (Value::String(text), Target::Attribute(_)) if text.starts_with(['[', '{', '"']) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        _ => value,
    }
}

fn next_line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = input.take(LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
    if line.len() > LINE_BYTES {
        return Err(FormatError::bad(format!("a line is longer than {LINE_BYTES} bytes")));
    }
    Ok((read > 0).then_some(line))
}

fn row(number: u64, line: &[u8], targets: &BTreeMap<String, Target>, keys: Keys) -> Row {
    let record = std::str::from_utf8(line)
        .map_err(|error| format!("is not UTF-8 from byte {}", error.valid_up_to() + 1))
        .and_then(|line| {
            serde_json::from_str(line.trim_start_matches('\u{feff}'))
                .map_err(|error| format!("is not JSON: {error}"))
        })
        .and_then(|json: Value| match json {
            Value::Object(fields) => mapped(fields, targets, keys),
            _ => Err("is not a JSON object; give {\"uri\":\"…\", …}".to_owned()),
        });
    let text = match &record {
        Ok(_) => String::new(),
        Err(_) => String::from_utf8_lossy(&line[..line.len().min(4_096)]).trim_end().to_owned(),
    };
    Row { number, record, text }
}

/// Fields that were mapped, or are columns, go where they belong; the import knows what to do with
/// others.
fn mapped(
    fields: Map<String, Value>,
    targets: &BTreeMap<String, Target>,
    keys: Keys,
) -> Result<Record, String> {
    let mut record = Record::default();
    let (said, others): (Vec<_>, Vec<_>) = fields
        .into_iter()
        .partition(|(name, _)| keys == Keys::Columns || targets.contains_key(name));
    record.fields = others.into_iter().filter(|(_, value)| !value.is_null()).collect();
    for (name, value) in said {
        let said = targets.get(&name).cloned();
        let target = said.unwrap_or_else(|| keys.target(&name));
        let value = if keys == Keys::Columns { unpacked(&target, value) } else { value };
        fill::put(&mut record, &target, value, SEPARATORS[0])
            .map_err(|why| format!("field {name:?}: {why}"))?;
    }
    Ok(record)
}

/// A record as one line of an export, which an import reads.
pub(crate) fn line(record: &Record) -> Value {
    let mut fields = record.fields.clone();
    let named = record
        .vectors
        .iter()
        .filter_map(|vector| Some((vector.space.clone()?, json_numbers(&vector.values))));
    let vectors: Map<String, Value> = named.collect();
    if !vectors.is_empty() {
        fields.insert("embeddings".to_owned(), Value::Object(vectors));
    }
    if let Some(vector) = record.vectors.iter().find(|vector| vector.space.is_none()) {
        fields.insert("embedding".to_owned(), json_numbers(&vector.values));
    }
    Value::Object(fields)
}

/// The columns of a table as an object: each record has all of them, and each always the same type.
pub(crate) fn object(layout: &Layout, record: &Record) -> Map<String, Value> {
    let cells = layout.columns.iter().map(|column| {
        let value = match layout.cell(column, record) {
            Cell::Missing => Value::Null,
            Cell::Flag(flag) => flag.into(),
            Cell::Integer(number) => number.into(),
            Cell::Float(number) => fill::float(number),
            Cell::Text(text) => text.into_owned().into(),
            Cell::Texts(items) => items.into(),
            Cell::Time(time) => time.to_string().into(),
            Cell::Jobs(jobs) => Value::Object(jobs.clone()).to_string().into(),
            Cell::Json(value) if column.r#type == ColumnType::Json => value.to_string().into(),
            Cell::Json(value) => value.into_owned(),
            Cell::Vector(values) => json_numbers(values),
        };
        (column.name.clone(), value)
    });
    cells.collect()
}

/// Writes JSON lines: records as they are, or chosen columns.
pub(crate) struct LinesWriter<W: Write> {
    to: W,
    chosen: Option<Layout>,
}

impl<W: Write> LinesWriter<W> {
    pub(crate) fn begin(to: W, chosen: Option<Layout>) -> Self {
        Self { to, chosen }
    }

    pub(crate) fn put(&mut self, record: &Record) -> Result<()> {
        let value = match &self.chosen {
            None => line(record),
            Some(layout) => Value::Object(object(layout, record)),
        };
        serde_json::to_writer(&mut self.to, &value)?;
        Ok(self.to.write_all(b"\n")?)
    }

    pub(crate) fn finish(self) -> W {
        self.to
    }
}
