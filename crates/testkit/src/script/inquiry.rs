//! Questions from a seed, some of which must be refused.

use filedex_model::{Filter, Order, Property, SortBy, StatusFilter, Test, limits};

use super::question::{CursorFault, Joined, Listing, Nearby, Question, Toward};
use super::scribe::{SPACES, Scribe};
use super::typed::Typed;
use crate::oracle::MODEL;

const STATUSES: [StatusFilter; 3] =
    [StatusFilter::Active, StatusFilter::Deleted, StatusFilter::All];

impl Scribe {
    pub(super) fn question(&mut self) -> Question {
        match self.below(100) {
            0..8 => Question::Records,
            8..11 => Question::Catalog,
            11..46 => Question::List(self.listing(true)),
            46..50 => Question::Typed(self.typed()),
            50 => Question::Lines,
            51..76 => Question::Near(self.nearby()),
            76..86 => Question::Statistics(self.listing(false)),
            86..93 => {
                let listing = Listing { pages: 1 + self.below(3) as u32, ..self.listing(false) };
                Question::Cursor(listing, self.cursor_fault())
            }
            93..98 => Question::Across(self.listing(false)),
            _ => {
                let nearby = self.nearby();
                let among = Listing { pages: 1 + self.below(3) as u32, ..nearby.among.clone() };
                Question::AcrossNear(Nearby { among, ..nearby })
            }
        }
    }

    /// A question by filter; where it may be `bad`, sometimes one that is refused.
    fn listing(&mut self, bad: bool) -> Listing {
        let filter = match self.below(10) {
            0 => Filter::All,
            1 => Filter::test(Property::TagsAll, Test::Has),
            _ => self.files.filter(3),
        };
        let pages = match self.below(40) {
            0 if bad => 0,
            1 if bad => limits::PAGE_ITEMS + 1,
            2 => limits::PAGE_ITEMS,
            _ => self.files.page_size(),
        };
        let sort = match self.below(20) {
            0 if bad => Some((SortBy::Relevance, Order::Desc)),
            1..4 => None,
            _ => Some(self.files.sort()),
        };
        let status = *self.files.seed().pick(&STATUSES);
        let text = (1..=limits::MAX_RESULTS).contains(&pages) && self.chance(50);
        Listing { filter, status, sort, pages, text, now: self.files.now() }
    }

    fn typed(&mut self) -> Typed {
        let files = &mut self.files;
        let mut typed = Typed {
            ids: if files.seed().chance(5) {
                vec![files.file_id(), files.file_id()]
            } else {
                vec![]
            },
            all: files.tags(25),
            any: files.tags(25),
            none: files.tags(25),
            name: files.seed().chance(20).then(|| files.part()),
            dir: files.seed().chance(20).then(|| files.part()),
            types: files.types(20),
            content_types: files.content_types(15),
            updated: files.period(15),
            tagged: files.period(15),
            ..Typed::default()
        };
        typed.tag = self.chance(15).then(|| self.files.tags(100).pop()).flatten();
        typed.status = self.chance(50).then(|| *self.files.seed().pick(&STATUSES));
        typed.sort = self.chance(70).then(|| self.files.sort());
        typed.pages =
            self.chance(80).then(|| *self.files.seed().pick(&[0, 1, 3, 7, 100, 10_000, 10_001]));
        typed
    }

    fn nearby(&mut self) -> Nearby {
        let toward = match self.below(10) {
            0..5 => Toward::Vector(self.vector()),
            5 | 6 => Toward::Text(self.files.phrase()),
            7 | 8 => Toward::Uri(self.files.uri()),
            _ => Toward::Id(self.files.file_id()),
        };
        let (mut among, filtered) = (self.listing(false), self.chance(60));
        if !filtered {
            among.filter = Filter::All;
        }
        if self.chance(60) {
            among.sort = None;
        }
        if self.chance(70) {
            among.status = StatusFilter::Active;
        }
        Nearby {
            toward,
            space: self.chance(25).then(|| self.name(&SPACES)),
            model: self.chance(10).then(|| self.name(&[MODEL, "model-b"])),
            top_k: match self.below(20) {
                0..6 => None,
                6 => Some(0),
                7 => Some(limits::TOP_K + 1),
                _ => Some(*self.files.seed().pick(&[1, 3, 10, 200, limits::TOP_K])),
            },
            above: match self.below(10) {
                0..6 => None,
                6 if self.chance(10) => Some(f32::NAN),
                6 => Some(0.5),
                _ => Some(self.below(160) as f32 / 100.0 - 0.6),
            },
            exact: self.chance(30),
            words: self.joined(),
            among,
        }
    }

    fn joined(&mut self) -> Joined {
        Joined {
            ignored: self.chance(50),
            text: self.chance(40).then(|| self.files.phrase()),
            reciprocal: self.chance(35),
            weight: match self.below(12) {
                0 => Some(1.5),
                1..7 => None,
                _ => Some(*self.files.seed().pick(&[0.0, 0.3, 0.6, 1.0])),
            },
        }
    }

    fn cursor_fault(&mut self) -> CursorFault {
        match self.below(5) {
            0 => CursorFault::Changed(self.below(400)),
            1 => CursorFault::Cut(self.below(60)),
            2 => CursorFault::OtherFilter,
            3 => CursorFault::OtherOrder,
            _ => CursorFault::OtherStatus,
        }
    }
}
