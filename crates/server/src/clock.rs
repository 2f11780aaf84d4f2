//! The clock that dates, signatures and links are checked against; tests set it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    pub fn of(now: Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>) -> Self {
        Self(now.unwrap_or_else(|| Arc::new(SystemTime::now)))
    }

    pub fn now(&self) -> SystemTime {
        (self.0)()
    }

    /// Seconds since 1970; 0 before.
    pub fn unix_seconds(&self) -> u64 {
        self.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}
