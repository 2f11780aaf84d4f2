use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use filedex_server::files::{FileError, Roots};

/// `Ok` and the content, or the kind of error.
fn outcome(roots: &Roots, uri: &str) -> String {
    match roots.open_file(uri) {
        Ok(mut opened) => {
            let mut text = String::new();
            opened.file.read_to_string(&mut text).unwrap();
            assert_eq!(opened.length, text.len() as u64, "{uri}");
            assert!(opened.modified.is_some(), "{uri}");
            assert!(roots.allows(uri), "{uri} is open but not allowed");
            text
        }
        Err(FileError::Outside) => {
            assert!(!roots.allows(uri), "{uri} is allowed but outside");
            "outside".into()
        }
        Err(FileError::Missing) => "missing".into(),
        Err(FileError::NotAFile) => "not a file".into(),
        Err(FileError::Denied) => "denied".into(),
        Err(error) => format!("{error:?}"),
    }
}

fn folder() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let base = temp.path().canonicalize().unwrap();
    let (root, outside) = (base.join("root"), base.join("root-2"));
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    fs::create_dir(&outside).unwrap();
    for name in ["a.txt", "sub/b.txt", "a b.txt", "a%20c.txt", "a c.txt", "100%.txt", "é.txt"] {
        fs::write(root.join(name), name).unwrap();
    }
    fs::write(outside.join("secret"), "secret").unwrap();
    (temp, root, outside)
}

fn check(roots: &Roots, root: &Path, table: &[(&str, &str)]) {
    for (uri, expected) in table {
        let uri = uri.replace("ROOT", root.to_str().unwrap());
        assert_eq!(outcome(roots, &uri), *expected, "{uri}");
    }
}

#[test]
fn names() {
    let (_temp, root, _) = folder();
    let roots = Roots::open(std::slice::from_ref(&root)).unwrap();
    let long = format!("ROOT/{}", "x".repeat(5_000));
    let deep = format!("ROOT/{}a", "sub/".repeat(5_000));
    let table = [
        ("ROOT/a.txt", "a.txt"),
        ("file://ROOT/a.txt", "a.txt"),
        ("file://localhostROOT/a.txt", "a.txt"),
        ("ROOT//./sub/./b.txt", "sub/b.txt"),
        ("ROOT/100%.txt", "100%.txt"),
        ("file://ROOT/100%.txt", "100%.txt"),
        ("file://ROOT/a%20b.txt", "a b.txt"),
        ("ROOT/a%20b.txt", "missing"),
        // As it stands comes before decoded.
        ("file://ROOT/a%20c.txt", "a%20c.txt"),
        ("file://ROOT/%C3%A9.txt", "é.txt"),
        ("file://ROOT/%FF.txt", "missing"),
        ("ROOT/A.TXT", "missing"),
        ("ROOT/a.txt/", "a.txt"),
        ("ROOT/a.txt/b", "missing"),
        ("ROOT/sub", "not a file"),
        ("ROOT/sub/", "not a file"),
        ("ROOT/none", "missing"),
        (&long, "missing"),
        (&deep, "missing"),
        ("ROOT", "outside"),
        ("ROOT/", "outside"),
        ("ROOT/sub/..", "outside"),
        ("ROOT/sub/../a.txt", "outside"),
        ("ROOT/../root-2/secret", "outside"),
        ("file://ROOT/../root-2/secret", "outside"),
        // The decoded reading leads out; the one as it stands is a name that is not there.
        ("file://ROOT/%2e%2e/root-2/secret", "missing"),
        ("file://ROOT/%2E./root-2/secret", "missing"),
        ("file://ROOT%2F..%2Froot-2%2Fsecret", "outside"),
        ("file://ROOT/%252e%252e/root-2/secret", "missing"),
        ("ROOT-2/secret", "outside"),
        ("/etc/passwd", "outside"),
        ("file:///etc/passwd", "outside"),
        ("file:///%65tc/passwd", "outside"),
        ("file://hostROOT/a.txt", "outside"),
        ("FILE://ROOT/a.txt", "outside"),
        ("http://ROOT/a.txt", "outside"),
        ("oss://bucket/a.txt", "outside"),
        ("a.txt", "outside"),
        ("", "outside"),
        ("file://", "outside"),
        ("ROOT/a.txt\0", "outside"),
        ("ROOT/a.txt\0/../b", "outside"),
        ("file://ROOT/a.txt%00", "missing"),
        ("file://ROOT/a.txt%00.png", "missing"),
        ("ROOT\\..\\root-2\\secret", "outside"),
    ];
    check(&roots, &root, &table);
    assert_eq!(
        roots.open_file(&format!("file://{}/a%20b.txt", root.display())).unwrap().name,
        "a b.txt"
    );
}

#[cfg(unix)]
#[test]
fn links_and_special_files() {
    use std::os::unix::fs::symlink;

    let (_temp, root, outside) = folder();
    symlink("sub/b.txt", root.join("inside")).unwrap();
    symlink("../a.txt", root.join("sub/up")).unwrap();
    symlink("deep", root.join("sub/folder")).unwrap();
    symlink("../root-2/secret", root.join("relative")).unwrap();
    symlink("sub/deep/../../../root-2/secret", root.join("winding")).unwrap();
    symlink(outside.join("secret"), root.join("absolute")).unwrap();
    symlink(root.join("a.txt"), root.join("absolute-inside")).unwrap();
    symlink(&outside, root.join("folder-out")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink("/dev/zero", root.join("device")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap();
    assert!(pipe.success());
    symlink("pipe", root.join("pipe-link")).unwrap();

    let roots = Roots::open(std::slice::from_ref(&root)).unwrap();
    let table = [
        ("ROOT/inside", "sub/b.txt"),
        ("ROOT/sub/up", "a.txt"),
        ("ROOT/sub/folder", "not a file"),
        ("ROOT/relative", "denied"),
        ("ROOT/winding", "denied"),
        ("ROOT/absolute", "denied"),
        ("ROOT/absolute-inside", "denied"),
        ("ROOT/folder-out/secret", "denied"),
        ("ROOT/dangling", "missing"),
        ("ROOT/device", "denied"),
        ("ROOT/socket", "not a file"),
        ("ROOT/pipe", "not a file"),
        ("ROOT/pipe-link", "not a file"),
    ];
    check(&roots, &root, &table);
    assert!(roots.open_file(&format!("{}/loop", root.display())).is_err());
}

#[cfg(unix)]
#[test]
fn root_behind_a_link() {
    let (_temp, root, outside) = folder();
    let link = outside.join("link");
    std::os::unix::fs::symlink(&root, &link).unwrap();
    let roots = Roots::open(&[outside.clone(), link.clone()]).unwrap();
    // By the second root's own path, by the path that its link resolves to, and by the first root.
    for path in [link.join("a.txt"), root.join("a.txt")] {
        assert_eq!(outcome(&roots, path.to_str().unwrap()), "a.txt");
    }
    assert_eq!(outcome(&roots, outside.join("secret").to_str().unwrap()), "secret");
    assert_eq!(outcome(&roots, link.join("none").to_str().unwrap()), "denied");
}

#[test]
fn roots_are_folders() {
    let (_temp, root, _) = folder();
    for path in [root.join("a.txt"), root.join("none")] {
        let error = Roots::open(&[root.clone(), path.clone()]).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    let none = Roots::open(&[]).unwrap();
    assert!(none.is_empty());
    assert_eq!(outcome(&none, root.join("a.txt").to_str().unwrap()), "outside");
}
