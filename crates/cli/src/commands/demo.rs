//! `filedex demo`: a database of real records, and what can be asked of it.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Instant;

use filedex::import::{ImportOptions, ImportReport};
use filedex::{
    Aggregate, Database, EmbedOptions, EmbedReport, Embedder, NewDataset, NewSpace, Order, Query,
    Reader, SortBy, VersionRef,
};
use serde_json::{Value, json};

use crate::commands::{hits, stats};
use crate::database::{builder, open_to_read};
use crate::failure::Failure;
use crate::model::Model;
use crate::output::{Output, Style};
use crate::progress;
use crate::terminal::shell_word;
use crate::units::{count, counted, duration, rate, size};

const HELP: &str = "\
Examples:
  filedex demo
  filedex demo --file /tmp/demo.filedex

The records are of works of the Tate, the Carnegie Museum of Art with its Teenie Harris archive, and
of Openclipart: fixtures/MANIFEST.md has their origin. They are public domain.";

/// Build a database of real records and ask it a few things
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// The database to build; an earlier demo is replaced, any other file is left alone
    #[arg(long, value_name = "FILE", default_value = "demo.filedex")]
    file: PathBuf,
}

/// The records; they are part of the program, so that the demo runs anywhere.
const RECORDS: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/files.jsonl"));
/// The name of the demo's dataset; a file whose only dataset has it, and this mark, is a demo.
const DATASET: &str = "demo";
const MARK: &str = "made_by";
const MARK_VALUE: &str = "filedex demo";
/// Records to a commit: small, so that there is progress to see.
const BATCH_ITEMS: usize = 500;
/// The embedding space of the captions.
const SPACE: &str = "captions";
/// Hits and groups shown.
const SHOWN: u32 = 4;

/// One question: what it shows, the expression, the order.
struct Question {
    about: &'static str,
    expression: &'static str,
    sort: Option<(&'static str, Order)>,
}

const QUESTIONS: [Question; 7] = [
    Question {
        about: "Words, ranked over names, folders, tags and captions",
        expression: "Text:'fishing boats at sunset'",
        sort: None,
    },
    Question {
        about: "Meaning, in other words than the captions'",
        expression: "Content:'a vehicle after a crash' AND QueryType = 'VECTOR' AND TopK = 20",
        sort: None,
    },
    Question {
        about: "Part of a name, in any case",
        expression: "FileName CONTAINS 'car' AND DataSize > 10000",
        sort: Some(("DataSize", Order::Desc)),
    },
    Question {
        about: "Custom attributes: words, numbers, dates",
        expression: "Attributes.medium:'ink' AND Attributes.width_mm >= 300",
        sort: Some(("Attributes.width_mm", Order::Desc)),
    },
    Question {
        about: "Dates, and what is not to be there",
        expression: "FileUpdateTime >= '2017-01-01' AND FileUpdateTime < '2018-01-01' \
                     AND NOT FileDir = 'teenie'",
        sort: Some(("FileUpdateTime", Order::Desc)),
    },
    Question {
        about: "Nested conditions",
        expression: "(Tags.user IN ('cat', 'dog', 'horse') OR Comment:'horse'*) \
                     AND NOT (FileType = 'application' OR Tags.user = 'man')",
        sort: Some(("FileName", Order::Asc)),
    },
    Question {
        about: "Tags, ordered by an attribute",
        expression: "Tags.all = 'castle' AND Tags.all = 'river'",
        sort: Some(("Attributes.year_start", Order::Asc)),
    },
];

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    make_room(&args.file, output)?;
    let (report, embedded) = build(&args.file, output)?;
    let database = open_to_read(&args.file, output)?;
    let reader = database.reader()?;
    let version = reader.version(None, None)?;
    let bytes = fs::metadata(&args.file).map(|metadata| metadata.len()).unwrap_or_default();
    let path = args.file.display().to_string();
    if output.is_json() {
        let answers = QUESTIONS.iter().map(|question| question.answer(&reader, &version));
        return output.json(&json!({
            "file": path,
            "records": report.created,
            "bytes": bytes,
            "elapsed_ms": report.elapsed.as_millis() as u64,
            "embedded": embedded.embedded,
            "embedding_ms": embedded.elapsed.as_millis() as u64,
            "answers": answers.collect::<Result<Vec<_>, _>>()?,
        }));
    }
    output.line(format!(
        "{} in {path}, {}: built in {}, {}",
        counted(report.created, "record", "records"),
        size(bytes),
        duration(report.elapsed),
        rate(report.created, report.elapsed),
    ))?;
    output.line(format!(
        "{} embedded with the model inside the program: {}, {}",
        counted(embedded.embedded, "caption", "captions"),
        duration(embedded.elapsed),
        rate(embedded.embedded, embedded.elapsed),
    ))?;
    for (number, question) in QUESTIONS.iter().enumerate() {
        question.show(number + 1, &reader, &version, output)?;
    }
    show_statistics(&reader, &version, output)?;
    show_next_steps(&path, output)
}

/// Removes an earlier demo; refuses to touch anything else.
fn make_room(path: &Path, output: &Output) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let is_demo = match open_to_read(path, output) {
        Ok(database) => {
            let datasets = database.reader()?.datasets()?;
            let marked = |value: Option<&Value>| value == Some(&json!(MARK_VALUE));
            matches!(datasets.as_slice(),
                [only] if only.name == DATASET && marked(only.metadata.get(MARK)))
        }
        Err(Failure::Filedex(error)) if error.kind() == filedex::ErrorKind::Locked => {
            return Err(Failure::Filedex(error));
        }
        Err(_) => false,
    };
    if !is_demo {
        return Err(Failure::Failed(format!(
            "{} is there already and is no demo of an earlier run, so it is left alone; \
             name another file: filedex demo --file other.filedex",
            path.display()
        )));
    }
    fs::remove_file(path).map_err(|error| Failure::io(path.display().to_string(), error))
}

fn build(path: &Path, output: &Output) -> Result<(ImportReport, EmbedReport), Failure> {
    let database = builder(output).create(path)?;
    let mut dataset = NewDataset::named(DATASET);
    dataset.metadata.insert(MARK.to_owned(), json!(MARK_VALUE));
    database.create_dataset(dataset)?;
    let version = database.version_or_create(Some(DATASET), None)?;
    let bar = progress::of_bytes(output, Some(RECORDS.len() as u64));
    let started = Instant::now();
    let options = ImportOptions { batch_items: BATCH_ITEMS, ..ImportOptions::default() };
    let mut refused = Vec::new();
    let done = database.import_lines(
        &version,
        Cursor::new(RECORDS),
        &options,
        |progress| {
            bar.set_position(progress.bytes);
            let rate = rate(progress.lines, started.elapsed());
            bar.set_message(format!("{} records  {rate}", count(progress.lines)));
        },
        |error| refused.push(error),
    );
    bar.finish_and_clear();
    let report = done?;
    match refused.first() {
        Some(error) => Err(Failure::Failed(format!("line {}: {}", error.line, error.reason))),
        None => Ok((report, embed(&database, &version, output)?)),
    }
}

/// Gives every record with a caption a vector.
fn embed(
    database: &Database,
    version: &VersionRef,
    output: &Output,
) -> Result<EmbedReport, Failure> {
    let model = Model::BuiltIn;
    let dimension = u32::try_from(model.dimension()).unwrap_or(u32::MAX);
    database.create_space(version, &NewSpace::new(SPACE, model.model(), dimension))?;
    let spinner = progress::of_work(output, "embedding");
    // A caption that is nothing but signs is refused, and found by its other fields.
    let done = database.embed(version, &model, &EmbedOptions::default(), |_| {}, |_| {});
    spinner.finish_and_clear();
    Ok(done?)
}

impl Question {
    fn query(&self) -> Result<Query, Failure> {
        let query = Query::parse(self.expression)?.limit(SHOWN).highlight();
        Ok(match self.sort_by()? {
            Some((by, order)) => query.sort(by, order),
            None => query,
        })
    }

    fn sort_by(&self) -> Result<Option<(SortBy, Order)>, Failure> {
        Ok(match self.sort {
            Some((name, order)) => Some((filedex::parse_sort(name)?, order)),
            None => None,
        })
    }

    fn show(
        &self,
        number: usize,
        reader: &Reader,
        version: &VersionRef,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let (query, sort) = (self.query()?, self.sort_by()?);
        let started = Instant::now();
        let page = reader.list(version, &query)?;
        let took = duration(started.elapsed());
        output.line("")?;
        output.line(output.styled(Style::Dim, &format!("{number}. {}", self.about)))?;
        output.line(output.styled(Style::Bold, self.expression))?;
        let order = self
            .sort
            .map(|(name, order)| format!(", by {name} {}", format!("{order:?}").to_lowercase()));
        let total = counted(page.total, "file", "files");
        let ranked = match page.nearest {
            Some(path) => format!(", by meaning, path {path}"),
            None => ", by relevance".to_owned(),
        };
        output.line(format!("{total}, {took}{}", order.unwrap_or(ranked)))?;
        output.table(&hits::table(&page.hits, sort.as_ref().map(|(by, _)| by), output))
    }

    fn answer(&self, reader: &Reader, version: &VersionRef) -> Result<Value, Failure> {
        let started = Instant::now();
        let page = reader.list(version, &self.query()?)?;
        Ok(json!({
            "expression": self.expression,
            "total": page.total,
            "elapsed_us": started.elapsed().as_micros() as u64,
            "hits": page.hits.iter().map(hits::as_json).collect::<Value>(),
        }))
    }
}

fn show_statistics(
    reader: &Reader,
    version: &VersionRef,
    output: &mut Output,
) -> Result<(), Failure> {
    let started = Instant::now();
    let groups = reader.statistics(version, Aggregate::TagsUser, &Query::parse("")?)?;
    let took = duration(started.elapsed());
    output.line("")?;
    output.line(output.styled(Style::Dim, "How often each tag was set"))?;
    output.line(format!("{}, {took}", counted(groups.len() as u64, "tag", "tags")))?;
    let shown = &groups[..groups.len().min(SHOWN as usize + 2)];
    output.table(&stats::table("tags.user", shown))
}

fn show_next_steps(path: &str, output: &mut Output) -> Result<(), Failure> {
    let file = shell_word(path);
    let steps = [
        format!("query {file} \"Text:'castle' AND Attributes.year_start < 1850\" --highlight"),
        format!(
            "query {file} \"Attributes.artist:'turner'\" --sort Attributes.year_start --explain"
        ),
        format!("query {file} \"Tags.user = 'catle'~1\" --json"),
        format!("query {file} \"FileType = 'image'\" --text 'a storm at sea' --query-type vector"),
        format!("stats {file} --by tags.user --where \"FileType = 'image'\""),
        format!("tag add {file} favourite --where \"Tags.all = 'castle'\" --yes"),
        format!("info {file}"),
        "query --help".to_owned(),
    ];
    output.line("")?;
    output.line(output.styled(Style::Bold, "Go on with"))?;
    steps.into_iter().try_for_each(|step| output.line(format!("  cargo run --release -- {step}")))
}
