//! Importing JSON lines.
//!
//! One object a line. `uri` is needed; `file_name`, `file_dir`, `file_type`, `content_type`,
//! `data_size`, `file_create_time`, `file_update_time`, `caption` (or `comment`), `tags_user`,
//! `tags_ai` (a list, or an object of lists by tagging job), `attributes` and every other field of
//! [`NewFile`] are read by their names; null is absent. `embedding`, an array of numbers, is the
//! file's vector in one space, `embeddings` an object of such arrays by the names of spaces. Fields
//! with other names become attributes.

mod rows;

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use filedex_model::change::Done;
use filedex_model::{ItemError, NewFile, limits};
use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::batch::{ImportMode, NewVector};
use crate::database::{Database, VersionRef};
use crate::error::{Error, ErrorKind, Result};

pub use rows::ImportRow;

/// The tagging job that machine tags belong to when a line gives them without one.
pub const IMPORT_JOB: &str = "import";
/// Longest line that is read, in bytes; a longer one is an error of that line.
pub const LINE_BYTES: usize = 16 << 20;
/// Bytes of lines that are parsed together, so that memory stays bounded.
const BATCH_BYTES: usize = 32 << 20;

/// How to import.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions<'a> {
    /// What to do with files that are there.
    pub mode: ImportMode,
    /// Records to a commit; 5,000 by default, which bounds what an import takes in memory; at most [`limits::BATCH_ITEMS`].
    pub batch_items: usize,
    /// The space that the `embedding` of a line belongs to; the version's chosen one by default.
    pub space: Option<&'a str>,
    /// Set from elsewhere (Ctrl-C) to stop after the batch under way; what was committed stays.
    pub stop: Option<&'a AtomicBool>,
}

impl Default for ImportOptions<'_> {
    fn default() -> Self {
        Self { mode: ImportMode::Merge, batch_items: 5_000, space: None, stop: None }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines committed or refused.
    pub lines: u64,
    /// Bytes of lines read so far.
    pub bytes: u64,
}

/// A line that was not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
    /// The line, as far as it is text.
    pub text: String,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// New records.
    pub created: u64,
    /// Deleted records that came back.
    pub revived: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that were already as given.
    pub unchanged: u64,
    /// Lines that were refused.
    pub failed: u64,
    /// Commits.
    pub batches: u64,
    /// Whether it was stopped before the end.
    pub stopped: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl ImportReport {
    /// Lines that became records, changed or not.
    #[must_use]
    pub fn imported(&self) -> u64 {
        self.created + self.revived + self.updated + self.unchanged
    }

    fn count(&mut self, done: Done) {
        match done {
            Done::Created => self.created += 1,
            Done::Revived => self.revived += 1,
            Done::Unchanged => self.unchanged += 1,
            _ => self.updated += 1,
        }
    }
}

/// Reads one line.
///
/// ```
/// let file = filedex::import::parse_line(
///     r#"{"uri":"oss://b/1.png","caption":"A red car","tags_ai":["car"],"width":800}"#,
/// )?;
/// assert_eq!(file.comment.as_deref(), Some("A red car"));
/// assert_eq!(file.attributes.unwrap()["width"], 800);
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// A sentence that says what is wrong and where in the line.
pub fn parse_line(line: &str) -> Result<NewFile, String> {
    parse_embedded_line(line).map(|(file, _)| file)
}

/// Reads one line with its vectors.
///
/// ```
/// let line = r#"{"uri":"oss://b/1.png","embedding":[0.6,0.8],"embeddings":{"shapes":[1,2,3]}}"#;
/// let (_, vectors) = filedex::import::parse_embedded_line(line)?;
/// assert_eq!((vectors[0].space.as_deref(), &vectors[0].values[..]), (None, &[0.6, 0.8][..]));
/// assert_eq!(vectors[1].space.as_deref(), Some("shapes"));
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// As [`parse_line`].
pub fn parse_embedded_line(line: &str) -> Result<(NewFile, Vec<NewVector>), String> {
    let json: Value = serde_json::from_str(line).map_err(|e| format!("is not JSON: {e}"))?;
    let Value::Object(fields) = json else {
        return Err("is not a JSON object; give {\"uri\":\"…\", …}".to_owned());
    };
    parse_fields(fields)
}

fn parse_fields(mut fields: Map<String, Value>) -> Result<(NewFile, Vec<NewVector>), String> {
    fields.retain(|_, value| !value.is_null());
    if !fields.contains_key("uri") {
        return Err("has no \"uri\", which every file needs".to_owned());
    }
    if let Some(caption) = fields.remove("caption") {
        fields.entry("comment").or_insert(caption);
    }
    if let Some(tags) = fields.get_mut("tags_ai").filter(|tags| tags.is_array()) {
        *tags = Value::Object(Map::from_iter([(IMPORT_JOB.to_owned(), tags.take())]));
    }
    let vectors = take_vectors(&mut fields)?;
    move_unknown(&mut fields)?;
    let file = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
    Ok((file, vectors))
}

fn take_vectors(fields: &mut Map<String, Value>) -> Result<Vec<NewVector>, String> {
    let mut vectors = Vec::new();
    if let Some(value) = fields.remove("embedding") {
        vectors.push(NewVector::of(numbers("embedding", value)?));
    }
    match fields.remove("embeddings") {
        None => {}
        Some(Value::Object(by_space)) => {
            for (space, value) in by_space {
                let values = numbers(&format!("embeddings.{space}"), value)?;
                vectors.push(NewVector::of(values).in_space(space));
            }
        }
        Some(_) => return Err("embeddings is not an object of arrays by space".to_owned()),
    }
    Ok(vectors)
}

fn numbers(name: &str, value: Value) -> Result<Vec<f32>, String> {
    serde_json::from_value(value).map_err(|_| format!("{name} is not an array of numbers"))
}

/// Moves fields that no record has into the attributes. A field that the attributes have already
/// is theirs.
fn move_unknown(fields: &mut Map<String, Value>) -> Result<(), String> {
    let names: Vec<String> =
        fields.keys().filter(|name| !KNOWN.contains(&name.as_str())).cloned().collect();
    if names.is_empty() {
        return Ok(());
    }
    let attributes = fields.entry("attributes").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(attributes) = attributes else {
        return Err("attributes is not a JSON object".to_owned());
    };
    let mut attributes = std::mem::take(attributes);
    for name in names {
        if let Some(value) = fields.remove(&name) {
            attributes.entry(name).or_insert(value);
        }
    }
    fields.insert("attributes".to_owned(), Value::Object(attributes));
    Ok(())
}

/// The fields of [`NewFile`]; a test holds this list against the type.
const KNOWN: [&str; 29] = [
    "uri",
    "file_name",
    "file_dir",
    "file_type",
    "content_type",
    "data_size",
    "file_fingerprint",
    "file_create_time",
    "file_update_time",
    "comment",
    "attributes",
    "tags_user",
    "tags_ai",
    "tags_user_delete_ai",
    "description",
    "labels",
    "hidden",
    "starred",
    "local_created_at",
    "local_modified_at",
    "semantic_index_job_id",
    "semantic_index_update_time",
    "crc64_hash",
    "content_hash",
    "content_hash_name",
    "upload_id",
    "user_tags",
    "image_media",
    "video_media",
];

/// A line's number, and its file with its vectors.
type Parsed = (u64, Result<(NewFile, Vec<NewVector>), LineError>);

/// Vectors that belong to the lines of an import, in order: row i to line i, blank lines not
/// counted.
pub trait VectorRows: Send {
    /// The next vector; none at the end.
    ///
    /// # Errors
    /// When it cannot be read.
    fn next_row(&mut self) -> std::io::Result<Option<Vec<f32>>>;
}

impl Database {
    /// Imports JSON lines into a version, a batch at a time. Bad lines are given to `on_error` and
    /// do not stop the others. An import that was cut short is resumed by running it again: a line
    /// whose record is already as given changes nothing.
    ///
    /// One thread reads and parses while another commits.
    ///
    /// # Errors
    /// When the input cannot be read or the file cannot be written; batches committed before stay.
    pub fn import_lines(
        &self,
        version: &VersionRef,
        input: impl BufRead + Send,
        options: &ImportOptions<'_>,
        on_progress: impl FnMut(Progress),
        on_error: impl FnMut(LineError),
    ) -> Result<ImportReport> {
        self.import_lines_with(version, input, None, options, on_progress, on_error)
    }

    /// As [`Database::import_lines`], with vectors beside the lines: row i belongs to line i. A zero
    /// row means no vector. What an `embedding` in a line says of the same space is overruled.
    ///
    /// # Errors
    /// As [`Database::import_lines`]; also when the rows end before the lines.
    pub fn import_lines_with(
        &self,
        version: &VersionRef,
        input: impl BufRead + Send,
        vectors: Option<&mut dyn VectorRows>,
        options: &ImportOptions<'_>,
        on_progress: impl FnMut(Progress),
        on_error: impl FnMut(LineError),
    ) -> Result<ImportReport> {
        let mut lines = Lines { input, vectors, number: 0, bytes: 0 };
        let next = move |items| lines.parse_batch(items);
        self.import_batches(version, next, options, on_progress, on_error)
    }

    /// Imports what `next` gives, asked for so many items at a time, until it gives none; it also
    /// answers how many bytes were read so far.
    fn import_batches(
        &self,
        version: &VersionRef,
        mut next: impl FnMut(usize) -> Result<(Vec<Parsed>, u64)> + Send,
        options: &ImportOptions<'_>,
        mut on_progress: impl FnMut(Progress),
        mut on_error: impl FnMut(LineError),
    ) -> Result<ImportReport> {
        let started = Instant::now();
        let mut report = ImportReport::default();
        let batch_items = options.batch_items.clamp(1, limits::BATCH_ITEMS);
        let stopped = || options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel(1);
            scope.spawn(move || {
                loop {
                    let batch = next(batch_items);
                    let end = !matches!(&batch, Ok((items, _)) if !items.is_empty());
                    if send.send(batch).is_err() || end {
                        return;
                    }
                }
            });
            let mut progress = Progress::default();
            while let Ok(batch) = receive.recv() {
                let (items, bytes) = batch?;
                if items.is_empty() {
                    break;
                }
                if stopped() {
                    report.stopped = true;
                    break;
                }
                progress.lines += items.len() as u64;
                progress.bytes = bytes;
                self.import_batch(version, items, options, &mut report, &mut on_error)?;
                on_progress(progress);
            }
            // Dropping the receiver ends the reading thread.
            drop(receive);
            report.elapsed = started.elapsed();
            Ok(report)
        })
    }

    fn import_batch(
        &self,
        version: &VersionRef,
        items: Vec<Parsed>,
        options: &ImportOptions<'_>,
        report: &mut ImportReport,
        on_error: &mut impl FnMut(LineError),
    ) -> Result<()> {
        let mut batch = self.batch(version);
        let mut numbers = Vec::with_capacity(items.len());
        for (number, item) in items {
            match item {
                Ok((file, mut vectors)) => {
                    numbers.push(number);
                    for vector in vectors.iter_mut().filter(|vector| vector.space.is_none()) {
                        vector.space = options.space.map(str::to_owned);
                    }
                    batch.import_embedded(file, options.mode, vectors);
                }
                Err(error) => {
                    report.failed += 1;
                    on_error(error);
                }
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        let done = batch.commit()?;
        report.batches += 1;
        for (outcome, line) in done.outcomes.into_iter().zip(numbers) {
            match outcome.result {
                Ok(done) => report.count(done),
                Err(error) => {
                    report.failed += 1;
                    on_error(refused(line, &error, outcome.uri));
                }
            }
        }
        Ok(())
    }
}

fn refused(line: u64, error: &ItemError, uri: Option<String>) -> LineError {
    let text = Map::from_iter([("uri".to_owned(), Value::from(uri))]);
    LineError { line, reason: error.to_string(), text: Value::Object(text).to_string() }
}

/// Lines of an input, parsed many at a time.
struct Lines<'a, R> {
    input: R,
    vectors: Option<&'a mut dyn VectorRows>,
    number: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<'_, R> {
    /// The next lines, parsed in parallel, and the number of bytes read so far; no lines at the end.
    fn parse_batch(&mut self, items: usize) -> Result<(Vec<Parsed>, u64)> {
        let mut raw: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut size = 0;
        while raw.len() < items && size < BATCH_BYTES {
            let mut line = Vec::new();
            let read = read_line(&mut self.input, &mut line)?;
            if read == 0 {
                break;
            }
            self.number += 1;
            self.bytes += read;
            size += line.len();
            if !line.iter().all(u8::is_ascii_whitespace) {
                raw.push((self.number, line));
            }
        }
        let parsed = raw.into_par_iter().map(|(number, line)| (number, parse(number, &line)));
        let mut parsed: Vec<Parsed> = parsed.collect();
        if let Some(vectors) = &mut self.vectors {
            join_rows(&mut parsed, *vectors)?;
        }
        Ok((parsed, self.bytes))
    }
}

/// Gives each item the vector of its row.
fn join_rows(parsed: &mut [Parsed], vectors: &mut dyn VectorRows) -> Result<()> {
    for (number, item) in parsed {
        let row = vectors.next_row()?.ok_or_else(|| {
            let what = format!("the embeddings end before line {number}");
            Error::new(ErrorKind::BadInput, what)
        })?;
        if let (Ok((_, all)), true) = (item, row.iter().any(|x| *x != 0.0)) {
            all.retain(|vector| vector.space.is_some());
            all.push(NewVector::of(row));
        }
    }
    Ok(())
}

/// Reads one line of at most [`LINE_BYTES`]; of a longer one, the rest is skipped and one byte more
/// than the limit is kept, so that it is seen to be too long.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    let mut read = 0;
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if buffer.is_empty() {
            return Ok(read);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        let room = (LINE_BYTES + 1).saturating_sub(line.len());
        line.extend_from_slice(&buffer[..end.unwrap_or(used).min(room)]);
        input.consume(used);
        read += used as u64;
        if end.is_some() {
            return Ok(read);
        }
    }
}

fn parse(number: u64, line: &[u8]) -> Result<(NewFile, Vec<NewVector>), LineError> {
    let result = if line.len() > LINE_BYTES {
        Err(format!("is longer than {LINE_BYTES} bytes"))
    } else {
        std::str::from_utf8(line)
            .map_err(|error| format!("is not UTF-8 from byte {}", error.valid_up_to() + 1))
            .and_then(|text| parse_embedded_line(text.trim_start_matches('\u{feff}')))
    };
    result.map_err(|reason| LineError {
        line: number,
        reason,
        text: String::from_utf8_lossy(&line[..line.len().min(4_096)]).into_owned(),
    })
}
