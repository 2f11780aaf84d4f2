//! Embedding spaces, naively: a map of vectors.

use std::collections::BTreeMap;

use filedex_model::change::Done;
use filedex_model::{FileId, ItemError, ItemOutcome, Space, Timestamp, VectorStorage, limits};
use half::f16;

use super::Operation;
use super::world::{PlainVersion, Refusal};
use crate::script::{SpaceShape, VectorItem};

/// The field that an outcome names where a vector is refused; the oracle gives no reason.
pub const EMBEDDING: &str = "embedding";

/// An embedding space.
#[derive(Clone, Debug)]
pub struct PlainSpace {
    /// What it is.
    pub space: Space,
    /// Whether it counts where none is named.
    pub chosen: bool,
    /// Its vectors as they are kept.
    pub vectors: BTreeMap<FileId, Vec<f32>>,
}

impl PlainSpace {
    /// Whether a space may be of this shape.
    ///
    /// # Errors
    /// [`Refusal::BadInput`].
    pub fn check(shape: &SpaceShape) -> Result<(), Refusal> {
        space_of(shape).validate().map_err(|_| Refusal::BadInput)
    }

    /// Whether a space may have this name.
    ///
    /// # Errors
    /// [`Refusal::BadInput`].
    pub fn check_name(name: &str) -> Result<(), Refusal> {
        let space = Space::new(name, "model", 2, epoch());
        space.validate().map_err(|_| Refusal::BadInput)
    }

    /// A vector as it is kept; `None` where it is refused.
    pub(super) fn kept(&self, values: &[f32]) -> Option<Vec<f32>> {
        let accepted = self.space.keep(values).ok()?;
        Some(match self.space.storage {
            VectorStorage::F32 => accepted,
            VectorStorage::F16 => accepted.iter().map(|x| f16::from_f32(*x).to_f32()).collect(),
        })
    }
}

fn space_of(shape: &SpaceShape) -> Space {
    Space {
        name: shape.name.clone(),
        model: shape.model.clone(),
        dimension: shape.dimension,
        metric: shape.metric,
        normalised: shape.normalised,
        storage: shape.storage,
        created_at: epoch(),
    }
}

impl PlainVersion {
    /// The space of this name, or the chosen one.
    #[must_use]
    pub fn space(&self, name: Option<&str>) -> Option<&PlainSpace> {
        self.spaces.iter().find(|space| match name {
            Some(name) => space.space.name == name,
            None => space.chosen,
        })
    }

    fn space_mut(&mut self, name: Option<&str>) -> Option<&mut PlainSpace> {
        self.spaces.iter_mut().find(|space| match name {
            Some(name) => space.space.name == name,
            None => space.chosen,
        })
    }

    pub(super) fn create_space(&mut self, shape: &SpaceShape) -> Result<(), Refusal> {
        if self.space(Some(&shape.name)).is_some() {
            return Err(Refusal::Conflict);
        }
        if self.spaces.len() >= limits::SPACES {
            return Err(Refusal::BadInput);
        }
        let chosen = self.spaces.is_empty();
        self.spaces.push(PlainSpace { space: space_of(shape), chosen, vectors: BTreeMap::new() });
        Ok(())
    }

    pub(super) fn choose_space(&mut self, name: &str) -> Result<(), Refusal> {
        self.space(Some(name)).ok_or(Refusal::NotFound)?;
        self.spaces.iter_mut().for_each(|space| space.chosen = space.space.name == name);
        Ok(())
    }

    pub(super) fn rename_space(&mut self, name: &str, to: &str) -> Result<(), Refusal> {
        self.space(Some(name)).ok_or(Refusal::NotFound)?;
        if name != to && self.space(Some(to)).is_some() {
            return Err(Refusal::Conflict);
        }
        self.space_mut(Some(name)).into_iter().for_each(|space| space.space.name = to.to_owned());
        Ok(())
    }

    pub(super) fn drop_space(&mut self, name: &str) -> Result<(), Refusal> {
        let at = self.spaces.iter().position(|space| space.space.name == name);
        let gone = self.spaces.remove(at.ok_or(Refusal::NotFound)?);
        if let Some(oldest) = self.spaces.first_mut().filter(|_| gone.chosen) {
            oldest.chosen = true;
        }
        Ok(())
    }

    /// Creates or imports a file with vectors: all of them fit, or nothing is done.
    pub(super) fn file_with(
        &mut self,
        uri: &str,
        operation: Operation,
        vectors: &[VectorItem],
        now: Timestamp,
    ) -> ItemOutcome {
        let id = FileId::of(self.files.dataset_id(), uri);
        if !vectors.iter().all(|vector| self.accept(vector).is_ok()) {
            let id = (!uri.is_empty()).then_some(id);
            return ItemOutcome { id, uri: Some(uri.to_owned()), result: Err(refused()) };
        }
        let outcome = self.files.apply(operation, now);
        if outcome.result.is_ok() {
            vectors.iter().for_each(|vector| self.keep(id, vector));
        }
        outcome
    }

    pub(super) fn set_vector(&mut self, id: FileId, vector: &VectorItem) -> ItemOutcome {
        let result = self.live(id).and_then(|()| self.accept(vector).map(|_| Done::Updated));
        if result.is_ok() {
            self.keep(id, vector);
        }
        self.outcome(id, result)
    }

    pub(super) fn remove_vector(&mut self, id: FileId, space: Option<&str>) -> ItemOutcome {
        let live = self.live(id);
        let result = live.and_then(|()| {
            let space = self.space_mut(space).ok_or_else(refused)?;
            space.vectors.remove(&id);
            Ok(Done::Updated)
        });
        self.outcome(id, result)
    }

    fn outcome(&self, id: FileId, result: Result<Done, ItemError>) -> ItemOutcome {
        let uri = self.files.get(id).map(|record| record.uri.clone());
        ItemOutcome { id: Some(id), uri, result }
    }

    fn live(&self, id: FileId) -> Result<(), ItemError> {
        let live = self.files.get(id).is_some_and(filedex_model::FileRecord::is_active);
        if live { Ok(()) } else { Err(ItemError::NotFound) }
    }

    fn accept(&self, vector: &VectorItem) -> Result<Vec<f32>, ItemError> {
        let space = self.space(vector.space.as_deref()).ok_or_else(refused)?;
        space.kept(&vector.values).ok_or_else(refused)
    }

    fn keep(&mut self, id: FileId, vector: &VectorItem) {
        if let Some(space) = self.space_mut(vector.space.as_deref())
            && let Some(kept) = space.kept(&vector.values)
        {
            space.vectors.insert(id, kept);
        }
    }
}

/// When spaces were made, which is not compared.
fn epoch() -> Timestamp {
    Timestamp::from_millis(0).expect("1970 is within the calendar")
}

fn refused() -> ItemError {
    ItemError::invalid(EMBEDDING, "")
}
