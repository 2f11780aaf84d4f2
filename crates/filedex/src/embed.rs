//! Embedding what lacks a vector.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use filedex_model::{
    EmbedError, Embedder, FileId, FileRecord, FileUpdate, ImageInput, Row, StatusFilter, Timestamp,
};

use crate::batch::NewVector;
use crate::database::{Database, VersionRef};
use crate::dataset::fresh_id;
use crate::error::{Error, ErrorKind, Result};

/// Files to a commit, where the model takes many at once; a slow one, which takes few, commits more
/// often, so that little is lost and Ctrl-C is heard soon.
const BATCH_FILES: usize = 2_000;
/// Calls of the model to a commit.
const BATCH_CALLS: usize = 8;

/// A part of a record that is put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbedField {
    /// The comment: captions are imported as such.
    Comment,
    /// The description.
    Description,
    /// The name, without its extension.
    FileName,
    /// The folder.
    FileDir,
    /// All tags that count.
    Tags,
}

/// What of a file is embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmbedSource {
    /// The words of these fields, joined by ". ".
    Fields(Vec<EmbedField>),
    /// The picture itself, where its URI is a path on this machine.
    Picture,
}

impl Default for EmbedSource {
    fn default() -> Self {
        Self::Fields(vec![EmbedField::Comment, EmbedField::Description])
    }
}

/// How to embed.
#[derive(Clone, Debug, Default)]
pub struct EmbedOptions<'a> {
    /// The space; the version's chosen one by default.
    pub space: Option<&'a str>,
    /// What of a file.
    pub source: EmbedSource,
    /// Whether files that have a vector get a new one too, as after their words changed; each keeps
    /// its old one until then.
    pub renew: bool,
    /// The id of the job that the files are marked with; a fresh one by default.
    pub job_id: Option<&'a str>,
    /// Set from elsewhere (Ctrl-C) to stop after the files under way; what was committed stays.
    pub stop: Option<&'a AtomicBool>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbedProgress {
    /// Files looked at.
    pub done: u64,
    /// Files that were to get a vector when it began.
    pub all: u64,
}

/// A file that was not embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedFailure {
    /// The file.
    pub id: FileId,
    /// Its URI.
    pub uri: String,
    /// Why.
    pub reason: String,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmbedReport {
    /// Files that got a vector.
    pub embedded: u64,
    /// Files with nothing to embed: no words in the fields, or no picture on this machine.
    pub empty: u64,
    /// Files whose content the model refused.
    pub failed: u64,
    /// The id that the embedded records have as `SemanticIndexJobId`.
    pub job_id: String,
    /// Whether it was stopped before the end.
    pub stopped: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl Database {
    /// Gives every live file that lacks a vector in a space one (or every live file, with `renew`), a
    /// batch at a time, and marks it with
    /// `semantic_index_job_id` and `semantic_index_update_time`. Cut short, it is resumed by running
    /// it again.
    ///
    /// ```
    /// use filedex::{Database, EmbedOptions, NewFile, NewSpace, TextEmbedder};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let version = db.default_version()?;
    /// db.create_space(&version, &NewSpace::new("lengths", "len", 2))?;
    /// let mut batch = db.batch(&version);
    /// batch.create(NewFile { comment: Some("four".into()), ..NewFile::at("file:///a.png") });
    /// batch.create(NewFile::at("file:///b.png"));
    /// batch.commit()?;
    /// let lengths = TextEmbedder::new("len", 2, false, |texts| {
    ///     texts.iter().map(|text| Ok(vec![text.len() as f32, 3.0])).collect()
    /// });
    /// let options = EmbedOptions::default();
    /// let report = db.embed(&version, &lengths, &options, |_| {}, |_| {})?;
    /// assert_eq!((report.embedded, report.empty), (1, 1));
    /// let vector = db.reader()?.vector(&version, &version.file_id("file:///a.png"), None)?;
    /// assert_eq!(vector, Some(vec![0.8, 0.6]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`] when the space is of another model; [`ErrorKind::NotFound`] for a
    /// space that is not there; those of a commit. Files that the model refuses are given to
    /// `on_failure` and do not stop the others; a model that cannot run at all does.
    pub fn embed(
        &self,
        version: &VersionRef,
        embedder: &dyn Embedder,
        options: &EmbedOptions<'_>,
        mut on_progress: impl FnMut(EmbedProgress),
        mut on_failure: impl FnMut(EmbedFailure),
    ) -> Result<EmbedReport> {
        let started = Instant::now();
        let reader = self.reader()?;
        let info = reader.space(version, options.space)?;
        check_model(embedder, &info.space, &options.source)?;
        let rows = self.rows_to_embed(version, &info, options.renew)?;
        let job_id = match options.job_id {
            Some(id) => id.to_owned(),
            None => format!("embed-{}", fresh_id(embedder.model(), 16)),
        };
        let mut report = EmbedReport { job_id, ..EmbedReport::default() };
        let mut progress = EmbedProgress { done: 0, all: rows.len() as u64 };
        drop(reader);
        on_progress(progress);
        let files = embedder.batch_size().saturating_mul(BATCH_CALLS).clamp(1, BATCH_FILES);
        for rows in rows.chunks(files) {
            if options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                report.stopped = true;
                break;
            }
            let records = self.records(version, rows)?;
            let mut batch = self.batch(version);
            let space = &info.space.name;
            for (record, vector) in embedded(embedder, &options.source, &records) {
                match vector {
                    None => report.empty += 1,
                    Some(Ok(values)) => match info.space.keep(&values) {
                        Ok(values) => {
                            batch.set_vector(record.id, NewVector::of(values).in_space(space));
                            batch.update(record.id, mark(&report.job_id));
                        }
                        Err(why) => {
                            report.failed += 1;
                            on_failure(failure(record, &why.to_string()));
                        }
                    },
                    Some(Err(error @ EmbedError::Model { .. })) => {
                        return Err(Error::of(ErrorKind::BadInput, error));
                    }
                    Some(Err(error)) => {
                        report.failed += 1;
                        on_failure(failure(record, &error.to_string()));
                    }
                }
            }
            let outcomes = if batch.is_empty() { Vec::new() } else { batch.commit()?.outcomes };
            // A vector and its mark are two items of one file, and fail only together: when the
            // file was deleted meanwhile.
            for pair in outcomes.chunks(2) {
                match (&pair[0].result, pair[0].id) {
                    (Ok(_), _) => report.embedded += 1,
                    (Err(error), Some(id)) => {
                        report.failed += 1;
                        let uri = pair[0].uri.clone().unwrap_or_default();
                        on_failure(EmbedFailure { id, uri, reason: error.to_string() });
                    }
                    (Err(_), None) => report.failed += 1,
                }
            }
            progress.done += rows.len() as u64;
            on_progress(progress);
        }
        report.elapsed = started.elapsed();
        Ok(report)
    }

    /// The live rows, ascending; without `renew` those that have no vector in a space.
    fn rows_to_embed(
        &self,
        version: &VersionRef,
        info: &filedex_store::SpaceInfo,
        renew: bool,
    ) -> Result<Vec<Row>> {
        let snapshot = self.shared.snapshot()?;
        let everything = filedex_index::Condition::Everything;
        let live = snapshot.text(version.key)?.rows(&everything, StatusFilter::Active)?;
        if renew {
            return Ok(live);
        }
        let have = snapshot.vectors(version.key, info)?.rows()?;
        Ok(live.into_iter().filter(|row| have.binary_search(row).is_err()).collect())
    }

    /// Those of the rows that still have a live record.
    fn records(&self, version: &VersionRef, rows: &[Row]) -> Result<Vec<FileRecord>> {
        let snapshot = self.shared.snapshot()?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let record = snapshot.store.record(version.key, *row)?;
            records.extend(record.filter(FileRecord::is_active));
        }
        Ok(records)
    }
}

fn check_model(
    embedder: &dyn Embedder,
    space: &filedex_model::Space,
    source: &EmbedSource,
) -> Result<()> {
    let bad = |what: String| Err(Error::new(ErrorKind::BadInput, what));
    if embedder.model() != space.model {
        return bad(format!(
            "the space {:?} has vectors of the model {:?}, not of {:?}; make a space for it",
            space.name,
            space.model,
            embedder.model()
        ));
    }
    if embedder.dimension() != space.dimension as usize {
        return bad(format!(
            "the model makes vectors of {} dimensions, the space {:?} has {}",
            embedder.dimension(),
            space.name,
            space.dimension
        ));
    }
    match source {
        EmbedSource::Picture if !embedder.reads_images() => {
            bad(format!("the model {} does not read pictures", embedder.model()))
        }
        EmbedSource::Fields(_) if !embedder.reads_texts() => {
            bad(format!("the model {} does not read texts", embedder.model()))
        }
        _ => Ok(()),
    }
}

/// A vector, or why there is none.
type Embedding = Result<Vec<f32>, EmbedError>;

/// The vectors of records, in order; none for one that has nothing to embed.
fn embedded<'r>(
    embedder: &dyn Embedder,
    source: &EmbedSource,
    records: &'r [FileRecord],
) -> Vec<(&'r FileRecord, Option<Embedding>)> {
    let size = embedder.batch_size().max(1);
    let mut all: Vec<_> = records.iter().map(|record| (record, None)).collect();
    match source {
        EmbedSource::Fields(fields) => {
            let texts: Vec<(usize, String)> = records
                .iter()
                .map(|record| text(record, fields))
                .enumerate()
                .filter(|(_, text)| !text.is_empty())
                .collect();
            for some in texts.chunks(size) {
                let words: Vec<&str> = some.iter().map(|(_, text)| text.as_str()).collect();
                let vectors = embedder.embed_texts(&words);
                some.iter().zip(vectors).for_each(|((at, _), vector)| all[*at].1 = Some(vector));
            }
        }
        EmbedSource::Picture => {
            let paths: Vec<(usize, PathBuf)> = records
                .iter()
                .enumerate()
                .filter_map(|(at, record)| Some((at, local_path(&record.uri)?)))
                .collect();
            for some in paths.chunks(size) {
                let images: Vec<_> = some.iter().map(|(_, path)| ImageInput::File(path)).collect();
                let vectors = embedder.embed_images(&images);
                some.iter().zip(vectors).for_each(|((at, _), vector)| all[*at].1 = Some(vector));
            }
        }
    }
    all
}

/// The words of a record's fields.
fn text(record: &FileRecord, fields: &[EmbedField]) -> String {
    let parts = fields.iter().map(|field| match field {
        EmbedField::Comment => record.comment.clone().unwrap_or_default(),
        EmbedField::Description => record.description.clone().unwrap_or_default(),
        EmbedField::FileDir => record.file_dir.clone(),
        EmbedField::Tags => record.tags.all().join(", "),
        EmbedField::FileName => {
            let stem = Path::new(&record.file_name).file_stem().unwrap_or_default();
            stem.to_string_lossy().replace(['_', '-'], " ")
        }
    });
    let parts: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
    parts.join(". ")
}

/// The file of a URI, where it is on this machine.
fn local_path(uri: &str) -> Option<PathBuf> {
    let path = Path::new(uri.strip_prefix("file://").unwrap_or(uri));
    path.is_file().then(|| path.to_owned())
}

fn mark(job_id: &str) -> FileUpdate {
    FileUpdate {
        semantic_index_job_id: Some(job_id.to_owned()),
        semantic_index_update_time: Some(Timestamp::now()),
        ..FileUpdate::default()
    }
}

fn failure(record: &FileRecord, reason: &str) -> EmbedFailure {
    EmbedFailure { id: record.id, uri: record.uri.clone(), reason: reason.to_owned() }
}
