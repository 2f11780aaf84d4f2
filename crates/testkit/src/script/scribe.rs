//! Scripts from a seed: every operation and question there is, bad ones among them.

use filedex_model::{
    DatasetPatch, FileId, Filter, Metric, Order, Property, SortBy, StatusFilter, Test,
    VectorStorage, limits,
};

use super::Script;
use super::question::{CursorFault, Joined, Listing, Nearby, Question, Toward};
use super::step::{Item, Place, SpaceShape, Step, VectorItem, VersionChange};
use super::typed::Typed;
use crate::generate::{Generator, Seed};
use crate::oracle::Operation;

const DATASETS: [&str; 3] = ["d-one", "d-two", "d-three"];
const NAMES: [&str; 4] = ["default", "Photos", "资料", "d-one"];
const VERSIONS: [&str; 3] = ["v1", "v2", "v 3"];
const SPACES: [&str; 3] = ["small", "wide", "halves"];
const NOTES: [&str; 4] = ["jobs/1", "jobs/2", "café", "page"];
const STATUSES: [StatusFilter; 3] =
    [StatusFilter::Active, StatusFilter::Deleted, StatusFilter::All];

/// Writes scripts. The same seed gives the same script.
#[derive(Debug)]
pub struct Scribe {
    files: Generator,
}

impl Scribe {
    /// One that writes what comes of `seed`.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { files: Generator::new(seed, DATASETS[0]) }
    }

    /// A script: a version with a space, then so many changes, each with questions behind it.
    #[must_use]
    pub fn script(&mut self, changes: usize) -> Script {
        let place = Place(DATASETS[0].to_owned(), VERSIONS[0].to_owned());
        let mut steps = vec![
            Step::CreateDataset { id: place.0.clone(), name: NAMES[0].to_owned(), folder: None },
            Step::CreateVersion(place.0.clone(), place.1.clone()),
            Step::CreateSpace(place, self.shape()),
        ];
        for _ in 0..changes {
            steps.push(self.change());
            for _ in 0..self.below(5) {
                let (at, held) = (self.place(), self.chance(15));
                steps.push(Step::Ask { at, held, question: self.question() });
            }
        }
        Script(steps)
    }

    fn below(&mut self, end: usize) -> usize {
        self.files.seed().below(end)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.files.seed().chance(percent)
    }

    fn name(&mut self, of: &[&str]) -> String {
        (*self.files.seed().pick(of)).to_owned()
    }

    /// Mostly the first version; what is made next is for the place's dataset.
    fn place(&mut self) -> Place {
        let (dataset, version) = if self.chance(75) {
            (DATASETS[0].to_owned(), VERSIONS[0].to_owned())
        } else {
            (self.name(&DATASETS), self.name(&VERSIONS))
        };
        self.files.turn_to(&dataset);
        Place(dataset, version)
    }

    fn change(&mut self) -> Step {
        match self.below(100) {
            0..62 => self.batch(),
            62..77 => self.housekeeping(),
            77..88 => self.spaces(),
            88..91 => Step::PutNotes(self.notes()),
            _ => self.catalog(),
        }
    }

    fn housekeeping(&mut self) -> Step {
        match self.below(20) {
            0..7 => Step::Optimize,
            7..9 => Step::Compact,
            9..11 => Step::Check,
            11 if self.chance(50) => Step::Backup,
            11 => Step::Rebuild,
            12..16 => Step::Reopen { approximate: self.chance(50) },
            _ => Step::Hold,
        }
    }

    fn catalog(&mut self) -> Step {
        let dataset = self.name(&DATASETS);
        let dataset_name = if self.chance(70) { dataset.clone() } else { self.name(&NAMES) };
        let version = self.name(&VERSIONS);
        match self.below(20) {
            0..4 => Step::CreateDataset {
                id: if self.chance(5) { String::new() } else { dataset },
                name: self.name(&NAMES),
                folder: self.chance(30).then(|| "a/b".to_owned()),
            },
            4..7 => {
                let name = self.chance(70).then(|| self.name(&NAMES));
                let name = if self.chance(5) { Some(String::new()) } else { name };
                let folder = self.chance(40).then(|| "shelf".to_owned());
                Step::PatchDataset(dataset_name, DatasetPatch { name, folder })
            }
            7 => Step::DeleteDataset(dataset_name),
            8..13 => {
                let version = if self.chance(5) { "v\u{7}".to_owned() } else { version };
                Step::CreateVersion(dataset_name, version)
            }
            13..18 => {
                let name = self.chance(25).then(|| self.name(&VERSIONS));
                let description = self.chance(30).then(|| "of the spring".to_owned());
                // Thawed more often than frozen, so that scripts get on.
                let frozen = self.chance(60).then(|| self.chance(20));
                let at = self.place();
                Step::ChangeVersion(at, VersionChange { name, description, frozen })
            }
            _ => Step::DeleteVersion(dataset_name, version),
        }
    }

    fn spaces(&mut self) -> Step {
        let at = self.place();
        match self.below(10) {
            0..5 => Step::CreateSpace(at, self.shape()),
            5 | 6 => Step::ChooseSpace(at, self.name(&SPACES)),
            7 => {
                let to = if self.chance(10) { " ".to_owned() } else { self.name(&SPACES) };
                Step::RenameSpace(at, self.name(&SPACES), to)
            }
            _ => Step::DropSpace(at, self.name(&SPACES)),
        }
    }

    fn shape(&mut self) -> SpaceShape {
        let metric = *self.files.seed().pick(&[Metric::Cosine, Metric::Dot, Metric::L2]);
        SpaceShape {
            name: self.name(&SPACES),
            model: self.name(&["model-a", "model-b"]),
            dimension: *self.files.seed().pick(&[2, 5, 5, 5, 24, 1]),
            metric,
            normalised: metric == Metric::Cosine && !self.chance(3),
            storage: *self.files.seed().pick(&[VectorStorage::F32, VectorStorage::F16]),
        }
    }

    fn notes(&mut self) -> Vec<(String, Option<String>)> {
        (0..1 + self.below(3))
            .map(|_| {
                let name = if self.chance(5) { String::new() } else { self.name(&NOTES) };
                let text = self.chance(70).then(|| self.below(100).to_string());
                (name, text)
            })
            .collect()
    }

    fn batch(&mut self) -> Step {
        let at = self.place();
        let count = *self.files.seed().pick(&[0, 1, 1, 2, 5, 5, 20, 80]);
        let now = self.files.tick();
        Step::Batch { at, now, items: (0..count).map(|_| self.item()).collect() }
    }

    fn item(&mut self) -> Item {
        if self.chance(25) {
            let id = self.files.file_id();
            return if self.chance(75) {
                Item::SetVector(id, self.vector_item())
            } else {
                let space = self.chance(40).then(|| self.name(&SPACES));
                Item::RemoveVector(id, space)
            };
        }
        match self.files.operation() {
            Operation::Create(file) => Item::Create(file, self.vectors()),
            Operation::Import(file, mode) => Item::Import(file, mode, self.vectors()),
            Operation::Update(id, update) => Item::Update(id, update),
            Operation::UpdateDetails(id, update) => Item::Details(id, update),
            Operation::Delete(id) => Item::Delete(id),
            Operation::Purge(id) => Item::Purge(id),
        }
    }

    fn vectors(&mut self) -> Vec<VectorItem> {
        (0..self.below(3)).map(|_| self.vector_item()).collect()
    }

    fn vector_item(&mut self) -> VectorItem {
        let space = self.chance(30).then(|| self.name(&SPACES));
        VectorItem { space, values: self.vector() }
    }

    /// Few different values, so that products tie; of the usual dimension, mostly.
    fn vector(&mut self) -> Vec<f32> {
        let dimension = *self.files.seed().pick(&[5, 5, 5, 5, 5, 5, 2, 24]);
        let values = [-1.0, -0.5, 0.0, 0.5, 1.0];
        let mut vector: Vec<f32> =
            (0..dimension).map(|_| *self.files.seed().pick(&values)).collect();
        if self.chance(3) {
            let odd = [f32::NAN, f32::INFINITY, 1e16, 70_000.0, 65_519.0, -1e-40, 0.1, 1e15];
            let at = self.below(dimension);
            vector[at] = *self.files.seed().pick(&odd);
        }
        vector
    }

    fn question(&mut self) -> Question {
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
            _ => Question::Across(self.listing(false)),
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
            0..7 => Toward::Vector(self.vector()),
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
            model: self.chance(10).then(|| self.name(&["model-a", "model-b"])),
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

/// The id of a file at a place, for scripts that are written by hand.
impl Place {
    /// The id of the file with this URI.
    #[must_use]
    pub fn file(&self, uri: &str) -> FileId {
        FileId::of(&self.0, uri)
    }
}
