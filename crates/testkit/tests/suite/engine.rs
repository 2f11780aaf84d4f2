//! What operations do to the oracle's records.

use filedex_model::change::Done;
use filedex_model::{
    AiTags, DetailsUpdate, FileId, FileUpdate, ItemError, NameMode, NewFile, TagEdit, Timestamp,
};
use filedex_testkit::{ImportMode, Oracle};

/// Noon of a day in January 2025.
fn day(day: i64) -> Timestamp {
    let first: Timestamp = "2025-01-01T12:00:00Z".parse().unwrap();
    first.shifted((day - 1) * 86_400_000)
}

fn tagged(uri: &str, tags: &[&str]) -> NewFile {
    NewFile { tags_user: tags.iter().map(|tag| (*tag).into()).collect(), ..NewFile::at(uri) }
}

fn renaming(name: &str, check_name_mode: NameMode) -> DetailsUpdate {
    DetailsUpdate { name: Some(name.into()), check_name_mode, ..DetailsUpdate::default() }
}

const URI: &str = "oss://b/cars/a.png";

fn id(uri: &str) -> FileId {
    FileId::of("d-1", uri)
}

#[test]
fn one_record_for_one_uri() {
    let mut oracle = Oracle::new("d-1");
    let outcome = oracle.create(tagged(URI, &["car"]), day(1));
    assert_eq!((outcome.id, outcome.uri.as_deref()), (Some(id(URI)), Some(URI)));
    assert_eq!(outcome.result, Ok(Done::Created));
    assert_eq!(oracle.create(NewFile::at(URI), day(2)).result, Err(ItemError::AlreadyExists));
    assert_eq!(oracle.get(id(URI)).unwrap().sync_time, day(1));
    let refused = oracle.create(NewFile::at(""), day(2));
    assert_eq!((refused.id, refused.result.is_err()), (None, true));
    assert_eq!(oracle.records().len(), 1);
}

#[test]
fn revival_is_creation_anew() {
    let mut oracle = Oracle::new("d-1");
    oracle.create(NewFile { starred: Some(true), ..tagged(URI, &["old"]) }, day(1));
    assert_eq!(oracle.delete(id(URI), day(2)).result, Ok(Done::Deleted));
    let deleted = oracle.get(id(URI)).unwrap().clone();
    assert_eq!((deleted.is_active(), deleted.trashed_at), (false, Some(day(2))));
    assert_eq!(oracle.create(NewFile::at(URI), day(3)).result, Ok(Done::Revived));
    let revived = oracle.get(id(URI)).unwrap();
    assert!(revived.is_active() && revived.tags.is_empty() && !revived.starred);
    assert_eq!((revived.record_create_time, revived.trashed_at), (day(3), None));
    assert_ne!(revived.revision_id, deleted.revision_id);
    assert_eq!(oracle.records().len(), 1);
}

#[test]
fn deleted_files_take_no_changes() {
    let mut oracle = Oracle::new("d-1");
    oracle.create(NewFile::at(URI), day(1));
    oracle.delete(id(URI), day(2));
    let missing = Err(ItemError::NotFound);
    assert_eq!(oracle.update(id(URI), &FileUpdate::default(), day(3)).result, missing);
    assert_eq!(oracle.update_details(id(URI), &DetailsUpdate::default(), day(3)).result, missing);
    assert_eq!(oracle.delete(id(URI), day(3)).result, missing);
    assert_eq!(oracle.purge(id(URI)).result, Ok(Done::Purged));
    let gone = oracle.purge(id(URI));
    assert_eq!((gone.uri, gone.result), (None, missing));
    assert_eq!(oracle.create(NewFile::at(URI), day(4)).result, Ok(Done::Created));
}

#[test]
fn imports_merge_or_replace() {
    let mut oracle = Oracle::new("d-1");
    let first = NewFile { comment: Some("a car".into()), ..tagged(URI, &["car"]) };
    let again = NewFile { data_size: Some(5), ..tagged(URI, &["red"]) };
    assert_eq!(oracle.import(first.clone(), ImportMode::Merge, day(1)).result, Ok(Done::Created));
    assert_eq!(oracle.import(first, ImportMode::Merge, day(2)).result, Ok(Done::Unchanged));
    assert_eq!(oracle.get(id(URI)).unwrap().sync_time, day(1));

    assert_eq!(oracle.import(again.clone(), ImportMode::Merge, day(3)).result, Ok(Done::Updated));
    let merged = oracle.get(id(URI)).unwrap().clone();
    assert_eq!(merged.tags.user, ["car", "red"]);
    assert_eq!((merged.comment.as_deref(), merged.data_size), (Some("a car"), Some(5)));

    assert_eq!(oracle.import(again.clone(), ImportMode::Replace, day(4)).result, Ok(Done::Updated));
    let replaced = oracle.get(id(URI)).unwrap().clone();
    assert_eq!((replaced.tags.user.len(), replaced.comment), (1, None));
    assert_eq!(replaced.record_create_time, day(1));
    assert_eq!(replaced.tag_update_time, Some(day(4)));
    let same = oracle.import(again.clone(), ImportMode::Replace, day(5));
    assert_eq!(same.result, Ok(Done::Unchanged));

    oracle.delete(id(URI), day(6));
    assert_eq!(oracle.import(again, ImportMode::Merge, day(7)).result, Ok(Done::Revived));
    assert_eq!(oracle.get(id(URI)).unwrap().tags.user, ["red"]);
}

#[test]
fn updates_edit_tags_and_mark_the_change() {
    let mut oracle = Oracle::new("d-1");
    oracle.create(tagged(URI, &["car", "red"]), day(1));
    let before = oracle.get(id(URI)).unwrap().revision_id.clone();
    let ai = |tags: &[&str]| FileUpdate {
        tags_ai: Some(AiTags {
            job_id: "job".into(),
            tags: tags.iter().map(|t| (*t).into()).collect(),
        }),
        ..FileUpdate::default()
    };
    let edit = FileUpdate {
        tags_user: TagEdit { add: vec!["blue".into()], remove: vec!["red".into()] },
        ..ai(&["sky", "sea"])
    };
    assert_eq!(oracle.update(id(URI), &edit, day(2)).result, Ok(Done::Updated));
    assert_eq!(oracle.update(id(URI), &ai(&["sky"]), day(3)).result, Ok(Done::Updated));
    let record = oracle.get(id(URI)).unwrap();
    assert_eq!(record.tags.all(), ["sky", "car", "blue"]);
    assert_eq!((record.tag_update_time, record.sync_time), (Some(day(3)), day(3)));
    assert_ne!(record.revision_id, before);

    let nothing = oracle.update(id(URI), &FileUpdate::default(), day(4));
    assert_eq!(nothing.result, Ok(Done::Unchanged));
    let wrong = FileUpdate { file_name: Some("a/b".into()), ..FileUpdate::default() };
    assert!(matches!(
        oracle.update(id(URI), &wrong, day(5)).result,
        Err(ItemError::Invalid { field: "file_name", .. })
    ));
    assert_eq!(oracle.get(id(URI)).unwrap().sync_time, day(3));
}

#[test]
fn names_clash_in_their_folder_only() {
    let others = ["oss://b/cars/b.png", "oss://b/planes/c.png", "oss://b/cars/deleted.png"];
    let cases = [
        ("b.png", NameMode::Ignore, Ok(Done::Updated), "b.png"),
        ("b.png", NameMode::Refuse, Ok(Done::NameTaken(id(others[0]))), "a.png"),
        ("b.png", NameMode::AutoRename, Ok(Done::Updated), "b_20250103_120000.png"),
        ("B.png", NameMode::Refuse, Ok(Done::Updated), "B.png"),
        ("c.png", NameMode::Refuse, Ok(Done::Updated), "c.png"),
        ("deleted.png", NameMode::Refuse, Ok(Done::Updated), "deleted.png"),
        ("a.png", NameMode::Refuse, Ok(Done::Unchanged), "a.png"),
    ];
    for (name, mode, result, expected) in cases {
        let mut oracle = Oracle::new("d-1");
        for uri in [URI].iter().chain(&others) {
            oracle.create(NewFile::at(*uri), day(1));
        }
        oracle.delete(id(others[2]), day(2));
        let outcome = oracle.update_details(id(URI), &renaming(name, mode), day(3));
        assert_eq!(outcome.result, result, "{name} {mode:?}");
        assert_eq!(oracle.get(id(URI)).unwrap().file_name, expected, "{name} {mode:?}");
    }
}

#[test]
fn a_second_clash_takes_a_further_suffix() {
    let mut oracle = Oracle::new("d-1");
    let uris = ["oss://b/a.png", "oss://b/b.png", "oss://b/c.png", "oss://b/d.png"];
    for uri in uris {
        oracle.create(NewFile::at(uri), day(1));
    }
    let mut names = Vec::new();
    for uri in &uris[1..] {
        oracle.update_details(id(uri), &renaming("a.png", NameMode::AutoRename), day(1));
        names.push(oracle.get(id(uri)).unwrap().file_name.clone());
    }
    assert_eq!(
        names,
        ["a_20250101_120000.png", "a_20250101_120000_1.png", "a_20250101_120000_2.png"]
    );
    let refused = oracle.update_details(id(uris[1]), &renaming("a.png", NameMode::Refuse), day(2));
    assert_eq!(refused.result, Ok(Done::NameTaken(id(uris[0]))));
}
