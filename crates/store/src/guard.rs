//! The engine trusts the bytes of its pages: they have checksums, which it compares only when it
//! recovers or verifies. On a page that was changed behind its back it may panic, and that must
//! stay an error of the one call that met the page.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::StoreError;

/// Runs `work`; a panic becomes [`StoreError::Damaged`].
///
/// What `work` may leave half-done is a batch, which refuses to commit then, or a cache that is
/// only ever added to: nothing that could be seen in a broken state.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let why = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        Err(StoreError::damaged(format!("a page made no sense ({why})")))
    })
}

/// A value of the engine's that reads or writes pages when it is dropped: that is guarded too.
pub(crate) struct Guarded<T>(Option<T>);

/// Only [`Guarded::into_inner`] and the drop take the value, and both end its holder.
const THERE: &str = "the value is there until its holder ends";

impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn into_inner(mut self) -> T {
        self.0.take().expect(THERE)
    }
}

impl<T> Deref for Guarded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect(THERE)
    }
}

impl<T> DerefMut for Guarded<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect(THERE)
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        // Nobody is there to be told, and what was committed is on the disk.
        let _ = guarded(|| {
            drop(value);
            Ok(())
        });
    }
}
