//! The naive oracle: plain lists, string comparison, and a scan for every question.

mod answer;
mod catalog;
mod embedding;
mod engine;
mod items;
mod matcher;
mod near;
mod ranking;
mod spaces;
mod words;
mod world;

pub use embedding::{DIMENSION, EmbeddedFiles, JOB, MODEL, embed};
pub use engine::{ImportMode, Operation, Oracle};
pub use matcher::matches;
pub use near::Near;
pub use ranking::ranking_texts;
pub use spaces::{EMBEDDING, PlainSpace};
pub use world::{PlainDataset, PlainVersion, Refusal, Seat, Told, World};
