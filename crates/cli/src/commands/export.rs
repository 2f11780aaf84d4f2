//! `filedex export`: records as JSON lines, which an import reads.

use std::fs::{self, File as OsFile};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use filedex::{FileRecord, Query, Reader, VersionRef, export};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::args::{File, Scope};
use crate::database::{open_to_ask, version};
use crate::failure::Failure;
use crate::model::ModelArg;
use crate::output::Output;
use crate::progress;
use crate::units::{counted, size};

const HELP: &str = "\
Examples:
  filedex export photos.filedex -o photos.jsonl.gz
  filedex export photos.filedex --where \"Tags.all = 'beach'\" -o beach.jsonl
  filedex export photos.filedex --embeddings -o photos.jsonl.gz
  filedex export photos.filedex | jq .uri

Each line is what an import reads; with --embeddings it has the file's vectors, by embedding space,
and the import needs spaces of these names (`filedex space create`). A name that ends in .gz is compressed. A file appears under its
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
    /// With the vectors of each file
    #[arg(long)]
    embeddings: bool,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    model: ModelArg,
}

impl Args {
    /// Whether it writes no file.
    pub fn is_to_standard_output(&self) -> bool {
        self.output.as_os_str() == "-"
    }
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let query = Query::parse(&args.expression)?;
    let model = args.model.for_query(&query)?;
    let database = open_to_ask(&args.file.path, model, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let spaces = if args.embeddings { reader.spaces(&version)? } else { Vec::new() };
    let spaces = spaces.into_iter().map(|summary| summary.space.name).collect();
    let records = Records { reader: &reader, version: &version, query: &query, spaces };
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
    /// Those whose vectors are written.
    spaces: Vec<String>,
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
            put(self.line(&record?)?, output)?;
            written += 1;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(written)
    }

    fn line(&self, record: &FileRecord) -> Result<Value, Failure> {
        let mut line = export::line(record);
        let mut vectors = Map::new();
        for space in &self.spaces {
            if let Some(vector) = self.reader.vector(self.version, &record.id, Some(space))? {
                vectors.insert(space.clone(), numbers(&vector));
            }
        }
        if !vectors.is_empty() {
            line["embeddings"] = Value::Object(vectors);
        }
        Ok(line)
    }
}

/// The numbers of a vector, each as short as reads back to the same 32 bits.
pub fn numbers(vector: &[f32]) -> Value {
    let short = |number: &f32| {
        let short = number.to_string().parse::<f64>();
        let exact = f64::from(*number);
        // Twice rounded may not be the same; then all digits are written.
        short.ok().filter(|short| *short as f32 == *number).unwrap_or(exact)
    };
    vector.iter().map(short).collect()
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
