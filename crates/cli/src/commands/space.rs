//! `filedex space`: embedding spaces of a dataset version.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use filedex::{Database, Metric, NewSpace, Reader, SpaceSummary, VectorStorage, VersionRef};
use serde_json::{Value, json};

use crate::args::{Consent, File, Scope};
use crate::confirm::confirm;
use crate::database::{open_to_read, open_to_write, version};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Column, Table};
use crate::units::{count, counted};

const HELP: &str = "\
Examples:
  filedex space list photos.filedex
  filedex space create photos.filedex captions --model my-model --dimension 384
  filedex space choose photos.filedex captions
  filedex space drop photos.filedex old --yes

An embedding space holds one model's vectors, at most one for each file. Questions that name no
space mean the chosen one; a version's first space is chosen. `filedex embed` makes a space by
itself where there is none.";

/// Make, list, choose, rename and remove embedding spaces
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Create(Create),
    Choose(Choose),
    Rename(Rename),
    Drop(Remove),
}

/// List the spaces of a version, the oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex space list photos.filedex --json")]
struct List {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    scope: Scope,
}

/// Make an empty space, for vectors from elsewhere
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  filedex space create photos.filedex captions --model all-MiniLM-L6-v2 --dimension 384
  filedex space create photos.filedex faces --model f1 --dimension 512 --metric l2 --not-normalised
  filedex import photos.filedex photos.jsonl --embeddings vectors.npy --space captions")]
struct Create {
    #[command(flatten)]
    file: File,
    /// The space's name, unique in the version
    name: String,
    /// What identifies the model that makes the vectors; vectors of another are refused
    #[arg(long, value_name = "ID")]
    model: String,
    /// Numbers in a vector, 2 to 4,096
    #[arg(long, value_name = "N")]
    dimension: u32,
    /// How likeness is measured
    #[arg(long, default_value = "cosine", ignore_case = true)]
    #[arg(value_parser = PossibleValuesParser::new(["cosine", "dot", "l2"])
        .try_map(|name| name.parse::<Metric>()))]
    metric: Metric,
    #[command(flatten)]
    storage: Storage,
    /// Keep vectors as long as they come; not under cosine, where length means nothing
    #[arg(long)]
    not_normalised: bool,
    #[command(flatten)]
    scope: Scope,
}

/// How numbers are kept.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Storage {
    /// How the numbers are kept: f32 as they come, f16 in half the room; f32 where it is not said
    #[arg(long, value_name = "TYPE", ignore_case = true)]
    #[arg(value_parser = PossibleValuesParser::new(["f32", "f16"])
        .try_map(|name| name.parse::<VectorStorage>()))]
    pub storage: Option<VectorStorage>,
}

/// Make a space the one that questions mean that name none
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex space choose photos.filedex captions")]
struct Choose {
    #[command(flatten)]
    file: File,
    /// The space
    name: String,
    #[command(flatten)]
    scope: Scope,
}

/// Give a space another name
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex space rename photos.filedex captions old")]
struct Rename {
    #[command(flatten)]
    file: File,
    /// The space
    name: String,
    /// Its new name
    #[arg(value_name = "NEW_NAME")]
    to: String,
    #[command(flatten)]
    scope: Scope,
}

/// Remove a space with all of its vectors
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex space drop photos.filedex old --yes")]
struct Remove {
    #[command(flatten)]
    file: File,
    /// The space
    name: String,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    scope: Scope,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    match &args.action {
        Action::List(args) => list(args, output),
        Action::Create(args) => create(args, output),
        Action::Choose(args) => choose(args, output),
        Action::Rename(args) => rename(args, output),
        Action::Drop(args) => remove(args, output),
    }
}

/// The space of a name, or the chosen one; none where it is absent.
pub fn find(
    reader: &Reader,
    version: &VersionRef,
    name: Option<&str>,
) -> Result<Option<SpaceSummary>, Failure> {
    let wanted = |summary: &SpaceSummary| match name {
        Some(name) => summary.space.name == name,
        None => summary.chosen,
    };
    Ok(reader.spaces(version)?.into_iter().find(wanted))
}

/// A space with what is in it, as JSON.
pub fn as_json(summary: &SpaceSummary) -> Value {
    let mut json = json!(summary.space);
    json["chosen"] = json!(summary.chosen);
    json["vectors"] = json!(summary.vectors);
    json["segments"] = json!(summary.segments);
    json["in_graphs"] = json!(summary.in_graphs);
    json
}

/// Spaces as a table; `of` are the columns before, with their cells for each space.
pub fn table(of: &[Column], spaces: &[(Vec<String>, SpaceSummary)]) -> Table {
    let mut columns = of.to_vec();
    columns.extend([
        Column::Text("space"),
        Column::Text("model"),
        Column::Number("dimension"),
        Column::Whole("metric"),
        Column::Whole("storage"),
        Column::Number("vectors"),
        Column::Number("segments"),
        Column::Number("in graphs"),
        Column::Whole("chosen"),
    ]);
    let mut table = Table::new(&columns);
    for (before, summary) in spaces {
        let space = &summary.space;
        let own = [
            space.name.clone(),
            space.model.clone(),
            count(u64::from(space.dimension)),
            space.metric.to_string(),
            space.storage.to_string(),
            count(summary.vectors),
            count(summary.segments as u64),
            count(summary.in_graphs),
            if summary.chosen { "yes" } else { "" }.to_owned(),
        ];
        table.row(before.iter().cloned().chain(own));
    }
    table
}

fn list(args: &List, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let spaces = reader.spaces(&version)?;
    let (dataset, name) = (&version.dataset_name, &version.version_name);
    if output.is_json() {
        let spaces: Value = spaces.iter().map(as_json).collect();
        return output.json(&json!({ "dataset": dataset, "version": name, "spaces": spaces }));
    }
    let many = counted(spaces.len() as u64, "space", "spaces");
    if !spaces.is_empty() {
        let spaces: Vec<_> = spaces.into_iter().map(|summary| (Vec::new(), summary)).collect();
        output.table(&table(&[], &spaces))?;
    }
    output.line(format!("{many} of {dataset}/{name}"))
}

fn create(args: &Create, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let version = version(&database.reader()?, &args.scope)?;
    let new = NewSpace {
        metric: args.metric,
        normalised: !args.not_normalised,
        storage: args.storage.storage.unwrap_or_default(),
        ..NewSpace::new(&args.name, &args.model, args.dimension)
    };
    database.create_space(&version, &new)?;
    let chosen = chosen(&database, &version)?;
    if output.is_json() {
        let made = find(&database.reader()?, &version, Some(&args.name))?;
        return output.json(&made.as_ref().map(as_json));
    }
    let which = if chosen == args.name { "it is the chosen one" } else { "it is not chosen" };
    output.line(format!("made space {} of {} dimensions; {which}", args.name, args.dimension))
}

/// The name of the chosen space.
fn chosen(database: &Database, version: &VersionRef) -> Result<String, Failure> {
    let chosen = find(&database.reader()?, version, None)?;
    Ok(chosen.map(|summary| summary.space.name).unwrap_or_default())
}

fn choose(args: &Choose, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let version = version(&database.reader()?, &args.scope)?;
    let before = chosen(&database, &version)?;
    database.choose_space(&version, &args.name)?;
    if output.is_json() {
        return output.json(&json!({ "chosen": args.name, "before": before }));
    }
    output.line(format!("questions that name no space mean {} now", args.name))
}

fn rename(args: &Rename, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let version = version(&database.reader()?, &args.scope)?;
    database.rename_space(&version, &args.name, &args.to)?;
    if output.is_json() {
        return output.json(&json!({ "renamed": args.name, "name": args.to }));
    }
    output.line(format!("space {} is called {} now", args.name, args.to))
}

fn remove(args: &Remove, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let version = version(&database.reader()?, &args.scope)?;
    let found = find(&database.reader()?, &version, Some(&args.name))?;
    let vectors = found.map_or(0, |summary| summary.vectors);
    let many = counted(vectors, "vector", "vectors");
    if vectors > 0 {
        confirm(
            &format!("space {} and its {many} will be removed", args.name),
            args.consent,
            output,
        )?;
    }
    database.drop_space(&version, &args.name)?;
    let chosen = Some(chosen(&database, &version)?).filter(|name| !name.is_empty());
    if output.is_json() {
        return output.json(&json!({ "dropped": args.name, "vectors": vectors, "chosen": chosen }));
    }
    let left = chosen.map(|name| format!("; the chosen one is {name}")).unwrap_or_default();
    output.line(format!("removed space {} with {many}{left}", args.name))
}
