//! An open segment: readers of its fields, opened on first use and kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tantivy::columnar::Column;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::TermInfo;
use tantivy::{InvertedIndexReader, Segment, SegmentReader};

use super::attribute_order::AttributeOrder;
use super::bundle::{self, HEADER_BYTES, Header};
use super::dictionary::Dictionary;
use super::name_order::NameOrder;
use super::schema::{Column as ColumnOf, Home, TextField};
use super::{directory, term};
use crate::blob::{Blob, BlobSource, ByteCache};
use crate::error::IndexError;

/// An immutable segment, open for reading.
///
/// Opening reads a header and a few footers. What a search needs of a field is read with the first
/// search that needs it and kept for the segment's life: share one `TextSegment` among snapshots.
pub struct TextSegment {
    blob: u64,
    header: Header,
    segment: Segment,
    reader: SegmentReader,
    terms: [OnceLock<Arc<InvertedIndexReader>>; Home::EVERY.len()],
    columns: [OnceLock<Column<i64>>; ColumnOf::COUNT],
    keys: [OnceLock<Column<u64>>; 2],
    lengths: OnceLock<FieldNormReader>,
    dictionaries: [OnceLock<Dictionary>; TextField::COUNT],
    names: OnceLock<NameOrder>,
    attributes: Mutex<BTreeMap<String, Arc<AttributeOrder>>>,
}

impl TextSegment {
    /// Opens the segment that is stored as `blob`.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if the blob is not a whole segment; [`IndexError::Io`] if it cannot
    /// be read.
    pub fn open(
        source: Arc<dyn BlobSource>,
        blob: u64,
        cache: Arc<ByteCache>,
    ) -> Result<Self, IndexError> {
        let damaged = |what: String| IndexError::Damaged { blob, what };
        let length = source.len(blob)?;
        let bytes = Blob { source, cache, number: blob };
        let head = bytes.read(0..length.min(HEADER_BYTES as u64))?;
        let header = bundle::parse(&head, length).map_err(damaged)?;
        let segment = directory::open(bytes, &header)?;
        let reader =
            SegmentReader::open(&segment).map_err(|error| match IndexError::from(error) {
                IndexError::Engine { what } => damaged(what),
                other => other,
            })?;
        Ok(Self {
            blob,
            header,
            segment,
            reader,
            terms: std::array::from_fn(|_| OnceLock::new()),
            columns: std::array::from_fn(|_| OnceLock::new()),
            keys: std::array::from_fn(|_| OnceLock::new()),
            lengths: OnceLock::new(),
            dictionaries: std::array::from_fn(|_| OnceLock::new()),
            names: OnceLock::new(),
            attributes: Mutex::default(),
        })
    }

    /// The number of the blob the segment is stored as.
    #[must_use]
    pub fn blob(&self) -> u64 {
        self.blob
    }

    /// The documents in it, dead ones included.
    #[must_use]
    pub fn docs(&self) -> u32 {
        self.header.docs
    }

    /// The sum of its documents' quantised text lengths, dead ones included.
    #[must_use]
    pub fn text_length(&self) -> u64 {
        self.header.text_length
    }

    pub(crate) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// The terms and postings of a field, and of all others that live there.
    pub(crate) fn terms(&self, home: Home) -> Result<&Arc<InvertedIndexReader>, IndexError> {
        once(&self.terms[home as usize], || Ok(self.reader.inverted_index(home.field())?))
    }

    /// Where the postings of a term are.
    pub(crate) fn term(
        &self,
        field: TextField,
        term: &[u8],
    ) -> Result<Option<TermInfo>, IndexError> {
        Ok(self.terms(field.home())?.terms().get(field.term(term))?)
    }

    /// A column of signed numbers; empty where no document has the value.
    pub(crate) fn column(&self, column: ColumnOf) -> Result<&Column<i64>, IndexError> {
        once(&self.columns[column.ordinal()], || {
            let found = self.reader.fast_fields().column_opt::<i64>(column.name())?;
            Ok(found.unwrap_or_else(|| Column::build_empty_column(self.docs())))
        })
    }

    /// The row of each document.
    pub(crate) fn rows(&self) -> Result<&Column<u64>, IndexError> {
        once(&self.keys[0], || self.key_column(ColumnOf::Row))
    }

    /// The first eight bytes of each document's file id.
    pub(crate) fn id_prefixes(&self) -> Result<&Column<u64>, IndexError> {
        once(&self.keys[1], || self.key_column(ColumnOf::IdPrefix))
    }

    fn key_column(&self, column: ColumnOf) -> Result<Column<u64>, IndexError> {
        let found = self.reader.fast_fields().column_opt::<u64>(column.name())?;
        Ok(found.unwrap_or_else(|| Column::build_empty_column(self.docs())))
    }

    /// The quantised length of each document's text.
    pub(crate) fn lengths(&self) -> Result<&FieldNormReader, IndexError> {
        once(&self.lengths, || Ok(self.reader.get_fieldnorms_reader(Home::Ranking.field())?))
    }

    /// The distinct values of a field, laid out for scans.
    pub(crate) fn dictionary(&self, field: TextField) -> Result<&Dictionary, IndexError> {
        once(&self.dictionaries[field.ordinal()], || {
            Dictionary::read(self.terms(field.home())?, field)
        })
    }

    /// The order of the documents' names.
    pub(crate) fn names(&self) -> Result<&NameOrder, IndexError> {
        once(&self.names, || NameOrder::read(self))
    }

    /// The order of an attribute's values.
    pub(crate) fn attribute(&self, path_key: &str) -> Result<Arc<AttributeOrder>, IndexError> {
        let known = self.attributes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = known.get(path_key) {
            return Ok(Arc::clone(order));
        }
        drop(known);
        let key = term::attribute_key(path_key);
        let order = AttributeOrder::read(self.terms(Home::Values)?, &key, self.docs())?;
        let mut known = self.attributes.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(path_key.to_owned()).or_insert_with(|| Arc::new(order))))
    }
}

impl fmt::Debug for TextSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextSegment")
            .field("blob", &self.blob)
            .field("docs", &self.docs())
            .finish_non_exhaustive()
    }
}

/// The value of `cell`, made on first use; a failure is not remembered.
fn once<T>(
    cell: &OnceLock<T>,
    make: impl FnOnce() -> Result<T, IndexError>,
) -> Result<&T, IndexError> {
    match cell.get() {
        Some(value) => Ok(value),
        None => {
            let value = make()?;
            Ok(cell.get_or_init(|| value))
        }
    }
}
