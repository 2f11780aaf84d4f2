//! The stored form of a file record: a head that is read alone, and a body.
//!
//! ```text
//! offset size
//!      0    1  tag: 3 plain, 4 compressed, 7 compressed with a dictionary
//!      1   32  file id
//!     33    1  status: 0 active, 1 deleted
//!     34       tag 3: the body; tag 4: length of the body (4 bytes, little-endian), LZ4 block;
//!           tag 7: number of the dictionary, length of the body, Zstandard frame without magic
//! ```

use std::borrow::Cow;

use bincode::{BorrowDecode, Encode};
use filedex_model::{FileId, FileRecord, Status, Tags};

use super::json;
use super::media::{StoredImage, StoredVideo};
use crate::codec::{self, Malformed};
use crate::error::StoreError;
use crate::pack::Dictionary;

/// Bytes before the body.
const HEAD: usize = 34;
/// Bodies from this length are compressed without a dictionary where that saves an eighth; with
/// one, all are.
const COMPRESS_FROM: usize = 2_048;

/// The body: every field but those of the head, in this order.
#[derive(Encode, BorrowDecode)]
struct Body<'a> {
    uri: &'a str,
    file_name: &'a str,
    file_dir: &'a str,
    file_type: Option<&'a str>,
    content_type: Option<&'a str>,
    data_size: Option<u64>,
    file_fingerprint: Option<&'a str>,
    file_create_time: Option<i64>,
    file_update_time: Option<i64>,
    comment: Option<&'a str>,
    attributes: Cow<'a, str>,
    user_tags_group: Vec<&'a str>,
    ai_tags: Vec<(&'a str, Vec<&'a str>)>,
    user_delete_ai_tags: Vec<&'a str>,
    tag_update_time: Option<i64>,
    sync_time: i64,
    record_create_time: i64,
    semantic_index_job_id: Option<&'a str>,
    semantic_index_update_time: Option<i64>,
    trashed_at: Option<i64>,
    description: Option<&'a str>,
    labels: Vec<&'a str>,
    hidden: bool,
    starred: bool,
    local_created_at: Option<i64>,
    local_modified_at: Option<i64>,
    revision_id: &'a str,
    crc64_hash: Option<&'a str>,
    content_hash: Option<&'a str>,
    content_hash_name: Option<&'a str>,
    upload_id: Option<&'a str>,
    user_tags: Vec<(&'a str, &'a str)>,
    image_media: Option<StoredImage<'a>>,
    video_media: Option<StoredVideo<'a>>,
}

/// A dictionary to compress with, and its number.
pub(crate) type With<'a> = Option<(u32, &'a Dictionary)>;

/// Replaces what `out` holds by the encoding of `record`.
pub(crate) fn encode(
    record: &FileRecord,
    with: With<'_>,
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    out.clear();
    out.push(codec::RECORD);
    out.extend_from_slice(record.id.as_bytes());
    out.push(status_byte(record.status));
    codec::append(&body_of(record), out)?;
    let body = &out[HEAD..];
    if body.len() > codec::LIMIT / 2 {
        return Err(StoreError::Unstorable { what: format!("a record of {} bytes", body.len()) });
    }
    compress(with, out)
}

/// Compresses the body of a plain record where that brings something.
fn compress(with: With<'_>, out: &mut Vec<u8>) -> Result<(), StoreError> {
    let body = &out[HEAD..];
    let enough = body.len() - body.len() / 8;
    let Ok(length) = u32::try_from(body.len()) else { return Ok(()) };
    if let Some((number, dictionary)) = with {
        let mut packed = Vec::new();
        codec::append(&(number, length), &mut packed)?;
        dictionary.pack(body, &mut packed);
        if packed.len() <= enough {
            out.truncate(HEAD);
            out[0] = codec::RECORD_ZSTD;
            out.extend_from_slice(&packed);
            return Ok(());
        }
    }
    if body.len() >= COMPRESS_FROM {
        let packed = lz4_flex::block::compress(body);
        if packed.len() + 4 <= enough {
            out.truncate(HEAD);
            out[0] = codec::RECORD_LZ4;
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&packed);
        }
    }
    Ok(())
}

/// Replaces what `out` holds by the record in `bytes`, which needs `old`, compressed with `new`.
pub(crate) fn recompress(
    bytes: &[u8],
    old: Option<&Dictionary>,
    new: With<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let plain = checked_body(bytes, old)?;
    out.clear();
    out.extend_from_slice(&bytes[..HEAD]);
    out[0] = codec::RECORD;
    out.extend_from_slice(&plain);
    compress(new, out).map_err(|error| Malformed::new(error.to_string()))?;
    // What was readable must stay so, whatever the compressor did.
    match body(out, new.map(|(_, dictionary)| dictionary))? == plain {
        true => Ok(()),
        false => Err(Malformed::new("it does not come back from its compressed form")),
    }
}

/// The number of the dictionary that an encoded record needs.
pub(crate) fn dictionary_of(bytes: &[u8]) -> Result<Option<u32>, Malformed> {
    match (bytes.first(), bytes.get(HEAD..)) {
        (Some(&codec::RECORD_ZSTD), Some(rest)) => Ok(Some(codec::read_first(rest)?.0)),
        _ => Ok(None),
    }
}

/// The file id and status of an encoded record, without reading its body.
pub(crate) fn head(bytes: &[u8]) -> Result<(FileId, Status), Malformed> {
    let (head, _) = bytes
        .split_first_chunk::<HEAD>()
        .ok_or_else(|| Malformed::new(format!("a record of {} bytes", bytes.len())))?;
    if !matches!(head[0], codec::RECORD | codec::RECORD_LZ4 | codec::RECORD_ZSTD) {
        return Err(Malformed::new(format!("the tag {} is not a record's", head[0])));
    }
    let mut id = [0; 32];
    id.copy_from_slice(&head[1..33]);
    let status = match head[33] {
        0 => Status::Active,
        1 => Status::Deleted,
        other => return Err(Malformed::new(format!("the status {other}"))),
    };
    Ok((FileId::from_bytes(id), status))
}

/// The record that [`encode`] wrote; `dictionary` is that of [`dictionary_of`].
pub(crate) fn decode(
    bytes: &[u8],
    dictionary: Option<&Dictionary>,
) -> Result<FileRecord, Malformed> {
    let (id, status) = head(bytes)?;
    model_of(codec::read(&body(bytes, dictionary)?)?, id, status)
}

/// The body of a record, not yet decoded.
pub(crate) fn checked_body<'a>(
    bytes: &'a [u8],
    dictionary: Option<&Dictionary>,
) -> Result<Cow<'a, [u8]>, Malformed> {
    head(bytes)?;
    body(bytes, dictionary)
}

/// The body of a record whose head has been read.
fn body<'a>(bytes: &'a [u8], dictionary: Option<&Dictionary>) -> Result<Cow<'a, [u8]>, Malformed> {
    let rest = &bytes[HEAD..];
    match (bytes[0], dictionary) {
        (codec::RECORD, _) => Ok(Cow::Borrowed(rest)),
        (codec::RECORD_LZ4, _) => Ok(Cow::Owned(unpack(rest)?)),
        (_, Some(dictionary)) => {
            let ((_, length), packed): ((u32, u32), _) = codec::read_first(rest)?;
            Ok(Cow::Owned(dictionary.unpack(packed, length as usize)?))
        }
        (_, None) => Err(Malformed::new("its dictionary is not at hand")),
    }
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let (length, packed) =
        bytes.split_first_chunk::<4>().ok_or_else(|| Malformed::new("no length"))?;
    let length = u32::from_le_bytes(*length) as usize;
    // A byte of LZ4 stands for 255 at most: a larger length is damage, not a reason to allocate.
    if length / 256 > packed.len() {
        return Err(Malformed::new(format!("{length} bytes cannot be in {}", packed.len())));
    }
    let body = lz4_flex::block::decompress(packed, length)
        .map_err(|error| Malformed::new(format!("LZ4: {error}")))?;
    if body.len() == length {
        Ok(body)
    } else {
        Err(Malformed::new(format!("{} bytes instead of {length}", body.len())))
    }
}

fn status_byte(status: Status) -> u8 {
    match status {
        Status::Active => 0,
        Status::Deleted => 1,
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn own(list: Vec<&str>) -> Vec<String> {
    list.into_iter().map(str::to_owned).collect()
}

fn body_of(record: &FileRecord) -> Body<'_> {
    let millis =
        |time: Option<filedex_model::Timestamp>| time.map(filedex_model::Timestamp::millis);
    let (ai, pairs) = (record.tags.ai.iter(), record.user_tags.iter());
    Body {
        uri: &record.uri,
        file_name: &record.file_name,
        file_dir: &record.file_dir,
        file_type: record.file_type.as_deref(),
        content_type: record.content_type.as_deref(),
        data_size: record.data_size,
        file_fingerprint: record.file_fingerprint.as_deref(),
        file_create_time: millis(record.file_create_time),
        file_update_time: millis(record.file_update_time),
        comment: record.comment.as_deref(),
        attributes: json::text(&record.attributes),
        user_tags_group: texts(&record.tags.user),
        ai_tags: ai.map(|(job, tags)| (job.as_str(), texts(tags))).collect(),
        user_delete_ai_tags: texts(&record.tags.user_delete_ai),
        tag_update_time: millis(record.tag_update_time),
        sync_time: record.sync_time.millis(),
        record_create_time: record.record_create_time.millis(),
        semantic_index_job_id: record.semantic_index_job_id.as_deref(),
        semantic_index_update_time: millis(record.semantic_index_update_time),
        trashed_at: millis(record.trashed_at),
        description: record.description.as_deref(),
        labels: texts(&record.labels),
        hidden: record.hidden,
        starred: record.starred,
        local_created_at: millis(record.local_created_at),
        local_modified_at: millis(record.local_modified_at),
        revision_id: &record.revision_id,
        crc64_hash: record.crc64_hash.as_deref(),
        content_hash: record.content_hash.as_deref(),
        content_hash_name: record.content_hash_name.as_deref(),
        upload_id: record.upload_id.as_deref(),
        user_tags: pairs.map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        image_media: record.image_media.as_ref().map(StoredImage::of),
        video_media: record.video_media.as_ref().map(StoredVideo::of),
    }
}

fn model_of(body: Body<'_>, id: FileId, status: Status) -> Result<FileRecord, Malformed> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let (ai, pairs) = (body.ai_tags.into_iter(), body.user_tags.into_iter());
    Ok(FileRecord {
        id,
        uri: body.uri.to_owned(),
        file_name: body.file_name.to_owned(),
        file_dir: body.file_dir.to_owned(),
        file_type: text(body.file_type),
        content_type: text(body.content_type),
        data_size: body.data_size,
        file_fingerprint: text(body.file_fingerprint),
        file_create_time: json::time_option(body.file_create_time)?,
        file_update_time: json::time_option(body.file_update_time)?,
        comment: text(body.comment),
        attributes: json::object(&body.attributes)?,
        tags: Tags {
            user: own(body.user_tags_group),
            ai: ai.map(|(job, tags)| (job.to_owned(), own(tags))).collect(),
            user_delete_ai: own(body.user_delete_ai_tags),
        },
        tag_update_time: json::time_option(body.tag_update_time)?,
        sync_time: json::time(body.sync_time)?,
        record_create_time: json::time(body.record_create_time)?,
        semantic_index_job_id: text(body.semantic_index_job_id),
        semantic_index_update_time: json::time_option(body.semantic_index_update_time)?,
        status,
        trashed_at: json::time_option(body.trashed_at)?,
        description: text(body.description),
        labels: own(body.labels),
        hidden: body.hidden,
        starred: body.starred,
        local_created_at: json::time_option(body.local_created_at)?,
        local_modified_at: json::time_option(body.local_modified_at)?,
        revision_id: body.revision_id.to_owned(),
        crc64_hash: text(body.crc64_hash),
        content_hash: text(body.content_hash),
        content_hash_name: text(body.content_hash_name),
        upload_id: text(body.upload_id),
        user_tags: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        image_media: body.image_media.map(StoredImage::into_model),
        video_media: body.video_media.map(StoredVideo::into_model),
    })
}
