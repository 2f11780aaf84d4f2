//! Cursors: their text, and their bytes under a right checksum.

#![no_main]

#[path = "../../crates/filedex/tests/suite/fuzzed/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
mod fuzzed;

use fuzzed::Asked;

thread_local! {
    static STATE: Asked = Asked::new();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    STATE.with(|state| state.cursor(bytes));
});
