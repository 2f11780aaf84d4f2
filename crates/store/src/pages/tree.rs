//! A walk through a tree, page by page.

use xxhash_rust::xxh3::xxh3_128;

use super::Image;
use super::header::{Place, Root};
use super::node::{Node, Page, Widths};
use crate::error::StoreError;

/// The most branches above a leaf; a real tree has a few.
const DEEPEST: usize = 64;

/// A page that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Where it stands in the file.
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    pub(crate) why: Why,
    /// The greatest key before its own, where that is known.
    pub(crate) after: Option<Vec<u8>>,
    /// A key that none of its own is above, where that is known.
    pub(crate) up_to: Option<Vec<u8>>,
}

/// What is wrong with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It ends, or begins, beyond the end of the file.
    Beyond,
    /// The system could not read it.
    Unreadable,
    /// Its checksum is another.
    Changed,
}

/// A key and its value.
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
    /// Where in the file the value begins.
    pub(crate) at: u64,
    /// Whether the page it is on is what the page above says was written.
    pub(crate) page_sound: bool,
    /// Whether that holds for every page on the way to it.
    pub(crate) sound: bool,
}

/// What is done with entries.
pub(crate) type Visit<'a> = dyn FnMut(Entry<'_>) -> Result<(), StoreError> + 'a;

/// A walk, and what it has met.
pub(super) struct Walk<'a> {
    image: &'a Image,
    widths: Widths,
    /// What is done with entries. Without it, damaged pages are passed over; with it, what is on them
    /// and below them is looked at as far as it makes sense.
    visit: Option<&'a mut Visit<'a>>,
    /// Pages that are what was written.
    pub(super) pages: u64,
    pub(super) damages: Vec<Damage>,
    /// How many of the damaged pages lead to others.
    pub(super) damaged_branches: u64,
    /// Pages that may still be read: no tree has more than the file.
    left: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(image: &'a Image, widths: Widths, visit: Option<&'a mut Visit<'a>>) -> Self {
        Self {
            image,
            widths,
            visit,
            pages: 0,
            damages: Vec::new(),
            damaged_branches: 0,
            left: image.most_pages(),
        }
    }

    /// Walks from a root; `sound` is whether the root itself is what was written.
    pub(super) fn from(&mut self, root: Root, sound: bool) -> Result<(), StoreError> {
        self.page(root, sound, (None, None), DEEPEST)
    }

    fn page(
        &mut self,
        root: Root,
        sound: bool,
        (after, up_to): (Option<&[u8]>, Option<&[u8]>),
        depth: usize,
    ) -> Result<(), StoreError> {
        let damage = |place: Place, why| Damage {
            offset: place.offset,
            bytes: place.bytes,
            why,
            after: after.map(<[u8]>::to_vec),
            up_to: up_to.map(<[u8]>::to_vec),
        };
        let place = Place::of(root.page).unwrap_or(Place { offset: u64::MAX, bytes: 0 });
        self.left = self.left.saturating_sub(1);
        let bytes = match self.image.page(place) {
            Ok(bytes) if depth > 0 && self.left > 0 => bytes,
            Ok(_) => {
                self.damages.push(damage(place, Why::Changed));
                return Ok(());
            }
            Err(why) => {
                self.damages.push(damage(place, why));
                return Ok(());
            }
        };
        let page = Page::of(&bytes, self.widths);
        let hashed = page.as_ref().and_then(Page::hashed);
        let matches = hashed.is_some_and(|hashed| xxh3_128(hashed) == root.checksum);
        if matches {
            self.pages += 1;
        } else {
            self.damages.push(damage(place, Why::Changed));
        }
        let Some(page) = page.filter(|_| matches || self.visit.is_some()) else { return Ok(()) };
        let sound = sound && matches;
        match page.node {
            Node::Leaf { pairs } => self.leaf(&page, pairs, place, (matches, sound)),
            Node::Branch { keys } => {
                self.damaged_branches += u64::from(!matches);
                for at in 0..=keys {
                    let Some(child) = page.child(keys, at) else { break };
                    let before = at.checked_sub(1).map_or(after, |at| page.separator(keys, at));
                    let behind = if at < keys { page.separator(keys, at) } else { up_to };
                    self.page(child, sound, (before, behind), depth - 1)?;
                }
                Ok(())
            }
        }
    }

    fn leaf(
        &mut self,
        page: &Page<'_>,
        pairs: usize,
        place: Place,
        (page_sound, sound): (bool, bool),
    ) -> Result<(), StoreError> {
        let Some(visit) = &mut self.visit else { return Ok(()) };
        for at in 0..pairs {
            if let Some((key, value, start)) = page.pair(pairs, at) {
                let at = place.offset + start as u64;
                visit(Entry { key, value, at, page_sound, sound })?;
            }
        }
        Ok(())
    }
}
