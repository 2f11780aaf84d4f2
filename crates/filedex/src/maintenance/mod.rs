//! Merging segments and building graphs, off the callers' latency.
//!
//! The work itself is done on a snapshot and holds no lock. To install it, the writer's lock is
//! taken, what died meanwhile is marked dead in the merged segment too, and the list of segments is
//! replaced in one small transaction. Work whose sources are gone is dropped.

mod shrink;
mod text;
mod tiers;
mod vectors;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use filedex_store::{SpaceInfo, VersionKey};

use crate::database::{Database, Shared};
use crate::error::Result;

/// After so long without a commit it is worth a look whether the file can be cut.
const QUIET: Duration = Duration::from_secs(2);

/// The background thread that merges.
#[derive(Debug)]
pub(crate) struct Maintenance {
    wake: Option<Sender<()>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Maintenance {
    pub fn start(shared: &Arc<Shared>) -> Result<Self> {
        let (wake, woken) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (weak, stopping) = (Arc::downgrade(shared), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("filedex-merge".into())
            .spawn(move || run(&weak, &woken, &stopping))?;
        Ok(Self { wake: Some(wake), stop, thread: Some(thread) })
    }

    /// Tells the thread that segments were added.
    pub fn wake(&self) {
        if let Some(wake) = &self.wake {
            // The thread only ends with this handle.
            let _ = wake.send(());
        }
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Weak<Shared>, woken: &Receiver<()>, stop: &AtomicBool) {
    let mut next = woken.recv().map_err(|_| RecvTimeoutError::Disconnected);
    loop {
        match next {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let Some(shared) = shared.upgrade() else { return };
                // One that fails leaves the file as it was.
                let _ = shrink::shrink_if_due(&shared, stop);
                drop(shared);
                next = woken.recv().map_err(|_| RecvTimeoutError::Disconnected);
                continue;
            }
        }
        while woken.try_recv().is_ok() {}
        loop {
            let Some(shared) = shared.upgrade() else { return };
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // A merge that fails leaves everything as it was; the next commit tries again, and the
            // error shows itself to whoever reads or writes next.
            match work(&shared, stop) {
                Ok(true) => {}
                Ok(false) | Err(_) => break,
            }
        }
        next = woken.recv_timeout(QUIET);
    }
}

/// Does the next piece of work that is due in some version: merges of text, merges of vectors, then
/// graphs. `false` when there is none.
fn work(shared: &Shared, stop: &AtomicBool) -> Result<bool> {
    let snapshot = shared.snapshot()?;
    for version in snapshot.version_keys()? {
        let index = snapshot.text(version)?;
        if let Some(group) = text::due_group(&index) {
            drop(snapshot);
            return text::merge_group(shared, version, &index, &group);
        }
        for space in snapshot.store.spaces(version)? {
            let index = snapshot.vectors(version, &space)?;
            if let Some(group) = vectors::due_group(&index) {
                drop(snapshot);
                return vectors::merge_group(shared, version, &space, &index, &group);
            }
            let large = shared.graph_rows.and_then(|rows| vectors::lacks_graph(&index, rows));
            if let Some(at) = large {
                drop(snapshot);
                let view = &index.segments()[at];
                // Half of the machine is left to whoever uses it.
                let threads = rayon::current_num_threads().div_ceil(2);
                return vectors::add_graph(shared, version, &space, view, threads, stop);
            }
        }
    }
    Ok(false)
}

impl Database {
    /// Merges the text and vector segments of every version into as few as are worth having, and
    /// gives large vector segments their graph ([`Builder::graph_rows`](crate::Builder::graph_rows)),
    /// so that queries are as fast as they can be. Readers go on meanwhile, and so do writers but
    /// for short waits.
    ///
    /// # Errors
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), [`ErrorKind::Io`](crate::ErrorKind::Io),
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull).
    pub fn optimize(&self) -> Result<()> {
        self.merge_all()?;
        let Some(rows) = self.shared.graph_rows else { return Ok(()) };
        let (threads, stop) = (rayon::current_num_threads(), AtomicBool::new(false));
        self.each_space(|version, space| {
            let index = self.shared.snapshot()?.vectors(version, space)?;
            let Some(at) = vectors::lacks_graph(&index, rows) else { return Ok(false) };
            let view = &index.segments()[at];
            vectors::add_graph(&self.shared, version, space, view, threads, &stop)?;
            Ok(true)
        })
    }

    /// Merges what is worth merging.
    pub(crate) fn merge_all(&self) -> Result<()> {
        for version in self.shared.snapshot()?.version_keys()? {
            loop {
                let index = self.shared.snapshot()?.text(version)?;
                let Some(group) = text::worthy_group(&index) else { break };
                // A dropped merge means that the background got there first: look again.
                text::merge_group(&self.shared, version, &index, &group)?;
            }
        }
        self.each_space(|version, space| {
            let index = self.shared.snapshot()?.vectors(version, space)?;
            let Some(group) = vectors::worthy_group(&index) else { return Ok(false) };
            vectors::merge_group(&self.shared, version, space, &index, &group)?;
            Ok(true)
        })
    }

    /// Does something with every space of every version, again for as long as it says so.
    fn each_space(
        &self,
        mut again: impl FnMut(VersionKey, &SpaceInfo) -> Result<bool>,
    ) -> Result<()> {
        let snapshot = self.shared.snapshot()?;
        let mut spaces = Vec::new();
        for version in snapshot.version_keys()? {
            let of_version = snapshot.store.spaces(version)?;
            spaces.extend(of_version.into_iter().map(|space| (version, space)));
        }
        drop(snapshot);
        for (version, space) in spaces {
            while again(version, &space)? {}
        }
        Ok(())
    }
}
