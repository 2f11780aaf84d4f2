//! Commands that change nothing: query, get, stats, info, check, export.

use std::collections::HashSet;
use std::io::Read;

use serde_json::{Value, json};

use crate::program::{Folder, fixtures};

fn lines(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

#[test]
fn expected_answers() {
    let folder = Folder::with_fixtures();
    for expected in lines("queries.jsonl") {
        let mut args = vec!["query", "a.filedex", text(&expected, "query")];
        if expected.get("sort").is_some() {
            let order = if text(&expected, "order") == "ASC" { "asc" } else { "desc" };
            args.extend(["--sort", text(&expected, "sort"), "--order", order]);
        }
        let answer = folder.json(args);
        assert_eq!(answer["total"], expected["total"], "{}", expected["query"]);
        if expected.get("sort").is_some() {
            let uris: Value =
                answer["hits"].as_array().unwrap().iter().map(|h| h["uri"].clone()).collect();
            assert_eq!(uris, expected["first"], "{}", expected["query"]);
        }
    }
}

#[test]
fn expected_statistics() {
    let folder = Folder::with_fixtures();
    for expected in lines("stats.jsonl") {
        let expression = expected.get("query").map_or("", |query| query.as_str().unwrap());
        let by = text(&expected, "by");
        let args = ["stats", "a.filedex", "--by", by, "--where", expression, "--limit", "10"];
        let answer = folder.json(args);
        assert_eq!(answer["total_groups"], expected["total"]);
        let groups = answer["groups"].as_array().unwrap().iter();
        let groups: Value = groups.map(|group| json!([group["key"], group["count"]])).collect();
        assert_eq!(groups, expected["first"]);
    }
    let shown = folder.run(["stats", "a.filedex"]).ok().stdout;
    assert!(shown.contains("image") && shown.contains("1,462"), "{shown}");
}

#[test]
fn query_json_has_a_stable_shape() {
    let folder = Folder::with_fixtures();
    let answer =
        folder.json(["query", "a.filedex", "Text:'castle'", "--highlight", "--limit", "3"]);
    assert_eq!(answer["total"], 47);
    assert!(answer["next"].is_string());
    let hit = answer["hits"][0].as_object().unwrap();
    for field in [
        "id",
        "uri",
        "file_name",
        "file_dir",
        "file_type",
        "content_type",
        "data_size",
        "file_create_time",
        "file_update_time",
        "tags",
        "comment",
        "attributes",
        "score",
        "status",
    ] {
        assert!(hit.contains_key(field), "{field} is missing of {hit:?}");
    }
    let groups: Vec<_> = hit["tags"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        groups.into_iter().collect::<HashSet<_>>(),
        HashSet::from(["ai", "user", "user_delete_ai"])
    );
    assert!(hit["score"].as_f64().unwrap() > 0.0);
    let mark = &hit["highlights"][0];
    let range = &mark["ranges"][0];
    let (from, to) = (range[0].as_u64().unwrap() as usize, range[1].as_u64().unwrap() as usize);
    assert!(text(mark, "text")[from..to].to_lowercase().contains("castle"));
    let none = folder.json(["query", "a.filedex", "NOT ALL"]);
    assert_eq!(none, json!({ "total": 0, "hits": [], "next": null }));
}

#[test]
fn pages_partition_the_answer() {
    let folder = Folder::with_fixtures();
    let expression = "Attributes.artist : 'turner'";
    let mut cursor = None;
    let mut paged = Vec::new();
    loop {
        let mut args = vec!["query", "a.filedex", expression, "--sort", "DataSize", "-n", "50"];
        let token: String;
        if let Some(given) = cursor {
            token = given;
            args.extend(["--cursor", &token]);
        }
        let page = folder.json(args);
        paged.extend(page["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    let all =
        folder.json(["query", "a.filedex", expression, "--sort", "DataSize", "--all", "-n", "7"]);
    let all_ids: Vec<_> =
        all["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect();
    assert_eq!(paged, all_ids);
    assert_eq!(all["total"], all_ids.len());
    assert_eq!(all["next"], Value::Null);
}

#[test]
fn query_prints_a_table_and_the_command_for_the_next_page() {
    let folder = Folder::with_fixtures();
    let args = ["query", "a.filedex", "Tags.user = 'hill'", "--sort", "FileName", "--limit", "2"];
    let shown = folder.run(args).ok().stdout;
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].starts_with("name ") && lines[1].starts_with('─'), "{shown}");
    assert!(lines[4].starts_with("74 files, 2 shown, "), "{shown}");
    assert!(!shown.contains('\u{1b}'), "colour on a pipe: {shown}");
    assert!(lines.iter().all(|line| line.chars().count() <= 120 || line.contains("--cursor")));
    let next = lines[5].strip_prefix("next page: filedex ").unwrap();
    let shell = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{} {next}", env!("CARGO_BIN_EXE_filedex")))
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(shell.status.success());
    assert!(String::from_utf8(shell.stdout).unwrap().contains("74 files, 2 shown"));
}

#[test]
fn highlights_are_in_brackets_without_colour() {
    let folder = Folder::with_fixtures();
    let args = ["query", "a.filedex", "Text:'baseball'", "--highlight", "--limit", "2"];
    let shown = folder.run(args).ok().stdout;
    assert!(shown.to_lowercase().contains("[baseball]"), "{shown}");
}

#[test]
fn explain_names_the_plan() {
    let folder = Folder::with_fixtures();
    let args = ["query", "a.filedex", "Tags.user = 'hill' AND DataSize > 1000", "--explain"];
    let shown = folder.run(args).ok().stdout;
    assert!(shown.contains("driven by "), "{shown}");
    let explained = &folder.json(args)["explain"];
    assert!(explained["steps"].as_array().unwrap().len() > 1, "{explained}");
    assert!(text(explained, "text").starts_with("driven by "));
}

#[test]
fn get_by_uri_and_by_id() {
    let folder = Folder::with_fixtures();
    let uri = "http://www.tate.org.uk/art/images/work/A/A00/A00467_8.jpg";
    let record = folder.json(["get", "a.filedex", uri]);
    assert_eq!(record["uri"], uri);
    assert_eq!(record["comment"], "[title not known]");
    assert_eq!(record["attributes"]["artist"], "George Jones");
    assert_eq!(folder.json(["get", "a.filedex", text(&record, "id")]), record);
    let shown = folder.run(["get", "a.filedex", uri]).ok().stdout;
    assert!(shown.contains("attributes.artist") && shown.contains("George Jones"), "{shown}");
    assert!(folder.run(["get", "a.filedex", "no://such"]).fails(1).contains("there is no file"));
}

#[test]
fn info_and_check() {
    let folder = Folder::with_fixtures();
    let info = folder.json(["info", "a.filedex"]);
    assert_eq!(info["versions"][0]["active"], 2350);
    assert_eq!(info["versions"][0]["dataset"], "default");
    let length = std::fs::metadata(folder.path("a.filedex")).unwrap().len();
    assert_eq!(info["file_bytes"], length);
    assert!(info["parts"].as_array().unwrap().len() > 3);
    let shown = folder.run(["info", "a.filedex"]).ok().stdout;
    assert!(shown.contains("2,350") && shown.contains("MiB"), "{shown}");
    let mut check = folder.json(["check", "a.filedex"]);
    let pages = check.as_object_mut().unwrap().remove("pages").unwrap().as_u64().unwrap();
    assert!(pages > 100, "{pages}");
    assert_eq!(
        check,
        json!({ "sound": true, "records": 2350, "versions": 1, "vectors": 0, "findings": [] })
    );
    let shown = folder.run(["check", "a.filedex"]).ok().stdout;
    assert_eq!(shown, format!("sound: 2,350 records in 1 version, {pages} pages\n"));
    // A letter of one record, wherever it stands.
    let path = folder.path("a.filedex");
    let mut bytes = std::fs::read(&path).unwrap();
    let word = b"images/work/A/A00/A00467_8.jpg";
    let places = |bytes: &[u8]| bytes.windows(word.len()).position(|window| window == word);
    while let Some(at) = places(&bytes) {
        bytes[at] ^= 1;
    }
    std::fs::write(&path, &bytes).unwrap();
    let ran = folder.run(["check", "a.filedex", "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let check: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&check["sound"], &check["findings"][0]["part"]), (&json!(false), &json!("pages")));
    assert!(["rebuild", "salvage"].contains(&text(&check["findings"][0], "remedy")), "{check}");
    assert!(std::fs::read(&path).unwrap() == bytes, "a check changed the file");
}

#[test]
fn export_gives_what_import_reads() {
    let folder = Folder::with_fixtures();
    let done = folder.json(["export", "a.filedex", "-o", "out.jsonl.gz"]);
    assert_eq!(done["records"], 2350);
    let bytes = std::fs::read(folder.path("out.jsonl.gz")).unwrap();
    assert_eq!(done["bytes"], bytes.len());
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut unpacked).unwrap();
    let on_stdout = folder.run(["export", "a.filedex"]).ok().stdout;
    assert!(unpacked == on_stdout);
    folder.run(["import", "b.filedex", "out.jsonl.gz"]).ok();
    let again = folder.run(["export", "b.filedex"]).ok().stdout;
    assert!(again == on_stdout);
    let names: Vec<_> = std::fs::read_dir(folder.path("")).unwrap().collect();
    assert_eq!(names.len(), 3, "only the two databases and the export: {names:?}");
}

#[test]
fn export_of_a_query_replaces_a_file_only_once_it_is_whole() {
    let folder = Folder::with_fixtures();
    folder.write("out.jsonl", "before");
    folder.run(["export", "a.filedex", "--where", "FileName ~ 3", "-o", "out.jsonl"]).fails(2);
    assert_eq!(std::fs::read_to_string(folder.path("out.jsonl")).unwrap(), "before");
    let args = ["export", "a.filedex", "Tags.user = 'hill'", "-o", "out.jsonl"];
    assert!(folder.run(args).fails(1).contains("--force"));
    assert_eq!(std::fs::read_to_string(folder.path("out.jsonl")).unwrap(), "before");
    let args = args.iter().chain(&["--force"]);
    assert!(folder.run(args).ok().stdout.starts_with("74 files in out.jsonl, "));
    let written = std::fs::read_to_string(folder.path("out.jsonl")).unwrap();
    assert_eq!(written.lines().count(), 74);
    folder.run(["export", "a.filedex", "-o", "no/such/folder/out.jsonl"]).fails(1);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = Folder::with_fixtures();
    for args in [
        vec!["query", "a.filedex", "--all", "--json"],
        vec!["query", "a.filedex", "--all"],
        vec!["export", "a.filedex"],
        vec!["stats", "a.filedex", "--by", "tags.user", "--limit", "9999"],
    ] {
        let mut child = folder.spawn(&args);
        let mut stdout = child.stdout.take().unwrap();
        let mut some = [0; 100];
        stdout.read_exact(&mut some).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
}
