//! Tables and data sets, in and out, as the program is driven.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::Folder;

/// A picture of so many pixels that programs can read: a bitmap.
fn bitmap(width: u32, height: u32) -> Vec<u8> {
    let row = (width * 3).div_ceil(4) * 4;
    let length = 54 + row * height;
    let mut bytes = b"BM".to_vec();
    for number in [length, 0, 54, 40, width, height, 1 | 24 << 16, 0, row * height, 0, 0, 0, 0] {
        bytes.extend(u32::to_le_bytes(number));
    }
    bytes.resize(length as usize, 0x80);
    bytes
}

/// A folder with pictures of two classes, and a database that knows them, with vectors and objects.
fn pictures() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("pictures")).unwrap();
    let mut lines = String::new();
    for number in 0..20 {
        let path = folder.write(&format!("pictures/{number}.bmp"), bitmap(40, 20 + number));
        let class = if number % 4 == 0 { "dog" } else { "cat" };
        let line = json!({
            "uri": format!("file://{}", path.display()),
            "caption": format!("Number {number}, a {class}"),
            "tags_user": [format!("class/{class}"), "seen"],
            "tags_ai": {"detector": [class]},
            "attributes": {
                "width": 40, "height": 20 + number, "near": number / 2,
                "objects": [{"category": class, "bbox": [4.0, 5.0, 10.0, 10.0]}],
            },
            "file_create_time": format!("2025-01-{:02}T10:00:00.123Z", number + 1),
            "embeddings": {"shapes": [number, 1, 0.5]},
        });
        lines += &format!("{line}\n");
    }
    folder.write("in.jsonl", lines);
    with_space(&folder, "a.filedex");
    folder.json(["import", "a.filedex", "in.jsonl"]);
    folder
}

/// A database without files, with a space of three dimensions.
fn with_space(folder: &Folder, database: &str) {
    folder.write("empty.jsonl", "");
    folder.run(["import", database, "empty.jsonl"]).ok();
    let args = ["space", "create", database, "shapes", "--model", "m", "--dimension", "3"];
    folder.run(args).ok();
}

fn lines(folder: &Folder, database: &str) -> Vec<Value> {
    let text = folder.run(["export", database, "--embeddings"]).ok().stdout;
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["uri"].to_string());
    lines
}

fn without_vectors(mut lines: Vec<Value>) -> Vec<Value> {
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("embeddings");
    }
    lines
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(below) = waiting.pop() {
        for entry in fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn tables_give_back_what_was_exported() {
    let (pictures, fixtures) = (pictures(), Folder::with_fixtures());
    for name in ["out.jsonl.gz", "out.csv", "out.csv.gz", "out.parquet", "out.arrow"] {
        for folder in [&pictures, &fixtures] {
            let _ = fs::remove_file(folder.path("b.filedex"));
            folder.run(["export", "a.filedex", "--embeddings", "-o", name]).ok();
            with_space(folder, "b.filedex");
            let done = folder.json(["import", "b.filedex", name]);
            assert_eq!(done["failed"], 0, "{name}: {done}");
            assert!(lines(folder, "a.filedex") == lines(folder, "b.filedex"), "{name}");
            let again = folder.json(["import", "a.filedex", name, "--replace"]);
            assert_eq!(again["updated"], 0, "{name}: {again}");
        }
    }
}

#[test]
fn standard_output_takes_tables_too() {
    let folder = pictures();
    for format in ["csv", "parquet", "arrow"] {
        folder.run(["export", "a.filedex", "--format", format, "-o", format]).ok();
        let mut command = folder.command(["export", "a.filedex", "--format", format]);
        let ran = command.output().unwrap();
        assert!(ran.status.success());
        assert!(ran.stdout == fs::read(folder.path(format)).unwrap(), "{format}");
    }
    let args =
        ["export", "a.filedex", "--format", "csv", "--map", "path=uri", "--map", "text=comment"];
    let shown = folder.run(args).ok().stdout;
    assert!(shown.starts_with("path,text\n"), "{shown}");
    let csv = fs::read(folder.path("csv")).unwrap();
    let args = ["import", "b.filedex", "-", "--format", "csv", "--json"];
    assert_eq!(folder.run_with(args, &csv).ok().json()["created"], 20);
}

#[test]
fn a_dry_run_shows_what_was_understood_and_imports_nothing() {
    let folder = Folder::new();
    folder.write(
        "in.csv",
        "path;title;zip;width;when\na://b/1;One;01234;800;2025-01-01\na://b/2;Two;99999;x;never\n",
    );
    let args = ["import", "a.filedex", "in.csv", "--dry-run", "--map", "path=uri", "--map"];
    let args = args.iter().chain(&["title=comment", "--map", "when=file_create_time"]);
    let ran = folder.run(args.clone().chain(&["--json"]));
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let shown = ran.json();
    let columns = shown["columns"].as_array().unwrap().iter().map(|column| {
        format!("{} {} {}", column["column"], column["type"], column["property"]).replace('"', "")
    });
    let columns: Vec<_> = columns.collect();
    let want = [
        "path text uri",
        "title text comment",
        "zip text attributes.zip",
        "width text attributes.width",
        "when text file_create_time",
    ];
    assert_eq!(columns, want);
    let first = json!({
        "uri": "a://b/1", "comment": "One", "file_create_time": "2025-01-01",
        "attributes": {"zip": "01234", "width": "800"},
    });
    assert_eq!((&shown["rows"][0], &shown["refused"]), (&first, &json!(1)));
    assert!(shown["errors"][0]["reason"].as_str().unwrap().contains("never"), "{shown}");
    let text = folder.run(args.clone()).stdout;
    assert!(text.contains("in.csv is read as csv") && text.contains("attributes.zip"), "{text}");
    assert!(text.contains("1 of the first 2 would be refused; nothing was imported"), "{text}");
    // A folder that is no data set would be walked, which is no dry run.
    std::fs::create_dir(folder.path("plain")).unwrap();
    folder.write("plain/1.bmp", bitmap(2, 2));
    let why = folder.run(["import", "a.filedex", "plain", "--dry-run"]).fails(2);
    assert!(why.contains("--format"), "{why}");
    assert!(!folder.path("a.filedex").exists());
}

#[test]
fn bad_rows_are_refused_with_their_line_and_the_others_stored() {
    let folder = Folder::new();
    folder.write(
        "in.csv",
        b"uri,caption,data_size\na://b/1,ok,1\na://b/2,short\na://b/3,\xff,3\na://b/4,ok,big\n\
          ,no uri,5\na://b/6,\"two\nlines\",6\na://b/7,ok,-1\n",
    );
    let args = ["import", "a.filedex", "in.csv", "--errors", "bad.jsonl", "--json"];
    let ran = folder.run(args);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!((&ran.json()["created"], &ran.json()["failed"]), (&json!(2), &json!(5)));
    let bad = fs::read_to_string(folder.path("bad.jsonl")).unwrap();
    let bad: Vec<Value> = bad.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: BTreeMap<u64, &str> = bad
        .iter()
        .map(|line| (line["line"].as_u64().unwrap(), line["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), [3, 4, 5, 6, 9], "{told:?}");
    assert_eq!(told[&3], "has 2 fields where the header has 3");
    assert!(told[&4].contains("\"caption\": is not UTF-8"), "{told:?}");
    assert!(told[&6].contains("uri"), "{told:?}");
    folder.write("no.csv", "a,b\n1,2\n");
    let why = folder.run(["import", "c.filedex", "no.csv"]).fails(1);
    assert!(why.contains("no column is the uri") && why.contains("--map"), "{why}");
    assert!(!folder.path("c.filedex").exists());
}

#[test]
fn damaged_tables_are_errors_without_a_panic() {
    let folder = pictures();
    for name in ["out.parquet", "out.arrow"] {
        folder.run(["export", "a.filedex", "-o", name]).ok();
        let whole = fs::read(folder.path(name)).unwrap();
        for cut in [7, whole.len() / 2, whole.len() - 1] {
            folder.write(name, &whole[..cut]);
            let why = folder.run(["import", "c.filedex", name]).fails(1);
            assert!(why.contains(name), "{why}");
        }
    }
    assert!(!folder.path("c.filedex").exists());
}

#[test]
fn shares_groups_and_files_of_a_parted_export() {
    let folder = pictures();
    let args = [
        "export",
        "a.filedex",
        "--format",
        "imagefolder",
        "--files",
        "copy",
        "-o",
        "set",
        "--split",
        "train=0.7,val=0.3",
        "--seed",
        "5",
        "--stratify",
        "class/",
        "--group",
        "Attributes.near",
    ];
    let done = folder.json(args);
    assert_eq!(done["records"], 20);
    let train = done["parts"]["train"].as_u64().unwrap();
    assert!((12..=16).contains(&train), "{done}");
    let mut side = BTreeMap::new();
    for part in ["train", "val"] {
        let text = fs::read_to_string(folder.path(&format!("set/{part}/metadata.jsonl"))).unwrap();
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let name = row["file_name"].as_str().unwrap();
            let original = fs::read(folder.path(&format!("pictures/{name}"))).unwrap();
            assert!(fs::read(folder.path(&format!("set/{part}/{name}"))).unwrap() == original);
            let near = row["attributes.near"].as_u64().unwrap();
            assert_eq!(*side.entry(near).or_insert(part), part, "a group was parted");
        }
    }
    assert_eq!(side.len(), 10);
    let before = files(&folder.path("set"));
    assert_eq!(before.len(), 20 + 2 + 1);
    // The same again is refused, then the same.
    let why = folder.run(args).fails(1);
    assert!(why.contains("--force"), "{why}");
    folder.json(args.iter().chain(&["--force"]));
    assert_eq!(files(&folder.path("set")), before);
    // What no export made is not replaced.
    fs::create_dir(folder.path("mine")).unwrap();
    folder.write("mine/thesis.txt", "years of work");
    let why =
        folder.run(["export", "a.filedex", "--format", "coco", "-o", "mine", "--force"]).fails(1);
    assert!(why.contains("no export wrote"), "{why}");
    assert_eq!(files(&folder.path("mine")), ["thesis.txt"]);
    assert!(!files(&folder.path("")).iter().any(|name| name.contains(".part-")));
}

#[test]
fn data_sets_of_pictures_go_out_and_in() {
    for (format, options) in [
        ("coco", vec!["--files", "link"]),
        ("imagefolder", vec!["--files", "copy"]),
        ("yolo", vec!["--files", "copy", "--split", "train=1,val=1"]),
        ("open-images", vec!["--files", "copy"]),
        ("class-folders", vec!["--files", "link", "--label", "class/"]),
    ] {
        let folder = pictures();
        let args = ["export", "a.filedex", "--format", format, "-o", "set"];
        assert_eq!(folder.json(args.iter().chain(&options))["records"], 20, "{format}");
        let args = ["import", "b.filedex", "set", "--format", format, "--json"];
        let ran = folder.run(args);
        assert_eq!(ran.json()["created"], 20, "{format}: {}", ran.stdout);
        assert_eq!(ran.json()["failed"], 0, "{format}: {}", ran.stdout);
        let mut queries = vec![("Tags.all = 'dog'", 5)];
        if format != "class-folders" {
            queries.push(("Attributes.objects.category = 'cat'", 15));
        }
        if matches!(format, "coco" | "imagefolder") {
            queries.push(("Comment:'number' AND Attributes.width = 40", 20));
        }
        for (query, want) in queries {
            let found = folder.json(["query", "b.filedex", query])["total"].as_u64();
            assert_eq!(found, Some(want), "{format}: {query}");
        }
        if format == "imagefolder" {
            assert!(lines(&folder, "b.filedex") == without_vectors(lines(&folder, "a.filedex")));
        }
    }
}

#[test]
fn annotations_that_name_nothing_are_refused_and_the_others_stored() {
    let folder = Folder::new();
    let coco = json!({
        "images": [{"id": 1, "file_name": "1.png", "width": 10, "height": 20}, {"id": 2}],
        "annotations": [
            {"id": 1, "image_id": 1, "caption": " first "},
            {"id": 2, "image_id": 1, "caption": "second"},
            {"id": 3, "image_id": 9, "caption": "of nothing"},
            {"id": 4, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]},
            {"id": 5, "image_id": 1, "category_id": 4, "bbox": [1, 2, 3, 4]},
        ],
        "categories": [{"id": 3, "name": "car", "supercategory": "vehicle"}],
    });
    folder.write("captions_val2017.json", coco.to_string());
    let args = ["import", "a.filedex", "captions_val2017.json", "--root", "oss://b/val", "--json"];
    let ran = folder.run(args);
    assert_eq!(ran.code, Some(1));
    let reasons = ran.json()["errors"].to_string();
    for want in ["images[1] has no id", "names the image 9", "names the category 4"] {
        assert!(reasons.contains(want), "{reasons}");
    }
    let line = &lines(&folder, "a.filedex")[0];
    assert_eq!(line["uri"], "oss://b/val/1.png");
    assert_eq!(line["comment"], "first");
    assert_eq!(line["tags_user"], json!(["car"]));
    let want = json!({
        "width": 10, "height": 20, "coco_id": 1, "split": "val2017",
        "captions": ["first", "second"],
        "objects": [{"category": "car", "supercategory": "vehicle", "bbox": [1, 2, 3, 4]}],
    });
    assert_eq!(line["attributes"], want);
}

#[test]
fn files_that_are_not_there_are_left_out_and_told() {
    let folder = pictures();
    folder
        .write("more.jsonl", "{\"uri\":\"oss://b/far.png\"}\n{\"uri\":\"file:///no/such.png\"}\n");
    folder.run(["import", "a.filedex", "more.jsonl"]).ok();
    for format in ["imagefolder", "jsonl", "coco"] {
        let args =
            ["export", "a.filedex", "--format", format, "--files", "copy", "-o", format, "--json"];
        let ran = folder.run(args);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let done = ran.json();
        assert_eq!((&done["records"], &done["left_out"]), (&json!(20), &json!(2)), "{done}");
        assert!(done["errors"].to_string().contains("not on this machine"), "{done}");
    }
    let table = fs::read_to_string(folder.path("jsonl/records.jsonl")).unwrap();
    let first: Value = serde_json::from_str(table.lines().next().unwrap()).unwrap();
    assert_eq!(first["attributes"]["file"], "files/0.bmp");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_leaves_nothing() {
    let folder = pictures();
    for format in ["jsonl", "csv", "parquet", "arrow"] {
        let why =
            folder.run(["export", "a.filedex", "--format", format, "-o", "/dev/full"]).fails(1);
        assert!(why.contains("No space left"), "{format}: {why}");
    }
    // A limit on the length of files stands for a disk: writing past it fails.
    for (format, name) in [("parquet", "out.parquet"), ("coco", "set"), ("csv", "out.csv")] {
        let script = format!(
            "trap '' XFSZ; ulimit -f 1; exec '{}' export a.filedex --format {format} -o {name}",
            env!("CARGO_BIN_EXE_filedex"),
        );
        let ran = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder.path(""))
            .output()
            .unwrap();
        let why = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{format}: {why}");
        assert!(why.contains(name), "{format}: {why}");
        let left: Vec<_> = files(&folder.path(""))
            .into_iter()
            .filter(|left| left.starts_with("out") || left.starts_with("set"))
            .collect();
        assert!(left.is_empty(), "{format}: {left:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_export_that_is_stopped_leaves_nothing() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let folder = Folder::new();
    let line =
        |number: u64| format!("{{\"uri\":\"a://b/{number}\",\"caption\":\"Number {number}\"}}\n");
    folder.write("in.jsonl", (0..60_000).map(line).collect::<String>());
    folder.run(["import", "a.filedex", "in.jsonl", "--batch", "60000"]).ok();
    for (format, name) in [("parquet", "out.parquet"), ("open-images", "set")] {
        let mut command = folder.command(["export", "a.filedex", "--format", format, "-o", name]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let part = folder.path(&format!("{name}.part-{}", child.id()));
        let started = Instant::now();
        while !part.exists() && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(
            Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let ran = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!((ran.status.code(), ran.status.signal()), (Some(1), None), "{told}");
        assert!(told.contains("stopped; nothing was written"), "{told}");
        assert!(!part.exists() && !folder.path(name).exists());
    }
}
