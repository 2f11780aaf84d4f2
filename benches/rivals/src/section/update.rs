//! One record changed, durable and visible on return.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use filedex::{FileId, NewFile};

use crate::Outcome;
use crate::engine::{Filedex, Sqlite};
use crate::options::Options;
use crate::report::{Report, Table, millis, times, verdict};
use crate::timing::{Samples, timed, turns};
use crate::workshop::Workshop;

const ROUNDS: usize = 300;
const LIMIT: f64 = 8.0;
/// A step through the records that meets each of them before it meets one again.
const STEP: usize = 7_919;
const SYNCS: usize = 100;

/// Updates copies of the databases in turns.
///
/// # Errors
/// When an update is refused or cannot be read back.
pub fn run(
    workshop: &Workshop,
    files: &[NewFile],
    options: &Options,
    report: &mut Report,
) -> Outcome {
    report.section(
        "Update",
        "The comment of one record is set and a tag is added, the words are indexed anew, in one \
         commit, another record each time; in milliseconds, until the commit returns. The comment \
         is then read back, not counted. Filedex merges its segments in the background meanwhile.",
        "at most 8 times SQLite's median, about 4 ms on an idle disk.",
    );
    let filedex = Filedex::open(&workshop.copy(&workshop.filedex(), "updated.filedex")?)?;
    let mut sqlite = Sqlite::open(&workshop.copy(&workshop.sqlite(), "updated.sqlite")?)?;
    let ids: Vec<FileId> = files.iter().map(|file| filedex.version.file_id(&file.uri)).collect();

    let mut samples: [Samples; 2] = Default::default();
    for round in 0..options.rounds.unwrap_or(ROUNDS) {
        let id = ids[round * STEP % ids.len()];
        let (comment, tag) = (format!("Checked in round {round}"), format!("round {}", round % 10));
        for engine in turns(round, samples.len()) {
            let (done, taken) = timed(|| match engine {
                0 => filedex.update(id, &comment, &tag),
                _ => sqlite.update(id, &comment, &tag),
            });
            done?;
            samples[engine].push(taken);
        }
        for seen in [filedex.comment(id)?, sqlite.comment(id)?] {
            if seen.as_deref() != Some(comment.as_str()) {
                return Err(format!("update {round} is not seen: {seen:?}").into());
            }
        }
    }
    let disk = sync_times(&workshop.scratch("synced"))?;

    let mut table = Table::new(&["what", "median ms", "p95 ms", "/ SQLite", "target"]);
    let ratio = samples[0].ratio_to(&samples[1]);
    for (what, samples, ratio, verdict) in [
        ("Filedex", &samples[0], times(ratio), verdict(ratio <= LIMIT)),
        ("SQLite", &samples[1], String::new(), String::new()),
        ("the disk: 4 KiB appended and synced", &disk, String::new(), String::new()),
    ] {
        table.row([
            what.to_owned(),
            millis(samples.median()),
            millis(samples.p95()),
            ratio,
            verdict,
        ]);
    }
    report.table(&table);
    Ok(())
}

/// How long the disk takes for the least that a durable commit has to do.
fn sync_times(path: &Path) -> Outcome<Samples> {
    let mut file = OpenOptions::new().create_new(true).append(true).open(path)?;
    let mut samples = Samples::default();
    for _ in 0..SYNCS {
        let (done, taken) = timed(|| file.write_all(&[7; 4_096]).and_then(|()| file.sync_data()));
        done?;
        samples.push(taken);
    }
    Ok(samples)
}
