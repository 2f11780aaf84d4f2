//! Graphs: whatever the order in which threads build one, no vector is lost, and one that is stored
//! answers alike.

use filedex_index::{Nearest, SearchPath, VectorView, vector_differences};
use filedex_model::{Metric, VectorStorage};
use filedex_testkit::Seed;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::looks::{LOOKS, vector};
use crate::real::{self, Real};
use crate::scan::Scan;
use crate::store::{Store, numbered, space};

/// A walk with `k` as large as the store keeps going until it has seen all it can reach: were one
/// vector missing, another path would have answered.
#[test]
fn every_build_reaches_every_vector() {
    let mut seed = Seed::of_run(0x94a);
    for metric in [Metric::Cosine, Metric::Dot, Metric::L2] {
        for looks in LOOKS {
            let space = space(metric, VectorStorage::F32, 7);
            let made: Vec<Vec<f32>> = (0..150).map(|_| vector(&mut seed, &space, looks)).collect();
            // A third of them twice.
            let vectors = made.iter().chain(made.iter().step_by(3)).cloned().collect();
            let vectors = numbered(&mut seed, vectors, 1);
            let store = Store::whole((&space).into(), vectors);
            for build in 0..5 {
                let what = format!("{metric}, {looks:?}, build {build}");
                let store = store.with_graphs();
                assert_eq!(vector_differences(&store.index).unwrap(), [""; 0], "{what}");
                let query = vector(&mut seed, &space, looks);
                let k = store.live.len();
                let search =
                    Nearest { query: &query, rows: None, k, above: None, path: SearchPath::Graph };
                let answer = store.index.nearest(&search).unwrap();
                assert_eq!(answer.path, SearchPath::Graph, "{what}");
                assert_eq!(answer.hits, Scan::new(&store, &query).answer(&search).hits, "{what}");
                assert_eq!(store.index.nearest(&search).unwrap(), answer, "{what}, again");
            }
        }
    }
}

#[test]
fn a_stored_graph_answers_alike_and_well() {
    let Some(Real { space, mut vectors, queries }) = real::captions(24) else { return };
    let mut seed = Seed::of_run(0x57a);
    vectors.truncate(1_000);
    let store = Store::scattered(&mut seed, (&space).into(), vectors, 2).with_graphs();
    let floors = [(SearchPath::Cascade, 0.999), (SearchPath::Graph, 0.999)];
    crate::recall::measure(&mut seed, &store, &queries, &[10], &floors, "graphs").unwrap();
    let reopened = store.index.segments().iter().map(|view| {
        let segment = view.segment.with_graph(view.segment.graph_blob());
        VectorView { segment: Arc::new(segment), dead: Arc::clone(&view.dead) }
    });
    let reopened =
        filedex_index::VectorIndex::new(store.index.shape(), reopened.collect()).unwrap();
    for query in &queries {
        let search = Nearest { query, rows: None, k: 20, above: None, path: SearchPath::Graph };
        let answer = store.index.nearest(&search).unwrap();
        assert_eq!(store.index.nearest(&search).unwrap(), answer);
        assert_eq!(reopened.nearest(&search).unwrap(), answer);
    }
}

#[test]
fn a_build_that_is_stopped_gives_no_graph() {
    let space = space(Metric::L2, VectorStorage::F32, 2);
    let store = Store::whole((&space).into(), vec![(0, vec![0.0, 1.0]), (1, vec![1.0, 0.0])]);
    let segment = &store.index.segments()[0].segment;
    let stop = AtomicBool::new(true);
    assert!(filedex_index::build_graph(segment, 1, &stop).unwrap().is_none());
}
