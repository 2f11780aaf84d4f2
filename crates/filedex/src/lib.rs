//! The embedded, single-file search engine for file metadata.
