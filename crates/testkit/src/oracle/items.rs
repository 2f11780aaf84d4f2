//! Items of a batch, naively.

use filedex_model::{FileId, ItemOutcome, Timestamp};

use super::Operation;
use super::world::PlainVersion;
use crate::script::Item;

impl PlainVersion {
    pub(super) fn item(&mut self, item: &Item, now: Timestamp) -> ItemOutcome {
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
