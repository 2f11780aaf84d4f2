//! The fuzzers' targets on their seeds and on changed ones, without a fuzzer: `fuzz/` runs the same
//! with one. `FILEDEX_SEED` replays a run, `FILEDEX_INPUTS` makes it longer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use filedex_testkit::Seed;

use crate::fuzzed::{Asked, Lines, Stored, npy};

/// Inputs for each target.
const INPUTS: usize = 25;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Some bytes are others, some are gone, some come twice.
fn change(input: &mut Vec<u8>, seed: &mut Seed) {
    for _ in 0..=seed.below(8) {
        let at = seed.below(input.len() + 1);
        let byte = seed.bits().to_le_bytes()[0];
        match seed.below(4) {
            0 if at < input.len() => input[at] = byte,
            1 if at < input.len() => drop(input.remove(at)),
            2 => input.insert(at, byte),
            _ => {
                let piece = input[at..input.len().min(at + 16)].to_vec();
                input.splice(at..at, piece);
            }
        }
    }
}

fn run(target: &str, work: impl Fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in &seeds {
        work(seed);
    }
    let inputs = std::env::var("FILEDEX_INPUTS").ok().and_then(|text| text.parse().ok());
    let mut seed = Seed::of_run(1_128);
    for n in 0..inputs.unwrap_or(INPUTS) {
        let mut input = seeds[n % seeds.len()].clone();
        change(&mut input, &mut seed);
        let fails = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| work(input))).is_err();
        if fails(&input) {
            shrink(&mut input, fails);
            panic!("{target} fails on b\"{}\"", input.escape_ascii());
        }
    }
}

/// Takes away what can go, in ever smaller pieces, while it still fails.
fn shrink(input: &mut Vec<u8>, fails: impl Fn(&[u8]) -> bool) {
    let mut piece = input.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < input.len() {
            let mut less = input.clone();
            less.drain(at..input.len().min(at + piece));
            if fails(&less) {
                *input = less;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
}

#[test]
fn files() {
    let stored = Stored::new();
    run("file", |bytes| stored.file(bytes));
}

#[test]
fn values() {
    let stored = Stored::new();
    run("value", |bytes| stored.value(bytes));
}

#[test]
fn parameters() {
    let asked = Asked::new();
    run("parameters", |bytes| asked.parameters(bytes));
}

#[test]
fn cursors() {
    let asked = Asked::new();
    run("cursor", |bytes| asked.cursor(bytes));
}

#[test]
fn lines() {
    let lines = Lines::new();
    run("lines", |bytes| lines.import(bytes));
}

#[test]
fn numpy_files() {
    let folder = tempfile::tempdir().unwrap();
    run("npy", |bytes| npy(folder.path(), bytes));
}
