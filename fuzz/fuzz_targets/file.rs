//! A file with changed bytes, or its end cut off: opened, checked, asked, written to, rebuilt.

#![no_main]

#[path = "../../crates/filedex/tests/suite/fuzzed/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
mod fuzzed;

use fuzzed::Stored;

/// The store makes errors of the panics of its engine; only those that nobody catches are findings.
fn let_panics_be_caught() {
    drop(std::panic::take_hook());
}

thread_local! {
    static STATE: Stored = {
        let_panics_be_caught();
        Stored::new()
    };
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    STATE.with(|state| state.file(bytes));
});
