//! The memory of nonces, so that a signed request is good once.
//!
//! A restart forgets them: a request that was seen before is then good until its date is too old.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::Denied;
use super::window::WINDOW_SECONDS;

/// Stands for an access key and a nonce in a size that no client chooses.
type Fingerprint = [u8; 16];

/// The nonces of requests whose dates could still be accepted.
pub struct Nonces {
    limit: usize,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    seen: HashSet<Fingerprint>,
    /// What is in `seen`, by the last second in which its request could be accepted.
    by_end: BTreeMap<i64, Vec<Fingerprint>>,
    /// The latest end that was forgotten. What ends by then could be a repetition, if the clock was
    /// set back since.
    forgotten: Option<i64>,
}

impl Nonces {
    pub fn new(limit: usize) -> Self {
        Self { limit, memory: Mutex::default() }
    }

    /// Remembers `nonce` of the access key `id`, whose request has `date` and was found good at `now`.
    ///
    /// # Errors
    /// Where it is remembered already, where the memory is full, and where it may have been forgotten
    /// because the clock was set back. Nothing is remembered then.
    pub fn record(&self, id: &str, nonce: &[u8], date: i64, now: i64) -> Result<(), Denied> {
        let fingerprint = fingerprint(id, nonce);
        let end = date.saturating_add(WINDOW_SECONDS);
        // Every change below leaves the memory whole, so a panic elsewhere does not matter.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.forget_before(now);
        if let Some(forgotten) = memory.forgotten
            && end <= forgotten
        {
            return Err(Denied::OutsideWindow { seconds: date.saturating_sub(forgotten) });
        }
        if memory.seen.contains(&fingerprint) {
            return Err(Denied::UsedNonce);
        }
        if memory.seen.len() >= self.limit {
            return Err(Denied::TooManyNonces);
        }
        memory.seen.insert(fingerprint);
        memory.by_end.entry(end).or_default().push(fingerprint);
        Ok(())
    }
}

impl Memory {
    fn forget_before(&mut self, now: i64) {
        while let Some(first) = self.by_end.first_entry() {
            let end = *first.key();
            if end >= now {
                return;
            }
            for fingerprint in first.remove() {
                self.seen.remove(&fingerprint);
            }
            self.forgotten = self.forgotten.max(Some(end));
        }
    }
}

/// An id has no zero byte, so two keys never meet in one fingerprint.
fn fingerprint(id: &str, nonce: &[u8]) -> Fingerprint {
    let digest = Sha256::new().chain_update(id).chain_update([0]).chain_update(nonce).finalize();
    let mut fingerprint = Fingerprint::default();
    for (to, from) in fingerprint.iter_mut().zip(digest) {
        *to = from;
    }
    fingerprint
}
