//! Power cuts: every image opens, is sound, and says what it said after a commit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};

use filedex::{Database, MemoryDevice, NewFile};
use filedex_testkit::disk::{Image, Loss, PowerCuts, RecordingDisk};

use super::content::{Content, difference};
use super::device::{Recording, open};
use super::life::{Life, Living, oldest_version};

/// One image of so many also has to take a commit and open again.
const GOES_ON: u64 = 8;

/// A life as it was recorded: the states that were acknowledged, and what was done to the disk.
struct Record {
    states: Vec<Content>,
    cuts: PowerCuts,
}

fn record(life: &Life, seed: u64) -> Record {
    let base = (life.base)(seed);
    let before = open(MemoryDevice::from_bytes(base.clone())).unwrap();
    let mut states = vec![Content::of(&before).unwrap()];
    drop(before);
    let disk = RecordingDisk::new(base);
    disk.acknowledge(0);
    let mut acknowledge = |db: &Database| {
        let content = Content::of(db)?;
        disk.acknowledge(states.len());
        states.push(content);
        Ok(())
    };
    let db = open(Recording(disk.clone())).unwrap();
    let mut living = Living::new(db, seed, &mut acknowledge).unwrap();
    (life.script)(&mut living).unwrap();
    drop(living);
    for (number, state) in states.iter().enumerate().skip(life.derived_from) {
        let findings = state.derived.lines().next();
        assert!(state.sound, "{}, state {number}, seed {seed}: {findings:?}", life.name);
    }
    Record { states, cuts: disk.power_cuts() }
}

/// One image to look at, and where it comes from.
struct Cut {
    image: Image,
    place: String,
    number: u64,
}

/// Cuts the power `images` times, spread evenly over the stretches between syncs; answers how often.
pub fn cut_everywhere(life: &Life, seed: u64, images: u64) -> u64 {
    let record = record(life, seed);
    let stretches = record.cuts.stretches().count() as u64;
    let (sender, receiver) = sync_channel::<Cut>(4);
    let receiver = Arc::new(Mutex::new(receiver));
    let looked_at = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..workers {
            let receiver = Arc::clone(&receiver);
            let (record, looked_at) = (&record, &looked_at);
            scope.spawn(move || {
                while let Some(cut) = next(&receiver) {
                    look(life, record, cut);
                    looked_at.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Where every worker has failed, nobody is left to send to.
        drop(receiver);
        let mut number = 0;
        for (at, stretch) in (0..).zip(record.cuts.stretches()) {
            let most = images * (at + 1) / stretches - images * at / stretches;
            for nth in 0..most {
                let loss = Loss::numbered(if most < 6 { number % 10 } else { nth });
                let place = format!(
                    "{}, stretch {}, {loss:?}, {nth}, seed {seed}",
                    life.name, stretch.number
                );
                let image = stretch.image(loss, seed.rotate_left(20) ^ nth);
                number += 1;
                if sender.send(Cut { image, place, number }).is_err() {
                    return;
                }
            }
        }
        drop(sender);
    });
    looked_at.into_inner()
}

fn next(receiver: &Mutex<Receiver<Cut>>) -> Option<Cut> {
    receiver.lock().unwrap().recv().ok()
}

fn look(life: &Life, record: &Record, Cut { image, place, number }: Cut) {
    let device = MemoryDevice::from_bytes(image.bytes);
    let db = open(device.clone()).unwrap_or_else(|error| panic!("{place}: {error}"));
    let content = Content::of(&db).unwrap_or_else(|error| panic!("{place}: {error}"));
    let last = record.states.len() - 1;
    let allowed = image.acknowledged..=image.in_flight.min(last);
    let is = |state: &Content| {
        let derived = image.acknowledged < life.derived_from || state.derived == content.derived;
        derived && state.stored == content.stored
    };
    if !record.states[allowed.clone()].iter().any(is) {
        let known: Vec<_> = (0..=last).filter(|at| is(&record.states[*at])).collect();
        let acknowledged = &record.states[image.acknowledged];
        let stored = difference(&acknowledged.stored, &content.stored);
        let derived = difference(&acknowledged.derived, &content.derived);
        panic!("{place}: neither of {allowed:?} but {known:?}\n{stored}\n\n{derived}");
    }
    let oldest = record.states[image.acknowledged].generation;
    assert!(content.generation >= oldest, "{place}: {} of {oldest}", content.generation);
    if number.is_multiple_of(GOES_ON) && image.acknowledged >= life.derived_from {
        go_on(db, device, &place);
    }
}

/// A recovered database takes a commit, and has it when it is opened again.
fn go_on(db: Database, device: MemoryDevice, place: &str) {
    let version = oldest_version(&db.reader().unwrap()).unwrap();
    let mut batch = db.batch(&version);
    batch.create(NewFile::at("oss://after/the/cut.jpg"));
    let report = batch.commit().unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(report.all_succeeded(), "{place}: {report:?}");
    drop(db);
    let again = open(device).unwrap_or_else(|error| panic!("{place}: {error}"));
    let content = Content::of(&again).unwrap();
    assert!(content.sound, "{place}: {}", content.derived);
    assert!(content.derived.contains("oss://after/the/cut.jpg"), "{place}");
}
