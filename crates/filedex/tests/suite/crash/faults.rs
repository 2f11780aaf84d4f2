//! Failing calls of the disk: an error that says what to do, and nothing lost that was acknowledged.

use std::io::ErrorKind as Io;
use std::sync::mpsc::channel;
use std::time::Duration;

use filedex::{Database, Error, ErrorKind, Filter, MemoryDevice, Query, Reader, Result};
use filedex_testkit::Seed;
use filedex_testkit::disk::{Call, FailingDisk, Failure, Lasting, Loss};

use super::content::{Content, difference};
use super::device::Failing;
use super::life::{Life, Living, lives};

/// A case that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Fewer failures are spread over the lives of every test run.
const FEW: u64 = 100;
/// How many power cuts follow each failure.
const CUTS: u64 = 3;

/// How a call fails: with what, whether half-done, how long.
type Way = (Call, Io, bool, Lasting);

const WAYS: [Way; 22] = [
    (Call::Read, Io::Other, false, Lasting::Once),
    (Call::Read, Io::Other, false, Lasting::OfItsKind),
    (Call::Read, Io::Other, false, Lasting::Everything),
    (Call::Read, Io::UnexpectedEof, true, Lasting::Once),
    (Call::Write, Io::Other, false, Lasting::Once),
    (Call::Write, Io::Other, true, Lasting::Once),
    (Call::Write, Io::Other, false, Lasting::OfItsKind),
    (Call::Write, Io::Other, true, Lasting::Everything),
    (Call::Write, Io::StorageFull, false, Lasting::Once),
    (Call::Write, Io::StorageFull, true, Lasting::Once),
    (Call::Write, Io::StorageFull, true, Lasting::OfItsKind),
    (Call::Write, Io::WriteZero, true, Lasting::Once),
    (Call::Sync, Io::Other, false, Lasting::Once),
    (Call::Sync, Io::Other, false, Lasting::OfItsKind),
    (Call::Sync, Io::Other, false, Lasting::Everything),
    (Call::Sync, Io::StorageFull, false, Lasting::Once),
    (Call::Sync, Io::StorageFull, false, Lasting::OfItsKind),
    (Call::Resize, Io::StorageFull, false, Lasting::Once),
    (Call::Resize, Io::StorageFull, false, Lasting::OfItsKind),
    (Call::Resize, Io::QuotaExceeded, false, Lasting::Once),
    (Call::Resize, Io::Other, false, Lasting::Once),
    (Call::Resize, Io::Other, false, Lasting::Everything),
];

/// Lets about `failures` calls fail, spread over the lives and the ways; each way at least once.
pub fn fail_in_all(default_seed: u64, failures: u64) {
    let seed = Seed::of_run(default_seed).origin();
    let tried = |life: &Life| life.derived_from == 0 && life.share > 0;
    let all = failures >= FEW;
    let lives: Vec<Life> = lives(all).into_iter().filter(tried).collect();
    let each = failures / (lives.len() * WAYS.len()) as u64;
    let (mut done, mut met) = (0, 0);
    for (number, life) in lives.iter().enumerate() {
        let reference = Reference::of(life, seed);
        for (at, (call, error, short, lasting)) in WAYS.into_iter().enumerate() {
            // A short run takes one way in so many of each life, all of them over all lives.
            if each == 0 && !(at + number).is_multiple_of(lives.len()) {
                continue;
            }
            let calls = reference.calls[call as usize];
            let cases = each.max(1).min(calls);
            for nth in 0..cases {
                let number = calls * (2 * nth + 1) / (2 * cases);
                let failure = Failure { call, number, error, short, lasting };
                met += u64::from(Case { life, seed, reference: &reference, failure }.is_met());
                done += 1;
            }
        }
        super::told(&format!("{}: calls {:?}, seed {seed}", life.name, reference.calls));
    }
    super::told(&format!(
        "{done} failures, {met} of them errors, each with {CUTS} power cuts after it, seed {seed}"
    ));
}

/// The life without failures.
struct Reference {
    base: Vec<u8>,
    states: Vec<Content>,
    calls: [u64; 4],
}

impl Reference {
    fn of(life: &Life, seed: u64) -> Self {
        let base = (life.base)(seed);
        let first = life.opening.look(MemoryDevice::from_bytes(base.clone())).unwrap();
        let mut states = vec![Content::of(&first).unwrap()];
        drop(first);
        let mut acknowledge = |db: &Database| {
            states.push(Content::of(db)?);
            Ok(())
        };
        let db = life.opening.live(MemoryDevice::from_bytes(base.clone())).unwrap();
        let mut living = Living::new(db, seed, &mut acknowledge).unwrap();
        (life.script)(&mut living).unwrap();
        drop(living);
        let mut reference = Self { base, states, calls: [0; 4] };
        // What is compared above is read from the disk, too; this run reads as the failing ones do.
        let disk = FailingDisk::new(reference.base.clone(), None);
        let lived = live(life, seed, &disk, &reference);
        assert!(lived.error.is_none(), "{:?}", lived.error);
        reference.calls = Call::ALL.map(|call| disk.calls(call));
        reference
    }
}

/// What became of a life on a failing disk.
struct Lived {
    /// How many states were acknowledged.
    acknowledged: usize,
    /// What ended it, if it did not come to its end.
    error: Option<Error>,
    /// What everything that was tried after that answered, where it failed.
    later: Vec<(&'static str, Error)>,
}

/// Lives until the end or an error.
fn live(life: &Life, seed: u64, disk: &FailingDisk, reference: &Reference) -> Lived {
    let mut acknowledged = 0;
    let ended = |acknowledged, error| Lived { acknowledged, error, later: Vec::new() };
    disk.acknowledge(0);
    let db = match life.opening.live(Failing(disk.clone())) {
        Ok(db) => db,
        Err(error) => return ended(0, Some(error)),
    };
    let mut acknowledge = |db: &Database| {
        acknowledged += 1;
        disk.acknowledge(acknowledged);
        read_some(&db.reader()?)
    };
    let mut living = match Living::new(db, seed, &mut acknowledge) {
        Ok(living) => living,
        Err(error) => return ended(0, Some(error)),
    };
    let done = (life.script)(&mut living);
    let later = if done.is_err() { later(&living, reference) } else { Vec::new() };
    drop(living);
    Lived { later, ..ended(acknowledged, done.err()) }
}

fn read_some(reader: &Reader) -> Result<()> {
    for dataset in reader.datasets()? {
        let version = reader.version(Some(&dataset.id), None)?;
        reader.list(&version, &Query::parse("Text:'beach'")?)?;
        for summary in reader.spaces(&version)? {
            let asked = vec![1.0; summary.space.dimension as usize];
            reader.list(&version, &Query::filter(Filter::All).vector(asked).top_k(5))?;
        }
    }
    Ok(())
}

/// Does everything that can be done with a database whose disk has failed: it may fail, and must
/// not panic, hang, or answer what is not so.
fn later(living: &Living<'_>, reference: &Reference) -> Vec<(&'static str, Error)> {
    let db = &living.db;
    let mut failed = Vec::new();
    let mut note = |what, done: Result<()>| failed.extend(done.err().map(|error| (what, error)));
    if let Some(held) = &living.held {
        match Content::read_by(held) {
            Ok(said) => {
                assert!(reference.states.iter().any(|s| s.is_that_of(&said)), "a held reader");
            }
            Err(error) => note("a held reader", Err(error)),
        }
    }
    note("a new reader", db.reader().and_then(|reader| read_some(&reader)));
    note("a note", db.put_notes([("test/after", Some("1"))]));
    note("its removal", db.put_notes([("test/after", None::<&str>)]));
    let mut batch = db.batch(&living.version);
    batch.delete(living.version.file_id("oss://no/such.file"));
    note("a batch", batch.commit().map(drop));
    note("an optimisation", db.optimize());
    note("a check", db.check(|_, _| {}).map(drop));
    failed
}

/// One failing call in a life.
struct Case<'a> {
    life: &'a Life,
    seed: u64,
    reference: &'a Reference,
    failure: Failure,
}

impl Case<'_> {
    fn place(&self) -> String {
        format!("{}, {:?}, seed {}", self.life.name, self.failure, self.seed)
    }

    /// Lets it fail, and looks at what is left; whether anybody was told.
    fn is_met(&self) -> bool {
        let disk = FailingDisk::new(self.reference.base.clone(), Some(self.failure));
        let lived = self.live(&disk);
        lived.error.iter().for_each(|error| self.judge("the first error", error));
        lived.later.iter().for_each(|(what, error)| self.judge(what, error));
        let newest = lived.acknowledged + usize::from(lived.error.is_some());
        let allowed = lived.acknowledged..=newest.min(self.reference.states.len() - 1);
        self.look(disk.bytes(), allowed.clone(), "after the failure");
        let cuts = disk.power_cuts();
        let last = cuts.stretches().last().expect("a disk whose first state was acknowledged");
        for nth in 0..CUTS {
            let loss = Loss::numbered(nth + self.failure.number % 2 * nth);
            let image = last.image(loss, self.seed ^ nth);
            self.look(image.bytes, allowed.clone(), &format!("after a power cut, {loss:?}"));
        }
        lived.error.is_some()
    }

    /// In a thread of its own, so that one that hangs is noticed.
    fn live(&self, disk: &FailingDisk) -> Lived {
        std::thread::scope(|scope| {
            let (sender, receiver) = channel();
            let thread = scope.spawn(move || {
                let _ = sender.send(live(self.life, self.seed, disk, self.reference));
            });
            match receiver.recv_timeout(PATIENCE) {
                Ok(lived) => lived,
                Err(_) if thread.is_finished() => panic!("{}: a panic", self.place()),
                Err(_) => {
                    super::told(&format!("{}: hangs", self.place()));
                    std::process::abort();
                }
            }
        })
    }

    /// Whether an error is of the right kind and says how to go on. The kind of the failing call
    /// itself is known to whoever made it; the background may have.
    fn judge(&self, what: &str, error: &Error) {
        let kind = error.kind();
        let stopped = what != "the first error" || !self.life.replays();
        let right = match self.failure.error {
            Io::StorageFull | Io::QuotaExceeded => kind == ErrorKind::DiskFull,
            Io::UnexpectedEof => kind == ErrorKind::Damaged,
            _ => kind == ErrorKind::Io,
        };
        assert!(right || (stopped && kind == ErrorKind::Io), "{}, {what}: {error:?}", self.place());
        let text = error.to_string();
        let told = text.contains("open the database again") || kind == ErrorKind::Damaged;
        assert!(told, "{}, {what}: {error}", self.place());
    }

    fn look(&self, bytes: Vec<u8>, allowed: std::ops::RangeInclusive<usize>, when: &str) {
        let place = format!("{}, {when}", self.place());
        let states = &self.reference.states;
        let db = self.life.opening.look(MemoryDevice::from_bytes(bytes));
        let db = db.unwrap_or_else(|error| panic!("{place}, opened again: {error}"));
        let mut content = Content::of(&db).unwrap_or_else(|error| panic!("{place}: {error}"));
        // The note that was tried after the failure is no matter of the state.
        content.stored = content.stored.replace("(\"test/after\", [49])", "");
        if !states[allowed.clone()].iter().any(|state| state.is_that_of(&content)) {
            let state = &states[*allowed.start()];
            panic!(
                "{place}: none of {allowed:?}\n{}\n\n{}",
                difference(&state.stored, &content.stored),
                difference(&state.derived, &content.derived)
            );
        }
    }
}
