//! PDS's search language, read and answered by a server.

#![no_main]

#[path = "../../crates/server/tests/server/fuzzed.rs"]
#[expect(dead_code, reason = "each target uses a part of it")]
mod fuzzed;

use fuzzed::Fuzzed;

thread_local! {
    static SERVER: Fuzzed = Fuzzed::new();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    SERVER.with(|server| server.pds_query(bytes));
});
