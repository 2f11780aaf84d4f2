//! The bytes of a disk, and the calls on them.

use std::io;
use std::ops::Range;

/// What a disk holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes(pub Vec<u8>);

impl Bytes {
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let span = self.span(offset, out.len())?;
        out.copy_from_slice(&self.0[span]);
        Ok(())
    }

    pub fn write(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        let span = self.span(offset, data.len())?;
        self.0[span].copy_from_slice(data);
        Ok(())
    }

    pub fn resize(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.0.resize(length, 0);
        Ok(())
    }

    fn span(&self, offset: u64, length: usize) -> io::Result<Range<usize>> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        match start.checked_add(length) {
            Some(end) if end <= self.0.len() => Ok(start..end),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
