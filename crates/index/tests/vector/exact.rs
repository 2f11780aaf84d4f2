//! The exact path gives what a plain scan gives: the same rows with the same scores, ties included.
//! The cascade gives as many, and all but a few of them the same, whatever vectors look like.

use filedex_index::{Nearest, SearchPath};
use filedex_model::{Metric, Row, Space, VectorStorage};
use filedex_testkit::Seed;

use crate::looks::{LOOKS, Looks, vector};
use crate::scan::{Found, Scan};
use crate::store::{Listed, Store, numbered, shape, space};

const METRICS: [Metric; 3] = [Metric::Cosine, Metric::Dot, Metric::L2];
const STORAGES: [VectorStorage; 2] = [VectorStorage::F32, VectorStorage::F16];

fn vectors(seed: &mut Seed, space: &Space, looks: Looks, count: usize) -> Listed {
    let made = (0..count).map(|_| vector(seed, space, looks)).collect();
    numbered(seed, made, 2)
}

/// Every `k`, with and without a list of rows, with and without a threshold. Tells what the cascade
/// found.
fn check(seed: &mut Seed, store: &Store, query: &[f32], what: &str) -> Found {
    let mut found = Found::default();
    let scan = Scan::new(store, query);
    let all = store.rows();
    // Some of the list's rows have no vector.
    let list: Vec<Row> = (0..=all[all.len() - 1] + 3).filter(|_| seed.chance(30)).collect();
    for k in [0, 1, 10, 100, all.len() + 5] {
        for rows in [None, Some(list.as_slice()), Some(&[])] {
            let search = Nearest { query, rows, k, above: None, path: SearchPath::Exact };
            let truth = scan.answer(&search);
            let what = format!("{what}, k {k}, list {:?}", rows.map(<[Row]>::len));
            assert_eq!(store.index.nearest(&search).unwrap(), truth, "{what}");
            let search = Nearest { path: SearchPath::Cascade, ..search };
            found += scan.check(&search, &store.index.nearest(&search).unwrap(), &what);
            let middle = truth.hits.get(truth.hits.len() / 2);
            let Some(bar) = middle.filter(|_| k == 10 || k > all.len()) else { continue };
            // A threshold is a row's score, one that is all but that, or far off; on any path.
            for above in [bar.score, bar.score.next_down(), bar.score.next_up(), -1e30, 1e30] {
                let search = Nearest { above: Some(above), ..search };
                let answer = store.index.nearest(&search).unwrap();
                assert_eq!(answer, scan.answer(&search), "{what}, above {above}");
            }
        }
    }
    found
}

fn check_all(metric: Metric) {
    let mut seed = Seed::of_run(0x7ec7);
    let mut found = Found::default();
    for storage in STORAGES {
        for dimension in [2, 3, 17, 384, 1_000] {
            for (looks, segments) in LOOKS.into_iter().zip([1, 3, 2, 1, 3]) {
                let count = if dimension < 100 { 300 } else { 60 };
                let space = space(metric, storage, dimension);
                let vectors = vectors(&mut seed, &space, looks, count);
                let known = vectors[seed.below(count)].1.clone();
                let shape = shape(metric, storage, dimension);
                let store = Store::scattered(&mut seed, shape, vectors, segments);
                for query in [known, vector(&mut seed, &space, looks)] {
                    let what = format!("{metric}, {storage}, {dimension}, {looks:?}");
                    found += check(&mut seed, &store, &query, &what);
                }
            }
        }
    }
    assert!(found.recall() >= 0.999, "by cascade: {found:?}");
}

#[test]
fn cosine_equals_a_scan() {
    check_all(Metric::Cosine);
}

#[test]
fn dot_equals_a_scan() {
    check_all(Metric::Dot);
}

#[test]
fn l2_equals_a_scan() {
    check_all(Metric::L2);
}

#[test]
fn numbers_at_their_limits_are_compared() {
    let mut seed = Seed::of_run(0x11);
    for metric in METRICS {
        let space = space(metric, VectorStorage::F32, 4_096);
        for factor in [1e15, 1e-15, 1e-30, 1e-44] {
            let scaled = |seed: &mut Seed| {
                let even = vector(seed, &space, Looks::Even);
                space.accept(&even.iter().map(|x| x * factor).collect::<Vec<_>>()).unwrap_or(even)
            };
            let vectors = (0..20).map(|_| scaled(&mut seed)).collect();
            let vectors = numbered(&mut seed, vectors, 0);
            let store = Store::whole((&space).into(), vectors);
            for query in [scaled(&mut seed), vector(&mut seed, &space, Looks::Even)] {
                check(&mut seed, &store, &query, &format!("{metric}, 4,096 times {factor}"));
            }
        }
    }
}

#[test]
fn zero_vectors_are_answered_where_they_are_accepted() {
    let mut seed = Seed::of_run(0x12);
    for metric in [Metric::Dot, Metric::L2] {
        let space = space(metric, VectorStorage::F32, 5);
        let mut made: Vec<Vec<f32>> =
            (0..40).map(|_| vector(&mut seed, &space, Looks::Even)).collect();
        made.extend(vec![vec![0.0; 5]; 10]);
        made.extend(vec![vec![-0.0; 5]; 10]);
        let store = Store::whole((&space).into(), numbered(&mut seed, made, 1));
        for query in [vec![0.0; 5], vector(&mut seed, &space, Looks::Even)] {
            check(&mut seed, &store, &query, &format!("{metric} with zeros"));
        }
    }
}
