//! Operations on the whole file: making it smaller, verifying its pages.

use redb::Database;

use crate::error::{StoreError, Translate};
use crate::open::Store;
use crate::repack;

/// Most rounds of compaction; each moves pages towards the front, and few are ever needed.
const ROUNDS: usize = 64;

/// What [`Store::compact`] did to the length of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

/// What [`Store::verify_pages`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// Every page had its checksum, and the free space was as noted.
    Sound,
    /// The last commit or the account of free space was damaged, and has been repaired from what
    /// was sound: run [`check`](crate::check()).
    Repaired,
}

impl Store {
    /// Packs the records of large versions with a dictionary made of them, then moves what is
    /// stored to the front of the file and cuts off the rest, until that brings nothing more. It
    /// changes nothing that can be read, nor the generation; stopped on the way, even by a crash,
    /// it leaves a whole database. It takes time in proportion to the file; calls of [`Store::read`] and
    /// [`Store::write`] wait meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while a snapshot or a batch lives; [`StoreError::ReadOnly`].
    pub fn compact(&self) -> Result<Compacted, StoreError> {
        self.alone(|database| {
            let before = self.file_length()?;
            repack::run(self, database)?;
            cut(database)?;
            Ok(Compacted { before, after: self.file_length()? })
        })
    }

    /// Moves what is stored to the front of the file and cuts off the rest, as the last part of
    /// [`Store::compact`] does: records stay packed as they are.
    ///
    /// ```
    /// use filedex_store::{MemoryDevice, Options, Store};
    /// let store = Store::with_device(Box::new(MemoryDevice::default()), &Options::default())?;
    /// let done = store.shrink()?;
    /// assert!(done.after <= done.before);
    /// # Ok::<(), filedex_store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Store::compact`].
    pub fn shrink(&self) -> Result<Compacted, StoreError> {
        self.alone(|database| {
            let before = self.file_length()?;
            cut(database)?;
            Ok(Compacted { before, after: self.file_length()? })
        })
    }

    /// Reads every page and compares it with its checksum; repairs what can be repaired.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it cannot be; [`StoreError::Busy`] while a snapshot or a batch
    /// lives; [`StoreError::ReadOnly`].
    pub fn verify_pages(&self) -> Result<Pages, StoreError> {
        self.alone(|database| match database.check_integrity().translate()? {
            true => Ok(Pages::Sound),
            false => Ok(Pages::Repaired),
        })
    }
}

fn cut(database: &mut Database) -> Result<(), StoreError> {
    for _ in 0..ROUNDS {
        if !database.compact().translate()? {
            break;
        }
    }
    Ok(())
}
