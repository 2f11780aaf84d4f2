//! Searches from rayon's own threads: the first of them loads, and none waits for itself.

use filedex_index::{Nearest, SearchPath};
use filedex_model::{Metric, VectorStorage};
use filedex_testkit::Seed;
use rayon::prelude::*;

use crate::looks::{Looks, vector};
use crate::store::{Store, numbered, space};

/// A thread that loads takes up another search while it waits for its helpers: were loading locked
/// against it, this would hang.
#[test]
fn first_searches_at_once_do_not_wait_for_themselves() {
    let mut seed = Seed::of_run(0x74ead);
    let space = space(Metric::Cosine, VectorStorage::F32, 64);
    let made: Vec<Vec<f32>> = (0..1_000).map(|_| vector(&mut seed, &space, Looks::Even)).collect();
    let vectors = numbered(&mut seed, made.clone(), 0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let loaded = Store::whole((&space).into(), vectors.clone());
    for _ in 0..10 {
        let fresh = Store::whole((&space).into(), vectors.clone());
        // Threads that are done with the loaded store help with loading the fresh one.
        let ask = |(at, query): (usize, &Vec<f32>)| {
            let store = if at % 4 == 0 { &fresh } else { &loaded };
            let path = SearchPath::Cascade;
            let search = Nearest { query, rows: None, k: 1, above: None, path };
            store.index.nearest(&search).unwrap().hits[0].row
        };
        let queries = made[..128].par_iter().enumerate();
        let rows: Vec<u32> = pool.install(|| queries.map(ask).collect());
        assert_eq!(rows, (0..128).collect::<Vec<u32>>());
    }
}
