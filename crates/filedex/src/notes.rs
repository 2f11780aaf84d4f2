//! Notes: small values that an application keeps in the file.

use filedex_model::limits;

use crate::database::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::reader::Reader;

impl Database {
    /// Writes notes, all in one commit, and removes those that are given as `None`.
    ///
    /// A note is a small value of the application that links the crate: settings, the state of its
    /// jobs. Filedex keeps it with the file and never reads it. By custom a name begins with the
    /// application's, as in `myapp/settings`; the HTTP server's begin with `server/`.
    ///
    /// ```
    /// use filedex::Database;
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// db.put_notes([("viewer/zoom", Some("1.5")), ("viewer/theme", Some("dark"))])?;
    /// db.put_notes([("viewer/zoom", None::<&str>)])?;
    /// let notes = db.reader()?.notes("viewer/")?;
    /// assert_eq!(notes, [("viewer/theme".to_owned(), b"dark".to_vec())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`] for a name that is empty or longer than 256 bytes, or a value of more
    /// than 1 MiB; then none is written.
    pub fn put_notes<N: AsRef<str>, B: AsRef<[u8]>>(
        &self,
        notes: impl IntoIterator<Item = (N, Option<B>)>,
    ) -> Result<()> {
        let notes: Vec<_> = notes.into_iter().collect();
        for (name, bytes) in &notes {
            check(name.as_ref(), bytes.as_ref().map_or(0, |bytes| bytes.as_ref().len()))?;
        }
        self.write(|txn| {
            for (name, bytes) in &notes {
                txn.put_note(name.as_ref(), bytes.as_ref().map(AsRef::as_ref))?;
            }
            Ok(())
        })
    }
}

fn check(name: &str, length: usize) -> Result<()> {
    let most = limits::NOTE_NAME_BYTES;
    if name.is_empty() || name.len() > most {
        let what = format!("a note's name has 1 to {most} bytes, not {}", name.len());
        return Err(Error::new(ErrorKind::BadInput, what));
    }
    if length > limits::NOTE_BYTES {
        let most = limits::NOTE_BYTES;
        let what = format!("the note {name:?} has {length} bytes; at most {most} are kept");
        return Err(Error::new(ErrorKind::BadInput, what));
    }
    Ok(())
}

impl Reader {
    /// A note (see [`Database::put_notes`]).
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.snapshot()?.store.note(name)?)
    }

    /// The notes whose names start with `prefix`, in order of their names.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.snapshot()?.store.notes(prefix)?)
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_and_values_have_bounds() {
        let long = "n".repeat(257);
        for (name, length, fine) in [
            ("", 0, false),
            ("n", 0, true),
            (&long[..256], 1 << 20, true),
            (&long, 0, false),
            ("n", (1 << 20) + 1, false),
        ] {
            assert_eq!(check(name, length).is_ok(), fine, "{} {length}", name.len());
        }
    }
}
