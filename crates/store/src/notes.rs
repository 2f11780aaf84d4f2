//! Notes: small values that an application keeps in the file, by name. Nothing here reads them.

use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::read::ReadSnapshot;
use crate::tables::NOTES;
use crate::write::WriteBatch;

impl ReadSnapshot {
    /// The bytes of a note.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| {
            let Some(notes) = self.later_table(NOTES)? else { return Ok(None) };
            Ok(notes.get(name).translate()?.map(|bytes| bytes.value().to_vec()))
        })
    }

    /// The notes whose names start with `prefix`, in order of their names.
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        guarded(|| {
            let Some(notes) = self.later_table(NOTES)? else { return Ok(Vec::new()) };
            let mut found = Vec::new();
            for entry in notes.range(prefix..).translate()? {
                let (name, bytes) = entry.translate()?;
                if !name.value().starts_with(prefix) {
                    break;
                }
                found.push((name.value().to_owned(), bytes.value().to_vec()));
            }
            Ok(found)
        })
    }
}

impl WriteBatch {
    /// Writes a note, or removes it with `None`.
    ///
    /// # Errors
    /// Those of the file.
    pub fn put_note(&mut self, name: &str, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        self.step(|batch| {
            let mut notes = batch.txn().open_table(NOTES).translate()?;
            match bytes {
                Some(bytes) => drop(notes.insert(name, bytes).translate()?),
                None => drop(notes.remove(name).translate()?),
            }
            Ok(())
        })
    }
}
