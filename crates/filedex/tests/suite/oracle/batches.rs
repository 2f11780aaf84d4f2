//! Batches, and embedding, which is batches of its own.

use filedex::{EmbedOptions, FileRecord, ImportMode, ItemError, ItemOutcome, NewVector, Timestamp};
use filedex_testkit::oracle::{EMBEDDING, ImportMode as PlainMode, JOB, Told};
use filedex_testkit::script::{Item, Place, Step, VectorItem};

use super::play::{Compared, Player, model, unexpected};

/// Records of a version that is compared whole after every batch.
const FEW: usize = 400;

impl Player {
    pub(super) fn batch(
        &mut self,
        step: &Step,
        at: &Place,
        now: Timestamp,
        items: &[Item],
    ) -> Compared {
        let Some(version) = self.version(at) else { return Ok(()) };
        let mut batch = self.db().batch(&version);
        batch.at(now);
        for item in items.iter().cloned() {
            match item {
                Item::Create(file, vectors) => batch.create_embedded(file, new_vectors(vectors)),
                Item::Import(file, mode, vectors) => {
                    let mode = match mode {
                        PlainMode::Merge => ImportMode::Merge,
                        PlainMode::Replace => ImportMode::Replace,
                    };
                    batch.import_embedded(file, mode, new_vectors(vectors))
                }
                Item::Update(id, update) => batch.update(id, update),
                Item::Details(id, update) => batch.update_details(id, update),
                Item::Delete(id) => batch.delete(id),
                Item::Purge(id) => batch.purge(id),
                Item::SetVector(id, vector) => batch.set_vector(id, new_vector(vector)),
                Item::RemoveVector(id, space) => batch.remove_vector(id, space.as_deref()),
            };
        }
        let committed = batch.commit();
        let wanted = self.world.apply(step);
        let Some((report, Told::Outcomes(wanted))) = self.agreed("commit", committed, wanted)?
        else {
            return Ok(());
        };
        self.same("the number of outcomes", &report.outcomes.len(), &wanted.len())?;
        for ((got, wanted), item) in report.outcomes.into_iter().zip(wanted).zip(items) {
            self.same(&format!("{item:?}"), &without_reason(got), &without_reason(wanted))?;
        }
        // Large versions are compared whole where the script asks for it.
        if self.world.version(at).is_ok_and(|plain| plain.files.records().len() > FEW) {
            return Ok(());
        }
        let reader = self.reader()?;
        let world = self.world.clone();
        self.compare_records(&reader, &world, at)
    }

    /// Embeds on both; the marks have the times of the engine's clock, and are taken from it.
    pub(super) fn embed(
        &mut self,
        step: &Step,
        at: &Place,
        space: Option<&str>,
        renew: bool,
    ) -> Compared {
        let Some(version) = self.version(at) else { return Ok(()) };
        let options = EmbedOptions { space, renew, job_id: Some(JOB), ..EmbedOptions::default() };
        let got = self.db().embed(&version, &model(), &options, |_| {}, |_| {});
        let wanted = self.world.apply(step);
        let Some((report, Told::Embedded(wanted))) = self.agreed("embed", got, wanted)? else {
            return Ok(());
        };
        let got = (report.embedded, report.empty, report.failed);
        let counts = (wanted.marked.len() as u64, wanted.empty, wanted.failed);
        self.same("files embedded, empty and refused", &got, &counts)?;
        let reader = self.reader()?;
        for id in &wanted.marked {
            let got = reader.get(&version, id).map_err(unexpected("get"))?;
            let plain = self.world.version(at).ok().and_then(|plain| plain.files.get(*id));
            let marked = plain.cloned().map(|plain| FileRecord {
                semantic_index_job_id: Some(JOB.to_owned()),
                semantic_index_update_time: got.semantic_index_update_time,
                sync_time: got.sync_time,
                revision_id: got.revision_id.clone(),
                ..plain
            });
            self.same("a record that was embedded", &Some(&got), &marked.as_ref())?;
            self.world.put(at, got);
        }
        let world = self.world.clone();
        self.compare_records(&reader, &world, at)
    }
}

/// The oracle gives no reason why a vector is refused.
fn without_reason(mut outcome: ItemOutcome) -> ItemOutcome {
    if let Err(ItemError::Invalid { field: EMBEDDING, reason }) = &mut outcome.result {
        reason.clear();
    }
    outcome
}

fn new_vector(vector: VectorItem) -> NewVector {
    NewVector { space: vector.space, values: vector.values }
}

fn new_vectors(vectors: Vec<VectorItem>) -> Vec<NewVector> {
    vectors.into_iter().map(new_vector).collect()
}
