//! Power cuts: every image opens, is sound, and says what it said after a commit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};

use filedex::{Database, MemoryDevice, NewFile};
use filedex_store::Pages;
use filedex_testkit::disk::{Image, Loss, PowerCuts, RecordingDisk, Stretch};
use xxhash_rust::xxh3::xxh3_128;

use super::content::{Content, difference};
use super::device::Recording;
use super::life::{Life, Living, oldest_version};

/// One image of so many also has to take a commit and open again.
const GOES_ON: u64 = 8;

/// How closely images are looked at.
#[derive(Clone, Copy)]
pub enum Look {
    /// Each is opened, checked, searched and compared.
    Whole,
    /// One in eight is. Of the others all pages are verified and all that the tables hold is read:
    /// where that is, to the byte, what it was in an image of the same life that was looked at
    /// whole, it says the same.
    Tables,
}

impl Look {
    fn is_whole(self, number: u64) -> bool {
        match self {
            Self::Whole => true,
            Self::Tables => number.is_multiple_of(8),
        }
    }
}

/// A run of cuts over lives and seeds.
pub struct Run {
    /// How many images are looked at at once.
    pub workers: usize,
    /// How many images of each stretch between syncs there are at least: the first is lost whole,
    /// the second kept whole.
    pub least: u64,
    pub look: Look,
    /// The images that were looked at, by life and by a hash of all their bytes.
    seen: Mutex<HashSet<(&'static str, u128)>>,
    tally: Mutex<Tally>,
}

/// What was looked at.
#[derive(Clone, Default)]
pub struct Tally {
    /// Cuts that were compared.
    pub images: u64,
    /// Those among them that left different bytes.
    pub distinct: u64,
    /// Images that were checked, searched and compared.
    pub whole: u64,
    /// Stretches between syncs.
    pub stretches: u64,
    /// Cuts by what became of the writes.
    pub losses: BTreeMap<Loss, u64>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { images, distinct, whole, stretches, losses } = self;
        write!(
            f,
            "{images} images, {distinct} distinct ({whole} searched, the others' tables compared), \
             of {stretches} stretches {losses:?}"
        )
    }
}

impl Run {
    pub fn new(workers: usize, least: u64, look: Look) -> Self {
        Self { workers, least, look, seen: Mutex::default(), tally: Mutex::default() }
    }

    pub fn tally(&self) -> Tally {
        self.tally.lock().unwrap().clone()
    }

    /// Cuts the power `images` times, spread evenly over the stretches between syncs.
    pub fn cut_everywhere(&self, life: &Life, seed: u64, images: u64) {
        let record = record(life, seed);
        let stretches = record.cuts.stretches().count() as u64;
        let (sender, receiver) = sync_channel::<Cut<'_>>(2 * self.workers);
        let receiver = Arc::new(Mutex::new(receiver));
        std::thread::scope(|scope| {
            for _ in 0..self.workers {
                let receiver = Arc::clone(&receiver);
                let record = &record;
                scope.spawn(move || {
                    while let Some(cut) = next(&receiver) {
                        self.look(life, record, &cut);
                    }
                });
            }
            // Where every worker has failed, nobody is left to send to.
            drop(receiver);
            let mut number = 0;
            for (at, stretch) in (0..).zip(record.cuts.stretches()) {
                let share = images * (at + 1) / stretches - images * at / stretches;
                let stretch = Arc::new(stretch);
                for nth in 0..share.max(self.least) {
                    // Where there are few, the stretches take turns.
                    let turn = if share.max(self.least) < 4 { number % 10 } else { nth };
                    let turn = if turn < 2 { turn } else { turn + at };
                    let loss = Loss::numbered(turn);
                    let stretch = Arc::clone(&stretch);
                    if sender.send(Cut { stretch, loss, nth, seed, number }).is_err() {
                        return;
                    }
                    number += 1;
                }
            }
            drop(sender);
        });
        self.tally.lock().unwrap().stretches += stretches;
    }

    fn look(&self, life: &Life, record: &Record, cut: &Cut<'_>) {
        let image = cut.stretch.image(cut.loss, cut.seed.rotate_left(20) ^ cut.nth);
        let hash = xxh3_128(&image.bytes);
        let place = || {
            let Cut { stretch, loss, nth, seed, .. } = cut;
            format!("{}, stretch {}, {loss:?}, {nth}, seed {seed}", life.name, stretch.number)
        };
        // Equal bytes say the same: only what they may say is another matter.
        let known = record.images.get(hash);
        let verdict = known.unwrap_or_else(|| {
            let tables = || tables_of(life, &image, &place());
            let tables = (!self.look.is_whole(cut.number)).then(tables);
            let known = tables.and_then(|tables| record.tables.get(tables));
            let verdict = known.unwrap_or_else(|| {
                self.tally.lock().unwrap().whole += 1;
                look_at_whole(life, record, &image, cut.number, &place())
            });
            tables.inspect(|tables| record.tables.keep(*tables, &verdict));
            record.images.keep(hash, &verdict);
            verdict
        });
        if let Err(why) = verdict.allows(life, record, &image) {
            let db = life.opening.look(MemoryDevice::from_bytes(image.bytes)).unwrap();
            let acknowledged = &record.states[image.acknowledged];
            let content = Content::of(&db).unwrap();
            let stored = difference(&acknowledged.stored, &content.stored);
            let derived = difference(&acknowledged.derived, &content.derived);
            panic!("{}: {why}\n{stored}\n\n{derived}", place());
        }
        let new = self.seen.lock().unwrap().insert((life.name, hash));
        let mut tally = self.tally.lock().unwrap();
        tally.images += 1;
        tally.distinct += u64::from(new);
        *tally.losses.entry(cut.loss).or_default() += 1;
    }
}

/// Opens, checks and searches an image; one in so many also goes on from it.
fn look_at_whole(
    life: &Life,
    record: &Record,
    image: &Image,
    number: u64,
    place: &str,
) -> Arc<Verdict> {
    let device = MemoryDevice::from_bytes(image.bytes.clone());
    let db = life.opening.look(device.clone()).unwrap_or_else(|e| panic!("{place}: {e}"));
    let content = Content::of(&db).unwrap_or_else(|e| panic!("{place}: {e}"));
    let verdict = Verdict::of(record, &content);
    if number.is_multiple_of(GOES_ON) && image.acknowledged >= life.derived_from {
        go_on(life, db, device, place);
    }
    verdict
}

/// Opens an image, verifies all of its pages, and answers a hash of all that its tables hold.
fn tables_of(life: &Life, image: &Image, place: &str) -> u128 {
    let device = MemoryDevice::from_bytes(image.bytes.clone());
    let store = life.opening.store(device).unwrap_or_else(|e| panic!("{place}: {e}"));
    let pages = store.verify_pages().unwrap_or_else(|e| panic!("{place}: {e}"));
    assert_eq!(pages, Pages::Sound, "{place}");
    let snapshot = store.read().unwrap_or_else(|e| panic!("{place}: {e}"));
    snapshot.fingerprint().unwrap_or_else(|e| panic!("{place}: {e}"))
}

/// A life as it was recorded: the states that were acknowledged, and what was done to the disk.
struct Record {
    states: Vec<Content>,
    cuts: PowerCuts,
    /// What images said, by a hash of all their bytes.
    images: Verdicts,
    /// What images said, by a hash of all that their tables hold.
    tables: Verdicts,
}

#[derive(Default)]
struct Verdicts(Mutex<HashMap<u128, Arc<Verdict>>>);

impl Verdicts {
    fn get(&self, hash: u128) -> Option<Arc<Verdict>> {
        self.0.lock().unwrap().get(&hash).cloned()
    }

    fn keep(&self, hash: u128, verdict: &Arc<Verdict>) {
        self.0.lock().unwrap().insert(hash, Arc::clone(verdict));
    }
}

fn record(life: &Life, seed: u64) -> Record {
    let base = (life.base)(seed);
    let before = life.opening.look(MemoryDevice::from_bytes(base.clone())).unwrap();
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
    let db = life.opening.live(Recording(disk.clone())).unwrap();
    let mut living = Living::new(db, seed, &mut acknowledge).unwrap();
    (life.script)(&mut living).unwrap();
    drop(living);
    for (number, state) in states.iter().enumerate().skip(life.derived_from) {
        let findings = state.derived.lines().next();
        assert!(state.sound, "{}, state {number}, seed {seed}: {findings:?}", life.name);
    }
    Record {
        states,
        cuts: disk.power_cuts(),
        images: Verdicts::default(),
        tables: Verdicts::default(),
    }
}

/// One cut.
struct Cut<'log> {
    stretch: Arc<Stretch<'log>>,
    loss: Loss,
    nth: u64,
    seed: u64,
    /// Its place among those of a life.
    number: u64,
}

fn next<'log>(receiver: &Mutex<Receiver<Cut<'log>>>) -> Option<Cut<'log>> {
    receiver.lock().unwrap().recv().ok()
}

/// Which states an image says.
struct Verdict {
    generation: u64,
    /// Those whose datasets, folders and notes are the same.
    stored: Vec<usize>,
    /// Those that are the same in all.
    whole: Vec<usize>,
}

impl Verdict {
    fn of(record: &Record, content: &Content) -> Arc<Self> {
        let states = 0..record.states.len();
        let stored: Vec<_> =
            states.filter(|at| record.states[*at].stored == content.stored).collect();
        let whole = stored.iter().copied();
        let whole = whole.filter(|at| record.states[*at].derived == content.derived).collect();
        Arc::new(Self { generation: content.generation, stored, whole })
    }

    /// Whether what the image says is what it may say.
    fn allows(&self, life: &Life, record: &Record, image: &Image) -> Result<(), String> {
        let allowed = image.acknowledged..=image.in_flight.min(record.states.len() - 1);
        let said = if image.acknowledged < life.derived_from { &self.stored } else { &self.whole };
        if !said.iter().any(|state| allowed.contains(state)) {
            return Err(format!("neither of {allowed:?} but {:?}", self.whole));
        }
        let oldest = record.states[image.acknowledged].generation;
        if self.generation < oldest {
            return Err(format!("generation {} after {oldest}", self.generation));
        }
        Ok(())
    }
}

/// A recovered database takes a commit, and has it when it is opened again.
fn go_on(life: &Life, db: Database, device: MemoryDevice, place: &str) {
    let version = oldest_version(&db.reader().unwrap()).unwrap();
    let mut batch = db.batch(&version);
    batch.create(NewFile::at("oss://after/the/cut.jpg"));
    let report = batch.commit().unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(report.all_succeeded(), "{place}: {report:?}");
    drop(db);
    let again = life.opening.look(device).unwrap_or_else(|error| panic!("{place}: {error}"));
    let content = Content::of(&again).unwrap();
    assert!(content.sound, "{place}: {}", content.derived);
    assert!(content.derived.contains("oss://after/the/cut.jpg"), "{place}");
}
