//! What is to be done: the files that are there against the records that are.

use std::collections::HashMap;
use std::path::Path;

use filedex_ingest::{Entry, Found, folder_tags};

use crate::folder::known::Known;
use crate::folder::place::Place;

/// One file that needs something.
#[derive(Debug)]
pub struct Task {
    pub entry: Entry,
    /// Its record, where there is one to change.
    pub known: Option<Known>,
    /// Whether the file is read; else only what stands around it changes.
    pub reads: bool,
    /// Whether its sidecars are read.
    pub reads_sidecars: bool,
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files in order of their paths.
    pub tasks: Vec<Task>,
    /// Records whose files are as they were.
    pub unchanged: u64,
    /// Files whose records a person deleted.
    pub left_deleted: u64,
    /// Records whose files are there, and are not listed: ignored, hidden, behind a link or unreadable.
    pub left_out: u64,
    /// Records whose files are gone.
    pub gone: Vec<Known>,
}

/// How to compare.
#[derive(Clone, Copy, Debug, Default)]
pub struct Comparison {
    pub checksum: bool,
    pub tags_from_dirs: bool,
}

impl Plan {
    /// Compares. `before` are records of where the folder was: their files are not looked for here.
    pub fn new(
        found: &mut Found,
        mut known: HashMap<String, Known>,
        before: Vec<Known>,
        place: &Place,
        comparison: Comparison,
    ) -> Self {
        let mut plan = Self::default();
        for entry in std::mem::take(&mut found.entries) {
            let known = known.remove(&place.uri(&entry.relative));
            plan.add(entry, known, comparison);
        }
        for one in known.into_values().filter(|one| !one.deleted) {
            let relative = place.relative(&one.uri).unwrap_or_default();
            if is_blind(&found.blind, relative) || is_there(&place.root.join(relative)) {
                plan.left_out += 1;
            } else {
                plan.gone.push(one);
            }
        }
        plan.gone.extend(before.into_iter().filter(|one| !one.deleted));
        plan.gone.sort_by(|a, b| a.uri.cmp(&b.uri));
        plan
    }

    fn add(&mut self, entry: Entry, known: Option<Known>, comparison: Comparison) {
        let Some(known) = known.filter(|known| !(known.deleted && known.set_aside)) else {
            let reads_sidecars = !entry.sidecars.is_empty();
            self.tasks.push(Task { entry, known: None, reads: true, reads_sidecars });
            return;
        };
        if known.deleted {
            self.left_deleted += 1;
            return;
        }
        let as_it_was = known.hash.is_some()
            && known.size == Some(entry.stamp.size)
            && known.modified == Some(entry.stamp.time());
        let reads = !as_it_was || comparison.checksum;
        let reads_sidecars = marks(&entry) != known.sidecars;
        let retags = comparison.tags_from_dirs
            && known.folder_tags.as_deref().unwrap_or_default() != folder_tags(&entry.relative);
        if reads || reads_sidecars || retags || known.set_aside {
            self.tasks.push(Task { entry, known: Some(known), reads, reads_sidecars });
        } else {
            self.unchanged += 1;
        }
    }
}

/// The marks of a file's sidecars.
pub fn marks(entry: &Entry) -> Vec<String> {
    entry.sidecars.iter().map(filedex_ingest::Sidecar::mark).collect()
}

/// Whether nothing is known of what is at a path.
fn is_blind(blind: &[String], relative: &str) -> bool {
    blind.iter().any(|folder| {
        let rest = relative.strip_prefix(folder.as_str());
        folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether something is at a path. Where that cannot be told, it is taken to be.
fn is_there(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
        ),
    }
}

/// Records whose files are gone, by what was in them: what moved is found here.
#[derive(Debug, Default)]
pub struct Lost {
    by_hash: HashMap<String, Vec<Known>>,
}

impl Lost {
    pub fn new(gone: Vec<Known>) -> Self {
        let mut by_hash: HashMap<String, Vec<Known>> = HashMap::new();
        for one in gone {
            by_hash.entry(one.hash.clone().unwrap_or_default()).or_default().push(one);
        }
        Self { by_hash }
    }

    /// Takes the record that a file of this content and path had before; of several, one whose name is the
    /// same, else the first. An empty file is like every other, so its name has to be the same.
    pub fn take(&mut self, hash: &str, size: u64, relative: &str) -> Option<Known> {
        let candidates = self.by_hash.get_mut(hash)?;
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let named = candidates.iter().position(|one| name(&one.uri) == name(relative));
        let at = named.or((size > 0 && !candidates.is_empty()).then_some(0))?;
        Some(candidates.remove(at))
    }

    /// Takes a record back, after all.
    pub fn give_back(&mut self, known: Known) {
        self.by_hash.entry(known.hash.clone().unwrap_or_default()).or_default().push(known);
    }

    /// What nothing took, by URI.
    pub fn into_rest(self) -> Vec<Known> {
        let mut rest: Vec<Known> = self.by_hash.into_values().flatten().collect();
        rest.sort_by(|a, b| a.uri.cmp(&b.uri));
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_a_blind_folder_is_not_gone() {
        for (blind, relative, want) in [
            (vec!["a"], "a/b.jpg", true),
            (vec!["a"], "a", true),
            (vec!["a"], "ab/c.jpg", false),
            (vec![""], "b.jpg", true),
            (vec![], "b.jpg", false),
        ] {
            let blind: Vec<String> = blind.into_iter().map(str::to_owned).collect();
            assert_eq!(is_blind(&blind, relative), want, "{blind:?} {relative}");
        }
    }

    #[test]
    fn a_name_decides_between_equal_files() {
        let known = |uri: &str| Known {
            id: filedex::FileId::of("d", uri),
            uri: uri.to_owned(),
            size: Some(1),
            modified: None,
            hash: Some("h".to_owned()),
            deleted: false,
            set_aside: false,
            sidecars: Vec::new(),
            folder_tags: None,
        };
        let mut lost =
            Lost::new(vec![known("x:/a/1.jpg"), known("x:/b/2.jpg"), known("x:/c/3.jpg")]);
        let mut take = |size, relative| Some(lost.take("h", size, relative)?.uri);
        assert_eq!(take(9, "z/2.jpg").as_deref(), Some("x:/b/2.jpg"));
        assert_eq!(take(9, "z/9.jpg").as_deref(), Some("x:/a/1.jpg"));
        assert_eq!(take(0, "z/8.jpg"), None);
        assert_eq!(take(0, "z/3.jpg").as_deref(), Some("x:/c/3.jpg"));
        assert_eq!(take(9, "z/3.jpg"), None);
    }
}
