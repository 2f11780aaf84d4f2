//! Files of record batches: opened, read row by row, and written.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use parquet::arrow::ArrowWriter as ParquetWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use super::build::{batch, schema};
use super::guard::{Guarded, guarded};
use super::sound::{check_file, check_stream};
use super::value::{can_read, value, vector};
use super::{JSON, NUMBER, READ_AS};
use crate::csv_table::Table;
use crate::error::{FormatError, Result};
use crate::fill::{self, SEPARATORS};
use crate::layout::Layout;
use crate::mapping::{COLUMNS, Mapping, Planned, require_uri};
use crate::property::Target;
use crate::record::{Record, Row, Vector};

/// Rows that are read and written together.
const BATCH_ROWS: usize = 1_024;
/// What a row group takes in memory before it is written.
const GROUP_BYTES: usize = 64 << 20;
/// Most rows of a row group.
const GROUP_ROWS: usize = 128 << 10;

/// What record batches are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// A Parquet file.
    Parquet,
    /// An Arrow file (Feather) or stream.
    Ipc,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// Opens a file, which has to be one that can be read at any place.
pub(crate) fn read(
    mut file: File,
    container: Container,
    mapping: &Mapping,
    has_uri: bool,
) -> Result<Table> {
    let (schema, batches): (SchemaRef, Batches) = guarded(|| match container {
        Container::Parquet => {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            let schema = Arc::clone(builder.schema());
            let reader = builder.with_batch_size(BATCH_ROWS).build()?;
            Ok((schema, batches(reader)))
        }
        Container::Ipc => {
            let mut magic = [0; 6];
            let has_magic = file.read_exact(&mut magic).is_ok() && magic == *b"ARROW1";
            file.seek(SeekFrom::Start(0))?;
            if has_magic {
                check_file(&mut file)?;
                let reader = FileReader::try_new(BufReader::new(file), None)?;
                Ok((reader.schema(), batches(reader)))
            } else {
                check_stream(&mut file)?;
                let reader = StreamReader::try_new(BufReader::new(file), None)?;
                Ok((reader.schema(), batches(reader)))
            }
        }
    })?;
    table(&schema, batches, mapping, has_uri)
}

fn batches(
    reader: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static,
) -> Batches {
    Box::new(Guarded(Some(reader.map(|batch| batch.map_err(FormatError::from)))))
}

/// How the values of a column are read.
struct Reading {
    planned: Planned,
    read_as: Option<String>,
}

fn table(schema: &Schema, batches: Batches, mapping: &Mapping, has_uri: bool) -> Result<Table> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    if names.is_empty() || names.len() > COLUMNS {
        return Err(FormatError::bad(format!(
            "has {} columns; 1 to {COLUMNS} can be",
            names.len()
        )));
    }
    let mut plan = mapping.plan(&names)?;
    let mut understood = Vec::with_capacity(plan.len());
    for (planned, field) in plan.iter_mut().zip(schema.fields()) {
        if !can_read(field.data_type()) {
            planned.target = Target::Nothing;
        }
        understood.push(planned.understood(type_name(field.data_type())));
    }
    require_uri(&plan, has_uri)?;
    let columns = plan.into_iter().zip(schema.fields()).map(|(planned, field)| {
        let read_as = field.metadata().get(READ_AS).cloned();
        Reading { planned, read_as }
    });
    let columns: Vec<Reading> = columns.collect();
    let columns = Arc::new(columns);
    let mut number = 0;
    let rows = batches.flat_map(move |batch| -> Box<dyn Iterator<Item = Result<Row>> + Send> {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let first = number;
        number += batch.num_rows() as u64;
        let columns = Arc::clone(&columns);
        let arrays = batch.columns().to_vec();
        Box::new((0..batch.num_rows()).map(move |place| {
            let record = record(&columns, &arrays, place);
            let text = match &record {
                Ok(_) => String::new(),
                Err(_) => shown(&columns, &arrays, place),
            };
            Ok(Row { number: first + place as u64 + 1, record, text })
        }))
    });
    Ok(Table { columns: understood, rows: Box::new(rows) })
}

/// The name of a type as people write it: the inner ones in angle brackets.
fn type_name(r#type: &DataType) -> String {
    match r#type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::List(item) | DataType::LargeList(item) => {
            format!("list<{}>", type_name(item.data_type()))
        }
        DataType::FixedSizeList(item, length) => {
            format!("list<{}, {length}>", type_name(item.data_type()))
        }
        DataType::Dictionary(_, values) => format!("dictionary<{}>", type_name(values)),
        DataType::Struct(fields) => {
            let fields =
                fields.iter().map(|f| format!("{}: {}", f.name(), type_name(f.data_type())));
            format!("struct<{}>", fields.collect::<Vec<_>>().join(", "))
        }
        DataType::Timestamp(..) => "timestamp".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

fn record(columns: &[Reading], arrays: &[ArrayRef], row: usize) -> Result<Record, String> {
    let mut record = Record::default();
    for (column, array) in columns.iter().zip(arrays) {
        column
            .put(&mut record, array, row)
            .map_err(|why| format!("column {:?}: {why}", column.planned.column))?;
    }
    Ok(record)
}

impl Reading {
    fn put(&self, record: &mut Record, array: &ArrayRef, row: usize) -> Result<(), String> {
        let target = &self.planned.target;
        if *target == Target::Nothing {
            return Ok(());
        }
        if let (Target::Vector(space), Some(values)) = (target, vector(array, row)) {
            record.vectors.push(Vector { space: space.clone(), values });
            return Ok(());
        }
        let mut found = value(array, row);
        match (self.read_as.as_deref(), &found) {
            (Some(JSON), Value::String(text)) => {
                found =
                    serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
                // A null of JSON is an attribute that is null; no value is none.
                if let (Value::Null, Target::Attribute(name)) = (&found, target) {
                    record.put_attribute(name, Value::Null);
                }
            }
            (Some(NUMBER), Value::Number(number)) => {
                if let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0) {
                    found = Value::from(float as i64);
                }
            }
            _ => {}
        }
        fill::put(record, target, found, SEPARATORS[0])
    }
}

/// A row for people: as JSON.
fn shown(columns: &[Reading], arrays: &[ArrayRef], row: usize) -> String {
    let cells = columns.iter().zip(arrays);
    let object: serde_json::Map<_, _> = cells
        .filter(|(column, _)| !matches!(column.planned.target, Target::Vector(_)))
        .map(|(column, array)| (column.planned.column.clone(), value(array, row)))
        .collect();
    Value::Object(object).to_string().chars().take(4_096).collect()
}

/// Writes record batches.
pub(crate) struct ArrowWriter<W: Write + Send> {
    inner: Inner<W>,
    layout: Layout,
    schema: SchemaRef,
    waiting: Vec<Record>,
}

enum Inner<W: Write + Send> {
    Parquet(Box<ParquetWriter<W>>),
    Ipc(Box<FileWriter<W>>),
}

impl<W: Write + Send> ArrowWriter<W> {
    pub(crate) fn begin(to: W, container: Container, layout: Layout) -> Result<Self> {
        let schema = schema(&layout)?;
        let inner = match container {
            Container::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .build();
                let writer = ParquetWriter::try_new(to, Arc::clone(&schema), Some(properties))?;
                Inner::Parquet(Box::new(writer))
            }
            Container::Ipc => {
                let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?
                    .try_with_compression(Some(CompressionType::ZSTD))?;
                Inner::Ipc(Box::new(FileWriter::try_new_with_options(to, &schema, options)?))
            }
        };
        Ok(Self { inner, layout, schema, waiting: Vec::new() })
    }

    pub(crate) fn put(&mut self, record: Record) -> Result<()> {
        self.waiting.push(record);
        if self.waiting.len() >= BATCH_ROWS { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        let batch = batch(&self.layout, &self.schema, &self.waiting)?;
        self.waiting.clear();
        match &mut self.inner {
            Inner::Ipc(writer) => writer.write(&batch)?,
            Inner::Parquet(writer) => {
                writer.write(&batch)?;
                if writer.in_progress_size() > GROUP_BYTES {
                    writer.flush()?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<W> {
        if !self.waiting.is_empty() {
            self.write()?;
        }
        Ok(match self.inner {
            Inner::Parquet(writer) => writer.into_inner()?,
            Inner::Ipc(mut writer) => {
                writer.finish()?;
                writer.into_inner()?
            }
        })
    }
}
