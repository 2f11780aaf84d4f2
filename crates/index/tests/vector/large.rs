//! Every path over 100,000 real vectors, and what each takes. Some minutes in a release build:
//! `cargo test --release -p filedex-index --test vector -- --ignored --nocapture large`.

#![expect(clippy::print_stdout, reason = "a table for whoever runs it by hand")]

use std::time::Instant;

use filedex_index::SearchPath;
use filedex_testkit::Seed;

use crate::real::{self, Real};
use crate::recall::measure;
use crate::store::Store;

fn check(real: Option<Real>, name: &str) {
    let Some(Real { space, vectors, mut queries }) = real else { return };
    let mut seed = Seed::of_run(0x1a46e);
    // Half of the queries are stored themselves.
    let known: Vec<Vec<f32>> =
        queries.iter().map(|_| vectors[seed.below(vectors.len())].1.clone()).collect();
    queries = queries.into_iter().zip(known).flat_map(|(query, known)| [query, known]).collect();
    let store = Store::whole((&space).into(), vectors);
    let started = Instant::now();
    let store = store.with_graphs();
    println!("{name}: the graph took {:?}", started.elapsed());
    let floors =
        [(SearchPath::Exact, 1.0), (SearchPath::Cascade, 0.999), (SearchPath::Graph, 0.999)];
    measure(&mut seed, &store, &queries, &[10, 100], &floors, name).unwrap();
}

#[test]
#[ignore = "minutes in a release build"]
fn large_captions() {
    check(real::many_captions(100_000, 100), "100,000 captions");
}

#[test]
#[ignore = "minutes in a release build"]
fn large_digits() {
    check(real::digits(60_000, 50), "60,000 digits");
}
