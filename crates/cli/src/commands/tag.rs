//! `filedex tag`: tags of many files at once.

use clap::{Subcommand, ValueEnum};
use filedex::{FileRecord, FileUpdate, Query, TagEdit};
use serde_json::json;

use crate::args::{Consent, File, Scope};
use crate::confirm::confirm;
use crate::database::{open_to_change, version};
use crate::failure::Failure;
use crate::model::ModelArg;
use crate::output::Output;
use crate::selection::{change_all, select};
use crate::units::{count, counted};

const HELP: &str = "\
Examples:
  filedex tag add photos.filedex beach --where \"FileDir GLOB '**/seaside'\"
  filedex tag remove photos.filedex todo draft --where \"Tags.user = 'todo'\" --yes";

/// Add tags to the files an expression finds, or remove them
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    Remove(Remove),
}

/// Add tags; it says how many files will change and asks
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  filedex tag add photos.filedex beach sea --where \"FileName CONTAINS 'beach'\"
  filedex tag add photos.filedex blurry --group user-delete-ai-tags --where \"Tags.ai = 'blurry'\"")]
struct Add {
    #[command(flatten)]
    common: Edit,
}

/// Remove tags; it says how many files will change and asks
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  filedex tag remove photos.filedex todo --where \"Tags.user = 'todo'\" --yes")]
struct Remove {
    #[command(flatten)]
    common: Edit,
}

#[derive(Debug, clap::Args)]
struct Edit {
    #[command(flatten)]
    file: File,
    /// The tags
    #[arg(value_name = "TAG", required = true)]
    tags: Vec<String>,
    /// The files: all that this expression finds
    #[arg(long = "where", value_name = "EXPRESSION")]
    expression: String,
    /// Which group of tags
    #[arg(long, default_value = "user")]
    group: Group,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    model: ModelArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Group {
    /// Tags a person set
    User,
    /// Machine tags a person takes back
    #[value(name = "user-delete-ai-tags")]
    UserDeleteAi,
}

impl Group {
    fn of(self, record: &FileRecord) -> &[String] {
        match self {
            Self::User => &record.tags.user,
            Self::UserDeleteAi => &record.tags.user_delete_ai,
        }
    }

    fn update(self, edit: TagEdit) -> FileUpdate {
        let none = FileUpdate::default();
        match self {
            Self::User => FileUpdate { tags_user: edit, ..none },
            Self::UserDeleteAi => FileUpdate { tags_user_delete_ai: edit, ..none },
        }
    }
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let (edit, add) = match &args.action {
        Action::Add(args) => (&args.common, true),
        Action::Remove(args) => (&args.common, false),
    };
    let query = Query::parse(&edit.expression)?;
    let model = edit.model.for_query(&query)?;
    let database = open_to_change(&edit.file.path, model, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &edit.scope)?;
    let changes_it = |record: &FileRecord| {
        let tags = edit.group.of(record);
        edit.tags.iter().any(|tag| tags.contains(tag) != add)
    };
    let (ids, matched) = select(&reader, &version, &query, changes_it)?;
    drop(reader);
    if !ids.is_empty() {
        let all = counted(matched, "file was", "files were");
        confirm(
            &format!("{all} found, {} will change", count(ids.len() as u64)),
            edit.consent,
            output,
        )?;
    }
    let tags = if add {
        TagEdit { add: edit.tags.clone(), remove: Vec::new() }
    } else {
        TagEdit { add: Vec::new(), remove: edit.tags.clone() }
    };
    let update = edit.group.update(tags);
    let changes = change_all(&database, &version, &ids, output, "tagging", |batch, id| {
        batch.update(id, update.clone());
    })?;
    if output.is_json() {
        output.json(&json!({
            "matched": matched,
            "changed": changes.changed,
            "unchanged": matched - ids.len() as u64 + changes.unchanged,
            "failed": changes.failed_json(),
        }))?;
    } else {
        let all = counted(matched, "file was", "files were");
        output.line(format!("{all} found, {} changed", count(changes.changed)))?;
    }
    changes.report_failures(output)
}
