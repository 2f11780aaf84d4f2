//! The inner loops over quantised vectors, for the instructions of the machine at hand.
//!
//! Two forms of a vector are read here, both made by `filedex-index`:
//!
//! - *codes*: a byte for each dimension, 128 + round(x / scale), in rows of [`padded`] bytes.
//!   [`CodeQuery`] gives exact integer inner products with them.
//! - *signs*: a bit for each dimension, 32 rows interleaved into a block ([`interleave`]).
//!   [`SignQuery`] gives estimates of inner products with real numbers, by table look-up in
//!   registers (the "fast scan" of André, Kermarrec and Le Scouarnec, VLDB 2015, with tables of
//!   four dimensions as in RaBitQ, Gao and Long, SIGMOD 2024).
//!
//! Every [`Level`] gives bit-identical results: codes are summed in integers, signs in integers
//! with one fused-free float step at the end. So a database answers alike on every machine.
//!
//! This is the only crate of Filedex with `unsafe` code: loads of vector registers, and calls of
//! functions compiled for instructions that [`Level::detect`] found.

mod codes;
mod level;
mod signs;

pub use codes::{CodeQuery, dot_rows, padded};
pub use level::Level;
pub use signs::{BLOCK_ROWS, SignQuery, block_bytes, interleave};
