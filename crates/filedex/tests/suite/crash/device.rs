//! The kit's disks as devices of the engine, and how the engine is opened on them.

use std::io;

use filedex::{Database, Device, MergePolicy, Result};
use filedex_testkit::disk::{FailingDisk, RecordingDisk};

pub struct Recording(pub RecordingDisk);

impl Device for Recording {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

pub struct Failing(pub FailingDisk);

impl Device for Failing {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

/// Small caches, so that reads reach the device; graphs for small segments; merges only where the
/// test says, so that a seed replays.
pub fn open(device: impl Device) -> Result<Database> {
    Database::builder()
        .cache_bytes(256 << 10)
        .vector_cache_bytes(64 << 10)
        .graph_rows(Some(64))
        .merge_policy(MergePolicy::Manual)
        .open_device(device)
}
