//! What is there: records one by one, folders, datasets, versions, notes.

use std::collections::{BTreeMap, BTreeSet};

use filedex::{Filter, Query, Reader, StatusFilter, VersionRef, path};
use filedex_testkit::oracle::{PlainVersion, Refusal, World};
use filedex_testkit::script::Place;

use super::play::{Compared, Player, unexpected};

impl Player {
    pub(super) fn compare_records(
        &mut self,
        reader: &Reader,
        world: &World,
        at: &Place,
    ) -> Compared {
        let Some(version) = world.seat(at).and_then(|seat| self.refs.get(&seat).cloned()) else {
            return Ok(());
        };
        let all = Query::filter(Filter::All);
        let counted = reader.count(&version, &all);
        let Some((_, plain)) = self.agreed("count", counted, world.version(at))? else {
            let nothing = reader.get(&version, &at.file("")).map(drop);
            return self.agreed("get", nothing, Err::<(), _>(Refusal::NotFound)).map(drop);
        };
        for record in plain.files.records() {
            let got = reader.get(&version, &record.id).map_err(unexpected("get"))?;
            self.same("a record", &got, record)?;
        }
        for status in [StatusFilter::Active, StatusFilter::Deleted, StatusFilter::All] {
            let count = reader.count(&version, &all.clone().status(status));
            let wanted = plain.files.total(&Filter::All, status) as u64;
            self.same("files", &count.map_err(unexpected("count"))?, &wanted)?;
        }
        self.compare_spaces(reader, &version, plain)?;
        self.compare_folders(reader, &version, plain)
    }

    fn compare_folders(
        &mut self,
        reader: &Reader,
        version: &VersionRef,
        plain: &PlainVersion,
    ) -> Compared {
        let mut files: BTreeMap<String, u64> = BTreeMap::new();
        for record in plain.files.records().iter().filter(|record| record.is_active()) {
            *files.entry(record.file_dir.clone()).or_default() += 1;
        }
        let got = reader.folders(version).map_err(unexpected("folders"))?;
        self.same("folders", &got, &files.clone().into_iter().collect())?;
        let above = files.keys().flat_map(|dir| path::ancestors(dir));
        let dirs: BTreeSet<&str> = above.collect();
        for dir in dirs.iter().copied().chain(["", "cars"]) {
            let below = |other: &str| {
                dir.is_empty() && !other.is_empty()
                    || other.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
            };
            let inside = files.iter().filter(|(other, _)| *other == dir || below(other));
            let inside: u64 = inside.map(|(_, count)| count).sum();
            let folders = dirs.iter().filter(|other| below(other)).count() as u64;
            let wanted = if inside == 0 && !dir.is_empty() {
                Err(Refusal::NotFound)
            } else {
                Ok((inside, folders))
            };
            if let Some((info, wanted)) =
                self.agreed("folder", reader.folder(version, dir), wanted)?
            {
                let got = (info.file_count, info.dir_count);
                self.same(&format!("the folder {dir:?}"), &got, &wanted)?;
            }
        }
        Ok(())
    }

    pub(super) fn compare_catalog(&mut self, reader: &Reader, world: &World) -> Compared {
        let datasets = reader.datasets().map_err(unexpected("datasets"))?;
        let mut wanted: Vec<_> = world.datasets().iter().collect();
        wanted.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<_> = datasets.iter().map(|d| (&d.id, &d.name, &d.folder)).collect();
        let plain: Vec<_> = wanted.iter().map(|d| (&d.id, &d.name, &d.folder)).collect();
        self.same("datasets", &names, &plain)?;
        for (dataset, plain) in datasets.iter().zip(&wanted) {
            let current = plain.current.map(|seat| self.refs[&seat].version_id.clone());
            self.same("the current version", &dataset.current_version, &current)?;
        }
        for plain in &wanted {
            for name_or_id in [&plain.name, &plain.id] {
                let meant = world.dataset(name_or_id);
                let versions = reader.versions(name_or_id);
                let Some((got, meant)) = self.agreed("versions", versions, meant)? else {
                    continue;
                };
                let got: Vec<_> =
                    got.into_iter().map(|v| (v.name, v.description, v.frozen)).collect();
                let wanted = meant.versions.iter();
                let wanted =
                    wanted.map(|v| (v.name.clone(), v.description.clone(), v.frozen)).collect();
                self.same("versions", &got, &wanted)?;
            }
        }
        let default = self.agreed(
            "the default version",
            reader.version(None, None),
            world.default_version(),
        )?;
        if let Some((got, seat)) = default {
            let wanted = self.refs[&seat].version_id.clone();
            self.same("the default version", &got.version_id, &wanted)?;
        }
        let notes = reader.notes("").map_err(unexpected("notes"))?;
        let wanted = world.notes().iter();
        let wanted = wanted.map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect();
        self.same("notes", &notes, &wanted)
    }
}
