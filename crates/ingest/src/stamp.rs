//! Size and time of a file: what tells, without reading it, whether it may have changed.

use std::fs::Metadata;
use std::time::{SystemTime, UNIX_EPOCH};

use filedex_model::Timestamp;

/// Size and time of the last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Size in bytes.
    pub size: u64,
    /// When the content last changed, to the system's precision.
    pub modified: SystemTime,
}

impl Stamp {
    /// The stamp that metadata has; where the system keeps no times, that of 1970.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().unwrap_or(UNIX_EPOCH) }
    }

    /// The time, cut to the millisecond as records have it.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// let stamp = filedex_ingest::Stamp { size: 0, modified: UNIX_EPOCH - Duration::from_micros(1) };
    /// assert_eq!(stamp.time().to_string(), "1969-12-31T23:59:59.999Z");
    /// ```
    #[must_use]
    pub fn time(&self) -> Timestamp {
        timestamp(self.modified)
    }
}

/// A system time as a timestamp; times that no timestamp can say are the nearest one.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    let nanos: i128 = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()).unwrap_or(i128::MAX),
        Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
    };
    let millis = nanos.div_euclid(1_000_000).clamp(i64::MIN.into(), i64::MAX.into());
    // The clamp makes it fit.
    let millis = i64::try_from(millis).unwrap_or(0);
    let epoch = Timestamp::from_millis(0).map(|epoch| epoch.shifted(millis));
    epoch.unwrap_or_else(Timestamp::now)
}
