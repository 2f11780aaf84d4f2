//! What becomes of single records: names, tags, deletion, revival, folders, datasets, versions.

use std::collections::BTreeMap;

use filedex::{
    AiTags, Database, DatasetPatch, DatasetStatus, DetailsUpdate, Done, ErrorKind, FileUpdate,
    ImportMode, ItemError, ListOptions, NameMode, NewDataset, NewFile, Order, Query, SortBy,
    Status, StatusFilter, TagEdit, TagMatch, Timestamp, VersionRef,
};

struct Open {
    db: Database,
    version: VersionRef,
    _dir: tempfile::TempDir,
}

impl Open {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = Database::create(dir.path().join("r.filedex")).unwrap();
        let version = db.default_version().unwrap();
        Self { db, version, _dir: dir }
    }

    /// Creates files and gives back the outcome of each.
    fn create(&self, files: impl IntoIterator<Item = NewFile>) -> Vec<Result<Done, ItemError>> {
        let mut batch = self.db.batch(&self.version);
        for file in files {
            batch.create(file);
        }
        batch.commit().unwrap().outcomes.into_iter().map(|o| o.result).collect()
    }

    fn details(&self, uri: &str, update: DetailsUpdate, at: &str) -> Result<Done, ItemError> {
        let mut batch = self.db.batch(&self.version);
        batch.at(at.parse().unwrap()).update_details(self.version.file_id(uri), update);
        batch.commit().unwrap().outcomes.remove(0).result
    }

    fn get(&self, uri: &str) -> filedex::FileRecord {
        self.db.reader().unwrap().get(&self.version, &self.version.file_id(uri)).unwrap()
    }

    fn count(&self, text: &str) -> u64 {
        self.db.reader().unwrap().count(&self.version, &Query::parse(text).unwrap()).unwrap()
    }
}

fn rename(name: &str, check_name_mode: NameMode) -> DetailsUpdate {
    DetailsUpdate { name: Some(name.into()), check_name_mode, ..DetailsUpdate::default() }
}

#[test]
fn names_that_are_taken() {
    let open = Open::new();
    let uris = ["oss://b/d/1.jpg", "oss://b/d/2.jpg", "oss://b/d/3.jpg", "oss://b/e/1.jpg"];
    open.create(uris.map(NewFile::at));
    let at = "2006-01-02T15:04:05Z";
    let first = open.version.file_id(uris[0]);

    let before = open.get(uris[1]);
    let taken = open.details(uris[1], rename("1.jpg", NameMode::Refuse), at);
    assert_eq!(taken, Ok(Done::NameTaken(first)));
    assert_eq!(open.get(uris[1]), before, "refuse changes nothing");

    assert_eq!(open.details(uris[1], rename("1.jpg", NameMode::AutoRename), at), Ok(Done::Updated));
    assert_eq!(open.get(uris[1]).file_name, "1_20060102_150405.jpg");
    assert_eq!(open.details(uris[2], rename("1.jpg", NameMode::AutoRename), at), Ok(Done::Updated));
    assert_eq!(open.get(uris[2]).file_name, "1_20060102_150405_1.jpg", "a second clash");

    assert_eq!(open.details(uris[2], rename("1.jpg", NameMode::Ignore), at), Ok(Done::Updated));
    assert_eq!(open.count("FileDir='d' AND FileName='1.jpg'"), 2);
    // Another folder's name is no clash, nor a file's own, nor a deleted file's.
    assert_eq!(open.details(uris[3], rename("2.jpg", NameMode::Refuse), at), Ok(Done::Updated));
    let mut batch = open.db.batch(&open.version);
    batch.delete(first).delete(open.version.file_id(uris[2]));
    assert!(batch.commit().unwrap().all_succeeded());
    assert_eq!(open.details(uris[1], rename("1.jpg", NameMode::Refuse), at), Ok(Done::Updated));
}

#[test]
fn every_change_has_a_revision_of_its_own() {
    let open = Open::new();
    let uri = "oss://b/d/1.jpg";
    open.create([NewFile::at(uri)]);
    let mut seen = vec![open.get(uri).revision_id];
    // The clock stands still, the revision does not.
    for round in 0..5 {
        let update = DetailsUpdate { starred: Some(round % 2 == 0), ..DetailsUpdate::default() };
        assert_eq!(open.details(uri, update, "2025-01-01"), Ok(Done::Updated));
        let revision = open.get(uri).revision_id;
        assert!(!seen.contains(&revision) && revision.len() == 40, "{revision}");
        seen.push(revision);
    }
}

#[test]
fn limits_at_their_edges() {
    let open = Open::new();
    let uri = "oss://b/d/1.jpg";
    open.create([NewFile::at(uri)]);
    let try_details = |update: DetailsUpdate| open.details(uri, update, "2025-01-01").is_ok();
    let name = |n: usize| rename(&"n".repeat(n), NameMode::Ignore);
    assert!(try_details(name(1)) && try_details(name(1_024)));
    assert!(!try_details(name(0)) && !try_details(name(1_025)));
    assert!(!try_details(rename(&"é".repeat(513), NameMode::Ignore)), "bytes, not characters");
    for bad in ["a/b", "a\u{0}b", "a\nb"] {
        assert!(!try_details(rename(bad, NameMode::Ignore)), "{bad:?}");
    }
    let description =
        |n: usize| DetailsUpdate { description: Some("é".repeat(n)), ..DetailsUpdate::default() };
    assert!(try_details(description(1_024)) && !try_details(description(1_025)));
    let labels = |n: usize, length: usize| DetailsUpdate {
        labels: Some((0..n).map(|i| format!("{i:0>length$}")).collect()),
        ..DetailsUpdate::default()
    };
    assert!(try_details(labels(100, 128)));
    assert!(!try_details(labels(101, 3)) && !try_details(labels(1, 129)));
}

#[test]
fn tags_merge_as_the_contract_says() {
    let open = Open::new();
    let uri = "oss://b/d/1.jpg";
    open.create([NewFile { tags_user: vec!["a".into(), "b".into()], ..NewFile::at(uri) }]);
    let id = open.version.file_id(uri);
    let list = |tags: &[&str]| tags.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let update = |update: FileUpdate| {
        let mut batch = open.db.batch(&open.version);
        batch.update(id, update);
        batch.commit().unwrap().outcomes.remove(0).result.unwrap();
    };
    let ai = |job: &str, tags: &[&str]| FileUpdate {
        tags_ai: Some(AiTags { job_id: job.into(), tags: list(tags) }),
        ..FileUpdate::default()
    };
    update(ai("job1", &["car", "road"]));
    update(ai("job2", &["road", "sky"]));
    update(ai("job1", &["car"]));
    update(FileUpdate {
        tags_user: TagEdit { add: list(&["c", "a"]), remove: list(&["b", "nope"]) },
        tags_user_delete_ai: TagEdit { add: list(&["sky"]), remove: vec![] },
        ..FileUpdate::default()
    });
    let record = open.get(uri);
    assert_eq!(record.tags.user, ["a", "c"]);
    assert_eq!(record.tags.ai_union(), ["car", "road", "sky"]);
    assert_eq!(record.tags.all(), ["car", "road", "a", "c"]);
    assert!(record.tag_update_time.is_some());
    for (text, count) in [
        ("Tags.ai='sky'", 1),
        ("Tags.all='sky'", 0),
        ("Tags.user-delete-ai-tags='sky'", 1),
        ("Tags.user='b'", 0),
        ("Tags.all='car' AND Tags.all='c'", 1),
    ] {
        assert_eq!(open.count(text), count, "{text}");
    }
}

#[test]
fn deletion_revival_and_purge() {
    let open = Open::new();
    let uri = "oss://b/d/1.jpg";
    let file = || NewFile { tags_user: vec!["old".into()], ..NewFile::at(uri) };
    assert_eq!(open.create([file(), file()]), [Ok(Done::Created), Err(ItemError::AlreadyExists)]);
    let id = open.version.file_id(uri);
    let act = |act: &dyn Fn(&mut filedex::Batch<'_>)| {
        let mut batch = open.db.batch(&open.version);
        act(&mut batch);
        batch.commit().unwrap().outcomes.remove(0).result
    };
    assert_eq!(act(&|b| _ = b.delete(id)), Ok(Done::Deleted));
    assert_eq!(act(&|b| _ = b.delete(id)), Err(ItemError::NotFound));
    assert_eq!(act(&|b| _ = b.update(id, FileUpdate::default())), Err(ItemError::NotFound));
    assert_eq!(open.get(uri).status, Status::Deleted);
    assert!(open.get(uri).trashed_at.is_some());
    let counts = ["", "Status='ALL'", "Status='DELETED'"].map(|text| open.count(text));
    assert_eq!(counts, [0, 1, 1]);

    let again = NewFile { comment: Some("back".into()), ..NewFile::at(uri) };
    assert_eq!(act(&|b| _ = b.import(again.clone(), ImportMode::Merge)), Ok(Done::Revived));
    let record = open.get(uri);
    assert!(record.tags.is_empty() && record.trashed_at.is_none(), "as created anew");
    assert_eq!(open.count("Comment:'back'"), 1);

    assert_eq!(act(&|b| _ = b.purge(id)), Ok(Done::Purged));
    assert_eq!(act(&|b| _ = b.purge(id)), Err(ItemError::NotFound));
    let reader = open.db.reader().unwrap();
    assert_eq!(reader.get(&open.version, &id).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(open.count("Status='ALL'"), 0);
    assert_eq!(open.create([file()]), [Ok(Done::Created)]);
}

/// Every field of the record is stored and comes back.
#[test]
fn all_fields_come_back() {
    let open = Open::new();
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let file = NewFile {
        uri: "oss://bucket/a/b/photo.jpg".into(),
        file_name: Some("other.png".into()),
        file_dir: Some("a/b/".into()),
        file_type: Some("image".into()),
        content_type: Some("image/jpeg".into()),
        data_size: Some(i64::MAX as u64),
        file_fingerprint: Some("D41D8CD98F".into()),
        file_create_time: time("-2505-01-22"),
        file_update_time: time("2025-01-12T14:36:01.001Z"),
        comment: Some("a caption".into()),
        attributes: serde_json::json!({"exif": {"iso": [100, 9_007_199_254_740_993_u64]}})
            .as_object()
            .cloned(),
        tags_user: vec!["a,b".into(), "人工智能".into()],
        tags_ai: BTreeMap::from([("job".into(), vec!["x".into()])]),
        tags_user_delete_ai: vec!["x".into()],
        description: Some("words".into()),
        labels: vec!["l1".into()],
        hidden: Some(true),
        starred: Some(true),
        local_created_at: time("2020-01-01"),
        local_modified_at: time("2020-01-02"),
        semantic_index_job_id: Some("dsjob-1".into()),
        semantic_index_update_time: time("2021-01-01"),
        crc64_hash: Some("3574582125365864471".into()),
        content_hash: Some("EA49".into()),
        content_hash_name: Some("sha1".into()),
        upload_id: Some("C9DC".into()),
        user_tags: BTreeMap::from([("k1".into(), "v1".into())]),
        image_media: serde_json::from_value(serde_json::json!({
            "width": 1024, "location": "30.1,120.2", "exif": "{}",
            "image_tags": [{"confidence": 0.98, "name": "basketball", "tag_level": 3}],
            "faces_thumbnail": [{"face_id": "f"}], "image_quality": {"overall_score": 0.736},
        }))
        .unwrap(),
        video_media: serde_json::from_value(serde_json::json!({
            "width": 1920, "video_media_video_stream": [{"duration": "22.88", "code_name": "h264"}],
            "video_media_audio_stream": [{"bit_rate": "129280"}],
        }))
        .unwrap(),
    };
    assert_eq!(open.create([file.clone()]), [Ok(Done::Created)]);
    let record = open.get(&file.uri);
    let mut expected = file.clone().into_record(&open.version.dataset_id, record.sync_time);
    expected.revision_id.clone_from(&record.revision_id);
    assert_eq!(record, expected);
    assert_eq!(record.file_dir, "a/b");
    let properties = [
        "Attributes.exif.iso = 9007199254740993",
        "Attributes.exif.iso > 9007199254740992",
        "Labels = 'l1' AND Starred = true AND Hidden = true",
        "FileCreateTime < '0001-01-01'",
        "Tags.user = 'a,b' AND Tags.all = '人工智能'",
        "SemanticIndexJobId = 'dsjob-1' AND HAS SemanticIndexUpdateTime",
        "FileFingerPrint = 'D41D8CD98F' AND DataSize = 9223372036854775807",
    ];
    for text in properties {
        assert_eq!(open.count(text), 1, "{text}");
    }
    assert_eq!(open.count("Attributes.exif.iso = 9007199254740992"), 0);
}

#[test]
fn folders_are_counted() {
    let open = Open::new();
    open.create(
        ["oss://b/a/1", "oss://b/a/b/2", "oss://b/a/b/c/3", "oss://b/ab/4", "oss://b/5"]
            .map(NewFile::at),
    );
    let reader = open.db.reader().unwrap();
    let counts = |dir: &str| {
        let folder = reader.folder(&open.version, dir).unwrap();
        (folder.dir_count, folder.file_count)
    };
    assert_eq!(
        [counts(""), counts("a"), counts("a/b"), counts("ab")],
        [(4, 5), (2, 3), (1, 2), (0, 1)]
    );
    let parent = open.get("oss://b/a/b/2").parent_file_id("default");
    assert_eq!(reader.folder_by_id(&open.version, &parent).unwrap().dir, "a/b");
    assert_eq!(open.get("oss://b/5").parent_file_id("default"), "root");
    assert_eq!(reader.folder(&open.version, "zzz").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn datasets_and_versions() {
    let open = Open::new();
    let db = &open.db;
    let dataset = db.create_dataset(NewDataset::named("street")).unwrap();
    assert_eq!((dataset.status, dataset.folder.as_str()), (DatasetStatus::Ready, "/"));
    let kind = |result: filedex::Result<filedex::Dataset>| result.unwrap_err().kind();
    assert_eq!(kind(db.create_dataset(NewDataset::named("street"))), ErrorKind::Conflict);
    assert_eq!(kind(db.create_dataset(NewDataset::named(""))), ErrorKind::BadInput);
    let patch = |name: Option<&str>, folder: Option<&str>| {
        let patch = DatasetPatch { name: name.map(Into::into), folder: folder.map(Into::into) };
        db.patch_dataset(&dataset.id, &patch)
    };
    assert_eq!(patch(None, None).unwrap(), dataset);
    assert_eq!(kind(patch(Some(""), None)), ErrorKind::BadInput);
    assert_eq!(kind(patch(None, Some(""))), ErrorKind::BadInput);
    assert_eq!(kind(patch(Some("default"), None)), ErrorKind::Conflict);
    let patched = patch(Some("roads"), Some("/vision")).unwrap();
    assert_eq!((patched.name.as_str(), patched.folder.as_str()), ("roads", "/vision"));
    assert_eq!(kind(db.patch_dataset("street", &DatasetPatch::default())), ErrorKind::NotFound);

    let v1 = db.create_version("roads", "v1").unwrap();
    let v2 = db.create_version("roads", "v2").unwrap();
    assert_eq!(db.create_version("roads", "v1").unwrap_err().kind(), ErrorKind::Conflict);
    let reader = db.reader().unwrap();
    assert_eq!(reader.version(Some("roads"), None).unwrap(), v2, "the newest is current");
    assert_eq!(reader.versions("roads").unwrap().len(), 2);
    // A file's id is the same in every version, and versions do not see each other's records.
    for (version, comment) in [(&v1, "one"), (&v2, "two")] {
        let mut batch = db.batch(version);
        batch.create(NewFile { comment: Some(comment.into()), ..NewFile::at("oss://b/1.png") });
        assert!(batch.commit().unwrap().all_succeeded());
    }
    let reader = db.reader().unwrap();
    let comments = [&v1, &v2].map(|v| reader.get(v, &v1.file_id("oss://b/1.png")).unwrap().comment);
    assert_eq!(comments, [Some("one".to_owned()), Some("two".to_owned())]);
    let one = Query::parse("Comment:'one'").unwrap();
    assert_eq!((reader.count(&v1, &one).unwrap(), reader.count(&v2, &one).unwrap()), (1, 0));

    db.delete_version("roads", "v2").unwrap();
    assert_eq!(db.reader().unwrap().version(Some("roads"), None).unwrap(), v1);
    // A snapshot from before still has it.
    assert_eq!(reader.count(&v2, &Query::parse("").unwrap()).unwrap(), 1);
    db.delete_dataset("roads").unwrap();
    assert_eq!(db.reader().unwrap().dataset("roads").unwrap_err().kind(), ErrorKind::NotFound);
    let mut batch = db.batch(&v1);
    batch.create(NewFile::at("oss://b/2.png"));
    assert_eq!(batch.commit().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(db.check(|_, _| {}).unwrap().is_sound());
}

/// Typed options and the language say the same.
#[test]
fn options_compile_to_the_language() {
    let options = ListOptions {
        file_name: Some("car".into()),
        file_dir: Some("cars/20250221/".into()),
        tags: TagMatch {
            all: vec!["a".into()],
            any: vec!["b".into(), "c".into()],
            none: vec!["d".into()],
        },
        file_types: vec!["image".into()],
        start_file_update_time: Some("2025-01-01".parse().unwrap()),
        ..ListOptions::default()
    };
    let from_options = Query::from_options(&options).unwrap();
    let text = from_options.to_string();
    assert_eq!(Query::parse(&text).unwrap().as_filter(), from_options.as_filter(), "{text}");
    let both = ListOptions { expression: Some("HAS Comment".into()), ..options };
    assert_eq!(Query::from_options(&both).unwrap_err().kind(), ErrorKind::BadQuery);
    let tag = ListOptions {
        query_type: Some(filedex::QueryType::Tag),
        query_text: Some("car".into()),
        ..ListOptions::default()
    };
    assert_eq!(
        Query::from_options(&tag).unwrap().to_string(),
        "Tags.all = 'car' AND QueryType = 'TAG'"
    );
}

#[test]
fn highlights_and_explanations_on_request() {
    let open = Open::new();
    open.create([NewFile {
        comment: Some("A red car.".into()),
        ..NewFile::at("oss://b/redCar.png")
    }]);
    let query = Query::parse("Text:'red'").unwrap().highlight().explain();
    let page = open.db.reader().unwrap().list(&open.version, &query).unwrap();
    let fields: Vec<_> = page.hits[0].highlights.iter().map(|h| h.field).collect();
    assert_eq!(fields, ["file_name", "comment"]);
    let explanation = page.explanation.unwrap().to_string();
    assert!(explanation.contains("bm25('red')") && explanation.contains("1 rows"), "{explanation}");
    let status =
        Query::parse("").unwrap().status(StatusFilter::All).sort(SortBy::FileName, Order::Asc);
    assert_eq!(open.db.reader().unwrap().list(&open.version, &status).unwrap().total, 1);
}
