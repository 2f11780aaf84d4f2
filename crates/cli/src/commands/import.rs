//! `filedex import`: JSON lines, tables, data sets, or a folder of files, into a dataset version.

use std::fs::File as OsFile;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use filedex::import::{ImportOptions, ImportReport, ImportRow, LineError, Progress, VectorRows};
use filedex::{ImportMode, VersionRef, limits};
use filedex_formats::Format;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::commands::reading::{ReadRows, Reading, noun};
use crate::commands::reasons::Reasons;
use crate::commands::sync::{self, Wanted};
use crate::commands::vectors::{Expected, Lines, Vectors};
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
  filedex import photos.filedex photos.csv --map title=comment --map zip=attributes.zip:text
  filedex import photos.filedex photos.parquet --dry-run
  filedex import photos.filedex coco/annotations/captions_val2017.json --root coco/val2017
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

Formats: jsonl, csv (with a header; a list by ; or |), parquet, arrow, coco, imagefolder (metadata.jsonl
beside files), open-images, yolo (images, labels, data.yaml), class-folders (a folder for each class).
A column is the property of its name (`tags`, `caption` and the like are known), else an attribute;
--map says otherwise, --dry-run shows it. Objects in pictures become the attribute `objects`.

The file, the dataset and the version are made where they are absent. Bad lines are reported and do
not stop the others; then the exit code is 1. Ctrl-C stops after the batch under way; running the
same command again resumes, since a line that is stored already changes nothing.";

/// Lines to a commit, where nothing is said: it bounds what an import takes in memory.
const BATCH: usize = 5_000;

/// Import JSON lines, tables, data sets, or a folder of files
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// What to import: a path, or - for standard input; a folder that is no data set is walked
    source: String,
    #[command(flatten)]
    reading: Reading,
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
    let format = args.reading.format(&args.source)?;
    if format.is_none() && args.source != "-" && Path::new(&args.source).is_dir() {
        return run_folder(args, output);
    }
    args.folder.refuse_for_lines(&args.source)?;
    let origin = match format {
        Some(format) if !format.is_text() => None,
        _ => Some(Origin::find(&args.source)?),
    };
    let bar = progress::of_bytes(output, origin.as_ref().and_then(Origin::length));
    let interrupt = Interrupt::listen_under(&bar, output)?;
    let mut rows = args.vectors.open()?;
    if args.reading.dry_run {
        return dry_run(args, format, origin, &bar, &interrupt, output);
    }
    let (input, cut, first) = args.input(format, origin, &bar, &interrupt)?;
    let expected = rows.as_ref().map_or(first, |rows| Expected::Dimension(rows.dimension()));
    let mut refused = Refused::to(args.errors.clone(), format.map_or("line", noun))?;

    let database = builder(output).open_or_create(&args.file.path)?;
    let scope = &args.scope;
    let version = database.version_or_create(scope.dataset.as_deref(), scope.version.as_deref())?;
    let space = args.vectors.space(&database, &version, expected)?;
    let mode = if args.replace { ImportMode::Replace } else { ImportMode::Merge };
    let options = ImportOptions {
        mode,
        batch_items: args.batch.unwrap_or(BATCH),
        space: space.as_deref(),
        stop: Some(interrupt.flag()),
    };

    let (started, mut stored, mut closed) = (Instant::now(), Progress::default(), Ok(()));
    let vectors = rows.as_mut().map(|rows| rows as &mut dyn VectorRows);
    let on_progress = |progress: Progress| {
        stored = progress;
        bar.set_message(message(progress, started.elapsed()));
        if args.acknowledge && closed.is_ok() {
            closed = progress::acknowledge(progress.lines, output);
        }
    };
    let on_error = |error| refused.add(error);
    let done = match input {
        Input::Lines(lines) => {
            database.import_lines_with(&version, lines, vectors, &options, on_progress, on_error)
        }
        Input::Rows(rows) => {
            database.import_rows(&version, rows, vectors, &options, on_progress, on_error)
        }
    };
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
    print(args, &version, &report, &refused, output)?;
    if report.failed > 0 || report.stopped { Err(Failure::Reported) } else { Ok(()) }
}

/// Shows what an import would make of the source.
fn dry_run(
    args: &Args,
    format: Option<Format>,
    origin: Option<Origin>,
    bar: &ProgressBar,
    interrupt: &Interrupt,
    output: &mut Output,
) -> Result<(), Failure> {
    let format = format.unwrap_or(Format::JsonLines);
    let opened = args.rows(format, origin, bar, interrupt)?;
    bar.finish_and_clear();
    let fine = args.reading.show(format, &args.source, opened, output)?;
    if fine { Ok(()) } else { Err(Failure::Reported) }
}

fn run_folder(args: &Args, output: &mut Output) -> Result<(), Failure> {
    args.vectors.refuse_for_folders()?;
    args.reading.refuse_for_folders(&args.source)?;
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

impl Args {
    /// Opens the source: with whether it was cut short, and what it tells of vectors.
    fn input(
        &self,
        format: Option<Format>,
        origin: Option<Origin>,
        bar: &ProgressBar,
        interrupt: &Interrupt,
    ) -> Result<(Input, Arc<AtomicBool>, Expected), Failure> {
        match (format, origin) {
            (None, Some(origin)) => {
                let source = Source::open(origin, &self.source, bar, interrupt)?;
                let cut = source.cut();
                let (first, lines) = self.vectors.peek(Box::new(source.into_lines()))?;
                Ok((Input::Lines(lines), cut, first))
            }
            (format, origin) => {
                let format = format.unwrap_or(Format::JsonLines);
                let read = self.rows(format, origin, bar, interrupt)?;
                Ok((Input::Rows(read.rows), read.cut, read.expected))
            }
        }
    }

    fn rows(
        &self,
        format: Format,
        origin: Option<Origin>,
        bar: &ProgressBar,
        interrupt: &Interrupt,
    ) -> Result<ReadRows, Failure> {
        let name = &self.source;
        let source = origin.map(|origin| Source::open(origin, name, bar, interrupt)).transpose()?;
        self.reading.open(format, name, source, &self.vectors, interrupt)
    }
}

/// What is imported.
enum Input {
    Lines(Lines),
    Rows(Box<dyn Iterator<Item = io::Result<ImportRow>> + Send>),
}

fn message(progress: Progress, elapsed: Duration) -> String {
    format!("{} lines  {}", count(progress.lines), rate(progress.lines, elapsed))
}

/// Lines that were refused: written to a file where one was asked for, and counted by reason.
struct Refused {
    file: Option<(PathBuf, BufWriter<OsFile>)>,
    broken: Option<Failure>,
    reasons: Reasons<LineError>,
    /// What the number of one counts.
    noun: &'static str,
}

impl Refused {
    fn to(path: Option<PathBuf>, noun: &'static str) -> Result<Self, Failure> {
        let open = |path: PathBuf| match OsFile::create(&path) {
            Ok(file) => Ok((path, BufWriter::new(file))),
            Err(error) => Err(Failure::io(path.display().to_string(), error)),
        };
        let file = path.map(open).transpose()?;
        Ok(Self { file, broken: None, reasons: Reasons::default(), noun })
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
    refused: &Refused,
    output: &mut Output,
) -> Result<(), Failure> {
    let Refused { reasons, noun, .. } = refused;
    if output.is_json() {
        return output.json(&as_json(args, version, report, reasons));
    }
    for error in reasons.first() {
        output.line(format!("{noun} {}: {}", count(error.line), clean(&error.reason)))?;
    }
    if report.failed > 0 {
        let lines = counted(report.failed, &format!("{noun} was"), &format!("{noun}s were"));
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
