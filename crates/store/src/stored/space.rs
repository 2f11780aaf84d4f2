//! The stored form of an embedding space.

use bincode::{BorrowDecode, Encode};
use filedex_model::{Metric, Space, VectorStorage};

use super::json;
use crate::codec::{self, Malformed};
use crate::error::StoreError;

/// A space, and whether it is the one its version uses where none is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpaceRow {
    pub(crate) space: Space,
    pub(crate) chosen: bool,
}

#[derive(Encode, BorrowDecode)]
struct StoredSpace<'a> {
    name: &'a str,
    model: &'a str,
    dimension: u32,
    metric: u8,
    normalised: bool,
    storage: u8,
    created_at: i64,
    chosen: bool,
}

/// The encoding of `row`.
pub(crate) fn encode(row: &SpaceRow) -> Result<Vec<u8>, StoreError> {
    codec::encode(
        codec::SPACE,
        &StoredSpace {
            name: &row.space.name,
            model: &row.space.model,
            dimension: row.space.dimension,
            metric: metric_byte(row.space.metric),
            normalised: row.space.normalised,
            storage: storage_byte(row.space.storage),
            created_at: row.space.created_at.millis(),
            chosen: row.chosen,
        },
    )
}

/// The space that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<SpaceRow, Malformed> {
    let stored: StoredSpace<'_> = codec::decode(codec::SPACE, bytes)?;
    Ok(SpaceRow {
        space: Space {
            name: stored.name.to_owned(),
            model: stored.model.to_owned(),
            dimension: stored.dimension,
            metric: metric_of(stored.metric)?,
            normalised: stored.normalised,
            storage: storage_of(stored.storage)?,
            created_at: json::time(stored.created_at)?,
        },
        chosen: stored.chosen,
    })
}

fn metric_byte(metric: Metric) -> u8 {
    match metric {
        Metric::Cosine => 0,
        Metric::Dot => 1,
        Metric::L2 => 2,
    }
}

fn metric_of(byte: u8) -> Result<Metric, Malformed> {
    Ok(match byte {
        0 => Metric::Cosine,
        1 => Metric::Dot,
        2 => Metric::L2,
        other => return Err(Malformed::new(format!("the metric {other}"))),
    })
}

fn storage_byte(storage: VectorStorage) -> u8 {
    match storage {
        VectorStorage::F32 => 0,
        VectorStorage::F16 => 1,
    }
}

fn storage_of(byte: u8) -> Result<VectorStorage, Malformed> {
    Ok(match byte {
        0 => VectorStorage::F32,
        1 => VectorStorage::F16,
        other => return Err(Malformed::new(format!("the vector storage {other}"))),
    })
}
