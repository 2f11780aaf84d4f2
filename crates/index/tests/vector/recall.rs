//! How much the faster paths find of what there is, on real vectors: among all rows, and in lists
//! by chance and by likeness, down to none.

use std::time::{Duration, Instant};

use filedex_index::{Nearest, SearchPath};
use filedex_model::Row;
use filedex_testkit::Seed;

use crate::filters::{CHOICES, Choice, SHARES, list};
use crate::real::{self, Real};
use crate::scan::{Found, Scan};
use crate::store::Store;

/// What each path must find of the nearest in every bucket.
pub type Floors = [(SearchPath, f64)];

/// A path's part of a bucket, which is a choice, a share and a `k`.
#[derive(Clone, Default)]
struct Part {
    found: Found,
    took: Vec<Duration>,
    /// Answers of another path than was asked for.
    elsewhere: usize,
}

/// Every bucket for all the queries on every path, as a table; an error names what is below a floor.
#[expect(clippy::print_stdout, reason = "the table is what a reader of a long run wants")]
pub fn measure(
    seed: &mut Seed,
    store: &Store,
    queries: &[Vec<f32>],
    ks: &[usize],
    floors: &Floors,
    name: &str,
) -> Result<(), String> {
    let scans: Vec<Scan> = queries.iter().map(|query| Scan::new(store, query)).collect();
    let mut low = Vec::new();
    println!("{name}: {} vectors, {} queries", store.live.len(), queries.len());
    println!("choice share % k path recall of, median ms, by another path");
    for (choice, share) in CHOICES.iter().flat_map(|choice| SHARES.map(|share| (*choice, share))) {
        if share == 1_000 && choice != Choice::Random {
            continue;
        }
        let mut parts = vec![Part::default(); ks.len() * floors.len()];
        for (at, (query, scan)) in queries.iter().zip(&scans).enumerate() {
            // Each query has a list of its own; the pivot of half of them is the query itself.
            let pivot = if at % 4 < 2 { scan } else { &scans[(at + 7) % scans.len()] };
            let rows: Option<Vec<Row>> = list(seed, pivot, choice, share);
            let rows = rows.as_deref();
            let asked = ks.iter().flat_map(|k| floors.iter().map(move |(path, _)| (*k, *path)));
            for ((k, path), part) in asked.zip(&mut parts) {
                let search = Nearest { query, rows, k, above: None, path };
                let started = Instant::now();
                let answer = store.index.nearest(&search).unwrap();
                part.took.push(started.elapsed());
                part.elsewhere += usize::from(answer.path != path);
                let what = format!("{name}, {choice:?} {share}, k {k}, {path:?}, query {at}");
                part.found += scan.check(&search, &answer, &what);
            }
        }
        let asked = ks.iter().flat_map(|k| floors.iter().map(move |floor| (k, floor)));
        for ((k, (path, floor)), mut part) in asked.zip(parts) {
            part.took.sort();
            let line = format!(
                "{choice:?} {:.1} {k} {path:?} {:.5} of {}, {:.3}, {}",
                share as f64 / 10.0,
                part.found.recall(),
                part.found.wanted,
                part.took[part.took.len() / 2].as_secs_f64() * 1e3,
                part.elsewhere
            );
            println!("{line}");
            // A single miss is chance.
            if part.found.recall() < *floor && part.found.hits + 1 < part.found.wanted {
                low.push(format!("{line}: below {floor}"));
            }
        }
    }
    if low.is_empty() { Ok(()) } else { Err(low.join("\n")) }
}

fn check(real: Option<Real>, name: &str) {
    let Some(Real { space, vectors, queries }) = real else { return };
    let mut seed = Seed::of_run(0x4eca);
    let store = Store::scattered(&mut seed, (&space).into(), vectors, 2);
    let floors = [(SearchPath::Exact, 1.0), (SearchPath::Cascade, 0.999)];
    measure(&mut seed, &store, &queries, &[10, 60], &floors, name).unwrap();
}

#[test]
fn captions_by_cascade() {
    check(real::captions(8), "captions");
}

#[test]
fn digits_by_cascade() {
    check(real::digits(5_000, 8), "digits");
}
