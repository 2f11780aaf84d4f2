//! `filedex create`: an empty database.

use filedex::Database;
use serde_json::json;

use crate::args::File;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "\
Examples:
  filedex create photos.filedex

It need not be run before an import, which makes the file where it is absent.";

/// Make an empty database
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    Database::create(&args.file.path)?;
    let path = args.file.path.display().to_string();
    if output.is_json() {
        return output.json(&json!({ "file": path, "created": true }));
    }
    output.line(format!("created {path}"))
}
