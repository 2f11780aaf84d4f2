//! Damaged segments and impossible questions are errors, never panics.

use std::sync::Arc;

use filedex_index::{DeadDocs, IndexError, Nearest, SearchPath, VectorIndex, VectorView};
use filedex_model::{Metric, VectorStorage};
use filedex_testkit::Seed;

use crate::blobs::Blobs;
use crate::looks::{Looks, vector};
use crate::scan::PATHS;
use crate::store::{Store, build, numbered, shape, space};

const HEADER_BYTES: usize = 40;

fn whole(seed: &mut Seed) -> Vec<u8> {
    let space = space(Metric::L2, VectorStorage::F16, 5);
    let made = (0..40).map(|_| vector(seed, &space, Looks::Even)).collect();
    build((&space).into(), &numbered(seed, made, 2)).bytes.to_vec().unwrap()
}

fn opened(bytes: Vec<u8>) -> Result<filedex_index::VectorSegment, IndexError> {
    let blobs = Blobs::new();
    let blob = blobs.put(bytes);
    blobs.open(blob, None)
}

#[test]
fn a_flipped_bit_in_the_header_is_damage() {
    let bytes = whole(&mut Seed::of_run(1));
    assert!(opened(bytes.clone()).is_ok());
    for bit in 0..HEADER_BYTES * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let got = opened(flipped);
        assert!(matches!(got, Err(IndexError::Damaged { blob: 1, .. })), "bit {bit}: {got:?}");
    }
}

#[test]
fn another_length_is_damage() {
    let bytes = whole(&mut Seed::of_run(2));
    for length in 0..bytes.len() {
        let got = opened(bytes[..length].to_vec());
        assert!(matches!(got, Err(IndexError::Damaged { .. })), "{length} bytes: {got:?}");
    }
    let longer = opened([bytes, vec![0]].concat());
    assert!(matches!(longer, Err(IndexError::Damaged { .. })), "{longer:?}");
}

/// Whatever is behind the header, a search answers or fails: some of the hits may be wrong, and no
/// more.
#[test]
fn no_byte_makes_a_search_panic() {
    let bytes = whole(&mut Seed::of_run(3));
    let query = [0.5; 5];
    for at in HEADER_BYTES..bytes.len() {
        for value in [0, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            let segment = Arc::new(opened(changed).unwrap());
            let view = VectorView { segment, dead: Arc::new(DeadDocs::default()) };
            let shape = shape(Metric::L2, VectorStorage::F16, 5);
            let index = VectorIndex::new(shape, vec![view]).unwrap();
            for path in [SearchPath::Exact, SearchPath::Cascade] {
                for above in [None, Some(0.1)] {
                    let search = Nearest { query: &query, rows: Some(&[1, 7]), k: 3, above, path };
                    let answer = index.nearest(&search);
                    let damaged = matches!(answer, Err(IndexError::Damaged { .. }));
                    assert!(answer.is_ok() || damaged, "byte {at}: {answer:?}");
                }
            }
        }
    }
}

#[test]
fn a_blob_that_is_not_there_is_an_error() {
    let blobs = Blobs::new();
    assert!(matches!(blobs.open(9, None), Err(IndexError::Io(_))));
    let blob = blobs.put(whole(&mut Seed::of_run(4)));
    let segment = Arc::new(blobs.open(blob, Some(9)).unwrap());
    let view = VectorView { segment, dead: Arc::default() };
    let shape = shape(Metric::L2, VectorStorage::F16, 5);
    let index = VectorIndex::new(shape, vec![view]).unwrap();
    let ask =
        |path| index.nearest(&Nearest { query: &[0.5; 5], rows: None, k: 3, above: None, path });
    assert!(matches!(ask(SearchPath::Graph), Err(IndexError::Io(_))));
    assert_eq!(ask(SearchPath::Cascade).unwrap().hits.len(), 3);
}

#[test]
fn a_query_that_is_none_is_refused() {
    let mut seed = Seed::of_run(5);
    let space = space(Metric::Cosine, VectorStorage::F32, 3);
    let made = (0..10).map(|_| vector(&mut seed, &space, Looks::Even)).collect();
    let store = Store::whole((&space).into(), numbered(&mut seed, made, 0)).with_graphs();
    let good = vec![0.6, 0.8, 0.0];
    for (query, above) in [
        (vec![], None),
        (vec![0.6, 0.8], None),
        (vec![0.5; 4], None),
        (vec![0.6, f32::NAN, 0.0], None),
        (vec![0.6, f32::INFINITY, 0.0], None),
        (vec![0.6, -1e16, 0.0], None),
        (good.clone(), Some(f32::NAN)),
    ] {
        for path in PATHS {
            let search = Nearest { query: &query, rows: None, k: 3, above, path };
            let got = store.index.nearest(&search);
            assert!(matches!(got, Err(IndexError::Unsupported { .. })), "{search:?}: {got:?}");
        }
        if above.is_none() {
            assert!(matches!(
                store.index.scores(&query, &[0]),
                Err(IndexError::Unsupported { .. })
            ));
        }
    }
    // A zero vector has no direction; it is as far from everything.
    for path in PATHS {
        let search = Nearest { query: &[0.0; 3], rows: None, k: 3, above: None, path };
        let hits = store.index.nearest(&search).unwrap().hits;
        assert!(hits.len() == 10 && hits.iter().all(|hit| hit.score == 0.0), "{path:?}: {hits:?}");
    }
}
