//! The rules of ARCHITECTURE.md that a machine can hold: which crate may know which, which crate
//! alone names an engine, and what may not appear in a public signature.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every workspace package with the names of its normal dependencies.
fn packages() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let names = |value: &serde_json::Value| value.as_str().expect("a name").to_owned();
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let normal = dependencies.iter().filter(|d| d["kind"].is_null());
            (names(&package["name"]), normal.map(|d| names(&d["name"])).collect())
        })
        .collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("filedex-model", &[][..]),
        ("filedex-store", &["filedex-model"]),
        ("filedex-kernel", &[]),
        ("filedex-index", &["filedex-kernel", "filedex-model"]),
        ("filedex-embed", &["filedex-model"]),
        ("filedex-ingest", &["filedex-model"]),
        ("filedex-query", &["filedex-model"]),
        ("filedex-planner", &["filedex-model", "filedex-query"]),
        (
            "filedex",
            &[
                "filedex-index",
                "filedex-model",
                "filedex-planner",
                "filedex-query",
                "filedex-store",
            ],
        ),
        ("filedex-formats", &["filedex-model"]),
        ("filedex-server", &["filedex"]),
        (
            "filedex-cli",
            &["filedex", "filedex-embed", "filedex-formats", "filedex-ingest", "filedex-server"],
        ),
        ("filedex-testkit", &["filedex-model", "filedex-query"]),
        ("filedex-benches", &["filedex", "filedex-embed", "filedex-server"]),
    ]);
    for (package, dependencies) in packages() {
        let Some(allowed) = allowed.get(package.as_str()) else {
            panic!("{package} is new: say in this test whom it may know");
        };
        let ours = dependencies.iter().filter(|name| name.starts_with("filedex"));
        for dependency in ours {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{package} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn each_engine_has_one_home() {
    let homes = [
        ("redb", "filedex-store"),
        ("bincode", "filedex-store"),
        ("tantivy", "filedex-index"),
        ("roaring", "filedex-index"),
        ("hnsw_rs", "filedex-index"),
        ("candle-core", "filedex-embed"),
        ("tokenizers", "filedex-embed"),
        ("pest", "filedex-query"),
        ("pest_derive", "filedex-query"),
        ("clap", "filedex-cli"),
        ("axum", "filedex-server"),
        ("hyper", "filedex-server"),
        ("tokio", "filedex-server"),
        ("parquet", "filedex-formats"),
        ("arrow-array", "filedex-formats"),
        ("ignore", "filedex-ingest"),
        ("kamadak-exif", "filedex-ingest"),
        ("lofty", "filedex-ingest"),
    ];
    for (package, dependencies) in packages() {
        for (engine, home) in homes {
            let uses = dependencies.iter().any(|name| name == engine);
            assert!(!uses || package == home, "{package} must leave {engine} to {home}");
        }
    }
}

fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("text");
            found.push((path, text));
        }
    }
    found
}

fn product_sources() -> Vec<(PathBuf, String)> {
    let crates = [
        "model", "kernel", "store", "index", "query", "planner", "filedex", "embed", "formats",
        "ingest", "server", "cli",
    ];
    crates.iter().flat_map(|name| sources(&root().join("crates").join(name).join("src"))).collect()
}

/// A public item's line names no type of an engine.
#[test]
fn no_engine_in_a_public_signature() {
    let engines = ["redb::", "tantivy::", "hnsw_rs::", "candle_core::", "pest::", "bincode::"];
    for (path, text) in product_sources() {
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let public = line.starts_with("pub fn")
                || line.starts_with("pub use")
                || line.starts_with("pub type")
                || line.starts_with("pub struct")
                || line.starts_with("pub enum")
                || line.starts_with("pub const");
            let leak = engines.iter().find(|engine| line.contains(*engine));
            assert!(
                !public || leak.is_none(),
                "{}:{} shows {} to the public",
                path.display(),
                number + 1,
                leak.unwrap_or(&"")
            );
        }
    }
}

#[test]
fn one_file_names_pest_and_one_calls_bincode() {
    // Stored forms derive bincode's traits; only the codec calls it.
    let homes = [
        ("pest::", "query/src/parser.rs"),
        ("bincode::encode", "store/src/codec.rs"),
        ("bincode::decode", "store/src/codec.rs"),
        ("bincode::borrow_decode", "store/src/codec.rs"),
    ];
    for (engine, home) in homes {
        for (path, text) in product_sources() {
            let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let named = code.any(|line| line.contains(engine));
            assert!(!named || path.ends_with(home), "{} names {engine}", path.display());
        }
    }
}

#[test]
fn files_are_named_for_what_they_hold_and_stay_small() {
    for (path, text) in product_sources() {
        let name = path.file_stem().and_then(|s| s.to_str()).expect("a name");
        let vague = ["utils", "util", "helpers", "helper", "common", "manager", "misc", "types"];
        assert!(!vague.contains(&name), "{} has a vague name", path.display());
        let lines = text.lines().count();
        let reasoned = text.lines().take(15).any(|line| line.contains("Length:"));
        assert!(
            lines <= 600 || reasoned,
            "{} has {lines} lines; split it by its nouns, or give the reason in its header after \
             \"Length:\"",
            path.display()
        );
        assert!(text.starts_with("//!"), "{} does not open with its job", path.display());
    }
}
