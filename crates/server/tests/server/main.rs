//! The server's integration tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod auth;
mod browse;
mod downloads;
mod drives;
mod files;
mod fuzzed;
mod hostile;
mod listing;
mod openapi;
mod process;
mod requests;
mod running;

/// A file in this folder that no `mod` names would be silently left out.
#[test]
fn no_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "main" || main.contains(&format!("\nmod {name};")), "{name} is forgotten");
    }
}
