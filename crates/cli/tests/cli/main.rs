//! The `filedex` program, driven as a person or a script drives it.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

mod bad_input;
mod browse;
mod change;
mod demo;
mod embed;
mod find;
mod folder;
mod formats;
mod help;
mod import;
mod interrupt;
mod kill;
mod lock;
mod meaning;
mod npy;
mod program;
mod repair;
mod serve;
mod space;

/// A file in this folder that no `mod` names would be silently left out.
#[test]
fn no_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "main" || main.contains(&format!("\nmod {name};")), "{name} is forgotten");
    }
}
