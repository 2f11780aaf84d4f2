//! Embedding spaces: their life, imports of vectors, exports, calibration.

use serde_json::{Value, json};

use crate::npy;
use crate::program::Folder;

fn lines(count: u32) -> String {
    (0..count).map(|n| format!("{{\"uri\":\"a://{n}.png\",\"caption\":\"File {n}\"}}\n")).collect()
}

/// Unit vectors around a circle.
fn circle(count: u32) -> Vec<Vec<f32>> {
    let angle = |n: u32| std::f32::consts::TAU * n as f32 / count as f32;
    (0..count).map(|n| vec![angle(n).cos(), angle(n).sin()]).collect()
}

fn names(folder: &Folder) -> Vec<(String, bool, u64)> {
    let spaces = folder.json(["space", "list", "a.filedex"]);
    let spaces = spaces["spaces"].as_array().unwrap().iter();
    spaces
        .map(|space| {
            let name = space["name"].as_str().unwrap().to_owned();
            (name, space["chosen"].as_bool().unwrap(), space["vectors"].as_u64().unwrap())
        })
        .collect()
}

/// A folder with `count` files, whose vectors are around a circle.
fn around(count: u32) -> Folder {
    let folder = Folder::new();
    folder.write("in.jsonl", lines(count));
    folder.write("v.npy", npy::matrix(&circle(count)));
    let args = ["import", "a.filedex", "in.jsonl", "--embeddings", "v.npy", "--space", "circle"];
    let done = folder.json(args.iter().chain(&["--model-id", "compass"]));
    assert_eq!((&done["created"], &done["failed"]), (&json!(count), &json!(0)));
    folder
}

#[test]
fn the_life_of_a_space() {
    let folder = Folder::with_fixtures();
    let shown = folder.run(["space", "list", "a.filedex"]).ok().stdout;
    assert_eq!(shown, "0 spaces of default/v1\n");
    let create = |name: &str, more: &[&str]| {
        let args = ["space", "create", "a.filedex", name, "--model", "m", "--dimension", "3"];
        folder.run(args.iter().chain(more))
    };
    assert!(create("one", &[]).ok().stdout.contains("it is the chosen one"));
    let made = create("two", &["--metric", "l2", "--storage", "f16", "--not-normalised", "--json"]);
    let made = made.ok().json();
    assert_eq!(
        (&made["metric"], &made["storage"], &made["normalised"], &made["chosen"]),
        (&json!("l2"), &json!("f16"), &json!(false), &json!(false))
    );
    assert!(create("one", &[]).fails(1).contains("one"));
    assert!(create("", &[]).fails(2).contains("cannot name a space"));
    assert!(create("x", &["--not-normalised"]).fails(2).contains("under cosine"));
    assert_eq!(create("x", &["--metric", "manhattan"]).code, Some(2));
    assert_eq!(create("x", &["--dimension", "5000"]).code, Some(2));
    folder.run(["space", "choose", "a.filedex", "two"]).ok();
    folder.run(["space", "rename", "a.filedex", "two", "second"]).ok();
    folder.run(["space", "rename", "a.filedex", "second", "one"]).fails(1);
    assert_eq!(names(&folder), [("one".to_owned(), false, 0), ("second".to_owned(), true, 0)]);
    let shown = folder.run(["info", "a.filedex"]).ok().stdout;
    assert!(shown.contains("second") && shown.contains("f16"), "{shown}");
    let info = folder.json(["info", "a.filedex"]);
    assert_eq!(info["spaces"][1]["name"], "second");
    assert_eq!(info["spaces"][1]["dataset"], "default");
    let dropped = folder.json(["space", "drop", "a.filedex", "second"]);
    assert_eq!(dropped, json!({ "dropped": "second", "vectors": 0, "chosen": "one" }));
    for action in ["choose", "drop"] {
        let why = folder.run(["space", action, "a.filedex", "second"]).fails(1);
        assert!(why.contains("there is no embedding space \"second\"; there is one"), "{why}");
    }
    folder.run(["space", "list", "a.filedex", "-d", "absent"]).fails(1);
}

#[test]
fn what_has_vectors_is_not_dropped_without_consent() {
    let folder = around(5);
    let why = folder.run(["space", "drop", "a.filedex", "circle"]).fails(2);
    assert!(why.contains("space circle and its 5 vectors will be removed"), "{why}");
    assert_eq!(names(&folder), [("circle".to_owned(), true, 5)]);
    let shown = folder.run(["space", "drop", "a.filedex", "circle", "--yes"]).ok().stdout;
    assert_eq!(shown, "removed space circle with 5 vectors\n");
    assert_eq!(names(&folder), []);
}

#[test]
fn vectors_beside_the_lines() {
    let folder = around(8);
    let got = folder.json(["get", "a.filedex", "a://2.png", "--vector"]);
    let vector: Vec<f64> =
        got["vector"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert!(vector[0].abs() < 1e-6 && (vector[1] - 1.0).abs() < 1e-6, "{vector:?}");
    let shown = folder.run(["get", "a.filedex", "a://2.png", "--vector=circle"]).ok().stdout;
    assert!(shown.contains("(2 numbers)"), "{shown}");
    folder.run(["get", "a.filedex", "a://2.png", "--vector=square"]).fails(1);
    let answer = folder.json(["query", "a.filedex", "--vector", "v.npy:3"]);
    assert_eq!(answer["hits"][0]["uri"], "a://3.png");
    // Again is no change; more rows than lines may mean a mistake.
    folder.write("short.jsonl", lines(6));
    let again = ["import", "a.filedex", "short.jsonl", "--embeddings", "v.npy"];
    let ran = folder.run(again).ok();
    assert!(ran.stdout.contains("6 unchanged"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("8 rows of embeddings; the last 2 belong to no line"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_row_that_is_no_vector_is_an_error_of_its_line() {
    let folder = Folder::new();
    folder.write("in.jsonl", lines(4));
    let mut rows = circle(4);
    rows[1][0] = f32::NAN;
    rows[2] = vec![0.0, 0.0];
    folder.write("v.npy", npy::matrix(&rows));
    let args =
        ["import", "a.filedex", "in.jsonl", "--embeddings", "v.npy", "--model-id", "compass"];
    let ran = folder.run(args.iter().chain(&["--json"]));
    let done = ran.json();
    assert_eq!((ran.code, &done["failed"], &done["created"]), (Some(1), &json!(1), &json!(3)));
    assert_eq!(done["errors"][0]["line"], 2);
    assert!(done["errors"][0]["reason"].as_str().unwrap().contains("finite"), "{done}");
    // A row of zeros is a line without a vector; the space is named after the model.
    assert_eq!(names(&folder), [("compass".to_owned(), true, 2)]);
}

#[test]
fn numpy_files_that_do_not_fit() {
    let folder = around(4);
    let zeros = |bytes: usize| vec![0_u8; bytes];
    folder.write("flat.npy", npy::file("<f4", false, "(8,)", zeros(32)));
    folder.write("fortran.npy", npy::file("<f4", true, "(4, 2)", zeros(32)));
    folder.write("whole.npy", npy::file("<i8", false, "(4, 2)", zeros(64)));
    folder.write("wide.npy", npy::file("<f4", false, "(4, 3)", zeros(48)));
    folder.write("none.npy", "not a NumPy file");
    folder.write("more.jsonl", "{\"uri\":\"a://new.png\"}\n");
    let import = |name: &str, more: &[&str]| {
        let args = ["import", "a.filedex", "more.jsonl", "--embeddings", name];
        folder.run(args.iter().chain(more))
    };
    for (name, why) in [
        ("flat.npy", "embeddings are a matrix"),
        ("fortran.npy", "numpy.ascontiguousarray"),
        ("whole.npy", "float16 or float32 is right"),
        ("wide.npy", "the vectors have 3 numbers each, the space \"circle\" has 2 dimensions"),
        ("none.npy", "is no .npy file"),
        ("absent.npy", "absent.npy"),
    ] {
        let ran = import(name, &[]);
        assert!(matches!(ran.code, Some(1 | 2)), "{name}: {}", ran.stdout);
        assert!(ran.stderr.contains(why), "{name}: {}", ran.stderr);
    }
    assert!(import("v.npy", &["--model-id", "m"]).fails(1).contains("of the model \"compass\""));
    assert!(import("v.npy", &["--space", "x"]).fails(1).contains("say --space and --model-id"));
    assert_eq!(folder.total("ALL"), 4, "nothing was imported");

    folder.write("many.jsonl", lines(9));
    let args = ["import", "b.filedex", "many.jsonl", "--embeddings", "v.npy", "--model-id", "m"];
    let why = folder.run(args.iter().chain(&["--batch", "2"])).fails(2);
    assert!(why.contains("the embeddings end before line 5"), "{why}");
    assert_eq!(folder.json(["query", "b.filedex"])["total"], 4);
}

#[test]
fn half_precision() {
    let folder = Folder::new();
    folder.write("in.jsonl", lines(2));
    // 1.0 and 0.0 as binary16.
    let numbers = [0x00, 0x3c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x3c];
    folder.write("v.npy", npy::file("<f2", false, "(2, 2)", numbers));
    let args = ["import", "a.filedex", "in.jsonl", "--embeddings", "v.npy", "--model-id", "m"];
    folder.run(args).ok();
    let got = folder.json(["get", "a.filedex", "a://1.png", "--vector"]);
    assert_eq!(got["vector"], json!([0.0, 1.0]));
}

#[test]
fn vectors_in_the_lines_make_their_space() {
    let folder = Folder::new();
    folder.write(
        "in.jsonl",
        "\n{\"uri\":\"a://1\"}\nnot json\n{\"uri\":\"a://2\",\"embedding\":[3,4,0]}\n\
         {\"uri\":\"a://3\",\"embedding\":[1,2]}\n",
    );
    let import = ["import", "a.filedex", "in.jsonl"];
    let why = folder.run(import.iter().chain(&["--space", "s"])).fails(1);
    assert!(why.contains("say --space and --model-id"), "{why}");
    let ran = folder.run(import.iter().chain(&["--space", "s", "--model-id", "m", "--json"]));
    let done = ran.json();
    assert_eq!((&done["created"], &done["failed"]), (&json!(2), &json!(2)), "{done}");
    assert_eq!(names(&folder), [("s".to_owned(), true, 1)]);
    let got = folder.json(["get", "a.filedex", "a://2", "--vector"]);
    let got: Vec<f32> = serde_json::from_value(got["vector"].clone()).unwrap();
    assert_eq!(got, [0.6, 0.8, 0.0]);
    assert_eq!(folder.json(["get", "a.filedex", "a://1", "--vector"])["vector"], Value::Null);
    folder.write("bare.jsonl", lines(3));
    let args = ["import", "b.filedex", "bare.jsonl", "--space", "s", "--model-id", "m"];
    assert!(folder.run(args).fails(1).contains("no line has an `embedding`"));
    folder.write("bare.jsonl", "\n \n");
    folder.run(args).ok();
    assert_eq!(folder.json(["space", "list", "b.filedex"])["spaces"], json!([]));
}

#[test]
fn an_export_with_vectors_is_read_back() {
    let folder = Folder::embedded();
    let made = folder.json(["space", "list", "a.filedex"])["spaces"][0].clone();
    let (name, dimension) = (made["name"].as_str().unwrap(), made["dimension"].to_string());
    folder.run(["export", "a.filedex", "--embeddings", "-o", "out.jsonl.gz"]).ok();
    folder.write("none.jsonl", "");
    folder.run(["import", "b.filedex", "none.jsonl"]).ok();
    let args = ["space", "create", "b.filedex", name, "--model", made["model"].as_str().unwrap()];
    folder.run(args.iter().chain(&["--dimension", &dimension])).ok();
    let done = folder.json(["import", "b.filedex", "out.jsonl.gz"]);
    assert_eq!((&done["created"], &done["failed"]), (&json!(2350), &json!(0)));
    let exported = |name: &str| folder.run(["export", name, "--embeddings"]).ok().stdout;
    assert!(exported("a.filedex") == exported("b.filedex"));
}

#[test]
fn calibration_is_printed_kept_and_read() {
    let folder = Folder::embedded();
    let few = around(5);
    assert!(few.run(["calibrate", "a.filedex"]).fails(2).contains("at least 500"));
    let shown = folder.run(["calibrate", "a.filedex"]).ok().stdout;
    assert!(shown.contains("rows") && shown.contains("cascade"), "{shown}");
    assert!(shown.contains("exact up to ") && shown.contains("nothing was saved"), "{shown}");
    let done = folder.json(["calibrate", "a.filedex", "--save"]);
    let trials = done["trials"].as_array().unwrap();
    assert_eq!(trials[0]["rows"], 500);
    assert!(trials.iter().all(|trial| trial["exact_micros"].as_f64().unwrap() > 0.0));
    let saved = std::path::PathBuf::from(done["saved"].as_str().unwrap());
    assert_eq!(saved, folder.path("config/filedex/calibration.json"));
    let kept: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
    assert_eq!(kept, done["thresholds"]);

    let query = ["query", "a.filedex", "--text", "dog"];
    std::fs::write(&saved, r#"{"exact_rows":10,"graph_rows":1000000}"#).unwrap();
    let answer = folder.json(query);
    assert_eq!(answer["nearest"], "cascade");
    let shown = folder.run(query).ok().stdout;
    assert!(
        shown.contains("path cascade, nearly always the nearest; --exact proves it"),
        "{shown}"
    );
    assert_eq!(folder.json(query.iter().chain(&["--exact"]))["nearest"], "exact");

    for damaged in ["{\"exact_rows\":", "{\"exact_rows\":-1,\"graph_rows\":5}", "[]", ""] {
        std::fs::write(&saved, damaged).unwrap();
        let ran = folder.run(query).ok();
        assert!(ran.stdout.contains("path exact"), "{}", ran.stdout);
        assert!(
            ran.stderr.starts_with("note: ") && ran.stderr.contains("is damaged"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn repair_and_optimize() {
    let folder = around(300);
    let args = ["check", "a.filedex", "--repair"];
    let shown = folder.run(args).ok().stdout;
    let want = "made the index of 300 records and 300 vectors anew\n\
                sound: 300 records in 1 version, 300 vectors, ";
    assert!(shown.starts_with(want), "{shown}");
    let rebuilt = json!({ "records": 300, "vectors": 300, "lost_vectors": 0 });
    assert_eq!(folder.json(args)["rebuilt"], rebuilt);
    let shown = folder.run(["optimize", "a.filedex"]).ok().stdout;
    assert!(shown.starts_with("optimized a.filedex in "), "{shown}");
    assert_eq!(folder.json(["optimize", "a.filedex"])["optimized"], true);
    assert_eq!(
        folder.json(["query", "a.filedex", "--vector", "v.npy:7"])["hits"][0]["uri"],
        "a://7.png"
    );
    folder.run(["optimize", "absent.filedex"]).fails(1);
}
