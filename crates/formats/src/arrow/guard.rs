//! Decoders that give up by a panic where a file is damaged: here that is an error of the file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{FormatError, Result};

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder of Arrow or Parquet, whose panics become errors. A program
/// may ask it in its panic hook, to say nothing of them.
#[must_use]
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// Runs a decoder. What it was working on must not be used again after an error.
pub(super) fn guarded<T>(decode: impl FnOnce() -> Result<T>) -> Result<T> {
    DECODING.set(true);
    let done = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    done.unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it cannot be decoded");
        Err(FormatError::bad(format!("the file is damaged: {said}")))
    })
}

/// An iterator over what a decoder gives, which ends with its first error.
pub(super) struct Guarded<I>(pub Option<I>);

impl<T, I: Iterator<Item = Result<T>>> Iterator for Guarded<I> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let inner = self.0.as_mut()?;
        let next = guarded(|| inner.next().transpose()).transpose();
        if !matches!(next, Some(Ok(_))) {
            self.0 = None;
        }
        next
    }
}
