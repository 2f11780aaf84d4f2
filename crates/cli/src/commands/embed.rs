//! `filedex embed`: vectors for files that lack one.

use std::time::Instant;

use clap::ValueEnum;
use filedex::{
    Database, EmbedFailure, EmbedField, EmbedOptions, EmbedProgress, EmbedReport, EmbedSource,
    Embedded, Embedder, ImageInput, NewSpace, Query, Space, VersionRef, limits,
};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::commands::reasons::Reasons;
use crate::commands::space::{Storage, find};
use crate::database::{open_to_write, version};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::model::{Model, ModelArg};
use crate::output::{Output, Style};
use crate::progress;
use crate::terminal::clean;
use crate::units::{count, counted, duration, rate};

const HELP: &str = "\
Examples:
  filedex embed photos.filedex
  filedex embed photos.filedex --field comment,tags,file_name
  filedex embed photos.filedex --space minilm --model models/all-MiniLM-L6-v2 --choose
  filedex embed photos.filedex --space pictures --model models/clip-vit-base-patch32 --pictures

Each file without a vector in the space gets one, a batch at a time. Without --model the model inside
the program makes them: it is small, quick and knows English. --model takes a folder as Hugging Face
has it: config.json, tokenizer.json, model.safetensors.

The space is made where it is absent. Without --space it is the chosen one if that is of this model,
else one that is named after the model. Ctrl-C stops after the batch under way; running the same
command again resumes. Files that the model refuses are reported and do not stop the others; then the
exit code is 1. A file whose words changed keeps its vector; --renew gives every file a new one.";

/// Give files vectors, so that they can be searched by meaning
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The embedding space
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    #[command(flatten)]
    model: ModelArg,
    /// The words of these fields, in this order: comment, description, file_name, file_dir, tags
    #[arg(long = "field", value_name = "FIELD", value_delimiter = ',')]
    #[arg(default_values = ["comment", "description"], hide_possible_values = true)]
    fields: Vec<Field>,
    /// The pictures themselves, where their URIs are paths on this machine
    #[arg(long, conflicts_with = "fields")]
    pictures: bool,
    #[command(flatten)]
    storage: Storage,
    /// Files that have a vector, too: their words may have changed
    #[arg(long)]
    renew: bool,
    /// Make the space the chosen one, once all files are done
    #[arg(long)]
    choose: bool,
    /// After each commit, print how many files are done, for programs that watch
    #[arg(long)]
    acknowledge: bool,
    #[command(flatten)]
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Field {
    Comment,
    Description,
    #[value(name = "file_name", alias = "file-name")]
    FileName,
    #[value(name = "file_dir", alias = "file-dir")]
    FileDir,
    Tags,
}

impl From<Field> for EmbedField {
    fn from(field: Field) -> Self {
        match field {
            Field::Comment => Self::Comment,
            Field::Description => Self::Description,
            Field::FileName => Self::FileName,
            Field::FileDir => Self::FileDir,
            Field::Tags => Self::Tags,
        }
    }
}

/// A name for the space of a model: the model's own, as far as it fits.
pub fn space_name(model: &str) -> String {
    let fits = model.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = fits.take_while(|end| *end <= limits::SPACE_NAME_BYTES).last().unwrap_or(0);
    model[..end].to_owned()
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let model = args.model.open()?;
    let source = if args.pictures {
        EmbedSource::Picture
    } else {
        EmbedSource::Fields(args.fields.iter().copied().map(EmbedField::from).collect())
    };
    let database = open_to_write(&args.file.path, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let (space, vectors) = args.space(&database, &version, &model)?;
    let files = reader.count(&version, &Query::parse("")?)?;
    drop(reader);

    let bar = progress::of_records(output, Some(files.saturating_sub(vectors)), "embedding");
    let interrupt = Interrupt::listen_under(&bar, output)?;
    let options = EmbedOptions {
        space: Some(&space.name),
        source,
        renew: args.renew,
        stop: Some(interrupt.flag()),
        ..EmbedOptions::default()
    };
    let (mut refused, mut closed) = (Reasons::default(), Ok(()));
    let watched = Watched { model: &model, bar: &bar };
    let started = Instant::now();
    let mut done = 0;
    let report = database.embed(
        &version,
        &watched,
        &options,
        |progress: EmbedProgress| {
            done = progress.done;
            bar.set_length(progress.all);
            bar.set_position(progress.done);
            if args.acknowledge && progress.done > 0 && closed.is_ok() {
                closed = progress::acknowledge(progress.done, output);
            }
        },
        |failure: EmbedFailure| refused.add(&failure.reason.clone(), failure),
    );
    bar.finish_and_clear();
    let report = report.inspect_err(|_| {
        if done > 0 {
            let files = counted(done, "file is", "files are");
            output.note(&format!("{files} done, in {}", duration(started.elapsed())));
        }
    })?;
    closed?;
    if args.choose && !report.stopped {
        database.choose_space(&version, &space.name)?;
    }
    let chosen = find(&database.reader()?, &version, None)?.map(|summary| summary.space.name);
    let told = Told { args, version: &version, space: &space, chosen, report, refused };
    told.print(output)?;
    if told.report.failed > 0 || told.report.stopped { Err(Failure::Reported) } else { Ok(()) }
}

impl Args {
    /// The space to fill, made where it is absent, and how many vectors it has.
    fn space(
        &self,
        database: &Database,
        version: &VersionRef,
        model: &Model,
    ) -> Result<(Space, u64), Failure> {
        let reader = database.reader()?;
        let chosen = find(&reader, version, None)?.map(|summary| summary.space);
        let name = match (&self.space, chosen) {
            (Some(name), _) => name.clone(),
            (None, Some(space)) if space.model == model.model() => space.name,
            (None, _) => space_name(model.model()),
        };
        let storage = self.storage.storage;
        if let Some(found) = find(&reader, version, Some(&name))? {
            if let Some(storage) = storage.filter(|storage| *storage != found.space.storage) {
                return Err(Failure::Usage(format!(
                    "the space {name:?} is there and keeps its numbers as {}, not as {storage}; \
                     leave --storage out, or name another space",
                    found.space.storage
                )));
            }
            return Ok((found.space, found.vectors));
        }
        let reads = if self.pictures { model.reads_images() } else { model.reads_texts() };
        if !reads {
            let what = if self.pictures { "pictures" } else { "texts" };
            return Err(Failure::Usage(format!(
                "the model {} does not read {what}; say --model with the folder of one that does",
                model.model()
            )));
        }
        let dimension = u32::try_from(model.dimension()).unwrap_or(u32::MAX);
        let new = NewSpace {
            storage: storage.unwrap_or_default(),
            ..NewSpace::new(name, model.model(), dimension)
        };
        Ok((database.create_space(version, &new)?, 0))
    }
}

/// A model that moves a bar with each call, since a batch of the library can take long.
struct Watched<'a> {
    model: &'a Model,
    bar: &'a ProgressBar,
}

impl Embedder for Watched<'_> {
    fn model(&self) -> &str {
        self.model.model()
    }

    fn dimension(&self) -> usize {
        self.model.dimension()
    }

    fn normalised(&self) -> bool {
        self.model.normalised()
    }

    fn batch_size(&self) -> usize {
        self.model.batch_size()
    }

    fn reads_texts(&self) -> bool {
        self.model.reads_texts()
    }

    fn reads_images(&self) -> bool {
        self.model.reads_images()
    }

    fn embed_texts(&self, texts: &[&str]) -> Embedded {
        let embedded = self.model.embed_texts(texts);
        self.bar.inc(texts.len() as u64);
        embedded
    }

    fn embed_images(&self, images: &[ImageInput<'_>]) -> Embedded {
        let embedded = self.model.embed_images(images);
        self.bar.inc(images.len() as u64);
        embedded
    }
}

/// What was done, to be told.
struct Told<'a> {
    args: &'a Args,
    version: &'a VersionRef,
    space: &'a Space,
    /// The chosen space, after all.
    chosen: Option<String>,
    report: EmbedReport,
    refused: Reasons<EmbedFailure>,
}

impl Told<'_> {
    fn print(&self, output: &mut Output) -> Result<(), Failure> {
        let (report, space) = (&self.report, self.space);
        if output.is_json() {
            return output.json(&self.as_json());
        }
        for failure in self.refused.first() {
            output.line(format!("{}: {}", clean(&failure.uri), clean(&failure.reason)))?;
        }
        if report.failed > 0 {
            let files = counted(report.failed, "file was", "files were");
            output.line(output.styled(Style::Bad, &format!("{files} refused:")))?;
            for (reason, number) in self.refused.by_count() {
                output.line(format!("  {:>9}  {}", count(number), clean(&reason)))?;
            }
        }
        output.line(format!(
            "{} embedded in space {} of {}/{}, {}, {}",
            counted(report.embedded, "file", "files"),
            clean(&space.name),
            self.version.dataset_name,
            self.version.version_name,
            duration(report.elapsed),
            rate(report.embedded, report.elapsed),
        ))?;
        if report.empty > 0 {
            let what = if self.args.pictures { "no picture on this machine" } else { "no words" };
            let files = counted(report.empty, "file has", "files have");
            output.line(format!("{files} {what}, so no vector"))?;
        }
        if report.stopped {
            output
                .line("stopped before the end; what is done stays, and running it again resumes")?;
        } else if let Some(chosen) = self.chosen.as_ref().filter(|name| **name != space.name) {
            let (chosen, name) = (clean(chosen), clean(&space.name));
            output.line(format!("the chosen space is {chosen}; --space {name} asks this one"))?;
        }
        Ok(())
    }

    fn as_json(&self) -> Value {
        let (report, space) = (&self.report, self.space);
        let first = self.refused.first().iter().map(
            |failure| json!({ "id": failure.id, "uri": failure.uri, "reason": failure.reason }),
        );
        json!({
            "file": self.args.file.path.display().to_string(),
            "dataset": self.version.dataset_name,
            "version": self.version.version_name,
            "space": space.name,
            "model": space.model,
            "dimension": space.dimension,
            "chosen": self.chosen.as_deref() == Some(&space.name),
            "embedded": report.embedded,
            "empty": report.empty,
            "failed": report.failed,
            "stopped": report.stopped,
            "job_id": report.job_id,
            "elapsed_ms": report.elapsed.as_millis() as u64,
            "errors": first.collect::<Value>(),
            "reasons": self.refused.json(),
        })
    }
}
