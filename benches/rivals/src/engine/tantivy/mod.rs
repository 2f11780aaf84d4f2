//! tantivy on disk, used directly: a memory-mapped directory, two indexing threads, a commit for
//! every batch, its own merge policy.
//!
//! Indexed are id, URI, name, folder, types and tags as whole values; name, folder, comment and
//! description as words with positions; attributes as whole values and as words, by path; name,
//! folder, tags, comment and description in one ranking field without positions; dates and size as
//! columns. The record itself is stored as JSON, the only field its document store holds.

mod fields;
mod read;
mod write;

use std::path::Path;

use filedex::Timestamp;
use tantivy::schema::Schema;
use tantivy::{DateTime, Index, IndexReader, ReloadPolicy};

use crate::Outcome;
use fields::Fields;

/// An open tantivy index.
pub struct Tantivy {
    index: Index,
    fields: Fields,
    reader: IndexReader,
}

impl Tantivy {
    /// Makes an index in an empty folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(folder: &Path) -> Outcome<Self> {
        std::fs::create_dir(folder)?;
        let mut schema = Schema::builder();
        fields::add_fields(&mut schema);
        Self::of(Index::create_in_dir(folder, schema.build())?)
    }

    /// Opens an index.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(folder: &Path) -> Outcome<Self> {
        Self::of(Index::open_in_dir(folder)?)
    }

    fn of(mut index: Index) -> Outcome<Self> {
        index.set_tokenizers(fields::tokenizers());
        let fields = fields::add_fields(&mut Schema::builder());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, fields, reader })
    }

    /// How many segments there are.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.reader.searcher().segment_readers().len()
    }
}

fn date(time: Timestamp) -> DateTime {
    DateTime::from_timestamp_millis(time.millis())
}
