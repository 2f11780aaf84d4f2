//! What is stored is found: every vector finds itself, and small or equal stores lose nothing.

use filedex_index::{Nearest, SearchPath};
use filedex_model::{Metric, VectorStorage};
use filedex_testkit::Seed;

use crate::looks::{Looks, vector};
use crate::real::{self, Real};
use crate::scan::{PATHS, Scan};
use crate::store::{Listed, Store, numbered, space};

#[test]
fn every_caption_finds_itself() {
    let Some(Real { space, mut vectors, .. }) = real::captions(0) else { return };
    let mut seed = Seed::of_run(0x5e1f);
    vectors.truncate(700);
    let store = Store::scattered(&mut seed, (&space).into(), vectors, 2).with_graphs();
    for (row, vector) in &store.live {
        // What equals it may come first, and its own cosine may be the last bit less than 1.
        let own = store.index.scores(vector, &[*row]).unwrap()[0].unwrap();
        for path in PATHS {
            let search = Nearest { query: vector, rows: None, k: 1, above: None, path };
            let answer = store.index.nearest(&search).unwrap();
            assert_eq!(answer.path, path);
            assert!(answer.hits[0].score >= own, "row {row} by {path:?}: {:?}", answer.hits[0]);
        }
    }
}

/// Every path gives what a scan gives, for any `k`; graphs are walked where they were built.
fn check(store: &Store, queries: &[Vec<f32>], what: &str) {
    for query in queries {
        let scan = Scan::new(store, query);
        for k in [1, 2, 10, store.live.len(), store.live.len() + 1] {
            for path in PATHS {
                let search = Nearest { query, rows: None, k, above: None, path };
                let answer = store.index.nearest(&search).unwrap();
                let what = format!("{what}, {} vectors, k {k}, {path:?}", store.live.len());
                assert_eq!(answer.hits, scan.answer(&search).hits, "{what}");
                let no_graph = path == SearchPath::Graph && store.index.live_in_graphs() == 0;
                let taken = if no_graph { SearchPath::Cascade } else { path };
                assert_eq!(answer.path, taken, "{what}");
            }
        }
    }
}

/// Vectors of which the first so many are all different, and the others equal to those in turn.
fn repeated(seed: &mut Seed, metric: Metric, distinct: usize, count: usize) -> Listed {
    let space = space(metric, VectorStorage::F32, 64);
    let made: Vec<Vec<f32>> = (0..distinct).map(|_| vector(seed, &space, Looks::Even)).collect();
    let vectors = made.iter().cycle().take(count).cloned().collect();
    numbered(seed, vectors, 1)
}

#[test]
fn small_and_equal_stores_lose_nothing() {
    let mut seed = Seed::of_run(0x5a11);
    for metric in [Metric::Cosine, Metric::Dot, Metric::L2] {
        let space = space(metric, VectorStorage::F32, 64);
        for (distinct, count) in
            [(1, 1), (1, 2), (2, 2), (3, 3), (100, 100), (1, 1_000), (2, 1_000), (150, 300)]
        {
            let vectors = repeated(&mut seed, metric, distinct, count);
            let queries = [vectors[count / 2].1.clone(), vector(&mut seed, &space, Looks::Even)];
            let store = Store::whole((&space).into(), vectors);
            let what = format!("{metric}, {distinct} different");
            check(&store, &queries, &what);
            check(&store.with_graphs(), &queries, &format!("{what}, with a graph"));
        }
    }
}

#[test]
fn an_index_without_segments_answers() {
    let space = space(Metric::Cosine, VectorStorage::F32, 64);
    let store = Store::of_parts((&space).into(), Vec::new());
    check(&store, &[vec![0.125; 64]], "nothing");
    assert_eq!((store.index.live(), store.index.rows().unwrap().len()), (0, 0));
}
