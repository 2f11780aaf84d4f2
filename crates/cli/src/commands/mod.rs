//! The commands, one a file: what each takes and what it does.

pub mod backup;
pub mod browse;
pub mod calibrate;
pub mod check;
pub mod compact;
pub mod completions;
pub mod create;
pub mod dataset;
pub mod delete;
pub mod demo;
pub mod embed;
pub mod export;
pub mod get;
pub mod hits;
pub mod import;
pub mod info;
pub mod optimize;
pub mod query;
pub mod reading;
pub mod reasons;
pub mod repair;
pub mod serve;
pub mod space;
pub mod stats;
pub mod sync;
pub mod tag;
pub mod update;
pub mod vectors;
pub mod verify;
pub mod version;
pub mod why;

use crate::args::Command;
use crate::failure::Failure;
use crate::output::Output;

/// Does what a command says.
pub fn run(command: Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(&args, output),
        Command::Create(args) => create::run(&args, output),
        Command::Dataset(args) => dataset::run(args, output),
        Command::Version(args) => version::run(args, output),
        Command::Import(args) => import::run(&args, output),
        Command::Sync(args) => sync::run(&args, output),
        Command::Verify(args) => verify::run(&args, output),
        Command::Query(args) => query::run(&args, output),
        Command::Why(args) => why::run(&args, output),
        Command::Get(args) => get::run(&args, output),
        Command::Update(args) => update::run(&args, output),
        Command::Delete(args) => delete::run(&args, output),
        Command::Tag(args) => tag::run(&args, output),
        Command::Stats(args) => stats::run(&args, output),
        Command::Embed(args) => embed::run(&args, output),
        Command::Space(args) => space::run(&args, output),
        Command::Calibrate(args) => calibrate::run(&args, output),
        Command::Backup(args) => backup::run(&args, output),
        Command::Check(args) => check::run(&args, output),
        Command::Repair(args) => repair::run(&args, output),
        Command::Optimize(args) => optimize::run(&args, output),
        Command::Compact(args) => compact::run(&args, output),
        Command::Info(args) => info::run(&args, output),
        Command::Export(args) => export::run(&args, output),
        Command::Serve(args) => serve::run(&args, output),
        Command::Browse(args) => browse::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
    }
}
