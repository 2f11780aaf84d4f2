//! A read that comes back wrong right after a commit: the commit may be reported as failed, and
//! what is written next must not build on the state before it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use filedex::{
    Database, Device, ErrorKind, ImportMode, MemoryDevice, MergePolicy, NewFile, Result,
};

use super::content::Content;

/// Reads of so many bytes are of a piece of a segment, whose checksum finds what is wrong.
const OF_A_SEGMENT: usize = 16 << 10;

/// A device that answers one long read after the next sync with a changed byte.
#[derive(Clone, Default)]
struct Misreading {
    device: MemoryDevice,
    synced: Arc<AtomicBool>,
    /// How many long reads are still right before it; negative for none that is wrong.
    right: Arc<AtomicI64>,
}

impl Misreading {
    /// After the next sync so many long reads are right, and the one after them is not.
    fn wrong_after(&self, right: i64) {
        self.synced.store(false, Ordering::SeqCst);
        self.right.store(right, Ordering::SeqCst);
    }
}

impl Device for Misreading {
    fn len(&self) -> io::Result<u64> {
        self.device.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.device.read(offset, out)?;
        let counts = out.len() > OF_A_SEGMENT && self.synced.load(Ordering::SeqCst);
        if counts && self.right.fetch_sub(1, Ordering::SeqCst) == 0 {
            let middle = out.len() / 2;
            out[middle] ^= 0x20;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.device.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.synced.store(true, Ordering::SeqCst);
        self.device.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.device.write(offset, data)
    }
}

fn import(db: &Database, comment: &str) -> Result<()> {
    let mut batch = db.batch(&db.default_version()?);
    for n in 0..400 {
        let comment = Some(format!("{comment} {}", n * 7_919 % 1_000_003));
        let file = NewFile { comment, ..NewFile::at(format!("oss://b/{n}.jpg")) };
        batch.import(file, ImportMode::Merge);
    }
    batch.commit().map(drop)
}

#[test]
fn a_commit_that_cannot_be_shown_is_no_base_for_the_old_state() {
    let mut failed = 0;
    for right in 0..3 {
        let device = Misreading::default();
        device.wrong_after(-1);
        let db = Database::builder()
            .cache_bytes(0)
            .merge_policy(MergePolicy::Manual)
            .open_device(device.clone())
            .unwrap();
        db.default_version().unwrap();
        device.wrong_after(right);
        if let Err(error) = import(&db, "first") {
            assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
            failed += 1;
        }
        device.wrong_after(-1);
        import(&db, "second").unwrap();
        let content = Content::of(&db).unwrap();
        assert!(content.sound, "{right}: {}", content.derived.lines().next().unwrap());
        assert!(content.derived.contains("second 7919"));
    }
    assert!(failed > 0, "no read of a commit was wrong");
}
