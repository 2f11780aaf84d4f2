//! Files to create and import.

use std::collections::{BTreeMap, BTreeSet};

use filedex_model::NewFile;

use super::generator::Generator;
use super::vocabulary as v;

impl Generator {
    /// One of some hundreds of URIs, so that files meet again.
    pub fn uri(&mut self) -> String {
        let bucket = self.word(v::BUCKETS);
        self.uri_in(&bucket)
    }

    fn uri_in(&mut self, bucket: &str) -> String {
        let (dir, name) = (self.word(v::DIRS), self.word(v::NAMES));
        if dir.is_empty() { format!("{bucket}/{name}") } else { format!("{bucket}/{dir}/{name}") }
    }

    /// A file with a [`Generator::uri`] and any of the fields a file can have.
    pub fn file(&mut self) -> NewFile {
        let uri = self.uri();
        self.file_at(uri)
    }

    /// Files with `count` different URIs; their names, folders and everything else collide.
    pub fn distinct_files(&mut self, count: usize) -> Vec<NewFile> {
        (0..count)
            .map(|number| {
                let uri = self.uri_in(&format!("oss://bucket-{number}"));
                self.file_at(uri)
            })
            .collect()
    }

    /// A file at `uri` with any of the fields a file can have.
    pub fn file_at(&mut self, uri: String) -> NewFile {
        let own_name = self.maybe(15, |g| g.word(v::NAMES));
        NewFile {
            uri,
            file_name: own_name,
            file_dir: self.maybe(10, |g| g.word(v::DIRS)),
            file_type: self.maybe(20, |g| g.word(v::TYPES)),
            content_type: self.maybe(20, |g| g.word(v::CONTENT_TYPES)),
            data_size: self.maybe(70, |g| *g.seed.pick(v::SIZES)),
            file_fingerprint: self.maybe(40, |g| g.word(v::FINGERPRINTS)),
            file_create_time: self.maybe(50, Self::time),
            file_update_time: self.maybe(70, Self::time),
            comment: self.maybe(60, |g| g.word(v::TEXTS)),
            attributes: self.maybe(60, Self::attributes),
            tags_user: self.words(v::TAGS, 4),
            tags_ai: self.job_tags(),
            tags_user_delete_ai: self.maybe(15, |g| g.words(v::TAGS, 2)).unwrap_or_default(),
            description: self.maybe(30, |g| g.word(v::TEXTS)),
            labels: self.words(v::LABELS, 2),
            hidden: self.maybe(30, |g| g.seed.chance(50)),
            starred: self.maybe(30, |g| g.seed.chance(50)),
            local_modified_at: self.maybe(20, Self::time),
            semantic_index_job_id: self.maybe(20, |g| g.word(v::JOBS)),
            semantic_index_update_time: self.maybe(20, Self::time),
            user_tags: self.user_tags(),
            ..NewFile::default()
        }
    }

    fn job_tags(&mut self) -> BTreeMap<String, Vec<String>> {
        let jobs: BTreeSet<String> = self.words(v::JOBS, 2).into_iter().collect();
        jobs.into_iter().map(|job| (job, self.words(v::TAGS, 3))).collect()
    }

    fn user_tags(&mut self) -> BTreeMap<String, String> {
        let keys = self.words(v::LABELS, 2);
        keys.into_iter().map(|key| (key, self.word(v::TAGS))).collect()
    }
}
