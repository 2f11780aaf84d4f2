//! Import: records a second until all are durable, in batches of 20,000.
//!
//! Corpus: the first 40,000 records that `FILEDEX_DATA` names (by default the large set beside the
//! repository, else the fixtures); its order is a fixed shuffle, so a prefix is a fair sample.
//! Each sample fills a new file. `records` has them parsed in memory; `lines` reads and parses
//! JSON lines, decompressed beforehand, as `filedex import` does. Closing the file, and the merge
//! that may be under way, is not counted.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Cursor};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use filedex::import::ImportOptions;
use filedex_benches::{Bench, Corpus};

const RECORDS: usize = 40_000;
const BATCH: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let corpus = Corpus::find()?;
    let files = corpus.files(Some(RECORDS))?;
    let mut lines = Vec::new();
    for line in corpus.lines()?.lines().take(RECORDS) {
        lines.extend_from_slice(line?.as_bytes());
        lines.push(b'\n');
    }

    let mut group = criterion.benchmark_group("import");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(files.len() as u64));
    group.bench_function("records", |b| {
        b.iter_batched(
            || (Bench::empty().expect("a new database"), files.clone()),
            |(bench, files)| {
                let mut rest = files.into_iter().peekable();
                while rest.peek().is_some() {
                    let mut batch = bench.database.batch(&bench.version);
                    for file in rest.by_ref().take(BATCH) {
                        batch.create(file);
                    }
                    let report = batch.commit().expect("a commit");
                    assert!(report.all_succeeded());
                }
                bench
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("lines", |b| {
        b.iter_batched(
            || Bench::empty().expect("a new database"),
            |bench| {
                let report = bench.database.import_lines(
                    &bench.version,
                    Cursor::new(black_box(lines.as_slice())),
                    &ImportOptions::default(),
                    |_| {},
                    |error| panic!("line {}: {}", error.line, error.reason),
                );
                assert_eq!(report.expect("an import").created, files.len() as u64);
                bench
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
