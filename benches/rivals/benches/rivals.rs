//! Filedex, SQLite with FTS5 and raw tantivy over the same records, in one process, in turns.
//!
//! Corpus: `--data`, else what `FILEDEX_DATA` names, else the large set beside the repository, else
//! the fixtures. See `benches/README.md` for the sections and how to read them.

use std::process::ExitCode;

use filedex_rivals::options::Options;
use filedex_rivals::{Outcome, report::Report, run};

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rivals: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Outcome {
    let options = Options::parse(std::env::args().skip(1))?;
    let mut report = Report::default();
    let done = run(&options, &mut report);
    if let Some(path) = &options.out {
        // What was measured before an error is worth keeping.
        report.write(path)?;
    }
    done
}
