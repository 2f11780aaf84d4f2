//! The server's integration tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod auth;
mod drives;
mod files;
mod listing;
mod requests;
mod running;
