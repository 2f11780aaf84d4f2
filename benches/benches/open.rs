//! Opening a file that was closed cleanly.
//!
//! Corpus: all records that `FILEDEX_DATA` names (by default the large set beside the repository,
//! else the fixtures), imported once and closed. The file is in the page cache; closing it again is
//! not counted. `open` is the handle alone; `open and count` asks one question of it, which loads
//! what queries keep in memory.

use std::error::Error;
use std::time::{Duration, Instant};

use criterion::Criterion;
use filedex::{Database, Query};
use filedex_benches::{Bench, Corpus};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let bench = Bench::import(&Corpus::find()?)?;
    let version = bench.version.clone();
    let (_folder, path) = bench.close()?;
    let query = Query::parse("Tags.all = 'hill'")?;

    let mut group = criterion.benchmark_group("open");
    group.bench_function("open", |b| {
        b.iter_custom(|rounds| {
            let mut taken = Duration::ZERO;
            for _ in 0..rounds {
                let started = Instant::now();
                let database = Database::open(&path).expect("the file");
                taken += started.elapsed();
                drop(database);
            }
            taken
        });
    });
    group.bench_function("open and count", |b| {
        b.iter_custom(|rounds| {
            let mut taken = Duration::ZERO;
            for _ in 0..rounds {
                let started = Instant::now();
                let database = Database::open(&path).expect("the file");
                let reader = database.reader().expect("a snapshot");
                reader.count(&version, &query).expect("a count");
                taken += started.elapsed();
                drop(reader);
                drop(database);
            }
            taken
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
