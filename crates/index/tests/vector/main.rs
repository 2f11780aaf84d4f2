//! Vector segments against a plain scan: exact searches equal it, the others are measured by it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod blobs;
mod damage;
mod differences;
mod exact;
mod filters;
mod graphs;
mod itself;
mod large;
mod looks;
mod merging;
mod real;
mod recall;
mod scan;
mod store;
mod threads;
