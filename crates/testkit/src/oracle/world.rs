//! A whole database, naively: datasets, versions, spaces and notes in plain lists.

use std::collections::BTreeMap;

use filedex_model::{FileRecord, ItemOutcome};

use super::Oracle;
use super::embedding::EmbeddedFiles;
use super::spaces::PlainSpace;
use crate::script::{Place, Step};

/// Why something is refused; each is an error kind of the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// What was given breaks a rule.
    BadInput,
    /// What was asked cannot be.
    BadQuery,
    /// The cursor is damaged, or of another question.
    BadCursor,
    /// The ranking of the cursor is gone.
    StaleCursor,
    /// It does not exist.
    NotFound,
    /// It exists already.
    Conflict,
    /// It takes no changes.
    ReadOnly,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It was done.
    Done,
    /// It was done, with these outcomes of its items.
    Outcomes(Vec<ItemOutcome>),
    /// It embedded files; their records have marks of the engine's clock, which are for
    /// [`World::put`].
    Embedded(EmbeddedFiles),
    /// It made this version.
    Version(Seat),
}

/// A version for as long as it lives: its number of all that there ever were.
pub type Seat = u32;

/// A database.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub(super) datasets: Vec<PlainDataset>,
    pub(super) notes: BTreeMap<String, String>,
    /// The newest version that was ever at a place.
    pub(super) seats: BTreeMap<Place, Seat>,
    pub(super) made: Seat,
}

/// A dataset.
#[derive(Clone, Debug)]
pub struct PlainDataset {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// Its current version.
    pub current: Option<Seat>,
    /// Its versions, oldest first.
    pub versions: Vec<PlainVersion>,
}

/// A version.
#[derive(Clone, Debug)]
pub struct PlainVersion {
    /// Its number.
    pub seat: Seat,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Whether it takes no changes.
    pub frozen: bool,
    /// Its files.
    pub files: Oracle,
    /// Its spaces, oldest first.
    pub spaces: Vec<PlainSpace>,
}

impl World {
    /// The datasets, oldest first.
    #[must_use]
    pub fn datasets(&self) -> &[PlainDataset] {
        &self.datasets
    }

    /// The notes by name.
    #[must_use]
    pub fn notes(&self) -> &BTreeMap<String, String> {
        &self.notes
    }

    /// Where every version is.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let of_dataset = |dataset: &PlainDataset| {
            let id = dataset.id.clone();
            let names = dataset.versions.iter().map(|version| version.name.clone());
            names.map(|name| Place(id.clone(), name)).collect::<Vec<_>>()
        };
        self.datasets.iter().flat_map(of_dataset).collect()
    }

    /// The newest version that was ever at this place.
    #[must_use]
    pub fn seat(&self, at: &Place) -> Option<Seat> {
        self.seats.get(at).copied()
    }

    /// The version at this place.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where there never was one, or it is gone.
    pub fn version(&self, at: &Place) -> Result<&PlainVersion, Refusal> {
        let seat = self.seat(at);
        let mut versions = self.datasets.iter().flat_map(|dataset| &dataset.versions);
        versions.find(|version| Some(version.seat) == seat).ok_or(Refusal::NotFound)
    }

    /// The dataset that is meant by a name or an id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn dataset(&self, name_or_id: &str) -> Result<&PlainDataset, Refusal> {
        self.place_of(name_or_id).map(|at| &self.datasets[at])
    }

    /// The version that is meant where none is named.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where that is not clear.
    pub fn default_version(&self) -> Result<Seat, Refusal> {
        let named = self.datasets.iter().find(|dataset| dataset.name == "default");
        let only = self.datasets.first().filter(|_| self.datasets.len() == 1);
        named.or(only).and_then(|dataset| dataset.current).ok_or(Refusal::NotFound)
    }

    /// Does what a step says. What only the engine knows of (merging, compacting, reopening)
    /// changes nothing here, and neither do questions.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn apply(&mut self, step: &Step) -> Result<Told, Refusal> {
        match step {
            Step::Batch { at, now, items } => {
                let version = self.open_version(at)?;
                let outcomes = items.iter().map(|item| version.item(item, *now));
                return Ok(Told::Outcomes(outcomes.collect()));
            }
            Step::Embed { at, space, renew } => {
                let done = self.any_version(at)?.embed_files(space.as_deref(), *renew)?;
                return Ok(Told::Embedded(done));
            }
            Step::CreateVersion(dataset, name) => {
                return self.create_version(dataset, name).map(Told::Version);
            }
            Step::CreateDataset { id, name, folder } => {
                self.create_dataset(id, name, folder.as_deref())?;
            }
            Step::PatchDataset(dataset, patch) => self.patch_dataset(dataset, patch)?,
            Step::DeleteDataset(dataset) => {
                let at = self.place_of(dataset)?;
                self.datasets.remove(at);
            }
            Step::ChangeVersion(at, change) => self.change_version(at, change)?,
            Step::DeleteVersion(dataset, name) => self.delete_version(dataset, name)?,
            Step::CreateSpace(at, shape) => {
                PlainSpace::check(shape)?;
                self.open_version(at)?.create_space(shape)?;
            }
            Step::ChooseSpace(at, name) => self.open_version(at)?.choose_space(name)?,
            Step::RenameSpace(at, name, to) => {
                PlainSpace::check_name(to)?;
                self.open_version(at)?.rename_space(name, to)?;
            }
            Step::DropSpace(at, name) => self.open_version(at)?.drop_space(name)?,
            Step::PutNotes(notes) => self.put_notes(notes)?,
            Step::Optimize
            | Step::Compact
            | Step::Backup
            | Step::Check
            | Step::Rebuild
            | Step::Reopen { .. }
            | Step::Hold
            | Step::Ask { .. } => {}
        }
        Ok(Told::Done)
    }

    /// Puts a record in the place of the one with its id.
    pub fn put(&mut self, at: &Place, record: FileRecord) {
        if let Ok(version) = self.any_version(at) {
            version.files.put(record);
        }
    }

    pub(super) fn place_of(&self, name_or_id: &str) -> Result<usize, Refusal> {
        let by_name = self.datasets.iter().position(|dataset| dataset.name == name_or_id);
        let by_id = || self.datasets.iter().position(|dataset| dataset.id == name_or_id);
        by_name.or_else(by_id).ok_or(Refusal::NotFound)
    }

    pub(super) fn any_version(&mut self, at: &Place) -> Result<&mut PlainVersion, Refusal> {
        let seat = self.seat(at);
        let mut versions = self.datasets.iter_mut().flat_map(|dataset| &mut dataset.versions);
        versions.find(|version| Some(version.seat) == seat).ok_or(Refusal::NotFound)
    }

    fn open_version(&mut self, at: &Place) -> Result<&mut PlainVersion, Refusal> {
        let version = self.any_version(at)?;
        if version.frozen { Err(Refusal::ReadOnly) } else { Ok(version) }
    }
}
