//! The kit's disks as devices of the engine, and how the engine is opened on them.

use std::io;

use filedex::{Database, Device, MergePolicy, QuickRepair, Result};
use filedex_store::{Options, Store, StoreError};
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

/// How a database is opened, apart from the sizes of its caches.
#[derive(Clone, Copy)]
pub struct Opening {
    pub merge_policy: MergePolicy,
    pub quick_repair: QuickRepair,
}

impl Opening {
    /// Merges only where the test says, so that a seed replays.
    pub const PLAIN: Self =
        Self { merge_policy: MergePolicy::Manual, quick_repair: QuickRepair::Off };

    /// With small caches, so that reads reach the device and writes leave early.
    pub fn live(self, device: impl Device) -> Result<Database> {
        self.with_caches(256 << 10, 64 << 10, device)
    }

    /// With caches that hold all of a small file.
    pub fn look(self, device: impl Device) -> Result<Database> {
        self.with_caches(16 << 20, 4 << 20, device)
    }

    /// The store alone, below the index.
    pub fn store(self, device: impl Device) -> Result<Store, StoreError> {
        let options =
            Options { cache_bytes: 8 << 20, quick_repair: self.quick_repair, ..Options::default() };
        Store::with_device(Box::new(device), &options)
    }

    fn with_caches(self, bytes: usize, vectors: usize, device: impl Device) -> Result<Database> {
        // Small segments get graphs, too.
        Database::builder()
            .cache_bytes(bytes)
            .vector_cache_bytes(vectors)
            .graph_rows(Some(64))
            .merge_policy(self.merge_policy)
            .quick_repair(self.quick_repair)
            .open_device(device)
    }
}
