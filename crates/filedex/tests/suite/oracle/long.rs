//! The long run: seeds after seeds on every core, for a time or for so many operations.

use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use filedex_testkit::Seed;

use super::explore;
use super::play::Tally;

/// Changes in a script; larger databases than those of the short run.
const CHANGES: usize = 120;
/// How long it runs where nothing is said.
const SECONDS: u64 = 60;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}; it takes a number")))
}

/// `FILEDEX_SECONDS=120 cargo test --release -p filedex --test suite -- --ignored --nocapture
/// long_run`, or `FILEDEX_OPERATIONS=100000 …`; `FILEDEX_SEED` is the first of the seeds.
#[test]
#[ignore = "takes minutes; named in CONTRIBUTING.md"]
#[expect(clippy::print_stdout, reason = "how far it came")]
fn long_run() {
    let first = Seed::of_run(100_000).origin();
    let operations = number("FILEDEX_OPERATIONS");
    let seconds = number("FILEDEX_SECONDS").or(operations.is_none().then_some(SECONDS));
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (next, done, failed) = (AtomicU64::new(first), AtomicU64::new(0), AtomicBool::new(false));
    let work = || {
        let mut all = Tally::default();
        let over = || {
            failed.load(Ordering::Relaxed)
                || until.is_some_and(|until| Instant::now() >= until)
                || operations.is_some_and(|most| done.load(Ordering::Relaxed) >= most)
        };
        while !over() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let explored = panic::catch_unwind(|| explore(seed, CHANGES)).inspect_err(|_| {
                failed.store(true, Ordering::Relaxed);
            });
            let tally = explored.unwrap_or_else(|panic| panic::resume_unwind(panic));
            done.fetch_add(tally.operations, Ordering::Relaxed);
            all = [all, tally].into_iter().sum();
        }
        all
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let tally: Tally = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("it said why above")).sum()
    });
    println!("seeds {first} to {}: {tally}", next.load(Ordering::Relaxed) - 1);
    assert!(tally.comparisons > 0);
}
