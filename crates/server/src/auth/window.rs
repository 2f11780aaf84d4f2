//! The dates of signed requests, and how far they may be from the server's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::HeaderName;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::{Denied, field};

/// How far a date may be from now, before and after.
pub const WINDOW_SECONDS: i64 = 15 * 60;

/// How a header writes a date; all of them are UTC.
pub struct Format {
    pub pattern: &'static str,
    pub example: &'static str,
}

/// `moment` in seconds since 1970, the fraction cut off.
pub fn seconds(moment: SystemTime) -> i64 {
    match moment.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |past| -past),
    }
}

/// The date in the header `name`, which must be there once and near `now`, in seconds since 1970.
pub fn date(
    headers: &HeaderMap,
    name: &HeaderName,
    format: &Format,
    now: i64,
) -> Result<i64, Denied> {
    let value = field::required(headers, name)?;
    let date = parse(format.pattern, value)
        .ok_or_else(|| Denied::UnreadableDate { header: name.clone(), example: format.example })?;
    let ahead = date.saturating_sub(now);
    if ahead.saturating_abs() > WINDOW_SECONDS {
        return Err(Denied::OutsideWindow { seconds: ahead });
    }
    Ok(date)
}

fn parse(pattern: &str, value: &[u8]) -> Option<i64> {
    let civil = BrokenDownTime::parse(pattern, value).ok()?.to_datetime().ok()?;
    Some(TimeZone::UTC.to_timestamp(civil).ok()?.as_second())
}
