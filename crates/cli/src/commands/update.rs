//! `filedex update`: one file.

use clap::ValueEnum;
use filedex::{
    BatchReport, Database, DetailsUpdate, Done, FileId, FileUpdate, NameMode, TagEdit, Timestamp,
    VersionRef, export,
};
use serde_json::{Map, Value, json};

use crate::args::{File, Scope};
use crate::commands::dataset::object;
use crate::commands::get;
use crate::database::{file_id, open_to_write, version};
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "\
Examples:
  filedex update photos.filedex file:///photos/a.jpg --comment 'Sunset at the beach' --star
  filedex update photos.filedex file:///photos/a.jpg --name b.jpg --check-name-mode auto-rename
  filedex update photos.filedex file:///photos/a.jpg --set rating=5 --set 'place={\"city\":\"Rome\"}'
  filedex update photos.filedex file:///photos/a.jpg --tag beach --untag todo --label print

What is not said stays as it is; an empty text clears a field. The URI and the folder cannot change.
A VALUE that is not JSON is taken as text: --set artist=Turner.";

/// Change one file
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The file's id or URI
    #[arg(value_name = "ID|URI")]
    target: String,
    #[command(flatten)]
    details: Details,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    scope: Scope,
}

/// What PDS's UpdateFile changes.
#[derive(Debug, clap::Args)]
struct Details {
    /// The name, 1 to 1,024 bytes
    #[arg(long)]
    name: Option<String>,
    /// What to do when another file of the folder has the name
    #[arg(long, value_name = "MODE", requires = "name")]
    check_name_mode: Option<Mode>,
    /// The description, at most 1,024 characters
    #[arg(long)]
    description: Option<String>,
    /// A label; all labels said replace all there were
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// Remove all labels
    #[arg(long, conflicts_with = "labels")]
    no_labels: bool,
    /// Star it
    #[arg(long, conflicts_with = "unstar")]
    star: bool,
    /// Take the star away
    #[arg(long)]
    unstar: bool,
    /// Hide it
    #[arg(long, conflicts_with = "unhide")]
    hide: bool,
    /// Show it again
    #[arg(long)]
    unhide: bool,
    /// When it was changed on the local device
    #[arg(long, value_name = "TIME")]
    local_modified_at: Option<Timestamp>,
}

/// What PAI's UpdateDatasetFileMetas changes.
#[derive(Debug, clap::Args)]
struct Fields {
    /// The comment, or caption
    #[arg(long)]
    comment: Option<String>,
    /// Set an attribute beside the others
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, Value)>,
    /// Remove an attribute
    #[arg(long, value_name = "NAME")]
    unset: Vec<String>,
    /// Replace all attributes
    #[arg(long, value_name = "JSON", value_parser = object, conflicts_with_all = ["set", "unset"])]
    attributes: Option<Map<String, Value>>,
    /// Add a user tag
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Remove a user tag
    #[arg(long = "untag", value_name = "TAG")]
    untags: Vec<String>,
    /// The main type, such as image
    #[arg(long, value_name = "TYPE")]
    file_type: Option<String>,
    /// The MIME type
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Size in bytes
    #[arg(long, value_name = "BYTES")]
    data_size: Option<u64>,
    /// When the file was created
    #[arg(long, value_name = "TIME")]
    file_create_time: Option<Timestamp>,
    /// When its content last changed
    #[arg(long, value_name = "TIME")]
    file_update_time: Option<Timestamp>,
    /// Fingerprint of the content
    #[arg(long, value_name = "TEXT")]
    fingerprint: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// Let both have it
    Ignore,
    /// Put a time stamp before the extension
    #[value(alias = "auto_rename")]
    AutoRename,
    /// Change nothing and show the file that has it
    Refuse,
}

/// Reads `NAME=VALUE`. A value is JSON; one that is not, and does not begin as a JSON text, list or
/// object does, is text.
fn assignment(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    if name.is_empty() {
        return Err("the name is empty; write NAME=VALUE".to_owned());
    }
    let value = match serde_json::from_str(value) {
        Ok(value) => value,
        Err(error) if value.starts_with(['"', '[', '{']) => {
            return Err(format!("the value is not JSON: {error}"));
        }
        Err(_) => Value::String(value.to_owned()),
    };
    Ok((name.to_owned(), value))
}

impl Details {
    fn update(&self) -> DetailsUpdate {
        let flag = |on: bool, off: bool| (on || off).then_some(on);
        let replaced = self.no_labels || !self.labels.is_empty();
        let mut update = DetailsUpdate::default();
        update.name.clone_from(&self.name);
        update.description.clone_from(&self.description);
        update.labels = replaced.then(|| self.labels.clone());
        update.starred = flag(self.star, self.unstar);
        update.hidden = flag(self.hide, self.unhide);
        update.local_modified_at = self.local_modified_at;
        update.check_name_mode = match self.check_name_mode {
            None | Some(Mode::Ignore) => NameMode::Ignore,
            Some(Mode::AutoRename) => NameMode::AutoRename,
            Some(Mode::Refuse) => NameMode::Refuse,
        };
        update
    }
}

impl Fields {
    fn update(&self) -> FileUpdate {
        let mut merged: Map<String, Value> = self.set.iter().cloned().collect();
        merged.extend(self.unset.iter().map(|name| (name.clone(), Value::Null)));
        FileUpdate {
            comment: self.comment.clone(),
            attributes: self.attributes.clone(),
            merge_attributes: (!merged.is_empty()).then_some(merged),
            tags_user: TagEdit { add: self.tags.clone(), remove: self.untags.clone() },
            file_type: self.file_type.clone(),
            content_type: self.content_type.clone(),
            data_size: self.data_size,
            file_create_time: self.file_create_time,
            file_update_time: self.file_update_time,
            file_fingerprint: self.fingerprint.clone(),
            ..FileUpdate::default()
        }
    }
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let (details, fields) = (args.details.update(), args.fields.update());
    if details == DetailsUpdate::default() && fields == FileUpdate::default() {
        return Err(Failure::Usage("nothing to change; see `filedex update --help`".to_owned()));
    }
    // Checked before anything is written, so that a bad field changes nothing.
    details.validate()?;
    fields.validate()?;
    let database = open_to_write(&args.file.path, output)?;
    let version = version(&database.reader()?, &args.scope)?;
    let id = file_id(&version, &args.target);
    let report = write(&database, &version, id, details, fields)?;
    print(&database, &version, id, &report, output)
}

/// Details first: where they are refused because the name is taken, nothing else is changed.
fn write(
    database: &Database,
    version: &VersionRef,
    id: FileId,
    details: DetailsUpdate,
    fields: FileUpdate,
) -> Result<BatchReport, Failure> {
    let mut batch = database.batch(version);
    let may_refuse = details.check_name_mode == NameMode::Refuse;
    if details != DetailsUpdate::default() {
        batch.update_details(id, details);
    }
    if may_refuse && fields != FileUpdate::default() {
        let report = batch.commit()?;
        let refused = report.succeeded().any(|(_, done)| matches!(done, Done::NameTaken(_)));
        if refused || !report.all_succeeded() {
            return Ok(report);
        }
        batch = database.batch(version);
    }
    if fields != FileUpdate::default() {
        batch.update(id, fields);
    }
    Ok(batch.commit()?)
}

fn print(
    database: &Database,
    version: &VersionRef,
    id: FileId,
    report: &BatchReport,
    output: &mut Output,
) -> Result<(), Failure> {
    if let Some((_, error)) = report.failed().next() {
        return Err(error.clone().into());
    }
    let taken = report.succeeded().find_map(|(_, done)| match done {
        Done::NameTaken(other) => Some(other),
        _ => None,
    });
    let unchanged = report.succeeded().all(|(_, done)| done == Done::Unchanged);
    let done = match taken {
        Some(_) => "name_taken",
        None if unchanged => "unchanged",
        None => "updated",
    };
    let record = database.reader()?.get(version, &taken.unwrap_or(id))?;
    let json = export::record(&record);
    if output.is_json() {
        output.json(&json!({ "done": done, "file": json }))?;
    } else {
        output.line(match taken {
            Some(_) => "nothing was changed: this file of the folder has the name",
            None => done,
        })?;
        output.table(&get::table(&json))?;
    }
    if taken.is_some() { Err(Failure::Reported) } else { Ok(()) }
}
