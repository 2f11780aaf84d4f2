//! The demo.

use crate::program::Folder;

#[test]
fn builds_asks_and_names_the_next_steps() {
    let folder = Folder::new();
    let shown = folder.run(["demo"]).ok().stdout;
    assert!(shown.starts_with("2,350 records in demo.filedex, "), "{shown}");
    for expected in [
        "Text:'fishing boats at sunset'",
        "124 files, ",
        " captions embedded with the model inside the program: ",
        "Content:'a vehicle after a crash'",
        "by meaning, path exact",
        "[fishing]",
        "FileName CONTAINS 'car'",
        "Attributes.medium:'ink'",
        "AND NOT FileDir = 'teenie'",
        "350 files, ",
        "Tags.user IN ('cat', 'dog', 'horse')",
        "Tags.all = 'castle' AND Tags.all = 'river'",
        "12 files, ",
        "tags.user",
        "cargo run --release -- query demo.filedex \"",
    ] {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
    // What it says to go on with works as it stands.
    for step in shown.lines().filter_map(|line| line.strip_prefix("  cargo run --release -- ")) {
        let ran = std::process::Command::new("sh")
            .arg("-c")
            .arg(format!("{} {step}", env!("CARGO_BIN_EXE_filedex")))
            .current_dir(folder.path(""))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{step}: {}", String::from_utf8_lossy(&ran.stderr));
        assert!(!ran.stdout.is_empty());
    }
}

#[test]
fn replaces_an_earlier_demo_and_nothing_else() {
    let folder = Folder::with_fixtures();
    let demo = |name: &str| folder.run(["demo", "--file", name, "--json"]);
    let first = demo("d.filedex").ok().json();
    assert_eq!(first["records"], 2350);
    let totals: Vec<_> =
        first["answers"].as_array().unwrap().iter().map(|a| a["total"].as_u64().unwrap()).collect();
    assert_eq!(totals.len(), 7);
    assert!(first["answers"][1]["hits"][0]["parts"]["similarity"].is_number());
    assert!(first["embedded"].as_u64().unwrap() > 2_000);
    assert!(totals.iter().all(|total| *total > 0), "{totals:?}");
    folder.run(["delete", "d.filedex", "--where", "ALL", "--yes"]).ok();
    assert_eq!(demo("d.filedex").ok().json()["records"], 2350);

    folder.write("text.filedex", "my notes");
    std::fs::create_dir(folder.path("dir.filedex")).unwrap();
    for name in ["a.filedex", "text.filedex", "dir.filedex"] {
        let why = folder.run(["demo", "--file", name]).fails(1);
        assert!(why.contains("is no demo of an earlier run"), "{why}");
    }
    assert_eq!(folder.total("ALL"), 2350);
    assert_eq!(std::fs::read_to_string(folder.path("text.filedex")).unwrap(), "my notes");
}
