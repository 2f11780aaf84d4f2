//! The stored forms, byte for byte: what was once written must be read for ever.
//!
//! `FILEDEX_BLESS=1` writes the golden files of forms that are new; those of released formats are
//! never written again.

use std::fmt::Debug;
use std::path::PathBuf;

use super::{blob, dataset, record, segment, space, vector_segment, version};
use crate::blob::BlobKind;
use crate::codec::Malformed;
use crate::pack::Dictionary;
use crate::segments::TextSegmentEntry;
use crate::stored::blob::BlobHead;
use crate::stored::dictionary::{self as stored_dictionary, DictionaryBytes};
use crate::stored::space::SpaceRow;
use crate::stored::version::VersionRow;
use crate::vector_segments::VectorSegmentEntry;

#[path = "../../tests/store/sample.rs"]
mod sample;

/// Compares with the golden file, reads back, and reads with each byte changed and each end cut.
fn check<T: PartialEq + Debug>(
    name: &str,
    value: &T,
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, Malformed>,
) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("FILEDEX_BLESS").is_some() && !path.exists() {
        std::fs::write(&path, bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    assert!(golden == bytes, "{name} is written in another form than before");
    assert_eq!(&decode(&golden).unwrap(), value);

    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xFF] {
            let mut changed = bytes.to_vec();
            changed[at] ^= flip;
            // Several LZ4 blocks or Zstandard frames stand for the same text; no value has two forms otherwise.
            let one_of_many = match bytes[0] {
                crate::codec::RECORD_LZ4 => at >= 38,
                // Its number of 3 bytes, its length of 3.
                crate::codec::RECORD_ZSTD => at >= 40,
                _ => false,
            };
            if let Ok(read) = decode(&changed)
                && !one_of_many
            {
                assert!(read != *value, "{name}: byte {at} flipped by {flip:#x} is not noticed");
            }
        }
        assert!(decode(&bytes[..at]).is_err(), "{name} cut to {at} bytes is read");
    }
    let longer = [bytes, &[0]].concat();
    assert!(decode(&longer).is_err(), "{name} with a byte more is read");
}

#[test]
fn records() {
    let mut bytes = Vec::new();
    let plain = sample::full_record();
    record::encode(&plain, None, &mut bytes).unwrap();
    assert_eq!(bytes[0], crate::codec::RECORD);
    assert_eq!(record::head(&bytes).unwrap(), (plain.id, plain.status));
    check("record-3.bin", &plain, &bytes, |bytes| record::decode(bytes, None));
}

#[test]
fn compressed_records() {
    let mut bytes = Vec::new();
    let long = sample::long_record();
    record::encode(&long, None, &mut bytes).unwrap();
    assert_eq!(bytes[0], crate::codec::RECORD_LZ4);
    assert!(bytes.len() < 2_048);
    assert_eq!(record::head(&bytes).unwrap(), (long.id, long.status));
    check("record-4.bin", &long, &bytes, |bytes| record::decode(bytes, None));
}

/// A dictionary for records like the sample.
fn dictionary() -> DictionaryBytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dictionary-8.bin");
    if std::env::var_os("FILEDEX_BLESS").is_some() && !path.exists() {
        let (mut samples, mut lengths, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..2_000_u32 {
            let record = filedex_model::FileRecord {
                comment: Some(format!("{}", n.wrapping_mul(2_654_435_761))),
                ..sample::full_record()
            };
            record::encode(&record, None, &mut bytes).unwrap();
            let body = record::checked_body(&bytes, None).unwrap();
            samples.extend_from_slice(&body);
            lengths.push(body.len());
        }
        let bytes = crate::pack::train(&samples, &lengths, 2_048).unwrap();
        let made = DictionaryBytes { records: 2_000, bytes };
        std::fs::write(&path, stored_dictionary::encode(&made).unwrap()).unwrap();
    }
    stored_dictionary::decode(&std::fs::read(&path).unwrap()).unwrap()
}

#[test]
fn dictionaries() {
    let made = dictionary();
    let bytes = stored_dictionary::encode(&made).unwrap();
    check("dictionary-8.bin", &made, &bytes, stored_dictionary::decode);
}

#[test]
fn records_packed_with_a_dictionary() {
    let prepared = Dictionary::new(dictionary().bytes).unwrap();
    let full = sample::full_record();
    let (mut plain, mut bytes) = (Vec::new(), Vec::new());
    record::encode(&full, None, &mut plain).unwrap();
    record::encode(&full, Some((300, &prepared)), &mut bytes).unwrap();
    assert_eq!(bytes[0], crate::codec::RECORD_ZSTD);
    assert!(bytes.len() * 2 < plain.len(), "{} of {}", bytes.len(), plain.len());
    assert_eq!(record::head(&bytes).unwrap(), (full.id, full.status));
    assert_eq!(record::dictionary_of(&bytes).unwrap(), Some(300));
    assert_eq!(record::dictionary_of(&plain).unwrap(), None);
    assert!(record::decode(&bytes, None).is_err());
    // The number of the dictionary is for who looks it up, so it is not changed here.
    let decode = |bytes: &[u8]| match record::dictionary_of(bytes)? {
        Some(300) => record::decode(bytes, Some(&prepared)),
        _ => Err(Malformed::new("another dictionary")),
    };
    check("record-7.bin", &full, &bytes, decode);

    let mut again = Vec::new();
    record::recompress(&plain, None, Some((300, &prepared)), &mut again).unwrap();
    assert!(again == bytes);
    record::recompress(&bytes, Some(&prepared), None, &mut again).unwrap();
    assert!(again == plain);

    // A length that is damaged neither takes all memory nor is believed.
    for length in [0, 1, 1 << 16, u32::MAX] {
        let mut hostile = bytes[..34].to_vec();
        crate::codec::append(&(300_u32, length), &mut hostile).unwrap();
        hostile.extend_from_slice(&bytes[40..]);
        assert!(decode(&hostile).is_err(), "{length}");
    }
}

#[test]
fn a_hostile_length_does_not_take_all_memory() {
    let mut bytes = Vec::new();
    record::encode(&sample::long_record(), None, &mut bytes).unwrap();
    bytes[34..38].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(record::decode(&bytes, None).is_err());
    let text_of_2_to_60 = [&[crate::codec::DATASET, 253][..], &(1_u64 << 60).to_le_bytes()];
    assert!(dataset::decode(&text_of_2_to_60.concat()).is_err());
}

#[test]
fn datasets() {
    let full = sample::full_dataset();
    check("dataset-1.bin", &full, &dataset::encode(&full).unwrap(), dataset::decode);
}

#[test]
fn versions() {
    let row = VersionRow {
        dataset_id: "d-1".into(),
        version: filedex_model::Version {
            frozen: true,
            parent: Some("0".into()),
            ..sample::version("1", "v1")
        },
        layers: vec![300],
        next_row: u32::MAX,
        active: 1,
        deleted: 70_000,
        live_text_length: u64::MAX,
        changes: 7,
    };
    check("version-2.bin", &row, &version::encode(&row).unwrap(), version::decode);
}

#[test]
fn segments() {
    let entries = [(1, 2, 3, 4), (u64::MAX, u32::MAX, u64::MAX, 0)].map(|entry| TextSegmentEntry {
        blob: entry.0,
        docs: entry.1,
        text_length: entry.2,
        dead_text_length: entry.3,
    });
    let bytes = segment::encode(&entries).unwrap();
    check("segments-5.bin", &entries.to_vec(), &bytes, segment::decode);
}

#[test]
fn spaces() {
    let row = SpaceRow {
        space: filedex_model::Space {
            metric: filedex_model::Metric::L2,
            normalised: false,
            storage: filedex_model::VectorStorage::F16,
            ..sample::space("caption")
        },
        chosen: true,
    };
    check("space-9.bin", &row, &space::encode(&row).unwrap(), space::decode);
    // Every member of the enumerations has its own byte.
    for (metric, byte) in [("cosine", 0), ("dot", 1), ("l2", 2)] {
        for (storage, other) in [("f32", 0), ("f16", 1)] {
            let (metric, storage) = (metric.parse().unwrap(), storage.parse().unwrap());
            let kept = filedex_model::Space { metric, storage, ..row.space.clone() };
            let row = SpaceRow { space: kept, chosen: false };
            let bytes = space::encode(&row).unwrap();
            assert_eq!(space::decode(&bytes).unwrap(), row);
            // Tag, name, model, dimension; then metric, normalised, storage.
            let at = 1 + 8 + (1 + row.space.model.len()) + 3;
            assert_eq!([bytes[at], bytes[at + 2]], [byte, other]);
        }
    }
}

#[test]
fn vector_segments() {
    let entries = [(1, 2, 3, 4, None), (u64::MAX, u32::MAX, 0, u32::MAX, Some(300))];
    let entries = entries.map(|entry| VectorSegmentEntry {
        blob: entry.0,
        vectors: entry.1,
        first_row: entry.2,
        last_row: entry.3,
        graph: entry.4,
    });
    let bytes = vector_segment::encode(&entries).unwrap();
    check("vector-segments-10.bin", &entries.to_vec(), &bytes, vector_segment::decode);
}

#[test]
fn blob_heads() {
    let head = BlobHead {
        kind: BlobKind::Graph,
        length: crate::blob::CHUNK_BYTES as u64 + 1,
        checksums: vec![7, u64::MAX],
    };
    check("blob-6.bin", &head, &blob::encode(&head).unwrap(), blob::decode);
}
