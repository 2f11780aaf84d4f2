//! The files of a segment that is made, as the engine's directory.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};
use tantivy::{Directory, HasLen};

use crate::spill::{Spill, SpillFile};

/// Files that are written once and taken out at the end. The engine's notes about its index stay in
/// memory.
#[derive(Clone, Debug)]
pub(crate) struct MadeFiles {
    spill: Spill,
    made: Arc<Mutex<Made>>,
}

#[derive(Debug, Default)]
struct Made {
    files: HashMap<PathBuf, Arc<SpillFile>>,
    notes: HashMap<PathBuf, Vec<u8>>,
}

impl MadeFiles {
    pub(crate) fn new(spill: &Spill) -> Self {
        Self { spill: spill.clone(), made: Arc::default() }
    }

    /// A file that was finished.
    pub(crate) fn finished(&self, path: &Path) -> Option<Arc<SpillFile>> {
        self.made().files.get(path).cloned()
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file on its way into the directory, where it arrives when it is whole.
struct Writing {
    path: PathBuf,
    file: Option<SpillFile>,
    directory: MadeFiles,
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Writing {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            self.directory.made().files.insert(std::mem::take(&mut self.path), Arc::new(file));
        }
        Ok(())
    }
}

/// A finished file as the engine reads it.
#[derive(Debug)]
struct MadeFile(Arc<SpillFile>);

impl HasLen for MadeFile {
    fn len(&self) -> usize {
        self.0.len() as usize
    }
}

impl FileHandle for MadeFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let mut bytes = vec![0; range.len()];
        self.0.read_at(range.start as u64, &mut bytes)?;
        Ok(OwnedBytes::new(bytes))
    }
}

impl Directory for MadeFiles {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        match self.finished(path) {
            Some(file) => Ok(Arc::new(MadeFile(file))),
            None => Err(OpenReadError::FileDoesNotExist(path.to_owned())),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let made = self.made();
        Ok(made.files.contains_key(path) || made.notes.contains_key(path))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let notes = self.made().notes.get(path).cloned();
        notes.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.made().notes.insert(path.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let mut made = self.made();
        match made.files.remove(path).is_some() || made.notes.remove(path).is_some() {
            true => Ok(()),
            false => Err(DeleteError::FileDoesNotExist(path.to_owned())),
        }
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = Some(self.spill.file());
        let writing = Writing { path: path.to_owned(), file, directory: self.clone() };
        Ok(WritePtr::new(Box::new(writing)))
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    /// Nobody else knows of the files.
    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
