//! Records a second until all are durable.

use std::time::Duration;

use filedex::NewFile;

use crate::Outcome;
use crate::engine::{BATCH, Filedex, Sqlite, Tantivy};
use crate::options::Options;
use crate::report::{Report, Table, times, verdict};
use crate::timing::{Samples, timed, turns};
use crate::workshop::Workshop;

const ROUNDS: usize = 3;
const ENGINES: [&str; 3] = ["Filedex", "SQLite", "tantivy"];

/// Imports the records into each engine, in turns; what the last round made is kept.
///
/// # Errors
/// When an engine refuses.
pub fn run(files: &[NewFile], options: &Options, report: &mut Report) -> Outcome<Workshop> {
    report.section(
        "Import",
        &format!(
            "Records in memory into a new file, in batches of {BATCH}, each durable before the \
             next. `settled` is what goes on after the last batch: merges and closing in Filedex \
             and tantivy, statistics, checkpoint and closing in SQLite."
        ),
        "at least SQLite's rate.",
    );
    let rounds = options.rounds.unwrap_or(ROUNDS).min(ROUNDS);
    let mut taken: [Samples; 3] = Default::default();
    let mut settled: [Samples; 3] = Default::default();
    let mut workshop = Workshop::empty()?;
    for round in 0..rounds {
        // The files of the round before are removed first.
        workshop = Workshop::empty()?;
        for engine in turns(round, ENGINES.len()) {
            let (writing, settling) = match engine {
                0 => filedex(&workshop, files)?,
                1 => sqlite(&workshop, files)?,
                _ => tantivy(&workshop, files)?,
            };
            taken[engine].push(writing);
            settled[engine].push(settling);
        }
    }
    print(files.len(), &taken, &settled, report);
    Ok(workshop)
}

/// How long writing took, and what went on after it.
type Times = (Duration, Duration);

fn filedex(workshop: &Workshop, files: &[NewFile]) -> Outcome<Times> {
    let filedex = Filedex::create(&workshop.filedex())?;
    let writing = filedex.load(files)?;
    let ((), settling) = timed(|| drop(filedex));
    Ok((writing, settling))
}

fn sqlite(workshop: &Workshop, files: &[NewFile]) -> Outcome<Times> {
    let mut sqlite = Sqlite::create(&workshop.sqlite())?;
    let writing = sqlite.load(files, &Filedex::dataset_id()?)?;
    let (done, settling) = timed(|| -> Outcome {
        sqlite.analyze()?;
        drop(sqlite);
        Ok(())
    });
    done?;
    Ok((writing, settling))
}

fn tantivy(workshop: &Workshop, files: &[NewFile]) -> Outcome<Times> {
    Tantivy::create(&workshop.tantivy())?.load(files, &Filedex::dataset_id()?)
}

fn print(records: usize, taken: &[Samples; 3], settled: &[Samples; 3], report: &mut Report) {
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = |samples: &Samples| records as f64 / samples.median().as_secs_f64();
    let mut table = Table::new(&[
        "engine",
        "records/s",
        "s",
        "slowest s",
        "settled s",
        "rate / SQLite",
        "target",
    ]);
    for (place, engine) in ENGINES.iter().enumerate() {
        let (samples, ratio) = (&taken[place], rate(&taken[place]) / rate(&taken[1]));
        let seconds = |taken: Duration| format!("{:.2}", taken.as_secs_f64());
        table.row([
            (*engine).to_owned(),
            format!("{:.0}", rate(samples)),
            seconds(samples.median()),
            seconds(samples.p95()),
            seconds(settled[place].median()),
            times(ratio),
            if place == 0 { verdict(ratio >= 1.0) } else { String::new() },
        ]);
    }
    report.table(&table);
}
