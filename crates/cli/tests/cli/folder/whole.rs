//! A folder as a whole: first and second runs, what is listed, where it is.

use super::*;

#[test]
fn a_folder_becomes_records_and_a_second_run_changes_nothing() {
    let folder = prepared();
    folder.write("p/hat.txt", "A top hat\n");
    folder.write("p/2025/rome/photo.jpg.json", r#"{"tags":["trip"],"rating":5,"width":7}"#);
    set_time(&folder.path("p/notes.md"), 1_000_000_000);
    let report = folder.json(["import", "a.filedex", "p", "--tags-from-dirs"]);
    assert_counts(&report, &json!({"created": 5}));
    assert_eq!((&report["files"], &report["sidecars"]), (&json!(5), &json!(2)));

    let notes = get(&folder, &uri(&folder, "notes.md"));
    assert_eq!(notes["content_type"], "text/markdown");
    assert_eq!((&notes["data_size"], &notes["file_type"]), (&json!(8), &json!("text")));
    assert_eq!(notes["file_update_time"], "2001-09-09T01:46:40.000Z");
    // md5sum of "# Notes\n".
    assert_eq!(notes["file_fingerprint"], "2eda88c1773ff53e8169b1f56f066d5e");
    assert_eq!(notes["content_hash_name"], "blake3");

    let hat = get(&folder, &uri(&folder, "hat.png"));
    assert_eq!((&hat["comment"], &hat["content_type"]), (&json!("A top hat"), &json!("image/png")));
    let (width, height) = image::image_dimensions(picture(PICTURES[2])).unwrap();
    assert_eq!(hat["attributes"]["width"], width);
    assert_eq!(hat["image_media"]["height"], height);
    assert_eq!(hat["attributes"]["phash"].as_str().unwrap().len(), 16);

    let photo = get(&folder, &uri(&folder, "2025/rome/photo.jpg"));
    let attributes = &photo["attributes"];
    for (name, want) in [
        ("camera", json!("Canon EOS 5D")),
        ("orientation", json!(6)),
        ("taken", json!("2019-07-04T18:22:05+02:00")),
        ("iso", json!(400)),
        ("f_number", json!(2.8)),
        ("exposure_time", json!(0.004)),
        ("latitude", json!(41.89)),
        ("longitude", json!(-12.4922222)),
        ("rating", json!(5)),
        // What the file says of itself wins over the sidecar.
        ("width", json!(image::image_dimensions(picture(PICTURES[0])).unwrap().0)),
    ] {
        assert_eq!(attributes[name], want, "{name}");
    }
    assert_eq!(photo["file_create_time"], "2019-07-04T16:22:05.000Z");
    assert_eq!(photo["tags"]["ai"], json!(["2025", "rome"]));
    assert_eq!(photo["tags"]["user"], json!(["trip"]));
    assert_eq!(photo["image_media"]["location"], "41.89,-12.4922222");
    assert_eq!(folder.total("Attributes.camera : 'canon' AND FileCreateTime < '2020-01-01'"), 1);

    let before = folder.run(["export", "a.filedex"]).ok().stdout;
    let again = sync(&folder, &["--tags-from-dirs"]);
    assert_counts(&again, &json!({"unchanged": 5}));
    assert_eq!((&again["batches"], &again["bytes"]), (&json!(0), &json!(0)));
    assert_counts(&sync(&folder, &["--checksum"]), &json!({"unchanged": 5}));
    assert_eq!(folder.run(["export", "a.filedex"]).ok().stdout, before);
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
}

#[test]
fn a_whole_folder_that_moves() {
    let folder = prepared();
    for (prefix, counts) in [(true, json!({"unchanged": 5})), (false, json!({"moved": 5}))] {
        let database = if prefix { "prefix.filedex" } else { "path.filedex" };
        let mut first = vec!["sync", database, "p"];
        if prefix {
            first.extend(["--prefix", "photos:"]);
        }
        folder.json(&first);
        fs::rename(folder.path("p"), folder.path("q")).unwrap();
        let mut second = vec!["sync", database, "q"];
        second.extend(if prefix { ["--prefix", "photos:/"] } else { ["--was", "p"] });
        assert_counts(&folder.json(&second), &counts);
        let verify: &[&str] = if prefix { &["q", "--prefix", "photos:"] } else { &[] };
        let verified = folder.json(["verify", database].iter().chain(verify));
        assert_eq!((&verified["sound"], &verified["elsewhere"]), (&json!(5), &json!(0)));
        fs::rename(folder.path("q"), folder.path("p")).unwrap();
    }
}

#[test]
fn what_is_not_listed_is_not_missing() {
    let folder = prepared();
    folder.write("p/.hidden.md", "hidden");
    fs::create_dir_all(folder.path("disk/deep")).unwrap();
    folder.write("disk/deep/a.md", "a");
    std::os::unix::fs::symlink(folder.path("disk"), folder.path("p/disk")).unwrap();
    // The database and the list of errors stand in the folder, and are no files of it.
    let sync = |more: &[&str]| {
        let args = ["sync", "p/a.filedex", "p", "--errors", "p/errors.jsonl"];
        folder.run(args.iter().chain(more).chain(&["--json"])).json()
    };
    let first = sync(&["--hidden", "--follow-links"]);
    assert_counts(&first, &json!({"created": 7}));
    folder.write("p/.gitignore", "2025/\n");
    assert_counts(&sync(&[]), &json!({"unchanged": 2, "left_out": 5}));
    assert_counts(&sync(&["--no-ignore"]), &json!({"unchanged": 5, "left_out": 2}));
    // The disk that a link leads to is not there: nothing is known of its files.
    fs::rename(folder.path("disk"), folder.path("unplugged")).unwrap();
    let without = sync(&["--no-ignore", "--follow-links"]);
    assert_counts(&without, &json!({"unchanged": 5, "left_out": 2, "failed": 1}));
    let errors = fs::read_to_string(folder.path("p/errors.jsonl")).unwrap();
    assert!(errors.contains("is a link to nothing"), "{errors}");
    // Without the link, they are gone.
    fs::remove_file(folder.path("p/disk")).unwrap();
    assert_counts(
        &sync(&["--no-ignore"]),
        &json!({"unchanged": 5, "left_out": 1, "missing": 1, "set_aside": 1}),
    );
}
