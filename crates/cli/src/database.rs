//! Opening databases as commands need them.

use std::path::Path;

use filedex::{Database, Dataset, ErrorKind, FileId, Reader, VersionRef};

use crate::args::Scope;
use crate::failure::Failure;
use crate::output::Output;

/// Opens a file for a command that changes nothing, so that several can run at once. A file that
/// was not closed cleanly is opened for writing once, which recovers it.
pub fn open_to_read(path: &Path, output: &Output) -> Result<Database, Failure> {
    match Database::open_read_only(path) {
        Err(error) if error.kind() == ErrorKind::NeedsRecovery => {
            let database = Database::open(path)?;
            output.note(&format!("{} was not closed cleanly; recovered it", path.display()));
            Ok(database)
        }
        opened => Ok(opened?),
    }
}

/// Opens a file for changing it.
pub fn open_to_write(path: &Path) -> Result<Database, Failure> {
    Ok(Database::open(path)?)
}

/// The version a command is about.
pub fn version(reader: &Reader, scope: &Scope) -> Result<VersionRef, Failure> {
    Ok(reader.version(scope.dataset.as_deref(), scope.version.as_deref())?)
}

/// The dataset a command is about: the one named, the one called `default`, or the only one.
pub fn dataset(reader: &Reader, name: Option<&str>) -> Result<Dataset, Failure> {
    if let Some(name) = name {
        return Ok(reader.dataset(name)?);
    }
    let mut datasets = reader.datasets()?;
    let place = match datasets.iter().position(|dataset| dataset.name == "default") {
        None if datasets.len() == 1 => Some(0),
        found => found,
    };
    place.map(|place| datasets.swap_remove(place)).ok_or_else(|| {
        let names: Vec<_> = datasets.iter().map(|dataset| dataset.name.as_str()).collect();
        Failure::Failed(if names.is_empty() {
            "the file has no dataset yet; `filedex dataset create FILE NAME` makes one".to_owned()
        } else {
            format!("the file has several datasets; say --dataset with one of {}", names.join(", "))
        })
    })
}

/// The id of a file that is named by its id or its URI.
pub fn file_id(version: &VersionRef, id_or_uri: &str) -> FileId {
    id_or_uri.parse().unwrap_or_else(|_| version.file_id(id_or_uri))
}
