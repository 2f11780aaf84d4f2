//! Datasets, versions and notes, naively: making, changing, removing.

use filedex_model::dataset::check_name;
use filedex_model::{DatasetPatch, NewDataset, limits};

use super::Oracle;
use super::world::{PlainDataset, PlainVersion, Refusal, Seat, World};
use crate::script::{Place, VersionChange};

impl World {
    pub(super) fn create_dataset(
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

    pub(super) fn patch_dataset(
        &mut self,
        dataset: &str,
        patch: &DatasetPatch,
    ) -> Result<(), Refusal> {
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

    pub(super) fn create_version(&mut self, dataset: &str, name: &str) -> Result<Seat, Refusal> {
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

    pub(super) fn change_version(
        &mut self,
        at: &Place,
        change: &VersionChange,
    ) -> Result<(), Refusal> {
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

    pub(super) fn delete_version(&mut self, dataset: &str, name: &str) -> Result<(), Refusal> {
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

    pub(super) fn put_notes(&mut self, notes: &[(String, Option<String>)]) -> Result<(), Refusal> {
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
