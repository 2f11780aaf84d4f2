//! The naive oracle: plain lists, string comparison, and a scan for every question.

mod answer;
mod engine;
mod matcher;
mod spaces;
mod words;
mod world;

pub use engine::{ImportMode, Operation, Oracle};
pub use matcher::matches;
pub use spaces::{EMBEDDING, Near, PlainSpace};
pub use world::{PlainDataset, PlainVersion, Refusal, Seat, Told, World};
