//! Operations on the files of a dataset, some of which must fail.

use filedex_model::{AiTags, DetailsUpdate, FileId, FileUpdate, NameMode, NewFile, TagEdit};

use super::generator::Generator;
use super::vocabulary as v;
use crate::oracle::{ImportMode, Operation};

impl Generator {
    /// The next operation: creations, imports, changes, edits of tags, deletions and purges of
    /// files that are there, were there, or never were.
    pub fn operation(&mut self) -> Operation {
        match self.seed.below(100) {
            0..25 => Operation::Create(self.file()),
            25..45 => Operation::Import(self.file(), ImportMode::Merge),
            45..50 => Operation::Import(self.file(), ImportMode::Replace),
            50..62 => Operation::Update(self.file_id(), self.update()),
            62..74 => Operation::Update(self.file_id(), self.tag_edit()),
            74..86 => Operation::UpdateDetails(self.file_id(), self.details()),
            86..96 => Operation::Delete(self.file_id()),
            96..98 => Operation::Purge(self.file_id()),
            98 => Operation::Create(NewFile::at("")),
            _ => Operation::Update(self.file_id(), self.refused_update()),
        }
    }

    /// The id of a file with a [`Generator::uri`].
    pub fn file_id(&mut self) -> FileId {
        let uri = self.uri();
        FileId::of(&self.dataset_id, &uri)
    }

    /// A change of any fields but tags.
    pub fn update(&mut self) -> FileUpdate {
        FileUpdate {
            file_name: self.maybe(20, |g| g.word(v::NAMES)),
            comment: self
                .maybe(30, |g| if g.seed.chance(20) { String::new() } else { g.word(v::TEXTS) }),
            file_create_time: self.maybe(15, Self::time),
            file_update_time: self.maybe(30, Self::time),
            data_size: self.maybe(30, |g| *g.seed.pick(v::SIZES)),
            file_type: self.maybe(10, |g| g.word(v::TYPES)),
            content_type: self.maybe(10, |g| g.word(v::CONTENT_TYPES)),
            attributes: self.maybe(15, Self::attributes),
            merge_attributes: self.maybe(20, Self::attributes),
            semantic_index_job_id: self.maybe(10, |g| g.word(v::JOBS)),
            semantic_index_update_time: self.maybe(10, Self::time),
            file_fingerprint: self.maybe(10, |g| g.word(v::FINGERPRINTS)),
            ..FileUpdate::default()
        }
    }

    /// A change of tags alone: by a person, by a job, or both.
    pub fn tag_edit(&mut self) -> FileUpdate {
        FileUpdate {
            tags_user: self.maybe(60, Self::group_edit).unwrap_or_default(),
            tags_user_delete_ai: self.maybe(30, Self::group_edit).unwrap_or_default(),
            tags_ai: self
                .maybe(30, |g| AiTags { job_id: g.word(v::JOBS), tags: g.words(v::TAGS, 3) }),
            ..FileUpdate::default()
        }
    }

    fn group_edit(&mut self) -> TagEdit {
        TagEdit { add: self.words(v::TAGS, 2), remove: self.words(v::TAGS, 2) }
    }

    /// A change as PDS has it, names that are taken included.
    pub fn details(&mut self) -> DetailsUpdate {
        DetailsUpdate {
            name: self.maybe(70, |g| g.word(v::NAMES)),
            description: self
                .maybe(30, |g| if g.seed.chance(20) { String::new() } else { g.word(v::TEXTS) }),
            labels: self.maybe(30, |g| g.words(v::LABELS, 3)),
            hidden: self.maybe(20, |g| g.seed.chance(50)),
            starred: self.maybe(20, |g| g.seed.chance(50)),
            local_modified_at: self.maybe(20, Self::time),
            check_name_mode: *self.seed.pick(&[
                NameMode::Ignore,
                NameMode::AutoRename,
                NameMode::Refuse,
            ]),
        }
    }

    /// A change that breaks a rule.
    fn refused_update(&mut self) -> FileUpdate {
        let mut update = self.update();
        match self.seed.below(3) {
            0 => update.file_name = Some("a/b".to_owned()),
            1 => update.data_size = Some(u64::MAX),
            _ => update.tags_user.add.push(String::new()),
        }
        update
    }
}
