//! A disk whose calls fail when they are told to.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bytes::Bytes;

/// A kind of call of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// A read.
    Read,
    /// A write.
    Write,
    /// A sync.
    Sync,
    /// A change of length.
    Resize,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Sync, Self::Resize];
}

/// How long a disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lasting {
    /// One call.
    Once,
    /// That call and every one of its kind after it.
    OfItsKind,
    /// Every call after it, as of a disk that was pulled out.
    Everything,
}

/// When a disk fails, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of call that fails first.
    pub call: Call,
    /// The number of that call among those of its kind, from 0.
    pub number: u64,
    /// What the call answers. `WriteZero` and `UnexpectedEof` are short: half is done.
    pub error: io::ErrorKind,
    /// How long it lasts.
    pub lasting: Lasting,
}

/// A disk in memory whose calls are counted, and fail when they are told to. Clones share it.
///
/// ```
/// use filedex_testkit::disk::{Call, FailingDisk, Failure, Lasting};
/// use std::io::ErrorKind;
/// let full = Failure {
///     call: Call::Resize, number: 1, error: ErrorKind::StorageFull, lasting: Lasting::Once,
/// };
/// let disk = FailingDisk::new(Vec::new(), Some(full));
/// disk.set_len(10)?;
/// assert_eq!(disk.set_len(20).unwrap_err().kind(), ErrorKind::StorageFull);
/// disk.set_len(20)?;
/// assert_eq!((disk.calls(Call::Resize), disk.bytes().len()), (3, 20));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FailingDisk(Arc<Mutex<Inside>>);

#[derive(Debug)]
struct Inside {
    bytes: Bytes,
    calls: [u64; 4],
    failure: Option<Failure>,
    failed: bool,
}

impl Inside {
    /// Counts a call; the error it has to answer.
    fn count(&mut self, call: Call) -> io::Result<()> {
        let number = self.calls[call as usize];
        self.calls[call as usize] += 1;
        let Some(failure) = self.failure else { return Ok(()) };
        let first = call == failure.call && number == failure.number;
        let later = self.failed
            && match failure.lasting {
                Lasting::Once => false,
                Lasting::OfItsKind => call == failure.call,
                Lasting::Everything => true,
            };
        self.failed |= first;
        if first || later { Err(failure.error.into()) } else { Ok(()) }
    }
}

fn is_short(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WriteZero | io::ErrorKind::UnexpectedEof)
}

impl FailingDisk {
    /// A disk that holds `bytes` and fails once `failure` says so.
    #[must_use]
    pub fn new(bytes: Vec<u8>, failure: Option<Failure>) -> Self {
        let inside = Inside { bytes: Bytes(bytes), calls: [0; 4], failure, failed: false };
        Self(Arc::new(Mutex::new(inside)))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls of a kind there were.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.inside().calls[call as usize]
    }

    /// Whether a call has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.inside().failed
    }

    /// What it holds now.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.inside().bytes.0.clone()
    }

    /// The length in bytes; it can always be told.
    ///
    /// # Errors
    /// Never.
    #[expect(clippy::len_without_is_empty, reason = "the calls of a device, whose length can fail")]
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.inside().bytes.0.len() as u64)
    }

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// Past the end, and where it fails.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut inside = self.inside();
        inside.count(Call::Read).or_else(|error| {
            if is_short(&error) {
                let half = out.len() / 2;
                inside.bytes.read(offset, &mut out[..half])?;
            }
            Err(error)
        })?;
        inside.bytes.read(offset, out)
    }

    /// Sets the length.
    ///
    /// # Errors
    /// Where it fails.
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        let mut inside = self.inside();
        inside.count(Call::Resize)?;
        inside.bytes.resize(length)
    }

    /// Makes what was written safe.
    ///
    /// # Errors
    /// Where it fails.
    pub fn sync(&self) -> io::Result<()> {
        self.inside().count(Call::Sync)
    }

    /// Writes `data` at `offset`.
    ///
    /// # Errors
    /// Past the end, and where it fails.
    pub fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut inside = self.inside();
        inside.count(Call::Write).or_else(|error| {
            if is_short(&error) {
                inside.bytes.write(offset, &data[..data.len() / 2])?;
            }
            Err(error)
        })?;
        inside.bytes.write(offset, data)
    }
}
