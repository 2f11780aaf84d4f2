//! The naive oracle: a `Vec` of records, string comparison, and a scan for every question.

mod answer;
mod engine;
mod matcher;
mod words;

pub use engine::{ImportMode, Operation, Oracle};
pub use matcher::matches;
