//! The jobs whose results records hold.

use redb::ReadableTable;

use crate::dataset::VersionKey;
use crate::error::{StoreError, Translate};
use crate::key;
use crate::tables::JOBS;
use crate::write::WriteBatch;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// It sets tags.
    Tagging,
    /// It computes embeddings.
    SemanticIndex,
}

pub(crate) fn all(
    jobs: &impl ReadableTable<&'static [u8], u8>,
    layer: u32,
) -> Result<Vec<(String, JobKind)>, StoreError> {
    let (from, to) = key::layer_range(layer);
    let entries = jobs.range(from.as_slice()..to.as_slice()).translate()?;
    entries
        .map(|entry| {
            let (key, kind) = entry.translate()?;
            let kind = match kind.value() {
                1 => JobKind::Tagging,
                2 => JobKind::SemanticIndex,
                other => return Err(StoreError::damaged(format!("the job kind {other}"))),
            };
            let id = key.value().get(4..).and_then(|id| std::str::from_utf8(id).ok());
            let id = id.ok_or_else(|| StoreError::damaged("a key of table jobs"))?;
            Ok((id.to_owned(), kind))
        })
        .collect()
}

impl WriteBatch {
    /// Notes that a job of this kind has worked on a version. Noting it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`].
    pub fn note_job(
        &mut self,
        key: VersionKey,
        job_id: &str,
        kind: JobKind,
    ) -> Result<(), StoreError> {
        self.step(|batch| {
            let at = key::job(batch.layer(key)?, job_id);
            let kind = match kind {
                JobKind::Tagging => 1,
                JobKind::SemanticIndex => 2,
            };
            let mut jobs = batch.txn().open_table(JOBS).translate()?;
            let known =
                jobs.get(at.as_slice()).translate()?.is_some_and(|known| known.value() == kind);
            if !known {
                jobs.insert(at.as_slice(), kind).translate()?;
            }
            Ok(())
        })
    }
}
