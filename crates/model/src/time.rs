//! Points in time: milliseconds since 1970-01-01T00:00:00Z.

use std::fmt;

use jiff::civil;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// A UTC point in time with millisecond precision, from year -9999 to 9999.
///
/// Text forms follow the three services: `2025-01-12T14:36:01.000Z`, with seconds and fraction
/// optional; a date alone means its midnight; an offset (`+08:00`) is converted to UTC. Digits
/// past the millisecond are cut.
///
/// ```
/// use filedex_model::Timestamp;
/// let t: Timestamp = "2025-01-12T14:36:01.5Z".parse()?;
/// assert_eq!(t.to_string(), "2025-01-12T14:36:01.500Z");
/// assert_eq!("2025-01-12".parse::<Timestamp>()?.to_string(), "2025-01-12T00:00:00.000Z");
/// assert!("2025-02-30".parse::<Timestamp>().is_err());
/// # Ok::<(), filedex_model::time::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text was not a date or a date and time that exists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a date that exists; write it as 2025-01-31, 2025-01-31T14:36Z or 2025-01-31T14:36:01.000Z"
)]
pub struct TimeError {
    /// The text as given, cut to 100 characters.
    pub text: String,
}

impl Timestamp {
    /// A timestamp from milliseconds since the epoch, or `None` outside years -9999 to 9999.
    ///
    /// ```
    /// # use filedex_model::Timestamp;
    /// assert_eq!(Timestamp::from_millis(0).unwrap().to_string(), "1970-01-01T00:00:00.000Z");
    /// ```
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        jiff::Timestamp::from_millisecond(millis).ok().map(|_| Self(millis))
    }

    /// Milliseconds since the epoch; negative before 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The system clock, cut to the millisecond.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    /// This time moved by `millis`, held inside the representable range.
    #[must_use]
    pub fn shifted(self, millis: i64) -> Self {
        let (min, max) =
            (jiff::Timestamp::MIN.as_millisecond(), jiff::Timestamp::MAX.as_millisecond());
        Self(self.0.saturating_add(millis).clamp(min, max))
    }

    /// The stamp PDS appends when it renames a file: `20060102_150405`, UTC.
    ///
    /// ```
    /// # use filedex_model::Timestamp;
    /// let t: Timestamp = "2006-01-02T15:04:05Z".parse().unwrap();
    /// assert_eq!(t.rename_stamp(), "20060102_150405");
    /// ```
    #[must_use]
    pub fn rename_stamp(self) -> String {
        let c = self.civil();
        format!(
            "{:04}{:02}{:02}_{:02}{:02}{:02}",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second()
        )
    }

    fn civil(self) -> civil::DateTime {
        // Only values that jiff represents are ever constructed; the fallback is unreachable.
        jiff::Timestamp::from_millisecond(self.0)
            .map(|t| Offset::UTC.to_datetime(t))
            .unwrap_or(civil::DateTime::ZERO)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        let year = c.year();
        if year < 0 {
            write!(f, "-{:04}", year.unsigned_abs())?;
        } else {
            write!(f, "{year:04}")?;
        }
        write!(
            f,
            "-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second(),
            self.0.rem_euclid(1_000)
        )
    }
}

impl std::str::FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse(text).ok_or_else(|| TimeError { text: text.chars().take(100).collect() })
    }
}

/// Reads `digits` decimal digits at the front of `s`.
fn number(s: &str, digits: usize) -> Option<(i32, &str)> {
    let head = s.get(..digits)?;
    if !head.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, &s[digits..]))
}

fn parse(text: &str) -> Option<Timestamp> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (year, rest) = number(rest, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
    let year = i16::try_from(if negative { -year } else { year }).ok()?;
    let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let (time, offset_seconds) = if rest.is_empty() {
        (civil::Time::midnight(), 0)
    } else {
        clock(rest.strip_prefix(['T', 't', ' '])?)?
    };
    let utc = Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    Timestamp::from_millis(utc.as_millisecond().checked_sub(offset_seconds * 1_000)?)
}

/// Reads `HH:MM[:SS[.fff]]` and the zone; answers the time and the offset in seconds.
fn clock(text: &str) -> Option<(civil::Time, i64)> {
    let (hour, rest) = number(text, 2)?;
    let (minute, mut rest) = number(rest.strip_prefix(':')?, 2)?;
    let (mut second, mut nanos) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = number(after, 2)?;
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            let millis: i32 = format!("{:0<3}", &after[..digits.min(3)]).parse().ok()?;
            (nanos, rest) = (millis * 1_000_000, &after[digits..]);
        }
    }
    let time = civil::Time::new(
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        nanos,
    )
    .ok()?;
    let offset = match rest {
        "" | "Z" | "z" => 0,
        _ => {
            let sign = match rest.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (h, after) = number(&rest[1..], 2)?;
            let (m, after) = number(after.strip_prefix(':').unwrap_or(after), 2)?;
            if !after.is_empty() || h > 23 || m > 59 {
                return None;
            }
            sign * i64::from(h * 3_600 + m * 60)
        }
    };
    Some((time, offset))
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let cases = [
            ("2025-01-12T14:36:01.000Z", Some("2025-01-12T14:36:01.000Z")),
            ("2025-01-12T14:36Z", Some("2025-01-12T14:36:00.000Z")),
            ("2025-01-12T14:36:01.123456Z", Some("2025-01-12T14:36:01.123Z")),
            ("2025-01-12T22:36:01+08:00", Some("2025-01-12T14:36:01.000Z")),
            ("2025-01-12", Some("2025-01-12T00:00:00.000Z")),
            ("-2505-01-22", Some("-2505-01-22T00:00:00.000Z")),
            ("1969-12-31T23:59:59.999Z", Some("1969-12-31T23:59:59.999Z")),
            ("2025-02-29", None),
            ("2024-02-29", Some("2024-02-29T00:00:00.000Z")),
            ("2025-13-01", None),
            ("2025-01-12T24:00Z", None),
            ("2025-01-12T14", None),
            ("2025-01-12Z", None),
            ("2025", None),
            ("", None),
            ("é025-01-12", None),
            ("2025-01-12T14:36:01.Z", None),
        ];
        for (text, want) in cases {
            let got = text.parse::<Timestamp>().ok().map(|t| t.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn printing_and_parsing_agree() {
        for millis in
            [0, -1, 1, 999, -62_135_596_800_000, -377_705_023_201_000, 253_402_207_200_000]
        {
            if let Some(t) = Timestamp::from_millis(millis) {
                assert_eq!(t.to_string().parse::<Timestamp>(), Ok(t), "{millis}");
            }
        }
    }
}
