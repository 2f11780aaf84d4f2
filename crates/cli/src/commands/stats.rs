//! `filedex stats`: how many files each folder, type or tag has.

use std::time::Instant;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use filedex::{Aggregate, GroupCount, Query};
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::database::{open_to_ask, version};
use crate::failure::Failure;
use crate::model::ModelArg;
use crate::output::Output;
use crate::table::{Column, Table};
use crate::units::{count, counted, duration};

const HELP: &str = "\
Examples:
  filedex stats photos.filedex
  filedex stats photos.filedex --by tags.all --limit 50
  filedex stats photos.filedex --by filedir --where \"Tags.all = 'beach'\"

Counts are exact, the largest first. A file counts once for each of its tags.";

/// Count files by folder, type or tag
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// What to count by
    #[arg(long, value_name = "WHAT", default_value = "filetype", ignore_case = true)]
    #[arg(value_parser = PossibleValuesParser::new(Aggregate::NAMES.map(|(name, _)| name))
        .try_map(|name| name.parse::<Aggregate>()))]
    by: Aggregate,
    /// Count only the files that this expression finds
    #[arg(
        long = "where",
        value_name = "EXPRESSION",
        default_value = "",
        hide_default_value = true
    )]
    expression: String,
    /// How many groups to show
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    model: ModelArg,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let query = Query::parse(&args.expression)?;
    let model = args.model.for_query(&query)?;
    let database = open_to_ask(&args.file.path, model, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let started = Instant::now();
    let groups = reader.statistics(&version, args.by, &query)?;
    let took = duration(started.elapsed());
    let by = name(args.by);
    let shown = &groups[..groups.len().min(args.limit)];
    if output.is_json() {
        let shown: Value =
            shown.iter().map(|group| json!({ "key": group.key, "count": group.count })).collect();
        return output.json(&json!({ "by": by, "total_groups": groups.len(), "groups": shown }));
    }
    output.table(&table(by, shown))?;
    let more = groups.len() - shown.len();
    let more = if more > 0 { format!(", {} not shown", count(more as u64)) } else { String::new() };
    output.line(format!("{}{more}, {took}", counted(groups.len() as u64, "group", "groups")))
}

/// Groups as a table.
pub fn table(by: &'static str, groups: &[GroupCount]) -> Table {
    let mut table = Table::new(&[Column::Text(by), Column::Number("files")]);
    for group in groups {
        table.row([group.key.clone(), count(group.count)]);
    }
    table
}

fn name(by: Aggregate) -> &'static str {
    Aggregate::NAMES.iter().find(|(_, known)| *known == by).map_or("group", |(name, _)| name)
}
