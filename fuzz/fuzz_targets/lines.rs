//! Lines of an import.

#![no_main]

#[path = "../../crates/filedex/tests/suite/fuzzed/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
mod fuzzed;

use fuzzed::Lines;

thread_local! {
    static STATE: Lines = Lines::new();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    STATE.with(|state| state.import(bytes));
});
