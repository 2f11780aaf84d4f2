//! The cursor's bytes.
//!
//! | offset | bytes | meaning |
//! |---|---|---|
//! | 0 | 1 | format, 1 |
//! | 1 | 16 | fingerprint of dataset version, canonical query, status and order |
//! | 17 | 8 | change number of page one's snapshot |
//! | 25 | 8 | page one's total |
//! | 33 | 8 | the query's clock, milliseconds |
//! | 41 | 32 | id of the last hit |
//! | 73 | 1 | kind of key: 0 missing, 1 int, 2 number, 3 text, 4 score |
//! | 74 | n | the key |
//! | 74+n | 4 | low half of xxh3-64 over all before |
//!
//! Integers are big-endian; the whole is base64url without padding.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use filedex_model::{Cursor, FileId, Timestamp};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::error::PlanError;
use crate::source::{Position, SortKey};

const FORMAT: u8 = 1;

/// What a cursor says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bookmark {
    pub fingerprint: u128,
    pub change_number: u64,
    pub total: u64,
    pub clock: Timestamp,
    pub position: Position,
}

/// What a cursor is bound to.
pub(crate) fn fingerprint(parts: &[&str]) -> u128 {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    xxh3_128(&bytes)
}

impl Bookmark {
    pub fn encode(&self) -> Cursor {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&self.fingerprint.to_be_bytes());
        bytes.extend_from_slice(&self.change_number.to_be_bytes());
        bytes.extend_from_slice(&self.total.to_be_bytes());
        bytes.extend_from_slice(&self.clock.millis().to_be_bytes());
        bytes.extend_from_slice(self.position.id.as_bytes());
        match &self.position.key {
            SortKey::Missing => bytes.push(0),
            SortKey::Int(n) => {
                bytes.push(1);
                bytes.extend_from_slice(&n.to_be_bytes());
            }
            SortKey::Number(key) => {
                bytes.push(2);
                bytes.extend_from_slice(key);
            }
            SortKey::Text(text) => {
                bytes.push(3);
                bytes.extend_from_slice(text.as_bytes());
            }
            SortKey::Score(score) => {
                bytes.push(4);
                bytes.extend_from_slice(&score.to_bits().to_be_bytes());
            }
        }
        bytes.extend_from_slice(&checksum(&bytes));
        Cursor::new(URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn decode(cursor: &Cursor) -> Result<Self, PlanError> {
        let bytes =
            URL_SAFE_NO_PAD.decode(cursor.as_str().trim()).map_err(|_| PlanError::CursorDamaged)?;
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(PlanError::CursorDamaged)?;
        if checksum(body) != *sum {
            return Err(PlanError::CursorDamaged);
        }
        let (format, rest) = body.split_first().ok_or(PlanError::CursorDamaged)?;
        if *format != FORMAT {
            return Err(PlanError::CursorFormat);
        }
        parse(rest).ok_or(PlanError::CursorDamaged)
    }
}

fn parse(bytes: &[u8]) -> Option<Bookmark> {
    let (fingerprint, bytes) = bytes.split_first_chunk::<16>()?;
    let (change_number, bytes) = bytes.split_first_chunk::<8>()?;
    let (total, bytes) = bytes.split_first_chunk::<8>()?;
    let (clock, bytes) = bytes.split_first_chunk::<8>()?;
    let (id, bytes) = bytes.split_first_chunk::<32>()?;
    let (kind, key) = bytes.split_first()?;
    let key = match kind {
        0 if key.is_empty() => SortKey::Missing,
        1 => SortKey::Int(i64::from_be_bytes(key.try_into().ok()?)),
        2 => SortKey::Number(key.try_into().ok()?),
        3 => SortKey::Text(String::from_utf8(key.to_vec()).ok()?),
        4 => {
            let score = f32::from_bits(u32::from_be_bytes(key.try_into().ok()?));
            score.is_finite().then_some(SortKey::Score(score))?
        }
        _ => return None,
    };
    Some(Bookmark {
        fingerprint: u128::from_be_bytes(*fingerprint),
        change_number: u64::from_be_bytes(*change_number),
        total: u64::from_be_bytes(*total),
        clock: Timestamp::from_millis(i64::from_be_bytes(*clock))?,
        position: Position { key, id: FileId::from_bytes(*id) },
    })
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let hash = xxh3_64(bytes).to_be_bytes();
    [hash[4], hash[5], hash[6], hash[7]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bookmark(key: SortKey) -> Bookmark {
        Bookmark {
            fingerprint: 7,
            change_number: 3,
            total: 175_849,
            clock: Timestamp::now(),
            position: Position { key, id: FileId::of("d", "u") },
        }
    }

    #[test]
    fn round_trip_and_every_flipped_byte_is_refused() {
        let keys = [
            SortKey::Missing,
            SortKey::Int(-5),
            SortKey::Number([3; 10]),
            SortKey::Text("naïve.png".into()),
            SortKey::Score(1.25),
        ];
        for key in keys {
            let there = bookmark(key);
            let cursor = there.encode();
            assert_eq!(Bookmark::decode(&cursor).unwrap(), there);
            let bytes = URL_SAFE_NO_PAD.decode(cursor.as_str()).unwrap();
            for at in 0..bytes.len() {
                let mut bad = bytes.clone();
                bad[at] ^= 1;
                let bad = Cursor::new(URL_SAFE_NO_PAD.encode(bad));
                assert!(Bookmark::decode(&bad).is_err(), "byte {at}");
            }
        }
        for text in ["", "x", "!!!", "AAAA", "90a6ee35-4cd4-927e-1f45e1cb8b62_1729644433000"] {
            assert!(Bookmark::decode(&Cursor::new(text)).is_err(), "{text}");
        }
    }
}
