//! Readers, a writer, merges and compactions at once: a snapshot agrees with itself at all times,
//! and no reader waits for a writer.

mod gate;
mod groups;
mod stress;
mod waiting;
