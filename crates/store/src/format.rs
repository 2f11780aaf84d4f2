//! What makes a redb file a Filedex database, which format it has, and how an old one is brought
//! up to date.

use redb::{ReadTransaction, ReadableTable, TableError, WriteTransaction};

use crate::error::{StoreError, Translate};
use crate::tables::{self, META, NOTES, SPACES, VECTOR_SEGMENTS};

/// The format this crate writes; it reads this and every earlier one.
pub const FORMAT_VERSION: u64 = 3;

/// Says that the file is ours: `Filedex` and a line feed, read as a big-endian number.
pub(crate) const APPLICATION: u64 = u64::from_be_bytes(*b"Filedex\n");

pub(crate) const KEY_APPLICATION: &str = "application";
pub(crate) const KEY_FORMAT: &str = "format";
pub(crate) const KEY_GENERATION: &str = "generation";
pub(crate) const KEY_NEXT_VERSION: &str = "next_version";
pub(crate) const KEY_NEXT_LAYER: &str = "next_layer";
pub(crate) const KEY_NEXT_BLOB: &str = "next_blob";
pub(crate) const KEY_NEXT_SPACE: &str = "next_space";

/// What the meta table tells of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A redb database of another program.
    Foreign,
    /// Ours, of a format this crate reads.
    Known(u64),
    /// Ours, of a newer format.
    Newer(u64),
}

/// The number of the format that `txn` reads.
pub(crate) fn number_of(txn: &ReadTransaction) -> Result<u64, StoreError> {
    number(&txn.open_table(META).translate()?, KEY_FORMAT)?
        .ok_or_else(|| StoreError::damaged("the format number is missing"))
}

/// Tells the kind of the file that `txn` reads.
pub(crate) fn kind_of(txn: &ReadTransaction) -> Result<Kind, StoreError> {
    let meta = match txn.open_table(META) {
        Ok(meta) => meta,
        Err(
            TableError::TableDoesNotExist(_)
            | TableError::TableTypeMismatch { .. }
            | TableError::TableIsMultimap(_)
            | TableError::TypeDefinitionChanged { .. },
        ) => return Ok(Kind::Foreign),
        Err(error) => return Err(error).translate(),
    };
    if number(&meta, KEY_APPLICATION)? != Some(APPLICATION) {
        return Ok(Kind::Foreign);
    }
    match number(&meta, KEY_FORMAT)? {
        Some(format @ 1..=FORMAT_VERSION) => Ok(Kind::Known(format)),
        Some(format) if format > FORMAT_VERSION => Ok(Kind::Newer(format)),
        _ => Err(StoreError::damaged("the format number is missing")),
    }
}

/// Makes an empty database of the current format.
pub(crate) fn initialise(txn: &WriteTransaction) -> Result<(), StoreError> {
    tables::create_all(txn)?;
    {
        let mut meta = txn.open_table(META).translate()?;
        meta.insert(KEY_APPLICATION, APPLICATION).translate()?;
        meta.insert(KEY_FORMAT, FORMAT_VERSION).translate()?;
    }
    Counters::default().save(txn)
}

/// Brings a file of the format `found` up to the next one.
///
/// Each future format adds its step here, together with a stored file of the format before it.
pub(crate) fn upgrade(txn: &WriteTransaction, found: u64) -> Result<(), StoreError> {
    let mut meta = txn.open_table(META).translate()?;
    match found {
        1 => {
            txn.open_table(SPACES).translate()?;
            txn.open_table(VECTOR_SEGMENTS).translate()?;
            meta.insert(KEY_NEXT_SPACE, Counters::default().next_space).translate()?;
        }
        2 => drop(txn.open_table(NOTES).translate()?),
        other => {
            let what = format!("no upgrade from format {other} is known");
            return Err(StoreError::damaged(what));
        }
    }
    meta.insert(KEY_FORMAT, found + 1).translate()?;
    Ok(())
}

/// The numbers that a commit moves on. None is ever given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) generation: u64,
    pub(crate) next_version: u64,
    pub(crate) next_layer: u64,
    pub(crate) next_blob: u64,
    pub(crate) next_space: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self { generation: 0, next_version: 1, next_layer: 1, next_blob: 1, next_space: 1 }
    }
}

impl Counters {
    /// The counters in the meta table.
    pub(crate) fn load(meta: &impl ReadableTable<&'static str, u64>) -> Result<Self, StoreError> {
        let needed = |key: &'static str| {
            number(meta, key)?.ok_or_else(|| StoreError::damaged(format!("no number {key:?}")))
        };
        Ok(Self {
            generation: needed(KEY_GENERATION)?,
            next_version: needed(KEY_NEXT_VERSION)?,
            next_layer: needed(KEY_NEXT_LAYER)?,
            next_blob: needed(KEY_NEXT_BLOB)?,
            next_space: needed(KEY_NEXT_SPACE)?,
        })
    }

    /// The counters, as far as they are there: a file of an earlier format lacks the later ones.
    pub(crate) fn of_earlier(
        meta: &impl ReadableTable<&'static str, u64>,
    ) -> Result<Self, StoreError> {
        let new = Self::default();
        let known = |key: &'static str, otherwise| Ok(number(meta, key)?.unwrap_or(otherwise));
        Ok(Self {
            generation: known(KEY_GENERATION, new.generation)?,
            next_version: known(KEY_NEXT_VERSION, new.next_version)?,
            next_layer: known(KEY_NEXT_LAYER, new.next_layer)?,
            next_blob: known(KEY_NEXT_BLOB, new.next_blob)?,
            next_space: known(KEY_NEXT_SPACE, new.next_space)?,
        })
    }

    /// The generation alone.
    pub(crate) fn generation(
        meta: &impl ReadableTable<&'static str, u64>,
    ) -> Result<u64, StoreError> {
        number(meta, KEY_GENERATION)?.ok_or_else(|| StoreError::damaged("no generation number"))
    }

    /// Writes the counters into the meta table.
    pub(crate) fn save(&self, txn: &WriteTransaction) -> Result<(), StoreError> {
        let mut meta = txn.open_table(META).translate()?;
        for (key, value) in [
            (KEY_GENERATION, self.generation),
            (KEY_NEXT_VERSION, self.next_version),
            (KEY_NEXT_LAYER, self.next_layer),
            (KEY_NEXT_BLOB, self.next_blob),
            (KEY_NEXT_SPACE, self.next_space),
        ] {
            meta.insert(key, value).translate()?;
        }
        Ok(())
    }

    /// A new version number.
    pub(crate) fn take_version(&mut self) -> Result<u32, StoreError> {
        take(&mut self.next_version, "versions")
    }

    /// A new layer number.
    pub(crate) fn take_layer(&mut self) -> Result<u32, StoreError> {
        take(&mut self.next_layer, "versions")
    }

    /// A new space number.
    pub(crate) fn take_space(&mut self) -> Result<u32, StoreError> {
        take(&mut self.next_space, "embedding spaces")
    }

    /// A new blob number.
    pub(crate) fn take_blob(&mut self) -> Result<u64, StoreError> {
        let blob = self.next_blob;
        self.next_blob = blob.checked_add(1).ok_or(StoreError::Exhausted { what: "blobs" })?;
        Ok(blob)
    }
}

fn take(counter: &mut u64, what: &'static str) -> Result<u32, StoreError> {
    let taken = u32::try_from(*counter).ok().filter(|n| *n < u32::MAX);
    *counter += 1;
    taken.ok_or(StoreError::Exhausted { what })
}

fn number(
    meta: &impl ReadableTable<&'static str, u64>,
    key: &'static str,
) -> Result<Option<u64>, StoreError> {
    Ok(meta.get(key).translate()?.map(|value| value.value()))
}
