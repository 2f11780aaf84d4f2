//! Standard output for writers that write bytes.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;
use crate::output::Output;

/// How much is gathered before it is handed to standard output.
pub const FLUSHED: usize = 32 << 10;

/// Hands bytes to standard output.
pub fn output_bytes(output: &mut Output, bytes: &mut Vec<u8>) -> Result<(), Failure> {
    output.bytes(bytes)?;
    bytes.clear();
    Ok(())
}

/// What a writer wrote so far, for who hands it on.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    /// What was written since it was asked last.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
