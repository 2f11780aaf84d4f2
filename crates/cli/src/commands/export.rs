//! `filedex export`: records as JSON lines, which an import reads.

use std::fs::{self, File as OsFile};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use filedex::{Query, Reader, VersionRef, export};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::args::{File, Scope};
use crate::database::{open_to_read, version};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress;
use crate::units::{counted, size};

const HELP: &str = "\
Examples:
  filedex export photos.filedex -o photos.jsonl.gz
  filedex export photos.filedex --where \"Tags.all = 'beach'\" -o beach.jsonl
  filedex export photos.filedex | jq .uri

Each line is what an import reads. A name that ends in .gz is compressed. A file appears under its
name only once it is whole.";

/// Export files as JSON lines
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// Only the files that this expression finds
    #[arg(
        long = "where",
        value_name = "EXPRESSION",
        default_value = "",
        hide_default_value = true
    )]
    expression: String,
    /// Where to: a path, or - for standard output
    #[arg(long, short, value_name = "PATH", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    scope: Scope,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let query = Query::parse(&args.expression)?;
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let records = Records { reader: &reader, version: &version, query: &query };
    if args.output == Path::new("-") {
        return records.write(output, |line, output| output.json(&line)).map(|_| ());
    }
    let path = &args.output;
    let target = Target::begin(path)?;
    let written = target.write(&records, output)?;
    let bytes = fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default();
    let shown = path.display().to_string();
    if output.is_json() {
        return output.json(&json!({ "file": shown, "records": written, "bytes": bytes }));
    }
    output.line(format!("{} in {shown}, {}", counted(written, "file", "files"), size(bytes)))
}

/// What is exported.
struct Records<'a> {
    reader: &'a Reader,
    version: &'a VersionRef,
    query: &'a Query,
}

impl Records<'_> {
    /// Gives each record's line to `put`; answers how many there were.
    fn write(
        &self,
        output: &mut Output,
        mut put: impl FnMut(serde_json::Value, &mut Output) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let total = self.reader.count(self.version, self.query)?;
        let bar = progress::of_records(output, Some(total), "exporting");
        let mut written = 0;
        for record in self.reader.scan(self.version, self.query)? {
            put(export::line(&record?), output)?;
            written += 1;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(written)
    }
}

/// A file that appears under its name once it is whole; until then it has a name of its own, and
/// nothing of it is left if it is given up.
struct Target {
    path: PathBuf,
    /// The name until it is whole; `None` for what is no regular file and is written as it is.
    temporary: Option<PathBuf>,
}

impl Target {
    fn begin(path: &Path) -> Result<Self, Failure> {
        let special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".part-{}", std::process::id()));
        let temporary = (!special).then(|| path.with_file_name(name));
        Ok(Self { path: path.to_owned(), temporary })
    }

    fn write(mut self, records: &Records<'_>, output: &mut Output) -> Result<u64, Failure> {
        let shown = self.path.display().to_string();
        let failed = |error| Failure::io(shown.clone(), error);
        let create = self.temporary.as_ref().unwrap_or(&self.path);
        let file = BufWriter::new(OsFile::create(create).map_err(failed)?);
        let put = |line: serde_json::Value, writer: &mut dyn Write| {
            serde_json::to_writer(&mut *writer, &line)?;
            writer.write_all(b"\n")
        };
        let gzip = self.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
        let (written, file) = if gzip {
            let mut encoder = GzEncoder::new(file, Compression::default());
            let written =
                records.write(output, |line, _| put(line, &mut encoder).map_err(failed))?;
            (written, encoder.finish().map_err(failed)?)
        } else {
            let mut file = file;
            (records.write(output, |line, _| put(line, &mut file).map_err(failed))?, file)
        };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        if let Some(temporary) = self.temporary.take() {
            let ended = file.sync_all().and_then(|()| fs::rename(&temporary, &self.path));
            self.temporary = ended.is_err().then_some(temporary);
            ended.map_err(failed)?;
        }
        Ok(written)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // It may never have been made.
            let _ = fs::remove_file(temporary);
        }
    }
}
