//! Search by meaning beside usearch, `hnsw_rs` and sqlite-vec, over the large set's embeddings.
//!
//! - [`data`], [`filters`], [`truth`]: the vectors, the sets of rows, and the true nearest.
//! - [`build`], [`open`]: writing, sizes, opening.
//! - [`engines`], [`sweep`], [`contest`]: who takes part, how hard it tries, and the rounds.
//! - [`unfiltered`], [`filtered`]: the searches.

pub mod build;
pub mod contest;
pub mod data;
pub mod engines;
pub mod filtered;
pub mod filters;
pub mod open;
pub mod sweep;
pub mod truth;
pub mod unfiltered;

use filedex_benches::Corpus;

use crate::Outcome;
use crate::engine::nearest::{BREADTH, EDGES, SqliteVec, Usearch};
use crate::options::Options;
use crate::report::Report;
use data::Data;
use engines::Engines;
use truth::Truth;

/// Records, unless the options say otherwise.
const RECORDS: usize = 100_000;

/// Runs all of it. Takes about half an hour.
///
/// # Errors
/// When an engine refuses its work, or answers with rows that were not asked for.
pub fn run(corpus: &Corpus, options: &Options, report: &mut Report) -> Outcome {
    report.section(
        "Vectors",
        "The ten nearest by cosine, with all-MiniLM-L6-v2's embeddings of the records' texts, one \
         thread to a search, in milliseconds. Filedex is timed end to end: `Reader::list` with a \
         parsed query, the ten whole records included; what it spends on vectors alone is not \
         public. The rivals give row numbers. The indexes of usearch and hnsw_rs are in memory. \
         Recall@10 is told of the very searches that were timed, against 64-bit arithmetic over \
         all rows; a hit counts if it scores no less than the tenth nearest, to 1e-7. Medians and \
         95th percentiles are those of rounds, and their medians are shown; a slow engine is asked \
         fewer queries in a round.",
        "(a) unfiltered at recall 0.99: usearch's time at equal recall, and 0.35 ms. (b) default \
         at recall 0.999: 0.6 ms, and 1/50 of sqlite-vec's. (c) filtered: no slower than \
         unfiltered, recall 0.999, ten times as fast as hnsw_rs's filtered search. (d) exact: \
         recall 1. (e) 1.32 times the vectors' bytes, 1.40 with a graph, 0.9 with f16. (f) 8,000 \
         records a second.",
    );
    let limit = options.limit.unwrap_or(RECORDS);
    let Some(mut data) = Data::read(corpus, limit)? else {
        report.warning(&format!("no vectors are beside {corpus}: nothing was measured"));
        return Ok(());
    };
    let filters = filters::draw(&mut data.files);
    let folder = tempfile::tempdir()?;
    let sqlite = SqliteVec::create(&folder.path().join("version"), data.rows().dimension)?;
    report.line(&format!(
        "{} vectors of {} dimensions, {} queries; usearch {}, hnsw_rs 0.3.5 (simdeez_f), \
         M = {EDGES}, ef_construction = {BREADTH}; sqlite-vec {}; {} CPUs.\n",
        data.rows().len(),
        data.rows().dimension,
        data.queries().len(),
        Usearch::version(),
        sqlite.version()?,
        std::thread::available_parallelism()?,
    ));
    let built = build::run(&data, &filters, report)?;
    open::run(&built, &data, report)?;
    let truth = Truth::find(data.rows(), data.queries(), &filters)?;
    let engines = Engines::open(&built, &data, &filters)?;
    let rounds = options.rounds.unwrap_or(contest::ROUNDS);
    let effort = unfiltered::run(&engines, &data, &truth, rounds, report)?;
    filtered::run(&engines, &truth, data.queries().len(), &effort, rounds, report)
}
