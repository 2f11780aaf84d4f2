//! One page of a tree.
//!
//! A leaf: 01, a byte, pairs n (2), the ends of the n keys where their width is not fixed, the ends of
//! the n values likewise (4 each), the keys, the values. A branch: 02, a byte, keys n (2), 4 bytes,
//! the checksums of n + 1 children (16 each), their pages (8 each), the ends of the keys where their
//! width is not fixed (4 each), the keys. Ends count from the start of the page. What comes after the
//! last value or key belongs to nobody and is in no checksum.

use std::ops::Range;

use super::header::Root;
use super::number::{offset_at, u16_at, u64_at, u128_at};

const LEAF: u8 = 1;
const BRANCH: u8 = 2;
const CHECKSUM_BYTES: usize = 16;
const PAGE_BYTES: usize = 8;

/// The lengths of a table's keys and values, where all have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Widths {
    pub(super) key: Option<usize>,
    pub(super) value: Option<usize>,
}

/// What a page is, and of how many parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Leaf { pairs: usize },
    Branch { keys: usize },
}

/// A page, not yet compared with its checksum: nothing in it is taken for granted.
pub(super) struct Page<'a> {
    bytes: &'a [u8],
    widths: Widths,
    pub(super) node: Node,
}

impl<'a> Page<'a> {
    /// `None` where the bytes are no page of a tree.
    pub(super) fn of(bytes: &'a [u8], widths: Widths) -> Option<Self> {
        let parts = u16_at(bytes, 2).filter(|parts| *parts > 0)?;
        let node = match *bytes.first()? {
            LEAF => Node::Leaf { pairs: parts },
            BRANCH => Node::Branch { keys: parts },
            _ => return None,
        };
        Some(Self { bytes, widths, node })
    }

    /// The bytes that its checksum is of.
    pub(super) fn hashed(&self) -> Option<&'a [u8]> {
        let end = match self.node {
            Node::Leaf { pairs } => self.value_end(pairs, pairs.checked_sub(1)?)?,
            Node::Branch { keys } => self.separator_end(keys, keys.checked_sub(1)?)?,
        };
        self.bytes.get(..end)
    }

    /// A key and a value of a leaf, and where in the page the value begins; `None` where they are not
    /// inside the page.
    pub(super) fn pair(&self, pairs: usize, at: usize) -> Option<(&'a [u8], &'a [u8], usize)> {
        let key_start = match at.checked_sub(1) {
            None => self.keys_start(pairs),
            Some(before) => self.key_end(pairs, before)?,
        };
        let value_start = match at.checked_sub(1) {
            None => self.key_end(pairs, pairs.checked_sub(1)?)?,
            Some(before) => self.value_end(pairs, before)?,
        };
        let part = |range: Range<usize>| self.bytes.get(range);
        let key = part(key_start..self.key_end(pairs, at)?)?;
        Some((key, part(value_start..self.value_end(pairs, at)?)?, value_start))
    }

    /// Where the first key of a leaf begins.
    fn keys_start(&self, pairs: usize) -> usize {
        let ends =
            usize::from(self.widths.key.is_none()) + usize::from(self.widths.value.is_none());
        4 + 4 * pairs * ends
    }

    fn key_end(&self, pairs: usize, at: usize) -> Option<usize> {
        match self.widths.key {
            Some(width) => self.keys_start(pairs).checked_add(width.checked_mul(at + 1)?),
            None => offset_at(self.bytes, 4 + 4 * at),
        }
    }

    fn value_end(&self, pairs: usize, at: usize) -> Option<usize> {
        match self.widths.value {
            Some(width) => {
                let start = self.key_end(pairs, pairs.checked_sub(1)?)?;
                start.checked_add(width.checked_mul(at + 1)?)
            }
            None => {
                let keys = if self.widths.key.is_none() { pairs } else { 0 };
                offset_at(self.bytes, 4 + 4 * (keys + at))
            }
        }
    }

    /// A child of a branch, of which there is one more than keys.
    pub(super) fn child(&self, keys: usize, at: usize) -> Option<Root> {
        let checksum = u128_at(self.bytes, 8 + CHECKSUM_BYTES * at)?;
        let page = u64_at(self.bytes, 8 + CHECKSUM_BYTES * (keys + 1) + PAGE_BYTES * at)?;
        Some(Root { page, checksum })
    }

    /// The key between a child of a branch and the next: not below any of the one's keys, and below
    /// all of the other's.
    pub(super) fn separator(&self, keys: usize, at: usize) -> Option<&'a [u8]> {
        let start = match at.checked_sub(1) {
            None => self.separators_start(keys),
            Some(before) => self.separator_end(keys, before)?,
        };
        self.bytes.get(start..self.separator_end(keys, at)?)
    }

    fn separators_start(&self, keys: usize) -> usize {
        let ends = if self.widths.key.is_none() { 4 * keys } else { 0 };
        8 + (CHECKSUM_BYTES + PAGE_BYTES) * (keys + 1) + ends
    }

    fn separator_end(&self, keys: usize, at: usize) -> Option<usize> {
        match self.widths.key {
            Some(width) => self.separators_start(keys).checked_add(width.checked_mul(at + 1)?),
            None => {
                let ends = 8 + (CHECKSUM_BYTES + PAGE_BYTES) * (keys + 1);
                offset_at(self.bytes, ends + 4 * at)
            }
        }
    }
}
