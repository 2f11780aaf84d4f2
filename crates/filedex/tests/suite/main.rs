//! The library from outside: one binary, one module for each subject.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backup;
mod bad_input;
mod concurrency;
mod crash;
mod damage;
mod expiry;
mod fixtures;
mod fuzzed;
mod fuzzing;
mod golden;
mod meaning;
mod oracle;
mod paging;
mod records;
