//! What changes in a folder, and what follows it.

use super::*;

#[test]
fn touched_edited_and_removed() {
    let folder = prepared();
    sync(&folder, &[]);
    let notes = uri(&folder, "notes.md");
    folder.run(["update", "a.filedex", &notes, "--set", "rating=5", "--comment", "mine"]).ok();
    folder
        .run(["tag", "add", "a.filedex", "keep", "--where", "FileName = 'notes.md'", "--yes"])
        .ok();

    set_time(&folder.path("p/notes.md"), 1_100_000_000);
    assert_counts(&sync(&folder, &[]), &json!({"touched": 1, "unchanged": 4}));
    assert_eq!(get(&folder, &notes)["file_update_time"], "2004-11-09T11:33:20.000Z");

    // The photograph becomes a picture without EXIF; what people wrote stays.
    let photo = uri(&folder, "2025/rome/photo.jpg");
    folder.run(["update", "a.filedex", &photo, "--set", "rating=4"]).ok();
    folder.write("p/2025/rome/photo.jpg", jpeg(Vec::new()));
    // Saved as editors do it: under another name, which then takes the place of the file.
    let born = get(&folder, &notes)["file_create_time"].clone();
    folder.write("p/notes.md~", "# More notes\n");
    fs::rename(folder.path("p/notes.md~"), folder.path("p/notes.md")).unwrap();
    assert_counts(&sync(&folder, &[]), &json!({"updated": 2, "unchanged": 3}));
    let photo = get(&folder, &photo);
    assert_eq!(photo["attributes"]["rating"], 4);
    assert_eq!(
        (&photo["attributes"]["camera"], &photo["attributes"]["taken"]),
        (&json!(null), &json!(null))
    );
    let edited = get(&folder, &notes);
    assert_eq!(edited["file_create_time"], born);
    assert_eq!((&edited["data_size"], &edited["comment"]), (&json!(13), &json!("mine")));
    assert_eq!(
        (&edited["tags"]["user"], &edited["attributes"]["rating"]),
        (&json!(["keep"]), &json!(5))
    );

    // Content that changes under the same size and time is seen by --checksum alone.
    set_time(&folder.path("p/notes.md"), 1_100_000_000);
    sync(&folder, &[]);
    folder.write("p/notes.md", "# Less notes\n");
    set_time(&folder.path("p/notes.md"), 1_100_000_000);
    assert_counts(&sync(&folder, &[]), &json!({"unchanged": 5}));
    assert_counts(&sync(&folder, &["--checksum"]), &json!({"updated": 1, "unchanged": 4}));

    let bytes = fs::read(folder.path("p/notes.md")).unwrap();
    let remove = || fs::remove_file(folder.path("p/notes.md")).unwrap();
    let put_back = || folder.write("p/notes.md", &bytes);
    remove();
    assert_counts(&sync(&folder, &["--missing", "keep"]), &json!({"unchanged": 4, "missing": 1}));
    assert_counts(&sync(&folder, &[]), &json!({"unchanged": 4, "missing": 1, "set_aside": 1}));
    assert_eq!(folder.total("HAS Attributes.missing_since"), 1);
    assert_counts(&sync(&folder, &[]), &json!({"unchanged": 4, "missing": 1}));
    put_back();
    set_time(&folder.path("p/notes.md"), 1_100_000_000);
    assert_counts(&sync(&folder, &[]), &json!({"noted": 1, "unchanged": 4}));
    let back = get(&folder, &notes);
    assert_eq!(
        (&back["attributes"]["missing_since"], &back["tags"]["user"]),
        (&json!(null), &json!(["keep"]))
    );

    remove();
    let gone = sync(&folder, &["--missing", "delete"]);
    assert_counts(&gone, &json!({"unchanged": 4, "missing": 1, "set_aside": 1}));
    assert_eq!(folder.total("FileName = 'notes.md'"), 0);
    put_back();
    assert_counts(&sync(&folder, &[]), &json!({"revived": 1, "unchanged": 4}));
    // What a person deletes stays deleted.
    folder.run(["delete", "a.filedex", &notes]).ok();
    assert_counts(&sync(&folder, &[]), &json!({"left_deleted": 1, "unchanged": 4}));
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
}

#[test]
fn what_moved_keeps_its_tags_labels_and_vectors() {
    let folder = prepared();
    sync(&folder, &["--tags-from-dirs"]);
    let old = uri(&folder, "2025/rome/photo.jpg");
    folder.run(["update", "a.filedex", &old, "--tag", "best", "--label", "print", "--star"]).ok();
    folder.run(["update", "a.filedex", &old, "--comment", "The gate", "--set", "rating=5"]).ok();
    {
        let database = Database::open(folder.path("a.filedex")).unwrap();
        let version = database.default_version().unwrap();
        database.create_space(&version, &NewSpace::new("one", "m", 2)).unwrap();
        database.create_space(&version, &NewSpace::new("two", "m", 3)).unwrap();
        let id = version.file_id(&old);
        let mut batch = database.batch(&version);
        batch.set_vector(id, NewVector::of(vec![0.6, 0.8]).in_space("one"));
        batch.set_vector(id, NewVector::of(vec![0.0, 0.6, 0.8]).in_space("two"));
        assert!(batch.commit().unwrap().all_succeeded());
    }
    // A copy that stays behind is no move; one of another name neither decides nor disturbs.
    fs::copy(folder.path("p/hat.png"), folder.path("p/2025/copy.png")).unwrap();
    fs::rename(folder.path("p/2025/rome"), folder.path("p/2025/athens")).unwrap();
    assert_counts(&sync(&folder, &[]), &json!({"created": 1, "moved": 2, "unchanged": 3}));

    let new = uri(&folder, "2025/athens/photo.jpg");
    let moved = record(&folder, &new);
    let before = record(&folder, &old);
    assert_eq!(moved.attributes["predecessor"], before.id.to_string());
    assert_eq!(before.attributes["successor"], moved.id.to_string());
    assert!(!before.is_active() && moved.is_active() && moved.starred);
    assert_eq!(
        (moved.tags.user, moved.labels),
        (vec!["best".to_owned()], vec!["print".to_owned()])
    );
    assert_eq!(moved.tags.ai["folders"], ["2025", "athens"]);
    assert_eq!(
        (moved.comment.as_deref(), &moved.attributes["rating"]),
        (Some("The gate"), &json!(5))
    );
    assert_eq!(moved.attributes["camera"], "Canon EOS 5D");
    {
        let database = Database::open_read_only(folder.path("a.filedex")).unwrap();
        let reader = database.reader().unwrap();
        let version = reader.version(None, None).unwrap();
        let vector = |space| reader.vector(&version, &version.file_id(&new), Some(space)).unwrap();
        assert_eq!(vector("one"), Some(vec![0.6, 0.8]));
        assert_eq!(vector("two"), Some(vec![0.0, 0.6, 0.8]));
        assert_eq!(reader.vector(&version, &version.file_id(&old), Some("one")).unwrap(), None);
    }
    // And back: the record that was set aside is there again, with everything.
    fs::rename(folder.path("p/2025/athens"), folder.path("p/2025/rome")).unwrap();
    assert_counts(&sync(&folder, &[]), &json!({"moved": 2, "unchanged": 4}));
    let back = record(&folder, &old);
    assert!(back.is_active() && back.attributes.get("successor").is_none());
    assert_eq!(back.tags.user, ["best"]);
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
}

#[test]
fn sidecars_and_folder_tags_follow_their_files_only() {
    let folder = prepared();
    folder.write("p/hat.json", r#"{"caption":"One","labels":["a"],"place":"Rome"}"#);
    folder.write("p/alone.txt", "No picture is called alone.");
    let first = sync(&folder, &[]);
    assert_eq!((&first["files"], &first["sidecars"]), (&json!(6), &json!(1)));
    let hat = uri(&folder, "hat.png");
    // A comment that was written since stays while the sidecar does.
    folder.run(["update", "a.filedex", &hat, "--comment", "Mine"]).ok();
    assert_counts(&sync(&folder, &[]), &json!({"unchanged": 6}));
    folder.write("p/hat.json", r#"{"caption":"Another","labels":["b"],"place":"Athens"}"#);
    assert_counts(&sync(&folder, &[]), &json!({"noted": 1, "unchanged": 5}));
    let changed = get(&folder, &hat);
    assert_eq!(changed["comment"], "Another");
    assert_eq!(
        (&changed["labels"], &changed["attributes"]["place"]),
        (&json!(["a", "b"]), &json!("Athens"))
    );
    assert_counts(&sync(&folder, &["--tags-from-dirs"]), &json!({"noted": 3, "unchanged": 3}));
    assert_eq!(folder.total("Tags.all = 'rome'"), 2);
    assert_counts(&sync(&folder, &["--tags-from-dirs"]), &json!({"unchanged": 6}));
    assert_counts(
        &sync(&folder, &["--no-sidecars"]),
        &json!({"created": 1, "noted": 1, "unchanged": 5}),
    );
}
