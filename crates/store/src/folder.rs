//! Folders: how many active files are directly in each, and what that says of those above.

use std::collections::{HashMap, HashSet};

use filedex_model::path;
use redb::{ReadableTable, WriteTransaction};

use crate::error::{StoreError, Translate};
use crate::key;
use crate::tables::FOLDERS;

/// What is in and below a folder. A folder exists while an active file is in or below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FolderStats {
    /// Active files in the folder and in all folders below.
    pub file_count: u64,
    /// Folders below, at any depth.
    pub dir_count: u64,
    /// Active files directly in the folder.
    pub direct_files: u64,
    /// Folders directly in the folder.
    pub direct_dirs: u64,
}

/// A folder with files directly in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its path, without a trailing slash; empty at the top.
    pub dir: String,
    /// Active files directly in it; at least one.
    pub files: u64,
}

type Counts = &'static [u8];

pub(crate) fn stats(
    folders: &impl ReadableTable<Counts, u64>,
    layer: u32,
    dir: &str,
) -> Result<FolderStats, StoreError> {
    let dir = path::clean_dir(dir);
    let direct = folders.get(key::folder(layer, dir).as_slice()).translate()?;
    let mut stats = FolderStats::default();
    stats.direct_files = direct.map_or(0, |count| count.value());
    stats.file_count = stats.direct_files;
    let mut seen = HashSet::new();
    each(folders, key::folders_below(layer, dir), |below, files| {
        if below == dir {
            return;
        }
        stats.file_count += files;
        let ancestors = path::ancestors(below);
        let strictly_below = ancestors.iter().filter(|above| above.len() > dir.len());
        let new: Vec<_> =
            strictly_below.rev().take_while(|above| !seen.contains(**above)).collect();
        stats.dir_count += new.len() as u64;
        let first = ancestors.iter().find(|above| above.len() > dir.len());
        stats.direct_dirs += u64::from(first.is_some() && new.last().copied() == first);
        seen.extend(new.into_iter().map(|above| (*above).to_owned()));
    })?;
    Ok(stats)
}

pub(crate) fn all(
    folders: &impl ReadableTable<Counts, u64>,
    layer: u32,
) -> Result<Vec<Folder>, StoreError> {
    let mut all = Vec::new();
    each(folders, key::layer_range(layer), |dir, files| {
        all.push(Folder { dir: dir.to_owned(), files });
    })?;
    Ok(all)
}

fn each(
    folders: &impl ReadableTable<Counts, u64>,
    (from, to): (Vec<u8>, Vec<u8>),
    mut found: impl FnMut(&str, u64),
) -> Result<(), StoreError> {
    for entry in folders.range(from.as_slice()..to.as_slice()).translate()? {
        let (key, files) = entry.translate()?;
        let dir = key.value().get(4..).and_then(|dir| std::str::from_utf8(dir).ok());
        found(dir.ok_or_else(|| StoreError::damaged("a key of table folders"))?, files.value());
    }
    Ok(())
}

/// Adds to, or takes from, the number of files of each folder.
pub(crate) fn apply(
    txn: &WriteTransaction,
    layer: u32,
    changes: &HashMap<&str, i64>,
) -> Result<(), StoreError> {
    if changes.values().all(|by| *by == 0) {
        return Ok(());
    }
    let mut folders = txn.open_table(FOLDERS).translate()?;
    for (dir, by) in changes {
        let key = key::folder(layer, dir);
        let old = folders.get(key.as_slice()).translate()?.map_or(0, |count| count.value());
        match old.checked_add_signed(*by) {
            None => return Err(StoreError::damaged(format!("the file count of folder {dir:?}"))),
            Some(0) => drop(folders.remove(key.as_slice()).translate()?),
            Some(new) if new == old => {}
            Some(new) => drop(folders.insert(key.as_slice(), new).translate()?),
        }
    }
    Ok(())
}
