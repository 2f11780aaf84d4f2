//! Power cuts: whatever had been synced is there, of what came after any part may be.

use std::io;

use filedex_model::FileRecord;
use filedex_store::{
    BlobKind, Device, FORMAT_VERSION, MemoryDevice, Options, QuickRepair, Store, VersionKey,
    WriteBatch, check,
};
use filedex_testkit::disk::{Loss, RecordingDisk};

use crate::blobs::{bytes, entry};
use crate::records::{add, record};
use crate::sample::{dataset, space, version};
use crate::spaces::vectors;
use crate::upgrade::stored_file;

/// The kit's disk as a device; what is acknowledged is the generation of a commit.
#[derive(Clone, Default)]
struct Recording(RecordingDisk);

impl Recording {
    fn committed(&self, generation: u64) {
        self.0.acknowledge(usize::try_from(generation).unwrap());
    }
}

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

/// Some hours in the life of a database, each commit noted.
fn live(store: &Store, device: &Recording) {
    let commit = |change: &dyn Fn(&mut WriteBatch)| {
        let mut batch = store.write().unwrap();
        change(&mut batch);
        device.committed(batch.commit().unwrap());
    };
    let key = VersionKey(1);
    commit(&|batch| {
        batch.create_dataset(&dataset("d-1", "cars")).unwrap();
        batch.create_version("d-1", &version("1", "v1")).unwrap();
        batch.allocate_rows(key, 10).unwrap();
        batch.create_space(key, &space("first")).unwrap();
    });
    for n in 0..6 {
        let new = record(&format!("oss://b/{n}/{n}.png"));
        commit(&|batch| {
            let row = batch.allocate_row(key).unwrap();
            batch.put_record(key, row, &new, None).unwrap();
            let blob = batch.put_blob(BlobKind::Text, &bytes(70_000 * n)).unwrap();
            batch.set_segments(key, &[entry(blob)]).unwrap();
            batch.set_dead(key, blob, &[n as u8]).unwrap();
            change_spaces(batch, key, n);
        });
        commit(&|batch| {
            let row = batch.row_of(key, &new.id).unwrap().unwrap();
            let starred = FileRecord { starred: true, ..new.clone() };
            batch.put_record(key, row, &starred, Some(&new)).unwrap();
            batch.collect_garbage(&|_| false).unwrap();
        });
    }
}

/// Another space each time; now the newest is chosen, now the chosen one is dropped. All that are
/// left get new vectors, now in the place of the old ones, now beside them, and now and then a graph.
fn change_spaces(batch: &mut WriteBatch, key: VersionKey, n: usize) {
    let newest = batch.create_space(key, &space(&format!("space {n}"))).unwrap();
    if n.is_multiple_of(2) {
        batch.choose_space(key, newest).unwrap();
    } else {
        let chosen = batch.chosen_space(key).unwrap().unwrap();
        batch.drop_space(key, chosen.key).unwrap();
    }
    for info in batch.spaces(key).unwrap() {
        let mut list = batch.vector_segments(key, info.key).unwrap();
        let blob = batch.put_blob(BlobKind::Vectors, &bytes(3_000 * n)).unwrap();
        let graph = batch.put_blob(BlobKind::Graph, &bytes(2_000 * n)).unwrap();
        match list.first_mut() {
            Some(old) if !n.is_multiple_of(3) => {
                old.graph = Some(graph);
                list.push(vectors(blob, None));
            }
            _ => list = vec![vectors(blob, Some(graph))],
        }
        batch.set_vector_segments(key, info.key, &list).unwrap();
        batch.set_dead(key, blob, &[n as u8]).unwrap();
    }
}

#[test]
fn every_power_cut_leaves_a_commit() {
    let mut cuts = 0;
    for quick_repair in [QuickRepair::Off, QuickRepair::On] {
        let options = Options { quick_repair, cache_bytes: 1 << 20, ..Options::default() };
        let device = Recording::default();
        let store = Store::with_device(Box::new(device.clone()), &options).unwrap();
        device.committed(0);
        live(&store, &device);
        drop(store);
        cuts += cut_everywhere(&device, &options, 20);
    }
    assert!(cuts > 900, "{cuts}");
}

#[test]
fn every_power_cut_in_a_compaction_leaves_the_records() {
    let options = Options { cache_bytes: 1 << 20, ..Options::default() };
    let device = Recording::default();
    let store = Store::with_device(Box::new(device.clone()), &options).unwrap();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let key = batch.create_version("d-1", &version("1", "v1")).unwrap();
    batch.commit().unwrap();
    add(&store, key, &crate::packed::real(1_100));
    device.committed(2);
    let before = store.space().unwrap().parts[&filedex_store::Part::Records];
    store.compact().unwrap();
    let after = store.space().unwrap().parts[&filedex_store::Part::Records];
    assert!(after.entries > before.entries && after.stored < before.stored);
    drop(store);
    let cuts = cut_everywhere(&device, &options, 5);
    assert!(cuts > 20, "{cuts}");
}

#[test]
fn every_power_cut_in_an_upgrade_leaves_a_database() {
    let options = Options { cache_bytes: 1 << 20, ..Options::default() };
    for format in 1..FORMAT_VERSION {
        let device = Recording(RecordingDisk::new(stored_file(format)));
        device.committed(1);
        drop(Store::with_device(Box::new(device.clone()), &options).unwrap());
        let cuts = cut_everywhere(&device, &options, 20);
        assert!(cuts > 20, "{cuts}");
    }
}

/// Cuts the power at every sync since the first commit, once for each seed; answers how often.
fn cut_everywhere(device: &Recording, options: &Options, seeds: u64) -> u32 {
    let mut cuts = 0;
    for stretch in device.0.power_cuts().stretches() {
        for seed in 0..seeds {
            let image = stretch.image(Loss::numbered(seed), seed);
            let device = MemoryDevice::from_bytes(image.bytes);
            let store = Store::with_device(Box::new(device), options).unwrap();
            let snapshot = store.read().unwrap();
            assert_eq!(check(&snapshot).unwrap(), []);
            let (found, allowed) = (snapshot.generation(), image.acknowledged..=image.in_flight);
            assert!(allowed.contains(&usize::try_from(found).unwrap()), "{allowed:?}: {found}");
            cuts += 1;
        }
    }
    cuts
}
