//! A model that is a few sums, and what embedding with it does to the files of a version.

use filedex_model::{FileId, FileRecord};

use super::world::{PlainVersion, Refusal};

/// The model's id.
pub const MODEL: &str = "model-a";
/// Numbers in its vectors.
pub const DIMENSION: usize = 5;
/// The job that embedding marks files with.
pub const JOB: &str = "job-of-embedding";

/// The model's vector of a text: of few different numbers, and zero for some texts.
#[must_use]
pub fn embed(text: &str) -> Vec<f32> {
    const NUMBERS: [f32; 5] = [-1.0, -0.5, 0.0, 0.0, 1.0];
    let letters = |place: usize| text.bytes().skip(place).step_by(DIMENSION).map(usize::from);
    (0..DIMENSION).map(|place| NUMBERS[letters(place).sum::<usize>() % NUMBERS.len()]).collect()
}

/// What embedding did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmbeddedFiles {
    /// Files that got a vector and the mark of the job.
    pub marked: Vec<FileId>,
    /// How many had no text.
    pub empty: u64,
    /// How many had a vector that their space refuses.
    pub failed: u64,
}

/// The comment and the description of a record, as one text.
fn text(record: &FileRecord) -> String {
    let parts = [record.comment.as_deref(), record.description.as_deref()].into_iter().flatten();
    parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(". ")
}

impl PlainVersion {
    pub(super) fn embed_files(
        &mut self,
        space: Option<&str>,
        renew: bool,
    ) -> Result<EmbeddedFiles, Refusal> {
        let frozen = self.frozen;
        let at = self.spaces.iter().position(|plain| match space {
            Some(name) => plain.space.name == name,
            None => plain.chosen,
        });
        let missing = if space.is_some() { Refusal::NotFound } else { Refusal::BadQuery };
        let plain = &mut self.spaces[at.ok_or(missing)?];
        if plain.space.model != MODEL || plain.space.dimension as usize != DIMENSION {
            return Err(Refusal::BadInput);
        }
        let mut done = EmbeddedFiles::default();
        for record in self.files.records().iter().filter(|record| record.is_active()) {
            if plain.vectors.contains_key(&record.id) && !renew {
                continue;
            }
            let text = text(record);
            if text.is_empty() {
                done.empty += 1;
            } else if let Some(vector) = plain.kept(&embed(&text)) {
                if frozen {
                    return Err(Refusal::ReadOnly);
                }
                plain.vectors.insert(record.id, vector);
                done.marked.push(record.id);
            } else {
                done.failed += 1;
            }
        }
        Ok(done)
    }
}
