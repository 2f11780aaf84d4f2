//! `filedex version`: versions of a dataset.

use clap::Subcommand;
use filedex::{Query, Reader, VersionRef};
use serde_json::{Value, json};

use crate::args::{Consent, File};
use crate::confirm::confirm;
use crate::database::{dataset, open_to_read, open_to_write};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Column, Table};
use crate::units::{count, counted, time};

const HELP: &str = "\
Examples:
  filedex version create photos.filedex v2
  filedex version list photos.filedex --dataset holidays
  filedex version delete photos.filedex v1 --yes";

/// Make, list and delete versions of a dataset
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
    Delete(Delete),
}

/// The dataset of a version.
#[derive(Debug, clap::Args)]
struct Owner {
    /// The dataset, by name or id; without it the only one, or the one named `default`
    #[arg(long, short, value_name = "NAME")]
    dataset: Option<String>,
}

/// Make an empty version, which becomes the current one
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex version create photos.filedex v2 --dataset holidays")]
struct Create {
    #[command(flatten)]
    file: File,
    /// The version's name, unique in the dataset
    name: String,
    #[command(flatten)]
    owner: Owner,
}

/// List the versions of a dataset, the oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex version list photos.filedex")]
struct List {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    owner: Owner,
}

/// Delete a version with all its files
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  filedex version delete photos.filedex v1 --yes")]
struct Delete {
    #[command(flatten)]
    file: File,
    /// The version's name or id
    name: String,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    consent: Consent,
}

pub fn run(args: Args, output: &mut Output) -> Result<(), Failure> {
    match args.action {
        Action::Create(args) => create(&args, output),
        Action::List(args) => list(&args, output),
        Action::Delete(args) => delete(&args, output),
    }
}

fn create(args: &Create, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let dataset = dataset(&database.reader()?, args.owner.dataset.as_deref())?;
    let version = database.create_version(&dataset.id, &args.name)?;
    if output.is_json() {
        return output.json(&json!({
            "id": version.version_id,
            "name": version.version_name,
            "dataset_id": version.dataset_id,
            "dataset": version.dataset_name,
        }));
    }
    let (version, dataset) = (version.version_name, version.dataset_name);
    output.line(format!("made version {version} of dataset {dataset}; it is the current one now"))
}

fn list(args: &List, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let dataset = dataset(&reader, args.owner.dataset.as_deref())?;
    let mut rows = Vec::new();
    for version in reader.versions(&dataset.id)? {
        let at = reader.version(Some(&dataset.id), Some(&version.id))?;
        let counts = [files(&reader, &at, "ACTIVE")?, files(&reader, &at, "DELETED")?];
        rows.push((version, counts));
    }
    let is_current = |id: &str| dataset.current_version.as_deref() == Some(id);
    if output.is_json() {
        let versions = rows.iter().map(|(version, [active, deleted])| {
            let mut json = json!(version);
            json["current"] = json!(is_current(&version.id));
            json["active"] = json!(active);
            json["deleted"] = json!(deleted);
            json
        });
        let versions: Value = versions.collect();
        return output.json(&json!({ "dataset": dataset.name, "versions": versions }));
    }
    let mut table = Table::new(&[
        Column::Text("name"),
        Column::Text("id"),
        Column::Whole("current"),
        Column::Number("files"),
        Column::Number("deleted"),
        Column::Whole("created"),
    ]);
    for (version, [active, deleted]) in &rows {
        table.row([
            version.name.clone(),
            version.id.clone(),
            if is_current(&version.id) { "yes" } else { "" }.to_owned(),
            count(*active),
            count(*deleted),
            time(version.created_at),
        ]);
    }
    output.table(&table)?;
    let many = counted(rows.len() as u64, "version", "versions");
    output.line(format!("{many} of dataset {}", dataset.name))
}

fn files(reader: &Reader, version: &VersionRef, status: &str) -> Result<u64, Failure> {
    Ok(reader.count(version, &Query::parse(&format!("Status = '{status}'"))?)?)
}

fn delete(args: &Delete, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_write(&args.file.path, output)?;
    let reader = database.reader()?;
    let dataset = dataset(&reader, args.owner.dataset.as_deref())?;
    let version = reader.version(Some(&dataset.id), Some(&args.name))?;
    let files = files(&reader, &version, "ALL")?;
    let name = &version.version_name;
    let many = counted(files, "file", "files");
    confirm(&format!("version {name} and its {many} will be deleted"), args.consent, output)?;
    database.delete_version(&dataset.id, &version.version_id)?;
    if output.is_json() {
        let id = &version.version_id;
        return output.json(&json!({ "deleted": id, "name": name, "files": files }));
    }
    output.line(format!("deleted version {name} of dataset {} with {many}", dataset.name))
}
