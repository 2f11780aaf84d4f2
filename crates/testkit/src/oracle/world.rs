//! A whole database, naively: datasets, versions, spaces and notes in plain lists.

use std::collections::BTreeMap;

use filedex_model::dataset::check_name;
use filedex_model::{DatasetPatch, FileId, ItemOutcome, NewDataset, Timestamp, limits};

use super::spaces::PlainSpace;
use super::{Operation, Oracle};
use crate::script::{Item, Place, Step, VersionChange};

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
    /// It made this version.
    Version(Seat),
}

/// A version for as long as it lives: its number of all that there ever were.
pub type Seat = u32;

/// A database.
#[derive(Clone, Debug, Default)]
pub struct World {
    datasets: Vec<PlainDataset>,
    notes: BTreeMap<String, String>,
    /// The newest version that was ever at a place.
    seats: BTreeMap<Place, Seat>,
    made: Seat,
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

    fn place_of(&self, name_or_id: &str) -> Result<usize, Refusal> {
        let by_name = self.datasets.iter().position(|dataset| dataset.name == name_or_id);
        let by_id = || self.datasets.iter().position(|dataset| dataset.id == name_or_id);
        by_name.or_else(by_id).ok_or(Refusal::NotFound)
    }

    fn any_version(&mut self, at: &Place) -> Result<&mut PlainVersion, Refusal> {
        let seat = self.seat(at);
        let mut versions = self.datasets.iter_mut().flat_map(|dataset| &mut dataset.versions);
        versions.find(|version| Some(version.seat) == seat).ok_or(Refusal::NotFound)
    }

    fn open_version(&mut self, at: &Place) -> Result<&mut PlainVersion, Refusal> {
        let version = self.any_version(at)?;
        if version.frozen { Err(Refusal::ReadOnly) } else { Ok(version) }
    }

    fn create_dataset(
        &mut self,
        id: &str,
        name: &str,
        folder: Option<&str>,
    ) -> Result<(), Refusal> {
        let new = NewDataset {
            id: Some(id.to_owned()),
            folder: folder.map(str::to_owned),
            ..NewDataset::named(name)
        };
        new.validate().map_err(|_| Refusal::BadInput)?;
        let known =
            |word: &str| self.datasets.iter().any(|other| other.id == word || other.name == word);
        if known(id) || known(name) {
            return Err(Refusal::Conflict);
        }
        self.datasets.push(PlainDataset {
            id: id.to_owned(),
            name: name.to_owned(),
            folder: folder.unwrap_or("/").to_owned(),
            current: None,
            versions: Vec::new(),
        });
        Ok(())
    }

    fn patch_dataset(&mut self, dataset: &str, patch: &DatasetPatch) -> Result<(), Refusal> {
        patch.validate().map_err(|_| Refusal::BadInput)?;
        let at = self.place_of(dataset)?;
        if let Some(name) = &patch.name {
            let others = self.datasets.iter().enumerate().filter(|(other, _)| *other != at);
            if others.into_iter().any(|(_, other)| other.name == *name || other.id == *name) {
                return Err(Refusal::Conflict);
            }
            self.datasets[at].name.clone_from(name);
        }
        if let Some(folder) = &patch.folder {
            self.datasets[at].folder.clone_from(folder);
        }
        Ok(())
    }

    fn create_version(&mut self, dataset: &str, name: &str) -> Result<Seat, Refusal> {
        check_name("version", name).map_err(|_| Refusal::BadInput)?;
        let at = self.place_of(dataset)?;
        let seat = self.made;
        let dataset = &mut self.datasets[at];
        if dataset.versions.iter().any(|version| version.name == name) {
            return Err(Refusal::Conflict);
        }
        dataset.versions.push(PlainVersion {
            seat,
            name: name.to_owned(),
            description: None,
            frozen: false,
            files: Oracle::new(dataset.id.clone()),
            spaces: Vec::new(),
        });
        dataset.current = Some(seat);
        self.seats.insert(Place(dataset.id.clone(), name.to_owned()), seat);
        self.made += 1;
        Ok(seat)
    }

    fn change_version(&mut self, at: &Place, change: &VersionChange) -> Result<(), Refusal> {
        let version = self.any_version(at)?;
        let (seat, before) = (version.seat, version.name.clone());
        let name = change.name.clone().unwrap_or(before);
        check_name("version", &name).map_err(|_| Refusal::BadInput)?;
        let owner = self.datasets.iter_mut().find(|d| d.versions.iter().any(|v| v.seat == seat));
        let owner = owner.ok_or(Refusal::NotFound)?;
        if owner.versions.iter().any(|other| other.name == name && other.seat != seat) {
            return Err(Refusal::Conflict);
        }
        let id = owner.id.clone();
        for version in owner.versions.iter_mut().filter(|version| version.seat == seat) {
            version.name.clone_from(&name);
            version.description = change.description.clone().or(version.description.take());
            version.frozen = change.frozen.unwrap_or(version.frozen);
        }
        self.seats.insert(Place(id, name), seat);
        Ok(())
    }

    fn delete_version(&mut self, dataset: &str, name: &str) -> Result<(), Refusal> {
        let at = self.place_of(dataset)?;
        let dataset = &mut self.datasets[at];
        let gone = dataset.versions.iter().position(|version| version.name == name);
        let gone = dataset.versions.remove(gone.ok_or(Refusal::NotFound)?);
        if dataset.current == Some(gone.seat) {
            let open = dataset.versions.iter().rev().find(|version| !version.frozen);
            dataset.current = open.or(dataset.versions.last()).map(|version| version.seat);
        }
        Ok(())
    }

    fn put_notes(&mut self, notes: &[(String, Option<String>)]) -> Result<(), Refusal> {
        let fits = |(name, text): &(String, Option<String>)| {
            (1..=limits::NOTE_NAME_BYTES).contains(&name.len())
                && text.as_ref().map_or(0, String::len) <= limits::NOTE_BYTES
        };
        if !notes.iter().all(fits) {
            return Err(Refusal::BadInput);
        }
        for (name, text) in notes {
            match text {
                Some(text) => drop(self.notes.insert(name.clone(), text.clone())),
                None => drop(self.notes.remove(name)),
            }
        }
        Ok(())
    }
}

impl PlainVersion {
    fn item(&mut self, item: &Item, now: Timestamp) -> ItemOutcome {
        match item {
            Item::Create(file, vectors) => {
                let operation = Operation::Create(file.clone());
                self.file_with(&file.uri, operation, vectors, now)
            }
            Item::Import(file, mode, vectors) => {
                let operation = Operation::Import(file.clone(), *mode);
                self.file_with(&file.uri, operation, vectors, now)
            }
            Item::Update(id, update) => {
                self.files.apply(Operation::Update(*id, update.clone()), now)
            }
            Item::Details(id, update) => {
                self.files.apply(Operation::UpdateDetails(*id, update.clone()), now)
            }
            Item::Delete(id) => self.gone(*id, Operation::Delete(*id), now),
            Item::Purge(id) => self.gone(*id, Operation::Purge(*id), now),
            Item::SetVector(id, vector) => self.set_vector(*id, vector),
            Item::RemoveVector(id, space) => self.remove_vector(*id, space.as_deref()),
        }
    }

    /// A deleted file has no vectors.
    fn gone(&mut self, id: FileId, operation: Operation, now: Timestamp) -> ItemOutcome {
        let outcome = self.files.apply(operation, now);
        if outcome.result.is_ok() {
            self.spaces.iter_mut().for_each(|space| drop(space.vectors.remove(&id)));
        }
        outcome
    }
}
