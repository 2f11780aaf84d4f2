//! Bytes that are not what was written: errors, never a panic, never a wrong answer for a blob.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use filedex_store::{
    BlobKind, CHUNK_BYTES, Device, MemoryDevice, Options, Store, StoreError, VersionKey, check,
};

use crate::blobs::{bytes, entry};
use crate::records::{add, record};
use crate::sample;

/// A device that reads one byte wrongly.
#[derive(Clone, Default)]
struct Flipping {
    device: MemoryDevice,
    at: Arc<Mutex<Option<u64>>>,
}

impl Device for Flipping {
    fn len(&self) -> io::Result<u64> {
        self.device.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.device.read(offset, out)?;
        if let Some(at) = *self.at.lock().unwrap()
            && let Some(byte) =
                at.checked_sub(offset).and_then(|at| out.get_mut(usize::try_from(at).unwrap()))
        {
            *byte ^= 0x20;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.device.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.device.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.device.write(offset, data)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Range<usize> {
    let at = haystack.windows(needle.len()).position(|window| window == needle).unwrap();
    at..at + needle.len()
}

#[test]
fn a_changed_chunk_is_named() {
    let device = Flipping::default();
    // No cache, so that every read comes from the device.
    let options = Options { cache_bytes: 0, ..Options::default() };
    let open = || Store::with_device(Box::new(device.clone()), &options).unwrap();
    let store = open();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&sample::dataset("d-1", "cars")).unwrap();
    let key = batch.create_version("d-1", &sample::version("1", "v1")).unwrap();
    let bytes = bytes(2 * CHUNK_BYTES + 5_000);
    let blob = batch.put_blob(BlobKind::Text, &bytes).unwrap();
    batch.set_segments(key, &[entry(blob)]).unwrap();
    batch.commit().unwrap();
    drop(store);
    let place = find(&device.device.bytes(), &bytes[CHUNK_BYTES + 100..CHUNK_BYTES + 164]);
    let store = open();
    *device.at.lock().unwrap() = Some(place.start as u64);
    let snapshot = store.read().unwrap();
    assert!(snapshot.blob_chunk(blob, 0).unwrap() == bytes[..CHUNK_BYTES]);
    let error = snapshot.blob_chunk(blob, 1).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    let named = format!("chunk 1 of blob {blob} is not what was written");
    assert!(error.to_string().contains(&named), "{error}");
    assert!(snapshot.blob(blob).is_err());
    let findings = check(&snapshot).unwrap();
    assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [named]);
    drop(snapshot);
    let error = store.verify_pages().unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

/// The bytes of a cleanly closed database with something of everything.
pub fn closed() -> Vec<u8> {
    let device = MemoryDevice::default();
    let store = Store::with_device(Box::new(device.clone()), &Options::default()).unwrap();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&sample::full_dataset()).unwrap();
    let key = batch.create_version("d-1", &sample::version("1", "v1")).unwrap();
    let blob = batch.put_blob(BlobKind::Text, &bytes(9_000)).unwrap();
    batch.set_segments(key, &[entry(blob)]).unwrap();
    batch.set_dead(key, blob, b"dead").unwrap();
    batch.allocate_rows(key, 10).unwrap();
    let space = batch.create_space(key, &sample::space("a")).unwrap();
    let segment = batch.put_blob(BlobKind::Vectors, &bytes(500)).unwrap();
    let graph = batch.put_blob(BlobKind::Graph, &bytes(500)).unwrap();
    let listed = crate::spaces::vectors(segment, Some(graph));
    batch.set_vector_segments(key, space, &[listed]).unwrap();
    batch.commit().unwrap();
    let records: Vec<_> = (0..200).map(|n| record(&format!("oss://b/{}/{n}.png", n % 7))).collect();
    add(&store, key, &records);
    store.compact().unwrap();
    drop(store);
    device.bytes()
}

/// Opens, reads everything, writes a little; answers whether all went well.
fn exercise(bytes: Vec<u8>) -> Result<(), StoreError> {
    let options = Options { cache_bytes: 1 << 20, ..Options::default() };
    let store = Store::with_device(Box::new(MemoryDevice::from_bytes(bytes)), &options)?;
    let snapshot = store.read()?;
    check(&snapshot)?;
    for record in snapshot.records(VersionKey(1), 0)? {
        record?;
    }
    snapshot.folder(VersionKey(1), "")?;
    for info in snapshot.spaces(VersionKey(1))? {
        snapshot.vector_segments(VersionKey(1), info.key)?;
    }
    store.space()?;
    drop(snapshot);
    store.verify_pages()?;
    Ok(())
}

#[test]
fn no_changed_byte_panics() {
    let whole = closed();
    exercise(whole.clone()).unwrap();
    // All of the header, then a byte here and there in every used page.
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let places = (0..320).chain((320..used).step_by(211));
    for at in places {
        for flip in [0x01, 0xFF] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            // An error or not: all that matters here is that it comes back.
            let _ = exercise(changed);
        }
    }
}

#[test]
fn no_cut_panics() {
    let whole = closed();
    for length in (0..whole.len()).step_by(whole.len() / 97) {
        assert!(length == 0 || exercise(whole[..length].to_vec()).is_err(), "{length}");
    }
    let mut unclean = whole.clone();
    unclean[9] |= 2;
    for pages in 0..whole.len() / 4_096 {
        let _ = exercise(unclean[..pages * 4_096].to_vec());
    }
}
