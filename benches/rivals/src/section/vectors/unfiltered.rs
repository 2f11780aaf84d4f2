//! The ten nearest of all records.

use std::time::Duration;

use super::contest::{Contestant, Measured, hold, recall, table};
use super::data::Data;
use super::engines::{Engines, Way};
use super::sweep::Effort;
use super::truth::Truth;
use crate::Outcome;
use crate::engine::nearest::NEAREST;
use crate::report::{Report, millis, times, verdict};
use crate::timing::Samples;

/// The recalls that the graphs of the rivals are set to.
const RECALLS: [f64; 2] = [0.99, 0.999];
const FASTEST_MOST: Duration = Duration::from_micros(350);
const DEFAULT_MOST: Duration = Duration::from_micros(600);
const TO_SQLITE: f64 = 1.0 / 50.0;
const WAYS: [Way; 4] = [Way::Default, Way::Exact, Way::Graph, Way::Half];

/// Measures; returns the effort with which `hnsw_rs` reaches the first of the recalls.
///
/// # Errors
/// When an engine cannot search.
pub fn run(
    engines: &Engines<'_>,
    data: &Data,
    truth: &Truth<'_>,
    rounds: usize,
    report: &mut Report,
) -> Outcome<Effort> {
    let queries = data.queries().len();
    let mut contestants = Vec::new();
    for way in WAYS {
        contestants.push(engines.ask_filedex(way, None)?);
    }
    let (first_usearch, mut first_hnsw) = (contestants.len(), None);
    for (at, _) in engines.kinds().enumerate() {
        let efforts = engines.sweep_usearch(at, truth, None, queries, &RECALLS)?;
        contestants.extend(efforts.iter().map(|effort| engines.ask_usearch(at, effort, None)));
    }
    let last_usearch = contestants.len();
    for effort in engines.sweep_hnsw(truth, None, queries, &RECALLS)? {
        contestants.push(engines.ask_hnsw(&effort, None));
        first_hnsw.get_or_insert(effort);
    }
    contestants.push(engines.ask_sqlite(None));

    let measured = hold(&contestants, truth, queries, rounds)?;
    report.line("### Unfiltered\n");
    report.table(&table(&measured));
    report.line(&format!(
        "Of Filedex's times, reading ten records by their ids takes about {} ms.\n",
        millis(reading(engines, data)?)
    ));
    targets(&measured, first_usearch..last_usearch, report);
    first_hnsw.ok_or_else(|| "no recall was asked for".into())
}

fn targets(measured: &[Measured], usearch: std::ops::Range<usize>, report: &mut Report) {
    let best = |of: &[Measured], least: f64| -> Option<Measured> {
        let enough = of.iter().filter(|one| one.recall >= least);
        enough.min_by_key(|one| one.median).cloned()
    };
    let told = |one: &Measured| {
        format!("{} {} ms at {}", one.name, millis(one.median), recall(one.recall))
    };
    let filedex = &measured[..WAYS.len()];
    for least in RECALLS {
        let (Some(ours), Some(theirs)) =
            (best(filedex, least), best(&measured[usearch.clone()], least))
        else {
            report.line(&format!("- (a) recall {least}: not reached by both (MISSED)"));
            continue;
        };
        let ratio = ours.ratio_to(&theirs);
        let met = ratio <= 1.0 && ours.median <= FASTEST_MOST;
        report.line(&format!(
            "- (a) recall {least} or more: {}; {}: {} ({}; at most 1x, and 0.35 ms)",
            told(&ours),
            told(&theirs),
            times(ratio),
            verdict(met),
        ));
    }
    if let (Some(default), Some(sqlite)) = (filedex.first(), measured.last()) {
        let ratio = default.ratio_to(sqlite);
        let met = default.recall >= 0.999 && default.median <= DEFAULT_MOST && ratio <= TO_SQLITE;
        report.line(&format!(
            "- (b) default: {}; {}: 1/{:.0} ({}; recall 0.999, at most 0.6 ms, at most 1/50)",
            told(default),
            told(sqlite),
            1.0 / ratio,
            verdict(met),
        ));
    }
    if let Some(exact) = filedex.get(1) {
        report.line(&format!(
            "- (d) {} ({}; recall 1)\n",
            told(exact),
            verdict(exact.recall >= 1.0)
        ));
    }
}

/// How long it takes to read the records of an answer.
fn reading(engines: &Engines<'_>, data: &Data) -> Outcome<Duration> {
    let default: Contestant<'_> = engines.ask_filedex(Way::Default, None)?;
    let mut taken = Samples::default();
    for query in 0..data.queries().len().min(200) {
        let (rows, _) = (default.ask)(query)?;
        let files: Vec<_> = rows.iter().map(|row| &data.files[*row as usize]).collect();
        if files.len() == NEAREST {
            taken.push(engines.filedex().read(&files)?);
        }
    }
    Ok(taken.median())
}
