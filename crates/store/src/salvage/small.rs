//! The small tables: jobs, notes and embedding spaces.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use filedex_model::Row;

use super::catalog::Catalog;
use super::{LossKind, Salvaged, Wreck, unique};
use crate::dataset::VersionKey;
use crate::error::StoreError;
use crate::format::Counters;
use crate::job::JobKind;
use crate::key;
use crate::open::Store;
use crate::spaces::SpaceKey;
use crate::stored::space::{self as stored_space, SpaceRow};
use crate::tables;
use crate::write::WriteBatch;

/// Copies what can be read of them.
pub(super) fn copy(
    wreck: &Wreck,
    to: &Store,
    catalog: &Catalog,
    out: &mut Salvaged,
) -> Result<(), StoreError> {
    let mut batch = to.write()?;
    notes(wreck, &mut batch, out)?;
    jobs(wreck, to, &mut batch, catalog, out)?;
    spaces(wreck, &mut batch, catalog, out)?;
    batch.commit()?;
    Ok(())
}

fn notes(wreck: &Wreck, batch: &mut WriteBatch, out: &mut Salvaged) -> Result<(), StoreError> {
    if wreck.is_loose() {
        // Anything could be a note.
        return Ok(());
    }
    let (mut sound, mut doubtful) = (BTreeMap::new(), BTreeMap::new());
    let read = wreck.read(tables::NOTES, |entry| {
        let Ok(name) = std::str::from_utf8(entry.key) else { return Ok(()) };
        let to = if entry.page_sound { &mut sound } else { &mut doubtful };
        to.insert(name.to_owned(), entry.value.to_vec());
        Ok(())
    })?;
    for (name, bytes) in doubtful {
        if !name.is_empty() && !sound.contains_key(&name) {
            out.doubt(LossKind::Note, "", name.clone());
            sound.insert(name, bytes);
        }
    }
    for (name, bytes) in &sound {
        batch.put_note(name, Some(bytes))?;
    }
    out.notes = sound.len() as u64;
    out.table("notes", &read);
    out.lose(LossKind::Note, "", read.entries.saturating_sub(out.notes), Vec::new());
    Ok(())
}

/// Those that left something in records are known by it; the others by the table alone.
fn jobs(
    wreck: &Wreck,
    to: &Store,
    batch: &mut WriteBatch,
    catalog: &Catalog,
    out: &mut Salvaged,
) -> Result<(), StoreError> {
    let mut known: BTreeMap<(VersionKey, String), JobKind> = BTreeMap::new();
    let read = wreck.read(tables::JOBS, |entry| {
        let version = key::layer_of_bytes(entry.key).and_then(|layer| catalog.version_of(layer));
        let id = entry.key.get(4..).and_then(|id| std::str::from_utf8(id).ok());
        let kind = match entry.value {
            [1] => Some(JobKind::Tagging),
            [2] => Some(JobKind::SemanticIndex),
            _ => None,
        };
        if let (true, Some((version, _)), Some(id), Some(kind)) =
            (entry.page_sound, version, id, kind)
        {
            known.insert((version, id.to_owned()), kind);
        }
        Ok(())
    })?;
    if !read.is_whole() && (read.is_listed || wreck.is_loose()) {
        let snapshot = to.read()?;
        for number in catalog.versions.keys() {
            let version = VersionKey(*number);
            for record in snapshot.records(version, 0 as Row)? {
                let (_, record) = record?;
                for job in record.tags.ai.into_keys() {
                    known.entry((version, job)).or_insert(JobKind::Tagging);
                }
                if let Some(job) = record.semantic_index_job_id {
                    known.entry((version, job)).or_insert(JobKind::SemanticIndex);
                }
            }
        }
    }
    for ((version, id), kind) in &known {
        batch.note_job(*version, id, *kind)?;
    }
    let listed = if wreck.is_loose() { 0 } else { read.entries };
    out.lose(LossKind::Job, "", listed.saturating_sub(known.len() as u64), Vec::new());
    Ok(())
}

fn spaces(
    wreck: &Wreck,
    batch: &mut WriteBatch,
    catalog: &Catalog,
    out: &mut Salvaged,
) -> Result<(), StoreError> {
    let mut spaces: BTreeMap<(u32, u32), SpaceRow> = BTreeMap::new();
    let mut doubtful = Vec::new();
    let read = wreck.read(tables::SPACES, |entry| {
        let number = entry.key.get(4..).and_then(key::le_u32);
        if let (Some(version), Some(number), Ok(row)) =
            (key::le_u32(entry.key), number, stored_space::decode(entry.value))
            && catalog.versions.contains_key(&version)
            && row.space.validate().is_ok()
        {
            match entry.page_sound {
                true => drop(spaces.insert((version, number), row)),
                false => doubtful.push(((version, number), row)),
            }
        }
        Ok(())
    })?;
    for (at, row) in doubtful {
        if let Entry::Vacant(vacant) = spaces.entry(at) {
            out.doubt(LossKind::Space, &catalog.place(VersionKey(at.0)), row.space.name.clone());
            vacant.insert(row);
        }
    }
    out.table("spaces", &read);
    let listed = if wreck.is_loose() { 0 } else { read.entries };
    out.lose(LossKind::Space, "", listed.saturating_sub(spaces.len() as u64), Vec::new());
    out.spaces = spaces.len() as u64;
    let mut least = Counters::default();
    for version in catalog.versions.keys() {
        let of = || spaces.range((*version, 0)..=(*version, u32::MAX));
        let chosen = of().find(|(_, row)| row.chosen).or_else(|| of().next()).map(|(at, _)| *at);
        let mut names = BTreeSet::new();
        for (at, row) in of() {
            let mut row = row.clone();
            row.chosen = Some(*at) == chosen;
            row.space.name = unique(&mut names, &row.space.name);
            batch.write_space(VersionKey(*version), SpaceKey(at.1), &row)?;
            least.next_space = least.next_space.max(u64::from(at.1) + 1);
        }
    }
    batch.raise_numbers(&least);
    Ok(())
}
