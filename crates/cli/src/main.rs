//! The `filedex` program: databases of file metadata from the command line.
//!
//! - [`args`] says what can be typed; each file of [`commands`] does one command.
//! - [`output`] is the only module that writes to standard output and standard error; [`table`],
//!   [`terminal`] and [`units`] shape what people read.
//! - [`failure`] maps what goes wrong to messages, hints and exit codes: 0 fine, 1 failed, 2 bad
//!   usage, bad query or bad cursor.
//! - [`database`] opens databases, with the models of [`model`] and what [`calibration`] keeps;
//!   [`meaning`] makes the question of an expression and the options of a search by meaning.
//! - [`source`] opens what is imported, [`progress`] shows how far a task is, [`confirm`] asks.
//!
//! Of the workspace's crates it names `filedex` and `filedex-embed` only.

mod args;
mod calibration;
mod commands;
mod confirm;
mod database;
mod failure;
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

fn main() -> ExitCode {
    let args = args::Args::parse();
    let mut output = output::Output::new(args.json, args.quiet);
    let done = commands::run(args.command, &mut output).and_then(|()| output.flush());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.complain(&failure);
            failure.exit_code()
        }
    }
}
