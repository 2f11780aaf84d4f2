//! The engine trusts the bytes of its pages: they have checksums, which it compares only when it
//! recovers or verifies. On a page that was changed behind its back it may panic, and that must
//! stay an error of the one call that met the page.

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
