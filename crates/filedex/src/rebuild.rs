//! Making what is derived anew: text indexes from records, vector segments from vectors.

use filedex_index::{DeadDocs, VectorSegmentBuilder, VectorShape};
use filedex_model::Row;
use filedex_store::{SpaceInfo, VectorSegmentEntry, VersionInfo};

use crate::commit::{build, put_segment};
use crate::database::{Database, Shared};
use crate::error::Result;
use crate::vectors::put_vectors;

/// Records that are indexed at once.
const INDEXED_RECORDS: usize = 10_000;

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Records that were indexed anew.
    pub records: u64,
    /// Vectors that were quantised anew.
    pub vectors: u64,
    /// Files whose vector could not be read any more.
    pub lost_vectors: u64,
}

impl Database {
    /// Rebuilds what is derived: the text index of every version from its records, and the codes of
    /// every space from its vectors; graphs are dropped, and come back in the background or by
    /// [`Database::optimize`]. Records and vectors are the truth. A vector that cannot be read any
    /// more is lost, and its file one that lacks a vector, which [`Database::embed`] finds.
    ///
    /// # Errors
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), [`ErrorKind::Io`](crate::ErrorKind::Io),
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) when a record cannot be read.
    pub fn rebuild(&self, mut progress: impl FnMut(u64, u64)) -> Result<Rebuilt> {
        let snapshot = self.shared.snapshot()?;
        let infos: Vec<_> = snapshot.versions()?.into_iter().map(|(_, info)| info).collect();
        drop(snapshot);
        let all = infos.iter().map(|info| info.active + info.deleted).sum();
        let mut rebuilt = Rebuilt::default();
        for info in infos {
            let done = rebuilt.records;
            rebuild_version(&self.shared, &info, &mut |records| progress(done + records, all))?;
            for space in self.shared.snapshot()?.store.spaces(info.key)? {
                rebuild_vectors(&self.shared, &info, &space, &mut rebuilt)?;
            }
            rebuilt.records += info.active + info.deleted;
        }
        Ok(rebuilt)
    }
}

/// Builds the segments of a space anew from the vectors that can be read.
fn rebuild_vectors(
    shared: &Shared,
    info: &VersionInfo,
    space: &SpaceInfo,
    rebuilt: &mut Rebuilt,
) -> Result<()> {
    let _writing = shared.write_lock();
    let before = shared.snapshot()?;
    let shape = VectorShape::from(&space.space);
    let mut txn = shared.store.write()?;
    let mut entries = Vec::new();
    for entry in before.store.vector_segments(info.key, space.key)? {
        let dead = match before.store.dead(info.key, entry.blob)? {
            Some(bytes) => DeadDocs::from_bytes(&bytes).unwrap_or_default(),
            None => DeadDocs::default(),
        };
        let Ok(segment) = before.vector_segment(&VectorSegmentEntry { graph: None, ..entry })
        else {
            rebuilt.lost_vectors += u64::from(entry.vectors) - dead.len();
            continue;
        };
        let mut builder = VectorSegmentBuilder::with_spill(shape, &shared.spill());
        let mut vector = Vec::new();
        for slot in (0..entry.vectors).filter(|slot| !dead.contains(*slot)) {
            let row = segment.row_at(slot);
            let read = row.and_then(|row| segment.read_vector(slot, &mut vector).map(|()| row));
            let live = |row: Row| -> Result<bool> {
                let record = before.store.record(info.key, row)?;
                Ok(record.is_some_and(|record| record.is_active()))
            };
            match read {
                Ok(row) if live(row)? => match builder.add(row, &vector) {
                    Ok(()) => rebuilt.vectors += 1,
                    Err(_) => rebuilt.lost_vectors += 1,
                },
                Ok(_) => {}
                Err(_) => rebuilt.lost_vectors += 1,
            }
        }
        if let Some(built) = builder.finish() {
            entries.push(put_vectors(&mut txn, &built)?);
        }
    }
    txn.set_vector_segments(info.key, space.key, &entries)?;
    txn.note_change(info.key)?;
    txn.commit()?;
    shared.publish(Some(&before), Some(info.key))?;
    Ok(())
}

/// Makes the text index of a version anew from its records.
pub(crate) fn rebuild_version(
    shared: &Shared,
    info: &VersionInfo,
    progress: &mut impl FnMut(u64),
) -> Result<()> {
    let _writing = shared.write_lock();
    let before = shared.snapshot()?;
    let mut txn = shared.store.write()?;
    let (mut entries, mut length, mut done) = (Vec::new(), 0, 0);
    let mut records = before.store.records(info.key, 0)?.peekable();
    while records.peek().is_some() {
        let chunk = records.by_ref().take(INDEXED_RECORDS).collect::<Result<Vec<_>, _>>()?;
        for built in build(&chunk)? {
            length += built.text_length;
            entries.push(put_segment(&mut txn, &built)?);
        }
        done += chunk.len() as u64;
        progress(done);
    }
    txn.set_segments(info.key, &entries)?;
    txn.set_live_text_length(info.key, length)?;
    txn.commit()?;
    shared.publish(Some(&before), Some(info.key))?;
    Ok(())
}
