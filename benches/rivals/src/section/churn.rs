//! The same records updated again and again: does the file stay bounded?

use filedex::{FileId, NewFile};

use crate::Outcome;
use crate::engine::Filedex;
use crate::report::{Report, Table, bytes_ratio, megabytes, millis, times, verdict};
use crate::timing::{Samples, timed};
use crate::workshop::Workshop;

const UPDATES: usize = 10_000;
const RECORDS: usize = 100;
const LIMIT: f64 = 1.1;
/// Updates told together.
const STRETCH: usize = 1_000;

/// Updates a compacted copy of Filedex's database.
///
/// # Errors
/// When an update is refused.
pub fn run(workshop: &Workshop, files: &[NewFile], report: &mut Report) -> Outcome {
    report.section(
        "Churn",
        &format!(
            "{UPDATES} single-record updates of the same {RECORDS} records of a compacted file, \
             each durable. `after` is right after the last, merges under way and all; `reopened` \
             is after closing and opening."
        ),
        "live bytes within 1.1 times of before, and the file, once compacted, too.",
    );
    let path = workshop.copy(&workshop.filedex(), "churned.filedex")?;
    let filedex = Filedex::open(&path)?;
    filedex.database.compact()?;
    let mut states = vec![("before", state(&filedex)?)];
    let ids: Vec<FileId> =
        files.iter().take(RECORDS).map(|file| filedex.version.file_id(&file.uri)).collect();
    let mut stretches: Vec<Samples> = vec![Samples::default(); UPDATES / STRETCH];
    for update in 0..UPDATES {
        let comment = format!("Checked in round {update}");
        let tag = format!("round {}", update % 10);
        let (done, taken) = timed(|| filedex.update(ids[update % ids.len()], &comment, &tag));
        done?;
        stretches[update / STRETCH].push(taken);
    }
    states.push(("after", state(&filedex)?));
    drop(filedex);
    let filedex = Filedex::open(&path)?;
    states.push(("reopened", state(&filedex)?));
    filedex.database.compact()?;
    states.push(("compacted", state(&filedex)?));

    let (live_before, file_before) = states[0].1;
    let mut table = Table::new(&["when", "live MB", "/ before", "file MB", "/ before"]);
    for (when, (live, file)) in &states {
        table.row([
            (*when).to_owned(),
            megabytes(*live),
            times(bytes_ratio(*live, live_before)),
            megabytes(*file),
            times(bytes_ratio(*file, file_before)),
        ]);
    }
    report.table(&table);
    let (live_after, file_compacted) = (states[1].1.0, states[3].1.1);
    report.line(&format!(
        "Live bytes: {}. File, compacted: {}.\n",
        verdict(bytes_ratio(live_after, live_before) <= LIMIT),
        verdict(bytes_ratio(file_compacted, file_before) <= LIMIT),
    ));
    let mut table = Table::new(&["updates", "median ms", "p95 ms"]);
    for (number, samples) in stretches.iter().enumerate() {
        table.row([
            format!("{} to {}", number * STRETCH + 1, (number + 1) * STRETCH),
            millis(samples.median()),
            millis(samples.p95()),
        ]);
    }
    report.table(&table);
    Ok(())
}

/// Live bytes and the file's length.
fn state(filedex: &Filedex) -> Outcome<(u64, u64)> {
    let info = filedex.database.info()?;
    Ok((info.live_bytes, info.file_bytes))
}
