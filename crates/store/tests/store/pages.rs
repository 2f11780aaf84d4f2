//! The check of pages: damage is found where the engine finds it, and named.

use filedex_store::{About, Finding, MemoryDevice, Options, Remedy, Store, StoreError, check_file};

use crate::damage::closed;

/// What the engine itself says of a file: whether all of its pages are what was written.
fn engine_finds_it_sound(bytes: &[u8], path: &std::path::Path) -> bool {
    std::fs::write(path, bytes).unwrap();
    let looked = std::panic::catch_unwind(|| {
        // Opened for reading first: an open for writing sets right what it can.
        redb::ReadOnlyDatabase::open(path).ok()?;
        redb::Database::open(path).ok()?.check_integrity().ok()
    });
    looked.ok().flatten() == Some(true)
}

fn findings(bytes: &[u8], path: &std::path::Path) -> Vec<Finding> {
    std::fs::write(path, bytes).unwrap();
    let found = match check_file(path) {
        Ok(checked) => checked.findings,
        Err(StoreError::Damaged { what }) => {
            vec![Finding { about: About::Page, remedy: Remedy::Salvage, what }]
        }
        Err(error) => panic!("{error}"),
    };
    assert!(std::fs::read(path).unwrap() == bytes, "it was changed");
    found
}

#[test]
fn every_page_that_the_engine_finds_damaged_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
    let whole = closed();
    assert_eq!(findings(&whole, &ours), []);
    assert!(engine_finds_it_sound(&whole, &theirs));
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let (mut sound, mut damaged) = (0, 0);
    for at in (0..320).chain((4_096..used).step_by(389)) {
        for flip in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            let found = findings(&changed, &ours);
            let engine = engine_finds_it_sound(&changed, &theirs);
            // Which commit is the newer one, and how it was closed, is no matter of checksums.
            if at == 9 {
                continue;
            }
            // The engine looks at the older commit's place only where it needs it.
            let agrees = found.is_empty() == engine || engine && at < 320;
            assert!(agrees, "byte {at} by {flip}: {found:?}");
            sound += u32::from(engine);
            damaged += u32::from(!engine);
        }
    }
    assert!(sound > 100 && damaged > 100, "{sound} sound, {damaged} damaged");
}

#[test]
fn an_open_database_is_checked_while_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    std::fs::write(&path, closed()).unwrap();
    let store = Store::open(&path, &Options::default()).unwrap();
    let reader = store.read().unwrap();
    let before = store.check_pages().unwrap();
    assert!(before.findings.is_empty() && before.pages > 20, "{before:?}");
    store.write().unwrap().commit().unwrap();
    assert_eq!(store.check_pages().unwrap().findings, []);
    // Nobody else can know what the process that holds it is about to write.
    assert!(matches!(check_file(&path), Err(StoreError::Locked { .. })));
    drop((reader, store));
    let store = Store::open_read_only(&path, &Options::default()).unwrap();
    assert_eq!(store.check_pages().unwrap().findings, []);
    assert_eq!(check_file(&path).unwrap().findings, []);
    let device = MemoryDevice::from_bytes(closed());
    let store = Store::with_device(Box::new(device), &Options::default()).unwrap();
    assert_eq!(store.check_pages().unwrap().findings, []);
}

#[test]
fn what_is_no_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    assert!(matches!(check_file(&path), Err(StoreError::NotFound { .. })));
    assert!(matches!(check_file(dir.path()), Err(StoreError::NotFiledex { .. })));
    std::fs::write(&path, "").unwrap();
    assert!(matches!(check_file(&path), Err(StoreError::NotFiledex { .. })));
    for bytes in [vec![0; 5], vec![7; 5_000], b"redb\x1A\x0A\xA9\x0D\x0A".to_vec()] {
        std::fs::write(&path, bytes).unwrap();
        let error = check_file(&path).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
}
