//! The `filedex` program: databases of file metadata from the command line.
//!
//! - [`args`] says what can be typed; each file of [`commands`] does one command.
//! - [`output`] is the only module that writes to standard output and standard error; [`table`],
//!   [`terminal`] and [`units`] shape what people read.
//! - [`failure`] maps what goes wrong to messages, hints and exit codes: 0 fine, 1 failed, 2 bad
//!   usage, bad query or bad cursor, 3 repaired with losses.
//! - [`database`] opens databases, with the models of [`model`] and what [`calibration`] keeps;
//!   [`meaning`] makes the question of an expression and the options of a search by meaning.
//! - [`at_server`] has a command run by the `filedex serve` that holds its file.
//! - [`folder`] brings a folder of files and its records together.
//! - [`source`] opens what is imported, [`progress`] shows how far a task is, [`confirm`] asks.
//!
//! Of the workspace's crates it names `filedex`, `filedex-embed`, `filedex-formats`, `filedex-ingest` and
//! `filedex-server` only.

mod args;
mod at_server;
mod calibration;
mod commands;
mod confirm;
mod database;
mod failure;
mod folder;
mod highlight;
mod interrupt;
mod meaning;
mod model;
mod output;
mod progress;
mod selection;
mod source;
mod table;
mod terminal;
mod units;

use std::process::ExitCode;

use clap::Parser;

/// A decoder that gives up over a damaged file is an error, which is told as one.
fn tell_no_panics_of_decoders() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !filedex_formats::is_decoding() {
            tell(panic);
        }
    }));
}

fn main() -> ExitCode {
    tell_no_panics_of_decoders();
    let args = args::Args::parse();
    let mut output = output::Output::new(args.json, args.quiet);
    let can_be_sent = at_server::can_be_sent(&args);
    let done = commands::run(args.command, &mut output).and_then(|()| output.flush());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(mut failure) => {
            if let Some(path) = failure.locked_path()
                && let Some(sent) = at_server::sent(can_be_sent, path, &output)
            {
                match sent {
                    Ok(code) => return ExitCode::from(code),
                    Err(other) => failure = other,
                }
            }
            output.complain(&failure);
            failure.exit_code()
        }
    }
}
