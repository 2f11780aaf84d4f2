//! What is listed of a folder.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use filedex_ingest::{Found, ProblemKind, WalkOptions, walk};
use tempfile::TempDir;

fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

fn list(folder: &Path, options: &WalkOptions) -> Found {
    walk(folder, options, &|| false).unwrap()
}

fn names(found: &Found) -> Vec<&str> {
    found.entries.iter().map(|entry| entry.relative.as_str()).collect()
}

#[test]
fn ignore_files_and_hidden_ones() {
    let folder = folder(&["b.md", "a/x.md", "a/y.tmp", ".dot/z.md", "out/o.md", "c.log"]);
    fs::write(folder.path().join(".gitignore"), "*.tmp\n").unwrap();
    fs::write(folder.path().join(".ignore"), "out/\n").unwrap();
    fs::write(folder.path().join(".filedexignore"), "*.log\n").unwrap();
    let default = WalkOptions::default();
    assert_eq!(names(&list(folder.path(), &default)), ["a/x.md", "b.md"]);
    // Ignore files above the folder do not count.
    assert_eq!(names(&list(&folder.path().join("a"), &default)), ["x.md", "y.tmp"]);
    let every = WalkOptions { hidden: true, ignore_files: false, ..default.clone() };
    let all = list(folder.path(), &every);
    let want = [
        ".dot/z.md",
        ".filedexignore",
        ".gitignore",
        ".ignore",
        "a/x.md",
        "a/y.tmp",
        "b.md",
        "c.log",
        "out/o.md",
    ];
    assert_eq!(names(&all), want);
    let leave_out = vec![folder.path().join("b.md")];
    assert_eq!(names(&list(folder.path(), &WalkOptions { leave_out, ..default })), ["a/x.md"]);
}

#[test]
fn sidecars_stand_beside_media() {
    let folder = folder(&[
        "a.jpg",
        "a.txt",
        "a.json",
        "b.png",
        "b.png.txt",
        "b.txt",
        "c.mp3",
        "d/c.txt",
        "e.md",
        "e.txt",
        "two.jpg",
        "two.png",
        "two.txt",
    ]);
    let found = list(folder.path(), &WalkOptions::default());
    let listed =
        ["a.jpg", "b.png", "b.txt", "c.mp3", "d/c.txt", "e.md", "e.txt", "two.jpg", "two.png"];
    assert_eq!(names(&found), listed);
    let beside = |name: &str| {
        let entry = found.entries.iter().find(|entry| entry.relative == name).unwrap();
        let names =
            entry.sidecars.iter().map(|sidecar| sidecar.path.file_name().unwrap().to_owned());
        names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    // The text has the last word, so it is last.
    assert_eq!(beside("a.jpg"), ["a.json", "a.txt"]);
    assert_eq!(beside("b.png"), ["b.png.txt"]);
    assert_eq!((beside("c.mp3"), beside("e.md")), (vec![], vec![]));
    assert_eq!(
        (beside("two.jpg"), beside("two.png")),
        (vec!["two.txt".into()], vec!["two.txt".into()])
    );
    assert_eq!(found.sidecars, 4);
}

#[cfg(unix)]
#[test]
fn links() {
    use std::os::unix::fs::symlink;
    let folder = folder(&["in/a.md", "out/b.md"]);
    let root = folder.path().join("in");
    symlink(folder.path().join("out"), root.join("link")).unwrap();
    symlink(folder.path().join("out/b.md"), root.join("b.md")).unwrap();
    symlink("nothing", root.join("broken")).unwrap();
    symlink("..", root.join("above")).unwrap();
    symlink(".", root.join("self")).unwrap();
    let found = list(&root, &WalkOptions::default());
    assert_eq!((names(&found), found.links), (vec!["a.md"], 5));
    assert_eq!(found.problems, []);
    let follow = WalkOptions { follow_links: true, ..WalkOptions::default() };
    let found = list(&root, &follow);
    let listed = names(&found);
    for want in ["a.md", "b.md", "link/b.md", "above/out/b.md"] {
        assert!(listed.contains(&want), "{listed:?}");
    }
    assert!(listed.len() < 20, "{listed:?}");
    let loops = found.problems.iter().filter(|problem| problem.kind == ProblemKind::Loop);
    assert!(loops.count() >= 1);
    let broken = found.problems.iter().filter(|problem| problem.reason == "is a link to nothing");
    assert!(broken.count() >= 1);
    assert!(found.blind.contains(&"broken".to_owned()), "{:?}", found.blind);
}

#[test]
fn a_folder_that_is_none_and_an_end_that_is_wanted() {
    let folder = folder(&["a.md"]);
    assert!(walk(&folder.path().join("absent"), &WalkOptions::default(), &|| false).is_err());
    assert!(walk(&folder.path().join("a.md"), &WalkOptions::default(), &|| false).is_err());
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) > 0;
    walk(folder.path(), &WalkOptions::default(), &stop).unwrap();
    assert!(asked.into_inner() > 0);
}
