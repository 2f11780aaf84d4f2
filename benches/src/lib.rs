//! What Filedex's benches share: where the records come from, and a database that holds them.
//!
//! - [`Corpus`] finds the records and reads them.
//! - [`Bench`] is a database that was built from them once, in a folder of its own.
//!
//! The benches of Filedex alone are in this package; those against SQLite and tantivy are in
//! `benches/rivals`, a package outside the workspace, and read the same corpus.

mod corpus;
mod database;

pub use corpus::{Corpus, Lines};
pub use database::Bench;
