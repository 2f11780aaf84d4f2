//! The ten nearest of the records that satisfy a filter.

use super::contest::{Measured, hold, recall, table};
use super::engines::{Engines, Way};
use super::sweep::Effort;
use super::truth::Truth;
use crate::Outcome;
use crate::report::{Report, Table, millis, times, verdict};

/// The recall that the graphs of the rivals are set to, and that Filedex has to have.
const RECALL: f64 = 0.999;
/// Queries that the least effort is found with.
const SWEPT: usize = 100;
const TO_HNSW: f64 = 0.1;
/// What medians of the same thing differ by on a machine that does other things too.
const NOISE: f64 = 1.05;

/// Measures each filter. `unfiltered` is the effort of `hnsw_rs` without one.
///
/// # Errors
/// When an engine cannot search.
pub fn run(
    engines: &Engines<'_>,
    truth: &Truth<'_>,
    queries: usize,
    unfiltered: &Effort,
    rounds: usize,
    report: &mut Report,
) -> Outcome {
    let mut summary = Table::new(&[
        "filter",
        "Filedex ms",
        "recall@10",
        "/ unfiltered",
        "graph / unfiltered graph",
        "exact recall",
        "hnsw_rs ms",
        "recall@10",
        "/ hnsw_rs",
        "/ hnsw_rs, ef as unfiltered",
        "/ sqlite-vec",
        "target",
    ]);
    for (at, filter) in engines.filters().iter().enumerate() {
        let measured = measure(engines, truth, at, queries, unfiltered, rounds)?;
        report.line(&format!("### {}, {} records\n", filter.name(), filter.count()));
        report.table(&table(&measured));
        summary.row(compare(filter.name(), &measured)?);
    }
    report.line(
        "### Filtered: in short\n\nFiledex as it comes. `hnsw_rs` is the one at the recall that \
         was asked, or the best it reaches.\n",
    );
    report.table(&summary);
    Ok(())
}

fn measure(
    engines: &Engines<'_>,
    truth: &Truth<'_>,
    filter: usize,
    queries: usize,
    unfiltered: &Effort,
    rounds: usize,
) -> Outcome<Vec<Measured>> {
    let filter = Some(filter);
    let swept = SWEPT.min(queries);
    let hnsw = engines.sweep_hnsw(truth, filter, swept, &[RECALL])?;
    let usearch = engines.sweep_usearch(0, truth, filter, swept, &[RECALL])?;
    let as_unfiltered = Effort { ef: unfiltered.ef, why: "as unfiltered".to_owned() };
    let mut contestants = vec![
        engines.ask_filedex(Way::Default, filter)?,
        engines.ask_filedex(Way::Default, None)?,
        engines.ask_filedex(Way::Graph, filter)?,
        engines.ask_filedex(Way::Graph, None)?,
        engines.ask_filedex(Way::Exact, filter)?,
    ];
    contestants.extend(hnsw.iter().map(|effort| engines.ask_hnsw(effort, filter)));
    contestants.push(engines.ask_hnsw(&as_unfiltered, filter));
    contestants.extend(usearch.iter().map(|effort| engines.ask_usearch(0, effort, filter)));
    contestants.push(engines.ask_sqlite(filter));
    hold(&contestants, truth, queries, rounds)
}

fn compare(name: String, measured: &[Measured]) -> Outcome<Vec<String>> {
    let [default, plain, graph, plain_graph, exact, hnsw, as_unfiltered, .., sqlite] = measured
    else {
        return Err("a contestant is missing".into());
    };
    let to_plain = default.ratio_to(plain);
    let met = default.recall >= RECALL
        && exact.recall >= 1.0
        && to_plain <= NOISE
        && default.ratio_to(hnsw) <= TO_HNSW;
    Ok(vec![
        name,
        millis(default.median),
        recall(default.recall),
        times(to_plain),
        times(graph.ratio_to(plain_graph)),
        recall(exact.recall),
        millis(hnsw.median),
        recall(hnsw.recall),
        times(default.ratio_to(hnsw)),
        times(default.ratio_to(as_unfiltered)),
        times(default.ratio_to(sqlite)),
        verdict(met),
    ])
}
