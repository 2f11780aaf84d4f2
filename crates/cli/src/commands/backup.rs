//! `filedex backup`: a copy of the file, also while a server holds it.

use std::path::PathBuf;

use serde_json::json;

use crate::args::File;
use crate::database::open_to_read;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress;
use crate::units::{duration, size};

const HELP: &str = "\
Examples:
  filedex backup photos.filedex photos-2026-11-21.filedex

The copy shows one commit, has no free space, is verified page by page, and gets its name when it
is whole: what is cut short leaves nothing. A file that `filedex serve` holds is copied by it, while
it goes on serving. An existing file is never overwritten.";

/// Copy a database, also while it is being served
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The new file
    #[arg(value_name = "COPY")]
    copy: PathBuf,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let copy = output.path(&args.copy);
    let bar = progress::of_bytes(output, None);
    bar.set_message("copied");
    // Where a server copies, Ctrl-C is its own.
    let interrupt = output.can_ask().then(|| Interrupt::listen_under(&bar, output)).transpose()?;
    let started = std::time::Instant::now();
    let done = database.backup_to(&copy, |bytes| {
        bar.set_position(bytes);
        !interrupt.as_ref().is_some_and(Interrupt::is_set)
    });
    bar.finish_and_clear();
    let done = done?;
    if output.is_json() {
        return output.json(&json!({
            "copy": copy.display().to_string(),
            "bytes": done.bytes,
            "generation": done.generation,
        }));
    }
    let time = duration(started.elapsed());
    output.line(format!("{}, {}, verified, {time}", copy.display(), size(done.bytes)))
}
