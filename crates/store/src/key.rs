//! Keys, byte by byte. Numbers inside byte keys are big-endian, so that keys sort as they read.

use filedex_model::{FileId, Row};

/// Layer in the upper half, row in the lower.
pub(crate) fn record(layer: u32, row: Row) -> u64 {
    u64::from(layer) << 32 | u64::from(row)
}

/// The row of a record key.
pub(crate) fn row_of(key: u64) -> Row {
    (key & u64::from(u32::MAX)) as u32
}

/// The layer of a record key.
pub(crate) fn layer_of(key: u64) -> u32 {
    (key >> 32) as u32
}

/// The layer of a key of bytes; `None` where it is too short to have one.
pub(crate) fn layer_of_bytes(key: &[u8]) -> Option<u32> {
    key.first_chunk().map(|layer| u32::from_be_bytes(*layer))
}

/// Layer (4 bytes), file id (32 bytes).
pub(crate) fn id(layer: u32, id: &FileId) -> [u8; 36] {
    let mut key = [0; 36];
    key[..4].copy_from_slice(&layer.to_be_bytes());
    key[4..].copy_from_slice(id.as_bytes());
    key
}

/// Layer (4 bytes), escaped folder, 0, escaped name, 0, row (4 bytes).
pub(crate) fn name(layer: u32, dir: &str, name: &str, row: Row) -> Vec<u8> {
    let mut key = Vec::with_capacity(10 + dir.len() + name.len());
    key.extend_from_slice(&layer.to_be_bytes());
    escape(dir, &mut key);
    key.push(0);
    escape(name, &mut key);
    key.push(0);
    key.extend_from_slice(&row.to_be_bytes());
    key
}

/// Layer (4 bytes), folder.
pub(crate) fn folder(layer: u32, dir: &str) -> Vec<u8> {
    [&layer.to_be_bytes(), dir.as_bytes()].concat()
}

/// The range of the folders strictly below `dir`; for the top, of all folders, itself included.
pub(crate) fn folders_below(layer: u32, dir: &str) -> (Vec<u8>, Vec<u8>) {
    if dir.is_empty() {
        return layer_range(layer);
    }
    let (mut from, mut to) = (folder(layer, dir), folder(layer, dir));
    from.push(b'/');
    to.push(b'/' + 1);
    (from, to)
}

/// Layer (4 bytes), job id.
pub(crate) fn job(layer: u32, job_id: &str) -> Vec<u8> {
    folder(layer, job_id)
}

/// The range of every byte key of a layer.
pub(crate) fn layer_range(layer: u32) -> (Vec<u8>, Vec<u8>) {
    let next = layer.checked_add(1).map_or_else(|| vec![u8::MAX; 5], |n| n.to_be_bytes().to_vec());
    (layer.to_be_bytes().to_vec(), next)
}

/// Escaped dataset id, 0, name or id of a version.
pub(crate) fn in_dataset(dataset_id: &str, text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + dataset_id.len() + text.len());
    escape(dataset_id, &mut key);
    key.push(0);
    key.extend_from_slice(text.as_bytes());
    key
}

/// The range of the keys of [`in_dataset`] of one dataset.
pub(crate) fn dataset_range(dataset_id: &str) -> (Vec<u8>, Vec<u8>) {
    let from = in_dataset(dataset_id, "");
    let mut to = from.clone();
    to.pop();
    to.push(1);
    (from, to)
}

/// A key of the engine's own kind `u32`, or the first part of a pair of such.
pub(crate) fn le_u32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// A key of the engine's own kind `u64`, or the first part of a pair of such.
pub(crate) fn le_u64(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The dataset id and the text of a key of [`in_dataset`].
pub(crate) fn split_in_dataset(key: &[u8]) -> Option<(String, String)> {
    let end = key.iter().position(|byte| *byte == 0)?;
    Some((unescape(&key[..end])?, String::from_utf8(key[end + 1..].to_vec()).ok()?))
}

/// The layer, folder, name and row of a key of [`name`].
pub(crate) fn split_name(key: &[u8]) -> Option<(u32, String, String, Row)> {
    let layer = layer_of_bytes(key)?;
    let (rest, row) = key.get(4..)?.split_last_chunk::<4>()?;
    let (end, names) = rest.split_last()?;
    let border = names.iter().position(|byte| *byte == 0).filter(|_| *end == 0)?;
    let (dir, name) = (unescape(&names[..border])?, unescape(&names[border + 1..])?);
    Some((layer, dir, name, Row::from_be_bytes(*row)))
}

/// What [`escape`] wrote.
fn unescape(bytes: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut left = bytes.iter();
    while let Some(byte) = left.next() {
        text.push(if *byte == 1 { left.next()?.checked_sub(1)? } else { *byte });
    }
    String::from_utf8(text).ok()
}

/// Writes text so that it holds no zero byte and sorts as before: 0 becomes 1 1, and 1 becomes 1 2.
fn escape(text: &str, key: &mut Vec<u8>) {
    if text.bytes().all(|byte| byte > 1) {
        key.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match byte {
            0 | 1 => key.extend_from_slice(&[1, byte + 1]),
            _ => key.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_folder_then_name_then_row() {
        let order = [("", "b", 1), ("a", "", 2), ("a", "\0", 0), ("a", "\u{1}", 0), ("a", "x", 1)];
        let mut keys: Vec<_> = order.iter().map(|(d, n, r)| name(7, d, n, *r)).collect();
        keys.push(name(7, "a", "x", 256));
        keys.push(name(7, "a\0b", "a", 0));
        keys.push(name(7, "a/b", "a", 0));
        keys.push(name(8, "", "", 0));
        let mut sorted = keys.clone();
        sorted.sort();
        assert_eq!(keys, sorted);
    }

    #[test]
    fn keys_come_apart() {
        for (dir, file) in [("", "b"), ("a/é", ""), ("a\0\u{1}", "\0x"), ("\u{1}", "\u{1}\u{2}")] {
            let key = name(7, dir, file, 260);
            assert_eq!(split_name(&key), Some((7, dir.to_owned(), file.to_owned(), 260)));
            let key = in_dataset(dir, file);
            assert_eq!(split_in_dataset(&key), Some((dir.to_owned(), file.to_owned())));
        }
        assert_eq!((split_name(b"abc"), split_in_dataset(b"abc")), (None, None));
    }

    #[test]
    fn below_a_folder_is_neither_the_folder_nor_its_neighbours() {
        let (from, to) = folders_below(1, "cars");
        for (dir, inside) in [
            ("cars", false),
            ("cars/a", true),
            ("cars/\u{10FFFF}", true),
            ("cars-x", false),
            ("cars0", false),
            ("car", false),
        ] {
            let key = folder(1, dir);
            assert_eq!(from <= key && key < to, inside, "{dir}");
        }
        let (from, to) = layer_range(u32::MAX);
        let key = folder(u32::MAX, "\u{10FFFF}");
        assert!(from <= key && key < to);
    }

    #[test]
    fn datasets_do_not_mix() {
        let (from, to) = dataset_range("d");
        for (dataset, inside) in [("d", true), ("d\0", false), ("d\u{1}", false), ("da", false)] {
            let key = in_dataset(dataset, "v\u{10FFFF}");
            assert_eq!(from <= key && key < to, inside, "{dataset:?}");
        }
    }
}
