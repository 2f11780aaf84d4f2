//! The engine against the naive oracle, over the whole public interface.
//!
//! A script is made from a seed and played (`play.rs`, `batches.rs`, `questions.rs`, `by_meaning.rs`,
//! `cursors.rs`, `copies.rs`); what fails is shrunk and printed, ready for `regressions.rs`.

mod batches;
mod by_meaning;
mod catalog;
mod copies;
mod cursors;
mod files;
mod long;
mod play;
mod questions;
mod regressions;
mod shrinking;

use std::panic::{AssertUnwindSafe, catch_unwind};

use filedex_testkit::Seed;
use filedex_testkit::script::{Scribe, Script, shrink, simpler};

use play::{Belief, Failure, Player, Tally, truth};

/// Scripts of the short run.
const SEEDS: u64 = 24;
/// Changes in a generated script.
const CHANGES: usize = 30;

/// Plays a script; a panic of the engine is a failure of the step.
fn play(script: &Script, belief: Belief) -> Result<Tally, Failure> {
    let mut player = Player::new(belief);
    for (at, step) in script.0.iter().enumerate() {
        let played = catch_unwind(AssertUnwindSafe(|| player.step(step)));
        let what = match played {
            Ok(Ok(())) => continue,
            Ok(Err(what)) => what,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                format!("panicked: {}", text.unwrap_or("of something that is no text"))
            }
        };
        return Err(Failure { at, what });
    }
    Ok(player.tally())
}

/// The smallest script that fails, and how it does.
fn shrunk(script: &Script, belief: Belief) -> (Script, Failure) {
    let fails = |steps: &[_]| play(&Script(steps.to_vec()), belief).is_err();
    let mut steps = script.0.clone();
    if let Err(failure) = play(script, belief) {
        steps.truncate(failure.at + 1);
    }
    let least = Script(shrink(&steps, simpler, fails));
    let failure = play(&least, belief).expect_err("shrinking keeps the failure");
    (least, failure)
}

/// Plays the script of a seed. Panics with the shrunk script where it fails.
fn explore(seed: u64, changes: usize) -> Tally {
    let script = Scribe::new(Seed::new(seed)).script(changes);
    match play(&script, truth) {
        Ok(tally) => tally,
        Err(failure) => {
            let (least, why) = shrunk(&script, truth);
            panic!(
                "seed {seed}, step {}: {}\nshrunk to {} steps, which fail so: {}\n\
                 holds(r#\"\n{least}\"#);",
                failure.at,
                failure.what,
                least.0.len(),
                why.what
            );
        }
    }
}

/// A script that has to hold, as a failure printed it.
fn holds(script: &str) {
    let script: Script = script.parse().expect("a script");
    if let Err(failure) = play(&script, truth) {
        panic!("step {}: {}", failure.at, failure.what);
    }
}

/// Generated scripts. `FILEDEX_SEED=…` plays the script of that seed first.
#[test]
#[expect(clippy::print_stdout, reason = "how much was compared")]
fn scripts() {
    let first = Seed::of_run(1).origin();
    let tally = (first..first + SEEDS).map(|seed| explore(seed, CHANGES)).sum::<Tally>();
    println!("seeds {first} to {}: {tally}", first + SEEDS - 1);
    assert!(tally.operations > 1_000 && tally.comparisons > 10_000, "{tally}");
}
