//! Searches from rayon's own threads: the first of them loads, and none waits for itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use filedex_index::{Nearest, SearchPath};
use filedex_model::{Metric, VectorStorage};
use filedex_testkit::Seed;

use crate::looks::{Looks, vector};
use crate::store::{Store, numbered, space};

/// Loading is work for all of rayon's threads. The one that began it takes up whatever there is while
/// it waits for the others, such as another first search of the same segment: were loading locked
/// against that one, the thread would wait for itself, and this test for ever.
#[test]
fn a_search_taken_up_while_loading_does_not_wait_for_it() {
    let mut seed = Seed::of_run(0x74ead);
    let space = space(Metric::Cosine, VectorStorage::F32, 64);
    let made: Vec<Vec<f32>> = (0..600).map(|_| vector(&mut seed, &space, Looks::Even)).collect();
    let vectors = numbered(&mut seed, made.clone(), 0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for _ in 0..20 {
        let store = Store::whole((&space).into(), vectors.clone());
        let ask = |row: u32| {
            let (query, path) = (&made[row as usize], SearchPath::Cascade);
            let search = Nearest { query, rows: None, k: 1, above: None, path };
            assert_eq!(store.index.nearest(&search).unwrap().hits[0].row, row);
        };
        let (begun, loaded) = (AtomicBool::new(false), AtomicBool::new(false));
        let until = |flag: &AtomicBool| {
            let started = Instant::now();
            while !flag.load(Ordering::Acquire) && started.elapsed() < Duration::from_millis(200) {
                std::thread::yield_now();
            }
        };
        pool.install(|| {
            rayon::scope(|scope| {
                // One thread loads, one helps it, one offers searches meanwhile and is busy itself.
                scope.spawn(|_| {
                    rayon::scope(|offered| {
                        until(&begun);
                        std::thread::sleep(Duration::from_millis(2));
                        (1..4).for_each(|row| offered.spawn(move |_| ask(row)));
                        until(&loaded);
                    });
                });
                begun.store(true, Ordering::Release);
                ask(0);
                loaded.store(true, Ordering::Release);
            });
        });
    }
}
