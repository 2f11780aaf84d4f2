//! An import that is killed keeps every batch it acknowledged, whole, and no half batch.
//!
//! The test feeds an import and kills it (SIGKILL) at a random moment, round after round, going on
//! with the file it left. `FILEDEX_SEED` replays a run, `FILEDEX_KILL_ROUNDS` makes it longer.

use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use filedex::{Database, Query};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::program::Folder;

const ROUNDS: u32 = 60;
const BATCH: u64 = 50;
/// Rounds to a file: checking a file takes time in proportion to it.
const ROUNDS_TO_A_FILE: u32 = 12;
/// An import that commits nothing for so long hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// One line of a round's input.
fn line(round: u32, number: u64) -> String {
    format!(
        "{{\"uri\":\"k://{round}/{number}.png\",\"data_size\":{number},\"caption\":\"round {round}\",\
          \"tags_user\":[\"r{round}\",\"n{}\"]}}\n",
        number % 7
    )
}

/// When an import is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    AfterStart(Duration),
    AfterFirstCommit(Duration),
}

/// Runs one import until it is killed; answers how many lines it acknowledged.
fn killed_import(folder: &Folder, round: u32, moment: Moment) -> u64 {
    let args = ["import", "a.filedex", "-", "--batch", &BATCH.to_string(), "--acknowledge"];
    let mut child = folder.spawn(args);
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        let mut number = 0;
        while stdin.write_all(line(round, number).as_bytes()).is_ok() {
            number += 1;
        }
    });
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (committed, first_commit) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || {
        let acknowledged = stdout.lines().map_while(Result::ok);
        let numbers = acknowledged.filter_map(|line| line.parse::<u64>().ok());
        numbers.inspect(|_| committed.send(()).unwrap_or(())).last().unwrap_or(0)
    });
    let delay = match moment {
        Moment::AfterStart(delay) => delay,
        Moment::AfterFirstCommit(delay) => {
            first_commit.recv_timeout(LONGEST_WAIT).unwrap();
            delay
        }
    };
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    feeder.join().unwrap();
    listener.join().unwrap()
}

/// How many lines of a round are stored. They have to be the first ones, whole batches of them.
fn stored_of(database: &Database, round: u32) -> u64 {
    let reader = database.reader().unwrap();
    let Ok(version) = reader.version(None, None) else { return 0 };
    let query = Query::parse(&format!("Tags.user = 'r{round}'")).unwrap();
    let records: Vec<_> = reader.scan(&version, &query).unwrap().collect::<Result<_, _>>().unwrap();
    let stored = records.len() as u64;
    assert!(stored.is_multiple_of(BATCH), "{stored} records are no whole batches");
    let mut numbers: Vec<u64> = records.iter().map(|record| record.data_size.unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..stored), "batches of the middle are missing");
    assert_eq!(reader.count(&version, &query).unwrap(), stored);
    stored
}

#[test]
#[expect(clippy::print_stdout, reason = "the seed is shown where the test fails")]
fn acknowledged_batches_survive_and_half_ones_do_not() {
    let seed = number("FILEDEX_SEED").unwrap_or_else(rand::random);
    let rounds = number("FILEDEX_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.try_into().unwrap());
    println!("FILEDEX_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (mut folder, mut kept, mut killed_at_work) = (Folder::new(), Vec::new(), 0);
    for round in 0..rounds {
        if round % ROUNDS_TO_A_FILE == 0 {
            (folder, kept) = (Folder::new(), Vec::new());
            folder.run(["create", "a.filedex"]).ok();
        }
        // Half of the rounds reach the start, and the recovery of the file the last round left.
        let moment = if round % 2 == 0 {
            Moment::AfterStart(Duration::from_micros(random.random_range(2_000..90_000)))
        } else {
            Moment::AfterFirstCommit(Duration::from_micros(random.random_range(0..90_000)))
        };
        let acknowledged = killed_import(&folder, round, moment);
        println!("round {round}: killed {moment:?}, {acknowledged} lines acknowledged");
        let database = Database::open(folder.path("a.filedex")).unwrap();
        let stored = stored_of(&database, round);
        assert!(stored >= acknowledged, "{stored} of {acknowledged} acknowledged lines are stored");
        kept.push((round, stored));
        for (earlier, stored) in &kept {
            assert_eq!(stored_of(&database, *earlier), *stored, "round {earlier} changed");
        }
        let report = database.check(|_, _| ()).unwrap();
        assert_eq!(report.findings, []);
        killed_at_work += u32::from(acknowledged > 0);
    }
    assert!(killed_at_work >= rounds / 2, "only {killed_at_work} rounds were killed at work");
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
