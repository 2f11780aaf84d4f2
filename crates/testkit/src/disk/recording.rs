//! A disk that remembers what was done to it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bytes::Bytes;
use super::power_cut::PowerCuts;

/// One thing that was done to a disk.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Resize(u64),
    Write(u64, Vec<u8>),
    Sync,
    /// This state was acknowledged.
    Acknowledged(usize),
}

/// A disk that remembers every write, sync and change of length. Clones share it.
///
/// ```
/// use filedex_testkit::disk::{Loss, RecordingDisk};
/// let disk = RecordingDisk::new(b"old".to_vec());
/// disk.acknowledge(0);
/// disk.write(0, b"new")?;
/// let cuts = disk.power_cuts();
/// let mut walk = cuts.stretches();
/// let stretch = walk.next().unwrap();
/// let image = stretch.image(Loss::Lost, 0);
/// assert_eq!((image.bytes.as_slice(), image.acknowledged, image.in_flight), (&b"old"[..], 0, 1));
/// assert_eq!(stretch.image(Loss::Kept, 0).bytes, b"new");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RecordingDisk(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    before: Vec<u8>,
    bytes: Bytes,
    log: Vec<Step>,
}

impl RecordingDisk {
    /// A disk that holds `bytes`, safe from power cuts.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        let recorded = Recorded { before: bytes.clone(), bytes: Bytes(bytes), log: Vec::new() };
        Self(Arc::new(Mutex::new(recorded)))
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the state with this number was acknowledged: from now on no power cut may lose it.
    pub fn acknowledge(&self, state: usize) {
        self.recorded().log.push(Step::Acknowledged(state));
    }

    /// The power cuts of what was done so far.
    #[must_use]
    pub fn power_cuts(&self) -> PowerCuts {
        let recorded = self.recorded();
        PowerCuts::new(recorded.before.clone(), recorded.log.clone())
    }

    /// What it holds now.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.recorded().bytes.0.clone()
    }

    /// The length in bytes.
    ///
    /// # Errors
    /// Never.
    #[expect(clippy::len_without_is_empty, reason = "the calls of a device, whose length can fail")]
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.recorded().bytes.0.len() as u64)
    }

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// Past the end.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.recorded().bytes.read(offset, out)
    }

    /// Sets the length.
    ///
    /// # Errors
    /// Past what this machine can address.
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        let mut recorded = self.recorded();
        recorded.log.push(Step::Resize(length));
        recorded.bytes.resize(length)
    }

    /// Makes what was written safe.
    ///
    /// # Errors
    /// Never.
    pub fn sync(&self) -> io::Result<()> {
        self.recorded().log.push(Step::Sync);
        Ok(())
    }

    /// Writes `data` at `offset`.
    ///
    /// # Errors
    /// Past the end.
    pub fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut recorded = self.recorded();
        recorded.bytes.write(offset, data)?;
        recorded.log.push(Step::Write(offset, data.to_vec()));
        Ok(())
    }
}
