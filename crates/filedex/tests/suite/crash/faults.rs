//! Failing calls of the disk: an error that says what to do, and nothing lost that was acknowledged.

use std::io::ErrorKind as Io;
use std::sync::mpsc::channel;
use std::time::Duration;

use filedex::{Database, Error, ErrorKind, Filter, MemoryDevice, Query, Result};
use filedex_testkit::Seed;
use filedex_testkit::disk::{Call, FailingDisk, Failure, Lasting};

use super::content::{Content, difference};
use super::device::Failing;
use super::life::{Life, Living, lives};

/// A case that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// How each kind of call can fail.
const WAYS: [(Call, Io, Lasting); 14] = [
    (Call::Read, Io::Other, Lasting::Once),
    (Call::Read, Io::Other, Lasting::Everything),
    (Call::Read, Io::UnexpectedEof, Lasting::Once),
    (Call::Write, Io::Other, Lasting::Once),
    (Call::Write, Io::Other, Lasting::Everything),
    (Call::Write, Io::StorageFull, Lasting::Once),
    (Call::Write, Io::StorageFull, Lasting::OfItsKind),
    (Call::Write, Io::WriteZero, Lasting::Once),
    (Call::Sync, Io::Other, Lasting::Once),
    (Call::Sync, Io::Other, Lasting::Everything),
    (Call::Sync, Io::StorageFull, Lasting::Once),
    (Call::Resize, Io::StorageFull, Lasting::Once),
    (Call::Resize, Io::StorageFull, Lasting::OfItsKind),
    (Call::Resize, Io::Other, Lasting::Everything),
];

/// Lets about `failures` calls fail, spread over the lives and the ways; each way at least once.
pub fn fail_in_all(default_seed: u64, failures: u64) {
    let seed = Seed::of_run(default_seed).origin();
    let tried = |life: &Life| life.derived_from == 0 && life.share > 0 && life.replays();
    let lives: Vec<Life> = lives().into_iter().filter(tried).collect();
    let each = failures / (lives.len() * WAYS.len()) as u64;
    let mut done = 0;
    for (number, life) in lives.iter().enumerate() {
        let reference = Reference::of(life, seed);
        for (at, (call, error, lasting)) in WAYS.into_iter().enumerate() {
            // A short run takes one way in so many of each life, all of them over all lives.
            if each == 0 && !(at + number).is_multiple_of(lives.len()) {
                continue;
            }
            let calls = reference.calls[call as usize];
            let cases = each.max(1).min(calls);
            for nth in 0..cases {
                let number = calls * (2 * nth + 1) / (2 * cases);
                fail(life, seed, &reference, Failure { call, number, error, lasting });
                done += 1;
            }
        }
        super::told(&format!("{}: calls {:?}, seed {seed}", life.name, reference.calls));
    }
    super::told(&format!("{done} failures, seed {seed}"));
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
        // What is compared above is read from the disk, too; this run reads as the failing ones do.
        let disk = FailingDisk::new(base.clone(), None);
        let (_, error) = live(life, seed, &disk);
        assert!(error.is_none(), "{error:?}");
        Self { base, states, calls: Call::ALL.map(|call| disk.calls(call)) }
    }
}

/// Lives until the end or an error; answers how many states were acknowledged.
fn live(life: &Life, seed: u64, disk: &FailingDisk) -> (usize, Option<Error>) {
    let mut acknowledged = 0;
    let mut acknowledge = |db: &Database| {
        acknowledged += 1;
        read_some(db)
    };
    let db = match life.opening.live(Failing(disk.clone())) {
        Ok(db) => db,
        Err(error) => return (0, Some(error)),
    };
    let mut living = match Living::new(db, seed, &mut acknowledge) {
        Ok(living) => living,
        Err(error) => return (0, Some(error)),
    };
    let done = (life.script)(&mut living);
    if done.is_err() {
        // Whatever is done next may fail, and must not panic or hang.
        let _ = read_some(&living.db);
        let _ = living.db.put_notes([("test/after", Some("1"))]);
        let _ = living.db.put_notes([("test/after", None::<&str>)]);
        let _ = living.db.check(|_, _| {});
    }
    drop(living);
    (acknowledged, done.err())
}

fn read_some(db: &Database) -> Result<()> {
    let reader = db.reader()?;
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

fn fail(life: &Life, seed: u64, reference: &Reference, failure: Failure) {
    let place = format!("{}, {failure:?}, seed {seed}", life.name);
    let disk = FailingDisk::new(reference.base.clone(), Some(failure));
    let (acknowledged, error) = std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        let running = &disk;
        let thread = scope.spawn(move || {
            let _ = sender.send(live(life, seed, running));
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome,
            Err(_) if thread.is_finished() => panic!("{place}: a panic"),
            Err(_) => {
                super::told(&format!("{place}: hangs"));
                std::process::abort();
            }
        }
    });
    if let Some(error) = &error {
        let right = match failure.error {
            Io::StorageFull => error.kind() == ErrorKind::DiskFull,
            Io::UnexpectedEof => matches!(error.kind(), ErrorKind::Damaged | ErrorKind::Io),
            _ => error.kind() == ErrorKind::Io,
        };
        assert!(right, "{place}: {:?}, {error}", error.kind());
    }
    let device = MemoryDevice::from_bytes(disk.bytes());
    let db =
        life.opening.look(device).unwrap_or_else(|error| panic!("{place}, opened again: {error}"));
    let content = Content::of(&db).unwrap_or_else(|error| panic!("{place}: {error}"));
    let newest = acknowledged + usize::from(error.is_some());
    let allowed = acknowledged..=newest.min(reference.states.len() - 1);
    // The note that was tried after the failure is no matter of the state.
    let stored = content.stored.replace("(\"test/after\", [49])", "");
    let is = |state: &Content| state.derived == content.derived && state.stored == stored;
    if !reference.states[allowed.clone()].iter().any(is) {
        let state = &reference.states[acknowledged];
        panic!(
            "{place}: none of {allowed:?} after {error:?}\n{}\n\n{}",
            difference(&state.stored, &stored),
            difference(&state.derived, &content.derived)
        );
    }
}
