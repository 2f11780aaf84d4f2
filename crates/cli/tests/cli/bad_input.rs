//! What is wrong with a query, a cursor or a file, and how it is said.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::program::Folder;

#[test]
fn a_bad_query_shows_the_place() {
    let folder = Folder::with_fixtures();
    let why = folder.run(["query", "a.filedex", "FileUpdateTim > '2025-01-01'"]).fails(2);
    let want = "\
error: unknown property `FileUpdateTim`
  |
1 | FileUpdateTim > '2025-01-01'
  | ^^^^^^^^^^^^^
  = did you mean `FileUpdateTime`?
";
    assert!(why.starts_with(want), "{why}");
    for bad in ["FileName", "(", "Tags.user = ", "FileType = 'image' AND", "Content:'a red car'"] {
        for command in
            [vec!["query", "a.filedex", bad], vec!["export", "a.filedex", "--where", bad]]
        {
            let ran = folder.run(command);
            assert_eq!(ran.stdout, "");
            ran.fails(2);
        }
    }
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let folder = Folder::with_fixtures();
    for (args, code, kind) in [
        (vec!["query", "a.filedex", "FileName ="], 2, "bad_query"),
        (vec!["query", "absent.filedex", "ALL"], 1, "not_found"),
        (vec!["query", "a.filedex", "ALL", "--cursor", "xyz"], 2, "bad_cursor"),
        (vec!["create", "a.filedex"], 1, "conflict"),
        (vec!["delete", "a.filedex", "--where", "ALL"], 2, "usage"),
        (vec!["dataset", "create", "a.filedex", ""], 2, "bad_input"),
    ] {
        let ran = folder.run(args.iter().chain(&["--json"]));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{args:?}: {}", ran.stderr);
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["error"]["kind"], kind);
        assert!(!error["error"]["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn queries_at_their_limits() {
    let folder = Folder::with_fixtures();
    let nested = |depth: usize| format!("{}ALL{}", "(".repeat(depth), ")".repeat(depth));
    folder.run(["query", "a.filedex", &nested(128)]).ok();
    for bad in [nested(129), nested(10_000), format!("{} ALL", "NOT ".repeat(10_000))] {
        folder.run(["query", "a.filedex", &bad]).fails(2);
    }
    let long = |bytes: usize| format!("FileName = '{}'", "x".repeat(bytes - 13));
    folder.run(["query", "a.filedex", &long(64 * 1024)]).ok();
    folder.run(["query", "a.filedex", &long(64 * 1024 + 1)]).fails(2);
    folder.run(["query", "a.filedex", "ALL", "--limit", "10000"]).ok();
    for bad in ["0", "10001", "-1", "x"] {
        folder.run(["query", "a.filedex", "ALL", &format!("--limit={bad}")]).fails(2);
    }
    folder.run(["query", "a.filedex", "ALL", "--sort", "Tags.user"]).fails(2);
    folder.run(["query", "a.filedex", "ALL", "--order", "asc"]).fails(2);
    folder.run(["stats", "a.filedex", "--by", "colour"]).fails(2);
}

#[test]
fn cursors_of_another_query_and_stale_ones() {
    let folder = Folder::with_fixtures();
    let page = folder.json(["query", "a.filedex", "Tags.user = 'hill'"]);
    let next = page["next"].as_str().unwrap();
    let why = folder.run(["query", "a.filedex", "Tags.user = 'man'", "--cursor", next]).fails(2);
    assert!(why.contains("hint: a cursor goes with"), "{why}");

    let ranked = folder.json(["query", "a.filedex", "Text:'castle'"]);
    let next = ranked["next"].as_str().unwrap();
    folder.run(["query", "a.filedex", "Text:'castle'", "--cursor", next]).ok();
    folder.run(["tag", "add", "a.filedex", "x", "--where", "Tags.user = 'castle'", "--yes"]).ok();
    let why = folder.run(["query", "a.filedex", "Text:'castle'", "--cursor", next]).fails(2);
    assert!(why.contains("hint: run the query again without --cursor"), "{why}");
}

#[test]
fn files_that_are_no_database() {
    let folder = Folder::new();
    folder.write("text.filedex", "This is a text and no database.\n".repeat(1_000));
    folder.write("empty.filedex", "");
    folder.write("in.jsonl", "{\"uri\":\"a://1\"}\n");
    std::fs::create_dir(folder.path("dir.filedex")).unwrap();
    for name in ["text.filedex", "empty.filedex", "dir.filedex", "absent.filedex", "in.jsonl/x"] {
        for args in [
            vec!["query", name, "ALL"],
            vec!["check", name],
            vec!["info", name],
            vec!["compact", name],
            vec!["delete", name, "a://1"],
            vec!["export", name],
        ] {
            folder.run(args).fails(1);
        }
    }
    let why = folder.run(["import", "text.filedex", "in.jsonl"]).fails(1);
    assert!(why.contains("not a Filedex database"), "{why}");
    let text = std::fs::read_to_string(folder.path("text.filedex")).unwrap();
    assert!(text.starts_with("This is a text"), "it was not touched");
}

#[test]
fn a_truncated_file() {
    let folder = Folder::with_fixtures();
    let whole = std::fs::read(folder.path("a.filedex")).unwrap();
    for length in [1, 100, 4_096, whole.len() / 2, whole.len() - 1] {
        folder.write("cut.filedex", &whole[..length]);
        for args in [vec!["query", "cut.filedex", "ALL"], vec!["compact", "cut.filedex"]] {
            folder.run(args).fails(1);
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written() {
    let folder = Folder::with_fixtures();
    let locked = folder.path("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::copy(folder.path("a.filedex"), locked.join("a.filedex")).unwrap();
    let permit = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    permit(&locked.join("a.filedex"), 0o444);
    permit(&locked, 0o555);
    assert_eq!(folder.json(["query", "locked/a.filedex", "ALL"])["total"], 2350);
    // Root may write anywhere, so there is nothing to see then.
    if std::fs::write(locked.join("probe"), "").is_err() {
        folder.run(["create", "locked/b.filedex"]).fails(1);
        folder.run(["delete", "locked/a.filedex", "--where", "ALL", "--yes"]).fails(1);
        folder.run(["export", "a.filedex", "-o", "locked/out.jsonl"]).fails(1);
    }
    permit(&locked, 0o755);
}

#[test]
fn a_file_that_was_not_closed_is_recovered_by_a_query() {
    let folder = Folder::with_fixtures();
    let database = filedex::Database::open(folder.path("a.filedex")).unwrap();
    // A copy of an open file is what a crash leaves.
    std::fs::copy(folder.path("a.filedex"), folder.path("crashed.filedex")).unwrap();
    drop(database);
    let ran = folder.run(["query", "crashed.filedex", "ALL", "--limit", "1"]).ok();
    assert!(ran.stdout.contains("2,350 files"), "{}", ran.stdout);
    assert!(ran.stderr.is_empty() || ran.stderr.starts_with("note: "), "{}", ran.stderr);
    let again = folder.run(["query", "crashed.filedex", "ALL", "--limit", "1"]).ok();
    assert_eq!(again.stderr, "");
}
