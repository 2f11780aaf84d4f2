//! Files and requests that something is wrong with.

use super::*;

/// A PNG of a few bytes that claims 60,000 x 60,000 pixels.
fn bomb() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(60_000_u32.to_be_bytes());
    png.extend(60_000_u32.to_be_bytes());
    png.extend([8, 6, 0, 0, 0]);
    let crc = png[12..].iter().fold(!0_u32, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
        crc
    });
    png.extend((!crc).to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    png
}

#[test]
fn bad_files_are_reported_and_the_rest_is_stored() {
    use std::os::unix::ffi::OsStrExt;
    let folder = prepared();
    let whole = fs::read(picture(PICTURES[0])).unwrap();
    folder.write("p/bomb.png", bomb());
    folder.write("p/cut.png", &whole[..whole.len() / 2]);
    folder.write("p/lies.png", jpeg(Vec::new()));
    folder.write("p/text.jpg", "<html>404</html>");
    folder.write("p/empty.gif", "");
    folder.write("p/garbage.jpg", jpeg(b"II*\0\xff\xff\xff\xff".to_vec()));
    folder.write(
        "p/times.jpg",
        photograph(&[
            (Tag::DateTimeOriginal, ascii("2019:13:41 99:00:00")),
            (Tag::Orientation, ExifValue::Short(vec![77])),
        ]),
    );
    folder.write("p/sound.wav", "RIFF\x04\0\0\0WAVE");
    folder.write("p/new\nline.md", "a name with a line break");
    folder.write("p/hat.json", "{");
    folder.write("p/2025/november.txt", "x".repeat(70_000));
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff.png");
    fs::write(folder.path("p").join(odd), "x").unwrap();
    std::os::unix::fs::symlink(folder.path("p"), folder.path("p/2025/loop")).unwrap();
    // Readable to all, and every read of it fails.
    std::os::unix::fs::symlink("/proc/self/mem", folder.path("p/unreadable.bin")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path("p/pipe")).status().unwrap().success());

    let args = ["sync", "a.filedex", "p", "--follow-links", "--errors", "e.jsonl"];
    let ran = folder.run(args.iter().chain(&["--json"]));
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let report = ran.json();
    assert_counts(&report, &json!({"created": 13, "failed": 4, "warned": 11}));
    assert_eq!(report["special"], 1);
    let errors = fs::read_to_string(folder.path("e.jsonl")).unwrap();
    let errors: Vec<Value> =
        errors.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(errors.len(), 15);
    for (name, kind, stored, reason) in [
        ("bomb.png", "picture", true, "60000 x 60000 pixels"),
        ("cut.png", "picture", true, "does not decode"),
        ("lies.png", "mistyped", true, "named as image/png, and its content is image/jpeg"),
        ("text.jpg", "mistyped", true, "its content is text/html"),
        ("empty.gif", "mistyped", true, "it is empty"),
        ("garbage.jpg", "exif", true, "EXIF"),
        ("times.jpg", "exif", true, "2019:13:41"),
        ("times.jpg", "exif", true, "orientation 77"),
        ("sound.wav", "media", true, "sound"),
        ("hat.json", "sidecar", true, "is not JSON"),
        ("november.txt", "sidecar", true, "at most 65536"),
        ("new\nline.md", "refused", false, "control character"),
        ("odd\u{fffd}.png", "name", false, "not UTF-8"),
        ("loop", "loop", false, "is a link to"),
        ("unreadable.bin", "unreadable", false, "cannot be read"),
    ] {
        let found = errors.iter().any(|error| {
            error["path"].as_str().unwrap().ends_with(name)
                && error["kind"] == kind
                && error["stored"] == stored
                && error["reason"].as_str().unwrap().contains(reason)
        });
        assert!(found, "{name} {kind}: {errors:#?}");
    }
    let bomb = get(&folder, &uri(&folder, "bomb.png"));
    assert_eq!(
        (&bomb["attributes"]["width"], &bomb["attributes"]["phash"]),
        (&json!(60_000), &json!(null))
    );
    let lies = get(&folder, &uri(&folder, "lies.png"));
    assert_eq!(lies["content_type"], "image/jpeg");
    assert!(lies["attributes"]["phash"].is_string());
    assert_eq!(get(&folder, &uri(&folder, "text.jpg"))["file_type"], "text");
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
    // People see the same.
    let shown = folder.run(args).stdout;
    assert!(shown.contains("4 files or folders were not taken"), "{shown}");
    assert!(shown.contains("all of them are in e.jsonl"), "{shown}");
}

#[test]
fn a_folder_that_may_not_be_read_is_reported_and_its_records_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = prepared();
    sync(&folder, &[]);
    let closed = folder.path("p/2025/rome");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    let is_closed = fs::read_dir(&closed).is_err();
    let ran = folder.run(["sync", "a.filedex", "p", "--missing", "delete", "--json"]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    // Root reads everything, and finds everything as it was.
    let want = match is_closed {
        true => json!({"unchanged": 3, "left_out": 2, "failed": 1}),
        false => json!({"unchanged": 5}),
    };
    assert_counts(&ran.json(), &want);
    assert_eq!(ran.code, Some(i32::from(is_closed)));
    assert_eq!(folder.total("ALL"), 5);
}

#[test]
fn what_cannot_be_meant() {
    let folder = prepared();
    folder.write("lines.jsonl", "{\"uri\":\"a://1.png\"}\n");
    for (args, code, want) in [
        (vec!["import", "b.filedex", "lines.jsonl", "--checksum"], 2, "--checksum is for folders"),
        (
            vec!["import", "b.filedex", "lines.jsonl", "--missing", "mark"],
            2,
            "--missing is for folders",
        ),
        (vec!["import", "b.filedex", "p", "--replace"], 2, "--replace is for lines"),
        (vec!["import", "b.filedex", "p", "--space", "s"], 2, "are for lines"),
        (vec!["sync", "b.filedex", "lines.jsonl"], 1, "is no folder"),
        (vec!["sync", "b.filedex", "absent"], 1, "No such file"),
        (vec!["sync", "b.filedex", "p", "--prefix", "/"], 2, "is not empty"),
    ] {
        let why = folder.run(&args).fails(code);
        assert!(why.contains(want), "{args:?}: {why}");
        assert!(!folder.path("b.filedex").exists(), "{args:?} made a file");
    }
}
