//! Reading: one snapshot of everything.

use std::sync::Arc;

use filedex_index::Condition;
use filedex_model::{Dataset, FileId, FileRecord, StatusFilter, Version, path};
use filedex_planner::{Access, choose, normalise, ranked_rows};

use crate::adapters::{VersionSource, condition};
use crate::ask::Asked;
use crate::database::VersionRef;
use crate::embedders::Asking;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::list::Query;
use crate::snapshot::Snapshot;

/// A snapshot of the whole database. Cheap to make and to clone.
///
/// It never changes: records, text and counts in it belong to one commit. A writer never waits for
/// it, nor it for a writer. Any call can answer [`ErrorKind::SnapshotExpired`](crate::ErrorKind::SnapshotExpired)
/// where [`Builder::snapshot_expiry`](crate::Builder::snapshot_expiry) is set and a later commit was made.
#[derive(Clone, Debug)]
pub struct Reader {
    lease: Arc<Lease>,
    pub(crate) asking: Arc<Asking>,
}

/// What is in a folder and below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderInfo {
    /// The folder's id (PDS `parent_file_id` of what is in it).
    pub id: String,
    /// Its path.
    pub dir: String,
    /// Files in it and below (PDS `dir_size_info.file_count`).
    pub file_count: u64,
    /// Folders below it (PDS `dir_size_info.dir_count`).
    pub dir_count: u64,
}

/// All that a question matches.
pub(crate) struct Matching {
    pub source: VersionSource,
    pub condition: Condition,
    pub status: StatusFilter,
}

impl Reader {
    pub(crate) fn new(lease: Arc<Lease>, asking: Arc<Asking>) -> Self {
        Self { lease, asking }
    }

    /// What is read, for the length of one call.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>> {
        self.lease.snapshot()
    }

    /// The number of the commit this snapshot shows.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.lease.generation()
    }

    /// All datasets, by name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Damaged`](crate::ErrorKind::Damaged).
    pub fn datasets(&self) -> Result<Vec<Dataset>> {
        let mut datasets = self.snapshot()?.store.datasets()?;
        datasets.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(datasets)
    }

    /// A dataset by name or id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub fn dataset(&self, name_or_id: &str) -> Result<Dataset> {
        let snapshot = self.snapshot()?;
        let store = &snapshot.store;
        match store.dataset_by_name(name_or_id)? {
            Some(dataset) => Ok(dataset),
            None => {
                store.dataset(name_or_id)?.ok_or_else(|| Error::not_found("dataset", name_or_id))
            }
        }
    }

    /// The versions of a dataset, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub fn versions(&self, dataset: &str) -> Result<Vec<Version>> {
        let dataset = self.dataset(dataset)?;
        let versions = self.snapshot()?.store.versions(&dataset.id)?;
        Ok(versions.into_iter().map(|info| info.version).collect())
    }

    /// A version by the names or ids of its dataset and itself. Without a dataset: the only one, or
    /// the one named `default`. Without a version: the dataset's current one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), also when there are several datasets
    /// and none is named `default`.
    pub fn version(&self, dataset: Option<&str>, version: Option<&str>) -> Result<VersionRef> {
        let dataset = match dataset {
            Some(name) => self.dataset(name)?,
            None => self.only_dataset()?,
        };
        let snapshot = self.snapshot()?;
        let store = &snapshot.store;
        let wanted = version.or(dataset.current_version.as_deref());
        let info = match wanted {
            Some(name) => store
                .version(&dataset.id, name)?
                .ok_or_else(|| Error::not_found("version", name))?,
            None => {
                return Err(Error::not_found("version of dataset", &dataset.name));
            }
        };
        Ok(VersionRef {
            dataset_id: dataset.id,
            dataset_name: dataset.name,
            version_id: info.version.id,
            version_name: info.version.name,
            key: info.key,
        })
    }

    fn only_dataset(&self) -> Result<Dataset> {
        let mut datasets = self.datasets()?;
        if let Some(at) = datasets.iter().position(|d| d.name == "default") {
            return Ok(datasets.swap_remove(at));
        }
        if datasets.len() == 1 {
            return Ok(datasets.swap_remove(0));
        }
        let names: Vec<_> = datasets.iter().map(|d| d.name.as_str()).collect();
        Err(Error::new(
            crate::ErrorKind::NotFound,
            if names.is_empty() {
                "the file has no dataset yet; create one, or import something".to_owned()
            } else {
                format!("the file has several datasets; name one of {}", names.join(", "))
            },
        ))
    }

    /// One record, deleted or not.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub fn get(&self, version: &VersionRef, id: &FileId) -> Result<FileRecord> {
        let snapshot = self.snapshot()?;
        let store = &snapshot.store;
        let record = match store.row_of(version.key, id)? {
            Some(row) => store.record(version.key, row)?,
            None => None,
        };
        record.ok_or_else(|| Error::not_found("file with the id", &id.to_string()))
    }

    /// Every record that a query's filter and status let through, in order of arrival; of a query by
    /// meaning, the records of its whole answer. Order, page and cursor do not matter here.
    ///
    /// # Errors
    /// As [`Reader::list`]; reading a record can fail later on.
    pub fn scan<'a>(
        &'a self,
        version: &VersionRef,
        query: &Query,
    ) -> Result<impl Iterator<Item = Result<FileRecord>> + use<'a>> {
        let Matching { source, condition, status } = self.matching(version, query)?;
        let rows = source.text.rows(&condition, status)?;
        drop(source);
        let (lease, key) = (&self.lease, version.key);
        Ok(rows.into_iter().map(move |row| {
            lease.snapshot()?.store.record(key, row)?.ok_or_else(|| {
                Error::new(crate::ErrorKind::Damaged, format!("row {row} has no record"))
            })
        }))
    }

    /// What is in a folder and below, counted. Folders exist as long as a live file is in them.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub fn folder(&self, version: &VersionRef, dir: &str) -> Result<FolderInfo> {
        let dir = path::clean_dir(dir);
        let stats = self.snapshot()?.store.folder(version.key, dir)?;
        if stats.file_count == 0 && !dir.is_empty() {
            return Err(Error::not_found("folder", dir));
        }
        Ok(FolderInfo {
            id: path::folder_id(&version.dataset_id, dir),
            dir: dir.to_owned(),
            file_count: stats.file_count,
            dir_count: stats.dir_count,
        })
    }

    /// The folders that have live files directly in them, by path, with the number of these files.
    /// Folders above them may have none, and are not listed.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn folders(&self, version: &VersionRef) -> Result<Vec<(String, u64)>> {
        let folders = self.snapshot()?.store.folders(version.key)?;
        Ok(folders.into_iter().map(|folder| (folder.dir, folder.files)).collect())
    }

    /// The folder with an id, as `parent_file_id` gives it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub fn folder_by_id(&self, version: &VersionRef, id: &str) -> Result<FolderInfo> {
        if id == "root" {
            return self.folder(version, "");
        }
        for folder in self.snapshot()?.store.folders(version.key)? {
            for above in path::ancestors(&folder.dir) {
                if path::folder_id(&version.dataset_id, above) == id {
                    return self.folder(version, above);
                }
            }
        }
        Err(Error::not_found("folder with the id", id))
    }

    /// What a question matches, all pages of it, as a condition of the text index.
    pub(crate) fn matching(&self, version: &VersionRef, query: &Query) -> Result<Matching> {
        let Asked { request, source } = self.asked(version, query, false)?;
        let access = if request.meaning.is_some() {
            let mut rows = ranked_rows(&request, &source)?;
            rows.sort_unstable();
            Access::Rows(rows)
        } else {
            choose(&normalise(request.filter.at(request.now)), &source)?.access
        };
        Ok(Matching { source, condition: condition(&access), status: request.status })
    }

    pub(crate) fn source(&self, version: &VersionRef) -> Result<VersionSource> {
        let snapshot = self.snapshot()?;
        let info = snapshot.info(version.key)?;
        VersionSource::new(snapshot, info)
    }
}
