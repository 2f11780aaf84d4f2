//! A segment's files packed into one byte string.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 8 | `filedexT` |
//! | 8 | 4 | format, 1 |
//! | 12 | 4 | documents |
//! | 16 | 8 | sum of the documents' quantised text lengths |
//! | 24 | 8 | length of the whole bundle |
//! | 32 | 6 x 16 | offset and length of each file of [`EXTENSIONS`] |
//! | 128 | 8 | xxh3 of the 128 bytes before |
//! | 136 | | the files |
//!
//! Numbers are little-endian. The files' own bytes are guarded by the blob store's checksums.

use std::ops::Range;
use std::path::PathBuf;

use tantivy::{Index, IndexMeta};
use xxhash_rust::xxh3::xxh3_64;

use super::made::MadeFiles;
use crate::error::IndexError;
use crate::spill::Bytes;

/// The files of a segment, in their order in the bundle.
pub(crate) const EXTENSIONS: [&str; 6] = ["fast", "fieldnorm", "term", "idx", "pos", "store"];

const MAGIC: &[u8; 8] = b"filedexT";
const FORMAT: u32 = 1;
const TABLE_START: usize = 32;
const CHECKED_BYTES: usize = TABLE_START + EXTENSIONS.len() * 16;
/// Length of the header in bytes.
pub(crate) const HEADER_BYTES: usize = CHECKED_BYTES + 8;

/// What the header of a bundle says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) docs: u32,
    pub(crate) text_length: u64,
    pub(crate) files: [Range<u64>; EXTENSIONS.len()],
}

/// Packs the only segment of `index`, whose files were made in `directory`; they stay where they are.
pub(crate) fn pack(
    index: &Index,
    directory: &MadeFiles,
    docs: u32,
    text_length: u64,
) -> Result<Bytes, IndexError> {
    let names = names(&index.load_metas()?)?;
    let files = names
        .iter()
        .map(|name| {
            directory.finished(name).ok_or_else(|| IndexError::Engine {
                what: format!("a finished segment lacks {}", name.display()),
            })
        })
        .collect::<Result<Vec<_>, IndexError>>()?;
    let lengths: Vec<u64> = files.iter().map(|file| file.len()).collect();
    let head = Bytes::from(header(&lengths, docs, text_length));
    Ok(files.into_iter().fold(head, Bytes::then))
}

/// The names of the only segment's files, in their order in the bundle.
fn names(metas: &IndexMeta) -> Result<[PathBuf; EXTENSIONS.len()], IndexError> {
    let segment = metas
        .segments
        .first()
        .ok_or_else(|| IndexError::Engine { what: "a finished index has no segment".to_owned() })?;
    let id = segment.id().uuid_string();
    Ok(EXTENSIONS.map(|extension| PathBuf::from(format!("{id}.{extension}"))))
}

fn header(lengths: &[u64], docs: u32, text_length: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend(docs.to_le_bytes());
    bytes.extend(text_length.to_le_bytes());
    let total = HEADER_BYTES as u64 + lengths.iter().sum::<u64>();
    bytes.extend(total.to_le_bytes());
    let mut offset = HEADER_BYTES as u64;
    for length in lengths {
        bytes.extend(offset.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        offset += length;
    }
    let checksum = xxh3_64(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// Reads the header at the front of a bundle of `length` bytes, or says what is wrong with it.
pub(crate) fn parse(head: &[u8], length: u64) -> Result<Header, String> {
    let head: &[u8; HEADER_BYTES] =
        head.first_chunk().ok_or_else(|| format!("it has only {} bytes", head.len()))?;
    if &head[..8] != MAGIC {
        return Err("it does not start like a text segment".to_owned());
    }
    let format = u32_at(head, 8);
    if format != FORMAT {
        return Err(format!("its format is {format}, and this version reads {FORMAT}"));
    }
    if u64_at(head, CHECKED_BYTES) != xxh3_64(&head[..CHECKED_BYTES]) {
        return Err("its header does not match its checksum".to_owned());
    }
    if u64_at(head, 24) != length {
        return Err(format!("it has {length} bytes instead of {}", u64_at(head, 24)));
    }
    let files = std::array::from_fn(|file| {
        let (offset, bytes) =
            (u64_at(head, TABLE_START + 16 * file), u64_at(head, TABLE_START + 16 * file + 8));
        offset..offset.saturating_add(bytes)
    });
    if files.iter().any(|file| file.end > length || file.start < HEADER_BYTES as u64) {
        return Err("a file lies outside it".to_owned());
    }
    Ok(Header { docs: u32_at(head, 12), text_length: u64_at(head, 16), files })
}

fn u32_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}
