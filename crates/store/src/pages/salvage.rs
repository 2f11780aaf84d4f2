//! The commit to save from a damaged file, and its tables, as far as they can be read.
//!
//! A checksum of 128 bits proves a page whoever names it. So a commit whose slot is damaged is still
//! found where the page that the slot names is what it says; and where no slot says anything, by
//! looking at every page for a list of tables whose roots are all proved.

use redb::{Key, TableDefinition, TableHandle, Value};
use xxhash_rust::xxh3::xxh3_128;

use super::header::{PAGE, Place, Root, Slot, page_at};
use super::node::{Page, Widths};
use super::number::u64_at;
use super::tree::{Damage, Entry, Walk};
use super::{Image, LIST, Of, Verified};
use crate::error::StoreError;
use crate::tables;

/// Tables without which a list is none.
const NEEDED: [&str; 3] = ["filedex", "versions", "records"];

/// How the commit of a damaged file was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundBy {
    /// It is the one that an open shows.
    Header,
    /// Its slot is damaged, and what the slot names is proved.
    DamagedSlot,
    /// It is the one before the newest, of which nothing can be found.
    Before,
    /// By looking at every page: nothing proves that it is the newest.
    Looking,
}

/// The commit of a damaged file.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) verified: Verified,
    pub(crate) found_by: FoundBy,
}

/// What became of a table that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Read {
    /// Whether the list of tables has it.
    pub(crate) is_listed: bool,
    /// How many entries the list says it has.
    pub(crate) entries: u64,
    /// Its pages that are not what was written.
    pub(crate) damages: Vec<Damage>,
    /// Whether a page above the entries, or its entry in the list of tables, is damaged. Then what is
    /// below it is proved by itself alone.
    pub(crate) by_damaged: bool,
}

impl Read {
    /// Whether everything in it was read, as it was written.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_listed && !self.by_damaged && self.damages.is_empty()
    }
}

impl Image {
    /// The commit to save from.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where no commit can be found.
    pub(crate) fn chosen(&self) -> Result<Chosen, StoreError> {
        let header = &self.header;
        if header.has_primary || !header.commits.is_empty() && header.may_be_cut_short {
            let verified = self.verify()?;
            if self.has_list(&verified.commit) {
                return Ok(Chosen { verified, found_by: FoundBy::Header });
            }
        }
        let proved = header.unproved.iter().find(|slot| self.has_list(slot));
        let first_is_lost = !header.has_primary && header.unproved.first() == proved;
        let found = match proved {
            Some(slot) if first_is_lost => Some((*slot, FoundBy::DamagedSlot)),
            _ => {
                let before = header.commits.iter().find(|slot| self.has_list(slot));
                before.map(|slot| (*slot, FoundBy::Before))
            }
        };
        let found = found.or(proved.map(|slot| (*slot, FoundBy::Before)));
        match found {
            Some((slot, found_by)) => Ok(Chosen { verified: self.verify_commit(slot)?, found_by }),
            None => self.looked_for(),
        }
    }

    /// Whether what a commit names can be read: its list of tables is what was written, or the tables
    /// it cannot do without are.
    fn has_list(&self, commit: &Slot) -> bool {
        let Some(root) = commit.tables else { return false };
        if self.proves(root, LIST) {
            return true;
        }
        let Ok((listed, _)) = self.list(root) else { return false };
        NEEDED.iter().all(|name| {
            let table = listed.iter().find(|table| table.name == *name);
            table.is_some_and(|table| table.root.is_none_or(|root| self.proves(root, table.widths)))
        })
    }

    fn proves(&self, root: Root, widths: Widths) -> bool {
        let Some(bytes) = Place::of(root.page).and_then(|place| self.page(place).ok()) else {
            return false;
        };
        let hashed = Page::of(&bytes, widths).and_then(|page| page.hashed().map(xxh3_128));
        hashed == Some(root.checksum)
    }

    /// Looks at every page for the newest list of tables, and takes the most whole where there are
    /// several.
    fn looked_for(&self) -> Result<Chosen, StoreError> {
        let mut best: Option<((bool, u64), Verified)> = None;
        let mut offset = PAGE;
        while offset + PAGE <= self.length {
            if let Some(slot) = self.list_at(offset) {
                let verified = self.verify_commit(slot)?;
                let whole = verified.damages.iter().all(|(of, _)| *of == Of::Engine);
                let mut generation = 0;
                self.entries(&verified, tables::META, |entry| {
                    if entry.key == b"generation" && entry.page_sound {
                        generation = u64_at(entry.value, 0).unwrap_or(0);
                    }
                    Ok(())
                })?;
                let rank = (whole, generation);
                if best.as_ref().is_none_or(|(known, _)| *known < rank) {
                    best = Some((rank, verified));
                }
            }
            offset += PAGE;
        }
        match best {
            Some((_, verified)) => Ok(Chosen { verified, found_by: FoundBy::Looking }),
            // What it says where there is none is what there is to say.
            None => Ok(Chosen { verified: self.verify()?, found_by: FoundBy::Looking }),
        }
    }

    /// The commit whose list of tables is on this page; none where it is no such list.
    fn list_at(&self, offset: u64) -> Option<Slot> {
        let bytes = self.page(Place { offset, bytes: PAGE }).ok()?;
        let has = |name: &str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
        if !NEEDED.into_iter().all(has) {
            return None;
        }
        let checksum = xxh3_128(Page::of(&bytes, LIST)?.hashed()?);
        let root = Root { page: page_at(offset), checksum };
        let (listed, _) = self.list(root).ok()?;
        let named = NEEDED.iter().all(|name| listed.iter().any(|table| table.name == *name));
        named.then_some(Slot { tables: Some(root), own: None, number: 0 })
    }

    /// Every entry of a table that can be read. Those on damaged pages come too, and say so.
    ///
    /// # Errors
    /// Those of `found`.
    pub(crate) fn entries<K: Key + 'static, V: Value + 'static>(
        &self,
        verified: &Verified,
        definition: TableDefinition<'static, K, V>,
        mut found: impl FnMut(Entry<'_>) -> Result<(), StoreError>,
    ) -> Result<Read, StoreError> {
        let mut read = Read::default();
        let Some(root) = verified.commit.tables else { return Ok(read) };
        let (listed, list) = self.list(root)?;
        read.by_damaged = !list.damages.is_empty();
        let name = definition.name();
        let widths = Widths { key: K::fixed_width(), value: V::fixed_width() };
        let mut tables = listed.into_iter();
        let table = tables.find(|table| table.name == name && table.widths == widths);
        let Some(table) = table else { return Ok(read) };
        (read.is_listed, read.entries) = (true, table.entries);
        read.by_damaged |= !table.sound;
        let Some(root) = table.root else { return Ok(read) };
        let mut visit = |entry: Entry<'_>| found(entry);
        let mut walk = Walk::new(self, widths, Some(&mut visit));
        walk.from(root, table.sound)?;
        read.by_damaged |= walk.damaged_branches > 0;
        read.damages = walk.damages;
        Ok(read)
    }

    /// How many entries a table has by the list of tables; 0 where it is not there.
    pub(crate) fn listed<K: Key + 'static, V: Value + 'static>(
        &self,
        verified: &Verified,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<u64, StoreError> {
        let Some(root) = verified.commit.tables else { return Ok(0) };
        let (listed, _) = self.list(root)?;
        let table = listed.into_iter().find(|table| table.name == definition.name());
        Ok(table.map_or(0, |table| table.entries))
    }

    /// Whether its first bytes are those of a database.
    pub(crate) fn starts_as_one(&self) -> bool {
        self.header.starts_as_one
    }

    /// Bytes of the file.
    pub(crate) fn bytes_at(&self, offset: u64, bytes: u64) -> Option<Vec<u8>> {
        self.page(Place { offset, bytes }).ok()
    }
}
