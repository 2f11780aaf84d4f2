//! Record batches made of records.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, StructArray, TimestampMillisecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use super::{JSON, NUMBER, READ_AS};
use crate::error::{FormatError, Result};
use crate::layout::{Cell, Column, ColumnType, Layout};
use crate::property::Target;
use crate::record::{Record, texts};

/// The schema of a table.
pub(crate) fn schema(layout: &Layout) -> Result<SchemaRef> {
    let fields = layout.columns.iter().map(field).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

fn field(column: &Column) -> Result<Field> {
    let r#type = match column.r#type {
        ColumnType::Flag => DataType::Boolean,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Float | ColumnType::Number => DataType::Float64,
        ColumnType::Text | ColumnType::Json => DataType::Utf8,
        ColumnType::Texts => DataType::List(item(DataType::Utf8)),
        ColumnType::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ColumnType::Jobs => DataType::List(item(DataType::Struct(job_fields()))),
        ColumnType::Vector(dimension) => DataType::FixedSizeList(number(), length(dimension)?),
    };
    let field = Field::new(&column.name, r#type, !is_uri(column));
    let read_as = match column.r#type {
        ColumnType::Json => JSON,
        ColumnType::Number => NUMBER,
        _ => return Ok(field),
    };
    Ok(field.with_metadata(HashMap::from([(READ_AS.to_owned(), read_as.to_owned())])))
}

fn is_uri(column: &Column) -> bool {
    matches!(&column.target, Target::Field(field) if field.name == "uri")
}

fn item(r#type: DataType) -> Arc<Field> {
    Arc::new(Field::new("item", r#type, true))
}

/// The number of a vector: never missing.
fn number() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Float32, true))
}

fn job_fields() -> Fields {
    Fields::from(vec![
        Field::new("job", DataType::Utf8, true),
        Field::new("tags", DataType::List(item(DataType::Utf8)), true),
    ])
}

fn length(dimension: usize) -> Result<i32> {
    i32::try_from(dimension).map_err(|_| FormatError::bad("a vector has too many numbers"))
}

/// A batch of records.
pub(crate) fn batch(
    layout: &Layout,
    schema: &SchemaRef,
    records: &[Record],
) -> Result<RecordBatch> {
    let arrays = layout.columns.iter().map(|column| {
        let cells = || records.iter().map(|record| layout.cell(column, record));
        array(column, cells)
    });
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}

fn array<'a, I: ExactSizeIterator<Item = Cell<'a>>>(
    column: &Column,
    cells: impl Fn() -> I,
) -> Result<ArrayRef> {
    Ok(match column.r#type {
        ColumnType::Flag => Arc::new(BooleanArray::from_iter(cells().map(|cell| match cell {
            Cell::Flag(flag) => Some(flag),
            _ => None,
        }))),
        ColumnType::Integer => Arc::new(Int64Array::from_iter(cells().map(|cell| match cell {
            Cell::Integer(number) => Some(number),
            _ => None,
        }))),
        ColumnType::Float | ColumnType::Number => {
            Arc::new(Float64Array::from_iter(cells().map(|cell| match cell {
                Cell::Float(number) => Some(number),
                _ => None,
            })))
        }
        ColumnType::Text | ColumnType::Json => {
            let required = is_uri(column);
            Arc::new(StringArray::from_iter(cells().map(|cell| match cell {
                Cell::Text(text) => Some(text.into_owned()),
                Cell::Json(value) => Some(value.to_string()),
                _ => required.then(String::new),
            })))
        }
        ColumnType::Time => {
            let times = cells().map(|cell| match cell {
                Cell::Time(time) => Some(time.millis()),
                _ => None,
            });
            Arc::new(TimestampMillisecondArray::from_iter(times).with_timezone("UTC"))
        }
        ColumnType::Texts => lists(cells().map(|cell| match cell {
            Cell::Texts(items) => Some(items),
            _ => None,
        })),
        ColumnType::Jobs => jobs(cells())?,
        ColumnType::Vector(dimension) => vectors(column, cells(), dimension)?,
    })
}

fn lists<'a>(rows: impl Iterator<Item = Option<Vec<&'a str>>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        let present = row.is_some();
        for text in row.into_iter().flatten() {
            builder.values().append_value(text);
        }
        builder.append(present);
    }
    Arc::new(builder.finish())
}

fn jobs<'a>(rows: impl Iterator<Item = Cell<'a>>) -> Result<ArrayRef> {
    let (mut names, mut tags) = (Vec::new(), Vec::new());
    let (mut lengths, mut present) = (Vec::new(), Vec::new());
    for row in rows {
        let before = names.len();
        if let Cell::Jobs(jobs) = &row {
            for (job, list) in *jobs {
                names.push(job.clone());
                tags.push(texts(list).into_iter().map(str::to_owned).collect::<Vec<_>>());
            }
        }
        lengths.push(names.len() - before);
        present.push(matches!(row, Cell::Jobs(_)));
    }
    let tags = lists(tags.iter().map(|list| Some(list.iter().map(String::as_str).collect())));
    let names: ArrayRef = Arc::new(StringArray::from(names));
    let jobs = StructArray::try_new(job_fields(), vec![names, tags], None)?;
    Ok(Arc::new(ListArray::try_new(
        item(DataType::Struct(job_fields())),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(jobs),
        Some(NullBuffer::from(present)),
    )?))
}

fn vectors<'a>(
    column: &Column,
    rows: impl ExactSizeIterator<Item = Cell<'a>>,
    dimension: usize,
) -> Result<ArrayRef> {
    let mut numbers = Vec::with_capacity(rows.len() * dimension);
    let mut present = Vec::with_capacity(rows.len());
    for row in rows {
        match row {
            Cell::Vector(vector) if vector.len() == dimension => {
                numbers.extend_from_slice(vector);
                present.push(true);
            }
            Cell::Vector(vector) => {
                return Err(FormatError::bad(format!(
                    "column {:?}: a vector has {} numbers, the others {dimension}",
                    column.name,
                    vector.len()
                )));
            }
            _ => {
                numbers.resize(numbers.len() + dimension, 0.0);
                present.push(false);
            }
        }
    }
    let numbers = Arc::new(Float32Array::from(numbers));
    let present = Some(NullBuffer::from(present));
    Ok(Arc::new(FixedSizeListArray::try_new(number(), length(dimension)?, numbers, present)?))
}
