//! The stored form of a dataset.

use std::borrow::Cow;

use bincode::{BorrowDecode, Encode};
use filedex_model::{ColumnSchema, ColumnType, Dataset, DatasetStatus};

use super::json;
use crate::codec::{self, Malformed};
use crate::error::StoreError;

/// Deepest nesting of a column's type.
const TYPE_DEPTH: usize = 64;

#[derive(Encode, BorrowDecode)]
struct StoredDataset<'a> {
    id: &'a str,
    name: &'a str,
    object_type: &'a str,
    status: u8,
    schema: Vec<StoredColumn<'a>>,
    metadata: Cow<'a, str>,
    folder: &'a str,
    current_version: Option<&'a str>,
    created_at: i64,
    error: Option<&'a str>,
    current_version_origin: Option<Cow<'a, str>>,
    ai_project_id: Option<&'a str>,
    workspace_id: Option<&'a str>,
}

/// A column: its name, and its type with the types inside, outermost first.
#[derive(Encode, BorrowDecode)]
struct StoredColumn<'a> {
    name: &'a str,
    types: Vec<&'a str>,
}

/// The encoding of `dataset`; it is read back, so that nothing unreadable is ever stored.
pub(crate) fn encode(dataset: &Dataset) -> Result<Vec<u8>, StoreError> {
    let bytes = codec::encode(
        codec::DATASET,
        &StoredDataset {
            id: &dataset.id,
            name: &dataset.name,
            object_type: &dataset.object_type,
            status: status_byte(dataset.status),
            schema: dataset.schema.iter().map(column_of).collect(),
            metadata: json::text(&dataset.metadata),
            folder: &dataset.folder,
            current_version: dataset.current_version.as_deref(),
            created_at: dataset.created_at.millis(),
            error: dataset.error.as_deref(),
            current_version_origin: dataset.current_version_origin.as_ref().map(json::text),
            ai_project_id: dataset.ai_project_id.as_deref(),
            workspace_id: dataset.workspace_id.as_deref(),
        },
    )?;
    match decode(&bytes) {
        Ok(_) => Ok(bytes),
        Err(why) => Err(StoreError::Unstorable { what: format!("the dataset ({why})") }),
    }
}

/// The dataset that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<Dataset, Malformed> {
    let stored: StoredDataset<'_> = codec::decode(codec::DATASET, bytes)?;
    let text = |text: Option<&str>| text.map(str::to_owned);
    Ok(Dataset {
        id: stored.id.to_owned(),
        name: stored.name.to_owned(),
        object_type: stored.object_type.to_owned(),
        status: status_of(stored.status)?,
        schema: stored.schema.iter().map(model_of).collect::<Result<_, _>>()?,
        metadata: json::object(&stored.metadata)?,
        folder: stored.folder.to_owned(),
        current_version: text(stored.current_version),
        created_at: json::time(stored.created_at)?,
        error: text(stored.error),
        current_version_origin: stored
            .current_version_origin
            .as_deref()
            .map(json::object)
            .transpose()?,
        ai_project_id: text(stored.ai_project_id),
        workspace_id: text(stored.workspace_id),
    })
}

fn column_of(column: &ColumnSchema) -> StoredColumn<'_> {
    let outer = Some(&column.column_type);
    let types = std::iter::successors(outer, |outer| outer.item.as_deref());
    StoredColumn { name: &column.name, types: types.map(|each| each.name.as_str()).collect() }
}

fn model_of(column: &StoredColumn<'_>) -> Result<ColumnSchema, Malformed> {
    if column.types.len() > TYPE_DEPTH {
        return Err(Malformed::new(format!("a column type {} deep", column.types.len())));
    }
    let wrap = |item: Option<ColumnType>, name: &&str| {
        Some(ColumnType { name: (*name).to_owned(), item: item.map(Box::new) })
    };
    let column_type = column.types.iter().rev().fold(None, wrap);
    Ok(ColumnSchema {
        name: column.name.to_owned(),
        column_type: column_type.ok_or_else(|| Malformed::new("a column without a type"))?,
    })
}

fn status_byte(status: DatasetStatus) -> u8 {
    match status {
        DatasetStatus::Ready => 0,
        DatasetStatus::Pending => 1,
        DatasetStatus::Failed => 2,
        DatasetStatus::Temporary => 3,
        DatasetStatus::Draft => 4,
    }
}

fn status_of(byte: u8) -> Result<DatasetStatus, Malformed> {
    Ok(match byte {
        0 => DatasetStatus::Ready,
        1 => DatasetStatus::Pending,
        2 => DatasetStatus::Failed,
        3 => DatasetStatus::Temporary,
        4 => DatasetStatus::Draft,
        other => return Err(Malformed::new(format!("the dataset status {other}"))),
    })
}
