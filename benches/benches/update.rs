//! Updates: one commit, durable and seen by the next reader when it returns.
//!
//! Corpus: all records that `FILEDEX_DATA` names (by default the large set beside the repository,
//! else the fixtures), imported once. `one record` sets the comment of one record and adds a tag to
//! it; `100 records` does that to 100 in one batch. Segments are merged in the background
//! meanwhile, as they are in real use. The figures are as good as the disk's fsync.

use std::error::Error;

use criterion::{Criterion, Throughput};
use filedex::{FileId, FileUpdate, TagEdit};
use filedex_benches::{Bench, Corpus};

/// A step through the records that meets each of them before it meets one again.
const STEP: usize = 7_919;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let corpus = Corpus::find()?;
    let bench = Bench::import(&corpus)?;
    let ids: Vec<FileId> =
        corpus.files(None)?.iter().map(|file| bench.version.file_id(&file.uri)).collect();

    let mut round = 0;
    let mut group = criterion.benchmark_group("update");
    for (name, items) in [("one record", 1), ("100 records", 100)] {
        group.throughput(Throughput::Elements(items as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut batch = bench.database.batch(&bench.version);
                for _ in 0..items {
                    round += 1;
                    batch.update(ids[round * STEP % ids.len()], edit(round));
                }
                assert!(batch.commit().expect("a commit").all_succeeded());
            });
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn edit(round: usize) -> FileUpdate {
    FileUpdate {
        comment: Some(format!("Checked in round {round}")),
        tags_user: TagEdit { add: vec![format!("round {}", round % 10)], remove: Vec::new() },
        ..FileUpdate::default()
    }
}
