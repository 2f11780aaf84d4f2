//! A disk whose calls fail when they are told to.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::power_cut::PowerCuts;
use super::recording::RecordingDisk;

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
    /// What the call answers.
    pub error: io::ErrorKind,
    /// Whether half of a read or write is done before it fails.
    pub short: bool,
    /// How long it lasts.
    pub lasting: Lasting,
}

/// A disk in memory whose calls are counted, and fail when they are told to. What was done to it is
/// remembered, so that its power can be cut, too. Clones share it.
///
/// ```
/// use filedex_testkit::disk::{Call, FailingDisk, Failure, Lasting};
/// use std::io::ErrorKind;
/// let full = Failure {
///     call: Call::Write,
///     number: 1,
///     error: ErrorKind::StorageFull,
///     short: true,
///     lasting: Lasting::Once,
/// };
/// let disk = FailingDisk::new(vec![0; 4], Some(full));
/// disk.write(0, b"abcd")?;
/// assert_eq!(disk.write(0, b"ABCD").unwrap_err().kind(), ErrorKind::StorageFull);
/// assert_eq!((disk.calls(Call::Write), disk.bytes()), (2, b"ABcd".to_vec()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FailingDisk {
    disk: RecordingDisk,
    count: Arc<Mutex<Count>>,
}

#[derive(Debug)]
struct Count {
    calls: [u64; 4],
    failure: Option<Failure>,
    failed: bool,
}

impl Count {
    /// Counts a call; the failure that it meets.
    fn meets(&mut self, call: Call) -> Option<Failure> {
        let number = self.calls[call as usize];
        self.calls[call as usize] += 1;
        let failure = self.failure?;
        let first = call == failure.call && number == failure.number;
        let later = self.failed
            && match failure.lasting {
                Lasting::Once => false,
                Lasting::OfItsKind => call == failure.call,
                Lasting::Everything => true,
            };
        self.failed |= first;
        (first || later).then_some(failure)
    }
}

impl FailingDisk {
    /// A disk that holds `bytes`, safe from power cuts, and fails once `failure` says so.
    #[must_use]
    pub fn new(bytes: Vec<u8>, failure: Option<Failure>) -> Self {
        let count = Count { calls: [0; 4], failure, failed: false };
        Self { disk: RecordingDisk::new(bytes), count: Arc::new(Mutex::new(count)) }
    }

    fn with_count<T>(&self, look: impl FnOnce(&mut Count) -> T) -> T {
        look(&mut self.count.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many calls of a kind there were.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.with_count(|count| count.calls[call as usize])
    }

    /// Whether a call has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.with_count(|count| count.failed)
    }

    /// What it holds now.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.disk.bytes()
    }

    /// Notes that the state with this number was acknowledged: from now on no power cut may lose it.
    pub fn acknowledge(&self, state: usize) {
        self.disk.acknowledge(state);
    }

    /// The power cuts of what was done so far. A sync that failed has made nothing safe.
    #[must_use]
    pub fn power_cuts(&self) -> PowerCuts {
        self.disk.power_cuts()
    }

    /// The length in bytes; it can always be told.
    ///
    /// # Errors
    /// Never.
    #[expect(clippy::len_without_is_empty, reason = "the calls of a device, whose length can fail")]
    pub fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// Past the end, and where it fails.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self.with_count(|count| count.meets(Call::Read)) {
            None => self.disk.read(offset, out),
            Some(failure) => {
                if failure.short {
                    let half = out.len() / 2;
                    self.disk.read(offset, &mut out[..half])?;
                }
                Err(failure.error.into())
            }
        }
    }

    /// Sets the length.
    ///
    /// # Errors
    /// Where it fails.
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        match self.with_count(|count| count.meets(Call::Resize)) {
            None => self.disk.set_len(length),
            Some(failure) => Err(failure.error.into()),
        }
    }

    /// Makes what was written safe.
    ///
    /// # Errors
    /// Where it fails.
    pub fn sync(&self) -> io::Result<()> {
        match self.with_count(|count| count.meets(Call::Sync)) {
            None => self.disk.sync(),
            Some(failure) => Err(failure.error.into()),
        }
    }

    /// Writes `data` at `offset`.
    ///
    /// # Errors
    /// Past the end, and where it fails.
    pub fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match self.with_count(|count| count.meets(Call::Write)) {
            None => self.disk.write(offset, data),
            Some(failure) => {
                if failure.short {
                    self.disk.write(offset, &data[..data.len() / 2])?;
                }
                Err(failure.error.into())
            }
        }
    }
}
