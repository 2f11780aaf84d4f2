//! Giving files vectors.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::interrupt::interrupt_after_a_batch;
use crate::program::{Folder, Ran};

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../embed/fixtures")
}

fn captions(range: std::ops::Range<u32>) -> String {
    let words = ["red car", "blue boat", "grey horse", "green hill", "old castle"];
    range
        .map(|n| {
            let word = words[n as usize % words.len()];
            format!("{{\"uri\":\"a://b/{n}.png\",\"caption\":\"Number {n}: a {word}\"}}\n")
        })
        .collect()
}

#[test]
fn every_file_with_words_gets_a_vector_once() {
    let folder = Folder::with_fixtures();
    let done = folder.json(["embed", "a.filedex"]);
    let (model, space) = (&done["model"], &done["space"]);
    assert_eq!((model, &done["chosen"], &done["failed"]), (space, &json!(true), &json!(0)));
    let embedded = done["embedded"].as_u64().unwrap();
    assert_eq!(embedded + done["empty"].as_u64().unwrap(), 2350);
    let job = done["job_id"].as_str().unwrap();
    assert!(job.starts_with("embed-"));
    let spaces = folder.json(["space", "list", "a.filedex"]);
    assert_eq!(spaces["spaces"][0]["vectors"], embedded);
    assert_eq!(spaces["spaces"][0]["dimension"], done["dimension"]);
    let again = folder.json(["embed", "a.filedex"]);
    assert_eq!((&again["embedded"], &again["empty"]), (&json!(0), &done["empty"]));
    let shown = folder.run(["embed", "a.filedex"]).ok().stdout;
    assert!(shown.starts_with("0 files embedded in space "), "{shown}");
    assert_eq!(folder.json(["check", "a.filedex"])["vectors"], embedded);
}

#[test]
fn fields_storage_and_choice() {
    let folder = Folder::new();
    folder.write("in.jsonl", "{\"uri\":\"a://b/a_red-car.png\",\"tags_user\":[\"boat\"]}\n");
    folder.run(["import", "a.filedex", "in.jsonl"]).ok();
    assert_eq!(folder.json(["embed", "a.filedex"])["empty"], 1);
    let of = |field: &str, space: &str, more: &[&str]| {
        let args = ["embed", "a.filedex", "--field", field, "--space", space, "--storage", "f16"];
        let done = folder.json(args.iter().chain(more));
        assert_eq!(done["embedded"], 1, "{field}");
        done["chosen"].clone()
    };
    assert_eq!(of("file_name", "names", &[]), false);
    assert_eq!(of("comment,tags", "tags", &["--choose"]), true);
    let score = |text: &str, space: &str| {
        let args =
            ["query", "a.filedex", "--query-type", "vector", "--text", text, "--space", space];
        folder.json(args)["hits"][0]["score"].as_f64().unwrap()
    };
    assert!(score("a red car", "names") > 0.99, "the name without its extension and signs");
    assert!(score("boat", "tags") > 0.99);
    let why = ["embed", "a.filedex", "--space", "tags", "--storage", "f32"];
    assert!(folder.run(why).fails(2).contains("keeps its numbers as f16"));
    for bad in
        [vec!["--field", "size"], vec!["--field", "tags", "--pictures"], vec!["--storage", "f64"]]
    {
        assert_eq!(folder.run(["embed", "a.filedex"].iter().chain(&bad)).code, Some(2));
    }
}

#[test]
fn files_that_the_model_refuses_do_not_stop_the_others() {
    let folder = Folder::new();
    folder.write("in.jsonl", format!("{}{}", captions(0..3), "{\"uri\":\"a://x.png\",\"caption\":\"\u{200b}\"}\n{\"uri\":\"a://y.png\",\"caption\":\"\u{200b}\u{200b}\"}\n"));
    folder.run(["import", "a.filedex", "in.jsonl"]).ok();
    let ran = folder.run(["embed", "a.filedex", "--json"]);
    let done = ran.json();
    assert_eq!(done["embedded"], 3);
    assert_eq!(done["failed"].as_u64().unwrap() + done["empty"].as_u64().unwrap(), 2);
    if done["failed"] == 0 {
        return;
    }
    assert_eq!(ran.code, Some(1));
    assert_eq!(done["reasons"][0]["count"], 2);
    let shown = folder.run(["embed", "a.filedex"]);
    assert_eq!(shown.code, Some(1));
    assert!(shown.stdout.contains("2 files were refused:"), "{}", shown.stdout);
    assert!(shown.stdout.contains("a://x.png: "), "{}", shown.stdout);
}

#[test]
fn it_stops_after_a_batch_and_resumes() {
    let folder = Folder::new();
    let all = 30_000;
    folder.write("in.jsonl", captions(0..all));
    folder.run(["import", "a.filedex", "in.jsonl"]).ok();
    let text =
        interrupt_after_a_batch(folder.spawn(["embed", "a.filedex", "--acknowledge", "--choose"]));
    let acknowledged = text.lines().filter_map(|line| line.parse::<u64>().ok()).max().unwrap();
    assert!(acknowledged > 0 && acknowledged < u64::from(all));
    let spaces = folder.json(["space", "list", "a.filedex"]);
    assert_eq!(spaces["spaces"][0]["vectors"], acknowledged);
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
    let resumed = folder.json(["embed", "a.filedex"]);
    assert_eq!(resumed["embedded"], u64::from(all) - acknowledged);
    assert_eq!(folder.json(["embed", "a.filedex"])["embedded"], 0);
}

#[test]
fn another_model_from_a_folder() {
    let folder = Folder::new();
    folder.write("in.jsonl", captions(0..20));
    folder.run(["import", "a.filedex", "in.jsonl"]).ok();
    folder.run(["embed", "a.filedex"]).ok();
    let model = models().join("tiny-bert");
    let model = model.to_str().unwrap();
    let shown = folder.run(["embed", "a.filedex", "--model", model, "--space", "tiny"]).ok().stdout;
    assert!(shown.starts_with("20 files embedded in space tiny of default/v1, "), "{shown}");
    assert!(shown.contains("--space tiny asks this one"), "{shown}");
    // The chosen space is of another model, so without a name one is made for this model.
    let done = folder.json(["embed", "a.filedex", "--model", model]);
    assert_eq!((&done["space"], &done["chosen"]), (&done["model"], &json!(false)));
    let args = ["query", "a.filedex", "--text", "Number 7: a grey horse", "--space", "tiny"];
    let why = folder.run(args).fails(2);
    assert!(why.contains("which is not at hand"), "{why}");
    let found = folder.json(args.iter().chain(&["--model", model]));
    assert_eq!(found["hits"][0]["uri"], "a://b/7.png");
    let found = Ran::of(
        folder
            .command(args.iter().chain(&["--json"]))
            .env("FILEDEX_MODEL", model)
            .output()
            .unwrap(),
    );
    assert_eq!(found.ok().json()["hits"][0]["uri"], "a://b/7.png");
    let why = folder.run(["embed", "a.filedex", "--space", "tiny"]).fails(2);
    assert!(why.contains("the space \"tiny\" has vectors of the model"), "{why}");
}

#[test]
fn pictures() {
    let folder = Folder::new();
    let (model, pictures) = (models().join("tiny-clip"), models().join("pictures"));
    let mut lines = String::new();
    for name in ["greece.png", "semaphore_november.png", "tophat_benji_park_01.png"] {
        let uri = format!("file://{}", pictures.canonicalize().unwrap().join(name).display());
        lines.push_str(&format!("{}\n", json!({ "uri": uri })));
    }
    folder.write("broken.png", "no picture");
    lines.push_str(&format!("{}\n", json!({ "uri": folder.path("broken.png") })));
    lines.push_str("{\"uri\":\"oss://b/elsewhere.png\"}\n");
    folder.write("in.jsonl", lines);
    folder.run(["import", "a.filedex", "in.jsonl"]).ok();
    let why = folder.run(["embed", "a.filedex", "--pictures"]).fails(2);
    assert!(why.contains("does not read pictures"), "{why}");
    let model = model.to_str().unwrap();
    let embed = ["embed", "a.filedex", "--pictures", "--model", model, "--space", "pictures"];
    let ran = folder.run(embed.iter().chain(&["--json"]));
    let done = ran.json();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(
        (&done["embedded"], &done["failed"], &done["empty"]),
        (&json!(3), &json!(1), &json!(1)),
        "{done}"
    );
    let picture = pictures.join("greece.png");
    let picture = picture.to_str().unwrap();
    let answer = folder.json(["query", "a.filedex", "--image", picture, "--model", model]);
    assert!(answer["hits"][0]["uri"].as_str().unwrap().ends_with("greece.png"), "{answer}");
    assert!(answer["hits"][0]["score"].as_f64().unwrap() > 0.9999);
    let args = ["query", "a.filedex", "HAS Uri", "--image", picture];
    assert!(folder.run(args).fails(2).contains("say --model"));
    let why =
        folder.run(["query", "a.filedex", "--image", "broken.png", "--model", model]).fails(1);
    assert!(why.contains("broken.png cannot be embedded"), "{why}");
}

#[test]
fn a_folder_that_is_no_whole_model() {
    let folder = Folder::with_fixtures();
    for (missing, kept) in [
        ("config.json", ["tokenizer.json", "model.safetensors"]),
        ("tokenizer.json", ["config.json", "model.safetensors"]),
        ("model.safetensors", ["config.json", "tokenizer.json"]),
    ] {
        let partial = folder.path("partial");
        std::fs::create_dir(&partial).unwrap();
        for name in kept {
            std::fs::copy(models().join("tiny-distilbert").join(name), partial.join(name)).unwrap();
        }
        let ran = folder.run(["embed", "a.filedex", "--model", "partial", "--json"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["error"]["kind"], "model");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains("partial") && message.contains(missing), "{message}");
        std::fs::remove_dir_all(&partial).unwrap();
    }
    assert_eq!(folder.json(["space", "list", "a.filedex"])["spaces"], json!([]));
}
