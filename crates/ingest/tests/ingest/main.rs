//! Folders and pictures as they come.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

mod pictures;
mod walking;
