//! `filedex delete`: files, logically or for good.

use filedex::Query;
use serde_json::json;

use crate::args::{Consent, File, Scope};
use crate::confirm::confirm;
use crate::database::{file_id, open_to_change, version};
use crate::failure::Failure;
use crate::model::ModelArg;
use crate::output::Output;
use crate::selection::{change_all, select};
use crate::units::counted;

const HELP: &str = "\
Examples:
  filedex delete photos.filedex file:///photos/2025/blurred.jpg
  filedex delete photos.filedex --where \"Tags.all = 'blurred'\"
  filedex delete photos.filedex --where \"Status = 'DELETED'\" --purge --yes

A deleted file is found only when asked for (--status deleted) and comes back when it is imported
again; with --purge nothing of it is left. --where and --purge ask first, unless --yes is said.";

/// Delete files
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
#[group(id = "what", required = true, multiple = false, args = ["names", "expression"])]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The files' ids or URIs
    #[arg(value_name = "ID|URI")]
    names: Vec<String>,
    /// All files that this expression finds
    #[arg(long = "where", value_name = "EXPRESSION")]
    expression: Option<String>,
    /// Remove them for good, deleted ones too
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    model: ModelArg,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let query = args.expression.as_deref().map(Query::parse).transpose()?;
    let model = query.as_ref().map(|query| args.model.for_query(query)).transpose()?.flatten();
    let database = open_to_change(&args.file.path, model, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let ids = match &query {
        Some(query) => select(&reader, &version, query, |_| true)?.0,
        None => args.names.iter().map(|name| file_id(&version, name)).collect(),
    };
    drop(reader);
    let many = counted(ids.len() as u64, "file", "files");
    let done = if args.purge { "removed for good" } else { "deleted" };
    if (args.purge || args.expression.is_some()) && !ids.is_empty() {
        confirm(&format!("{many} will be {done}"), args.consent, output)?;
    }
    let changes = change_all(&database, &version, &ids, output, "deleting", |batch, id| {
        if args.purge {
            batch.purge(id)
        } else {
            batch.delete(id)
        };
    })?;
    if output.is_json() {
        let key = if args.purge { "purged" } else { "deleted" };
        output.json(&json!({ key: changes.changed, "failed": changes.failed_json() }))?;
    } else {
        output.line(format!("{} {done}", counted(changes.changed, "file", "files")))?;
    }
    changes.report_failures(output)
}
