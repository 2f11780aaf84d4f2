//! Every limit Filedex enforces, in one place.
//!
//! Each is tested at its edge and one past it. Sizes are bytes of UTF-8 unless the name says
//! characters.

/// Longest file name, in bytes (PDS UpdateFile).
pub const NAME_BYTES: usize = 1_024;
/// Longest description, in characters (PDS UpdateFile).
pub const DESCRIPTION_CHARS: usize = 1_024;
/// Most labels on one file (PDS UpdateFile).
pub const LABELS: usize = 100;
/// Longest label, in characters (PDS UpdateFile).
pub const LABEL_CHARS: usize = 128;
/// Longest URI, in bytes.
pub const URI_BYTES: usize = 8_192;
/// Longest folder path, in bytes.
pub const DIR_BYTES: usize = 8_192;
/// Longest comment (caption), in bytes.
pub const COMMENT_BYTES: usize = 64 * 1_024;
/// Most tags in one group of one file.
pub const TAGS: usize = 10_000;
/// Longest tag, in bytes.
pub const TAG_BYTES: usize = 1_024;
/// Longest value of a short keyword field (type, content type, fingerprint, job id), in bytes.
pub const KEYWORD_BYTES: usize = 1_024;
/// Largest attribute object of one file, in bytes of compact JSON.
pub const ATTRIBUTES_BYTES: usize = 1_024 * 1_024;
/// Deepest nesting inside an attribute object.
pub const ATTRIBUTES_DEPTH: usize = 32;
/// Largest media metadata object (image or video) of one file, in bytes of compact JSON.
pub const MEDIA_BYTES: usize = 1_024 * 1_024;
/// Largest file size a record can name, in bytes: the largest signed 64-bit number, as in PAI.
pub const DATA_SIZE: u64 = i64::MAX as u64;
/// Most operations in one batch.
pub const BATCH_ITEMS: usize = 100_000;
/// Longest query expression, in bytes.
pub const QUERY_BYTES: usize = 64 * 1_024;
/// Deepest nesting of a query: parentheses and NOTs together.
pub const QUERY_DEPTH: usize = 128;
/// Largest edit distance of a fuzzy match.
pub const FUZZY_DISTANCE: u8 = 2;
/// Largest page the library serves.
pub const PAGE_ITEMS: u32 = 10_000;
/// Page size where none is asked for (PAI's default of MaxResults).
pub const PAGE_DEFAULT: u32 = 10;
/// Largest page the query language can ask for with MaxResults (PAI's bound).
pub const MAX_RESULTS: u32 = 100;
/// Largest TopK (PAI, since August 2025).
pub const TOP_K: u32 = 5_000;
/// Longest dataset name or version name, in bytes.
pub const DATASET_NAME_BYTES: usize = 256;
/// Longest name of a note, in bytes.
pub const NOTE_NAME_BYTES: usize = 256;
/// Largest note, in bytes.
pub const NOTE_BYTES: usize = 1_024 * 1_024;
/// Longest exact term kept verbatim in an index, in bytes; a longer value is indexed by a prefix
/// and its hash, so that equality stays exact.
pub const EXACT_TERM_BYTES: usize = 1_024;
/// Longest name of an embedding space, in bytes.
pub const SPACE_NAME_BYTES: usize = 128;
/// Most embedding spaces of one dataset version.
pub const SPACES: usize = 64;
/// Fewest dimensions of an embedding space.
pub const DIMENSION_MIN: u32 = 2;
/// Most dimensions of an embedding space.
pub const DIMENSION_MAX: u32 = 4_096;
/// Largest absolute value of a vector's number: sums of 4,096 squares stay far inside an `f32`.
pub const COMPONENT_MAX: f32 = 1e15;
/// Where the numbers of 16 bits end: what is below, in absolute value, rounds to one of them.
pub const HALF_END: f32 = 65_520.0;
