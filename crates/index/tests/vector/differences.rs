//! `vector_differences` is silent about good segments, and names what is wrong with others.

use std::sync::Arc;

use filedex_index::{DeadDocs, IndexError, VectorIndex, VectorView, vector_differences};
use filedex_model::{Metric, VectorStorage};
use filedex_testkit::Seed;

use crate::blobs::Blobs;
use crate::looks::{LOOKS, Looks, vector};
use crate::store::{Store, build, numbered, shape, space};

const HEADER_BYTES: usize = 40;
const DIMENSION: usize = 6;
const COUNT: usize = 30;

#[test]
fn good_segments_have_none() {
    let mut seed = Seed::of_run(0xd1f);
    for metric in [Metric::Cosine, Metric::Dot, Metric::L2] {
        for storage in [VectorStorage::F32, VectorStorage::F16] {
            for looks in LOOKS {
                let space = space(metric, storage, DIMENSION);
                let made = (0..90).map(|_| vector(&mut seed, &space, looks)).collect();
                let vectors = numbered(&mut seed, made, 2);
                let store = Store::scattered(&mut seed, (&space).into(), vectors, 2);
                for store in [store.with_graphs(), store] {
                    let wrong = vector_differences(&store.index).unwrap();
                    assert!(wrong.is_empty(), "{metric}, {storage}, {looks:?}: {wrong:?}");
                }
            }
        }
    }
}

/// The bytes of a segment of thirty vectors, and where its columns begin.
fn segment(seed: &mut Seed, metric: Metric) -> (Vec<u8>, Vec<(&'static str, usize)>) {
    let space = space(metric, VectorStorage::F32, DIMENSION);
    let made = (0..COUNT).map(|_| vector(seed, &space, Looks::Even)).collect();
    let bytes = build((&space).into(), &numbered(seed, made, 0)).bytes.to_vec().unwrap();
    let halves = if metric == Metric::L2 { 4 * COUNT } else { 0 };
    let columns = [
        ("mean", 4 * DIMENSION),
        ("rows", 4 * COUNT),
        ("scales", 4 * COUNT),
        ("lost", 4 * COUNT),
        ("halves", halves),
        ("codes", DIMENSION * COUNT),
        ("vectors", 4 * DIMENSION * COUNT),
        ("end", 0),
    ];
    let mut at = HEADER_BYTES;
    let starts = columns.map(|(name, length)| {
        at += length;
        (name, at - length)
    });
    assert_eq!(at, bytes.len());
    (bytes, starts.to_vec())
}

fn differences(
    bytes: Vec<u8>,
    graph: Option<Vec<u8>>,
    shape: filedex_index::VectorShape,
    dead: DeadDocs,
) -> Result<Vec<String>, IndexError> {
    let blobs = Blobs::new();
    let blob = blobs.put(bytes);
    let graph = graph.map(|graph| blobs.put(graph));
    let segment = Arc::new(blobs.open(blob, graph)?);
    vector_differences(&VectorIndex::new(
        shape,
        vec![VectorView { segment, dead: Arc::new(dead) }],
    )?)
}

/// Every byte behind the header, each with another bit flipped. What nothing is derived from cannot be
/// told here: a row that still ascends, and some of the last bits of a vector's numbers. Those are left
/// to the blob's checksum.
#[test]
fn a_flipped_byte_is_found_in_every_column() {
    let mut seed = Seed::of_run(0xf11);
    for metric in [Metric::Cosine, Metric::L2] {
        let (bytes, columns) = segment(&mut seed, metric);
        let shape = shape(metric, VectorStorage::F32, DIMENSION);
        assert_eq!(differences(bytes.clone(), None, shape, DeadDocs::default()).unwrap(), [""; 0]);
        let mut untold = 0;
        for pair in columns.windows(2) {
            let ((column, from), (_, to)) = (pair[0], pair[1]);
            for at in from..to {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (at % 8);
                let found = differences(flipped, None, shape, DeadDocs::default());
                let alone = match column {
                    "rows" => at + 4 >= to,
                    "vectors" => (at - from) % 4 < 3,
                    _ => false,
                };
                let told = match found {
                    Ok(wrong) => wrong.iter().any(|wrong| wrong.contains("not those")),
                    Err(IndexError::Damaged { blob: 1, what }) => what.contains("ascend"),
                    Err(other) => panic!("{metric}, {column}, byte {at}: {other}"),
                };
                assert!(told || alone, "{metric}, {column}, byte {at}");
                untold += usize::from(!told);
            }
        }
        assert!(untold * 20 < bytes.len(), "{metric}: {untold} of {}", bytes.len());
    }
}

#[test]
fn damaged_graphs_and_those_of_others_are_named() {
    let mut seed = Seed::of_run(0x6a4);
    let (bytes, _) = segment(&mut seed, Metric::Cosine);
    let shape = shape(Metric::Cosine, VectorStorage::F32, DIMENSION);
    let graph_of = |bytes: &[u8]| -> Vec<u8> {
        let blobs = Blobs::new();
        let segment = blobs.open(blobs.put(bytes.to_vec()), None).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        filedex_index::build_graph(&segment, 1, &stop).unwrap().unwrap().bytes
    };
    let graph = graph_of(&bytes);
    let check = |graph: Vec<u8>, words: &str| {
        let wrong = differences(bytes.clone(), Some(graph), shape, DeadDocs::default()).unwrap();
        let told = wrong.iter().any(|wrong| wrong.contains(words));
        assert_eq!(told, !words.is_empty(), "{words:?}: {wrong:?}");
    };
    check(graph.clone(), "");
    for at in 0..graph.len() {
        let mut flipped = graph.clone();
        flipped[at] ^= 1 << (at % 8);
        check(flipped, "graph 2 is damaged");
    }
    for length in (0..graph.len()).step_by(7) {
        check(graph[..length].to_vec(), "graph 2 is damaged");
    }
    let space = space(Metric::Cosine, VectorStorage::F32, DIMENSION);
    let made = (0..COUNT - 1).map(|_| vector(&mut seed, &space, Looks::Even)).collect();
    let other = build(shape, &numbered(&mut seed, made, 0)).bytes.to_vec().unwrap();
    check(graph_of(&other), "of 29 vectors instead of 30");
}

#[test]
fn the_dead_beyond_the_end_are_named_and_do_no_harm() {
    let mut seed = Seed::of_run(0xdead);
    let (bytes, _) = segment(&mut seed, Metric::Cosine);
    let shape = shape(Metric::Cosine, VectorStorage::F32, DIMENSION);
    for dead in [vec![30], vec![3, 1_000], (20..80).collect()] {
        let dead: DeadDocs = dead.into_iter().collect();
        let wrong = differences(bytes.clone(), None, shape, dead).unwrap();
        assert!(wrong.len() == 1 && wrong[0].contains("beyond its end"), "{wrong:?}");
    }
}

#[test]
fn rows_that_live_twice_are_named() {
    let shape = shape(Metric::Cosine, VectorStorage::F32, 2);
    let part = |row| (vec![(row, vec![0.6, 0.8])], Vec::new());
    let store = Store::of_parts(shape, vec![part(7), part(8), part(7)]);
    assert_eq!(vector_differences(&store.index).unwrap(), ["row 7 has two vectors"]);
}
