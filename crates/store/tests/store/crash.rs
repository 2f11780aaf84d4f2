//! Power cuts: whatever had been synced is there, of what came after any part may be.

use std::io;
use std::sync::{Arc, Mutex};

use filedex_model::FileRecord;
use filedex_store::{
    BlobKind, Device, FORMAT_VERSION, MemoryDevice, Options, QuickRepair, Store, VersionKey,
    WriteBatch, check,
};

use crate::blobs::{bytes, entry};
use crate::records::{add, record};
use crate::sample::{dataset, space, version};
use crate::spaces::vectors;
use crate::upgrade::stored_file;

#[derive(Clone)]
enum Operation {
    Resize(u64),
    Write(u64, Vec<u8>),
    Sync,
    /// A commit of this generation has returned.
    Committed(u64),
}

/// A device that remembers what was done to it.
#[derive(Clone, Default)]
struct Recording {
    device: MemoryDevice,
    log: Arc<Mutex<Vec<Operation>>>,
}

impl Recording {
    fn note(&self, operation: Operation) {
        self.log.lock().unwrap().push(operation);
    }
}

impl Device for Recording {
    fn len(&self) -> io::Result<u64> {
        self.device.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.device.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.note(Operation::Resize(length));
        self.device.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.note(Operation::Sync);
        self.device.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(Operation::Write(offset, data.to_vec()));
        self.device.write(offset, data)
    }
}

/// Applies an operation to the bytes of a disk; a torn one reaches it only by half.
fn apply(disk: &mut Vec<u8>, operation: &Operation, torn: bool) {
    match operation {
        Operation::Resize(length) => disk.resize(usize::try_from(*length).unwrap(), 0),
        Operation::Write(offset, data) => {
            let start = usize::try_from(*offset).unwrap();
            let data = if torn { &data[..data.len() / 2] } else { data };
            let end = (start + data.len()).min(disk.len());
            if start < end {
                disk[start..end].copy_from_slice(&data[..end - start]);
            }
        }
        Operation::Sync | Operation::Committed(_) => {}
    }
}

/// Some hours in the life of a database, each commit noted.
fn live(store: &Store, device: &Recording) {
    let commit = |change: &dyn Fn(&mut WriteBatch)| {
        let mut batch = store.write().unwrap();
        change(&mut batch);
        device.note(Operation::Committed(batch.commit().unwrap()));
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
        device.note(Operation::Committed(0));
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
    device.note(Operation::Committed(2));
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
        let bytes = stored_file(format);
        let device =
            Recording { device: MemoryDevice::from_bytes(bytes.clone()), ..Recording::default() };
        device.note(Operation::Resize(bytes.len() as u64));
        device.note(Operation::Write(0, bytes));
        device.note(Operation::Sync);
        device.note(Operation::Committed(1));
        drop(Store::with_device(Box::new(device.clone()), &options).unwrap());
        let cuts = cut_everywhere(&device, &options, 20);
        assert!(cuts > 20, "{cuts}");
    }
}

/// Cuts the power at every sync since the first commit, once for each seed; answers how often.
fn cut_everywhere(device: &Recording, options: &Options, seeds: u64) -> u32 {
    let mut cuts = 0;
    let log = device.log.lock().unwrap().clone();
    let (mut disk, mut committed) = (Vec::new(), None);
    for stretch in log.split_inclusive(|operation| matches!(operation, Operation::Sync)) {
        // What has returned before the stretch began, or while it went on, is durable.
        for operation in stretch {
            if let Operation::Committed(generation) = operation {
                committed = Some(*generation);
            }
        }
        if let Some(committed) = committed {
            for seed in 0..seeds {
                let generation = cut(disk.clone(), stretch, seed, options);
                let allowed = committed..=committed + 1;
                assert!(allowed.contains(&generation), "{committed}, then {generation}");
                cuts += 1;
            }
        }
        stretch.iter().for_each(|operation| apply(&mut disk, operation, false));
    }
    cuts
}

/// Keeps some of the operations, tears some, opens what is left and answers its generation.
fn cut(mut disk: Vec<u8>, stretch: &[Operation], seed: u64, options: &Options) -> u64 {
    for (number, operation) in (1..).zip(stretch) {
        let dice = (number * 31 + seed * 17_u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60;
        let resize = matches!(operation, Operation::Resize(_));
        match (seed, dice) {
            // Nothing, everything, or a random half of the writes, some of them torn.
            (0, _) => {}
            (1, _) => apply(&mut disk, operation, false),
            (_, 0..=7) => apply(&mut disk, operation, dice < 2 && !resize),
            _ if resize => apply(&mut disk, operation, false),
            _ => {}
        }
    }
    let store = Store::with_device(Box::new(MemoryDevice::from_bytes(disk)), options).unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(check(&snapshot).unwrap(), []);
    snapshot.generation()
}
