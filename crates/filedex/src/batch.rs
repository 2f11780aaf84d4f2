//! Batches: many changes to one version, one commit, a result for each item.

use filedex_model::change::Done;
use filedex_model::{
    DetailsUpdate, FileId, FileUpdate, ItemError, ItemOutcome, NewFile, Timestamp, limits,
};

use crate::commit;
use crate::database::{Database, VersionRef};
use crate::error::{Error, ErrorKind, Result};

/// What an import does with a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportMode {
    /// What the import leaves out stays, and so do the user's tags. The default.
    #[default]
    Merge,
    /// The record is overwritten; it keeps its id and its time of creation.
    Replace,
}

/// A file's vector for one embedding space.
///
/// ```
/// use filedex::NewVector;
/// let vector = NewVector::of(vec![0.6, 0.8]).in_space("captions");
/// assert_eq!(vector.space.as_deref(), Some("captions"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewVector {
    /// The space's name; the version's chosen space where there is none.
    pub space: Option<String>,
    /// As many numbers as the space has dimensions.
    pub values: Vec<f32>,
}

impl NewVector {
    /// A vector for the version's chosen space.
    #[must_use]
    pub fn of(values: Vec<f32>) -> Self {
        Self { space: None, values }
    }

    /// The same for a space by name.
    #[must_use]
    pub fn in_space(mut self, name: impl Into<String>) -> Self {
        self.space = Some(name.into());
        self
    }
}

/// One change of a batch.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Create(Box<NewFile>, Vec<NewVector>),
    Import(Box<NewFile>, ImportMode, Vec<NewVector>),
    SetVector(FileId, NewVector),
    RemoveVector(FileId, Option<String>),
    Update(FileId, Box<FileUpdate>),
    Details(FileId, Box<DetailsUpdate>),
    Delete(FileId),
    Purge(FileId),
}

/// Changes to one version that are committed together.
///
/// Items are applied in order, each seeing the ones before it. A bad item fails alone, with its
/// reason in the report; the others are committed in one transaction. Dropping a batch leaves
/// nothing behind.
///
/// ```
/// use filedex::{Database, Done, FileUpdate, ItemError, NewFile, TagEdit};
/// # let dir = tempfile::tempdir()?;
/// # let db = Database::create(dir.path().join("a.filedex"))?;
/// let version = db.default_version()?;
/// let id = version.file_id("oss://bucket/cars/1.png");
///
/// let mut batch = db.batch(&version);
/// batch
///     .create(NewFile::at("oss://bucket/cars/1.png"))
///     .create(NewFile::at("oss://bucket/cars/1.png"))
///     .update(id, FileUpdate {
///         tags_user: TagEdit { add: vec!["red".into()], remove: vec![] },
///         ..FileUpdate::default()
///     });
/// let report = batch.commit()?;
/// let results: Vec<_> = report.outcomes.into_iter().map(|o| o.result).collect();
/// assert_eq!(results, [Ok(Done::Created), Err(ItemError::AlreadyExists), Ok(Done::Updated)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Batch<'db> {
    database: &'db Database,
    version: VersionRef,
    operations: Vec<Operation>,
    now: Option<Timestamp>,
}

/// What became of a batch: one outcome for each item, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchReport {
    /// What became of each item.
    pub outcomes: Vec<ItemOutcome>,
    /// The generation the batch made; the generation before it where nothing was written.
    pub generation: u64,
}

impl BatchReport {
    /// Whether every item succeeded (PAI's `Status`).
    #[must_use]
    pub fn all_succeeded(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.result.is_ok())
    }

    /// The items that succeeded, with what was done.
    pub fn succeeded(&self) -> impl Iterator<Item = (&ItemOutcome, Done)> {
        self.outcomes.iter().filter_map(|o| o.result.as_ref().ok().map(|done| (o, *done)))
    }

    /// The items that failed, with the reason.
    pub fn failed(&self) -> impl Iterator<Item = (&ItemOutcome, &ItemError)> {
        self.outcomes.iter().filter_map(|o| o.result.as_ref().err().map(|error| (o, error)))
    }
}

impl<'db> Batch<'db> {
    pub(crate) fn new(database: &'db Database, version: VersionRef) -> Self {
        Self { database, version, operations: Vec::new(), now: None }
    }

    /// Creates a file. Fails where a file with the URI is there; a deleted one is revived, as
    /// created anew.
    pub fn create(&mut self, file: NewFile) -> &mut Self {
        self.create_embedded(file, Vec::new())
    }

    /// Creates a file with its vectors. A vector that its space refuses fails the item.
    ///
    /// ```
    /// use filedex::{Database, NewFile, NewSpace, NewVector};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let version = db.default_version()?;
    /// db.create_space(&version, &NewSpace::new("captions", "my-model", 2))?;
    /// let mut batch = db.batch(&version);
    /// batch
    ///     .create_embedded(NewFile::at("file:///a.png"), vec![NewVector::of(vec![3.0, 4.0])])
    ///     .create_embedded(NewFile::at("file:///b.png"), vec![NewVector::of(vec![1.0])]);
    /// let report = batch.commit()?;
    /// assert!(report.outcomes[0].result.is_ok());
    /// assert!(report.outcomes[1].result.as_ref().unwrap_err().to_string().contains("2 dimensions"));
    /// let id = version.file_id("file:///a.png");
    /// assert_eq!(db.reader()?.vector(&version, &id, None)?, Some(vec![0.6, 0.8]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_embedded(&mut self, file: NewFile, vectors: Vec<NewVector>) -> &mut Self {
        self.push(Operation::Create(Box::new(file), vectors))
    }

    /// Creates a file, or lays it over the one with its URI.
    pub fn import(&mut self, file: NewFile, mode: ImportMode) -> &mut Self {
        self.import_embedded(file, mode, Vec::new())
    }

    /// As [`Batch::import`], with the file's vectors. Vectors of spaces that are not named stay.
    pub fn import_embedded(
        &mut self,
        file: NewFile,
        mode: ImportMode,
        vectors: Vec<NewVector>,
    ) -> &mut Self {
        self.push(Operation::Import(Box::new(file), mode, vectors))
    }

    /// Gives a file a vector, in the place of the one it has in that space. The record itself does
    /// not change.
    pub fn set_vector(&mut self, id: FileId, vector: NewVector) -> &mut Self {
        self.push(Operation::SetVector(id, vector))
    }

    /// Takes a file's vector away; the chosen space's where none is named.
    pub fn remove_vector(&mut self, id: FileId, space: Option<&str>) -> &mut Self {
        self.push(Operation::RemoveVector(id, space.map(str::to_owned)))
    }

    /// Changes a file as PAI's UpdateDatasetFileMetas does.
    pub fn update(&mut self, id: FileId, update: FileUpdate) -> &mut Self {
        self.push(Operation::Update(id, Box::new(update)))
    }

    /// Changes a file as PDS's UpdateFile does, with its rules for names that are taken.
    pub fn update_details(&mut self, id: FileId, update: DetailsUpdate) -> &mut Self {
        self.push(Operation::Details(id, Box::new(update)))
    }

    /// Deletes a file logically: queries find it only when asked for deleted ones.
    pub fn delete(&mut self, id: FileId) -> &mut Self {
        self.push(Operation::Delete(id))
    }

    /// Removes a file for good, deleted or not.
    pub fn purge(&mut self, id: FileId) -> &mut Self {
        self.push(Operation::Purge(id))
    }

    /// Takes this for the time of writing; by default the system's clock at the commit.
    pub fn at(&mut self, now: Timestamp) -> &mut Self {
        self.now = Some(now);
        self
    }

    /// How many items the batch has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether the batch has no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Applies the items in one transaction. When it returns, every new [`Reader`](crate::Reader)
    /// sees them, and with the default durability they survive a power loss.
    ///
    /// # Errors
    /// The whole batch fails, and leaves nothing behind, when it has more than
    /// [`limits::BATCH_ITEMS`] items, when the database or the version takes no changes, or when
    /// the file cannot be written. After [`ErrorKind::Io`] or [`ErrorKind::DiskFull`], drop every
    /// handle and open the database again: it then has all of the batch or nothing of it, and all
    /// that was committed before.
    pub fn commit(self) -> Result<BatchReport> {
        if self.operations.len() > limits::BATCH_ITEMS {
            return Err(Error::new(
                ErrorKind::BadInput,
                format!(
                    "a batch of {} items; at most {} are allowed, so split it",
                    self.operations.len(),
                    limits::BATCH_ITEMS
                ),
            ));
        }
        let now = self.now.unwrap_or_else(Timestamp::now);
        let report = commit::commit(&self.database.shared, &self.version, self.operations, now)?;
        if let Some(maintenance) = &self.database.maintenance {
            maintenance.wake();
        }
        Ok(report)
    }

    fn push(&mut self, operation: Operation) -> &mut Self {
        self.operations.push(operation);
        self
    }
}
