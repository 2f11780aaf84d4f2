//! Whether the lengths in an Arrow file fit it: a decoder believes them, and would take memory for
//! them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow_ipc::{Message, RecordBatch, root_as_footer, root_as_message};

use crate::error::{FormatError, Result};

/// Longest description of a batch.
const HEAD_BYTES: u64 = 64 << 20;
/// Largest buffer of one column of one batch, unpacked.
const BUFFER_BYTES: i64 = 4 << 30;
/// What stands before a message's length.
const CONTINUATION: u32 = u32::MAX;

fn damaged(what: &str) -> FormatError {
    FormatError::bad(format!("the file is damaged: {what}"))
}

/// Compares the lengths in a file that has a footer with the file.
pub(super) fn check_file(file: &mut File) -> Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut end = [0; 10];
    if length < 18 {
        return Err(damaged("it is cut short"));
    }
    file.seek(SeekFrom::Start(length - 10))?;
    file.read_exact(&mut end)?;
    let footer_length = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    if &end[4..] != b"ARROW1" || footer_length > (length - 10).min(HEAD_BYTES) {
        return Err(damaged("it has no end; it may be cut short"));
    }
    let bytes = part(file, length - 10 - footer_length, footer_length)?;
    let footer = root_as_footer(&bytes).map_err(|error| damaged(&error.to_string()))?;
    let all = [footer.dictionaries(), footer.recordBatches()];
    for block in all.into_iter().flatten().flatten() {
        let offset = u64::try_from(block.offset());
        let (Ok(offset), Ok(head)) = (offset, u64::try_from(block.metaDataLength())) else {
            return Err(damaged("a batch has a negative place"));
        };
        if offset.saturating_add(head) > length || !(8..=HEAD_BYTES).contains(&head) {
            return Err(damaged("a batch is outside of the file"));
        }
        let bytes = part(file, offset, head)?;
        let skip = if bytes[..4] == CONTINUATION.to_le_bytes() { 8 } else { 4 };
        check_message(file, &bytes[skip..], offset + head, length, Some(block.bodyLength()))?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}

/// Compares the lengths in a stream with its file.
pub(super) fn check_stream(file: &mut File) -> Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    while at + 8 <= length {
        let bytes = part(file, at, 8)?;
        let mut word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        at += 4;
        if word == CONTINUATION {
            word = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
            at += 4;
        }
        let head = u64::from(word);
        if head == 0 {
            break;
        }
        if at + head > length || head > HEAD_BYTES {
            return Err(damaged("a batch is outside of the file"));
        }
        let bytes = part(file, at, head)?;
        at += head;
        at += check_message(file, &bytes, at, length, None)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}

fn part(file: &mut File, at: u64, length: u64) -> Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(damaged("it is cut short")) }
}

/// Checks a message whose body begins at `at`; answers the length of the body.
fn check_message(
    file: &mut File,
    bytes: &[u8],
    at: u64,
    length: u64,
    body: Option<i64>,
) -> Result<u64> {
    let message = root_as_message(bytes).map_err(|error| damaged(&error.to_string()))?;
    let said = body.unwrap_or_else(|| message.bodyLength());
    let body = u64::try_from(said).map_err(|_| damaged("a batch has a negative length"))?;
    if at.saturating_add(body) > length {
        return Err(damaged("a batch is longer than the file"));
    }
    if let Some(batch) = batch(&message) {
        let packed = batch.compression().is_some();
        for buffer in batch.buffers().into_iter().flatten() {
            let (Ok(start), Ok(size)) =
                (u64::try_from(buffer.offset()), u64::try_from(buffer.length()))
            else {
                return Err(damaged("a column has a negative place"));
            };
            if start.saturating_add(size) > body {
                return Err(damaged("a column is outside of its batch"));
            }
            if packed && size >= 8 {
                let head = part(file, at + start, 8)?;
                let unpacked = head.try_into().map_or(0, i64::from_le_bytes);
                if !(-1..=BUFFER_BYTES).contains(&unpacked) {
                    return Err(damaged("a column has an impossible length"));
                }
            }
        }
    }
    Ok(body)
}

fn batch<'a>(message: &Message<'a>) -> Option<RecordBatch<'a>> {
    message
        .header_as_record_batch()
        .or_else(|| message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()))
}
