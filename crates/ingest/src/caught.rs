//! Decoders at work on hostile bytes: a panic of theirs is an error of the file.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `decode` answers, or that it panicked. Nothing that it touched may be used afterwards.
pub(crate) fn caught<T>(decode: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(done) => done,
        Err(_) => Err("the decoder gave up on it".to_owned()),
    }
}
