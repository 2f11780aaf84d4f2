//! Numbers as JSON has them, compared exactly.

use std::cmp::Ordering;
use std::fmt;

/// A JSON number: an integer of up to 64 bits, signed or not, or a finite 64-bit float.
///
/// Comparison is by mathematical value, so `5 == 5.0`, and integers beyond 2^53 keep their order
/// among floats.
///
/// ```
/// use filedex_model::Number;
/// assert_eq!(Number::from(5_i64), Number::float(5.0).unwrap());
/// assert!(Number::from(9_007_199_254_740_993_u64) > Number::float(9_007_199_254_740_992.0).unwrap());
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// An integer from -2^63 to 2^64 - 1.
    Int(i128),
    /// A finite float.
    Float(f64),
}

/// The length of [`Number::key`] in bytes.
pub const KEY_BYTES: usize = 10;

impl Number {
    /// A float, or `None` for NaN and the infinities.
    #[must_use]
    pub fn float(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Float(value))
    }

    /// The number as JSON holds it; `None` for numbers JSON text can write and 64 bits cannot.
    #[must_use]
    pub fn from_json(number: &serde_json::Number) -> Option<Self> {
        if let Some(n) = number.as_i64() {
            Some(Self::Int(i128::from(n)))
        } else if let Some(n) = number.as_u64() {
            Some(Self::Int(i128::from(n)))
        } else {
            number.as_f64().and_then(Self::float)
        }
    }

    /// The nearest float.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Float(f) => f,
        }
    }

    /// Ten bytes whose byte order is the order of the numbers, equal for equal numbers.
    ///
    /// The first eight are the greatest float not above the number, with its bits turned so that
    /// they sort; the last two are what the number has beyond that float (below 2^11 for any
    /// 64-bit integer).
    ///
    /// ```
    /// # use filedex_model::Number;
    /// assert!(Number::from(-1_i64).key() < Number::from(0_i64).key());
    /// ```
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rounding is corrected by the remainder")]
    #[expect(clippy::cast_possible_truncation, reason = "floats of 64-bit integers fit i128")]
    pub fn key(self) -> [u8; KEY_BYTES] {
        let (floor, rest) = match self {
            Self::Float(f) => (f, 0_u16),
            Self::Int(n) => {
                let near = n as f64;
                let floor = if near as i128 > n { near.next_down() } else { near };
                // A 64-bit integer lies less than 2^11 above the float below it.
                (floor, u16::try_from(n - floor as i128).unwrap_or(u16::MAX))
            }
        };
        let bits = (floor + 0.0).to_bits();
        let sortable = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
        let mut key = [0; KEY_BYTES];
        key[..8].copy_from_slice(&sortable.to_be_bytes());
        key[8..].copy_from_slice(&rest.to_be_bytes());
        key
    }

    /// The number a [`Number::key`] was made of; integers come back as integers.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    pub fn from_key(key: [u8; KEY_BYTES]) -> Self {
        let mut head = [0; 8];
        head.copy_from_slice(&key[..8]);
        let sortable = u64::from_be_bytes(head);
        let bits = if sortable >> 63 == 1 { sortable & !(1 << 63) } else { !sortable };
        let floor = f64::from_bits(bits);
        let rest = u16::from_be_bytes([key[8], key[9]]);
        if floor.fract() == 0.0 && floor.abs() < 2e19 {
            Self::Int(floor as i128 + i128::from(rest))
        } else {
            Self::Float(floor)
        }
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Self {
        Self::Int(i128::from(n))
    }
}

impl From<u64> for Number {
    fn from(n: u64) -> Self {
        Self::Int(i128::from(n))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Float(x) => write!(f, "{x:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_numbers() {
        let sorted = [
            Number::Float(f64::MIN),
            Number::Int(i128::from(i64::MIN)),
            Number::Int(i128::from(i64::MIN) + 1),
            Number::Int(-9_007_199_254_740_993),
            Number::Float(-9_007_199_254_740_992.0),
            Number::Float(-1.5),
            Number::Int(-1),
            Number::Float(-f64::MIN_POSITIVE),
            Number::Int(0),
            Number::Float(0.1),
            Number::Int(1),
            Number::Float(9_007_199_254_740_992.0),
            Number::Int(9_007_199_254_740_993),
            Number::Float(9_007_199_254_740_994.0),
            Number::Int(i128::from(u64::MAX) - 1),
            Number::Int(i128::from(u64::MAX)),
            Number::Float(18_446_744_073_709_551_616.0),
            Number::Float(f64::MAX),
        ];
        for pair in sorted.windows(2) {
            assert!(pair[0] < pair[1], "{} < {}", pair[0], pair[1]);
        }
        for n in sorted {
            assert_eq!(Number::from_key(n.key()), n, "{n}");
        }
        assert_eq!(Number::Float(-0.0), Number::Int(0));
    }
}
