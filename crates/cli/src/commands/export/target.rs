//! Where an export goes: under another name until it is whole, and nowhere where it is given up.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::failure::Failure;

/// What a folder that an export made has in it, so that another may replace it.
const MARK: &str = ".filedex-export";

/// A file or folder that appears under its name once it is whole; until then it has a name of its own,
/// and nothing of it is left if it is given up.
pub struct Target {
    path: PathBuf,
    /// The name until it is whole; `None` for what is no regular file and is written as it is.
    temporary: Option<PathBuf>,
    force: bool,
}

impl Target {
    /// Begins a file.
    pub fn file(path: &Path, force: bool) -> Result<Self, Failure> {
        let found = fs::symlink_metadata(path).and_then(|_| fs::metadata(path));
        let special = found.as_ref().is_ok_and(|found| !found.is_file() && !found.is_dir());
        if found.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(Failure::Failed(format!(
                "{} is a folder; the export is a file",
                path.display()
            )));
        }
        refuse_taken(path, force || special)?;
        Ok(Self { path: path.to_owned(), temporary: (!special).then(|| beside(path)), force })
    }

    /// Begins a folder, which is made.
    pub fn folder(path: &Path, force: bool) -> Result<Self, Failure> {
        refuse_taken(path, force)?;
        if let Ok(mut entries) = fs::read_dir(path)
            && entries.next().is_some()
            && !path.join(MARK).is_file()
        {
            return Err(Failure::Failed(format!(
                "{} has files that no export wrote; --force replaces only what an export made",
                path.display()
            )));
        }
        let temporary = beside(path);
        fs::create_dir(&temporary)
            .map_err(|error| Failure::io(temporary.display().to_string(), error))?;
        Ok(Self { path: path.to_owned(), temporary: Some(temporary), force })
    }

    /// Where it is written.
    pub fn working(&self) -> &Path {
        self.temporary.as_ref().unwrap_or(&self.path)
    }

    /// Gives a file that was written its name. Answers its length.
    pub fn finish_file(mut self, file: &File) -> Result<u64, Failure> {
        let done = (|| {
            let bytes = file.metadata()?.len();
            let Some(temporary) = &self.temporary else { return Ok(bytes) };
            file.sync_all()?;
            if self.force {
                fs::rename(temporary, &self.path)?;
            } else {
                name(temporary, &self.path)?;
            }
            Ok(bytes)
        })();
        self.ended(done)
    }

    /// Gives a folder that was written its name. Answers how many bytes are in it.
    pub fn finish_folder(mut self, format: &str, records: u64) -> Result<u64, Failure> {
        let done = (|| {
            let Some(temporary) = &self.temporary else { return Ok(0) };
            let bytes = synced(temporary)?;
            let mark = json!({ "format": format, "records": records });
            fs::write(temporary.join(MARK), format!("{mark}\n"))?;
            let old = beside(&self.path).with_extension("old");
            let replaced = self.force && self.path.is_dir();
            if replaced {
                fs::rename(&self.path, &old)?;
            }
            fs::rename(temporary, &self.path)?;
            if replaced {
                fs::remove_dir_all(&old)?;
            }
            Ok(bytes)
        })();
        self.ended(done)
    }

    fn ended<T>(&mut self, done: io::Result<T>) -> Result<T, Failure> {
        let done = done.map_err(|error| Failure::io(self.path.display().to_string(), error))?;
        self.temporary = None;
        Ok(done)
    }
}

/// The name that something has until it is whole.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    path.with_file_name(name)
}

fn refuse_taken(path: &Path, force: bool) -> Result<(), Failure> {
    if force || fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    Err(Failure::Failed(format!("{} is there already; --force replaces it", path.display())))
}

/// Gives a file its name, unless something has it.
fn name(temporary: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, path) {
        Ok(()) => fs::remove_file(temporary),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Not every file system has links.
        Err(_) => fs::rename(temporary, path),
    }
}

/// Has what is in a folder on the disk before it gets its name; answers how many bytes that are.
fn synced(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            bytes += synced(&path)?;
        } else if metadata.is_file() {
            bytes += metadata.len();
            File::open(&path)?.sync_all()?;
        }
    }
    Ok(bytes)
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // It may never have been made.
            let _ = fs::remove_file(temporary);
            let _ = fs::remove_dir_all(temporary);
        }
    }
}
