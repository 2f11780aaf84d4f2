//! Searches by meaning: embedding, query, why.

use serde_json::{Value, json};

use crate::npy;
use crate::program::Folder;

fn uris(answer: &Value) -> Vec<&str> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["uri"].as_str().unwrap()).collect()
}

/// Three files in a space of two dimensions, whose model is not at hand.
fn small() -> Folder {
    let folder = Folder::new();
    let lines = [
        r#"{"uri":"a://east.png","caption":"a red car","embedding":[1,0]}"#,
        r#"{"uri":"a://north.png","caption":"a blue boat","embedding":[0,2]}"#,
        r#"{"uri":"a://between.png","caption":"a red boat","embedding":[0.6,0.8]}"#,
        r#"{"uri":"a://nowhere.png","caption":"a red kite"}"#,
    ];
    folder.write("in.jsonl", lines.join("\n"));
    let args = ["import", "a.filedex", "in.jsonl", "--space", "plane", "--model-id", "compass"];
    assert_eq!(folder.json(args)["created"], 4);
    folder
}

#[test]
fn captions_are_found_by_what_they_mean() {
    let folder = Folder::embedded();
    let args = ["query", "a.filedex", "FileType = 'application'", "--text", "a wedding"];
    let answer = folder.json(args.iter().chain(&["--query-type", "vector", "-n", "20"]));
    assert_eq!(answer["nearest"], "exact");
    assert_eq!(answer["total"], 100);
    let hits: Vec<_> = answer["hits"].as_array().unwrap().iter().collect();
    let fitting = hits.iter().filter(|hit| {
        let caption = hit["comment"].as_str().unwrap().to_lowercase();
        ["bride", "groom", "wedding", "married"].iter().any(|word| caption.contains(word))
    });
    assert!(fitting.count() >= 12, "{hits:#?}");
    let scores: Vec<_> = hits.iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert!(hits.iter().all(|hit| hit["parts"]["similarity"] == hit["score"]));
    assert!(hits.iter().all(|hit| hit["parts"]["bm25"].is_null()));
    assert!(hits.iter().all(|hit| hit["file_type"] == "application"));
}

#[test]
fn an_option_is_the_clause_of_its_name() {
    let folder = Folder::embedded();
    let of = |args: &[&str]| {
        let args = ["query", "a.filedex"].iter().chain(args);
        let answer = folder.json(args);
        (answer["total"].clone(), uris(&answer).join(" "))
    };
    let uri = "http://www.tate.org.uk/art/images/work/A/A00/A00467_8.jpg";
    for (options, expression) in [
        (vec!["--text", "it's a dog"], r"Content:'it\'s a dog'".to_owned()),
        (vec!["--text", "dog", "--top-k", "7"], "Content:'dog' AND TopK = 7".to_owned()),
        (vec!["--text", "dog", "--exact"], "Content:'dog' AND Exact = true".to_owned()),
        (vec!["--text", "dog", "--fusion", "rrf"], "Content:'dog' AND Fusion = 'RRF'".to_owned()),
        (
            vec!["--text", "dog", "--vector-weight", "0.1"],
            "Content:'dog' AND VectorWeight = 0.1".to_owned(),
        ),
        (
            vec!["--text", "dog", "--query-type", "vector", "--threshold", "0.3"],
            "Content:'dog' AND QueryType = 'VECTOR' AND ScoreThreshold = 0.3".to_owned(),
        ),
        (
            vec!["--text", "horse", "--query-type", "tag"],
            "Tags.all = 'horse' AND QueryType = 'TAG'".to_owned(),
        ),
        (vec!["--similar-to", uri], format!("SimilarTo = '{uri}'")),
        (
            vec!["FileType = 'image' OR Starred = true", "--text", "dog", "--top-k", "50"],
            "Content:'dog' AND (FileType = 'image' OR Starred = true) AND TopK = 50".to_owned(),
        ),
    ] {
        let (total, hits) = of(&options);
        assert!(total.as_u64().unwrap() > 0, "{options:?}");
        assert_eq!((total, hits), of(&[&expression]), "{options:?}");
    }
    let (_, hits) = of(&["--similar-to", uri]);
    assert!(!hits.contains(uri), "a file is not among those similar to it");
}

#[test]
fn pages_and_the_command_for_the_next_one() {
    let folder = Folder::embedded();
    let args =
        ["query", "a.filedex", "--text", "a dog's day", "--top-k", "5", "--exact", "-n", "2"];
    let shown = folder.run(args).ok().stdout;
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].starts_with("joined  similarity"), "{shown}");
    assert!(lines[4].starts_with("5 files, 2 shown, "), "{shown}");
    assert_eq!(lines[5], "by meaning: 5 hits, path exact, proved to be the nearest");
    let next = lines[6].strip_prefix("next page: filedex ").unwrap();
    let shell = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{} {next}", env!("CARGO_BIN_EXE_filedex")))
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(shell.status.success(), "{next}: {}", String::from_utf8_lossy(&shell.stderr));
    assert!(String::from_utf8(shell.stdout).unwrap().contains("5 files, 2 shown"));
    let all = folder.json(["query", "a.filedex", "--text", "a dog's day", "--top-k", "5", "--all"]);
    assert_eq!((&all["total"], uris(&all).len()), (&json!(5), 5));
}

#[test]
fn scores_parts_and_explain() {
    let folder = small();
    let args = ["query", "a.filedex", "--vector", "[0.6, 0.8]"];
    let answer = folder.json(args);
    assert_eq!(uris(&answer), ["a://between.png", "a://north.png", "a://east.png"]);
    let score = |at: usize| answer["hits"][at]["score"].as_f64().unwrap();
    assert!((score(0) - 1.0).abs() < 1e-6 && (score(1) - 0.8).abs() < 1e-6);
    let shown = folder.run(args).ok().stdout;
    assert!(shown.starts_with(" score ") && shown.contains("\n0.8000  north.png"), "{shown}");
    let explained = folder.json(args.iter().chain(&["--explain"]));
    let nearest = &explained["explain"]["nearest"];
    assert_eq!((&nearest["path"], &nearest["vectors"]), (&json!("exact"), &json!(3)));
    let above = folder.json(args.iter().chain(&["--threshold", "0.7"]));
    assert_eq!(above["total"], 2);
    let args = ["query", "a.filedex", "Comment:'red'", "--vector", "[0, 1]"];
    assert_eq!(uris(&folder.json(args)), ["a://between.png", "a://east.png"]);
    let similar = folder.json(["query", "a.filedex", "--similar-to", "a://east.png"]);
    assert_eq!(uris(&similar), ["a://between.png", "a://north.png"]);
}

#[test]
fn a_vector_of_a_file_and_a_picture_that_is_there() {
    let folder = small();
    folder.write("q.npy", npy::matrix(&[vec![1.0, 0.0], vec![0.0, 1.0]]));
    for (row, first) in [("q.npy:0", "a://east.png"), ("q.npy:1", "a://north.png")] {
        let answer = folder.json(["query", "a.filedex", "--vector", row]);
        assert_eq!(uris(&answer)[0], first);
    }
    let answer = folder.json(["query", "a.filedex", "Comment:'red'", "--image", "a://north.png"]);
    assert_eq!(uris(&answer), ["a://between.png", "a://east.png"]);
    for (bad, why) in [
        ("q.npy", "has 2 rows; say which"),
        ("q.npy:2", "there is no row 2"),
        ("absent.npy", "absent.npy"),
        ("[1, 2, 3]", "2 dimensions"),
        ("[1, \"x\"]", "not a JSON array of numbers"),
        ("[0, 0]", "zero"),
    ] {
        let ran = folder.run(["query", "a.filedex", "--vector", bad]);
        assert!(matches!(ran.code, Some(1 | 2)), "{bad}: {}", ran.stdout);
        assert!(ran.stderr.contains(why), "{bad}: {}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_asked() {
    let folder = Folder::embedded();
    let fails = |args: &[&str], why: &str| {
        let ran = folder.run(["query", "a.filedex"].iter().chain(args));
        assert!(matches!(ran.code, Some(1 | 2)), "{args:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(why), "{args:?}: {}", ran.stderr);
    };
    fails(&["--text", "dog", "--top-k", "0"], "0 is not in 1..=5000");
    fails(&["--text", "dog", "--top-k", "5001"], "5001 is not in 1..=5000");
    fails(&["Content:'dog' AND TopK = 0"], "TopK is a whole number from 1 to 5000");
    fails(&["--text", "dog", "--threshold", "high"], "a number such as 0.6");
    fails(&["--text", "dog", "--threshold", "NaN"], "a number such as 0.6");
    fails(&["--text", "dog", "--vector-weight", "2"], "a number from 0 to 1");
    fails(&["--text", "dog", "--fusion", "sum"], "rrf");
    fails(&["--text", "dog", "--space", "nowhere"], "there is no embedding space \"nowhere\"");
    fails(&["--text", "dog", "--image", "x.png"], "cannot be used with");
    fails(&["--text", " "], "`Content` is blank");
    fails(&["Content:'cat'", "--text", "dog"], "`Content` is given twice");
    fails(&["Content:'cat' AND TopK = 5", "--top-k", "6"], "`TopK` is given twice");
    fails(&["--top-k", "5"], "TopK is about a search by meaning");
    fails(&["--similar-to", "no://such"], "has no file");
    fails(&["--image", "absent.png"], "neither a file that has a vector in the space");
    folder.write("broken.png", "no picture");
    fails(&["--image", "broken.png"], "does not embed pictures");
    fails(&["--text", "dog", "--model", "no/such/folder"], "there is no such folder");
    // A bad expression is shown as it was typed.
    fails(&["FileTipe = 'image'", "--text", "dog"], "1 | FileTipe = 'image'\n");
}

#[test]
fn without_a_space_a_text_is_ranked_by_its_words() {
    let folder = Folder::with_fixtures();
    let ran = folder.run(["query", "a.filedex", "--text", "castle", "-n", "1"]).ok();
    assert!(ran.stdout.contains("47 files, 1 shown"), "{}", ran.stdout);
    assert!(ran.stderr.starts_with("note: there is no embedding space"), "{}", ran.stderr);
    for args in [
        vec!["--text", "castle", "--query-type", "vector"],
        vec!["--text", "castle", "--top-k", "5"],
        vec!["Content:'castle'"],
        vec!["--vector", "[1,2]"],
        vec!["--image", "a.png"],
    ] {
        let why = folder.run(["query", "a.filedex"].iter().chain(&args)).fails(2);
        assert!(why.contains("filedex embed"), "{args:?}: {why}");
    }
}

#[test]
fn a_space_of_a_model_that_is_not_at_hand() {
    let folder = small();
    let why = folder.run(["query", "a.filedex", "--text", "dog"]).fails(2);
    assert!(why.contains("\"compass\", which is not at hand"), "{why}");
    assert!(why.contains("other models: --model"), "{why}");
    folder.write("picture.png", "not looked at");
    let why = folder.run(["query", "a.filedex", "--image", "picture.png"]).fails(2);
    assert!(why.contains("say --model"), "{why}");
}

#[test]
fn other_commands_ask_by_meaning_too() {
    let folder = Folder::embedded();
    let expression = "Content:'a dog' AND QueryType = 'VECTOR' AND TopK = 12";
    let groups = folder.json(["stats", "a.filedex", "--where", expression]);
    let counts = groups["groups"].as_array().unwrap().iter().map(|g| g["count"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 12);
    let lines = folder.run(["export", "a.filedex", "--where", expression]).ok().stdout;
    assert_eq!(lines.lines().count(), 12);
    let tagged = folder.json(["tag", "add", "a.filedex", "dog?", "--where", expression, "--yes"]);
    assert_eq!(tagged["changed"], 12);
    let deleted = folder.json(["delete", "a.filedex", "--where", expression, "--yes"]);
    assert_eq!(deleted["deleted"], 12);
    let left = folder.json(["query", "a.filedex", expression]);
    assert_eq!(left["total"], 12, "others are the nearest now");
    assert_eq!(folder.total("Tags.user = 'dog?'"), 0);
}

#[test]
fn why_and_why_not() {
    let folder = Folder::embedded();
    let args = ["--text", "automobile", "--top-k", "20"];
    let query = ["query", "a.filedex", "FileType = 'application'", "-n", "20"];
    let answer = folder.json(query.iter().chain(&args));
    let third = uris(&answer)[2];
    let why = ["why", "a.filedex", "FileType = 'application'", third];
    let told = folder.json(why.iter().chain(&args));
    assert_eq!(
        (&told["hit"], &told["place"], &told["total"]),
        (&json!(true), &json!(3), &json!(20))
    );
    assert_eq!(told["uri"], third);
    assert_eq!(told["reasons"], json!([]));
    assert_eq!(told["parts"], answer["hits"][2]["parts"]);
    assert_eq!(told["top_k"], 20);
    let clause = json!([{ "what": "FileType = 'application'", "passes": true }]);
    assert_eq!(told["clauses"], clause);
    let shown = folder.run(why.iter().chain(&args)).ok().stdout;
    assert!(shown.starts_with(&format!("{third}\n")), "{shown}");
    assert!(shown.contains("is hit 3 of 20") && shown.contains("similarity 0."), "{shown}");

    let tate = "http://www.tate.org.uk/art/images/work/A/A00/A00467_8.jpg";
    let not = ["why-not", "a.filedex", "FileType = 'application'", tate];
    let told = folder.json(not.iter().chain(&args));
    assert_eq!((&told["hit"], &told["place"]), (&json!(false), &Value::Null));
    assert_eq!(told["reasons"], json!(["it does not satisfy FileType = 'application'"]));
    let not = ["why-not", "a.filedex", "", tate, "--text", "automobile", "--top-k", "20"];
    let shown = folder.run(not).ok().stdout;
    assert!(shown.contains("because 20 others rank before it"), "{shown}");
    let told = folder.json(["why", "a.filedex", "ALL", "no://such"]);
    assert_eq!(
        (&told["exists"], &told["hit"], &told["uri"]),
        (&json!(false), &json!(false), &Value::Null)
    );
    let shown = folder.run(["why", "a.filedex", "ALL", "no://such"]).ok().stdout;
    assert!(shown.contains("because the version has no record with this id"), "{shown}");
    folder.run(["why", "a.filedex", "FileTipe = 'x'", tate]).fails(2);
}
