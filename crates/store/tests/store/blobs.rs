//! Blobs: sizes, links, garbage.

use filedex_store::{
    BlobKind, CHUNK_BYTES, Garbage, MemoryDevice, Options, Store, StoreError, TextSegmentEntry,
};

use crate::records::{assert_sound, with_version};

pub fn bytes(length: usize) -> Vec<u8> {
    let mixed = |n: u64| (n ^ n >> 7).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (0..length as u64).map(|n| (mixed(mixed(n)) >> 56) as u8).collect()
}

pub fn entry(blob: u64) -> TextSegmentEntry {
    TextSegmentEntry { blob, docs: 10, text_length: 100, dead_text_length: 0 }
}

#[test]
fn every_size_comes_back() {
    let (store, _) = with_version();
    let sizes = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7];
    for size in sizes {
        let bytes = bytes(size);
        let mut batch = store.write().unwrap();
        let blob = batch.put_blob(BlobKind::Text, &bytes).unwrap();
        assert_eq!(batch.blob_len(blob).unwrap(), size as u64);
        batch.commit().unwrap();
        let snapshot = store.read().unwrap();
        assert_eq!(snapshot.blob_len(blob).unwrap(), size as u64);
        for (number, chunk) in (0..).zip(bytes.chunks(CHUNK_BYTES)) {
            assert!(snapshot.blob_chunk(blob, number).unwrap() == chunk, "{size}, {number}");
        }
        assert!(snapshot.blob(blob).unwrap() == bytes, "{size}");
        let past = u32::try_from(size.div_ceil(CHUNK_BYTES)).unwrap();
        let error = snapshot.blob_chunk(blob, past).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
    let snapshot = store.read().unwrap();
    assert!(matches!(snapshot.blob_len(99), Err(StoreError::UnknownBlob { blob: 99 })));
    let total: usize = sizes.iter().sum();
    let space = store.space().unwrap();
    assert_eq!(space.blobs[&BlobKind::Text], total as u64);
    assert_eq!(space.garbage, total as u64);
    assert_sound(&store);
}

#[test]
fn a_chunk_fills_its_page() {
    let device = MemoryDevice::default();
    let store = Store::with_device(Box::new(device), &Options::default()).unwrap();
    let chunks = 40;
    let mut batch = store.write().unwrap();
    batch.put_blob(BlobKind::Text, &bytes(chunks * CHUNK_BYTES)).unwrap();
    batch.commit().unwrap();
    let after = store.compact().unwrap().after;
    let ratio = after as f64 / (chunks * CHUNK_BYTES) as f64;
    assert!(ratio < 1.1, "{ratio}");
}

#[test]
fn segments_link_their_blobs() {
    let (store, key) = with_version();
    let mut batch = store.write().unwrap();
    let blobs = [b"a", b"b", b"c"].map(|text| batch.put_blob(BlobKind::Text, text).unwrap());
    batch.set_segments(key, &[entry(blobs[1]), entry(blobs[0])]).unwrap();
    batch.set_dead(key, blobs[0], b"dead").unwrap();
    let error = batch.set_dead(key, blobs[2], b"").unwrap_err();
    assert!(matches!(error, StoreError::UnknownBlob { .. }), "{error}");
    let error = batch.unlink_blob(blobs[0]).unwrap_err();
    assert!(matches!(error, StoreError::BlobInUse { .. }), "{error}");
    batch.commit().unwrap();
    assert_sound(&store);
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.segments(key).unwrap(), [entry(blobs[1]), entry(blobs[0])]);
    assert_eq!(snapshot.dead(key, blobs[0]).unwrap().as_deref(), Some(&b"dead"[..]));
    assert_eq!(snapshot.dead(key, blobs[1]).unwrap(), None);
    assert_eq!(snapshot.garbage().unwrap(), [Garbage { blob: blobs[2], since: None }]);

    // A merge: two go, one comes.
    let mut batch = store.write().unwrap();
    batch.set_segments(key, &[entry(blobs[2])]).unwrap();
    let expected = batch.generation() + 1;
    assert_eq!(batch.commit().unwrap(), expected);
    assert_sound(&store);
    let merged = store.read().unwrap();
    assert_eq!(merged.dead(key, blobs[0]).unwrap(), None);
    let garbage = [blobs[0], blobs[1]].map(|blob| Garbage { blob, since: Some(expected) });
    assert_eq!(merged.garbage().unwrap(), garbage);

    // Nothing goes while somebody keeps it, and old snapshots go on reading it afterwards.
    let mut batch = store.write().unwrap();
    assert_eq!(batch.collect_garbage(&|blob| blob == blobs[0]).unwrap(), 1);
    batch.unlink_blob(blobs[0]).unwrap();
    assert!(matches!(batch.unlink_blob(blobs[1]), Err(StoreError::UnknownBlob { .. })));
    batch.commit().unwrap();
    assert_sound(&store);
    assert_eq!(snapshot.blob_chunk(blobs[1], 0).unwrap(), b"b");
    let now = store.read().unwrap();
    assert!(matches!(now.blob_chunk(blobs[1], 0), Err(StoreError::UnknownBlob { .. })));
    assert_eq!(now.blob_chunk(blobs[0], 0).unwrap(), b"a");
}

#[test]
fn an_unknown_blob_cannot_be_listed() {
    let (store, key) = with_version();
    let mut batch = store.write().unwrap();
    let error = batch.set_segments(key, &[entry(7)]).unwrap_err();
    assert!(matches!(error, StoreError::UnknownBlob { blob: 7 }), "{error}");
    assert!(matches!(batch.commit(), Err(StoreError::BatchFailed)));
}

#[test]
fn pending_blobs_live_until_the_next_open() {
    let device = MemoryDevice::default();
    let open = || Store::with_device(Box::new(device.clone()), &Options::default()).unwrap();
    let store = open();
    let mut batch = store.write().unwrap();
    let [given_up, pending] = [0, 1].map(|_| batch.put_blob(BlobKind::Text, b"x").unwrap());
    batch.unlink_blob(given_up).unwrap();
    assert_eq!(batch.commit().unwrap(), 1);
    let mut batch = store.write().unwrap();
    assert_eq!(batch.collect_garbage(&|_| false).unwrap(), 1);
    batch.commit().unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.garbage().unwrap(), [Garbage { blob: pending, since: None }]);
    drop((snapshot, store));
    let store = open();
    let snapshot = store.read().unwrap();
    // The sweep is not a commit that a cursor could notice.
    assert_eq!(snapshot.generation(), 2);
    assert_eq!(snapshot.garbage().unwrap(), []);
    assert!(matches!(snapshot.blob_len(pending), Err(StoreError::UnknownBlob { .. })));
    assert_sound(&store);
}
