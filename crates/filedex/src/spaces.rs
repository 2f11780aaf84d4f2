//! Embedding spaces of a version: making, choosing, removing, looking.

use filedex_model::{FileId, Metric, Space, SpaceError, Timestamp, VectorStorage, limits};
use filedex_store::{SpaceInfo, SpaceKey, WriteBatch};

use crate::database::{Database, VersionRef};
use crate::error::{Error, ErrorKind, Result};
use crate::reader::Reader;

/// A space to be made.
///
/// ```
/// use filedex::{Metric, NewSpace, VectorStorage};
/// let space = NewSpace { storage: VectorStorage::F16, ..NewSpace::new("captions", "my-model", 384) };
/// assert_eq!((space.metric, space.normalised), (Metric::Cosine, true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSpace {
    /// Its name, unique in the version.
    pub name: String,
    /// The model that makes its vectors; vectors of another are refused.
    pub model: String,
    /// Numbers in a vector, 2 to 4,096.
    pub dimension: u32,
    /// How likeness is measured.
    pub metric: Metric,
    /// Whether vectors are brought to unit length; always under cosine.
    pub normalised: bool,
    /// How the numbers are kept.
    pub storage: VectorStorage,
}

impl NewSpace {
    /// A space under cosine with 32-bit numbers.
    #[must_use]
    pub fn new(name: impl Into<String>, model: impl Into<String>, dimension: u32) -> Self {
        Self {
            name: name.into(),
            model: model.into(),
            dimension,
            metric: Metric::Cosine,
            normalised: true,
            storage: VectorStorage::F32,
        }
    }

    fn at(&self, now: Timestamp) -> Space {
        Space {
            name: self.name.clone(),
            model: self.model.clone(),
            dimension: self.dimension,
            metric: self.metric,
            normalised: self.normalised,
            storage: self.storage,
            created_at: now,
        }
    }
}

/// A space with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceSummary {
    /// The space.
    pub space: Space,
    /// Whether it is the one that questions mean that name none.
    pub chosen: bool,
    /// Files that have a vector in it.
    pub vectors: u64,
    /// Vector segments.
    pub segments: usize,
    /// Vectors in segments that have a neighbour graph.
    pub in_graphs: u64,
}

impl From<SpaceError> for Error {
    fn from(error: SpaceError) -> Self {
        Self::of(ErrorKind::BadInput, error)
    }
}

impl Database {
    /// Makes a space. A version's first is its chosen one. A new one can be filled beside the old
    /// one and then chosen at once for all readers.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`] for a description that breaks a rule, [`ErrorKind::Conflict`] for a
    /// name that is taken, [`ErrorKind::ReadOnly`].
    pub fn create_space(&self, version: &VersionRef, new: &NewSpace) -> Result<Space> {
        let space = new.at(Timestamp::now());
        space.validate()?;
        self.change_spaces(version, |txn| {
            let others = txn.spaces(version.key)?;
            let new = others.iter().all(|other| other.space.name != space.name);
            if new && others.len() >= limits::SPACES {
                let what = format!(
                    "a version has at most {} embedding spaces; remove one first",
                    limits::SPACES
                );
                return Err(Error::new(ErrorKind::BadInput, what));
            }
            txn.create_space(version.key, &space)?;
            Ok(())
        })?;
        Ok(space)
    }

    /// Makes a space the one that questions mean that name none.
    ///
    /// ```
    /// use filedex::{Database, NewSpace};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let version = db.default_version()?;
    /// db.create_space(&version, &NewSpace::new("old", "model-1", 2))?;
    /// db.create_space(&version, &NewSpace::new("new", "model-2", 3))?;
    /// db.choose_space(&version, "new")?;
    /// db.drop_space(&version, "old")?;
    /// assert!(db.reader()?.spaces(&version)?[0].chosen);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::ReadOnly`].
    pub fn choose_space(&self, version: &VersionRef, name: &str) -> Result<()> {
        self.change_spaces(version, |txn| {
            let key = existing(txn, version, name)?;
            Ok(txn.choose_space(version.key, key)?)
        })
    }

    /// Gives a space another name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Conflict`], [`ErrorKind::BadInput`],
    /// [`ErrorKind::ReadOnly`].
    pub fn rename_space(&self, version: &VersionRef, name: &str, to: &str) -> Result<()> {
        NewSpace::new(to, "model", 2).at(Timestamp::now()).validate()?;
        self.change_spaces(version, |txn| {
            let key = existing(txn, version, name)?;
            Ok(txn.rename_space(version.key, key, to)?)
        })
    }

    /// Removes a space with all of its vectors. If it was the chosen one, the oldest left is.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::ReadOnly`].
    pub fn drop_space(&self, version: &VersionRef, name: &str) -> Result<()> {
        self.change_spaces(version, |txn| {
            let key = existing(txn, version, name)?;
            Ok(txn.drop_space(version.key, key)?)
        })
    }

    /// One change of a version's spaces, one commit. Ranked cursors made before are stale after.
    fn change_spaces(
        &self,
        version: &VersionRef,
        change: impl FnOnce(&mut WriteBatch) -> Result<()>,
    ) -> Result<()> {
        let _writing = self.shared.write_lock();
        let before = self.shared.snapshot()?;
        let mut txn = self.shared.store.write()?;
        let info = txn.version_info(version.key)?;
        let info = info.ok_or_else(|| Error::not_found("version", &version.version_name))?;
        if info.version.frozen {
            let what = format!("version {:?} is frozen and takes no changes", info.version.name);
            return Err(Error::new(ErrorKind::ReadOnly, what));
        }
        change(&mut txn)?;
        txn.note_change(version.key)?;
        self.shared.collect_garbage(&mut txn)?;
        txn.commit()?;
        self.shared.publish(Some(&before), Some(version.key))?;
        Ok(())
    }
}

fn existing(txn: &WriteBatch, version: &VersionRef, name: &str) -> Result<SpaceKey> {
    match txn.space_named(version.key, name)? {
        Some(info) => Ok(info.key),
        None => {
            let spaces = txn.spaces(version.key)?.into_iter();
            Err(no_such_space(name, &spaces.map(|info| info.space.name).collect::<Vec<_>>()))
        }
    }
}

fn no_such_space(name: &str, names: &[String]) -> Error {
    let known = match names {
        [] => "the version has none".to_owned(),
        names => format!("there is {}", names.join(", ")),
    };
    Error::new(ErrorKind::NotFound, format!("there is no embedding space {name:?}; {known}"))
}

impl Reader {
    /// The embedding spaces of a version, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::Damaged`].
    pub fn spaces(&self, version: &VersionRef) -> Result<Vec<SpaceSummary>> {
        let snapshot = self.snapshot()?;
        let spaces = snapshot.store.spaces(version.key)?;
        let summaries = spaces.into_iter().map(|info| {
            let index = snapshot.vectors(version.key, &info)?;
            Ok(SpaceSummary {
                vectors: index.live(),
                segments: index.segments().len(),
                in_graphs: index.live_in_graphs(),
                space: info.space,
                chosen: info.chosen,
            })
        });
        summaries.collect()
    }

    /// A file's vector in a space, the chosen one where none is named, as it is stored; none where
    /// it has none.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a space that is not there.
    pub fn vector(
        &self,
        version: &VersionRef,
        id: &FileId,
        space: Option<&str>,
    ) -> Result<Option<Vec<f32>>> {
        let info = self.space(version, space)?;
        let Some(row) = self.snapshot()?.store.row_of(version.key, id)? else { return Ok(None) };
        Ok(self.snapshot()?.vectors(version.key, &info)?.vector(row)?)
    }

    /// The space of a name, or the chosen one.
    pub(crate) fn space(&self, version: &VersionRef, name: Option<&str>) -> Result<SpaceInfo> {
        let snapshot = self.snapshot()?;
        let store = &snapshot.store;
        let found = match name {
            Some(name) => store.space_named(version.key, name)?,
            None => store.chosen_space(version.key)?,
        };
        match (found, name) {
            (Some(info), _) => Ok(info),
            (None, Some(name)) => {
                let spaces = store.spaces(version.key)?.into_iter();
                Err(no_such_space(name, &spaces.map(|info| info.space.name).collect::<Vec<_>>()))
            }
            (None, None) => Err(Error::new(
                ErrorKind::BadQuery,
                format!(
                    "version {}/{} has no embedding space, so nothing can be searched by meaning; \
                     embed its files first (filedex embed), or rank by words with Text:'…'",
                    version.dataset_name, version.version_name
                ),
            )),
        }
    }
}
