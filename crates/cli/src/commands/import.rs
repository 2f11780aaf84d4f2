//! `filedex import`: JSON lines, or a folder of files, into a dataset version.

use std::fs::File as OsFile;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use filedex::import::{ImportOptions, ImportReport, LineError, Progress, VectorRows};
use filedex::{ImportMode, VersionRef, limits};
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::commands::reasons::Reasons;
use crate::commands::sync::{self, Wanted};
use crate::commands::vectors::{Rows, Vectors};
use crate::database::builder;
use crate::failure::Failure;
use crate::folder::FolderArgs;
use crate::interrupt::Interrupt;
use crate::output::{Output, Style};
use crate::progress;
use crate::source::{Origin, Source};
use crate::terminal::clean;
use crate::units::{count, counted, duration, rate};

const HELP: &str = "\
Examples:
  filedex import photos.filedex photos.jsonl.zst
  filedex import photos.filedex photos.jsonl --dataset holidays --errors refused.jsonl
  zcat more.jsonl.gz | filedex import photos.filedex -
  filedex import photos.filedex ~/Pictures --tags-from-dirs
  filedex import photos.filedex photos.jsonl --embeddings vectors.npy --space captions \
    --model-id all-MiniLM-L6-v2

A folder is walked, and its files become records: `filedex sync --help`. Else SOURCE holds one
JSON object a line:
  {\"uri\":\"file:///photos/beach.jpg\",\"data_size\":48213,\"caption\":\"Sunset\",
   \"tags_user\":[\"beach\"],\"attributes\":{\"width\":1600}}
`uri` is needed; file_name, file_dir, file_type, content_type, file_create_time, file_update_time,
tags_ai and every other field of a record are read by name; other fields become attributes.
`embedding`, an array of numbers, is the file's vector in the space of --space, `embeddings` an object
of such arrays by space. Gzip and Zstandard are recognised.

The file, the dataset and the version are made where they are absent. Bad lines are reported and do
not stop the others; then the exit code is 1. Ctrl-C stops after the batch under way; running the
same command again resumes, since a line that is stored already changes nothing.";

/// Lines to a commit, where nothing is said: it bounds what an import takes in memory.
const BATCH: usize = 5_000;

/// Import JSON lines, or a folder of files
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The lines: a path, or - for standard input; or a folder
    source: String,
    #[command(flatten)]
    scope: Scope,
    /// Overwrite records that are there; without it, what a line leaves out stays
    #[arg(long)]
    replace: bool,
    /// Write the lines that were refused here, with the reasons
    #[arg(long, value_name = "PATH")]
    errors: Option<PathBuf>,
    /// Records to a commit [default: 5000 lines, 1000 files]
    #[arg(long, value_name = "N", value_parser = batch_items)]
    batch: Option<usize>,
    /// After each commit, print how many lines or files are done, for programs that feed the import
    #[arg(long)]
    acknowledge: bool,
    #[command(flatten)]
    vectors: Vectors,
    #[command(flatten)]
    folder: FolderArgs,
}

pub fn batch_items(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(items @ 1..=limits::BATCH_ITEMS) => Ok(items),
        _ => Err(format!("a number from 1 to {}", limits::BATCH_ITEMS)),
    }
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    if args.source != "-" && Path::new(&args.source).is_dir() {
        return run_folder(args, output);
    }
    args.folder.refuse_for_lines(&args.source)?;
    let origin = Origin::find(&args.source)?;
    let bar = progress::of_bytes(output, origin.length());
    let interrupt = Interrupt::listen_under(&bar, output)?;
    let mut rows = args.vectors.open()?;
    let source = Source::open(origin, &args.source, &bar, &interrupt)?;
    let mut refused = Refused::to(args.errors.clone())?;

    let cut = source.cut();
    let (first, lines) = args.vectors.peek(Box::new(source.into_lines()))?;
    let dimension = rows.as_ref().map(Rows::dimension).or(first);

    let database = builder(output).open_or_create(&args.file.path)?;
    let scope = &args.scope;
    let version = database.version_or_create(scope.dataset.as_deref(), scope.version.as_deref())?;
    let space = args.vectors.space(&database, &version, dimension)?;
    let mode = if args.replace { ImportMode::Replace } else { ImportMode::Merge };
    let options = ImportOptions {
        mode,
        batch_items: args.batch.unwrap_or(BATCH),
        space: space.as_deref(),
        stop: Some(interrupt.flag()),
    };

    let (started, mut stored, mut closed) = (Instant::now(), Progress::default(), Ok(()));
    let done = database.import_lines_with(
        &version,
        lines,
        rows.as_mut().map(|rows| rows as &mut dyn VectorRows),
        &options,
        |progress| {
            stored = progress;
            bar.set_message(message(progress, started.elapsed()));
            if args.acknowledge && closed.is_ok() {
                closed = progress::acknowledge(progress.lines, output);
            }
        },
        |error| refused.add(error),
    );
    bar.finish_and_clear();
    let mut report = done.inspect_err(|_| {
        output.note(&format!("{} are stored", counted(stored.lines, "line", "lines")));
    })?;
    report.stopped |= cut.load(Ordering::SeqCst);
    refused.finish()?;
    closed?;
    if let Some(rows) = rows.filter(|_| !report.stopped) {
        rows.note_rest(output);
    }
    print(args, &version, &report, &refused.reasons, output)?;
    if report.failed > 0 || report.stopped { Err(Failure::Reported) } else { Ok(()) }
}

fn run_folder(args: &Args, output: &mut Output) -> Result<(), Failure> {
    args.vectors.refuse_for_folders()?;
    if args.replace {
        return Err(Failure::Usage(
            "--replace is for lines; --checksum reads every file".to_owned(),
        ));
    }
    let wanted = Wanted {
        file: &args.file.path,
        folder: Path::new(&args.source),
        scope: &args.scope,
        options: &args.folder,
        errors: args.errors.as_deref(),
        batch: args.batch.unwrap_or(sync::BATCH),
        acknowledge: args.acknowledge,
    };
    wanted.sync(output)
}

fn message(progress: Progress, elapsed: Duration) -> String {
    format!("{} lines  {}", count(progress.lines), rate(progress.lines, elapsed))
}

/// Lines that were refused: written to a file where one was asked for, and counted by reason.
struct Refused {
    file: Option<(PathBuf, BufWriter<OsFile>)>,
    broken: Option<Failure>,
    reasons: Reasons<LineError>,
}

impl Refused {
    fn to(path: Option<PathBuf>) -> Result<Self, Failure> {
        let open = |path: PathBuf| match OsFile::create(&path) {
            Ok(file) => Ok((path, BufWriter::new(file))),
            Err(error) => Err(Failure::io(path.display().to_string(), error)),
        };
        Ok(Self { file: path.map(open).transpose()?, broken: None, reasons: Reasons::default() })
    }

    fn add(&mut self, error: LineError) {
        if let Some((path, file)) = &mut self.file {
            let line = json!({ "line": error.line, "reason": error.reason, "text": error.text });
            if let Err(why) = writeln!(file, "{line}") {
                self.broken = Some(Failure::io(path.display().to_string(), why));
                self.file = None;
            }
        }
        self.reasons.add(&error.reason.clone(), error);
    }

    /// Ends the file; an error where it could not be written. The records are stored all the same.
    fn finish(&mut self) -> Result<(), Failure> {
        if let Some((path, mut file)) = self.file.take()
            && let Err(error) = file.flush()
        {
            return Err(Failure::io(path.display().to_string(), error));
        }
        self.broken.take().map_or(Ok(()), Err)
    }
}

fn print(
    args: &Args,
    version: &VersionRef,
    report: &ImportReport,
    reasons: &Reasons<LineError>,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&as_json(args, version, report, reasons));
    }
    for error in reasons.first() {
        output.line(format!("line {}: {}", count(error.line), clean(&error.reason)))?;
    }
    if report.failed > 0 {
        let lines = counted(report.failed, "line was", "lines were");
        output.line(output.styled(Style::Bad, &format!("{lines} refused:")))?;
        for (reason, number) in reasons.by_count() {
            output.line(format!("  {:>9}  {}", count(number), clean(&reason)))?;
        }
        match &args.errors {
            Some(path) => output.line(format!("all of them are in {}", path.display()))?,
            None => output.line("--errors out.jsonl writes all of them to a file")?,
        }
    }
    let parts = [
        (report.created, "new"),
        (report.revived, "revived"),
        (report.updated, "changed"),
        (report.unchanged, "unchanged"),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", count(number)))
        .collect();
    let files = counted(report.imported(), "file", "files");
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    output.line(format!(
        "{files} imported into {}/{}{parts}, {}, {}",
        version.dataset_name,
        version.version_name,
        duration(report.elapsed),
        rate(report.imported(), report.elapsed),
    ))?;
    if report.stopped {
        output
            .line("stopped before the end; what is stored stays, and running it again resumes")?;
    }
    Ok(())
}

fn as_json(
    args: &Args,
    version: &VersionRef,
    report: &ImportReport,
    reasons: &Reasons<LineError>,
) -> Value {
    let first = reasons.first().iter();
    let first = first.map(|error| json!({ "line": error.line, "reason": error.reason }));
    json!({
        "file": args.file.path.display().to_string(),
        "dataset": version.dataset_name,
        "version": version.version_name,
        "created": report.created,
        "revived": report.revived,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "failed": report.failed,
        "batches": report.batches,
        "stopped": report.stopped,
        "elapsed_ms": report.elapsed.as_millis() as u64,
        "errors": first.collect::<Value>(),
        "reasons": reasons.json(),
    })
}
