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

/// The number that an environment variable gives, or another.
fn number_of(variable: &str, otherwise: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}

/// Cuts the power in every life, in rounds of about `round` images with a seed of their own, until
/// there are `images`.
fn cut_in_all(default_seed: u64, images: u64, round: u64) {
    let first = Seed::of_run(default_seed).origin();
    let lives = life::lives();
    let shares: u64 = lives.iter().map(|life| life.share).sum();
    let start = std::time::Instant::now();
    let (mut done, mut seed) = (0, first);
    while done < images {
        for life in &lives {
            let part = (round * life.share).div_ceil(shares);
            let made = power::cut_everywhere(life, seed, part);
            done += made;
            told(&format!("{}: {made} images, seed {seed}", life.name));
        }
        seed += 1;
    }
    told(&format!("{done} images in {:?}, seeds {first} to {}", start.elapsed(), seed - 1));
}

#[expect(clippy::print_stderr, reason = "the count of a run is what it is for")]
fn told(what: &str) {
    eprintln!("{what}");
}

#[test]
fn power_cuts_leave_a_commit() {
    cut_in_all(51, 60, 60);
}

/// `FILEDEX_IMAGES=… cargo test --release -p filedex --test suite -- --ignored --nocapture
/// many_power_cuts`: 200,000 images where no number is given.
#[test]
#[ignore = "takes hours; named in CONTRIBUTING.md"]
fn many_power_cuts() {
    let images = number_of("FILEDEX_IMAGES", 200_000);
    cut_in_all(1_051, images, images.min(6_000));
}

#[test]
fn failing_calls_lose_nothing_that_was_acknowledged() {
    faults::fail_in_all(52, 60);
}

/// `FILEDEX_FAULTS=… cargo test --release -p filedex --test suite -- --ignored --nocapture
/// many_failing_calls`: where no number is given, every call of every life fails in every way.
#[test]
#[ignore = "takes an hour; named in CONTRIBUTING.md"]
fn many_failing_calls() {
    faults::fail_in_all(1_052, number_of("FILEDEX_FAULTS", 1_000_000));
}
