//! The bytes of a file, at hand or on the disk.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

/// Files up to this size are read once and kept while they are looked at; larger ones are read again
/// where something of theirs is wanted.
const KEEP_BYTES: u64 = 32 << 20;
/// What tells a type. A tar archive says what it is after 257 bytes, an office document within its first
/// few entries.
const HEAD_BYTES: u64 = 16 << 10;

/// What is read of in any order.
pub(crate) trait Source: BufRead + Seek {}
impl<T: BufRead + Seek> Source for T {}

/// A file's bytes.
pub(crate) enum Content {
    /// All of them.
    Kept(Vec<u8>),
    /// The file, to be read again.
    OnDisk(File, u64),
}

impl Content {
    /// Opens what is at a path; `size` is what its metadata said.
    pub fn open(path: &Path, size: u64) -> io::Result<Self> {
        let file = File::open(path)?;
        if size > KEEP_BYTES {
            return Ok(Self::OnDisk(file, size));
        }
        // One byte more than was said: a file that grows is seen to be longer.
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        file.take(KEEP_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(Self::Kept(bytes))
    }

    /// The bytes from the start.
    pub fn source(&self) -> io::Result<Box<dyn Source + '_>> {
        Ok(match self {
            Self::Kept(bytes) => Box::new(Cursor::new(bytes.as_slice())),
            Self::OnDisk(file, _) => {
                let mut file = file;
                file.rewind()?;
                Box::new(BufReader::with_capacity(64 << 10, file))
            }
        })
    }

    /// The first bytes.
    pub fn head(&self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.source()?.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(head)
    }

    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        match self {
            Self::Kept(bytes) => bytes.len() as u64,
            Self::OnDisk(_, size) => *size,
        }
    }

    /// Whether all bytes are at hand.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}
