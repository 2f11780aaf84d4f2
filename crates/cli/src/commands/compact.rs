//! `filedex compact`: the file as small as its content allows.

use serde_json::json;

use crate::args::File;
use crate::database::open_to_write;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress;
use crate::units::size;

const HELP: &str = "\
Examples:
  filedex compact photos.filedex

It takes time in proportion to the file. No one else may have the file open.";

/// Make the file as small as its content allows
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let spinner = progress::of_work(output, "compacting");
    let done = database.compact();
    spinner.finish_and_clear();
    let before = done?.before;
    // Closing writes a little more, so the length is taken from the closed file.
    drop(database);
    let path = &args.file.path;
    let closed = std::fs::metadata(path);
    let after = closed.map_err(|error| Failure::io(path.display().to_string(), error))?.len();
    if output.is_json() {
        return output.json(&json!({ "before_bytes": before, "after_bytes": after }));
    }
    output.line(format!("{} before, {} after", size(before), size(after)))
}
