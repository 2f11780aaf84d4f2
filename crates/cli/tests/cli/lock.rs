//! One process writes, or several read.

use std::io::{BufRead, BufReader, Write};

use serde_json::Value;

use crate::program::{Folder, Ran};

#[test]
fn a_file_that_is_open_elsewhere() {
    let folder = Folder::with_fixtures();
    let database = filedex::Database::open(folder.path("a.filedex")).unwrap();
    for args in [
        vec!["query", "a.filedex", "ALL"],
        vec!["check", "a.filedex"],
        vec!["tag", "add", "a.filedex", "x", "--where", "ALL", "--yes"],
    ] {
        let why = folder.run(&args).fails(1);
        assert!(why.contains("is open elsewhere"), "{why}");
        assert!(why.contains("hint: one process writes"), "{why}");
        let ran = folder.run(args.iter().chain(&["--json"]));
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["error"]["kind"], "locked");
    }
    drop(database);
    folder.run(["query", "a.filedex", "ALL"]).ok();
}

#[test]
fn several_can_read_at_once() {
    let folder = Folder::with_fixtures();
    let database = filedex::Database::open_read_only(folder.path("a.filedex")).unwrap();
    assert_eq!(folder.total("ALL"), 2350);
    folder.run(["compact", "a.filedex"]).fails(1);
    drop(database);
}

#[test]
fn two_imports_at_once() {
    let folder = Folder::new();
    let mut first = folder.spawn(["import", "a.filedex", "-", "--batch", "1", "--acknowledge"]);
    let mut stdin = first.stdin.take().unwrap();
    let mut stdout = BufReader::new(first.stdout.take().unwrap());
    writeln!(stdin, "{{\"uri\":\"a://1.png\"}}").unwrap();
    stdin.flush().unwrap();
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "1\n");
    let second = folder.run_with(["import", "a.filedex", "-"], b"{\"uri\":\"a://2.png\"}\n");
    assert!(second.fails(1).contains("is open elsewhere"));
    writeln!(stdin, "{{\"uri\":\"a://3.png\"}}").unwrap();
    drop(stdin);
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    Ran::of(first.wait_with_output().unwrap()).ok();
    assert_eq!(folder.total("ALL"), 2);
}
