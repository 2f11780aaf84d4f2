//! Datasets and versions: making, changing, removing.

use std::sync::atomic::{AtomicU64, Ordering};

use filedex_model::dataset::check_name;
use filedex_model::{Dataset, DatasetPatch, FileId, NewDataset, Timestamp, Version};
use filedex_store::WriteBatch;

use crate::database::{Database, VersionRef};
use crate::error::{Error, ErrorKind, Result};

/// Sets ids apart that are made in one millisecond.
static SEQUENCE: AtomicU64 = AtomicU64::new(0);

/// Fresh hex digits: a hash of what the id is for, the clock, the process and a counter.
pub(crate) fn fresh_id(of: &str, digits: usize) -> String {
    let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    let salt = format!("{}:{}:{sequence}", Timestamp::now().millis(), std::process::id());
    let mut id = FileId::of(of, &salt).to_string();
    id.truncate(digits);
    id
}

fn new_version(name: &str) -> Version {
    Version {
        id: fresh_id(name, 22),
        name: name.to_owned(),
        created_at: Timestamp::now(),
        description: None,
        frozen: false,
        parent: None,
    }
}

impl VersionRef {
    /// The id of the file at `uri` in this dataset, whether or not it is there.
    #[must_use]
    pub fn file_id(&self, uri: &str) -> FileId {
        FileId::of(&self.dataset_id, uri)
    }
}

impl Database {
    /// Makes a dataset. It has no version yet.
    ///
    /// ```
    /// use filedex::{Database, DatasetPatch, NewDataset};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let dataset = db.create_dataset(NewDataset::named("street scenes"))?;
    /// let patch = DatasetPatch { folder: Some("/vision".into()), ..DatasetPatch::default() };
    /// assert_eq!(db.patch_dataset(&dataset.id, &patch)?.folder, "/vision");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a name or id that another dataset has for its name or id, since
    /// datasets are found by either; [`ErrorKind::BadInput`] for one that breaks a rule.
    pub fn create_dataset(&self, new: NewDataset) -> Result<Dataset> {
        new.validate()?;
        let dataset = Dataset {
            id: new.id.unwrap_or_else(|| format!("d-{}", fresh_id(&new.name, 20))),
            name: new.name,
            object_type: "dataset".to_owned(),
            status: new.status,
            schema: new.schema,
            metadata: new.metadata,
            folder: new.folder.unwrap_or_else(|| "/".to_owned()),
            current_version: None,
            created_at: Timestamp::now(),
            error: None,
            current_version_origin: new.origin,
            ai_project_id: new.ai_project_id,
            workspace_id: new.workspace_id,
        };
        self.write(|txn| {
            txn.create_dataset(&dataset)?;
            Ok(dataset.clone())
        })
    }

    /// Changes name or folder as Nebius's PATCH does: what is absent stays.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Conflict`] for a name that another has for its name or id,
    /// [`ErrorKind::BadInput`] for an empty string.
    pub fn patch_dataset(&self, name_or_id: &str, patch: &DatasetPatch) -> Result<Dataset> {
        patch.validate()?;
        let patch = patch.clone();
        self.change_dataset(name_or_id, |dataset| {
            if let Some(name) = patch.name {
                dataset.name = name;
            }
            if let Some(folder) = patch.folder {
                dataset.folder = folder;
            }
        })
    }

    /// Changes any field of a dataset but its id, its type and its time of creation.
    ///
    /// # Errors
    /// As [`Database::patch_dataset`].
    pub fn change_dataset(
        &self,
        name_or_id: &str,
        change: impl FnOnce(&mut Dataset),
    ) -> Result<Dataset> {
        self.write(|txn| {
            let before = find_dataset(txn, name_or_id)?;
            let mut after = before.clone();
            change(&mut after);
            (after.id, after.object_type) = (before.id, before.object_type);
            after.created_at = before.created_at;
            check_name("name", &after.name)?;
            txn.put_dataset(&after)?;
            Ok(after)
        })
    }

    /// Removes a dataset with all its versions and records.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub fn delete_dataset(&self, name_or_id: &str) -> Result<()> {
        self.write(|txn| {
            let dataset = find_dataset(txn, name_or_id)?;
            txn.delete_dataset(&dataset.id)?;
            Ok(())
        })
    }

    /// Makes an empty version of a dataset. It becomes the current one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Conflict`] for a name that is taken,
    /// [`ErrorKind::BadInput`] for one that breaks a rule.
    pub fn create_version(&self, dataset: &str, name: &str) -> Result<VersionRef> {
        check_name("version", name)?;
        let version = new_version(name);
        self.write(|txn| {
            let mut dataset = find_dataset(txn, dataset)?;
            let key = txn.create_version(&dataset.id, &version)?;
            dataset.current_version = Some(version.id.clone());
            txn.put_dataset(&dataset)?;
            Ok(VersionRef {
                dataset_id: dataset.id,
                dataset_name: dataset.name,
                version_id: version.id.clone(),
                version_name: version.name.clone(),
                key,
            })
        })
    }

    /// Changes a version's name, its description, or whether it is frozen: a frozen one takes no
    /// changes of its records.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Conflict`] for a name that is taken,
    /// [`ErrorKind::BadInput`] for one that breaks a rule.
    pub fn change_version(
        &self,
        version: &VersionRef,
        change: impl FnOnce(&mut Version),
    ) -> Result<Version> {
        self.write(|txn| {
            let versions = txn.versions(&version.dataset_id)?;
            let Some(info) = versions.into_iter().find(|info| info.key == version.key) else {
                return Err(Error::not_found("version", &version.version_name));
            };
            let before = info.version;
            let mut after = before.clone();
            change(&mut after);
            (after.id, after.created_at, after.parent) =
                (before.id, before.created_at, before.parent);
            check_name("version", &after.name)?;
            txn.put_version(version.key, &after)?;
            Ok(after)
        })
    }

    /// Removes a version with all its records. If it was the current one, the newest open one that
    /// is left becomes current.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub fn delete_version(&self, dataset: &str, version: &str) -> Result<()> {
        let gone = self.reader()?.version(Some(dataset), Some(version))?;
        self.write(|txn| {
            let mut dataset = find_dataset(txn, &gone.dataset_id)?;
            txn.delete_version(gone.key)?;
            if dataset.current_version.as_deref() == Some(&gone.version_id) {
                let left = txn.versions(&dataset.id)?;
                let newest = left.iter().rev().find(|info| !info.version.frozen).or(left.last());
                dataset.current_version = newest.map(|info| info.version.id.clone());
                txn.put_dataset(&dataset)?;
            }
            Ok(())
        })
    }

    /// The version that is meant when none is named (see [`Reader::version`](crate::Reader::version)).
    /// In a file without datasets, the dataset `default` and its version `v1` are made; in a dataset
    /// without versions, `v1`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there are several datasets and none is named `default`.
    pub fn default_version(&self) -> Result<VersionRef> {
        self.version_or_create(None, None)
    }

    /// The version with these names, made where it is absent, with its dataset.
    ///
    /// # Errors
    /// As [`Database::create_dataset`] and [`Database::create_version`].
    pub fn version_or_create(
        &self,
        dataset: Option<&str>,
        version: Option<&str>,
    ) -> Result<VersionRef> {
        let reader = self.reader()?;
        match reader.version(dataset, version) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        let datasets = reader.datasets()?;
        let owner = match dataset {
            Some(name) => match reader.dataset(name) {
                Ok(dataset) => dataset.id,
                Err(_) => self.create_dataset(NewDataset::named(name))?.id,
            },
            None if datasets.is_empty() => {
                // A fixed id makes the file ids of a default dataset the same everywhere.
                let id = Some("default".to_owned());
                self.create_dataset(NewDataset { id, ..NewDataset::named("default") })?.id
            }
            None => match datasets.iter().find(|d| d.name == "default").or(datasets.first()) {
                Some(only) if datasets.len() == 1 || only.name == "default" => only.id.clone(),
                _ => return reader.version(None, None),
            },
        };
        self.create_version(&owner, version.unwrap_or("v1"))
    }

    /// Runs a small change in a transaction of its own and publishes it.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut WriteBatch) -> Result<T>) -> Result<T> {
        let _writing = self.shared.write_lock();
        let before = self.shared.snapshot()?;
        let mut txn = self.shared.store.write()?;
        let done = change(&mut txn)?;
        self.shared.collect_garbage(&mut txn)?;
        txn.commit()?;
        self.shared.publish(Some(&before), None)?;
        Ok(done)
    }
}

fn find_dataset(txn: &WriteBatch, name_or_id: &str) -> Result<Dataset> {
    match txn.dataset_by_name(name_or_id)? {
        Some(dataset) => Ok(dataset),
        None => txn.dataset(name_or_id)?.ok_or_else(|| Error::not_found("dataset", name_or_id)),
    }
}
