//! Power cuts and failing calls, for the whole engine: records, text, vectors and graphs of every
//! image are those of one commit.
//!
//! A life of a database is recorded write by write; the images that a power cut could have left are
//! opened, checked and compared with what was acknowledged. `FILEDEX_SEED` and the place that a
//! failure prints replay it.

mod content;
mod device;
mod faults;
mod life;
mod misread;
mod power;

use filedex_testkit::Seed;
use filedex_testkit::disk::Loss;
use power::Look;

/// A run of more images looks at most of them by their tables alone.
const LONG: u64 = 20_000;

/// The number that an environment variable gives, or another.
fn number_of(variable: &str, otherwise: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}

/// Cuts the power in every life, in rounds of about `round` images with a seed of their own, until
/// there are `images` of different bytes.
fn cut_in_all(run: &power::Run, default_seed: u64, images: u64, round: u64) {
    let first = Seed::of_run(default_seed).origin();
    let lives = life::lives(run.least > 0);
    let shares: u64 = lives.iter().map(|life| life.share).sum();
    let start = std::time::Instant::now();
    let mut seed = first;
    while run.tally().distinct < images {
        for life in &lives {
            let before = run.tally();
            run.cut_everywhere(life, seed, (round * life.share).div_ceil(shares));
            let (made, new) =
                (run.tally().images - before.images, run.tally().distinct - before.distinct);
            told(&format!("{}: {made} images, {new} new, seed {seed}", life.name));
        }
        seed += 1;
    }
    told(&format!("{} in {:?}, seeds {first} to {}", run.tally(), start.elapsed(), seed - 1));
}

/// As many as the machine has cores, where FILEDEX_WORKERS does not say how many.
fn workers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    usize::try_from(number_of("FILEDEX_WORKERS", cores as u64)).unwrap()
}

#[expect(clippy::print_stderr, reason = "the count of a run is what it is for")]
fn told(what: &str) {
    eprintln!("{what}");
}

#[test]
fn power_cuts_leave_a_commit() {
    cut_in_all(&power::Run::new(workers(), 0, Look::Whole), 51, 40, 40);
}

/// `FILEDEX_IMAGES=… cargo test --release -p filedex --test suite -- --ignored --nocapture
/// many_power_cuts`: 200,000 different images where no number is given. `FILEDEX_WORKERS` are
/// looked at at once.
#[test]
#[ignore = "takes hours; named in CONTRIBUTING.md"]
fn many_power_cuts() {
    let images = number_of("FILEDEX_IMAGES", 200_000);
    let look = if images > LONG { Look::Tables } else { Look::Whole };
    let run = power::Run::new(workers(), 4, look);
    cut_in_all(&run, 1_051, images, images.min(6_000));
    let tally = run.tally();
    for whole in [Loss::Lost, Loss::Kept] {
        assert_eq!(tally.losses[&whole], tally.stretches, "stretches that were {whole:?}");
    }
    assert_eq!(tally.losses.len(), 6, "{:?}", tally.losses);
}

#[test]
fn failing_calls_lose_nothing_that_was_acknowledged() {
    faults::fail_in_all(52, 22);
}

/// `FILEDEX_FAULTS=… cargo test --release -p filedex --test suite -- --ignored --nocapture
/// many_failing_calls`: where no number is given, every call of every life fails in every way.
#[test]
#[ignore = "takes an hour; named in CONTRIBUTING.md"]
fn many_failing_calls() {
    faults::fail_in_all(1_052, number_of("FILEDEX_FAULTS", 1_000_000));
}
