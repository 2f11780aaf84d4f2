//! `filedex check`: proof that the parts of a file agree.

use serde_json::{Value, json};

use crate::args::File;
use crate::database::open_to_read;
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::progress;
use crate::table::{Column, Table};
use crate::units::counted;

const HELP: &str = "\
Examples:
  filedex check photos.filedex
  filedex check photos.filedex --json | jq '.findings[]'

Checksums are verified, and the text index is rebuilt from the records in memory and compared; that
takes about as long as the import did. Exits with 1 where something does not agree. A file that was
not closed cleanly is recovered first.";

/// Prove that the parts of the file agree
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let bar = progress::of_work(output, "checking");
    let report = database.check(|done, all| {
        progress::set_records(&bar, all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    let findings = &report.findings;
    if output.is_json() {
        let findings: Value =
            findings.iter().map(|f| json!({ "part": f.part, "what": f.what })).collect();
        output.json(&json!({
            "sound": report.is_sound(),
            "records": report.records,
            "versions": report.versions,
            "findings": findings,
        }))?;
    } else {
        let looked_at = format!(
            "{} in {}",
            counted(report.records, "record", "records"),
            counted(report.versions, "version", "versions"),
        );
        if report.is_sound() {
            let sound = output.styled(Style::Good, "sound");
            output.line(format!("{sound}: {looked_at}"))?;
        } else {
            let mut table = Table::new(&[Column::Whole("part"), Column::Text("what")]);
            for finding in findings {
                table.row([&finding.part, &finding.what]);
            }
            output.table(&table)?;
            let count = counted(findings.len() as u64, "finding", "findings");
            output.line(format!("{}: {looked_at}", output.styled(Style::Bad, &count)))?;
        }
    }
    if report.is_sound() { Ok(()) } else { Err(Failure::Reported) }
}
