//! Damaged blobs are errors, never panics.

use std::sync::Arc;

use filedex_index::{ByteCache, Condition, IndexError, SegmentView, TextIndex, TextSegment};
use filedex_model::{Predicate, Property, StatusFilter, Test};

use crate::records::{Random, records};
use crate::store::{Blobs, build};

const HEADER_BYTES: usize = 136;

fn open(blobs: &Arc<Blobs>, number: u64) -> Result<TextSegment, IndexError> {
    TextSegment::open(Arc::clone(blobs) as _, number, Arc::new(ByteCache::new(1 << 20)))
}

fn whole() -> Vec<u8> {
    let mut random = Random::seeded(41);
    let all: Vec<_> = (0..).zip(records(&mut random, 30)).collect();
    build(&all).bytes.to_vec().unwrap()
}

#[test]
fn a_flipped_header_is_damaged() {
    let bytes = whole();
    let blobs = Blobs::new(HEADER_BYTES);
    let number = blobs.add(bytes.clone());
    assert!(open(&blobs, number).is_ok());
    for at in 0..HEADER_BYTES {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        blobs.damage(number, flipped);
        let got = open(&blobs, number);
        assert!(matches!(got, Err(IndexError::Damaged { blob: 1, .. })), "byte {at}: {got:?}");
    }
    assert!(open(&blobs, 99).is_err());
}

#[test]
fn a_truncated_segment_is_an_error() {
    let bytes = whole();
    let blobs = Blobs::new(HEADER_BYTES);
    let number = blobs.add(bytes.clone());
    for length in (0..300).chain((300..bytes.len()).step_by(997)) {
        blobs.damage(number, bytes[..length].to_vec());
        assert!(open(&blobs, number).is_err(), "{length} bytes");
    }
    blobs.damage(number, [bytes, vec![0]].concat());
    assert!(matches!(open(&blobs, number), Err(IndexError::Damaged { .. })));
}

#[test]
fn a_chunk_that_fails_its_checksum_fails_the_search_that_needs_it() {
    let bytes = whole();
    let blobs = Blobs::new(HEADER_BYTES);
    let number = blobs.add(bytes.clone());
    let search = |segment: TextSegment| {
        let view = SegmentView { segment: Arc::new(segment), dead: Arc::default() };
        let index = TextIndex::new(vec![view], 1);
        for test in [Test::Phrase("beach sunset".into()), Test::Contains("a".into())] {
            let condition = Condition::Test(Predicate::new(Property::FileName, test));
            index.rows(&condition, StatusFilter::All)?;
        }
        Ok::<_, IndexError>(())
    };
    assert!(search(open(&blobs, number).unwrap()).is_ok());
    let mut failed = 0;
    for chunk in 1..bytes.len() / HEADER_BYTES {
        let mut flipped = bytes.clone();
        flipped[chunk * HEADER_BYTES + 5] ^= 16;
        blobs.damage(number, flipped);
        match open(&blobs, number).and_then(search) {
            Ok(()) => {}
            Err(IndexError::Io(_)) => failed += 1,
            Err(other) => panic!("chunk {chunk}: {other}"),
        }
    }
    assert!(failed > 10);
}
