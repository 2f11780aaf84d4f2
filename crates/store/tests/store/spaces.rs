//! Embedding spaces, their lists of vector segments, and what goes along when they go.

use filedex_model::{Space, limits};
use filedex_store::{
    BlobKind, Garbage, MemoryDevice, Options, SpaceInfo, SpaceKey, Store, StoreError,
    VectorSegmentEntry, VersionKey, WriteBatch,
};

use crate::blobs::entry;
use crate::records::{assert_sound, with_version};
use crate::sample::{dataset, space, version};

pub fn vectors(blob: u64, graph: Option<u64>) -> VectorSegmentEntry {
    VectorSegmentEntry { blob, vectors: 5, first_row: 0, last_row: 9, graph }
}

/// A store whose one version has allocated ten rows.
fn with_rows() -> (Store, VersionKey) {
    let (store, key) = with_version();
    let mut batch = store.write().unwrap();
    batch.allocate_rows(key, 10).unwrap();
    batch.commit().unwrap();
    (store, key)
}

/// Names of the spaces by age, the chosen one marked.
fn named(batch: &WriteBatch, key: VersionKey) -> Vec<String> {
    marked(batch.spaces(key).unwrap(), batch.chosen_space(key).unwrap().as_ref())
}

fn marked(spaces: Vec<SpaceInfo>, chosen: Option<&SpaceInfo>) -> Vec<String> {
    assert_eq!(spaces.iter().find(|info| info.chosen), chosen);
    let mark = |info: SpaceInfo| info.space.name + if info.chosen { "*" } else { "" };
    spaces.into_iter().map(mark).collect()
}

fn committed(store: &Store, key: VersionKey) -> Vec<String> {
    let snapshot = store.read().unwrap();
    marked(snapshot.spaces(key).unwrap(), snapshot.chosen_space(key).unwrap().as_ref())
}

fn put(batch: &mut WriteBatch, kind: BlobKind) -> u64 {
    batch.put_blob(kind, format!("{kind:?}").as_bytes()).unwrap()
}

#[test]
fn one_space_is_chosen_whatever_happens() {
    let (store, key) = with_rows();
    assert_eq!(committed(&store, key), [""; 0]);
    let mut batch = store.write().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| batch.create_space(key, &space(name)).unwrap());
    assert!(a < b && b < c);
    assert_eq!(named(&batch, key), ["a*", "b", "c"]);
    batch.choose_space(key, c).unwrap();
    batch.choose_space(key, c).unwrap();
    assert_eq!(named(&batch, key), ["a", "b", "c*"]);
    batch.rename_space(key, c, "d").unwrap();
    batch.rename_space(key, b, "b").unwrap();
    assert_eq!(named(&batch, key), ["a", "b", "d*"]);
    batch.drop_space(key, b).unwrap();
    assert_eq!(named(&batch, key), ["a", "d*"]);
    batch.commit().unwrap();
    assert_eq!(committed(&store, key), ["a", "d*"]);
    assert_sound(&store);

    let snapshot = store.read().unwrap();
    let found = snapshot.space_named(key, "d").unwrap().unwrap();
    assert_eq!((found.key, found.space.model.as_str()), (c, "all-MiniLM-L6-v2"));
    assert_eq!(found.space, Space { name: "d".into(), ..space("c") });
    assert_eq!(snapshot.space_named(key, "c").unwrap(), None);
    assert_eq!(snapshot.vector_segments(key, c).unwrap(), []);

    let mut batch = store.write().unwrap();
    assert_eq!(batch.space_named(key, "d").unwrap(), Some(found));
    let e = batch.create_space(key, &space("e")).unwrap();
    batch.choose_space(key, e).unwrap();
    batch.drop_space(key, e).unwrap();
    assert_eq!(named(&batch, key), ["a*", "d"]);
    batch.drop_space(key, a).unwrap();
    batch.drop_space(key, c).unwrap();
    assert_eq!(named(&batch, key), [""; 0]);
    // A number that was dropped does not come back.
    assert!(batch.create_space(key, &space("a")).unwrap() > e);
    assert_eq!(named(&batch, key), ["a*"]);
    batch.commit().unwrap();
    assert_sound(&store);
}

#[test]
fn names_are_unique_in_a_version_and_free_in_others() {
    let (store, key) = with_rows();
    let mut batch = store.write().unwrap();
    let other = batch.create_version("d-1", &version("2", "v2")).unwrap();
    let [a, b] = ["a", "b"].map(|name| batch.create_space(key, &space(name)).unwrap());
    for error in [
        batch.create_space(key, &space("a")).unwrap_err(),
        batch.rename_space(key, b, "a").unwrap_err(),
    ] {
        assert!(matches!(&error, StoreError::SpaceExists { name } if name == "a"), "{error}");
    }
    let elsewhere = batch.create_space(other, &space("a")).unwrap();
    assert!(elsewhere > b);
    assert_eq!(named(&batch, other), ["a*"]);

    // Spaces of other versions, and those dropped, are unknown.
    batch.drop_space(key, b).unwrap();
    let unknown = |result: Result<(), StoreError>, space: SpaceKey| match result.unwrap_err() {
        StoreError::UnknownSpace { version, space: found } => {
            assert_eq!((version, found), (key, space));
        }
        error => panic!("{error}"),
    };
    for space in [b, elsewhere] {
        unknown(batch.choose_space(key, space), space);
        unknown(batch.rename_space(key, space, "x"), space);
        unknown(batch.drop_space(key, space), space);
        unknown(batch.set_vector_segments(key, space, &[]), space);
        unknown(batch.vector_segments(key, space).map(drop), space);
    }
    let gone = VersionKey(99);
    for error in [
        batch.create_space(gone, &space("a")).unwrap_err(),
        batch.choose_space(gone, a).unwrap_err(),
        batch.rename_space(gone, a, "x").unwrap_err(),
        batch.drop_space(gone, a).unwrap_err(),
        batch.set_vector_segments(gone, a, &[]).unwrap_err(),
        batch.vector_segments(gone, a).unwrap_err(),
        batch.chosen_space(gone).unwrap_err(),
        batch.set_dead(gone, 1, b"").unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::UnknownVersion { version } if version == gone));
    }
    // None of these errors has spoiled the batch.
    batch.commit().unwrap();
    assert_sound(&store);
    let snapshot = store.read().unwrap();
    unknown(snapshot.vector_segments(key, b).map(drop), b);
    for error in [
        snapshot.spaces(gone).unwrap_err(),
        snapshot.space_named(gone, "a").unwrap_err(),
        snapshot.vector_segments(gone, a).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::UnknownVersion { version } if version == gone));
    }
}

#[test]
fn a_version_has_as_many_spaces_as_the_limit_says() {
    let (store, key) = with_version();
    let mut batch = store.write().unwrap();
    for n in 0..limits::SPACES {
        batch.create_space(key, &space(&n.to_string())).unwrap();
    }
    let error = batch.create_space(key, &space("one more")).unwrap_err();
    assert!(matches!(error, StoreError::Exhausted { .. }), "{error}");
    let oldest = batch.space_named(key, "0").unwrap().unwrap();
    assert!(oldest.chosen);
    batch.drop_space(key, oldest.key).unwrap();
    batch.create_space(key, &space("in its place")).unwrap();
    assert_eq!(batch.chosen_space(key).unwrap().unwrap().space.name, "1");
    batch.commit().unwrap();
    assert_eq!(store.read().unwrap().spaces(key).unwrap().len(), limits::SPACES);
    assert_sound(&store);
}

#[test]
fn lists_link_segments_and_graphs() {
    use BlobKind::{Graph, Text, Vectors};
    let (store, key) = with_rows();
    let mut batch = store.write().unwrap();
    let [a, b] = ["a", "b"].map(|name| batch.create_space(key, &space(name)).unwrap());
    let [v1, v2, g1, g2, text] =
        [Vectors, Vectors, Graph, Graph, Text].map(|kind| put(&mut batch, kind));
    batch.set_segments(key, &[entry(text)]).unwrap();
    batch.set_vector_segments(key, a, &[vectors(v2, None), vectors(v1, Some(g1))]).unwrap();
    for (blob, bitmap) in [(v1, b"one"), (v2, b"two"), (text, b"txt")] {
        batch.set_dead(key, blob, bitmap).unwrap();
    }
    // Graphs have no dead of their own, and what is not listed has none either.
    for blob in [g1, g2] {
        let error = batch.set_dead(key, blob, b"").unwrap_err();
        assert!(matches!(error, StoreError::UnknownBlob { .. }), "{error}");
    }
    let error = batch.unlink_blob(g1).unwrap_err();
    assert!(matches!(error, StoreError::BlobInUse { .. }), "{error}");
    batch.commit().unwrap();
    assert_sound(&store);
    let snapshot = store.read().unwrap();
    let list = [vectors(v2, None), vectors(v1, Some(g1))];
    assert_eq!(snapshot.vector_segments(key, a).unwrap(), list);
    assert_eq!(snapshot.vector_segments(key, b).unwrap(), []);
    assert_eq!(snapshot.garbage().unwrap(), [Garbage { blob: g2, since: None }]);

    // Another graph over the same vectors, which keep their bitmap; the other segment goes.
    let mut batch = store.write().unwrap();
    batch.set_vector_segments(key, a, &[vectors(v1, Some(g2))]).unwrap();
    assert_eq!(batch.vector_segments(key, a).unwrap(), [vectors(v1, Some(g2))]);
    let since = Some(batch.commit().unwrap());
    assert_sound(&store);
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.dead(key, v1).unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!(snapshot.dead(key, v2).unwrap(), None);
    assert_eq!(snapshot.garbage().unwrap(), [v2, g1].map(|blob| Garbage { blob, since }));

    // Two lists of the version name the same vectors: their bitmap goes with the last of them.
    let mut batch = store.write().unwrap();
    batch.set_vector_segments(key, b, &[vectors(v1, None)]).unwrap();
    batch.set_vector_segments(key, a, &[]).unwrap();
    assert_eq!(batch.dead(key, v1).unwrap().as_deref(), Some(&b"one"[..]));
    batch.commit().unwrap();
    assert_sound(&store);
    let mut batch = store.write().unwrap();
    batch.drop_space(key, b).unwrap();
    batch.commit().unwrap();
    assert_sound(&store);
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.dead(key, v1).unwrap(), None);
    assert_eq!(snapshot.dead(key, text).unwrap().as_deref(), Some(&b"txt"[..]));
    assert_eq!(snapshot.segments(key).unwrap(), [entry(text)]);
    let garbage: Vec<_> = snapshot.garbage().unwrap().iter().map(|g| g.blob).collect();
    assert_eq!(garbage, [v1, v2, g1, g2]);
    drop(snapshot);
    let mut batch = store.write().unwrap();
    assert_eq!(batch.collect_garbage(&|_| false).unwrap(), 4);
    batch.commit().unwrap();
    let blobs = store.space().unwrap().blobs;
    assert_eq!(blobs.into_iter().collect::<Vec<_>>(), [(Text, 4)]);
    assert_sound(&store);
}

type List = fn(u64, u64, u64) -> Vec<VectorSegmentEntry>;

#[test]
fn wrong_lists_are_refused() {
    // Of a segment, a graph and a text segment.
    let cases: [(&str, List); 10] = [
        ("an unknown segment", |_, _, _| vec![vectors(99, None)]),
        ("an unknown graph", |v, _, _| vec![vectors(v, Some(99))]),
        ("a graph as segment", |_, g, _| vec![vectors(g, None)]),
        ("a text segment", |_, _, t| vec![vectors(t, None)]),
        ("text as graph", |v, _, t| vec![vectors(v, Some(t))]),
        ("itself as graph", |v, _, _| vec![vectors(v, Some(v))]),
        ("a segment twice", |v, _, _| vec![vectors(v, None); 2]),
        ("rows never allocated", |v, _, _| {
            vec![VectorSegmentEntry { last_row: 10, ..vectors(v, None) }]
        }),
        ("rows out of order", |v, _, _| {
            vec![VectorSegmentEntry { first_row: 5, last_row: 4, ..vectors(v, None) }]
        }),
        ("a segment as graph of the other", |v, g, _| vec![vectors(g, Some(v))]),
    ];
    for (name, list) in cases {
        let (store, key) = with_rows();
        let mut batch = store.write().unwrap();
        let a = batch.create_space(key, &space("a")).unwrap();
        let [v, g, t] =
            [BlobKind::Vectors, BlobKind::Graph, BlobKind::Text].map(|kind| put(&mut batch, kind));
        batch.set_vector_segments(key, a, &[vectors(v, Some(g))]).unwrap();
        batch.commit().unwrap();
        let mut batch = store.write().unwrap();
        let error = batch.set_vector_segments(key, a, &list(v, g, t)).unwrap_err();
        match error {
            StoreError::UnknownBlob { blob: 99 } => assert!(name.contains("unknown"), "{name}"),
            StoreError::Unlistable { .. } => assert!(!name.contains("unknown"), "{name}"),
            error => panic!("{name}: {error}"),
        }
        assert!(matches!(batch.commit(), Err(StoreError::BatchFailed)), "{name}");
        let listed = store.read().unwrap().vector_segments(key, a).unwrap();
        assert_eq!(listed, [vectors(v, Some(g))], "{name}");
        assert_sound(&store);
    }
    // Nor may a list of text segments name vectors.
    let (store, key) = with_rows();
    let mut batch = store.write().unwrap();
    let v = put(&mut batch, BlobKind::Vectors);
    let error = batch.set_segments(key, &[entry(v)]).unwrap_err();
    assert!(matches!(error, StoreError::Unlistable { .. }), "{error}");
    assert!(matches!(batch.commit(), Err(StoreError::BatchFailed)));
}

#[test]
fn versions_take_their_spaces_along_and_share_blobs() {
    let (store, first) = with_rows();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-2", "trucks")).unwrap();
    let second = batch.create_version("d-1", &version("2", "v2")).unwrap();
    let third = batch.create_version("d-2", &version("1", "v1")).unwrap();
    let [shared, graph] = [BlobKind::Vectors, BlobKind::Graph].map(|kind| put(&mut batch, kind));
    let mut keys = Vec::new();
    for version in [first, second, third] {
        batch.allocate_rows(version, 10).unwrap();
        let [a, b] = ["a", "b"].map(|name| batch.create_space(version, &space(name)).unwrap());
        let own = put(&mut batch, BlobKind::Vectors);
        batch.set_vector_segments(version, a, &[vectors(shared, Some(graph))]).unwrap();
        batch.set_vector_segments(version, b, &[vectors(own, None)]).unwrap();
        batch.set_dead(version, shared, b"dead").unwrap();
        batch.set_dead(version, own, b"dead").unwrap();
        keys.push((version, own, b));
    }
    batch.commit().unwrap();
    assert_sound(&store);
    let garbage =
        || store.read().unwrap().garbage().unwrap().iter().map(|g| g.blob).collect::<Vec<_>>();

    let mut batch = store.write().unwrap();
    batch.delete_version(second).unwrap();
    assert!(matches!(batch.spaces(second), Err(StoreError::UnknownVersion { .. })));
    batch.commit().unwrap();
    assert_sound(&store);
    assert_eq!(garbage(), [keys[1].1]);
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.dead(second, shared).unwrap(), None);
    assert_eq!(snapshot.dead(first, shared).unwrap().as_deref(), Some(&b"dead"[..]));
    assert_eq!(snapshot.vector_segments(third, keys[2].2).unwrap(), [vectors(keys[2].1, None)]);
    drop(snapshot);

    let mut batch = store.write().unwrap();
    batch.delete_dataset("d-2").unwrap();
    batch.delete_dataset("d-1").unwrap();
    batch.commit().unwrap();
    assert_sound(&store);
    assert_eq!(garbage(), [shared, graph, keys[0].1, keys[1].1, keys[2].1]);
    let parts = store.space().unwrap().parts;
    assert_eq!(parts[&filedex_store::Part::Meta].entries, 7);
    assert_eq!(parts[&filedex_store::Part::Dead].entries, 0);
}

#[test]
fn an_abandoned_batch_leaves_spaces_as_they_were() {
    let device = MemoryDevice::default();
    let open = || Store::with_device(Box::new(device.clone()), &Options::default()).unwrap();
    let store = open();
    let mut batch = store.write().unwrap();
    batch.create_dataset(&dataset("d-1", "cars")).unwrap();
    let key = batch.create_version("d-1", &version("1", "v1")).unwrap();
    batch.allocate_rows(key, 10).unwrap();
    let [a, b] = ["a", "b"].map(|name| batch.create_space(key, &space(name)).unwrap());
    let [v, g] = [BlobKind::Vectors, BlobKind::Graph].map(|kind| put(&mut batch, kind));
    batch.set_vector_segments(key, a, &[vectors(v, Some(g))]).unwrap();
    batch.set_dead(key, v, b"dead").unwrap();
    batch.commit().unwrap();

    let mut batch = store.write().unwrap();
    batch.choose_space(key, b).unwrap();
    batch.rename_space(key, b, "x").unwrap();
    batch.drop_space(key, a).unwrap();
    let c = batch.create_space(key, &space("c")).unwrap();
    assert_eq!(named(&batch, key), ["x*", "c"]);
    drop(batch);
    assert_eq!(committed(&store, key), ["a*", "b"]);
    let mut batch = store.write().unwrap();
    assert_eq!(batch.create_space(key, &space("d")).unwrap(), c);
    drop(batch);
    drop(store);
    let store = open();
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.vector_segments(key, a).unwrap(), [vectors(v, Some(g))]);
    assert_eq!(snapshot.dead(key, v).unwrap().as_deref(), Some(&b"dead"[..]));
    assert_eq!(snapshot.blob(g).unwrap(), b"Graph");
    assert_sound(&store);
}
