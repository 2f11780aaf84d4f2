//! How far a task is, on standard error, where that is a terminal.

use std::fmt;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;
use crate::units::count;

const OF_RECORDS: &str =
    "{msg} {bar:28} {percent:>3}%  {human_pos}/{human_len}  {rate}  {eta} left";
const TICK: Duration = Duration::from_millis(100);

/// A bar over the bytes of an input; a spinner where their number is not known.
pub fn of_bytes(output: &Output, total: Option<u64>) -> ProgressBar {
    let template = if total.is_some() {
        "{bar:28} {percent:>3}%  {bytes}/{total_bytes}  {msg}  {eta} left"
    } else {
        "{spinner} {bytes} read  {msg}  {elapsed}"
    };
    bar(output, total, template)
}

/// A bar over a number of records.
pub fn of_records(output: &Output, total: Option<u64>, doing: &'static str) -> ProgressBar {
    let bar = bar(output, total, OF_RECORDS);
    bar.set_message(doing);
    bar
}

/// Turns a spinner into a bar over a number of records, once that is known.
pub fn set_records(bar: &ProgressBar, total: u64) {
    if bar.length() != Some(total) {
        bar.set_length(total);
        set_style(bar, OF_RECORDS);
    }
}

fn bar(output: &Output, total: Option<u64>, template: &str) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    set_style(&bar, template);
    bar.enable_steady_tick(TICK);
    bar
}

fn set_style(bar: &ProgressBar, template: &str) {
    // The templates are constants; the default style is as good where one is mistyped.
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
            // Nothing to do where a line cannot be drawn.
            let _ = write!(out, "{}/s", count(state.per_sec() as u64));
        };
        bar.set_style(style.progress_chars("━╸─").with_key("rate", rate));
    }
}

/// A spinner for work whose length is not known.
pub fn of_work(output: &Output, doing: &'static str) -> ProgressBar {
    let bar = bar(output, None, "{spinner} {msg}  {elapsed}");
    bar.set_message(doing);
    bar
}

/// Prints how far a task is, after a commit, for programs that wait for it.
pub fn acknowledge(done: u64, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        output.json(&json!({ "acknowledged": done }))?;
    } else {
        output.line(done)?;
    }
    output.flush()
}
