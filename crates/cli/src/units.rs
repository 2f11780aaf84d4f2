//! Numbers as people read them.

use std::time::Duration;

use filedex::Timestamp;

/// A count with thousands separated: `175,849`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 file`, `2,350 files`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A size in bytes: `512 B`, `1.3 KiB`, `64.0 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0.
    while amount >= 1023.95 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

/// How long something took: `0.21 ms`, `35 ms`, `4.2 s`.
pub fn duration(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1_000.0;
    match millis {
        m if m < 10.0 => format!("{m:.2} ms"),
        m if m < 1_000.0 => format!("{m:.0} ms"),
        m if m < 100_000.0 => format!("{:.1} s", m / 1_000.0),
        m => format!("{} s", count((m / 1_000.0) as u64)),
    }
}

/// A time as the record has it, without milliseconds that are zero.
pub fn time(time: Timestamp) -> String {
    let text = time.to_string();
    match text.strip_suffix(".000Z") {
        Some(seconds) => format!("{seconds}Z"),
        None => text,
    }
}

/// How many a second.
pub fn rate(number: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    format!("{}/s", count((number as f64 / seconds) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(
            [0, 1_023, 1_024, 1_048_575, 1_048_576, u64::MAX].map(size),
            ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "16.0 EiB"]
        );
        let times = [210, 9_000, 35_000, 4_200_000, 250_000_000].map(Duration::from_micros);
        assert_eq!(times.map(duration), ["0.21 ms", "9.00 ms", "35 ms", "4.2 s", "250 s"]);
    }
}
