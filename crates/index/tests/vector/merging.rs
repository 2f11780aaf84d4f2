//! A merge gives the bytes that building from the survivors gives; what a segment must refuse.

use filedex_index::{
    IndexError, Spill, VectorIndex, VectorSegmentBuilder, VectorShape, merge_vectors,
};
use filedex_model::{Metric, VectorStorage};
use filedex_testkit::Seed;

use crate::looks::{LOOKS, vector};
use crate::store::{Listed, Store, build, numbered, shape, space};

#[test]
fn any_split_merges_into_what_its_survivors_build() {
    let mut seed = Seed::of_run(0x3e6);
    for metric in [Metric::Cosine, Metric::Dot, Metric::L2] {
        for storage in [VectorStorage::F32, VectorStorage::F16] {
            for (round, looks) in LOOKS.into_iter().enumerate() {
                let (space, shape) = (space(metric, storage, 5), shape(metric, storage, 5));
                let count = *seed.pick(&[1, 2, 40, 200]);
                let made = (0..count).map(|_| vector(&mut seed, &space, looks)).collect();
                let vectors = numbered(&mut seed, made, 3);
                let store = Store::scattered(&mut seed, shape, vectors, round + 1);
                let merged =
                    merge_vectors(shape, store.index.segments(), &Spill::default()).unwrap();
                let wanted = (!store.live.is_empty()).then(|| build(shape, &store.live));
                assert_eq!(merged, wanted, "{metric}, {storage}, {looks:?}, {count}");
            }
        }
    }
}

#[test]
fn a_merge_of_the_dead_is_nothing() {
    let shape = shape(Metric::Dot, VectorStorage::F32, 2);
    let store = Store::of_parts(shape, vec![(vec![(4, vec![1.0, 2.0])], vec![0])]);
    assert_eq!(merge_vectors(shape, store.index.segments(), &Spill::default()).unwrap(), None);
    assert_eq!(merge_vectors(shape, &[], &Spill::default()).unwrap(), None);
}

#[test]
fn a_merge_refuses_rows_that_live_twice_and_other_spaces() {
    let shape_of = |metric, storage, dimension| shape(metric, storage, dimension);
    let mine = shape_of(Metric::Cosine, VectorStorage::F32, 2);
    let part = |row| (vec![(row, vec![0.6, 0.8])], Vec::new());
    let twice = Store::of_parts(mine, vec![part(7), part(7)]);
    let refused = merge_vectors(mine, twice.index.segments(), &Spill::default());
    assert!(matches!(refused, Err(IndexError::Unsupported { .. })), "{refused:?}");
    let once = Store::of_parts(mine, vec![part(7)]);
    for other in [
        shape_of(Metric::Dot, VectorStorage::F32, 2),
        shape_of(Metric::Cosine, VectorStorage::F16, 2),
        shape_of(Metric::Cosine, VectorStorage::F32, 3),
    ] {
        let refused = merge_vectors(other, once.index.segments(), &Spill::default());
        assert!(matches!(refused, Err(IndexError::Damaged { .. })), "{other:?}: {refused:?}");
        let refused = VectorIndex::new(other, once.index.segments().to_vec());
        assert!(matches!(refused, Err(IndexError::Damaged { .. })), "{other:?}: {refused:?}");
    }
}

#[test]
fn a_segment_refuses_what_it_cannot_hold() {
    let f32s = shape(Metric::Dot, VectorStorage::F32, 2);
    let f16s = shape(Metric::Dot, VectorStorage::F16, 2);
    let other_length = |dimension| VectorShape { dimension, ..f32s };
    let cases: [(VectorShape, Listed, &str); 13] = [
        (f32s, vec![(5, vec![1.0, 2.0]), (4, vec![1.0, 2.0])], "out of order"),
        (f32s, vec![(5, vec![1.0, 2.0]), (5, vec![1.0, 2.0])], "out of order"),
        (f32s, vec![(5, vec![1.0])], "1 numbers"),
        (f32s, vec![(5, vec![1.0; 3])], "3 numbers"),
        (f32s, vec![(5, vec![f32::NAN, 1.0])], "cannot hold"),
        (f32s, vec![(5, vec![f32::INFINITY, 1.0])], "cannot hold"),
        (f32s, vec![(5, vec![1.1e15, 1.0])], "cannot hold"),
        (f16s, vec![(5, vec![70_000.0, 1.0])], "f16 cannot hold"),
        (f16s, vec![(5, vec![65_520.0, 1.0])], "f16 cannot hold"),
        (other_length(0), vec![(5, Vec::new())], "0 numbers"),
        (other_length(4_097), vec![(5, vec![1.0; 4_097])], "4097 numbers"),
        (f32s, vec![(5, vec![1e15, -1e15])], ""),
        (f16s, vec![(u32::MAX, vec![65_504.0, 1e-9])], ""),
    ];
    for (shape, vectors, words) in cases {
        let mut builder = VectorSegmentBuilder::new(shape);
        let added: Result<Vec<()>, IndexError> =
            vectors.iter().map(|(row, vector)| builder.add(*row, vector)).collect();
        match added {
            Ok(_) => assert_eq!(words, "", "{vectors:?}"),
            Err(error) => {
                assert!(!words.is_empty() && error.to_string().contains(words), "{error}");
                assert_eq!(builder.len(), vectors.len() - 1, "what was refused leaves nothing");
            }
        }
    }
}
