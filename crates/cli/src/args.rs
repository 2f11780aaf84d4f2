//! What can be typed: the commands and the options that several of them share.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use filedex::{Order, StatusFilter};

use crate::commands::{
    backup, browse, calibrate, check, compact, completions, create, dataset, delete, demo, embed,
    export, get, import, info, optimize, query, repair, serve, space, stats, sync, tag, update,
    verify, version, why,
};

/// Search and curate the metadata of files: names, folders, types, sizes, dates, tags, captions
/// and attributes, all in one file.
#[derive(Debug, Parser)]
#[command(name = "filedex", version, max_term_width = 100, after_help = ROOT_HELP)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// Print JSON on standard output, and errors as one line of JSON on standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no notes
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

const ROOT_HELP: &str = "\
Examples:
  filedex demo
  filedex import photos.filedex photos.jsonl.zst
  filedex sync photos.filedex ~/Pictures
  filedex query photos.filedex \"Tags.all = 'beach' AND DataSize > 1000000\" --sort FileUpdateTime
  filedex embed photos.filedex
  filedex query photos.filedex \"FileType = 'image'\" --text 'children playing in the snow'

Exit codes: 0 fine, 1 failed, 2 bad usage, bad query or bad cursor, 3 repaired but not all was saved.
With --json, an error is {\"error\":{\"kind\",\"message\",\"hint\"}} on standard error.
NO_COLOR turns colour off; it is off anyway where the output is no terminal.";

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(demo::Args),
    Create(create::Args),
    Dataset(dataset::Args),
    Version(version::Args),
    // Boxed, as they have many times the fields of the others.
    Import(Box<import::Args>),
    Sync(Box<sync::Args>),
    Verify(verify::Args),
    Query(Box<query::Args>),
    #[command(visible_alias = "why-not")]
    Why(Box<why::Args>),
    Get(get::Args),
    Update(Box<update::Args>),
    Delete(delete::Args),
    Tag(tag::Args),
    Stats(stats::Args),
    Embed(embed::Args),
    Space(space::Args),
    Calibrate(calibrate::Args),
    Check(check::Args),
    Repair(repair::Args),
    Backup(backup::Args),
    Optimize(optimize::Args),
    Compact(compact::Args),
    Info(info::Args),
    Export(export::Args),
    Serve(Box<serve::Args>),
    Browse(browse::Args),
    Completions(completions::Args),
}

/// The database.
#[derive(Debug, clap::Args)]
pub struct File {
    /// The database file
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
}

/// Which version of which dataset.
#[derive(Debug, Default, clap::Args)]
pub struct Scope {
    /// The dataset, by name or id; without it the only one, or the one named `default`
    #[arg(long, short, value_name = "NAME")]
    pub dataset: Option<String>,
    /// The version, by name or id; without it the dataset's current one
    #[arg(long, value_name = "NAME")]
    pub version: Option<String>,
}

/// Consent given beforehand.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Consent {
    /// Do it without asking
    #[arg(long, short)]
    pub yes: bool,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// Smallest first
    Asc,
    /// Largest first
    Desc,
}

impl From<Direction> for Order {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Asc => Self::Asc,
            Direction::Desc => Self::Desc,
        }
    }
}

/// Records of which status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusArg {
    /// Those not deleted
    Active,
    /// Logically deleted ones
    Deleted,
    /// Both
    All,
}

impl StatusArg {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deleted => "deleted",
            Self::All => "all",
        }
    }
}

impl From<StatusArg> for StatusFilter {
    fn from(status: StatusArg) -> Self {
        match status {
            StatusArg::Active => Self::Active,
            StatusArg::Deleted => Self::Deleted,
            StatusArg::All => Self::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn definition_is_sound() {
        super::Args::command().debug_assert();
    }
}
