//! Records into the bytes of a new segment.

use std::fmt;

use filedex_model::{FileRecord, Row};
use tantivy::store::Compressor;
use tantivy::{Index, IndexSettings, SingleSegmentIndexWriter};

use super::bm25::quantised_length;
use super::made::MadeFiles;
use super::{bundle, document, schema};
use crate::error::IndexError;
use crate::spill::{Bytes, Spill};

/// Makes one segment of records.
///
/// The documents of the segment are numbered in the order of [`SegmentBuilder::add`]. Memory grows
/// with the records: a segment is held whole until it is finished.
///
/// ```
/// use filedex_index::SegmentBuilder;
/// use filedex_model::{FileRecord, Timestamp};
/// let mut builder = SegmentBuilder::new()?;
/// builder.add(7, &FileRecord::new("d-1", "oss://bucket/cars/1.png", Timestamp::now()))?;
/// assert_eq!(builder.finish()?.docs, 1);
/// # Ok::<(), filedex_index::IndexError>(())
/// ```
pub struct SegmentBuilder {
    writer: SingleSegmentIndexWriter,
    directory: MadeFiles,
    docs: u32,
    text_length: u64,
}

/// A segment's bytes, and what its owner keeps beside them.
#[derive(Debug, PartialEq)]
pub struct BuiltSegment {
    /// The bundle to store as a blob.
    pub bytes: Bytes,
    /// The documents in it.
    pub docs: u32,
    /// The sum of the documents' [quantised](crate::quantised_length) text lengths.
    pub text_length: u64,
}

/// What the engine sizes its first tables for; they grow by themselves.
const FIRST_TABLE_BYTES: usize = 100_000;

/// Nothing is stored, nothing is compressed, no thread is started.
pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::None,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

impl SegmentBuilder {
    /// An empty segment.
    ///
    /// # Errors
    /// If the engine refuses.
    pub fn new() -> Result<Self, IndexError> {
        let directory = MadeFiles::new(&Spill::in_memory());
        let writer = Index::builder()
            .schema(schema::schema().clone())
            .settings(settings())
            .tokenizers(schema::tokenizers())
            .single_segment_index_writer(directory.clone(), FIRST_TABLE_BYTES)?;
        Ok(Self { writer, directory, docs: 0, text_length: 0 })
    }

    /// Adds a record as the next document.
    ///
    /// # Errors
    /// If the engine refuses.
    pub fn add(&mut self, row: Row, record: &FileRecord) -> Result<(), IndexError> {
        let indexed = document::of_record(row, record);
        self.writer.add_document(indexed.document)?;
        self.docs += 1;
        self.text_length += u64::from(quantised_length(indexed.words));
        Ok(())
    }

    /// The documents added so far.
    #[must_use]
    pub fn docs(&self) -> u32 {
        self.docs
    }

    /// The memory the segment takes until it is finished, in bytes, roughly.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.writer.mem_usage()
    }

    /// The segment.
    ///
    /// # Errors
    /// If the engine refuses.
    pub fn finish(self) -> Result<BuiltSegment, IndexError> {
        let Self { writer, directory, docs, text_length } = self;
        let index = writer.finalize()?;
        let bytes = bundle::pack(&index, &directory, docs, text_length)?;
        Ok(BuiltSegment { bytes, docs, text_length })
    }
}

impl fmt::Debug for SegmentBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentBuilder").field("docs", &self.docs).finish_non_exhaustive()
    }
}
