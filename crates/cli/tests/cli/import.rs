//! Importing: sources, modes, bad lines, resuming.

use std::io::Write;
use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Folder, fixtures};

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("{{\"uri\":\"a://b/{n}.png\",\"data_size\":{n}}}\n")).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(text.as_bytes(), level)
}

#[test]
fn every_kind_of_source() {
    let folder = Folder::new();
    folder.write("plain.jsonl", lines(0..10));
    folder.write("two.jsonl.gz", [gzip(&lines(0..5)), gzip(&lines(5..10))].concat());
    folder.write("two.jsonl.zst", [zstd(&lines(0..5)), zstd(&lines(5..10))].concat());
    // The name says nothing of the kind; the first bytes do.
    folder.write("hidden.txt", zstd(&lines(0..10)));
    for source in ["plain.jsonl", "two.jsonl.gz", "two.jsonl.zst", "hidden.txt"] {
        let database = format!("{source}.filedex");
        let done = folder.json(["import", &database, source]);
        assert_eq!((&done["created"], &done["failed"]), (&json!(10), &json!(0)), "{source}");
    }
    for stdin in [lines(0..10).into_bytes(), gzip(&lines(0..10)), zstd(&lines(0..10))] {
        let done = folder.run_with(["import", "in.filedex", "-", "--json"], &stdin).ok().json();
        assert_eq!(done["created"].as_u64().unwrap() + done["unchanged"].as_u64().unwrap(), 10);
    }
}

#[test]
fn a_long_window() {
    let folder = Folder::new();
    let source = fixtures().join("files.jsonl");
    let packed = Command::new("zstd").args(["-q", "-c", "--long=26"]).arg(source).output();
    let Ok(packed) = packed else { return };
    folder.write("files.jsonl.zst", packed.stdout);
    assert_eq!(folder.json(["import", "a.filedex", "files.jsonl.zst"])["created"], 2350);
}

#[test]
fn the_file_the_dataset_and_the_version_are_made() {
    let folder = Folder::new();
    folder.write("in.jsonl", lines(0..3));
    let done = folder.json(["import", "a.filedex", "in.jsonl"]);
    assert_eq!((&done["dataset"], &done["version"]), (&json!("default"), &json!("v1")));
    let done = folder.json(["import", "a.filedex", "in.jsonl", "-d", "cats", "--version", "first"]);
    assert_eq!((&done["dataset"], &done["version"]), (&json!("cats"), &json!("first")));
    let shown = folder.run(["import", "a.filedex", "in.jsonl"]).ok().stdout;
    assert!(shown.starts_with("3 files imported into default/v1 (3 unchanged), "), "{shown}");
}

#[test]
fn importing_again_resumes_merges_or_replaces() {
    let folder = Folder::new();
    folder.write("first.jsonl", lines(0..50));
    folder.write("all.jsonl", lines(0..120));
    folder.json(["import", "a.filedex", "first.jsonl"]);
    let resumed = folder.json(["import", "a.filedex", "all.jsonl", "--batch", "40"]);
    assert_eq!(resumed["created"], 70);
    assert_eq!(resumed["unchanged"], 50);
    assert_eq!(folder.total("ALL"), 120);

    folder.write("tags.jsonl", r#"{"uri":"a://b/7.png","tags_user":["x"],"caption":"seven"}"#);
    folder.run(["import", "a.filedex", "tags.jsonl"]).ok();
    assert_eq!(folder.total("Tags.user = 'x' AND DataSize = 7"), 1);
    folder.write("bare.jsonl", r#"{"uri":"a://b/7.png"}"#);
    folder.run(["import", "a.filedex", "bare.jsonl"]).ok();
    assert_eq!(folder.total("Tags.user = 'x' AND DataSize = 7"), 1);
    assert_eq!(folder.json(["import", "a.filedex", "bare.jsonl", "--replace"])["updated"], 1);
    assert_eq!(folder.total("Tags.user = 'x' OR DataSize = 7"), 0);

    folder.run(["delete", "a.filedex", "a://b/7.png"]).ok();
    assert_eq!(folder.json(["import", "a.filedex", "bare.jsonl"])["revived"], 1);
}

#[test]
fn bad_lines_are_reported_and_the_others_stored() {
    let folder = Folder::new();
    let long_name = format!(r#"{{"uri":"a://b/long","file_name":"{}"}}"#, "n".repeat(1_025));
    let mut input: Vec<&[u8]> = vec![
        br#"{"uri":"a://b/1.png"}"#,
        b"not json",
        b"{\"uri\":\"a://b/\xff.png\"}",
        br#"{"uri":5}"#,
        br#"{"file_name":"no uri"}"#,
        br#"{"uri":"a://b/2.png","data_size":-1}"#,
        br#"{"uri":"a://b/2.png","file_update_time":"2025-02-30"}"#,
        br#"{"uri":"a://b/3.png","file_name":"a\u0007b"}"#,
        br#"[1,2]"#,
        b"",
        br#"{"uri":"a://b/4.png","width":800,"attributes":{"depth":3}}"#,
        br#"{"uri":"a://b/1.png","caption":"again"}"#,
        b"not json either",
        br#"{"uri":"a://b/5.png""#,
    ];
    input.push(long_name.as_bytes());
    folder.write("in.jsonl", input.join(&b'\n'));
    let args = ["import", "a.filedex", "in.jsonl", "--errors", "bad.jsonl", "--json"];
    let ran = folder.run(args);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    let done = ran.json();
    assert_eq!(
        (&done["created"], &done["updated"], &done["failed"]),
        (&json!(2), &json!(1), &json!(11))
    );
    let bad = std::fs::read_to_string(folder.path("bad.jsonl")).unwrap();
    let bad: Vec<Value> = bad.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<_> = bad.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15]);
    assert!(bad.iter().any(|line| line["text"] == "not json"));
    assert_eq!(done["errors"].as_array().unwrap().len(), 10);
    assert!(done["reasons"].as_array().unwrap().len() >= 7, "{done}");
    assert_eq!(folder.total("Attributes.width = 800 AND Attributes.depth = 3"), 1);
    assert_eq!(folder.total("Comment:'again'"), 1);
    assert_eq!(folder.total("ALL"), 2);

    let shown = folder.run(["import", "a.filedex", "in.jsonl"]);
    assert_eq!(shown.code, Some(1));
    assert!(shown.stdout.contains("11 lines were refused:"), "{}", shown.stdout);
    assert!(shown.stdout.contains("line 2: is not JSON"), "{}", shown.stdout);
    assert!(!shown.stdout.contains('\u{7}'), "{}", shown.stdout);
}

#[test]
fn nothing_to_import() {
    let folder = Folder::new();
    folder.write("empty.jsonl", "");
    folder.write("blank.jsonl", "\n  \n\n");
    for source in ["empty.jsonl", "blank.jsonl"] {
        let shown = folder.run(["import", "a.filedex", source]).ok().stdout;
        assert!(shown.starts_with("0 files imported into default/v1, "), "{shown}");
    }
    assert_eq!(folder.total("ALL"), 0);
}

#[test]
fn sources_that_cannot_be_read_leave_no_database_behind() {
    let folder = Folder::new();
    assert!(folder.run(["import", "a.filedex", "absent.jsonl"]).fails(1).contains("absent.jsonl"));
    folder.write("in.jsonl", lines(0..1));
    folder.run(["import", "a.filedex", "in.jsonl", "--errors", "no/such/out.jsonl"]).fails(1);
    folder.run(["import", "a.filedex", "in.jsonl", "--batch", "0"]).fails(2);
    folder.run(["import", "a.filedex", "in.jsonl", "--batch", "100001"]).fails(2);
    assert!(!folder.path("a.filedex").exists());
}

#[test]
fn a_source_that_is_cut_short_keeps_what_came_before() {
    let folder = Folder::new();
    let packed = gzip(&lines(0..5_000));
    folder.write("cut.gz", &packed[..packed.len() - 20]);
    let why = folder.run(["import", "a.filedex", "cut.gz", "--batch", "100"]).fails(1);
    assert!(why.contains("reading cut.gz"), "{why}");
    let stored = folder.total("ALL");
    assert!(stored > 0 && stored.is_multiple_of(100), "{stored}");
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
}

#[test]
fn each_commit_is_acknowledged() {
    let folder = Folder::new();
    folder.write("in.jsonl", lines(0..25));
    let args = ["import", "a.filedex", "in.jsonl", "--batch", "10", "--acknowledge"];
    let shown = folder.run(args).ok().stdout;
    assert!(shown.starts_with("10\n20\n25\n"), "{shown}");
    let ran = folder.run(args.iter().chain(&["--json"])).ok();
    assert!(ran.stdout.starts_with("{\"acknowledged\":10}\n"), "{}", ran.stdout);
    assert_eq!(ran.last_json()["unchanged"], 25);
}
