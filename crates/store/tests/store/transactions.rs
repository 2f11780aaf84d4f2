//! What commits, aborts, crashes and failing devices leave.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use filedex_store::{
    BlobKind, Device, Durability, MemoryDevice, Options, QuickRepair, ReadSnapshot, Store,
    StoreError, WriteBatch,
};

use crate::records::{add, assert_sound, record, with_version};
use crate::sample::{dataset, version};

#[test]
fn handles_go_between_threads() {
    fn assert_shared<T: Send + Sync + 'static>() {}
    fn assert_sent<T: Send + 'static>() {}
    assert_shared::<Store>();
    assert_shared::<ReadSnapshot>();
    assert_shared::<StoreError>();
    assert_sent::<WriteBatch>();
}

#[test]
fn an_abandoned_batch_leaves_nothing() {
    let (store, key) = with_version();
    let before = store.space().unwrap().parts;
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-2", "trucks")).unwrap();
    batch.create_version("d-2", &version("9", "v9")).unwrap();
    let row = batch.allocate_row(key).unwrap();
    batch.put_record(key, row, &record("oss://b/1"), None).unwrap();
    let blob = batch.put_blob(BlobKind::Text, b"x").unwrap();
    drop(batch);
    assert_eq!(store.space().unwrap().parts, before);
    assert_eq!(store.read().unwrap().generation(), 1);
    let mut batch = store.write().unwrap();
    assert_eq!(batch.allocate_row(key).unwrap(), row);
    assert_eq!(batch.put_blob(BlobKind::Text, b"y").unwrap(), blob);
    assert_sound(&store);
}

#[test]
fn writers_wait_and_readers_do_not() {
    let (store, key) = with_version();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let store = store.clone();
            std::thread::spawn(move || {
                for n in 0..20 {
                    add(&store, key, &[record(&format!("oss://b/{thread}/{n}"))]);
                }
            })
        })
        .collect();
    let mut last = 0;
    while last < 81 {
        let snapshot = store.read().unwrap();
        let generation = snapshot.generation();
        assert!(generation >= last);
        last = generation;
        assert_eq!(snapshot.records(key, 0).unwrap().count() as u64, generation - 1);
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_sound(&store);
}

/// The generation a crash of the machine right now would leave.
fn after_crash(device: &MemoryDevice) -> u64 {
    let crashed = MemoryDevice::from_bytes(device.bytes());
    let store = Store::with_device(Box::new(crashed), &Options::default()).unwrap();
    assert_sound(&store);
    store.read().unwrap().generation()
}

#[test]
fn durable_commits_survive_and_eventual_ones_wait() {
    for quick_repair in [QuickRepair::Off, QuickRepair::On] {
        let device = MemoryDevice::default();
        let options =
            Options { durability: Durability::Eventual, quick_repair, ..Options::default() };
        let store = Store::with_device(Box::new(device.clone()), &options).unwrap();
        assert_eq!(store.write().unwrap().commit().unwrap(), 1);
        assert_eq!(store.read().unwrap().generation(), 1);
        assert_eq!(after_crash(&device), 0);
        let mut batch = store.write().unwrap();
        batch.set_durability(Durability::Durable);
        assert_eq!(batch.commit().unwrap(), 2);
        assert_eq!(after_crash(&device), 2);
        store.write().unwrap().commit().unwrap();
        assert_eq!(after_crash(&device), 2);
        drop(store);
        assert_eq!(after_crash(&device), 3);
    }
}

/// A device that stops working when told to.
#[derive(Clone, Default)]
struct Failing {
    device: MemoryDevice,
    full: Arc<AtomicBool>,
}

impl Failing {
    fn check(&self) -> io::Result<()> {
        match self.full.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl Device for Failing {
    fn len(&self) -> io::Result<u64> {
        self.device.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.device.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.check()?;
        self.device.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.check()?;
        self.device.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.device.write(offset, data)
    }
}

#[test]
fn a_full_disk_loses_the_batch_and_nothing_else() {
    let device = Failing::default();
    let store = Store::with_device(Box::new(device.clone()), &Options::default()).unwrap();
    store.write().unwrap().commit().unwrap();
    device.full.store(true, Ordering::SeqCst);
    let mut batch = store.write().unwrap();
    let failed = batch.put_blob(BlobKind::Text, &vec![1; 20_000_000]).map(|_| ()).and_then(|()| {
        batch.commit()?;
        Ok(())
    });
    assert!(matches!(failed, Err(StoreError::DiskFull)), "{failed:?}");
    device.full.store(false, Ordering::SeqCst);
    assert!(matches!(store.write(), Err(StoreError::Poisoned)));
    drop(store);
    let store = Store::with_device(Box::new(device), &Options::default()).unwrap();
    assert_eq!(store.read().unwrap().generation(), 1);
    store.write().unwrap().commit().unwrap();
    assert_sound(&store);
}
