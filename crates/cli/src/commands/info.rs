//! `filedex info`: what is in a file and what it takes.

use filedex::{Info, Reader, SpaceSummary};
use serde_json::{Value, json};

use crate::args::File;
use crate::commands::space;
use crate::database::open_to_read;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Column, Table};
use crate::units::{count, size};

const HELP: &str = "\
Examples:
  filedex info photos.filedex
  filedex info photos.filedex --json | jq '.versions[] | {dataset, version, active}'";

/// Show versions, embedding spaces, counts and sizes
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let info = database.info()?;
    let spaces = spaces(&database.reader()?)?;
    let path = args.file.path.display().to_string();
    if output.is_json() {
        return output.json(&as_json(&path, &info, &spaces));
    }
    output.line(format!(
        "{path}: {}, of which {} are live; format {}, generation {}",
        size(info.file_bytes),
        size(info.live_bytes),
        info.format,
        count(info.generation),
    ))?;
    output.line("")?;
    let mut versions = Table::new(&[
        Column::Text("dataset"),
        Column::Text("version"),
        Column::Number("files"),
        Column::Number("deleted"),
        Column::Number("segments"),
        Column::Number("dead documents"),
    ]);
    for version in &info.versions {
        versions.row([
            version.dataset.clone(),
            version.version.clone(),
            count(version.active),
            count(version.deleted),
            count(version.segments as u64),
            count(version.dead_documents),
        ]);
    }
    output.table(&versions)?;
    output.line("")?;
    if !spaces.is_empty() {
        let of = [Column::Text("dataset"), Column::Text("version")];
        output.table(&space::table(&of, &spaces))?;
        output.line("")?;
    }
    let mut parts = Table::new(&[
        Column::Text("part"),
        Column::Number("stored"),
        Column::Number("overhead"),
        Column::Number("share"),
    ]);
    for part in &info.parts {
        let all = part.stored_bytes + part.overhead_bytes;
        let share = all as f64 * 100.0 / info.live_bytes.max(1) as f64;
        parts.row([
            part.part.clone(),
            size(part.stored_bytes),
            size(part.overhead_bytes),
            format!("{share:.1} %"),
        ]);
    }
    output.table(&parts)
}

/// Every space, with the names of its dataset and its version.
fn spaces(reader: &Reader) -> Result<Vec<(Vec<String>, SpaceSummary)>, Failure> {
    let mut spaces = Vec::new();
    for dataset in reader.datasets()? {
        for version in reader.versions(&dataset.id)? {
            let at = reader.version(Some(&dataset.id), Some(&version.id))?;
            let of = vec![dataset.name.clone(), version.name];
            spaces.extend(reader.spaces(&at)?.into_iter().map(|space| (of.clone(), space)));
        }
    }
    Ok(spaces)
}

fn as_json(path: &str, info: &Info, spaces: &[(Vec<String>, SpaceSummary)]) -> Value {
    let spaces = spaces.iter().map(|(of, summary)| {
        let mut json = space::as_json(summary);
        json["dataset"] = json!(of[0]);
        json["version"] = json!(of[1]);
        json
    });
    let versions = info.versions.iter().map(|version| {
        json!({
            "dataset": version.dataset,
            "version": version.version,
            "active": version.active,
            "deleted": version.deleted,
            "segments": version.segments,
            "dead_documents": version.dead_documents,
        })
    });
    let parts = info.parts.iter().map(|part| {
        json!({
            "part": part.part,
            "stored_bytes": part.stored_bytes,
            "overhead_bytes": part.overhead_bytes,
        })
    });
    json!({
        "file": path,
        "file_bytes": info.file_bytes,
        "live_bytes": info.live_bytes,
        "generation": info.generation,
        "format": info.format,
        "versions": versions.collect::<Value>(),
        "spaces": spaces.collect::<Value>(),
        "parts": parts.collect::<Value>(),
    })
}
