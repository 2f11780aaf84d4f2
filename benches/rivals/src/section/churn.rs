//! The same records updated again and again: does the file stay bounded?

use filedex::{FileId, Info, NewFile};

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
    let mut states = vec![("before", filedex.database.info()?)];
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
    states.push(("after", filedex.database.info()?));
    drop(filedex);
    let filedex = Filedex::open(&path)?;
    states.push(("reopened", filedex.database.info()?));
    filedex.database.compact()?;
    states.push(("compacted", filedex.database.info()?));

    let (live_before, file_before) = (states[0].1.live_bytes, states[0].1.file_bytes);
    let mut table = Table::new(&["when", "live MB", "/ before", "file MB", "/ before"]);
    for (when, info) in &states {
        table.row([
            (*when).to_owned(),
            megabytes(info.live_bytes),
            times(bytes_ratio(info.live_bytes, live_before)),
            megabytes(info.file_bytes),
            times(bytes_ratio(info.file_bytes, file_before)),
        ]);
    }
    report.table(&table);
    let (live_after, file_compacted) = (states[1].1.live_bytes, states[3].1.file_bytes);
    report.line(&format!(
        "Live bytes: {}. File, compacted: {}.\n",
        verdict(bytes_ratio(live_after, live_before) <= LIMIT),
        verdict(bytes_ratio(file_compacted, file_before) <= LIMIT),
    ));
    parts(&states, report);
    pace(&stretches, report);
    Ok(())
}

/// Which part of the file grew.
fn parts(states: &[(&str, Info)], report: &mut Report) {
    let mut headings = vec!["part, MB"];
    headings.extend(states.iter().map(|(when, _)| *when));
    let mut table = Table::new(&headings);
    for part in &states[0].1.parts {
        let bytes = |info: &Info| {
            let same = info.parts.iter().find(|other| other.part == part.part);
            same.map_or(0, |part| part.stored_bytes + part.overhead_bytes)
        };
        let cells = states.iter().map(|(_, info)| megabytes(bytes(info)));
        table.row(std::iter::once(part.part.clone()).chain(cells));
    }
    report.table(&table);
}

/// Whether updates become slower as they go on.
fn pace(stretches: &[Samples], report: &mut Report) {
    let mut table = Table::new(&["updates", "median ms", "p95 ms"]);
    for (number, samples) in stretches.iter().enumerate() {
        table.row([
            format!("{} to {}", number * STRETCH + 1, (number + 1) * STRETCH),
            millis(samples.median()),
            millis(samples.p95()),
        ]);
    }
    report.table(&table);
}
