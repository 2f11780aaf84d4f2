//! Opening a file that was closed cleanly.

use std::time::Duration;

use filedex::NewFile;

use crate::Outcome;
use crate::engine::{Filedex, Sqlite};
use crate::report::{Report, Table, millis, times, verdict};
use crate::timing::{Samples, timed, turns};
use crate::workshop::Workshop;

const ROUNDS: usize = 20;
const LIMIT: Duration = Duration::from_millis(15);

/// Opens and closes the databases in turns.
///
/// # Errors
/// When a database cannot be opened.
pub fn run(workshop: &Workshop, files: &[NewFile], report: &mut Report) -> Outcome {
    report.section(
        "Open",
        "The handle alone, and until one record's comment was read by its id; in milliseconds, the \
         files in the page cache, closing not counted. SQLite reads nothing before the first \
         statement, which here are its settings.",
        "15 ms or less.",
    );
    let dataset_id = Filedex::dataset_id()?;
    let wanted = files.first().ok_or("no records")?;
    let id = filedex::FileId::of(&dataset_id, &wanted.uri);
    let mut opened: [Samples; 2] = Default::default();
    let mut answered: [Samples; 2] = Default::default();
    for round in 0..ROUNDS {
        for engine in turns(round, opened.len()) {
            let (handle, answer) = if engine == 0 {
                let (filedex, handle) = timed(|| Filedex::open(&workshop.filedex()));
                let filedex = filedex?;
                let (comment, answer) = timed(|| filedex.comment(id));
                comment?;
                (handle, answer)
            } else {
                let (sqlite, handle) = timed(|| Sqlite::open(&workshop.sqlite()));
                let sqlite = sqlite?;
                let (comment, answer) = timed(|| sqlite.comment(id));
                comment?;
                (handle, answer)
            };
            opened[engine].push(handle);
            answered[engine].push(handle + answer);
        }
    }
    let mut table = Table::new(&["what", "Filedex", "p95", "SQLite", "p95", "/ SQLite", "target"]);
    for (what, samples, target) in [
        ("open", &opened, verdict(opened[0].median() <= LIMIT)),
        ("open and one record", &answered, "none".to_owned()),
    ] {
        let [filedex, sqlite] = samples;
        table.row([
            what.to_owned(),
            millis(filedex.median()),
            millis(filedex.p95()),
            millis(sqlite.median()),
            millis(sqlite.p95()),
            times(filedex.ratio_to(sqlite)),
            target,
        ]);
    }
    report.table(&table);
    Ok(())
}
