//! What is in the file and how much space it takes.

use crate::database::Database;
use crate::error::Result;

/// The size of one part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSize {
    /// The part: records, ids, names, text index and so on.
    pub part: String,
    /// What its keys and values take, in bytes.
    pub stored_bytes: u64,
    /// What its pages take beside that.
    pub overhead_bytes: u64,
}

/// Counts of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionInfo {
    /// The dataset's name.
    pub dataset: String,
    /// The version's name.
    pub version: String,
    /// Records that are not deleted.
    pub active: u64,
    /// Logically deleted records.
    pub deleted: u64,
    /// Text segments.
    pub segments: usize,
    /// Superseded forms of records that still stand in segments, until those are merged.
    pub dead_documents: u64,
}

/// What is in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The file's length in bytes.
    pub file_bytes: u64,
    /// What live content takes of it.
    pub live_bytes: u64,
    /// The number of the last commit.
    pub generation: u64,
    /// The format of the file.
    pub format: u64,
    /// Sizes by part, largest first.
    pub parts: Vec<PartSize>,
    /// Versions, by dataset.
    pub versions: Vec<VersionInfo>,
}

impl Database {
    /// What is in the file: versions, counts, sizes by part. Walks the file's pages, so it takes
    /// time in proportion to the file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Damaged`](crate::ErrorKind::Damaged).
    pub fn info(&self) -> Result<Info> {
        let snapshot = self.shared.snapshot()?;
        let space = self.shared.store.space()?;
        let mut parts: Vec<PartSize> = space
            .parts
            .iter()
            .map(|(part, space)| PartSize {
                part: format!("{part:?}").to_lowercase(),
                stored_bytes: space.stored,
                overhead_bytes: space.overhead + space.fragmented,
            })
            .collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.stored_bytes + part.overhead_bytes));
        let mut versions = Vec::new();
        for (dataset, info) in snapshot.versions()? {
            let text = snapshot.text(info.key)?;
            versions.push(VersionInfo {
                dataset,
                version: info.version.name,
                active: info.active,
                deleted: info.deleted,
                segments: text.segments().len(),
                dead_documents: text.segments().iter().map(|view| view.dead.len()).sum(),
            });
        }
        Ok(Info {
            file_bytes: space.file_length,
            live_bytes: parts.iter().map(|p| p.stored_bytes + p.overhead_bytes).sum(),
            generation: snapshot.store.generation(),
            format: snapshot.store.format()?,
            parts,
            versions,
        })
    }
}
