//! The three databases of one run, closed, in a folder that goes with it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use filedex::NewFile;
use tempfile::TempDir;

use crate::Outcome;
use crate::engine::{Filedex, Sqlite, Tantivy};

/// Where the databases are. Each holds all records and is as its import left it.
#[derive(Debug)]
pub struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// A folder without databases.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn empty() -> Outcome<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// Imports the records into all three.
    ///
    /// # Errors
    /// When an engine refuses.
    pub fn build(files: &[NewFile]) -> Outcome<Self> {
        let workshop = Self::empty()?;
        let filedex = Filedex::create(&workshop.filedex())?;
        filedex.load(files)?;
        let dataset_id = &filedex.version.dataset_id;
        let mut sqlite = Sqlite::create(&workshop.sqlite())?;
        sqlite.load(files, dataset_id)?;
        sqlite.analyze()?;
        Tantivy::create(&workshop.tantivy())?.load(files, dataset_id)?;
        Ok(workshop)
    }

    /// Filedex's file.
    #[must_use]
    pub fn filedex(&self) -> PathBuf {
        self.folder.path().join("files.filedex")
    }

    /// SQLite's file; its log is beside it while it is open.
    #[must_use]
    pub fn sqlite(&self) -> PathBuf {
        self.folder.path().join("files.sqlite")
    }

    /// tantivy's folder.
    #[must_use]
    pub fn tantivy(&self) -> PathBuf {
        self.folder.path().join("files.tantivy")
    }

    /// A file beside the databases.
    #[must_use]
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Copies a closed database, file or folder, and waits until the copy is on the disk, so that
    /// no later fsync pays for it.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy(&self, from: &Path, name: &str) -> io::Result<PathBuf> {
        let to = self.scratch(name);
        if from.is_dir() {
            fs::create_dir(&to)?;
            for entry in fs::read_dir(from)? {
                let entry = entry?;
                copy_file(&entry.path(), &to.join(entry.file_name()))?;
            }
        } else {
            copy_file(from, &to)?;
        }
        Ok(to)
    }
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

/// The bytes of a file, or of a folder's files whose names end so.
///
/// # Errors
/// When it cannot be read.
pub fn bytes_of(path: &Path, ending: &str) -> io::Result<u64> {
    if !path.is_dir() {
        return Ok(path.metadata()?.len());
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(ending) {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}
