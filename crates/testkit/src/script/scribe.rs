//! Scripts from a seed: every operation and question there is, bad ones among them.

use filedex_model::{DatasetPatch, FileId, Metric, VectorStorage};

use super::Script;
use super::step::{Item, Place, SpaceShape, Step, VectorItem, VersionChange};
use crate::generate::{Generator, Seed};
use crate::oracle::{MODEL, Operation};

const DATASETS: [&str; 3] = ["d-one", "d-two", "d-three"];
const NAMES: [&str; 4] = ["default", "Photos", "资料", "d-one"];
const VERSIONS: [&str; 3] = ["v1", "v2", "v 3"];
pub(super) const SPACES: [&str; 3] = ["small", "wide", "halves"];
const NOTES: [&str; 4] = ["jobs/1", "jobs/2", "café", "page"];

/// Writes scripts. The same seed gives the same script.
#[derive(Debug)]
pub struct Scribe {
    pub(super) files: Generator,
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
            Step::CreateSpace(place.clone(), self.shape()),
        ];
        if self.chance(6) {
            steps.push(self.many(place));
        }
        for _ in 0..changes {
            steps.push(self.change());
            for _ in 0..self.below(5) {
                let (at, held) = (self.place(), self.chance(15));
                steps.push(Step::Ask { at, held, question: self.question() });
            }
        }
        Script(steps)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.files.seed().below(end)
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.files.seed().chance(percent)
    }

    pub(super) fn name(&mut self, of: &[&str]) -> String {
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
        match self.below(14) {
            10.. => {
                let space = self.chance(40).then(|| self.name(&SPACES));
                Step::Embed { at, space, renew: self.chance(30) }
            }
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
            model: self.name(&[MODEL, MODEL, "model-b"]),
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

    /// Files of a larger collection, whose segment has more documents than are looked at at once.
    fn many(&mut self, at: Place) -> Step {
        let count = 500 + self.below(1_000);
        let files = self.files.distinct_files(count);
        let items = files.into_iter().map(|file| Item::Create(file, Vec::new())).collect();
        Step::Batch { at, now: self.files.tick(), items }
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
    pub(super) fn vector(&mut self) -> Vec<f32> {
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
}

/// The id of a file at a place, for scripts that are written by hand.
impl Place {
    /// The id of the file with this URI.
    #[must_use]
    pub fn file(&self, uri: &str) -> FileId {
        FileId::of(&self.0, uri)
    }
}
