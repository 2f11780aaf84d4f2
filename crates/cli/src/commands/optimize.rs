//! `filedex optimize`: queries as fast as they can be.

use std::time::Instant;

use serde_json::json;

use crate::args::File;
use crate::database::open_to_write;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress;
use crate::units::duration;

const HELP: &str = "\
Examples:
  filedex optimize photos.filedex

Segments of the text index and of vectors are merged, and large embedding spaces get the neighbour
graph that makes their searches fast. This happens by itself while a file is written, but a program
that ends soon may leave some of it undone. No one else may have the file open. The file may grow;
`filedex compact` gives the space back.";

/// Merge segments and build neighbour graphs
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let started = Instant::now();
    let spinner = progress::of_work(output, "optimizing");
    let done = database.optimize();
    spinner.finish_and_clear();
    done?;
    let took = started.elapsed();
    let info = database.info()?;
    let segments: usize = info.versions.iter().map(|version| version.segments).sum();
    if output.is_json() {
        return output.json(&json!({
            "optimized": true,
            "text_segments": segments,
            "elapsed_ms": took.as_millis() as u64,
        }));
    }
    let path = args.file.path.display();
    output.line(format!("optimized {path} in {}", duration(took)))
}
