//! Commands that change something: create, dataset, version, update, delete, tag, compact.

use serde_json::{Value, json};

use crate::program::Folder;

const URI: &str = "http://www.tate.org.uk/art/images/work/A/A00/A00467_8.jpg";

#[test]
fn create_makes_a_file_once() {
    let folder = Folder::new();
    assert_eq!(folder.run(["create", "new.filedex"]).ok().stdout, "created new.filedex\n");
    assert!(folder.run(["create", "new.filedex"]).fails(1).contains("already exists"));
    assert_eq!(
        folder.json(["create", "b.filedex"]),
        json!({ "file": "b.filedex", "created": true })
    );
    let why = folder.run(["query", "new.filedex", "ALL"]).fails(1);
    assert!(why.contains("no dataset yet"), "{why}");
}

#[test]
fn datasets() {
    let folder = Folder::new();
    folder.run(["create", "a.filedex"]).ok();
    let made = folder.json([
        "dataset",
        "create",
        "a.filedex",
        "street scenes",
        "--folder",
        "/vision",
        "--id",
        "d-1",
        "--workspace",
        "w-1",
        "--project",
        "p-1",
        "--metadata",
        r#"{"owner":"Ann"}"#,
    ]);
    assert_eq!(made["id"], "d-1");
    assert_eq!(made["type"], "dataset");
    assert_eq!(made["status"], "READY");
    assert_eq!(made["metadata"]["owner"], "Ann");
    assert_eq!(made["workspace_id"], "w-1");
    assert_eq!(made["ai_project_id"], "p-1");

    let why = folder.run(["dataset", "create", "a.filedex", "street scenes"]).fails(1);
    assert!(why.contains("already a dataset named"), "{why}");
    folder.run(["dataset", "create", "a.filedex", ""]).fails(2);
    folder.run(["dataset", "create", "a.filedex", "x", "--metadata", "[]"]).fails(2);
    folder.run(["dataset", "create", "absent.filedex", "x"]).fails(1);

    let patch = ["dataset", "patch", "a.filedex", "d-1", "--name", "streets"];
    assert_eq!(folder.json(patch)["name"], "streets");
    assert_eq!(folder.json(["dataset", "show", "a.filedex", "streets"])["folder"], "/vision");
    folder.run(["dataset", "patch", "a.filedex", "d-1", "--name", ""]).fails(2);
    folder.run(["dataset", "patch", "a.filedex", "d-1"]).fails(2);

    let list = folder.json(["dataset", "list", "a.filedex"]);
    assert_eq!(list["datasets"].as_array().unwrap().len(), 1);
    let shown = folder.run(["dataset", "list", "a.filedex"]).ok().stdout;
    assert!(shown.contains("streets") && shown.ends_with("1 dataset\n"), "{shown}");

    let why = folder.run(["dataset", "delete", "a.filedex", "streets"]).fails(2);
    assert!(why.contains("--yes"), "{why}");
    folder.run(["dataset", "delete", "a.filedex", "streets", "--yes"]).ok();
    folder.run(["dataset", "show", "a.filedex", "streets"]).fails(1);
}

#[test]
fn versions_hold_files_of_their_own() {
    let folder = Folder::with_fixtures();
    let made = folder.json(["version", "create", "a.filedex", "v2"]);
    assert_eq!(made["name"], "v2");
    assert_eq!(made["id"].as_str().unwrap().len(), 22);
    assert_eq!(folder.total("ALL"), 0);
    let old = folder.json(["query", "a.filedex", "ALL", "--version", "v1"]);
    assert_eq!(old["total"], 2350);
    let list = folder.json(["version", "list", "a.filedex"]);
    let names: Value = list["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| json!([version["name"], version["current"], version["active"]]))
        .collect();
    assert_eq!(names, json!([["v1", false, 2350], ["v2", true, 0]]));
    folder.run(["version", "create", "a.filedex", "v2"]).fails(1);
    folder.run(["version", "delete", "a.filedex", "v2", "--yes"]).ok();
    assert_eq!(folder.total("ALL"), 2350);
    folder.run(["query", "a.filedex", "ALL", "--version", "v2"]).fails(1);
    assert!(folder.run(["version", "list", "a.filedex"]).ok().stdout.contains("2,350"));
}

#[test]
fn several_datasets_have_to_be_told_apart() {
    let folder = Folder::new();
    folder.write("one.jsonl", "{\"uri\":\"a://1.png\"}\n");
    folder.run(["import", "a.filedex", "one.jsonl", "--dataset", "x"]).ok();
    assert_eq!(folder.total("ALL"), 1);
    folder.run(["import", "a.filedex", "one.jsonl", "--dataset", "y", "--version", "w"]).ok();
    let why = folder.run(["query", "a.filedex", "ALL"]).fails(1);
    assert!(why.contains("several datasets"), "{why}");
    let why = folder.run(["version", "list", "a.filedex"]).fails(1);
    assert!(why.contains("say --dataset with one of"), "{why}");
    let of_y = folder.json(["query", "a.filedex", "ALL", "-d", "y", "--version", "w"]);
    assert_eq!(of_y["total"], 1);
}

#[test]
fn update_changes_what_is_said() {
    let folder = Folder::with_fixtures();
    let args = [
        "update",
        "a.filedex",
        URI,
        "--comment",
        "A walk",
        "--description",
        "d",
        "--label",
        "x",
        "--label",
        "y",
        "--star",
        "--hide",
        "--set",
        "rating=5",
        "--set",
        "place={\"city\":\"Rome\"}",
        "--set",
        "note=Turner",
        "--unset",
        "medium",
        "--tag",
        "new",
        "--untag",
        "hat",
        "--local-modified-at",
        "2025-01-31T10:00Z",
    ];
    let done = folder.json(args);
    assert_eq!(done["done"], "updated");
    let file = &done["file"];
    assert_eq!(file["comment"], "A walk");
    assert_eq!(file["description"], "d");
    assert_eq!(file["labels"], json!(["x", "y"]));
    assert_eq!((&file["starred"], &file["hidden"]), (&json!(true), &json!(true)));
    let attributes = &file["attributes"];
    assert_eq!(attributes["rating"], 5);
    assert_eq!(attributes["place"]["city"], "Rome");
    assert_eq!(attributes["note"], "Turner");
    assert_eq!(attributes.get("medium"), None);
    assert_eq!(attributes["artist"], "George Jones");
    let tags = &file["tags"]["user"];
    assert_eq!(*tags, json!(["basket", "fishing net", "man", "walking", "new"]));
    assert_eq!(folder.total("Attributes.place.city = 'Rome' AND Starred = true"), 1);

    let back = ["update", "a.filedex", URI, "--unstar", "--unhide", "--no-labels", "--comment", ""];
    let file = &folder.json(back)["file"];
    assert_eq!((&file["starred"], &file["hidden"]), (&json!(false), &json!(false)));
    assert_eq!((file.get("labels"), file.get("comment")), (None, None));
}

#[test]
fn update_refuses_what_breaks_a_rule_and_then_changes_nothing() {
    let folder = Folder::with_fixtures();
    folder.run(["update", "a.filedex", URI]).fails(2);
    folder.run(["update", "a.filedex", URI, "--set", "x"]).fails(2);
    folder.run(["update", "a.filedex", URI, "--set", "x={"]).fails(2);
    folder.run(["update", "a.filedex", URI, "--data-size", "-1"]).fails(2);
    folder.run(["update", "a.filedex", URI, "--local-modified-at", "2025-02-30"]).fails(2);
    folder.run(["update", "a.filedex", "no://such", "--star"]).fails(1);
    let long = "x".repeat(1_025);
    for bad in ["", &long, "a\u{1}b"] {
        folder.run(["update", "a.filedex", URI, "--name", bad, "--comment", "new"]).fails(2);
    }
    assert_eq!(folder.json(["get", "a.filedex", URI])["comment"], "[title not known]");
    folder.run(["update", "a.filedex", URI, "--name", &long[1..]]).ok();
}

#[test]
fn a_name_that_is_taken() {
    let folder = Folder::new();
    let lines: String = ["one.png", "two.png"]
        .map(|name| format!("{{\"uri\":\"oss://b/cars/{name}\"}}\n"))
        .concat();
    folder.write("in.jsonl", lines);
    folder.run(["import", "a.filedex", "in.jsonl"]).ok();
    let update = |mode: &str, more: &[&str]| {
        let args = ["update", "a.filedex", "oss://b/cars/two.png", "--name", "one.png"];
        folder.run(args.iter().chain(&["--check-name-mode", mode, "--json"]).chain(more))
    };
    let refused = update("refuse", &["--comment", "new"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.json()["done"], "name_taken");
    assert_eq!(refused.json()["file"]["uri"], "oss://b/cars/one.png");
    assert_eq!(folder.total("Comment:'new' OR FileName = 'one.png'"), 1);
    let renamed = update("auto-rename", &["--comment", "new"]).ok().json();
    let name = renamed["file"]["file_name"].as_str().unwrap();
    assert!(name.starts_with("one_2") && name.ends_with(".png"), "{name}");
    assert_eq!(renamed["file"]["comment"], "new");
    assert_eq!(update("ignore", &[]).ok().json()["file"]["file_name"], "one.png");
}

#[test]
fn delete_by_name_and_by_expression() {
    let folder = Folder::with_fixtures();
    assert_eq!(folder.json(["delete", "a.filedex", URI])["deleted"], 1);
    assert_eq!(folder.total("ALL"), 2349);
    let deleted = folder.json(["query", "a.filedex", "--status", "deleted"]);
    assert_eq!((&deleted["total"], &deleted["hits"][0]["uri"]), (&json!(1), &json!(URI)));
    assert_eq!(folder.json(["get", "a.filedex", URI])["status"], "DELETED");
    let shown = folder.run(["query", "a.filedex", "--status", "all", "-n", "1"]).ok().stdout;
    assert!(shown.contains("2,350 files"), "{shown}");

    let missing = folder.run(["delete", "a.filedex", URI, "--json"]);
    assert_eq!(missing.code, Some(1));
    assert_eq!(missing.json()["failed"][0]["reason"], "Not Found");

    let hills = ["delete", "a.filedex", "--where", "Tags.user = 'hill'"];
    let why = folder.run(hills).fails(2);
    assert!(why.contains("74 files will be deleted") && why.contains("--yes"), "{why}");
    assert_eq!(folder.total("ALL"), 2349);
    assert_eq!(folder.run(hills.iter().chain(&["--yes"])).ok().stdout, "74 files deleted\n");
    assert_eq!(folder.total("ALL"), 2275);

    let purge = ["delete", "a.filedex", "--where", "Status = 'DELETED'", "--purge", "--yes"];
    assert_eq!(folder.json(purge)["purged"], 75);
    assert_eq!(folder.total("Status = 'ALL'"), 2275);
    folder.run(["delete", "a.filedex"]).fails(2);
    folder.run(["delete", "a.filedex", URI, "--where", "ALL"]).fails(2);
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
}

#[test]
fn tags_of_many_files() {
    let folder = Folder::with_fixtures();
    let add = ["tag", "add", "a.filedex", "land", "hill", "--where", "Tags.user = 'hill'"];
    let why = folder.run(add).fails(2);
    assert!(why.contains("74 files were found, 74 will change") && why.contains("--yes"), "{why}");
    assert_eq!(folder.total("Tags.user = 'land'"), 0);
    let done = folder.json(add.iter().chain(&["--yes"]));
    assert_eq!(done, json!({ "matched": 74, "changed": 74, "unchanged": 0, "failed": [] }));
    assert_eq!(folder.total("Tags.user = 'land'"), 74);
    // Nothing is left to change, so there is nothing to ask either.
    assert_eq!(folder.run(add).ok().stdout, "74 files were found, 0 changed\n");
    let remove = ["tag", "remove", "a.filedex", "land", "--where", "ALL", "--yes"];
    assert_eq!(folder.json(remove)["changed"], 74);
    assert_eq!(folder.total("Tags.user = 'land'"), 0);
    folder.run(["tag", "add", "a.filedex", "--where", "ALL", "--yes"]).fails(2);
    folder.run(["tag", "add", "a.filedex", "x", "--yes"]).fails(2);
    folder.run(["tag", "add", "a.filedex", "x", "--where", "Tgs = 'x'", "--yes"]).fails(2);
    let long = "x".repeat(1_025);
    let ran =
        folder.run(["tag", "add", "a.filedex", &long, "--where", "Tags.user = 'hill'", "--yes"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("74 files were not changed"), "{}", ran.stdout);
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
}

#[test]
fn compact_says_before_and_after() {
    let folder = Folder::with_fixtures();
    let purge = ["delete", "a.filedex", "--where", "NOT Tags.user = 'hill'", "--purge", "--yes"];
    folder.run(purge).ok();
    let before = std::fs::metadata(folder.path("a.filedex")).unwrap().len();
    let done = folder.json(["compact", "a.filedex"]);
    let after = std::fs::metadata(folder.path("a.filedex")).unwrap().len();
    assert_eq!(done["before_bytes"], before);
    assert_eq!(done["after_bytes"], after);
    assert!(after < before, "{after} of {before}");
    assert_eq!(folder.total("ALL"), 74);
    assert!(folder.run(["compact", "a.filedex"]).ok().stdout.contains(" before, "));
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
}
