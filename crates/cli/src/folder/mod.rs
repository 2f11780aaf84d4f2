//! A folder of files and the records of a dataset version, brought together.
//!
//! - [`place`] says which URI a file of the folder has, and which file a URI means.
//! - [`known`] has what the database knows of the folder's files, [`plan`] compares it with what is there.
//! - [`run`] reads what is new or may have changed, many files at once, and commits batch by batch
//!   ([`stage`]); [`join`] makes the record of what was read and what was known; [`missing`] ends with what is gone.
//! - [`report`] counts, and tells.
//!
//! A run that was cut short, even killed, is resumed by the next one: what it committed has the size and
//! time of its files, and is not read again.

mod join;
mod known;
pub mod missing;
pub mod place;
mod plan;
pub mod report;
mod run;
mod stage;

use std::path::Path;

use filedex_ingest::{ReadOptions, WalkOptions};

use crate::failure::Failure;
pub use missing::Missing;
pub use run::{Run, sync};

/// What is taken from a folder, and how.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Folders")]
pub struct FolderArgs {
    /// Put this in the place of file:///the/folder in URIs, so that the folder can be moved
    #[arg(long, value_name = "URI")]
    pub prefix: Option<String>,
    /// The folder's URI (or its path) before it was moved or renamed: its records follow
    #[arg(long, value_name = "URI")]
    pub was: Option<String>,
    /// Follow symbolic links
    #[arg(long)]
    follow_links: bool,
    /// Take files and folders whose names begin with a dot, too
    #[arg(long)]
    hidden: bool,
    /// Take what .gitignore, .ignore and .filedexignore leave out, too
    #[arg(long)]
    no_ignore: bool,
    /// Take NAME.txt and NAME.json beside media as files of their own
    #[arg(long)]
    no_sidecars: bool,
    /// Tag files with the names of their folders below FOLDER (tagging job `folders`)
    #[arg(long)]
    pub tags_from_dirs: bool,
    /// Do not decode pictures for their perceptual hash
    #[arg(long)]
    no_hashes: bool,
    /// Read every file, whatever its size and time say
    #[arg(long)]
    pub checksum: bool,
    /// What to do with records whose files are gone [default: mark]
    #[arg(long, value_name = "WHAT")]
    pub missing: Option<Missing>,
}

impl FolderArgs {
    /// Refuses what means nothing where no folder is imported.
    pub fn refuse_for_lines(&self, source: &str) -> Result<(), Failure> {
        let given = [
            (self.prefix.is_some(), "--prefix"),
            (self.was.is_some(), "--was"),
            (self.follow_links, "--follow-links"),
            (self.hidden, "--hidden"),
            (self.no_ignore, "--no-ignore"),
            (self.no_sidecars, "--no-sidecars"),
            (self.tags_from_dirs, "--tags-from-dirs"),
            (self.no_hashes, "--no-hashes"),
            (self.checksum, "--checksum"),
            (self.missing.is_some(), "--missing"),
        ];
        match given.into_iter().find(|(given, _)| *given) {
            None => Ok(()),
            Some((_, option)) => {
                Err(Failure::Usage(format!("{option} is for folders, and {source} is none")))
            }
        }
    }

    fn walk_options(&self, leave_out: &[&Path]) -> WalkOptions {
        let leave_out = leave_out.iter().filter_map(|path| path.canonicalize().ok());
        WalkOptions {
            follow_links: self.follow_links,
            hidden: self.hidden,
            ignore_files: !self.no_ignore,
            sidecars: !self.no_sidecars,
            leave_out: leave_out.collect(),
        }
    }

    fn read_options(&self) -> ReadOptions {
        ReadOptions { hashes: !self.no_hashes, ..ReadOptions::default() }
    }
}
