//! `filedex dataset`: datasets of a file.

use clap::Subcommand;
use filedex::{Dataset, DatasetPatch, NewDataset, Reader};
use serde_json::{Map, Value, json};

use crate::args::{Consent, File};
use crate::commands::get;
use crate::confirm::confirm;
use crate::database::{open_to_read, open_to_write};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Column, Table};
use crate::units::{count, counted, time};

const HELP: &str = "\
Examples:
  filedex dataset create photos.filedex holidays --folder /private
  filedex dataset list photos.filedex
  filedex dataset patch photos.filedex holidays --name 'holidays 2025'";

/// Make, list, show, change and delete datasets
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(Create),
    List(List),
    Show(Show),
    Patch(Patch),
    Delete(Delete),
}

/// Make a dataset; it has no version until one is made or something is imported into it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  filedex dataset create photos.filedex holidays
  filedex dataset create photos.filedex street --folder /vision --metadata '{\"owner\":\"Ann\"}'")]
struct Create {
    #[command(flatten)]
    file: File,
    /// The dataset's name, unique in the file
    name: String,
    /// The folder it is shown in; `/` where it is not said
    #[arg(long)]
    folder: Option<String>,
    /// Its id, which the ids of its files are made of; a fresh one where it is not said
    #[arg(long)]
    id: Option<String>,
    /// The id of the workspace it belongs to
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,
    /// The id of the project it belongs to
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Free metadata, a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    metadata: Option<Map<String, Value>>,
}

/// List the datasets
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex dataset list photos.filedex")]
struct List {
    #[command(flatten)]
    file: File,
}

/// Show one dataset
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex dataset show photos.filedex holidays --json")]
struct Show {
    #[command(flatten)]
    file: File,
    /// The dataset's name or id
    name: String,
}

/// Change a dataset's name or folder; what is not said stays as it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex dataset patch photos.filedex holidays --folder /old")]
#[group(id = "change", required = true, multiple = true, args = ["new_name", "folder"])]
struct Patch {
    #[command(flatten)]
    file: File,
    /// The dataset's name or id
    name: String,
    /// The new name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// The new folder
    #[arg(long)]
    folder: Option<String>,
}

/// Delete a dataset with all its versions and files
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex dataset delete photos.filedex holidays --yes")]
struct Delete {
    #[command(flatten)]
    file: File,
    /// The dataset's name or id
    name: String,
    #[command(flatten)]
    consent: Consent,
}

pub fn run(args: Args, output: &mut Output) -> Result<(), Failure> {
    match args.action {
        Action::Create(args) => create(args, output),
        Action::List(args) => list(&args, output),
        Action::Show(args) => show(&args, output),
        Action::Patch(args) => patch(args, output),
        Action::Delete(args) => delete(&args, output),
    }
}

/// Reads a JSON object.
pub fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))
}

fn create(args: Create, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let dataset = database.create_dataset(NewDataset {
        id: args.id,
        folder: args.folder,
        metadata: args.metadata.unwrap_or_default(),
        workspace_id: args.workspace,
        ai_project_id: args.project,
        ..NewDataset::named(args.name)
    })?;
    print(&dataset, output)
}

fn list(args: &List, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let datasets = reader.datasets()?;
    if output.is_json() {
        return output.json(&json!({ "datasets": datasets }));
    }
    let mut table = Table::new(&[
        Column::Text("name"),
        Column::Text("id"),
        Column::Whole("status"),
        Column::Text("folder"),
        Column::Number("versions"),
        Column::Text("current"),
        Column::Whole("created"),
    ]);
    for dataset in &datasets {
        let versions = reader.versions(&dataset.id)?;
        let current = versions.iter().find(|v| Some(&v.id) == dataset.current_version.as_ref());
        table.row([
            dataset.name.clone(),
            dataset.id.clone(),
            format!("{:?}", dataset.status).to_uppercase(),
            dataset.folder.clone(),
            count(versions.len() as u64),
            current.map(|version| version.name.clone()).unwrap_or_default(),
            time(dataset.created_at),
        ]);
    }
    output.table(&table)?;
    output.line(counted(datasets.len() as u64, "dataset", "datasets"))
}

fn show(args: &Show, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let dataset = reader.dataset(&args.name)?;
    let json = with_versions(&dataset, &reader)?;
    if output.is_json() { output.json(&json) } else { output.table(&get::table(&json)) }
}

fn with_versions(dataset: &Dataset, reader: &Reader) -> Result<Value, Failure> {
    let mut json = json!(dataset);
    json["versions"] = reader.versions(&dataset.id)?.iter().map(|v| json!(v.name)).collect();
    Ok(json)
}

fn patch(args: Patch, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let patch = DatasetPatch { name: args.new_name, folder: args.folder };
    print(&database.patch_dataset(&args.name, &patch)?, output)
}

fn delete(args: &Delete, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let reader = database.reader()?;
    let dataset = reader.dataset(&args.name)?;
    let mut files = 0;
    for version in reader.versions(&dataset.id)? {
        let version = reader.version(Some(&dataset.id), Some(&version.id))?;
        files += reader.count(&version, &filedex::Query::parse("Status = 'ALL'")?)?;
    }
    let name = &dataset.name;
    let what =
        format!("dataset {name} and its {} will be deleted", counted(files, "file", "files"));
    confirm(&what, args.consent, output)?;
    database.delete_dataset(&dataset.id)?;
    if output.is_json() {
        return output.json(&json!({ "deleted": dataset.id, "name": name, "files": files }));
    }
    output.line(format!("deleted dataset {name} with {}", counted(files, "file", "files")))
}

fn print(dataset: &Dataset, output: &mut Output) -> Result<(), Failure> {
    let json = json!(dataset);
    if output.is_json() { output.json(&json) } else { output.table(&get::table(&json)) }
}
