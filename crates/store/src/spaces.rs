//! Embedding spaces: which a version has, what they are called, and which is the chosen one.

use std::fmt;

use filedex_model::{Space, limits};
use redb::ReadableTable;

use crate::dataset::VersionKey;
use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::read::ReadSnapshot;
use crate::stored::space::{self as stored, SpaceRow};
use crate::tables::{SPACES, VECTOR_SEGMENTS};
use crate::write::WriteBatch;

/// The number of an embedding space inside one file; never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceKey(pub(crate) u32);

impl fmt::Display for SpaceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An embedding space of a version.
///
/// ```
/// # use filedex_model::{Dataset, DatasetStatus, Version};
/// use filedex_model::{Space, Timestamp};
/// use filedex_store::{BlobKind, MemoryDevice, Options, Store, VectorSegmentEntry};
/// let store = Store::with_device(Box::new(MemoryDevice::default()), &Options::default())?;
/// let mut batch = store.write()?;
/// # let now = Timestamp::now();
/// # let dataset = Dataset {
/// #   id: "d-1".into(), name: "cars".into(), object_type: "dataset".into(),
/// #   status: DatasetStatus::Ready, schema: Vec::new(), metadata: Default::default(),
/// #   folder: "/".into(), current_version: None, created_at: now, error: None,
/// #   current_version_origin: None, ai_project_id: None, workspace_id: None,
/// # };
/// # let version = Version {
/// #   id: "1".into(), name: "v1".into(), created_at: now, description: None, frozen: false,
/// #   parent: None,
/// # };
/// batch.create_dataset(&dataset)?;
/// let key = batch.create_version("d-1", &version)?;
/// let space = Space::new("caption", "all-MiniLM-L6-v2", 384, Timestamp::now());
/// let caption = batch.create_space(key, &space)?;
/// assert_eq!(batch.chosen_space(key)?.unwrap().space, space);
///
/// let (first_row, last_row) = (batch.allocate_rows(key, 2)?, 1);
/// let blob = batch.put_blob(BlobKind::Vectors, b"two vectors")?;
/// let entry = VectorSegmentEntry { blob, vectors: 2, first_row, last_row, graph: None };
/// batch.set_vector_segments(key, caption, &[entry])?;
/// batch.commit()?;
/// assert_eq!(store.read()?.vector_segments(key, caption)?, [entry]);
/// # Ok::<(), filedex_store::StoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceInfo {
    /// Its number.
    pub key: SpaceKey,
    /// What the user knows of it.
    pub space: Space,
    /// Whether it is the one that counts where none is named. Exactly one of a version's spaces is,
    /// whenever it has any.
    pub chosen: bool,
}

impl SpaceInfo {
    fn of(key: SpaceKey, row: SpaceRow) -> Self {
        Self { key, space: row.space, chosen: row.chosen }
    }
}

type Encoded = &'static [u8];

/// The spaces of a version, oldest first.
fn of(
    spaces: &impl ReadableTable<(u32, u32), Encoded>,
    key: VersionKey,
) -> Result<Vec<SpaceInfo>, StoreError> {
    let entries = spaces.range((key.0, 0)..=(key.0, u32::MAX)).translate()?;
    entries
        .map(|entry| {
            let (at, bytes) = entry.translate()?;
            decode(key, SpaceKey(at.value().1), bytes.value())
        })
        .collect()
}

pub(crate) fn decode(
    key: VersionKey,
    space: SpaceKey,
    bytes: &[u8],
) -> Result<SpaceInfo, StoreError> {
    stored::decode(bytes)
        .map(|row| SpaceInfo::of(space, row))
        .map_err(|why| why.at(format_args!("embedding space {space} of version number {key}")))
}

fn unknown(key: VersionKey, space: SpaceKey) -> StoreError {
    StoreError::UnknownSpace { version: key, space }
}

impl ReadSnapshot {
    /// The embedding spaces of a version, oldest first.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn spaces(&self, key: VersionKey) -> Result<Vec<SpaceInfo>, StoreError> {
        guarded(|| {
            self.layer(key)?;
            self.later_table(SPACES)?.map_or_else(|| Ok(Vec::new()), |spaces| of(&spaces, key))
        })
    }

    /// The embedding space of a version with this name.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn space_named(
        &self,
        key: VersionKey,
        name: &str,
    ) -> Result<Option<SpaceInfo>, StoreError> {
        Ok(self.spaces(key)?.into_iter().find(|info| info.space.name == name))
    }

    /// The embedding space of a version that counts where none is named; `None` where it has none.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn chosen_space(&self, key: VersionKey) -> Result<Option<SpaceInfo>, StoreError> {
        Ok(self.spaces(key)?.into_iter().find(|info| info.chosen))
    }

    pub(crate) fn has_space(&self, key: VersionKey, space: SpaceKey) -> Result<(), StoreError> {
        self.layer(key)?;
        match self.later_table(SPACES)? {
            Some(spaces) if spaces.get((key.0, space.0)).translate()?.is_some() => Ok(()),
            _ => Err(unknown(key, space)),
        }
    }
}

impl WriteBatch {
    /// The embedding spaces of a version, oldest first.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn spaces(&self, key: VersionKey) -> Result<Vec<SpaceInfo>, StoreError> {
        guarded(|| {
            self.layer(key)?;
            of(&self.txn().open_table(SPACES).translate()?, key)
        })
    }

    /// The embedding space of a version with this name.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn space_named(
        &self,
        key: VersionKey,
        name: &str,
    ) -> Result<Option<SpaceInfo>, StoreError> {
        Ok(self.spaces(key)?.into_iter().find(|info| info.space.name == name))
    }

    /// The embedding space of a version that counts where none is named; `None` where it has none.
    ///
    /// # Errors
    /// See [`WriteBatch`].
    pub fn chosen_space(&self, key: VersionKey) -> Result<Option<SpaceInfo>, StoreError> {
        Ok(self.spaces(key)?.into_iter().find(|info| info.chosen))
    }

    pub(crate) fn has_space(&self, key: VersionKey, space: SpaceKey) -> Result<(), StoreError> {
        self.layer(key)?;
        let spaces = self.txn().open_table(SPACES).translate()?;
        let known = spaces.get((key.0, space.0)).translate()?.is_some();
        if known { Ok(()) } else { Err(unknown(key, space)) }
    }

    pub(crate) fn write_space(
        &self,
        key: VersionKey,
        space: SpaceKey,
        row: &SpaceRow,
    ) -> Result<(), StoreError> {
        let bytes = stored::encode(row)?;
        let mut spaces = self.txn().open_table(SPACES).translate()?;
        spaces.insert((key.0, space.0), bytes.as_slice()).translate()?;
        Ok(())
    }

    /// Adds an embedding space without vectors to a version. The first of a version is chosen.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::SpaceExists`]; [`StoreError::Exhausted`] where
    /// the version has [`limits::SPACES`] already. The description is stored as it is:
    /// [`Space::validate`] is for the caller.
    pub fn create_space(&mut self, key: VersionKey, space: &Space) -> Result<SpaceKey, StoreError> {
        self.step(|batch| {
            let others = batch.spaces(key)?;
            if others.iter().any(|other| other.space.name == space.name) {
                return Err(StoreError::SpaceExists { name: space.name.clone() });
            }
            if others.len() >= limits::SPACES {
                return Err(StoreError::Exhausted { what: "embedding spaces of one version" });
            }
            let number = SpaceKey(batch.take_space()?);
            let row = SpaceRow { space: space.clone(), chosen: others.is_empty() };
            batch.write_space(key, number, &row)?;
            Ok(number)
        })
    }

    /// Makes a space the one that counts where none is named, in the place of the one before.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`], [`StoreError::UnknownSpace`].
    pub fn choose_space(&mut self, key: VersionKey, space: SpaceKey) -> Result<(), StoreError> {
        self.step(|batch| {
            batch.has_space(key, space)?;
            for info in batch.spaces(key)? {
                let chosen = info.key == space;
                if info.chosen != chosen {
                    batch.write_space(key, info.key, &SpaceRow { space: info.space, chosen })?;
                }
            }
            Ok(())
        })
    }

    /// Gives a space another name; its vectors stay.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`]; [`StoreError::UnknownSpace`]; [`StoreError::SpaceExists`]
    /// where another space of the version has the name.
    pub fn rename_space(
        &mut self,
        key: VersionKey,
        space: SpaceKey,
        name: &str,
    ) -> Result<(), StoreError> {
        self.step(|batch| {
            let (own, others): (Vec<_>, Vec<_>) =
                batch.spaces(key)?.into_iter().partition(|info| info.key == space);
            let Some(SpaceInfo { space: old, chosen, .. }) = own.into_iter().next() else {
                return Err(unknown(key, space));
            };
            if others.iter().any(|other| other.space.name == name) {
                return Err(StoreError::SpaceExists { name: name.to_owned() });
            }
            let renamed = Space { name: name.to_owned(), ..old };
            batch.write_space(key, space, &SpaceRow { space: renamed, chosen })
        })
    }

    /// Removes a space with its vectors; its blobs become garbage. If it was chosen, the oldest
    /// that is left is chosen now.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`], [`StoreError::UnknownSpace`].
    pub fn drop_space(&mut self, key: VersionKey, space: SpaceKey) -> Result<(), StoreError> {
        self.step(|batch| {
            batch.set_vector_segments(key, space, &[])?;
            let at = (key.0, space.0);
            batch.txn().open_table(VECTOR_SEGMENTS).translate()?.remove(at).translate()?;
            batch.txn().open_table(SPACES).translate()?.remove(at).translate()?;
            let left = batch.spaces(key)?;
            match left.first() {
                Some(oldest) if left.iter().all(|info| !info.chosen) => {
                    batch.choose_space(key, oldest.key)
                }
                _ => Ok(()),
            }
        })
    }

    /// Removes all spaces of a version.
    pub(crate) fn drop_spaces(&mut self, key: VersionKey) -> Result<(), StoreError> {
        for info in self.spaces(key)? {
            self.drop_space(key, info.key)?;
        }
        Ok(())
    }
}
