//! The stored form of a dataset version and its counters.

use bincode::{BorrowDecode, Encode};
use filedex_model::{Row, Version};

use super::json;
use crate::codec::{self, Malformed};
use crate::error::StoreError;

/// A version, where its records are, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionRow {
    pub(crate) dataset_id: String,
    pub(crate) version: Version,
    /// Layers of records, newest last. This format has exactly one.
    pub(crate) layers: Vec<u32>,
    pub(crate) next_row: Row,
    pub(crate) active: u64,
    pub(crate) deleted: u64,
    pub(crate) live_text_length: u64,
    pub(crate) changes: u64,
}

impl VersionRow {
    /// The layer that is written, and in this format the only one.
    pub(crate) fn layer(&self) -> Result<u32, Malformed> {
        match self.layers[..] {
            [layer] => Ok(layer),
            _ => Err(Malformed::new(format!("{} layers instead of one", self.layers.len()))),
        }
    }
}

#[derive(Encode, BorrowDecode)]
struct StoredVersion<'a> {
    dataset_id: &'a str,
    id: &'a str,
    name: &'a str,
    created_at: i64,
    description: Option<&'a str>,
    frozen: bool,
    parent: Option<&'a str>,
    layers: Vec<u32>,
    next_row: u32,
    active: u64,
    deleted: u64,
    live_text_length: u64,
    changes: u64,
}

/// The encoding of `row`.
pub(crate) fn encode(row: &VersionRow) -> Result<Vec<u8>, StoreError> {
    codec::encode(
        codec::VERSION,
        &StoredVersion {
            dataset_id: &row.dataset_id,
            id: &row.version.id,
            name: &row.version.name,
            created_at: row.version.created_at.millis(),
            description: row.version.description.as_deref(),
            frozen: row.version.frozen,
            parent: row.version.parent.as_deref(),
            layers: row.layers.clone(),
            next_row: row.next_row,
            active: row.active,
            deleted: row.deleted,
            live_text_length: row.live_text_length,
            changes: row.changes,
        },
    )
}

/// The row that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<VersionRow, Malformed> {
    let stored: StoredVersion<'_> = codec::decode(codec::VERSION, bytes)?;
    Ok(VersionRow {
        dataset_id: stored.dataset_id.to_owned(),
        version: Version {
            id: stored.id.to_owned(),
            name: stored.name.to_owned(),
            created_at: json::time(stored.created_at)?,
            description: stored.description.map(str::to_owned),
            frozen: stored.frozen,
            parent: stored.parent.map(str::to_owned),
        },
        layers: stored.layers,
        next_row: stored.next_row,
        active: stored.active,
        deleted: stored.deleted,
        live_text_length: stored.live_text_length,
        changes: stored.changes,
    })
}
