//! The query language: what is read can be written and read again.

#![no_main]

#[path = "../../crates/server/tests/server/fuzzed.rs"]
#[expect(dead_code, reason = "each target uses a part of it")]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::query(bytes));
