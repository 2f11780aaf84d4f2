//! Proof that the parts of a file agree.

use std::io;
use std::path::Path;
use std::sync::Arc;

use filedex_index::{
    BlobSource, BuiltSegment, ByteCache, Bytes, SegmentView, Spill, TextIndex, TextSegment,
    differences, vector_differences,
};
use filedex_model::{FileRecord, Row};
use filedex_store::{Remedy, SpaceInfo, VersionInfo, Wreck};

use crate::commit::build;
use crate::database::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::Snapshot;

/// Records whose index is rebuilt at once for the comparison.
const COMPARED_RECORDS: usize = 10_000;
/// Differences of one version that are reported in full.
const SHOWN_DIFFERENCES: usize = 20;

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: `file` for one that cannot be opened, `pages`, `records`, `text index of DATASET/VERSION`, or `vectors of DATASET/VERSION in
    /// SPACE`.
    pub part: String,
    /// What.
    pub what: String,
    /// What can be done about it.
    pub remedy: Remedy,
}

/// What a check looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// How many records were compared with the index.
    pub records: u64,
    /// How many versions.
    pub versions: u64,
    /// How many vectors were compared with their codes and their records.
    pub vectors: u64,
    /// How many pages of the file are what was written.
    pub pages: u64,
    /// What does not agree; empty for a sound file.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Whether everything agrees.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Database {
    /// Proves that pages, records, unique indexes, blobs, the text index and the vectors agree: every page of the last durable commit is read from the disk and compared with its
    /// checksum, the text index of every version is rebuilt from its records in memory and compared
    /// term by term, every vector is quantised anew and has a live record, and graphs reach every
    /// vector. Takes about as long as importing the records. Readers go on meanwhile; a writer
    /// waits while pages are read.
    ///
    /// `progress` is called with the number of records done and the number of all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when the file cannot be read at all; damage that can
    /// be named is a finding, not an error.
    pub fn check(&self, mut progress: impl FnMut(u64, u64)) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        let pages = self.shared.store.check_pages()?;
        report.pages = pages.pages;
        let snapshot = self.shared.snapshot()?;
        let found = filedex_store::check(&snapshot.store)?;
        for (part, findings) in [("pages", pages.findings), ("records", found)] {
            report.findings.extend(findings.into_iter().map(|finding| Finding {
                part: part.to_owned(),
                what: finding.to_string(),
                remedy: finding.remedy,
            }));
        }
        let versions = match snapshot.versions() {
            // What leads to them is damaged, which stands among the findings or is one.
            Err(error) if is_of_content(&error) => {
                report.findings.push(lost("records", error.to_string()));
                Vec::new()
            }
            versions => versions?,
        };
        let all = versions.iter().map(|(_, info)| info.active + info.deleted).sum();
        for (dataset, info) in versions {
            let part = format!("text index of {dataset}/{}", info.version.name);
            let what = match self.check_text(&snapshot, &info, &mut |done| {
                progress(report.records + done, all);
            }) {
                Ok(differences) => differences,
                Err(error) => vec![error.to_string()],
            };
            report.findings.extend(what.into_iter().map(|what| derived(&part, what)));
            let spaces = match snapshot.store.spaces(info.key).map_err(Error::from) {
                Err(error) if is_of_content(&error) => {
                    report.findings.push(lost("records", error.to_string()));
                    Vec::new()
                }
                spaces => spaces?,
            };
            for space in spaces {
                let part =
                    format!("vectors of {dataset}/{} in {}", info.version.name, space.space.name);
                let what = match check_vectors(&snapshot, &info, &space) {
                    Ok((vectors, what)) => {
                        report.vectors += vectors;
                        what
                    }
                    Err(error) => vec![error.to_string()],
                };
                let findings = what.into_iter().map(|what| derived(&part, what));
                report.findings.extend(findings);
            }
            report.records += info.active + info.deleted;
            report.versions += 1;
        }
        Ok(report)
    }

    fn check_text(
        &self,
        snapshot: &Snapshot,
        info: &VersionInfo,
        progress: &mut impl FnMut(u64),
    ) -> Result<Vec<String>> {
        let text = snapshot.text(info.key)?;
        let mut rebuilt = RebuiltSegments::new(self.shared.spill());
        let mut text_length = 0;
        let mut pending: Vec<(Row, FileRecord)> = Vec::new();
        let mut done = 0;
        let mut records = snapshot.store.records(info.key, 0)?;
        loop {
            let next = records.next().transpose()?;
            let last = next.is_none();
            pending.extend(next);
            if pending.len() >= COMPARED_RECORDS || (last && !pending.is_empty()) {
                for built in build(&pending)? {
                    text_length += built.text_length;
                    rebuilt.put(&built)?;
                }
                done += pending.len() as u64;
                pending.clear();
                progress(done);
            }
            if last {
                break;
            }
        }
        let rebuilt = TextIndex::new(rebuilt.open()?, text_length);
        let mut what = differences(&text, &rebuilt, SHOWN_DIFFERENCES)?;
        if text_length != info.live_text_length {
            what.push(format!(
                "the text length is noted as {} and is {text_length}",
                info.live_text_length
            ));
        }
        Ok(what)
    }
}

/// Whether it is about what stands in the file, and not about the file.
fn is_of_content(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Damaged | ErrorKind::NotFound)
}

/// A finding about what nothing else in the file says.
fn lost(part: &str, what: String) -> Finding {
    Finding { part: part.to_owned(), what, remedy: Remedy::Salvage }
}

/// Compares every page of a file with its checksum, and says why it cannot be opened where it cannot:
/// for files that [`Database::open_read_only`] refuses as damaged. [`Database::check`] does more.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a.filedex");
/// # drop(filedex::Database::create(&path)?);
/// let report = filedex::check_pages(&path)?;
/// assert!(report.is_sound() && report.pages > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::Locked`], [`ErrorKind::Io`]; [`ErrorKind::Unsupported`] for a
/// file of another program or a newer format; [`ErrorKind::Damaged`] where nothing of a database can be
/// found in it.
pub fn check_pages(path: impl AsRef<Path>) -> Result<CheckReport> {
    let path = path.as_ref();
    let wreck = Wreck::open(path)?;
    let mut report = CheckReport { pages: wreck.sound_pages(), ..CheckReport::default() };
    report.findings.extend(wreck.findings()?.into_iter().map(|finding| Finding {
        part: "pages".to_owned(),
        what: finding.to_string(),
        remedy: finding.remedy,
    }));
    drop(wreck);
    match Database::open_read_only(path) {
        Err(error) if matches!(error.kind(), ErrorKind::Damaged | ErrorKind::Unsupported) => {
            report.findings.insert(0, lost("file", error.to_string()));
        }
        // One that was not closed cleanly is recovered by the next open for writing.
        Err(error) if error.kind() != ErrorKind::NeedsRecovery => return Err(error),
        _ => {}
    }
    Ok(report)
}

/// A finding about what is made from the rest of the file.
fn derived(part: &str, what: String) -> Finding {
    Finding { part: part.to_owned(), what, remedy: Remedy::Rebuild }
}

/// What is wrong with the vectors of a space, and how many there are.
fn check_vectors(
    snapshot: &Snapshot,
    info: &VersionInfo,
    space: &SpaceInfo,
) -> Result<(u64, Vec<String>)> {
    let index = snapshot.vectors(info.key, space)?;
    let mut what = vector_differences(&index)?;
    let orphans = index.rows()?.into_iter().map(|row| {
        let record = snapshot.store.record(info.key, row)?;
        Ok(record.is_none_or(|record| !record.is_active()).then_some(row))
    });
    for row in orphans.collect::<Result<Vec<_>>>()?.into_iter().flatten() {
        what.push(format!("row {row} has a vector and no live record"));
    }
    what.truncate(SHOWN_DIFFERENCES);
    Ok((index.live(), what))
}

/// Segments that are made anew for a comparison, put away until they are opened.
#[derive(Debug)]
struct RebuiltSegments {
    spill: Spill,
    segments: Vec<Bytes>,
}

/// What one read of a rebuilt segment copies.
const REBUILT_CHUNK_BYTES: usize = 64 << 10;
/// What is kept of rebuilt segments as they are read.
const REBUILT_CACHE_BYTES: usize = 32 << 20;

impl RebuiltSegments {
    fn new(spill: Spill) -> Self {
        Self { spill, segments: Vec::new() }
    }

    fn put(&mut self, built: &BuiltSegment) -> Result<()> {
        self.segments.push(self.spill.put(&built.bytes.to_vec()?)?);
        Ok(())
    }

    fn open(self) -> Result<Vec<SegmentView>> {
        let numbers = 0..self.segments.len() as u64;
        let cache = Arc::new(ByteCache::new(REBUILT_CACHE_BYTES));
        let source: Arc<dyn BlobSource> = Arc::new(self);
        numbers
            .map(|number| {
                let opened = TextSegment::open(Arc::clone(&source), number, Arc::clone(&cache))?;
                Ok(SegmentView { segment: Arc::new(opened), dead: Arc::default() })
            })
            .collect()
    }

    fn segment(&self, number: u64) -> io::Result<&Bytes> {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.segments.get(at)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl BlobSource for RebuiltSegments {
    fn chunk_bytes(&self) -> usize {
        REBUILT_CHUNK_BYTES
    }

    fn len(&self, number: u64) -> io::Result<u64> {
        Ok(self.segment(number)?.len())
    }

    fn read_chunk(&self, number: u64, chunk: u32) -> io::Result<Vec<u8>> {
        let bytes = self.segment(number)?;
        let start = u64::from(chunk) * REBUILT_CHUNK_BYTES as u64;
        let length = bytes.len().saturating_sub(start).min(REBUILT_CHUNK_BYTES as u64);
        // At most a chunk.
        let mut piece = vec![0; length as usize];
        bytes.read_at(start, &mut piece)?;
        Ok(piece)
    }
}
