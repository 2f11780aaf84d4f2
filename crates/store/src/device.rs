//! Storage as a row of bytes: the seam for crash tests and for storage other than a file.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

/// A resizable row of bytes that can be synced.
///
/// Methods take `&self` and may be called from several threads at once.
pub trait Device: Send + Sync + 'static {
    /// The length in bytes.
    ///
    /// # Errors
    /// When the device cannot tell.
    fn len(&self) -> io::Result<u64>;

    /// Whether the length is zero.
    ///
    /// # Errors
    /// When the device cannot tell.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// When the device cannot, or the bytes asked for end past its length.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Sets the length; new bytes are zero.
    ///
    /// # Errors
    /// When the device cannot.
    fn set_len(&self, length: u64) -> io::Result<()>;

    /// Returns when everything written before is safe from a power cut.
    ///
    /// # Errors
    /// When the device cannot.
    fn sync(&self) -> io::Result<()>;

    /// Writes `data` at `offset`, inside the length.
    ///
    /// # Errors
    /// When the device cannot.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()>;
}

/// A device in memory; clones share the bytes.
///
/// ```
/// use filedex_store::{MemoryDevice, Options, Store};
/// let device = MemoryDevice::default();
/// let store = Store::with_device(Box::new(device.clone()), &Options::default())?;
/// store.write()?.commit()?;
/// drop(store);
/// let again = Store::with_device(Box::new(device), &Options::default())?;
/// assert_eq!(again.read()?.generation(), 1);
/// # Ok::<(), filedex_store::StoreError>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryDevice {
    bytes: Arc<RwLock<Vec<u8>>>,
}

impl MemoryDevice {
    /// A device that holds `bytes`.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes: Arc::new(RwLock::new(bytes)) }
    }

    /// A copy of the bytes as they are now.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for MemoryDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDevice").field("len", &self.len().ok()).finish()
    }
}

impl Device for MemoryDevice {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.read().unwrap_or_else(PoisonError::into_inner).len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        let span = span(offset, out.len(), bytes.len())?;
        out.copy_from_slice(&bytes[span]);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.bytes.write().unwrap_or_else(PoisonError::into_inner).resize(length, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
        let span = span(offset, data.len(), bytes.len())?;
        bytes[span].copy_from_slice(data);
        Ok(())
    }
}

fn span(offset: u64, length: usize, end: usize) -> io::Result<std::ops::Range<usize>> {
    let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
    match start.checked_add(length) {
        Some(stop) if stop <= end => Ok(start..stop),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A device as redb sees it.
pub(crate) struct Adapter(pub(crate) Arc<dyn Device>);

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adapter")
    }
}

impl redb::StorageBackend for Adapter {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
