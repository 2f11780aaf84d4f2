//! Copies of the file while it is in use.

use std::path::Path;

use crate::database::Database;
use crate::error::Result;
use crate::reader::Reader;

/// A copy that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// The number of the commit that the copy shows.
    pub generation: u64,
    /// The length of the copy in bytes; it has no free space, so it is often less than the file's.
    pub bytes: u64,
}

impl Database {
    /// Copies the newest commit to a new file, as [`Reader::backup_to`] does.
    ///
    /// ```
    /// use filedex::{Database, NewFile};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let version = db.default_version()?;
    /// let mut batch = db.batch(&version);
    /// batch.create(NewFile::at("file:///a.png"));
    /// batch.commit()?;
    /// let path = dir.path().join("copy.filedex");
    /// db.backup_to(&path, |_| true)?;
    /// let copy = Database::open_read_only(&path)?;
    /// assert!(copy.reader()?.get(&version, &version.file_id("file:///a.png")).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Reader::backup_to`].
    pub fn backup_to(
        &self,
        path: impl AsRef<Path>,
        go_on: impl FnMut(u64) -> bool,
    ) -> Result<BackedUp> {
        self.reader()?.backup_to(path, go_on)
    }
}

impl Reader {
    /// Copies what this snapshot shows to a new file: all datasets, records, indexes and notes.
    ///
    /// Readers and the writer go on meanwhile. The copy is verified page by page and gets its name
    /// when it is whole. `go_on` is told the bytes copied, about every megabyte; where it answers
    /// `false` the copy is given up. The time is that of writing the file, and of reading it again.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where there is a file;
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted);
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull),
    /// [`ErrorKind::Io`](crate::ErrorKind::Io),
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) for what cannot be read or written.
    pub fn backup_to(
        &self,
        path: impl AsRef<Path>,
        mut go_on: impl FnMut(u64) -> bool,
    ) -> Result<BackedUp> {
        let bytes = self.snapshot()?.store.backup_to(path, &mut go_on)?;
        Ok(BackedUp { generation: self.generation(), bytes })
    }
}
