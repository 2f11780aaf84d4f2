//! `filedex verify`: the files on the disk against what their records say.

use std::collections::BTreeMap;
use std::fs::File as OsFile;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use filedex::{FileRecord, Query};
use filedex_ingest::{Expected, Verdict, VerifyOptions, verify};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::database::{open_to_read, version};
use crate::failure::Failure;
use crate::folder::place::{Place, local_path};
use crate::output::{Output, Style};
use crate::progress;
use crate::terminal::clean;
use crate::units::{count, counted};

/// Findings that people are shown.
const SHOWN: usize = 20;
/// Records that are looked at together.
const PIECE: usize = 256;

const HELP: &str = "\
Examples:
  filedex verify photos.filedex
  filedex verify photos.filedex --quick
  filedex verify photos.filedex /mnt/disk/photos --prefix photos: --errors findings.jsonl
  filedex verify photos.filedex --where \"Tags.all = 'print'\" --json | jq '.findings[]'

Reads the file of each record and says which are gone, cannot be read, have changed since
(another size or time, and other content), are damaged (other content under the same size and
time) or do not decode. Nothing is written. Files are found by file:// URIs; records with other
URIs are passed over, unless FOLDER and --prefix say where their files are, as `filedex sync`
was told. Exits with 1 where something is found.";

/// Compare files with their records
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// Only the records of the files below this folder
    folder: Option<PathBuf>,
    /// The URI that stands for FOLDER
    #[arg(long, value_name = "URI", requires = "folder")]
    prefix: Option<String>,
    /// Only the files that this expression finds
    #[arg(
        long = "where",
        value_name = "EXPRESSION",
        default_value = "",
        hide_default_value = true
    )]
    expression: String,
    /// Look at size and time only
    #[arg(long)]
    quick: bool,
    /// Do not decode pictures
    #[arg(long)]
    no_decode: bool,
    /// Write what is found here, one JSON object a line
    #[arg(long, value_name = "PATH")]
    errors: Option<PathBuf>,
    #[command(flatten)]
    scope: Scope,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let query = Query::parse(&args.expression)?;
    let place = args.folder.as_deref().map(|folder| Place::new(folder, args.prefix.as_deref()));
    let place = place.transpose()?;
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let mut found = Findings::to(args.errors.as_deref())?;
    let options =
        VerifyOptions { quick: args.quick, decode: !args.no_decode, ..VerifyOptions::default() };
    let bar = progress::of_records(output, None, "verifying");
    progress::set_records(&bar, reader.count(&version, &query)?);
    let mut records = reader.scan(&version, &query)?;
    loop {
        let piece: Vec<FileRecord> = records.by_ref().take(PIECE).collect::<Result<_, _>>()?;
        if piece.is_empty() {
            break;
        }
        let verdicts: Vec<_> = piece
            .into_par_iter()
            .map(|record| {
                let verdict = path_of(&record, place.as_ref())
                    .map(|path| verify(&path, &expected(&record), &options));
                bar.inc(1);
                (record, verdict)
            })
            .collect();
        verdicts.into_iter().for_each(|(record, verdict)| found.add(&record, verdict));
    }
    bar.finish_and_clear();
    found.finish()?;
    if output.is_json() {
        output.json(&found.json())?;
    } else {
        found.print(args.errors.as_deref(), output)?;
    }
    if found.wrong() == 0 { Ok(()) } else { Err(Failure::Reported) }
}

fn path_of(record: &FileRecord, place: Option<&Place>) -> Option<PathBuf> {
    match place {
        Some(place) => place.path(&record.uri),
        None => local_path(&record.uri),
    }
}

fn expected(record: &FileRecord) -> Expected {
    let is_blake3 = record.content_hash_name.as_deref() == Some("blake3");
    Expected {
        size: record.data_size,
        modified: record.file_update_time,
        md5: record.file_fingerprint.clone(),
        blake3: record.content_hash.clone().filter(|_| is_blake3),
    }
}

/// What was found.
#[derive(Default)]
struct Findings {
    file: Option<(PathBuf, BufWriter<OsFile>)>,
    broken: Option<Failure>,
    looked_at: u64,
    elsewhere: u64,
    counts: BTreeMap<&'static str, u64>,
    all: Vec<Value>,
}

impl Findings {
    fn to(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let failure = |error| Failure::io(path.display().to_string(), error);
        let file = BufWriter::new(OsFile::create(path).map_err(failure)?);
        Ok(Self { file: Some((path.to_owned(), file)), ..Self::default() })
    }

    fn add(&mut self, record: &FileRecord, verdict: Option<Verdict>) {
        let Some(verdict) = verdict else {
            self.elsewhere += 1;
            return;
        };
        self.looked_at += 1;
        *self.counts.entry(verdict.name()).or_default() += 1;
        if verdict == Verdict::Sound {
            return;
        }
        let finding = json!({
            "id": record.id,
            "uri": record.uri,
            "verdict": verdict.name(),
            "reason": verdict.reason(),
        });
        if let Some((path, file)) = &mut self.file
            && let Err(error) = writeln!(file, "{finding}")
        {
            self.broken = Some(Failure::io(path.display().to_string(), error));
            self.file = None;
        }
        self.all.push(finding);
    }

    fn wrong(&self) -> u64 {
        self.all.len() as u64
    }

    fn finish(&mut self) -> Result<(), Failure> {
        if let Some((path, mut file)) = self.file.take() {
            file.flush().map_err(|error| Failure::io(path.display().to_string(), error))?;
        }
        self.broken.take().map_or(Ok(()), Err)
    }

    fn json(&self) -> Value {
        let of = |name: &str| self.counts.get(name).copied().unwrap_or_default();
        json!({
            "files": self.looked_at,
            "elsewhere": self.elsewhere,
            "sound": of("sound"),
            "gone": of("gone"),
            "unreadable": of("unreadable"),
            "changed": of("changed"),
            "damaged": of("damaged"),
            "undecodable": of("undecodable"),
            "findings": self.all,
        })
    }

    fn print(&self, errors: Option<&Path>, output: &mut Output) -> Result<(), Failure> {
        for finding in self.all.iter().take(SHOWN) {
            let text = |name: &str| clean(finding[name].as_str().unwrap_or_default());
            output.line(format!("{}  {}: {}", text("verdict"), text("uri"), text("reason")))?;
        }
        if self.all.len() > SHOWN {
            let rest = count((self.all.len() - SHOWN) as u64);
            match errors {
                Some(path) => output.line(format!("and {rest} more, in {}", path.display()))?,
                None => output.line(format!("and {rest} more; --errors writes all to a file"))?,
            }
        }
        if self.elsewhere > 0 {
            let records = counted(self.elsewhere, "record names", "records name");
            output.line(format!("{records} no file here, and were passed over"))?;
        }
        let files = counted(self.looked_at, "file", "files");
        if self.all.is_empty() {
            return output.line(format!("{}: {files}", output.styled(Style::Good, "sound")));
        }
        let parts = self.counts.iter().map(|(name, number)| format!("{} {name}", count(*number)));
        let parts: Vec<String> = parts.collect();
        output.line(format!("{}: {files}", output.styled(Style::Bad, &parts.join(", "))))
    }
}
