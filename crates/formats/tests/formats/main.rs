//! Formats, read and written as a whole.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

mod damage;
mod round_trip;
