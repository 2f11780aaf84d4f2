//! `filedex export`: records as JSON lines, tables and data sets, with or without their files.

mod done;
mod parts;
mod pipe;
mod source;
mod target;

use std::fs::File as OsFile;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use filedex::Query;
use filedex_formats::{
    FILE_ATTRIBUTE, FilesMode, Format, Layout, Mapping, Parting, Parts, Record, Selector,
    SetOptions, Split, Survey, TableWriter, begin_set,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::args::{File, Scope};
use crate::commands::reading::{failure, format_parser};
use crate::database::{open_to_ask, version};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::model::ModelArg;
use crate::output::{Output, to_stderr};
use crate::units::{counted, size};

use done::Done;
use parts::PartsArgs;
use pipe::{FLUSHED, Shared, output_bytes};
use source::Records;
use target::Target;

const HELP: &str = "\
Examples:
  filedex export photos.filedex -o photos.jsonl.gz
  filedex export photos.filedex \"Tags.all = 'beach'\" -o beach.parquet --embeddings
  filedex export photos.filedex --format csv --map path=uri --map text=comment | head
  filedex export photos.filedex \"FileType = 'image'\" --format imagefolder --files link \\
    --split train=0.8,val=0.1,test=0.1 --stratify class/ --group Attributes.near_duplicate -o beach
  filedex export photos.filedex --format class-folders --label class/ --files copy -o classes

Formats: jsonl, csv, parquet and arrow hold every property, and what is imported from them is what was
exported; coco, imagefolder, open-images, yolo and class-folders are folders. DEST tells the format by its
ending where --format does not. With --embeddings vectors are written, by embedding space, and an import
needs spaces of these names (`filedex space create`). JSON lines and CSV that end in .gz are compressed.
A table with --split or --files is a folder with a table for each part.

What is exported appears under its name only once it is whole; nothing is left of what fails or is
stopped. What is there already is replaced only with --force. Files that are not on this machine are
left out of what has the files, and reported.";

/// Export files as JSON lines, tables and data sets
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// Only the files that this expression finds
    #[arg(value_name = "EXPRESSION")]
    expression: Option<String>,
    /// The same, as an option
    #[arg(long = "where", value_name = "EXPRESSION", conflicts_with = "expression")]
    filter: Option<String>,
    /// Where to: a path, or - for standard output
    #[arg(long, short, value_name = "DEST", default_value = "-")]
    output: PathBuf,
    /// The format; by the ending of DEST, else jsonl
    #[arg(long, value_parser = format_parser())]
    format: Option<Format>,
    /// Only these columns, under these names: comment, tags, attributes.NAME, embeddings.SPACE, …
    #[arg(long, value_name = "COLUMN=PROPERTY")]
    map: Vec<String>,
    /// With the vectors of each file
    #[arg(long)]
    embeddings: bool,
    /// What is done with the files themselves
    #[arg(long, value_enum, default_value_t = FilesArg::None)]
    files: FilesArg,
    /// What a file's class is, for class-folders
    #[arg(long, value_name = "PROPERTY|TAGPREFIX")]
    label: Option<String>,
    /// Replace what is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    parts: PartsArgs,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    model: ModelArg,
}

/// What is done with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FilesArg {
    /// They are copied beside their description
    Copy,
    /// They are linked: a second name where that can be, else a symbolic link
    Link,
    /// They stay where they are
    None,
}

impl From<FilesArg> for FilesMode {
    fn from(files: FilesArg) -> Self {
        match files {
            FilesArg::Copy => Self::Copy,
            FilesArg::Link => Self::Link,
            FilesArg::None => Self::None,
        }
    }
}

impl Args {
    /// Whether it writes no file.
    pub fn is_to_standard_output(&self) -> bool {
        self.output.as_os_str() == "-"
    }

    fn format(&self) -> Format {
        let by_name = || Format::of_path(&self.output);
        self.format.or_else(by_name).unwrap_or(Format::JsonLines)
    }

    fn is_compressed(&self) -> bool {
        self.output.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"))
    }
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let expression = args.expression.as_ref().or(args.filter.as_ref());
    let query = Query::parse(expression.map_or("", String::as_str))?;
    let plan = Plan::of(args)?;
    let model = args.model.for_query(&query)?;
    let database = open_to_ask(&args.file.path, model, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let spaces = if args.embeddings { reader.spaces(&version)? } else { Vec::new() };
    let spaces = spaces.into_iter().map(|found| (found.space.name, found.space.dimension as usize));
    let spaces = spaces.collect();
    // A server that runs this command listens itself, and what goes to standard output is nowhere else.
    let interrupt = match args.is_to_standard_output() {
        true => Interrupt::default(),
        false => Interrupt::listen(|| to_stderr("stopping; nothing will be left of the export"))?,
    };
    let records = Records { reader: &reader, version: &version, query: &query, spaces, interrupt };
    if args.is_to_standard_output() {
        return plan.to_standard_output(&records, output);
    }
    if plan.is_folder() { plan.to_folder(&records, output) } else { plan.to_file(&records, output) }
}

/// What is written, and how.
struct Plan<'a> {
    args: &'a Args,
    format: Format,
    mapping: Mapping,
    split: Option<Split>,
    files: FilesMode,
}

/// What was found out about the records before they are written.
struct Found {
    layout: Option<Layout>,
    parts: Option<Parts>,
}

impl<'a> Plan<'a> {
    fn of(args: &'a Args) -> Result<Self, Failure> {
        let mapping =
            Mapping::parse(&args.map).map_err(|error| Failure::Usage(error.to_string()))?;
        let plan = Self {
            args,
            format: args.format(),
            mapping,
            split: args.parts.split()?,
            files: args.files.into(),
        };
        let usage = |what: &str| Err(Failure::Usage(format!("{} {what}", plan.format.name())));
        if args.is_to_standard_output() && plan.is_folder() {
            return Err(Failure::Usage(
                "a folder cannot be standard output; say --output".to_owned(),
            ));
        }
        if !plan.format.is_table() && plan.format != Format::ImageFolder && !plan.mapping.is_empty()
        {
            return usage("has no columns to choose with --map");
        }
        if args.is_compressed() && !plan.format.is_text() {
            return usage("is compressed inside; give it a name without .gz");
        }
        if args.is_compressed() && plan.is_folder() {
            return Err(Failure::Usage("a folder cannot be compressed".to_owned()));
        }
        if plan.format == Format::ClassFolders
            && (args.label.is_none() || plan.files == FilesMode::None)
        {
            return usage("need --label for the class of a file, and --files copy or link");
        }
        Ok(plan)
    }

    fn is_folder(&self) -> bool {
        !self.format.is_table() || self.split.is_some() || self.files != FilesMode::None
    }

    fn has_columns(&self) -> bool {
        match self.format {
            Format::JsonLines => !self.mapping.is_empty(),
            Format::Csv | Format::Parquet | Format::Arrow | Format::ImageFolder => true,
            _ => false,
        }
    }

    /// Looks at all records once, where columns or parts depend on them.
    fn find(&self, records: &Records<'_>, output: &Output) -> Result<Found, Failure> {
        let mut parting = self.split.clone().map(Parting::new);
        if parting.is_none() && !self.has_columns() {
            return Ok(Found { layout: None, parts: None });
        }
        let mut survey = Survey::default();
        for (space, dimension) in &records.spaces {
            survey.see_space(space, *dimension);
        }
        let names_files = self.format.is_table() && self.files != FilesMode::None;
        let bar = records.bar(output, "looking")?;
        records.survey(&bar, |mut record| {
            if let Some(parting) = &mut parting {
                parting.see(&record);
            }
            if names_files {
                record.put_attribute(FILE_ATTRIBUTE, "");
            }
            survey.see(&record);
        })?;
        let usage = |error: filedex_formats::FormatError| Failure::Usage(error.to_string());
        let layout = match (self.has_columns(), self.mapping.is_empty()) {
            (false, _) => None,
            (true, true) => Some(survey.layout()),
            (true, false) => Some(survey.chosen(&self.mapping).map_err(usage)?),
        };
        let parts = parting.map(Parting::finish).transpose().map_err(usage)?;
        Ok(Found { layout, parts })
    }

    fn to_standard_output(
        &self,
        records: &Records<'_>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let found = self.find(records, output)?;
        let failed = |error| failure("standard output", error);
        let buffer = Shared::default();
        let mut writer =
            TableWriter::begin(self.format, buffer.clone(), found.layout).map_err(failed)?;
        // What a pipe no longer takes ends the export, so it is handed on row by row.
        let mut lines = Vec::new();
        let bar = records.bar(output, "exporting")?;
        records.write(&bar, |record| {
            writer.put(record).map_err(failed)?;
            lines.extend(buffer.take());
            if lines.len() >= FLUSHED { output_bytes(output, &mut lines) } else { Ok(()) }
        })?;
        writer.finish().and_then(|mut to| Ok(to.flush()?)).map_err(failed)?;
        lines.extend(buffer.take());
        output_bytes(output, &mut lines)
    }

    fn to_file(&self, records: &Records<'_>, output: &mut Output) -> Result<(), Failure> {
        let target = Target::file(&self.args.output, self.args.force)?;
        let found = self.find(records, output)?;
        let shown = self.args.output.display().to_string();
        let file = OsFile::create(target.working()).map_err(|error| Failure::io(&shown, error))?;
        let mut written = 0;
        let file = BufWriter::new(file);
        let file = if self.args.is_compressed() {
            let to = GzEncoder::new(file, Compression::default());
            let ended = self.table(to, found.layout, records, &mut written, output)?;
            ended.finish().map_err(|error| Failure::io(&shown, error))?
        } else {
            self.table(file, found.layout, records, &mut written, output)?
        };
        let file = file.into_inner().map_err(|error| Failure::io(&shown, error.into_error()))?;
        let bytes = target.finish_file(&file)?;
        if output.is_json() {
            return output.json(&json!({ "file": shown, "records": written, "bytes": bytes }));
        }
        output.line(format!("{} in {shown}, {}", counted(written, "file", "files"), size(bytes)))
    }

    fn table<W: Write + Send>(
        &self,
        to: W,
        layout: Option<Layout>,
        records: &Records<'_>,
        written: &mut u64,
        output: &Output,
    ) -> Result<W, Failure> {
        let shown = self.args.output.display().to_string();
        let failed = |error| failure(&shown, error);
        let mut writer = TableWriter::begin(self.format, to, layout).map_err(failed)?;
        let bar = records.bar(output, "exporting")?;
        records.write(&bar, |record| {
            *written += 1;
            writer.put(record).map_err(failed)
        })?;
        writer.finish().map_err(failed)
    }

    fn to_folder(&self, records: &Records<'_>, output: &mut Output) -> Result<(), Failure> {
        let target = Target::folder(&self.args.output, self.args.force)?;
        let found = self.find(records, output)?;
        let shown = self.args.output.display().to_string();
        let failed = |error| failure(&shown, error);
        let label = self.args.label.as_deref().map(Selector::parse);
        let options = SetOptions { files: self.files, layout: found.layout, label };
        let mut writer = begin_set(self.format, target.working(), options).map_err(failed)?;
        let mut done = Done::new(found.parts.as_ref());
        let mut number = 0;
        let bar = records.bar(output, "exporting")?;
        records.write(&bar, |record: Record| {
            let part = found.parts.as_ref().map(|parts| parts.of.get(number).copied().flatten());
            number += 1;
            let name = match (part, &found.parts) {
                (None, _) | (_, None) => None,
                (Some(None), _) => {
                    done.unparted += 1;
                    return Ok(());
                }
                (Some(Some(part)), Some(parts)) => Some(parts.names[part].as_str()),
            };
            let uri = record.uri().to_owned();
            match writer.put(record, name).map_err(failed)? {
                None => done.count(part.flatten()),
                Some(why) => done.left_out.add(&why, (uri, why.clone())),
            }
            Ok(())
        })?;
        writer.finish().map_err(failed)?;
        let bytes = target.finish_folder(self.format.name(), done.written)?;
        done.print(&shown, self.format, bytes, output)
    }
}
