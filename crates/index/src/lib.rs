//! Filedex: immutable text segments (tantivy) over blobs, and the searches over them.
//!
//! A *segment* is a one-segment tantivy index packed into one byte string, which its owner stores as
//! a blob under a number that is never given twice. Which segments a version has, which of their
//! documents are dead and which generation is current is the owner's business: this crate turns
//! records into segments ([`SegmentBuilder`]), segments into fewer ([`merge`]), and segments with
//! their dead documents into answers ([`TextIndex`]). It starts no thread and writes no file.
//!
//! tantivy keeps the terms, the postings and the columns. Sets of documents, orders and scores are
//! computed here, because totals are exact, pages resume after any hit, and a merge must change
//! nothing: none of the three is what a search engine usually promises. No tantivy type is in a
//! public signature.
//!
//! Vectors have segments of their own, so that a changed tag moves no vector: [`VectorIndex`] finds
//! the nearest of them among all rows or any set of rows.
//!
//! ```
//! use std::sync::Arc;
//! use filedex_index::{
//!     BlobSource, ByteCache, Condition, DeadDocs, Ordering, Search, SegmentBuilder, SegmentView,
//!     TextIndex, TextSegment,
//! };
//! use filedex_model::{
//!     FileId, FileRecord, Order, Predicate, Property, SortBy, StatusFilter, Test, Timestamp,
//! };
//!
//! #[derive(Debug)]
//! struct OneBlob(Vec<u8>);
//! impl BlobSource for OneBlob {
//!     fn chunk_bytes(&self) -> usize { self.0.len() }
//!     fn len(&self, _: u64) -> std::io::Result<u64> { Ok(self.0.len() as u64) }
//!     fn read_chunk(&self, _: u64, _: u32) -> std::io::Result<Vec<u8>> { Ok(self.0.clone()) }
//! }
//!
//! let mut builder = SegmentBuilder::new()?;
//! for (row, uri) in ["oss://b/beachSunset.jpg", "oss://b/city.jpg"].into_iter().enumerate() {
//!     builder.add(row as u32, &FileRecord::new("d-1", uri, Timestamp::now()))?;
//! }
//! let built = builder.finish()?;
//! let cache = Arc::new(ByteCache::new(1 << 20));
//! let segment = Arc::new(TextSegment::open(Arc::new(OneBlob(built.bytes.to_vec()?)), 1, cache)?);
//! let view = SegmentView { segment, dead: Arc::new(DeadDocs::default()) };
//! let index = TextIndex::new(vec![view], built.text_length);
//!
//! let sunsets = Predicate::new(Property::FileName, Test::Phrase("sunset".into()));
//! let found = index.search(&Search {
//!     condition: &Condition::Test(sunsets),
//!     status: StatusFilter::Active,
//!     order: Ordering::Field { by: &SortBy::FileName, order: Order::Asc },
//!     limit: 10,
//!     after: None,
//!     id_of: &|_| Ok(FileId::from_bytes([0; 32])),
//! })?;
//! assert_eq!((found.total, found.hits[0].row), (1, 0));
//! # Ok::<(), filedex_index::IndexError>(())
//! ```

mod blob;
mod error;
mod spill;
mod text;
mod vector;

pub use blob::{BlobSource, ByteCache};
pub use error::IndexError;
pub use spill::{Bytes, Spill};
pub use text::{
    BuiltSegment, Condition, DeadDocs, Estimate, Facet, Found, Hit, Ordering, Position, RankText,
    Search, SegmentBuilder, SegmentView, SortKey, TextIndex, TextSegment, bm25, differences, merge,
    quantised_length, ranking_words,
};
pub use vector::{
    BuiltGraph, BuiltVectors, Nearest, Neighbour, Neighbours, SearchPath, VectorIndex,
    VectorSegment, VectorSegmentBuilder, VectorShape, VectorView, build_graph, merge_vectors,
    vector_differences,
};
