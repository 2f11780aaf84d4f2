//! Datasets and their versions.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::change::ItemError;
use crate::limits;
use crate::time::Timestamp;

/// The state of a dataset (Nebius).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DatasetStatus {
    /// Usable.
    #[default]
    Ready,
    /// Being made.
    Pending,
    /// Making it failed; `error` says why.
    Failed,
    /// Will be removed.
    Temporary,
    /// Not finished by its owner.
    Draft,
}

impl std::str::FromStr for DatasetStatus {
    type Err = ItemError;

    fn from_str(text: &str) -> Result<Self, ItemError> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "READY" => Self::Ready,
            "PENDING" => Self::Pending,
            "FAILED" => Self::Failed,
            "TEMPORARY" => Self::Temporary,
            "DRAFT" => Self::Draft,
            _ => {
                return Err(ItemError::invalid(
                    "status",
                    "is not READY, PENDING, FAILED, TEMPORARY or DRAFT",
                ));
            }
        })
    }
}

/// One column of a dataset's schema (Nebius).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSchema {
    /// The column's name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
}

/// The type of a column: a name such as `string`, `integer`, `boolean` or `option`, and for
/// `option` the type inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnType {
    /// The type's name.
    pub name: String,
    /// The type inside an `option`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<ColumnType>>,
}

/// A dataset: a named collection of files with versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// The id, which file ids are made of; it never changes.
    pub id: String,
    /// The name, unique in the file.
    pub name: String,
    /// The kind of object: always `dataset`.
    #[serde(rename = "type")]
    pub object_type: String,
    /// The state.
    pub status: DatasetStatus,
    /// Columns.
    pub schema: Vec<ColumnSchema>,
    /// Free metadata.
    pub metadata: Map<String, Value>,
    /// The folder the dataset is shown in, such as `/`.
    pub folder: String,
    /// The id of the newest open version, or the one that was set.
    pub current_version: Option<String>,
    /// When the dataset was created.
    pub created_at: Timestamp,
    /// Why it failed, where it did.
    pub error: Option<String>,
    /// Where the current version came from.
    pub current_version_origin: Option<Map<String, Value>>,
    /// The project it belongs to (Nebius).
    pub ai_project_id: Option<String>,
    /// The workspace it belongs to (PAI).
    pub workspace_id: Option<String>,
}

/// What a new dataset starts with. Only the name is needed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewDataset {
    /// The id; made anew where absent.
    pub id: Option<String>,
    /// The name, unique in the file.
    pub name: String,
    /// The state; READY by default.
    pub status: DatasetStatus,
    /// Columns.
    pub schema: Vec<ColumnSchema>,
    /// Free metadata.
    pub metadata: Map<String, Value>,
    /// The folder; `/` by default.
    pub folder: Option<String>,
    /// Where it comes from.
    pub origin: Option<Map<String, Value>>,
    /// The project (Nebius).
    pub ai_project_id: Option<String>,
    /// The workspace (PAI).
    pub workspace_id: Option<String>,
}

impl NewDataset {
    /// A dataset with this name and defaults for everything else.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// [`ItemError::Invalid`] with the field and the reason.
    pub fn validate(&self) -> Result<(), ItemError> {
        check_name("name", &self.name)?;
        self.id.as_deref().map_or(Ok(()), |id| check_name("id", id))?;
        self.folder.as_deref().map_or(Ok(()), check_folder)
    }
}

/// Nebius's PATCH: absent leaves a field as it is, an empty string is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatasetPatch {
    /// The new name.
    pub name: Option<String>,
    /// The new folder.
    pub folder: Option<String>,
}

impl DatasetPatch {
    /// Checks the limits.
    ///
    /// # Errors
    /// [`ItemError::Invalid`] with the field and the reason.
    pub fn validate(&self) -> Result<(), ItemError> {
        self.name.as_deref().map_or(Ok(()), |name| check_name("name", name))?;
        self.folder.as_deref().map_or(Ok(()), check_folder)
    }
}

/// One version of a dataset. Every file record belongs to one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The id: 22 hex digits.
    pub id: String,
    /// The name, unique in the dataset, such as `v1`.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it takes no more changes.
    pub frozen: bool,
    /// The id of the version it was made from.
    pub parent: Option<String>,
}

/// Checks the name of a dataset or a version: 1 to 256 bytes, no control characters.
///
/// # Errors
/// [`ItemError::Invalid`] with the field and the reason.
pub fn check_name(field: &'static str, name: &str) -> Result<(), ItemError> {
    if name.is_empty() {
        return Err(ItemError::invalid(field, "is empty; give at least one character"));
    }
    if name.len() > limits::DATASET_NAME_BYTES {
        return Err(ItemError::too_long(field, name.len(), limits::DATASET_NAME_BYTES, "bytes"));
    }
    if name.chars().any(char::is_control) {
        return Err(ItemError::invalid(field, "has a control character"));
    }
    Ok(())
}

fn check_folder(folder: &str) -> Result<(), ItemError> {
    if folder.is_empty() {
        return Err(ItemError::invalid("folder", "is empty; give at least one character"));
    }
    if folder.len() > limits::DIR_BYTES {
        return Err(ItemError::too_long("folder", folder.len(), limits::DIR_BYTES, "bytes"));
    }
    if folder.chars().any(char::is_control) {
        return Err(ItemError::invalid("folder", "has a control character"));
    }
    Ok(())
}
