//! The first page: where the two newest commits have their roots, and where pages stand.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 9 | `redb`, 1A 0A A9 0D 0A |
//! | 9 | 1 | bit 0: the primary slot; bit 1: not closed cleanly; bit 2: it was committed in two phases |
//! | 12 | 4 | bytes of a page, 4,096 |
//! | 16 | 4 | pages before those of a region, 0 |
//! | 20 | 4 | pages of a region, 2^20 |
//! | 24 | 4 | full regions |
//! | 28 | 4 | pages of the region after them, 0 where there is none |
//! | 64 | 128 | slot 0 |
//! | 192 | 128 | slot 1 |
//!
//! A slot: its version, 3 (1 byte), whether there are tables (1), whether the engine has tables of its
//! own (1), the root of the list of tables at 8, that of the engine's list at 40, the number of the
//! commit at 104, XXH3-128 of the 112 bytes before at 112. A root: its page (8), the XXH3-128 of that
//! page (16), its entries (8). Numbers are little-endian.

use xxhash_rust::xxh3::xxh3_128;

use super::number::{u32_at, u64_at, u128_at};

/// Bytes of the header and both slots.
pub(super) const BYTES: usize = 320;
/// Bytes of the smallest page.
pub(super) const PAGE: u64 = 4_096;
/// Pages of a region, and pages before them: what the engine takes where it is told nothing else.
const REGION_PAGES: u64 = 1 << 20;

const MAGIC: &[u8; 9] = b"redb\x1A\x0A\xA9\x0D\x0A";
const SLOTS: [usize; 2] = [64, 192];
const SLOT_BYTES: usize = 128;
const SLOT_CHECKSUM: usize = 112;
const LAYOUT_VERSION: u8 = 3;

/// The root page of a tree, and what its bytes must hash to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) page: u64,
    pub(super) checksum: u128,
}

impl Root {
    /// The root at the start of these bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self { page: u64_at(bytes, 0)?, checksum: u128_at(bytes, 8)? })
    }
}

/// A commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The list of tables.
    pub(super) tables: Option<Root>,
    /// The list of the engine's own tables.
    pub(super) own: Option<Root>,
    /// Grows with every commit of the engine.
    pub(super) number: u64,
}

impl Slot {
    fn read(bytes: &[u8]) -> Option<Self> {
        let whole = u128_at(bytes, SLOT_CHECKSUM)? == xxh3_128(&bytes[..SLOT_CHECKSUM]);
        if whole && bytes[0] == LAYOUT_VERSION { Self::unproved(bytes) } else { None }
    }

    /// What a slot says, whether or not it is what was written.
    fn unproved(bytes: &[u8]) -> Option<Self> {
        let root = |there: usize, at: usize| (bytes[there] != 0).then(|| Root::read(&bytes[at..]));
        Some(Self {
            tables: root(1, 8).flatten(),
            own: root(2, 40).flatten(),
            number: u64_at(bytes, 104)?,
        })
    }
}

/// What the first page says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// The commits whose slots are what was written, in the order in which they are to be tried.
    pub(super) commits: Vec<Slot>,
    /// Whether a commit that was cut short may stand before a whole one.
    pub(super) may_be_cut_short: bool,
    /// What is wrong with it, in words.
    pub(super) wrong: Vec<String>,
    /// Whether its first bytes are those of a database.
    pub(super) starts_as_one: bool,
    /// Whether the slot that was written last is among the commits.
    pub(super) has_primary: bool,
    /// What the slots say that are not what was written, the primary one first.
    pub(super) unproved: Vec<Slot>,
}

impl Header {
    /// Reads the first [`BYTES`] of a file of this length, as many of them as there are.
    pub(super) fn read(bytes: &[u8], length: u64) -> Self {
        let mut wrong = Vec::new();
        let starts_as_one = bytes.starts_with(MAGIC);
        if !starts_as_one {
            wrong.push("its first bytes are not those of a database".to_owned());
        }
        let layout = [12, 16, 20].map(|at| u32_at(bytes, at).map(u64::from));
        if layout != [Some(PAGE), Some(0), Some(REGION_PAGES)] {
            wrong.push("it gives its pages sizes that no Filedex file has".to_owned());
        }
        let flags = bytes.get(MAGIC.len()).copied().unwrap_or(0);
        let (primary, clean, two_phase) = (usize::from(flags & 1), flags & 2 == 0, flags & 4 != 0);
        let counted = [24, 28].map(|at| u32_at(bytes, at).map_or(0, u64::from));
        let closed_with = PAGE * (1 + counted[0] * REGION_PAGES + counted[1]);
        if clean && closed_with != length {
            wrong.push(format!("the file has {length} bytes, and was closed with {closed_with}"));
        }
        let slot = |which: usize| {
            Slot::read(bytes.get(SLOTS[which]..SLOTS[which] + SLOT_BYTES).unwrap_or_default())
        };
        let (first, second) = (slot(primary), slot(1 - primary));
        // A file that was not closed cleanly may have a slot that was written in part.
        if clean && (first.is_none() || second.is_none()) {
            let what = "one of the places that name its newest commits is not what was written";
            wrong.push(what.to_owned());
        }
        let has_primary = first.is_some();
        let damaged = [(first, primary), (second, 1 - primary)].into_iter();
        let unproved = damaged.filter(|(slot, _)| slot.is_none());
        let unproved = unproved.filter_map(|(_, which)| unproved_at(bytes, which)).collect();
        let mut commits: Vec<Slot> = first.into_iter().chain(second).collect();
        if two_phase && first.is_some() {
            commits.truncate(1);
        } else {
            // The newer one counts, wherever it stands: a crash can leave them the wrong way round.
            commits.sort_by_key(|commit| std::cmp::Reverse(commit.number));
        }
        Self {
            commits,
            may_be_cut_short: !clean && !two_phase,
            wrong,
            starts_as_one,
            has_primary,
            unproved,
        }
    }
}

fn unproved_at(bytes: &[u8], which: usize) -> Option<Slot> {
    Slot::unproved(bytes.get(SLOTS[which]..SLOTS[which] + SLOT_BYTES)?)
}

/// The number of the smallest page that begins here.
pub(super) fn page_at(offset: u64) -> u64 {
    let page = offset / PAGE - 1;
    ((page / REGION_PAGES) << 20) | (page % REGION_PAGES)
}

/// Where a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

impl Place {
    /// Of a page by its number: the index in its region (20 bits, of which the lowest 20 - order
    /// count), the region (20 bits), and in the highest 5 bits the order, of which a page is 2^order
    /// smallest pages long.
    pub(super) fn of(number: u64) -> Option<Self> {
        let order = u32::try_from(number >> 59).ok().filter(|order| *order <= 20)?;
        let index = number & (0xF_FFFF >> order);
        let region = number >> 20 & 0xF_FFFF;
        let bytes = PAGE << order;
        Some(Self { offset: PAGE + region * REGION_PAGES * PAGE + index * bytes, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place = |number| Place::of(number).map(|place| (place.offset, place.bytes));
        assert_eq!(place(0), Some((4_096, 4_096)));
        assert_eq!(place(7), Some((8 * 4_096, 4_096)));
        assert_eq!(place(6 << 59 | 2), Some((4_096 + 2 * 262_144, 262_144)));
        // Of a page of order 6 only 14 bits of the index count.
        assert_eq!(place(6 << 59 | 1 << 14 | 2), place(6 << 59 | 2));
        assert_eq!(place(3 << 20 | 1), Some((2 * 4_096 + 3 * (4 << 30), 4_096)));
        assert_eq!(place(21 << 59), None);
    }
}
