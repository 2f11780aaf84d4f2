//! Giving free space back to the system, where nobody waits for it.
//!
//! The file doubles when it is full, so up to half of it is free in the normal course of things, and
//! to give that back would be to grow again with the next commit. What is free beyond half was left
//! by deletions, merges or readers that are gone.

use std::sync::TryLockError;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::database::Shared;
use crate::error::{ErrorKind, Result};

/// Cuts the file where more than half of it is free, nobody writes and nobody reads; whether it did.
/// Who comes meanwhile waits until it is done.
pub(super) fn shrink_if_due(shared: &Shared, stop: &AtomicBool) -> Result<bool> {
    let Some(least) = shared.auto_compact else { return Ok(false) };
    if shared.store.file_length()? < least {
        return Ok(false);
    }
    let space = shared.store.space()?;
    if (space.free + space.garbage) * 2 <= space.file_length || stop.load(Ordering::Relaxed) {
        return Ok(false);
    }
    let _writing = match shared.try_write_lock() {
        Ok(writing) => writing,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Ok(false),
    };
    if !shared.release_if_unread() {
        return Ok(false);
    }
    let done = shared.sweep().and_then(|()| {
        // The sweep's commit opened no snapshot, so nobody but a newcomer holds one.
        Ok(shared.store.shrink()?)
    });
    shared.publish(None, None)?;
    match done {
        Ok(done) => Ok(done.after < done.before),
        Err(error) if error.kind() == ErrorKind::Busy => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use filedex_model::NewFile;
    use filedex_store::{Device, MemoryDevice};

    use super::*;
    use crate::{Database, MergePolicy, Query, VersionRef};

    const FILES: u64 = 3_000;

    /// A database of which nearly all was purged.
    fn emptied(least: Option<u64>) -> (Database, MemoryDevice, VersionRef) {
        let device = MemoryDevice::default();
        let db = Database::builder()
            .merge_policy(MergePolicy::Manual)
            .auto_compact(least)
            .open_device(device.clone())
            .unwrap();
        let version = db.default_version().unwrap();
        let uri = |n: u64| format!("oss://b/{n}.png");
        let mut batch = db.batch(&version);
        for n in 0..FILES {
            batch.create(NewFile { comment: Some("word ".repeat(200)), ..NewFile::at(uri(n)) });
        }
        batch.commit().unwrap();
        let mut batch = db.batch(&version);
        for n in 10..FILES {
            batch.purge(version.file_id(&uri(n)));
        }
        batch.commit().unwrap();
        db.optimize().unwrap();
        (db, device, version)
    }

    #[test]
    fn a_file_is_cut_only_where_it_is_worth_it_and_nobody_is_there() {
        let go = AtomicBool::new(false);
        let (db, device, version) = emptied(Some(0));
        let before = device.len().unwrap();
        let reader = db.reader().unwrap();
        assert!(!shrink_if_due(&db.shared, &go).unwrap(), "beside a reader");
        assert_eq!(reader.count(&version, &Query::parse("").unwrap()).unwrap(), 10);
        drop(reader);
        let writing = db.shared.write_lock();
        assert!(!shrink_if_due(&db.shared, &go).unwrap(), "beside a writer");
        drop(writing);
        assert!(!shrink_if_due(&db.shared, &AtomicBool::new(true)).unwrap(), "on the way out");
        assert_eq!(device.len().unwrap(), before);
        assert!(shrink_if_due(&db.shared, &go).unwrap());
        let after = device.len().unwrap();
        assert!(after * 2 < before, "{before} bytes before, {after} after");
        assert!(!shrink_if_due(&db.shared, &go).unwrap(), "a second time");
        assert_eq!(db.reader().unwrap().count(&version, &Query::parse("").unwrap()).unwrap(), 10);
        assert!(db.check(|_, _| ()).unwrap().is_sound());
        for least in [None, Some(u64::MAX)] {
            let (db, _, _) = emptied(least);
            assert!(!shrink_if_due(&db.shared, &go).unwrap(), "{least:?}");
        }
    }
}
