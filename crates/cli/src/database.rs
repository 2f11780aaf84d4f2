//! Opening databases as commands need them.

use std::cell::RefCell;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use filedex::{Builder, Database, Dataset, ErrorKind, FileId, Reader, VersionRef};

use crate::args::Scope;
use crate::calibration;
use crate::failure::Failure;
use crate::model::Model;
use crate::output::Output;

/// An open database: opened for the command, or held by this process already.
#[derive(Debug)]
pub enum OpenDatabase {
    Own(Box<Database>),
    Held(Arc<Database>),
}

impl Deref for OpenDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        match self {
            Self::Own(database) => database,
            Self::Held(database) => database,
        }
    }
}

thread_local! {
    /// The database that the command on this thread is about, where the process serves it.
    static HELD: RefCell<Option<Arc<Database>>> = const { RefCell::new(None) };
}

/// Runs a command that is about a database this process holds.
pub fn with_held<T>(database: &Arc<Database>, command: impl FnOnce() -> T) -> T {
    /// Lets go of it, whatever ends the command.
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            HELD.take();
        }
    }
    HELD.set(Some(Arc::clone(database)));
    let _release = Release;
    command()
}

fn held() -> Option<OpenDatabase> {
    HELD.with_borrow(Clone::clone).map(OpenDatabase::Held)
}

/// The options that every command opens databases with: the model inside the program, which costs
/// nothing until it is needed, and what was measured on this machine.
pub fn builder(output: &Output) -> Builder {
    Database::builder().embedder(Model::BuiltIn).path_thresholds(calibration::load(output))
}

/// The same with another model beside.
pub fn builder_with(model: Option<Model>, output: &Output) -> Builder {
    match model {
        None | Some(Model::BuiltIn) => builder(output),
        Some(model) => builder(output).embedder(model),
    }
}

/// Opens a file for a command that changes nothing, so that several can run at once. A file that
/// was not closed cleanly is opened for writing once, which recovers it.
pub fn open_to_read(path: &Path, output: &Output) -> Result<OpenDatabase, Failure> {
    open_to_ask(path, None, output)
}

/// Opens a file for a command that changes nothing and asks with a model.
pub fn open_to_ask(
    path: &Path,
    model: Option<Model>,
    output: &Output,
) -> Result<OpenDatabase, Failure> {
    if let Some(held) = held() {
        return Ok(held);
    }
    let builder = builder_with(model, output);
    match builder.open_read_only(path) {
        Err(error) if error.kind() == ErrorKind::NeedsRecovery => {
            let database = builder.open(path).map_err(|error| Failure::opening(path, error))?;
            output.note(&format!("{} was not closed cleanly; recovered it", path.display()));
            Ok(OpenDatabase::Own(Box::new(database)))
        }
        Ok(database) => Ok(OpenDatabase::Own(Box::new(database))),
        Err(error) => Err(Failure::opening(path, error)),
    }
}

/// Opens a file for changing it.
pub fn open_to_write(path: &Path, output: &Output) -> Result<OpenDatabase, Failure> {
    open_to_change(path, None, output)
}

/// Opens a file for changing what a question finds.
pub fn open_to_change(
    path: &Path,
    model: Option<Model>,
    output: &Output,
) -> Result<OpenDatabase, Failure> {
    match held() {
        Some(held) => Ok(held),
        None => match builder_with(model, output).open(path) {
            Ok(database) => Ok(OpenDatabase::Own(Box::new(database))),
            Err(error) => Err(Failure::opening(path, error)),
        },
    }
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
