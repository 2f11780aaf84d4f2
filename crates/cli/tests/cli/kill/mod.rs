//! A program that is killed at any moment keeps every commit it acknowledged, whole, and no half one.
//!
//! Imports, updates, merges, compactions and servers are killed (SIGKILL) at random moments, round
//! after round, each going on with the file that the last one left. `FILEDEX_SEED` replays a run,
//! `FILEDEX_KILL_ROUNDS` makes it longer.

mod known;
mod work;

use std::collections::BTreeMap;
use std::time::Duration;

use filedex::Database;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::program::Folder;
use known::Known;
use work::{Ended, Moments, Work};

const ROUNDS: u32 = 40;
/// Rounds to a file: checking a file takes time in proportion to it.
const ROUNDS_TO_A_FILE: u32 = 15;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[test]
#[expect(clippy::print_stdout, reason = "the seed is shown where the test fails")]
fn what_was_acknowledged_survives_and_half_commits_do_not() {
    let seed = number("FILEDEX_SEED").unwrap_or_else(|| rand::rng().next_u64());
    let rounds = number("FILEDEX_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.try_into().unwrap());
    println!("FILEDEX_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut moments = Moments::default();
    let (mut folder, mut known) = (Folder::new(), Known::default());
    let mut ended: BTreeMap<(Work, Ended), u32> = BTreeMap::new();
    for round in 0..rounds {
        if round % ROUNDS_TO_A_FILE == 0 {
            (folder, known) = (Folder::new(), Known::default());
            folder.run(["create", "a.filedex"]).ok();
            folder.run(["dataset", "create", "a.filedex", "cars"]).ok();
            folder.run(["version", "create", "a.filedex", "v1", "--dataset", "cars"]).ok();
        }
        let work = Work::ALL[round as usize % Work::ALL.len()];
        let moment = moments.pick(work, &mut random);
        let done = work.run_and_kill(&folder, &known, round, moment, &mut random);
        moments.learn(work, done.ended);
        println!("round {round}: {work:?} {:?}, {} acknowledged", done.ended, done.acknowledged());
        let database = Database::open(folder.path("a.filedex")).unwrap();
        known.settle(&database, round, &done);
        *ended.entry((work, done.ended)).or_default() += 1;
    }
    println!("{rounds} rounds, seed {seed}: {ended:?}");
    for work in Work::ALL.iter().take(rounds as usize) {
        let killed = ended.get(&(*work, Ended::Killed)).copied().unwrap_or(0);
        assert!(killed > 0, "no {work:?} was killed at work: {ended:?}");
    }
}

/// Creating a database is one step too: there is none, or it can be opened.
#[test]
fn a_file_that_is_killed_while_it_is_made() {
    for micros in (1_000..30_000).step_by(250) {
        let folder = Folder::new();
        let mut child = folder.spawn(["create", "a.filedex"]);
        std::thread::sleep(Duration::from_micros(micros));
        child.kill().unwrap();
        child.wait().unwrap();
        let path = folder.path("a.filedex");
        if path.exists() {
            Database::open(&path).unwrap();
        }
    }
}
