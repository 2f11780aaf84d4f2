//! A device whose calls wait at a gate.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use filedex::{Device, MemoryDevice};

/// Whoever is waited for longer hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// Tables are read by pages of so many bytes, pieces of segments by longer ones.
const PAGE: usize = 4_096;

/// The calls that wait while a gate is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Every sync.
    Syncs,
    /// Every sync of the thread that merges.
    SyncsOfMerges,
    /// Reads of pieces of segments by the thread that merges.
    ReadsOfMerges,
}

#[derive(Default)]
struct State {
    closed: Option<Calls>,
    waiting: usize,
}

/// A device in memory. Clones share it and its gate.
#[derive(Clone, Default)]
pub struct Gated {
    device: MemoryDevice,
    gate: Arc<(Mutex<State>, Condvar)>,
}

impl Gated {
    fn state(&self) -> MutexGuard<'_, State> {
        self.gate.0.lock().unwrap()
    }

    /// From now on these calls wait.
    pub fn close(&self, calls: Calls) {
        self.state().closed = Some(calls);
    }

    /// Lets everyone go on.
    pub fn open(&self) {
        self.state().closed = None;
        self.gate.1.notify_all();
    }

    /// Returns when somebody waits at the gate.
    pub fn until_somebody_waits(&self) {
        let nobody = |state: &mut State| state.waiting == 0;
        let (_state, waited) =
            self.gate.1.wait_timeout_while(self.state(), PATIENCE, nobody).unwrap();
        assert!(!waited.timed_out(), "nobody comes to the gate");
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting
    }

    fn pass(&self, waits: impl Fn(Calls) -> bool) {
        let mut state = self.state();
        if !state.closed.is_some_and(&waits) {
            return;
        }
        state.waiting += 1;
        self.gate.1.notify_all();
        let closed = |state: &mut State| state.closed.is_some_and(&waits);
        let (mut state, waited) = self.gate.1.wait_timeout_while(state, PATIENCE, closed).unwrap();
        state.waiting -= 1;
        drop(state);
        assert!(!waited.timed_out(), "nobody opens the gate");
    }
}

fn merges() -> bool {
    std::thread::current().name() == Some("filedex-merge")
}

impl Device for Gated {
    fn len(&self) -> io::Result<u64> {
        self.device.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let of_a_segment = out.len() > PAGE;
        self.pass(|calls| calls == Calls::ReadsOfMerges && of_a_segment && merges());
        self.device.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.device.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.pass(|calls| match calls {
            Calls::Syncs => true,
            Calls::SyncsOfMerges => merges(),
            Calls::ReadsOfMerges => false,
        });
        self.device.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.device.write(offset, data)
    }
}
