//! The tests of the testkit itself: one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answer;
mod engine;
mod fixtures;
mod generate;
mod matcher;
