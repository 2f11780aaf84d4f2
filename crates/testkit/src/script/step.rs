//! One step of a script.

use filedex_model::{
    DatasetPatch, DetailsUpdate, FileId, FileUpdate, Metric, NewFile, Timestamp, VectorStorage,
};
use serde::{Deserialize, Serialize};

use super::notation;
use super::question::Question;
use crate::oracle::ImportMode;

/// A version: the id of its dataset, and its name. One that is gone stays a place, whose version
/// is not found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place(pub String, pub String);

/// What is done or asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a script is some hundred steps")]
pub enum Step {
    /// Changes files, in one commit.
    Batch {
        /// The version.
        at: Place,
        /// The clock.
        now: Timestamp,
        /// The changes, in order.
        items: Vec<Item>,
    },
    /// Makes a dataset.
    CreateDataset {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Its folder; `/` by default.
        folder: Option<String>,
    },
    /// Changes the dataset of this name or id.
    PatchDataset(String, DatasetPatch),
    /// Removes the dataset of this name or id.
    DeleteDataset(String),
    /// Makes a version: in the dataset of this name or id, of this name.
    CreateVersion(String, String),
    /// Changes a version.
    ChangeVersion(Place, VersionChange),
    /// Removes a version: of the dataset of this name or id, of this name.
    DeleteVersion(String, String),
    /// Makes an embedding space.
    CreateSpace(Place, SpaceShape),
    /// Makes a space the one that counts where none is named.
    ChooseSpace(Place, String),
    /// Gives a space another name.
    RenameSpace(Place, String, String),
    /// Removes a space.
    DropSpace(Place, String),
    /// Embeds the comments and descriptions of the files that have no vector, or of all.
    Embed {
        /// The version.
        at: Place,
        /// The space; the chosen one by default.
        space: Option<String>,
        /// Whether those that have a vector get a new one.
        renew: bool,
    },
    /// Puts notes, or removes them.
    PutNotes(Vec<(String, Option<String>)>),
    /// Merges all segments, and builds graphs.
    Optimize,
    /// Rewrites the file.
    Compact,
    /// Copies the file, and compares all of the copy.
    Backup,
    /// Verifies the file.
    Check,
    /// Makes the indexes anew.
    Rebuild,
    /// Closes and opens.
    Reopen {
        /// Whether searches by meaning leave the exact path early, so that small databases take
        /// the others, too.
        approximate: bool,
    },
    /// Keeps a reader, in the place of one that is kept.
    Hold,
    /// Asks something.
    Ask {
        /// The version.
        at: Place,
        /// Whether the reader that is kept is asked; a new one is where there is none.
        held: bool,
        /// What is asked.
        question: Question,
    },
}

/// One item of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Item {
    /// Creates a file, with vectors.
    Create(#[serde(with = "notation::sparse")] NewFile, Vec<VectorItem>),
    /// Creates a file or changes it, with vectors.
    Import(#[serde(with = "notation::sparse")] NewFile, ImportMode, Vec<VectorItem>),
    /// Changes a file as PAI does.
    Update(FileId, #[serde(with = "notation::sparse")] FileUpdate),
    /// Changes a file as PDS does.
    Details(FileId, #[serde(with = "notation::sparse")] DetailsUpdate),
    /// Deletes a file logically.
    Delete(FileId),
    /// Removes a file for good.
    Purge(FileId),
    /// Gives a file a vector.
    SetVector(FileId, VectorItem),
    /// Takes the vector of a space, by default of the chosen one.
    RemoveVector(FileId, Option<String>),
}

/// A vector for a space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VectorItem {
    /// The space; the chosen one by default.
    pub space: Option<String>,
    /// The numbers.
    #[serde(with = "notation::numbers")]
    pub values: Vec<f32>,
}

/// A space to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceShape {
    /// Its name.
    pub name: String,
    /// Its model.
    pub model: String,
    /// Its dimensions.
    pub dimension: u32,
    /// How vectors are compared.
    pub metric: Metric,
    /// Whether they are brought to unit length.
    pub normalised: bool,
    /// How they are kept.
    pub storage: VectorStorage,
}

/// What of a version changes; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionChange {
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Whether it takes no changes.
    pub frozen: Option<bool>,
}

impl Step {
    /// How many operations this is: the items of a batch, else one; none for a question.
    #[must_use]
    pub fn operations(&self) -> u64 {
        match self {
            Self::Batch { items, .. } => items.len() as u64,
            Self::Ask { .. } => 0,
            _ => 1,
        }
    }
}
