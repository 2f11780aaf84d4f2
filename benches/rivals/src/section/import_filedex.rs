//! Filedex's import alone, as the program does it, and the most memory the process ever had.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};

use filedex_benches::{Bench, Corpus};
use tempfile::TempDir;

use crate::Outcome;
use crate::report::{Report, Table, megabytes};
use crate::timing::timed;

/// Imports the corpus line by line. No other engine and no copy of the records is in the process.
///
/// # Errors
/// When a line is refused.
pub fn run(corpus: &Corpus, limit: Option<usize>, report: &mut Report) -> Outcome {
    report.section(
        "Import, Filedex alone",
        "JSON lines, decompressed, parsed and committed in batches of 20,000, as `filedex import` \
         does it; the peak is the process's (VmHWM), the window of 64 MiB that the corpus was \
         compressed with included. `settled` is the merge under way and closing.",
        "none in the issue; a peak beside PEERS 3c-bis.",
    );
    let cut;
    let corpus = match limit {
        Some(limit) => {
            cut = prefix(corpus, limit)?;
            &cut.0
        }
        None => corpus,
    };
    let (bench, taken) = timed(|| Bench::import(corpus));
    let bench = bench?;
    let records = bench.records;
    let peak = peak_memory()?;
    let (closed, settled) = timed(|| bench.close());
    let (_folder, path) = closed?;
    let mut table = Table::new(&[
        "records",
        "records/s",
        "s",
        "settled s",
        "peak MB",
        "peak settled MB",
        "file MB",
    ]);
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = records as f64 / taken.as_secs_f64();
    table.row([
        records.to_string(),
        format!("{rate:.0}"),
        format!("{:.2}", taken.as_secs_f64()),
        format!("{:.2}", settled.as_secs_f64()),
        megabytes(peak),
        megabytes(peak_memory()?),
        megabytes(path.metadata()?.len()),
    ]);
    report.table(&table);
    Ok(())
}

/// The first lines of a corpus, in a file of their own.
fn prefix(corpus: &Corpus, limit: usize) -> Outcome<(Corpus, TempDir)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("prefix.jsonl");
    let mut file = BufWriter::new(File::create(&path)?);
    for line in corpus.lines()?.lines().take(limit) {
        writeln!(file, "{}", line?)?;
    }
    file.into_inner()?.sync_all()?;
    Ok((Corpus::at(&path)?, folder))
}

/// The most memory the process ever had in use, in bytes.
fn peak_memory() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")).ok_or("no VmHWM")?;
    Ok(kibibytes.trim().parse::<u64>()? * 1_024)
}
