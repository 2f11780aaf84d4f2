//! Writing the vectors: records a second, time to build, bytes.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use filedex::{Builder, Database, PathThresholds, VectorStorage};
use tempfile::TempDir;
use usearch::ScalarKind;

use super::data::Data;
use super::filters::Filter;
use crate::Outcome;
use crate::engine::nearest::{HnswRs, Near, SqliteVec, Usearch};
use crate::report::{Report, Table, bytes_ratio, megabytes, times, verdict};
use crate::timing::{Samples, timed, turns};
use crate::workshop::bytes_of;

/// Rounds of the import.
const ROUNDS: usize = 3;
const LEAST_RATE: f64 = 8_000.0;
/// From this many vectors on Filedex builds and walks a graph here, so that it does at all.
const GRAPH_ROWS: u64 = 1_000;
/// How usearch keeps numbers.
const KINDS: [(&str, ScalarKind); 3] =
    [("f32", ScalarKind::F32), ("bf16", ScalarKind::BF16), ("i8", ScalarKind::I8)];

/// What was built: the files, closed, and the indexes that live in memory.
pub struct Built {
    folder: TempDir,
    /// usearch's, by how it keeps numbers.
    pub usearch: Vec<(&'static str, Usearch)>,
    /// The one of `hnsw_rs`.
    pub hnsw: HnswRs,
}

impl Built {
    /// A file of the run.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Filedex's compacted file.
pub const DEFAULT: &str = "vectors.filedex";
/// The same with a graph.
pub const GRAPH: &str = "graph.filedex";
/// With 16-bit numbers.
pub const HALF: &str = "half.filedex";
/// sqlite-vec's file.
pub const SQLITE: &str = "vectors.sqlite";
const PLAIN: &str = "plain.filedex";
const HNSW: &str = "hnsw";

/// Options under which Filedex walks a graph of few vectors too.
#[must_use]
pub fn with_graph() -> Builder {
    let paths = PathThresholds { graph_rows: GRAPH_ROWS, ..PathThresholds::default() };
    Database::builder().graph_rows(Some(GRAPH_ROWS)).path_thresholds(paths)
}

/// Builds everything and tells what it took.
///
/// # Errors
/// When an engine refuses.
pub fn run(data: &Data, filters: &[Filter], report: &mut Report) -> Outcome<Built> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    import(data, &folder, report)?;

    let mut times = Table::new(&["built", "s"]);
    let seconds = |taken: Duration| format!("{:.1}", taken.as_secs_f64());
    for name in [PLAIN, DEFAULT, HALF] {
        let near = Near::open(&at(name), &Database::builder(), &[])?;
        let (compacted, taken) = timed(|| near.database.compact());
        compacted?;
        times.row([format!("Filedex: compact, {name}"), seconds(taken)]);
    }
    fs::copy(at(DEFAULT), at(GRAPH))?;
    let near = Near::open(&at(GRAPH), &with_graph(), &[])?;
    let (optimized, taken) = timed(|| near.database.optimize());
    optimized?;
    times.row(["Filedex: graph (optimize)".to_owned(), seconds(taken)]);
    near.database.compact()?;
    drop(near);

    let threads = thread::available_parallelism()?.get();
    let mut indexes = Vec::new();
    for (name, kind) in KINDS {
        let (index, taken) = Usearch::build(kind, data.rows(), threads)?;
        times.row([format!("usearch {name} ({})", index.hardware()), seconds(taken)]);
        index.save(&at(name))?;
        indexes.push((name, index));
    }
    let (hnsw, taken) = HnswRs::build(data.rows());
    times.row(["hnsw_rs".to_owned(), seconds(taken)]);
    fs::create_dir(at(HNSW))?;
    hnsw.save(&at(HNSW))?;

    let mut sqlite = SqliteVec::create(&at(SQLITE), data.rows().dimension)?;
    let taken = sqlite.load(data.rows())?;
    times.row(["sqlite-vec (insert alone, it has no index)".to_owned(), seconds(taken)]);
    sqlite.vacuum()?;
    let built = Built { folder, usearch: indexes, hnsw };
    report.line(&format!("### Built on {threads} threads\n"));
    report.table(&times);
    sizes(&built, data, report)?;
    for (number, filter) in filters.iter().enumerate() {
        sqlite.add_filter(number, &filter.passes)?;
    }
    Ok(built)
}

/// Imports into fresh files in turns, and leaves one of each kind.
fn import(data: &Data, folder: &TempDir, report: &mut Report) -> Outcome {
    let dimension = data.rows().dimension;
    let kinds = [
        ("with vectors (f32)", DEFAULT, Some(VectorStorage::F32)),
        ("with vectors (f16)", HALF, Some(VectorStorage::F16)),
        ("without vectors", PLAIN, None),
    ];
    let mut taken: [Samples; 3] = Default::default();
    for round in 0..ROUNDS {
        for kind in turns(round, kinds.len()) {
            let (_, name, storage) = kinds[kind];
            let path = folder.path().join(name);
            if round > 0 {
                fs::remove_file(&path)?;
            }
            let near = Near::create(&path, storage.map(|storage| (dimension, storage)))?;
            taken[kind].push(near.load(&data.files, storage.map(|_| data.rows()))?);
        }
    }
    report.line("### Import, without a graph\n");
    let mut table = Table::new(&["Filedex", "records/s", "target"]);
    for ((what, _, storage), taken) in kinds.iter().zip(&taken) {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = data.files.len() as f64 / taken.median().as_secs_f64();
        let target = storage.map_or("none".to_owned(), |_| verdict(rate >= LEAST_RATE));
        table.row([(*what).to_owned(), format!("{rate:.0}"), target]);
    }
    report.table(&table);
    Ok(())
}

fn sizes(built: &Built, data: &Data, report: &mut Report) -> Outcome {
    let plain = bytes_of(&built.path(PLAIN), "")?;
    let raw = data.rows().bytes();
    let of = |name: &str| bytes_of(&built.path(name), "");
    let default = of(DEFAULT)? - plain;
    let rows = [
        ("Filedex, f32", default, Some(1.32)),
        ("Filedex, f32, with graph", of(GRAPH)? - plain, Some(1.40)),
        ("Filedex, f16", of(HALF)? - plain, Some(0.9)),
        ("usearch f32, saved", of("f32")?, None),
        ("usearch bf16, saved", of("bf16")?, None),
        ("usearch i8, saved", of("i8")?, None),
        ("hnsw_rs, dumped", of(HNSW)?, None),
        ("sqlite-vec, vacuumed", of(SQLITE)?, None),
    ];
    report.line(&format!(
        "### Bytes of {} vectors ({} MB as f32)\n\nFiledex's files after `compact`, less the \
         compacted file of the same records without vectors ({} MB).\n",
        data.rows().len(),
        megabytes(raw),
        megabytes(plain),
    ));
    let mut table = Table::new(&["what", "MB", "bytes a vector", "/ f32", "target"]);
    for (what, bytes, most) in rows {
        let ratio = bytes_ratio(bytes, raw);
        table.row([
            what.to_owned(),
            megabytes(bytes),
            (bytes / data.rows().len() as u64).to_string(),
            times(ratio),
            most.map_or("none".to_owned(), |most| format!("{most}x {}", verdict(ratio <= most))),
        ]);
    }
    report.table(&table);
    let memory = built.usearch.iter().map(|(name, index)| (name, index.memory_bytes()));
    let memory: Vec<String> =
        memory.map(|(name, bytes)| format!("{name} {} MB", megabytes(bytes))).collect();
    report.line(&format!("usearch in memory: {}.\n", memory.join(", ")));
    Ok(())
}
