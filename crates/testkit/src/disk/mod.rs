//! Disks for tests: one that remembers every write, so that the images a power cut could leave can
//! be made, and one whose calls fail.
//!
//! The kit does not know the engine, so these have the calls of its `Device` without being one; a
//! test wraps them in a line or two.

mod bytes;
mod failing;
mod power_cut;
mod recording;

pub use failing::{Call, FailingDisk, Failure, Lasting};
pub use power_cut::{Image, Loss, PowerCuts, Stretch};
pub use recording::RecordingDisk;
