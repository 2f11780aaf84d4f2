//! Requests of all three services: the first byte chooses the operation, what follows up to a line's
//! end is put behind its path, the rest is the body.

#![no_main]

#[path = "../../crates/server/tests/server/fuzzed.rs"]
#[expect(dead_code, reason = "each target uses a part of it")]
mod fuzzed;

use fuzzed::Fuzzed;

thread_local! {
    static SERVER: Fuzzed = Fuzzed::new();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    SERVER.with(|server| server.request(bytes));
});
