//! What is said of datasets and versions beyond what the library knows: kept in notes of the file,
//! given back, not interpreted.

use filedex::{Database, Dataset, Reader, Timestamp, Version, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{bad, fault};
use crate::fault::Fault;
use crate::notes;

/// What clients say of a dataset, by the names of its answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Kept(Map<String, Value>);

/// Values that are of a closed set.
const CLOSED: [(&str, &[&str]); 4] = [
    ("Accessibility", &["PRIVATE", "PUBLIC", "ROLE_PUBLIC"]),
    ("DataType", &["COMMON", "PIC", "TEXT", "VIDEO", "AUDIO"]),
    ("Edition", &["BASIC", "ADVANCED", "LOGICAL"]),
    ("Property", &["FILE", "DIRECTORY"]),
];

/// What a dataset answers where nothing was said. Every dataset here has file metadata, so it is of
/// the edition that does.
const DEFAULTS: [(&str, &str); 4] = [
    ("Accessibility", "PRIVATE"),
    ("DataType", "COMMON"),
    ("Edition", "ADVANCED"),
    ("Property", "DIRECTORY"),
];

/// What is kept at most, as JSON; a note has room for the time of the change beside.
const KEPT_BYTES: usize = limits::NOTE_BYTES - 1_024;

/// Those of a version.
pub(super) const OF_VERSION: [&str; 12] = [
    "DataCount",
    "DataSize",
    "DataSourceType",
    "DatasetTaskRamRole",
    "ImportInfo",
    "Labels",
    "Options",
    "Property",
    "SourceId",
    "SourceType",
    "Uri",
    "UserMetricsEndpoints",
];

pub(super) fn dataset_note(dataset_id: &str) -> String {
    notes::name("dataset", dataset_id, "")
}

pub(super) fn version_note(dataset_id: &str, version_id: &str) -> String {
    notes::name("version", dataset_id, version_id)
}

impl Kept {
    /// Takes out of a body what is to be kept under these names; `null` means not said.
    ///
    /// # Errors
    /// A value that is of no kind it may have, or outside its closed set.
    pub fn take(body: &mut Map<String, Value>, names: &[&str]) -> Result<Self, Fault> {
        let mut kept = Map::new();
        for name in names {
            let Some(value) = body.remove(*name).filter(|value| !value.is_null()) else { continue };
            check(name, &value)?;
            kept.insert((*name).to_owned(), value);
        }
        Ok(Self(kept))
    }

    /// Refuses what no note can hold, before anything is changed.
    ///
    /// # Errors
    /// It is too large.
    pub fn fits(&self) -> Result<(), Fault> {
        let length = serde_json::to_vec(&self.0).unwrap_or_default().len();
        if length > KEPT_BYTES {
            return Err(bad(format!(
                "what is to be kept of it has {length} bytes as JSON; at most {KEPT_BYTES} are kept"
            )));
        }
        Ok(())
    }

    /// What a note has; nothing where there is none.
    pub fn read(reader: &Reader, note: &str) -> Result<Self, Fault> {
        let bytes = reader.note(note).map_err(|error| fault(&error))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Writes it as a note, marked as changed now.
    pub fn write(mut self, database: &Database, note: &str) -> Result<(), Fault> {
        self.0.insert("GmtModifiedTime".to_owned(), json!(Timestamp::now()));
        let bytes = serde_json::to_vec(&self.0).unwrap_or_default();
        database.put_notes([(note, Some(bytes))]).map_err(|error| fault(&error))
    }

    /// Adds what another says, which wins.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The value, or the default, as text.
    pub fn said(&self, name: &str) -> Option<&str> {
        let default = DEFAULTS.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
        self.text(name).or(default)
    }

    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.0.get("Labels").and_then(Value::as_array).into_iter().flatten();
        labels.filter_map(|label| Some((label["Key"].as_str()?, label["Value"].as_str()?)))
    }

    fn fill(&self, answer: &mut Map<String, Value>) {
        for (name, value) in DEFAULTS {
            answer.insert(name.to_owned(), json!(value));
        }
        answer.extend(self.0.clone());
    }
}

/// Refuses a word outside the closed set of a field.
///
/// # Errors
/// Which words there are.
pub(super) fn among(field: &str, of: &str, word: &str) -> Result<(), Fault> {
    match CLOSED.iter().find(|(name, _)| *name == of) {
        Some((_, words)) if !words.contains(&word) => {
            Err(bad(format!("{field} is {word:?}; it is one of {}", words.join(", "))))
        }
        _ => Ok(()),
    }
}

fn check(name: &str, value: &Value) -> Result<(), Fault> {
    let right = match name {
        "DataCount" | "DataSize" => value.as_i64().is_some_and(|n| n >= 0),
        "Labels" => value.as_array().is_some_and(|labels| {
            labels.iter().all(|label| label["Key"].is_string() && label["Value"].is_string())
        }),
        "UserMetricsEndpoints" | "AccessibleRoleIdList" | "MountAccessReadWriteRoleIdList" => {
            value.is_array()
        }
        "SharingConfig" => value.is_object(),
        _ => value.is_string(),
    };
    if !right {
        let kind = match name {
            "DataCount" | "DataSize" => "a number, 0 or more",
            "Labels" => "a list of objects with Key and Value",
            "UserMetricsEndpoints" | "AccessibleRoleIdList" | "MountAccessReadWriteRoleIdList" => {
                "a list"
            }
            "SharingConfig" => "an object",
            _ => "a text",
        };
        return Err(bad(format!("{name} is {value}; it is {kind}")));
    }
    value.as_str().map_or(Ok(()), |word| among(name, name, word))
}

/// A dataset as it is answered.
pub(super) fn dataset_answer(
    reader: &Reader,
    dataset: &Dataset,
) -> Result<Map<String, Value>, Fault> {
    let kept = Kept::read(reader, &dataset_note(&dataset.id))?;
    let mut answer = Map::new();
    kept.fill(&mut answer);
    answer.insert("DatasetId".to_owned(), json!(dataset.id));
    answer.insert("Name".to_owned(), json!(dataset.name));
    answer.insert("GmtCreateTime".to_owned(), json!(dataset.created_at));
    answer.entry("GmtModifiedTime").or_insert_with(|| json!(dataset.created_at));
    answer.insert("IsShared".to_owned(), json!(false));
    if let Some(workspace) = &dataset.workspace_id {
        answer.insert("WorkspaceId".to_owned(), json!(workspace));
    }
    let versions = reader.versions(&dataset.id).map_err(|error| fault(&error))?;
    if let Some(latest) = versions.last() {
        let latest = version_answer(reader, dataset, &kept, latest)?;
        answer.insert("LatestVersion".to_owned(), Value::Object(latest));
    }
    Ok(answer)
}

/// A version as it is answered. What was not said of it is as with its dataset, of which `of_dataset`
/// is kept.
pub(super) fn version_answer(
    reader: &Reader,
    dataset: &Dataset,
    of_dataset: &Kept,
    version: &Version,
) -> Result<Map<String, Value>, Fault> {
    let mut kept = of_dataset.clone();
    kept.0.retain(|name, _| OF_VERSION.contains(&name.as_str()));
    kept.extend(Kept::read(reader, &version_note(&dataset.id, &version.id))?);
    let mut answer = kept.0;
    answer.entry("Property").or_insert_with(|| json!("DIRECTORY"));
    answer.insert("VersionName".to_owned(), json!(version.name));
    answer.insert("GmtCreateTime".to_owned(), json!(version.created_at));
    answer.entry("GmtModifiedTime").or_insert_with(|| json!(version.created_at));
    if let Some(description) = &version.description {
        answer.insert("Description".to_owned(), json!(description));
    }
    if !answer.contains_key("DataCount") {
        let found = reader.version(Some(&dataset.id), Some(&version.id));
        let everything = filedex::Query::parse("").map_err(|error| fault(&error))?;
        let files = found.and_then(|version| reader.count(&version, &everything));
        answer.insert("DataCount".to_owned(), json!(files.map_err(|error| fault(&error))?));
    }
    Ok(answer)
}

/// One page of a list, by its number.
pub(super) struct PageNumber {
    number: u32,
    size: u32,
}

impl PageNumber {
    /// Reads PageNumber (1) and PageSize (10, at most 100).
    pub fn read(parameters: &super::parameters::Parameters) -> Result<Self, Fault> {
        let number = parameters.count("PageNumber", u32::MAX)?.unwrap_or(1);
        let size = parameters.count("PageSize", 100)?.unwrap_or(10);
        Ok(Self { number, size })
    }

    pub fn of<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let size = self.size as usize;
        let from = (self.number as usize - 1).saturating_mul(size).min(all.len());
        &all[from..from.saturating_add(size).min(all.len())]
    }

    pub fn number(&self) -> u32 {
        self.number
    }

    pub fn size(&self) -> u32 {
        self.size
    }
}
