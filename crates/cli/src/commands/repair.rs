//! `filedex repair`: a new, sound file of what can be read from a damaged one.

use std::path::PathBuf;

use filedex::{Loss, LossKind, RepairReport, RepairStep, RepairTo};
use serde_json::{Value, json};

use crate::args::File;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, Style};
use crate::progress;
use crate::table::{Column, Table};
use crate::units::counted;

const HELP: &str = "\
Examples:
  filedex repair photos.filedex
  filedex repair photos.filedex --output saved.filedex
  filedex repair photos.filedex --in-place
  filedex repair photos.filedex --json | jq '.losses[]'

Datasets, versions, records, notes, spaces and vectors are taken over wherever their pages can be
read, also from a file that cannot be opened; ids, names, folders, counters and indexes are made anew.
The damaged file is only read. The new one is checked before it gets its name; without --output
photos.filedex is repaired as photos.repaired.filedex. Nothing that exists is overwritten, and with
--in-place the damaged file is kept as photos.filedex.damaged. No one may write to it meanwhile.

Exits with 0 where everything that was in the file is in the new one; with 3 where something is lost,
or may be: it is listed, and a backup may have it; with 1 where nothing could be repaired.";

/// Make a sound file of what can be read from a damaged one
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The new file
    #[arg(long, short, value_name = "DEST", conflicts_with = "in_place")]
    output: Option<PathBuf>,
    /// Put the new file in the damaged one's place, and keep that one as FILE.damaged
    #[arg(long)]
    in_place: bool,
}

/// Names of what is lost that are shown in a line.
const SHOWN_NAMES: usize = 5;

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let path = &args.file.path;
    let to = match &args.output {
        _ if args.in_place => RepairTo::InPlace,
        Some(target) => RepairTo::File(target.clone()),
        None => RepairTo::Beside,
    };
    let bar = progress::of_work(output, "reading");
    let interrupt = output.can_ask().then(|| Interrupt::listen_under(&bar, output)).transpose()?;
    let done = filedex::repair(path, &to, |step, done, all| {
        bar.set_message(match step {
            RepairStep::Saving => "saving",
            RepairStep::Indexing => "indexing",
            _ => "checking",
        });
        progress::set_records(&bar, all);
        bar.set_position(done);
        !interrupt.as_ref().is_some_and(Interrupt::is_set)
    });
    bar.finish_and_clear();
    let report = done.map_err(|error| Failure::opening(path, error))?;
    if output.is_json() {
        output.json(&as_json(&report))?;
    } else {
        print(&report, output)?;
    }
    if report.is_complete() { Ok(()) } else { Err(Failure::Incomplete) }
}

fn as_json(report: &RepairReport) -> Value {
    let listed = |losses: &[Loss]| -> Value {
        let line = |loss: &Loss| {
            json!({
                "kind": loss.kind.name(),
                "of": loss.of,
                "count": loss.count,
                "names": loss.names,
            })
        };
        losses.iter().map(line).collect()
    };
    json!({
        "complete": report.is_complete(),
        "path": report.path.display().to_string(),
        "damaged": report.damaged.as_ref().map(|path| path.display().to_string()),
        "datasets": report.datasets,
        "versions": report.versions,
        "records": report.records,
        "spaces": report.spaces,
        "vectors": report.vectors,
        "notes": report.notes,
        "losses": listed(&report.losses),
        "doubts": listed(&report.doubts),
        "unproved": report.unproved,
    })
}

fn print(report: &RepairReport, output: &mut Output) -> Result<(), Failure> {
    for (title, losses) in [("lost", &report.losses), ("from damaged pages", &report.doubts)] {
        if losses.is_empty() {
            continue;
        }
        let columns =
            [Column::Whole(title), Column::Whole("of"), Column::Text("named, as far as known")];
        let mut table = Table::new(&columns);
        for loss in losses {
            let (one, many) = words(loss.kind);
            let mut names = loss.names.iter().take(SHOWN_NAMES).cloned().collect::<Vec<_>>();
            if loss.names.len() > SHOWN_NAMES {
                names.push(format!("and {} more (--json)", loss.names.len() - SHOWN_NAMES));
            }
            table.row([&counted(loss.count, one, many), &loss.of, &names.join(", ")]);
        }
        output.table(&table)?;
    }
    for unproved in &report.unproved {
        output.line(format!("not proved: {unproved}"))?;
    }
    if let Some(damaged) = &report.damaged {
        output.line(format!("the damaged file is now {}", damaged.display()))?;
    }
    let saved = format!(
        "{}: {} in {}, {}, {}",
        report.path.display(),
        counted(report.records, "record", "records"),
        counted(report.versions, "version", "versions"),
        counted(report.vectors, "vector", "vectors"),
        counted(report.notes, "note", "notes"),
    );
    if report.is_complete() {
        let style = output.styled(Style::Good, "repaired, nothing lost");
        return output.line(format!("{style}: {saved}"));
    }
    let style = output.styled(Style::Bad, "repaired, not all was saved");
    output.line(format!("{style}: {saved}"))
}

fn words(kind: LossKind) -> (&'static str, &'static str) {
    match kind {
        LossKind::Commit => ("newest commit (the one before was saved)", "commits"),
        LossKind::Dataset => ("dataset's description", "datasets' descriptions"),
        LossKind::Version => ("version's description", "versions' descriptions"),
        LossKind::Record => ("record", "records"),
        LossKind::Job => ("job", "jobs"),
        LossKind::Note => ("note", "notes"),
        LossKind::Space => ("space's description", "spaces' descriptions"),
        LossKind::Vector => ("vector", "vectors"),
        LossKind::Deletion => {
            ("list of removed vectors", "lists of removed vectors, which may be back")
        }
        _ => ("thing", "things"),
    }
}
