//! `filedex calibrate`: where one path of a search by meaning becomes faster than the next.

use std::time::Duration;

use filedex::Trial;
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::calibration;
use crate::database::{open_to_read, version};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress;
use crate::table::{Column, Table};
use crate::units::{count, duration};

const HELP: &str = "\
Examples:
  filedex calibrate photos.filedex
  filedex calibrate photos.filedex --space captions --save

Searches are timed on a space's own vectors, on more and more of them: exact (proved), by the
cascade, and by the neighbour graph where there is one. It takes a few seconds and at least 500
vectors. --save keeps the thresholds for this user on this machine, in
$XDG_CONFIG_HOME/filedex/calibration.json or ~/.config/filedex/calibration.json; every later command
goes by them. Removing that file brings the defaults back.";

/// Time the paths of searches by meaning on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The embedding space whose vectors are searched; the chosen one where it is not said
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    /// Keep the thresholds for every later command
    #[arg(long)]
    save: bool,
    #[command(flatten)]
    scope: Scope,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let spinner = progress::of_work(output, "timing searches");
    let measured = reader.calibrate(&version, args.space.as_deref());
    spinner.finish_and_clear();
    let measured = measured?;
    let thresholds = measured.thresholds;
    let saved = args.save.then(|| calibration::save(thresholds)).transpose()?;
    if output.is_json() {
        return output.json(&json!({
            "trials": measured.trials.iter().map(trial_json).collect::<Value>(),
            "thresholds": {
                "exact_rows": thresholds.exact_rows,
                "graph_rows": thresholds.graph_rows,
            },
            "saved": saved.map(|path| path.display().to_string()),
        }));
    }
    let mut table = Table::new(&[
        Column::Number("rows"),
        Column::Number("exact"),
        Column::Number("cascade"),
        Column::Number("graph"),
    ]);
    for trial in &measured.trials {
        table.row([
            count(trial.rows),
            duration(trial.exact),
            duration(trial.cascade),
            trial.graph.map(duration).unwrap_or_default(),
        ]);
    }
    output.table(&table)?;
    output.line(format!(
        "exact up to {} rows, the graph from {} on, the cascade between",
        count(thresholds.exact_rows),
        count(thresholds.graph_rows)
    ))?;
    output.line(match saved {
        Some(path) => format!("saved in {}", path.display()),
        None => "nothing was saved; --save keeps it for every later command".to_owned(),
    })
}

fn trial_json(trial: &Trial) -> Value {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    json!({
        "rows": trial.rows,
        "exact_micros": micros(trial.exact),
        "cascade_micros": micros(trial.cascade),
        "graph_micros": trial.graph.map(micros),
    })
}
