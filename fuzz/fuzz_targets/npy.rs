//! NumPy files.

#![no_main]

#[path = "../../crates/filedex/tests/suite/fuzzed/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
mod fuzzed;

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FOLDER.with(|folder| fuzzed::npy(folder.path(), bytes));
});
