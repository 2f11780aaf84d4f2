//! `filedex check`: proof that the parts of a file agree.

use std::collections::BTreeSet;
use std::path::Path;

use filedex::{CheckReport, Database, ErrorKind, Rebuilt, Remedy};
use serde_json::{Value, json};

use crate::args::File;
use crate::database::{open_to_read, open_to_write};
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::progress;
use crate::table::{Column, Table};
use crate::units::counted;

const HELP: &str = "\
Examples:
  filedex check photos.filedex
  filedex check photos.filedex --json | jq '.findings[]'
  filedex check photos.filedex --repair

Every page is compared with its checksum, the text index is rebuilt from the records in memory and
compared, and every vector is compared with its code; that takes about as long as the import did.
Exits with 1 where something does not agree, and says for each finding what to do: `filedex repair`
makes anew what is derived and saves what can be read; what is lost comes back from a backup. A file
that was not closed cleanly is recovered first; of one that cannot be opened the pages are checked.

--repair first makes indexes anew in place, for a file whose indexes alone are damaged: the text index
from the records, and the vector segments from the vectors that can be read. It needs no second file;
for everything else there is `filedex repair`. No one else may have the file open.";

/// Prove that the parts of the file agree
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// Make the index anew, then check
    #[arg(long)]
    repair: bool,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let (database, rebuilt) = if args.repair {
        let database = open_to_write(&args.file.path, output)?;
        let rebuilt = rebuild(&database, output)?;
        (database, Some(rebuilt))
    } else {
        match open_to_read(&args.file.path, output) {
            Err(Failure::Filedex(error)) if cannot_be_opened(error.kind()) => {
                return of_pages(&args.file.path, *error, output);
            }
            opened => (opened?, None),
        }
    };
    let bar = progress::of_work(output, "checking");
    let report = database.check(|done, all| {
        progress::set_records(&bar, all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    if output.is_json() {
        output.json(&as_json(&report, rebuilt.as_ref()))?;
    } else {
        if let Some(rebuilt) = &rebuilt {
            print_rebuilt(rebuilt, output)?;
        }
        print(&report, output)?;
    }
    if report.is_sound() { Ok(()) } else { Err(Failure::Reported) }
}

/// Whether a file may be damaged too much to be opened.
fn cannot_be_opened(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Damaged | ErrorKind::Unsupported)
}

/// Checks the pages of a file that cannot be opened.
fn of_pages(path: &Path, why: filedex::Error, output: &mut Output) -> Result<(), Failure> {
    // Where nothing can be found in it, why it cannot be opened says more.
    let Ok(report) = filedex::check_pages(path) else { return Err(why.into()) };
    if output.is_json() {
        output.json(&as_json(&report, None))?;
    } else {
        print(&report, output)?;
    }
    if report.is_sound() { Err(why.into()) } else { Err(Failure::Reported) }
}

fn rebuild(database: &Database, output: &Output) -> Result<Rebuilt, Failure> {
    let bar = progress::of_work(output, "rebuilding");
    let rebuilt = database.rebuild(|done, all| {
        progress::set_records(&bar, all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    Ok(rebuilt?)
}

fn as_json(report: &CheckReport, rebuilt: Option<&Rebuilt>) -> Value {
    let findings = report.findings.iter();
    let findings: Value = findings
        .map(|f| {
            let (remedy, to_do) = (f.remedy.name(), f.remedy.to_string());
            json!({ "part": f.part, "what": f.what, "remedy": remedy, "do": to_do })
        })
        .collect();
    let mut json = json!({
        "sound": report.is_sound(),
        "records": report.records,
        "versions": report.versions,
        "vectors": report.vectors,
        "pages": report.pages,
        "findings": findings,
    });
    if let Some(rebuilt) = rebuilt {
        json["rebuilt"] = json!({
            "records": rebuilt.records,
            "vectors": rebuilt.vectors,
            "lost_vectors": rebuilt.lost_vectors,
        });
    }
    json
}

fn print_rebuilt(rebuilt: &Rebuilt, output: &mut Output) -> Result<(), Failure> {
    let records = counted(rebuilt.records, "record", "records");
    let vectors = counted(rebuilt.vectors, "vector", "vectors");
    output.line(format!("made the index of {records} and {vectors} anew"))?;
    if rebuilt.lost_vectors > 0 {
        let lost = counted(rebuilt.lost_vectors, "vector was", "vectors were");
        let lost = output.styled(Style::Bad, &format!("{lost} lost"));
        output.line(format!(
            "{lost}; `filedex embed FILE`, with the model and the options of then, gives those files \
             vectors again, and so does the import they came from"
        ))?;
    }
    Ok(())
}

fn print(report: &CheckReport, output: &mut Output) -> Result<(), Failure> {
    let vectors = match report.vectors {
        0 => String::new(),
        vectors => format!(", {}", counted(vectors, "vector", "vectors")),
    };
    let looked_at = format!(
        "{} in {}{vectors}, {}",
        counted(report.records, "record", "records"),
        counted(report.versions, "version", "versions"),
        counted(report.pages, "page", "pages"),
    );
    if report.is_sound() {
        let sound = output.styled(Style::Good, "sound");
        return output.line(format!("{sound}: {looked_at}"));
    }
    let mut table = Table::new(&[Column::Whole("part"), Column::Text("what"), Column::Whole("do")]);
    for finding in &report.findings {
        let to_do = match finding.remedy {
            Remedy::Rebuild => "repair",
            _ => "repair, backup",
        };
        table.row([finding.part.as_str(), finding.what.as_str(), to_do]);
    }
    output.table(&table)?;
    let remedies: BTreeSet<Remedy> = report.findings.iter().map(|f| f.remedy).collect();
    for remedy in remedies {
        let names = report.findings.iter().filter(|f| f.remedy == remedy).count();
        output.line(format!("{}: {remedy}", counted(names as u64, "finding", "findings")))?;
    }
    let count = counted(report.findings.len() as u64, "finding", "findings");
    output.line(format!("{}: {looked_at}", output.styled(Style::Bad, &count)))
}
