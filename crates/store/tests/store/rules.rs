//! Datasets and versions: unique names, and removal with all that hangs on them.

use filedex_store::{BlobKind, JobKind, Part, StoreError, TextSegmentEntry, VersionKey};

use crate::records::{add, assert_sound, record, store};
use crate::sample::{dataset, full_dataset, version};

#[test]
fn datasets_come_back_by_id_and_name() {
    let store = store();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&full_dataset()).unwrap();
    batch.create_dataset(&dataset("d-0", "trucks")).unwrap();
    assert_eq!(batch.dataset_by_name("cars").unwrap(), Some(full_dataset()));
    batch.commit().unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.datasets().unwrap(), [dataset("d-0", "trucks"), full_dataset()]);
    assert_eq!(snapshot.dataset("d-1").unwrap(), Some(full_dataset()));
    assert_eq!(snapshot.dataset_by_name("d-1").unwrap(), None);
    assert_sound(&store);
}

#[test]
fn dataset_names_and_ids_are_unique() {
    let store = store();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let error = batch.create_dataset(&dataset("d-1", "other")).unwrap_err();
    assert!(matches!(error, StoreError::DatasetIdTaken { .. }), "{error}");
    let error = batch.create_dataset(&dataset("d-2", "cars")).unwrap_err();
    assert!(matches!(error, StoreError::DatasetNameTaken { .. }), "{error}");
    let error = batch.put_dataset(&dataset("d-2", "x")).unwrap_err();
    assert!(matches!(error, StoreError::UnknownDataset { .. }), "{error}");
    batch.create_dataset(&dataset("d-2", "trucks")).unwrap();
    let error = batch.put_dataset(&dataset("d-2", "cars")).unwrap_err();
    assert!(matches!(error, StoreError::DatasetNameTaken { .. }), "{error}");
    // A name is free again after a renaming and after a removal.
    batch.put_dataset(&dataset("d-1", "old cars")).unwrap();
    batch.put_dataset(&dataset("d-2", "cars")).unwrap();
    batch.delete_dataset("d-1").unwrap();
    batch.create_dataset(&dataset("d-3", "old cars")).unwrap();
    batch.commit().unwrap();
    let names: Vec<_> =
        store.read().unwrap().datasets().unwrap().into_iter().map(|d| (d.id, d.name)).collect();
    assert_eq!(names, [("d-2".into(), "cars".into()), ("d-3".into(), "old cars".into())]);
    assert_sound(&store);
}

#[test]
fn what_could_not_be_read_back_is_not_stored() {
    let store = store();
    let mut deep = serde_json::Value::Null;
    for _ in 0..200 {
        deep = serde_json::json!([deep]);
    }
    let metadata = serde_json::Map::from_iter([("deep".to_owned(), deep)]);
    let mut batch = store.write().unwrap();
    let unreadable = filedex_model::Dataset { metadata, ..dataset("d-1", "cars") };
    let error = batch.create_dataset(&unreadable).unwrap_err();
    assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    batch.commit().unwrap();
    assert_sound(&store);
}

#[test]
fn version_names_and_ids_are_unique_in_a_dataset() {
    let store = store();
    let mut batch = store.write().unwrap();
    let error = batch.create_version("none", &version("1", "v1")).unwrap_err();
    assert!(matches!(error, StoreError::UnknownDataset { .. }), "{error}");
    batch.create_dataset(&dataset("d", "cars")).unwrap();
    batch.create_dataset(&dataset("d2", "trucks")).unwrap();
    let first = batch.create_version("d", &version("1", "v1")).unwrap();
    let error = batch.create_version("d", &version("2", "v1")).unwrap_err();
    assert!(matches!(error, StoreError::VersionNameTaken { .. }), "{error}");
    let error = batch.create_version("d", &version("1", "v2")).unwrap_err();
    assert!(matches!(error, StoreError::VersionIdTaken { .. }), "{error}");
    let second = batch.create_version("d", &version("2", "v2")).unwrap();
    let elsewhere = batch.create_version("d2", &version("1", "v1")).unwrap();
    let error = batch.put_version(second, &version("2", "v1")).unwrap_err();
    assert!(matches!(error, StoreError::VersionNameTaken { .. }), "{error}");
    let error = batch.put_version(second, &version("3", "v2")).unwrap_err();
    assert!(matches!(error, StoreError::VersionIdTaken { .. }), "{error}");
    // A name that is another's id: names come first.
    let frozen = filedex_model::Version { frozen: true, ..version("2", "1") };
    batch.put_version(second, &frozen).unwrap();
    batch.commit().unwrap();

    let snapshot = store.read().unwrap();
    let keys: Vec<_> = snapshot.versions("d").unwrap().into_iter().map(|v| v.key).collect();
    assert_eq!(keys, [first, second]);
    let key = |dataset: &str, text: &str| {
        snapshot.version(dataset, text).unwrap().map(|version| version.key)
    };
    assert_eq!(key("d", "v1"), Some(first));
    assert_eq!(key("d", "1"), Some(second));
    assert_eq!(key("d", "2"), Some(second));
    assert_eq!(key("d", "v2"), None);
    assert_eq!(key("d2", "v1"), Some(elsewhere));
    assert!(snapshot.version_info(second).unwrap().unwrap().version.frozen);
    assert_eq!(snapshot.versions("none").unwrap(), []);
    assert_sound(&store);
}

#[test]
fn versions_do_not_see_each_other() {
    let store = store();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let keys = ["1", "2"].map(|v| batch.create_version("d-1", &version(v, v)).unwrap());
    batch.commit().unwrap();
    let same = record("oss://b/a/1.png");
    assert_eq!(keys.map(|key| add(&store, key, std::slice::from_ref(&same))), [0, 0]);
    add(&store, keys[1], &[record("oss://b/a/2.png")]);
    let snapshot = store.read().unwrap();
    let active = keys.map(|key| snapshot.version_info(key).unwrap().unwrap().active);
    assert_eq!(active, [1, 2]);
    assert_eq!(snapshot.records(keys[0], 0).unwrap().count(), 1);
    assert_sound(&store);
}

#[test]
fn removal_takes_everything_along() {
    let store = store();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let keys = ["1", "2", "3"].map(|v| batch.create_version("d-1", &version(v, v)).unwrap());
    let blobs = keys.map(|key| {
        let blob = batch.put_blob(BlobKind::Text, b"segment").unwrap();
        let entry = TextSegmentEntry { blob, docs: 1, text_length: 1, dead_text_length: 0 };
        batch.set_segments(key, &[entry]).unwrap();
        batch.set_dead(key, blob, b"dead").unwrap();
        batch.note_job(key, "job", JobKind::Tagging).unwrap();
        blob
    });
    batch.commit().unwrap();
    for key in keys {
        add(&store, key, &[record("oss://b/a/1.png"), record("oss://b/2.png")]);
    }
    let mut batch = store.write().unwrap();
    batch.delete_version(keys[1]).unwrap();
    assert!(matches!(batch.delete_version(keys[1]), Err(StoreError::UnknownVersion { .. })));
    batch.commit().unwrap();
    assert_sound(&store);
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.versions("d-1").unwrap().len(), 2);
    assert_eq!(snapshot.garbage().unwrap().iter().map(|g| g.blob).collect::<Vec<_>>(), [blobs[1]]);
    for key in [keys[0], keys[2]] {
        assert_eq!(snapshot.records(key, 0).unwrap().count(), 2);
        assert_eq!(snapshot.jobs(key).unwrap().len(), 1);
        assert_eq!(snapshot.rows_named(key, "a", "1.png").unwrap(), [0]);
    }
    drop(snapshot);

    let mut batch = store.write().unwrap();
    batch.delete_dataset("d-1").unwrap();
    assert!(matches!(batch.delete_dataset("d-1"), Err(StoreError::UnknownDataset { .. })));
    assert_eq!(batch.collect_garbage(&|_| false).unwrap(), 3);
    batch.commit().unwrap();
    assert_sound(&store);
    let parts = store.space().unwrap().parts;
    for (part, space) in parts {
        let expected = if part == Part::Meta { 7 } else { 0 };
        assert_eq!(space.entries, expected, "{part:?}");
    }
    // Numbers are not given out again.
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    assert_eq!(batch.create_version("d-1", &version("1", "1")).unwrap(), VersionKey(4));
    assert_eq!(batch.put_blob(BlobKind::Text, b"").unwrap(), 4);
}
