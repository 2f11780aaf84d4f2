//! Bytes of a segment that is made: in memory while they are few, else in a file without a name.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of one file that stay in memory.
const KEPT_BYTES: usize = 4 << 20;
/// How much is compared at once.
const COMPARED_BYTES: usize = 64 << 10;

/// Where a merge puts what it makes beyond some megabytes, until it is stored. The files have no
/// name: they are gone with the process, however it ends.
///
/// ```
/// use filedex_index::{Spill, merge};
/// # let dir = tempfile::tempdir()?;
/// let merged = merge(&[], &Spill::in_folder(dir.path()))?;
/// assert_eq!(merged.docs, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Spill {
    folder: Option<PathBuf>,
    /// Bytes of one file that stay in memory.
    kept: usize,
}

impl Default for Spill {
    fn default() -> Self {
        Self { folder: None, kept: KEPT_BYTES }
    }
}

impl Spill {
    /// Files go to this folder where that can be, else to the system's folder for temporary files,
    /// which is the default too.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..Self::default() }
    }

    /// Nothing is put away.
    pub(crate) fn in_memory() -> Self {
        Self { kept: usize::MAX, ..Self::default() }
    }

    pub(crate) fn file(&self) -> SpillFile {
        let content = Mutex::new(Content::Memory(Vec::new()));
        SpillFile { spill: self.clone(), content, length: 0 }
    }

    fn create(&self) -> io::Result<File> {
        let there = self.folder.as_ref().map(tempfile::tempfile_in);
        there.and_then(Result::ok).map_or_else(tempfile::tempfile, Ok)
    }

    /// Bytes that are put away at once.
    ///
    /// # Errors
    /// Those of the file.
    pub fn put(&self, bytes: &[u8]) -> io::Result<Bytes> {
        let mut file = Self { kept: 0, ..self.clone() }.file();
        file.write_all(bytes)?;
        Ok(Bytes::from(Vec::new()).then(file))
    }
}

/// A file that is written once, from its start to its end, and then read.
pub(crate) struct SpillFile {
    spill: Spill,
    content: Mutex<Content>,
    length: u64,
}

enum Content {
    Memory(Vec<u8>),
    File(File),
}

impl SpillFile {
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    pub(crate) fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &mut *self.content.lock().unwrap_or_else(PoisonError::into_inner) {
            Content::Memory(bytes) => {
                let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
                let end = start.checked_add(out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
                out.copy_from_slice(bytes.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
            Content::File(file) => {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(out)
            }
        }
    }
}

/// Writes at the end: nobody reads before all is written.
impl Write for SpillFile {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let content = self.content.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Content::Memory(bytes) = content
            && bytes.len().saturating_add(more.len()) > self.spill.kept
        {
            let mut file = self.spill.create()?;
            file.write_all(bytes)?;
            *content = Content::File(file);
        }
        let written = match content {
            Content::Memory(bytes) => bytes.write(more)?,
            Content::File(file) => file.write(more)?,
        };
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for SpillFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpillFile").field("length", &self.length).finish_non_exhaustive()
    }
}

/// The bytes of a finished segment, wherever they are.
#[derive(Debug)]
pub struct Bytes {
    head: Vec<u8>,
    files: Vec<Arc<SpillFile>>,
}

impl From<Vec<u8>> for Bytes {
    fn from(head: Vec<u8>) -> Self {
        Self { head, files: Vec::new() }
    }
}

impl Bytes {
    /// The same bytes with those of a file behind them.
    pub(crate) fn then(mut self, file: impl Into<Arc<SpillFile>>) -> Self {
        self.files.push(file.into());
        self
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.head.len() as u64 + self.files.iter().map(|file| file.len()).sum::<u64>()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// Those of the file; [`io::ErrorKind::UnexpectedEof`] beyond the end.
    pub fn read_at(&self, offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        let mut start = 0;
        let mut at = offset;
        for piece in 0..=self.files.len() {
            let length = match piece {
                0 => self.head.len() as u64,
                file => self.files[file - 1].len(),
            };
            let end = start + length;
            if at < end && !out.is_empty() {
                let here = usize::try_from(end - at).unwrap_or(usize::MAX).min(out.len());
                let (now, later) = out.split_at_mut(here);
                match piece {
                    0 => {
                        // Below the length of bytes in memory.
                        let from = at as usize;
                        now.copy_from_slice(&self.head[from..from + here]);
                    }
                    file => self.files[file - 1].read_at(at - start, now)?,
                }
                at += here as u64;
                out = later;
            }
            start = end;
        }
        if out.is_empty() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// All of them, in memory.
    ///
    /// # Errors
    /// Those of the file.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut all = vec![0; length];
        self.read_at(0, &mut all)?;
        Ok(all)
    }

    /// Whether they are these.
    pub(crate) fn equal(&self, other: &Self) -> io::Result<bool> {
        if self.len() != other.len() {
            return Ok(false);
        }
        let (mut mine, mut theirs) = (vec![0; COMPARED_BYTES], vec![0; COMPARED_BYTES]);
        let mut at = 0;
        while at < self.len() {
            let here = usize::try_from(self.len() - at).unwrap_or(usize::MAX).min(COMPARED_BYTES);
            self.read_at(at, &mut mine[..here])?;
            other.read_at(at, &mut theirs[..here])?;
            if mine[..here] != theirs[..here] {
                return Ok(false);
            }
            at += here as u64;
        }
        Ok(true)
    }
}

/// Bytes that cannot be read any more equal nothing.
impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.equal(other).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_as_one() {
        let dir = tempfile::tempdir().unwrap();
        let nowhere = Spill::in_folder(dir.path().join("is not there"));
        let spills = [Spill::default(), Spill::in_folder(dir.path()), nowhere];
        for (spill, kept) in spills.into_iter().zip([100, 3, 3]) {
            let spill = Spill { kept, ..spill };
            let all: Vec<u8> = (0..200).collect();
            let mut files = [spill.file(), spill.file()];
            files[0].write_all(&all[10..90]).unwrap();
            for byte in &all[90..] {
                files[1].write_all(&[*byte]).unwrap();
            }
            let bytes = files.into_iter().fold(Bytes::from(all[..10].to_vec()), Bytes::then);
            assert_eq!(bytes.len(), 200);
            assert_eq!(bytes.to_vec().unwrap(), all);
            for start in 0..200_u8 {
                for end in [start, start.saturating_add(1).min(200), start.max(95), 200] {
                    let mut out = vec![0; usize::from(end - start)];
                    bytes.read_at(start.into(), &mut out).unwrap();
                    assert_eq!(out, all[start.into()..end.into()], "{start} to {end}");
                }
            }
            let beyond = bytes.read_at(150, &mut [0; 51]).unwrap_err();
            assert_eq!(beyond.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(bytes, Bytes::from(all.clone()));
            assert_ne!(bytes, Bytes::from(all[1..].to_vec()));
            let other = [&all[..199], &[0]].concat();
            assert_ne!(bytes, spill.put(&other).unwrap());
            assert_eq!(bytes, spill.put(&all).unwrap());
        }
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 0, "files without names");
    }
}
