//! Copies of a database while it is in use.

use std::fs::File;
use std::path::Path;

use redb::{Key, ReadableTable, TableDefinition, TableError, Value};

use crate::compact::Pages;
use crate::error::{StoreError, Translate};
use crate::open::{self, Store};
use crate::options::Options;
use crate::read::ReadSnapshot;
use crate::tables::{self, Visit};

/// Bytes between two looks at whether to go on.
const STEP: u64 = 1 << 20;

impl ReadSnapshot {
    /// Writes what this snapshot shows to a new file at `path`; answers the file's length in bytes.
    ///
    /// Others read and write meanwhile, and what they write is not in the copy. The copy has no free
    /// space, is verified page by page, and gets its name when it is whole: a process that is killed
    /// on the way leaves nothing at `path`; at most a file beside it that ends in `.creating-` and
    /// the process id. `go_on` is told the bytes copied, about every megabyte; where it answers
    /// `false` the copy is given up.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] where there is a file; [`StoreError::Interrupted`] where it was
    /// given up; those of either file.
    pub fn backup_to(
        &self,
        path: impl AsRef<Path>,
        go_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<u64, StoreError> {
        open::make_whole(path.as_ref(), |file, unnamed| {
            self.copy_to(file, unnamed, go_on)?;
            verify(unnamed)?;
            let length = std::fs::metadata(unnamed).map(|metadata| metadata.len());
            length.map_err(|error| StoreError::io("measuring", unnamed, error))
        })
    }

    fn copy_to(
        &self,
        file: File,
        unnamed: &Path,
        go_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<(), StoreError> {
        let options = self.store().options();
        let database = open::builder(options).create_file(file);
        let database = database.map_err(|error| open::open_error(unnamed, error))?;
        let of_copy = |error| of_copy(error, unnamed);
        let txn = database.begin_write().translate().map_err(of_copy)?;
        let mut copy = Copy { from: self, to: &txn, unnamed, copied: 0, next: STEP, go_on };
        tables::visit(&mut copy)?;
        txn.commit().translate().map_err(of_copy)
    }
}

/// An error of the copy's file, which is none of the database that is copied: that one goes on.
fn of_copy(error: StoreError, unnamed: &Path) -> StoreError {
    let source = match error {
        StoreError::DiskFull => std::io::ErrorKind::StorageFull.into(),
        StoreError::Disk { source } => source,
        other => return other,
    };
    StoreError::Io { what: format!("writing {}", unnamed.display()), source }
}

/// A copy under way.
struct Copy<'a> {
    from: &'a ReadSnapshot,
    to: &'a redb::WriteTransaction,
    unnamed: &'a Path,
    copied: u64,
    /// When to look next.
    next: u64,
    go_on: &'a mut dyn FnMut(u64) -> bool,
}

impl Visit for Copy<'_> {
    fn table<K: Key + 'static, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<(), StoreError> {
        let from = match self.from.txn().open_table(definition) {
            // Files of earlier formats lack those that came later.
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            opened => opened.translate()?,
        };
        let of_copy = |error| of_copy(error, self.unnamed);
        let mut to = self.to.open_table(definition).translate().map_err(of_copy)?;
        for entry in from.iter().translate()? {
            let (key, value) = entry.translate()?;
            let (key, value) = (key.value(), value.value());
            let bytes = K::as_bytes(&key).as_ref().len() + V::as_bytes(&value).as_ref().len();
            to.insert(&key, &value).translate().map_err(of_copy)?;
            self.copied += bytes as u64;
            if self.copied >= self.next {
                self.next = self.copied + STEP;
                if !(self.go_on)(self.copied) {
                    return Err(StoreError::Interrupted { what: "the copy" });
                }
            }
        }
        Ok(())
    }
}

/// Opens a copy and reads every page of it.
fn verify(path: &Path) -> Result<(), StoreError> {
    let copy = Store::open(path, &Options::default())?;
    match copy.verify_pages()? {
        Pages::Sound => Ok(()),
        Pages::Repaired => Err(StoreError::damaged("the copy, as soon as it was written")),
    }
}
