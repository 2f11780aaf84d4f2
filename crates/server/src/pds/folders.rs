//! The folders of a drive: those above its files, and those that were made by CreateFile, which a
//! note of the file remembers.

use std::collections::BTreeMap;

use filedex::{Filter, Property, Test, Timestamp, Value as Literal, path};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Drive, fault};
use crate::app::App;
use crate::fault::Fault;
use crate::notes;

/// A folder that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Made {
    pub dir: String,
    pub created: Timestamp,
    pub description: Option<String>,
    #[serde(default)]
    pub hidden: bool,
}

/// A folder, and what is in it and below.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// Its path; empty at the top.
    pub dir: String,
    /// Live files in it and below.
    pub files: u64,
    /// Folders below.
    pub folders: u64,
    /// Where it was made by itself.
    pub made: Option<Made>,
}

/// All folders of a drive, by path.
pub(super) struct Folders(BTreeMap<String, Folder>);

fn note(drive: &Drive, id: &str) -> String {
    notes::name("folder", &drive.version.dataset_id, id)
}

/// The files directly in a folder.
pub(super) fn in_folder(dir: &str) -> Filter {
    if dir.is_empty() {
        // An empty value is not there.
        return Filter::not(Filter::test(Property::FileDir, Test::Has));
    }
    Filter::test(Property::FileDir, Test::Equals(Literal::Text(dir.to_owned())))
}

/// Remembers a folder.
pub(super) fn remember(app: &App, drive: &Drive, id: &str, made: &Made) -> Result<(), Fault> {
    let bytes = serde_json::to_vec(made).unwrap_or_default();
    app.database.put_notes([(note(drive, id), Some(bytes))]).map_err(|error| fault(&error))
}

/// Forgets a folder and those below it.
pub(super) fn forget(app: &App, drive: &Drive, folders: &Folders, dir: &str) -> Result<(), Fault> {
    let gone = folders.below(dir).filter(|folder| folder.made.is_some());
    let notes = gone.map(|folder| {
        (note(drive, &path::folder_id(&drive.version.dataset_id, &folder.dir)), None::<&[u8]>)
    });
    app.database.put_notes(notes).map_err(|error| fault(&error))
}

impl Folders {
    /// # Errors
    /// Those of reading the file.
    pub fn of(drive: &Drive) -> Result<Self, Fault> {
        let top = Folder { dir: String::new(), files: 0, folders: 0, made: None };
        let mut all = Self(BTreeMap::from([(String::new(), top)]));
        for (dir, files) in drive.reader.folders(&drive.version).map_err(|error| fault(&error))? {
            all.add(&dir, files);
        }
        for (_, bytes) in drive.reader.notes(&note(drive, "")).map_err(|error| fault(&error))? {
            let Ok(made) = serde_json::from_slice::<Made>(&bytes) else { continue };
            all.add(&made.dir, 0);
            if let Some(folder) = all.0.get_mut(&made.dir) {
                folder.made = Some(made);
            }
        }
        Ok(all)
    }

    /// Counts files of a folder, there and in all folders above.
    fn add(&mut self, dir: &str, files: u64) {
        let line = path::ancestors(dir);
        let fresh = line.iter().filter(|dir| !self.0.contains_key(**dir)).count() as u64;
        let known = line.len() as u64 - fresh;
        for (depth, above) in (0_u64..).zip([""].into_iter().chain(line)) {
            let folder = self.0.entry(above.to_owned()).or_insert_with(|| Folder {
                dir: above.to_owned(),
                files: 0,
                folders: 0,
                made: None,
            });
            folder.files += files;
            // Of the new folders, those deeper than this one are below it.
            folder.folders += if depth <= known { fresh } else { fresh - (depth - known) };
        }
    }

    /// The folder with an id.
    pub fn by_id(&self, drive: &Drive, id: &str) -> Option<&Folder> {
        self.0.values().find(|folder| path::folder_id(&drive.version.dataset_id, &folder.dir) == id)
    }

    /// The folder that a `parent_file_id` names.
    ///
    /// # Errors
    /// There is none.
    pub fn parent(&self, drive: &Drive, id: &str) -> Result<&Folder, Fault> {
        self.by_id(drive, id).ok_or_else(|| {
            let message = format!("there is no folder {id:?} in the drive");
            Fault::new(StatusCode::NOT_FOUND, "NotFound.ParentFile", message)
        })
    }

    /// The folders directly in one, by name.
    pub fn children(&self, dir: &str) -> impl Iterator<Item = &Folder> {
        self.0.values().filter(move |folder| {
            !folder.dir.is_empty()
                && folder.dir != dir
                && path::ancestors(&folder.dir).iter().rev().nth(1).copied().unwrap_or("") == dir
        })
    }

    /// A folder and those below it.
    pub fn below(&self, dir: &str) -> impl Iterator<Item = &Folder> {
        self.0.values().filter(move |folder| {
            dir.is_empty()
                || folder
                    .dir
                    .strip_prefix(dir)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The folder at a path.
    pub fn at(&self, dir: &str) -> Option<&Folder> {
        self.0.get(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_is_counted() {
        let top = Folder { dir: String::new(), files: 0, folders: 0, made: None };
        let mut all = Folders(BTreeMap::from([(String::new(), top)]));
        for (dir, files) in
            [("a/b/c", 3), ("a", 1), ("a/d", 2), ("", 5), ("/data/x", 1), ("a/b", 0)]
        {
            all.add(dir, files);
        }
        let counts: Vec<_> = all.0.values().map(|f| (f.dir.as_str(), f.files, f.folders)).collect();
        assert_eq!(
            counts,
            [
                ("", 12, 6),
                ("/data", 1, 1),
                ("/data/x", 1, 0),
                ("a", 6, 3),
                ("a/b", 3, 1),
                ("a/b/c", 3, 0),
                ("a/d", 2, 0),
            ]
        );
        let names = |dir| all.children(dir).map(|f| f.dir.as_str()).collect::<Vec<_>>();
        assert_eq!(names(""), ["/data", "a"]);
        assert_eq!(names("a"), ["a/b", "a/d"]);
        assert_eq!(all.below("a/b").count(), 2);
    }
}
