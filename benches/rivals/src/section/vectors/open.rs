//! Opening a closed file, and the first query.

use std::time::Duration;

use filedex::{Builder, Database};

use super::build::{Built, DEFAULT, GRAPH, SQLITE, with_graph};
use super::data::Data;
use crate::Outcome;
use crate::engine::nearest::{NEAREST, Near, SqliteVec, Usearch};
use crate::report::{Report, Table, millis};
use crate::timing::{Samples, timed, turns};

const ROUNDS: usize = 10;

/// The time to open, and that of the first query.
type Times = (Duration, Duration);
/// Opens and asks; which query, the round says.
type Open<'a> = Box<dyn Fn(usize) -> Outcome<Times> + 'a>;

/// Opens, asks and closes in turns.
///
/// # Errors
/// When a file cannot be opened.
pub fn run(built: &Built, data: &Data, report: &mut Report) -> Outcome {
    let default = Database::builder();
    let graph = with_graph();
    let mapped = |mapped| move |round| usearch(built, data, round, mapped);
    let contestants: [(&str, Open<'_>); 5] = [
        ("Filedex", Box::new(|round| filedex(built, DEFAULT, &default, data, round))),
        ("Filedex with graph", Box::new(|round| filedex(built, GRAPH, &graph, data, round))),
        ("usearch f32, read", Box::new(mapped(false))),
        ("usearch f32, mapped", Box::new(mapped(true))),
        ("sqlite-vec", Box::new(|round| sqlite(built, data, round))),
    ];
    let mut opened = vec![Samples::default(); contestants.len()];
    let mut answered = opened.clone();
    for round in 0..ROUNDS {
        for at in turns(round, contestants.len()) {
            let (open, answer) = contestants[at].1(round)?;
            opened[at].push(open);
            answered[at].push(open + answer);
        }
    }
    report.line(&format!(
        "### Open and first query\n\nMedians of {ROUNDS} rounds in milliseconds, the files in the \
         page cache, unfiltered, closing not counted.\n"
    ));
    let mut table = Table::new(&["what", "open", "open and first query"]);
    for ((name, _), (opened, answered)) in contestants.iter().zip(opened.iter().zip(&answered)) {
        table.row([(*name).to_owned(), millis(opened.median()), millis(answered.median())]);
    }
    report.table(&table);
    Ok(())
}

fn filedex(
    built: &Built,
    name: &str,
    builder: &Builder,
    data: &Data,
    round: usize,
) -> Outcome<Times> {
    let path = built.path(name);
    let (opened, open) = timed(|| builder.open(&path));
    let near = Near::with(opened?, &data.files)?;
    let query = Near::question("", data.queries().get(round), false)?;
    let (_, answer) = near.ask(&query)?;
    Ok((open, answer))
}

fn usearch(built: &Built, data: &Data, round: usize, mapped: bool) -> Outcome<Times> {
    let path = built.path("f32");
    let (opened, open) = timed(|| Usearch::open(&path, mapped));
    let (_, answer) = opened?.ask(data.queries().get(round), 4 * NEAREST, None)?;
    Ok((open, answer))
}

fn sqlite(built: &Built, data: &Data, round: usize) -> Outcome<Times> {
    let path = built.path(SQLITE);
    let question = SqliteVec::question(data.queries().get(round));
    let (opened, open) = timed(|| SqliteVec::open(&path));
    let (_, answer) = opened?.ask(&question, None)?;
    Ok((open, answer))
}
