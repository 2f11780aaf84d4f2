//! Proof that the parts of a file agree.

use std::io;
use std::sync::Arc;

use filedex_index::{
    BlobSource, BuiltSegment, ByteCache, Bytes, DeadDocs, SegmentView, Spill, TextIndex,
    TextSegment, VectorSegmentBuilder, VectorShape, differences, vector_differences,
};
use filedex_model::{FileRecord, Row};
use filedex_store::{Remedy, SpaceInfo, VectorSegmentEntry, VersionInfo};

use crate::commit::{build, put_segment};
use crate::database::{Database, Shared};
use crate::error::Result;
use crate::snapshot::Snapshot;
use crate::vectors::put_vectors;

/// Records whose index is rebuilt at once for the comparison.
const REBUILD_RECORDS: usize = 10_000;
/// Differences of one version that are reported in full.
const SHOWN_DIFFERENCES: usize = 20;

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: `pages`, `records`, `text index of DATASET/VERSION`, or `vectors of DATASET/VERSION in
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
        let versions = snapshot.versions()?;
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
            for space in snapshot.store.spaces(info.key)? {
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
            if pending.len() >= REBUILD_RECORDS || (last && !pending.is_empty()) {
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

    /// Rebuilds what is derived: the text index of every version from its records, and the codes of
    /// every space from its vectors; graphs are dropped, and come back in the background or by
    /// [`Database::optimize`]. Records and vectors are the truth. A vector that cannot be read any
    /// more is lost, and its file one that lacks a vector, which [`Database::embed`] finds.
    ///
    /// # Errors
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), [`ErrorKind::Io`](crate::ErrorKind::Io),
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) when a record cannot be read.
    pub fn rebuild(&self, mut progress: impl FnMut(u64, u64)) -> Result<Rebuilt> {
        let snapshot = self.shared.snapshot()?;
        let infos: Vec<_> = snapshot.versions()?.into_iter().map(|(_, info)| info).collect();
        drop(snapshot);
        let all = infos.iter().map(|info| info.active + info.deleted).sum();
        let mut rebuilt = Rebuilt::default();
        for info in infos {
            let done = rebuilt.records;
            rebuild_version(&self.shared, &info, &mut |records| progress(done + records, all))?;
            for space in self.shared.snapshot()?.store.spaces(info.key)? {
                rebuild_vectors(&self.shared, &info, &space, &mut rebuilt)?;
            }
            rebuilt.records += info.active + info.deleted;
        }
        Ok(rebuilt)
    }
}

/// A finding about what is made from the rest of the file.
fn derived(part: &str, what: String) -> Finding {
    Finding { part: part.to_owned(), what, remedy: Remedy::Rebuild }
}

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Records that were indexed anew.
    pub records: u64,
    /// Vectors that were quantised anew.
    pub vectors: u64,
    /// Files whose vector could not be read any more.
    pub lost_vectors: u64,
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

/// Builds the segments of a space anew from the vectors that can be read.
fn rebuild_vectors(
    shared: &Shared,
    info: &VersionInfo,
    space: &SpaceInfo,
    rebuilt: &mut Rebuilt,
) -> Result<()> {
    let _writing = shared.write_lock();
    let before = shared.snapshot()?;
    let shape = VectorShape::from(&space.space);
    let mut txn = shared.store.write()?;
    let mut entries = Vec::new();
    for entry in before.store.vector_segments(info.key, space.key)? {
        let dead = match before.store.dead(info.key, entry.blob)? {
            Some(bytes) => DeadDocs::from_bytes(&bytes).unwrap_or_default(),
            None => DeadDocs::default(),
        };
        let Ok(segment) = before.vector_segment(&VectorSegmentEntry { graph: None, ..entry })
        else {
            rebuilt.lost_vectors += u64::from(entry.vectors) - dead.len();
            continue;
        };
        let mut builder = VectorSegmentBuilder::with_spill(shape, &shared.spill());
        let mut vector = Vec::new();
        for slot in (0..entry.vectors).filter(|slot| !dead.contains(*slot)) {
            let row = segment.row_at(slot);
            let read = row.and_then(|row| segment.read_vector(slot, &mut vector).map(|()| row));
            let live = |row: Row| -> Result<bool> {
                let record = before.store.record(info.key, row)?;
                Ok(record.is_some_and(|record| record.is_active()))
            };
            match read {
                Ok(row) if live(row)? => match builder.add(row, &vector) {
                    Ok(()) => rebuilt.vectors += 1,
                    Err(_) => rebuilt.lost_vectors += 1,
                },
                Ok(_) => {}
                Err(_) => rebuilt.lost_vectors += 1,
            }
        }
        if let Some(built) = builder.finish() {
            entries.push(put_vectors(&mut txn, &built)?);
        }
    }
    txn.set_vector_segments(info.key, space.key, &entries)?;
    txn.note_change(info.key)?;
    txn.commit()?;
    shared.publish(Some(&before), Some(info.key))?;
    Ok(())
}

fn rebuild_version(
    shared: &Shared,
    info: &VersionInfo,
    progress: &mut impl FnMut(u64),
) -> Result<()> {
    let _writing = shared.write_lock();
    let before = shared.snapshot()?;
    let mut txn = shared.store.write()?;
    let (mut entries, mut length, mut done) = (Vec::new(), 0, 0);
    let mut records = before.store.records(info.key, 0)?.peekable();
    while records.peek().is_some() {
        let chunk = records.by_ref().take(REBUILD_RECORDS).collect::<Result<Vec<_>, _>>()?;
        for built in build(&chunk)? {
            length += built.text_length;
            entries.push(put_segment(&mut txn, &built)?);
        }
        done += chunk.len() as u64;
        progress(done);
    }
    txn.set_segments(info.key, &entries)?;
    txn.set_live_text_length(info.key, length)?;
    txn.commit()?;
    shared.publish(Some(&before), Some(info.key))?;
    Ok(())
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
