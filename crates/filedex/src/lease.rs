//! How long a reader may hold its snapshot.
//!
//! A snapshot keeps the pages and blobs that later commits replace, so one that is held for ever
//! makes the file grow for ever. A reader holds its snapshot through a lease. Where an expiry is
//! configured, the lease of a snapshot that is no longer the newest ends after that time: the
//! snapshot goes with the last call that is at work on it, and each later call is refused.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::Snapshot;

/// What a reader and its clones hold.
#[derive(Debug)]
pub(crate) struct Lease {
    /// `None` once it has ended.
    snapshot: ArcSwapOption<Snapshot>,
    generation: u64,
    /// When a later commit was first seen beside it.
    superseded: OnceLock<Instant>,
}

impl Lease {
    /// The snapshot, for the length of one call.
    ///
    /// # Errors
    /// [`ErrorKind::SnapshotExpired`].
    pub fn snapshot(&self) -> Result<Arc<Snapshot>> {
        self.snapshot.load_full().ok_or_else(|| {
            Error::new(
                ErrorKind::SnapshotExpired,
                format!(
                    "the reader's snapshot of generation {} expired, since later commits were \
                     waiting for its space; take a new reader (a cursor of a field order goes on \
                     with it)",
                    self.generation
                ),
            )
        })
    }

    /// The commit it is of, also once it has ended.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

/// The leases that were given out.
#[derive(Debug)]
pub(crate) struct Leases {
    expiry: Option<Duration>,
    given: Mutex<Vec<Weak<Lease>>>,
}

impl Leases {
    /// Leases that end so long after a later commit; never without an expiry.
    pub fn new(expiry: Option<Duration>) -> Self {
        Self { expiry, given: Mutex::default() }
    }

    /// A lease on a snapshot.
    pub fn give(&self, snapshot: Arc<Snapshot>) -> Arc<Lease> {
        let generation = snapshot.store.generation();
        let snapshot = ArcSwapOption::new(Some(snapshot));
        let lease = Arc::new(Lease { snapshot, generation, superseded: OnceLock::new() });
        if self.expiry.is_some() {
            let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
            if given.len() == given.capacity() {
                given.retain(|lease| lease.strong_count() > 0);
            }
            given.push(Arc::downgrade(&lease));
        }
        lease
    }

    /// Ends the leases that are due, now that `newest` is the newest commit.
    pub fn expire(&self, newest: u64, now: Instant) {
        let Some(expiry) = self.expiry else { return };
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|lease| {
            let Some(lease) = lease.upgrade() else { return false };
            if lease.generation >= newest {
                return true;
            }
            let since = *lease.superseded.get_or_init(|| now);
            let held = now.saturating_duration_since(since) < expiry;
            if !held {
                lease.snapshot.store(None);
            }
            held
        });
    }
}
