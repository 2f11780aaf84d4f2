//! `filedex sync`: a folder of files into a dataset version, and its records kept up with it.

use std::path::{Path, PathBuf};

use crate::args::{File, Scope};
use crate::commands::import::batch_items;
use crate::database::builder;
use crate::failure::Failure;
use crate::folder::place::Place;
use crate::folder::report::{Problems, Told};
use crate::folder::{self, FolderArgs, Run};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress;

/// Files to a commit, where nothing is said.
pub const BATCH: usize = 1_000;

const HELP: &str = "\
Examples:
  filedex sync photos.filedex ~/Pictures
  filedex sync photos.filedex ~/Pictures --tags-from-dirs --missing delete
  filedex sync photos.filedex /mnt/disk/photos --prefix photos: --errors problems.jsonl
  filedex sync photos.filedex ~/Pictures/Trips --was ~/Pictures/Travel
  filedex query photos.filedex \"Attributes.camera : 'canon' AND Attributes.width >= 4000\"

Of each file: size, times, MD5 (file_fingerprint), BLAKE3 (content_hash) and the type by
content; of pictures width, height, EXIF (taken, camera, lens, orientation, latitude, longitude,
iso, f_number, exposure_time, focal_length) and phash, of sounds and movies duration, codec,
sample_rate, channels, title, artist, album, genre and year, all as attributes. NAME.txt and
NAME.json beside media are their captions.

Running it again reads what is new and what has another size or time, and changes nothing else.
A file with a new path and the content of one that is gone has moved: its new record names the
old one (Attributes.predecessor) and has its tags, labels, comments, attributes and vectors.
What people wrote stays; what they deleted stays deleted.

A file's URI is file:// and its path; with --prefix URI it is URI, a slash and the path below
FOLDER, and the folder can be moved. What is wrong with a file is reported and does not stop the
others; where a file could not be taken the exit code is 1. Ctrl-C stops after the batch under
way; running the same command again resumes.";

/// Bring a folder of files and its records together
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The folder
    folder: PathBuf,
    #[command(flatten)]
    scope: Scope,
    /// Write what is wrong with files here, one JSON object a line
    #[arg(long, value_name = "PATH")]
    errors: Option<PathBuf>,
    /// Files to a commit
    #[arg(long, value_name = "N", default_value_t = BATCH, value_parser = batch_items)]
    batch: usize,
    /// After each commit, print how many files are done, for programs that wait for it
    #[arg(long)]
    acknowledge: bool,
    #[command(flatten)]
    options: FolderArgs,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let wanted = Wanted {
        file: &args.file.path,
        folder: &args.folder,
        scope: &args.scope,
        options: &args.options,
        errors: args.errors.as_deref(),
        batch: args.batch,
        acknowledge: args.acknowledge,
    };
    wanted.sync(output)
}

/// What `sync FILE FOLDER` and `import FILE FOLDER` do alike.
pub struct Wanted<'a> {
    pub file: &'a Path,
    pub folder: &'a Path,
    pub scope: &'a Scope,
    pub options: &'a FolderArgs,
    pub errors: Option<&'a Path>,
    pub batch: usize,
    pub acknowledge: bool,
}

impl Wanted<'_> {
    pub fn sync(&self, output: &mut Output) -> Result<(), Failure> {
        let place = Place::new(self.folder, self.options.prefix.as_deref())?;
        let bar = progress::of_work(output, "listing");
        let interrupt = Interrupt::listen_under(&bar, output)?;
        let mut problems = Problems::to(self.errors)?;
        // Before anything is read: a second sync of the file is told at once that it is busy.
        let database = builder(output)
            .open_or_create(self.file)
            .map_err(|error| Failure::opening(self.file, error))?;
        let scope = self.scope;
        let version =
            database.version_or_create(scope.dataset.as_deref(), scope.version.as_deref())?;
        let leave_out: Vec<&Path> = std::iter::once(self.file).chain(self.errors).collect();
        let run = Run {
            database: &database,
            version: &version,
            place: &place,
            args: self.options,
            batch: self.batch,
            leave_out: &leave_out,
            interrupt: &interrupt,
            bar: &bar,
        };
        let done = folder::sync(
            &run,
            |problem| problems.add(problem),
            |done| match self.acknowledge {
                true => progress::acknowledge(done, output),
                false => Ok(()),
            },
        );
        bar.finish_and_clear();
        let written = problems.finish();
        let report = done?;
        written?;
        let told = Told {
            file: self.file,
            place: &place,
            version: &version,
            errors: self.errors,
            missing: self.options.missing.unwrap_or_default(),
            report: &report,
            problems: &problems,
        };
        told.print(output)?;
        if report.failed > 0 || report.stopped { Err(Failure::Reported) } else { Ok(()) }
    }
}
