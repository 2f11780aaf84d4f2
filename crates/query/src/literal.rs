//! Values as written to typed values, with a message that says how to write them right.

use std::fmt;

use filedex_model::{Number, Property, Timestamp, Value, When};

use crate::error::{ErrorKind, Fault, shortened};
use crate::span::Spanned;
use crate::syntax::Scalar;

/// The units of relative dates, in milliseconds, largest first.
pub(crate) const UNITS: [(&str, i64); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// What a value without quotes is.
enum Bare {
    Number(Number),
    Bool(bool),
    Moment(When),
    Word,
}

fn classify(text: &str) -> Bare {
    if let Some(number) = number(text) {
        Bare::Number(number)
    } else if text.eq_ignore_ascii_case("true") {
        Bare::Bool(true)
    } else if text.eq_ignore_ascii_case("false") {
        Bare::Bool(false)
    } else {
        relative(text).map_or(Bare::Word, |millis| Bare::Moment(When::Ago(millis)))
    }
}

/// A decimal number as JSON writes it (leading zeros are let pass): an integer where 64 bits hold
/// it, else the nearest finite float.
pub(crate) fn number(text: &str) -> Option<Number> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent_digits = exponent.map(|e| e.strip_prefix(['-', '+']).unwrap_or(e));
    if !digits(whole) || !fraction.is_none_or(digits) || !exponent_digits.is_none_or(digits) {
        return None;
    }
    if fraction.is_none()
        && exponent.is_none()
        && let Ok(integer) = text.parse::<i128>()
        && (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&integer)
    {
        return Some(Number::Int(integer));
    }
    Number::float(text.parse().ok()?)
}

/// `now`, `-7d` or `+30m` in milliseconds from now. What is too large is held at the end of the
/// 64-bit range, far outside the years a date can have.
fn relative(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("now") {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => return None,
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == &rest[digits..])?;
    if digits == 0 {
        return None;
    }
    let count: i64 = rest[..digits].parse().unwrap_or(i64::MAX);
    Some(count.saturating_mul(unit) * sign)
}

fn refuse(value: &Spanned<Scalar>, message: String) -> Fault {
    Fault::new(ErrorKind::Value, message).at(value.span)
}

/// The fault of a value without quotes where text is due.
pub(crate) fn unquoted(value: &Spanned<Scalar>, text: &str) -> Fault {
    let fault = refuse(value, format!("text stands in quotes, `{}` does not", shortened(text)));
    if text.contains(['‘', '’', '“', '”', '「', '」']) {
        return fault.help("write straight quotes: 'text' or \"text\"");
    }
    fault.help(format!("write '{}'", shortened(text)))
}

/// Text in quotes.
pub(crate) fn text(value: &Spanned<Scalar>) -> Result<String, Fault> {
    match &value.node {
        Scalar::Quoted(text) => Ok(text.clone()),
        Scalar::Bare(text) => Err(unquoted(value, text)),
    }
}

/// A number, in quotes or not.
pub(crate) fn numeric(property: &Property, value: &Spanned<Scalar>) -> Result<Value, Fault> {
    let (Scalar::Quoted(text) | Scalar::Bare(text)) = &value.node;
    number(text).map(Value::Number).ok_or_else(|| {
        refuse(value, format!("`{property}` is a number, `{}` is none", shortened(text)))
            .help("numbers are written 12345, -0.5 or 1e6")
    })
}

/// A date in quotes, or a relative one without.
pub(crate) fn date(property: &Property, value: &Spanned<Scalar>) -> Result<Value, Fault> {
    match &value.node {
        Scalar::Quoted(text) => match text.parse::<Timestamp>() {
            Ok(time) => Ok(Value::Date(When::At(time))),
            Err(_) if relative(text).is_some() => {
                Err(refuse(value, format!("a relative date stands without quotes: {text}")))
            }
            Err(_) => {
                Err(refuse(value, format!("`{}` is not a date that exists", shortened(text)))
                    .help(DATE_FORMS))
            }
        },
        Scalar::Bare(text) => match classify(text) {
            Bare::Moment(when) => Ok(Value::Date(when)),
            _ if text.parse::<Timestamp>().is_ok() => {
                Err(refuse(value, format!("a date stands in quotes: '{text}'")))
            }
            _ => {
                Err(refuse(value, format!("`{property}` is a date, `{}` is none", shortened(text)))
                    .help(DATE_FORMS))
            }
        },
    }
}

const DATE_FORMS: &str =
    "dates are written '2025-01-31', '2025-01-31T14:36:01.000Z', now or -7d (units: ms s m h d w)";

/// `true` or `false`, for what is called `name`.
pub(crate) fn boolean(name: &impl fmt::Display, value: &Spanned<Scalar>) -> Result<bool, Fault> {
    let (Scalar::Quoted(text) | Scalar::Bare(text)) = &value.node;
    if let (Scalar::Bare(_), Bare::Bool(is)) = (&value.node, classify(text)) {
        return Ok(is);
    }
    Err(refuse(value, format!("`{name}` is true or false, `{}` is neither", shortened(text)))
        .help("true and false stand without quotes"))
}

/// A value of whatever type its form shows: what attributes are compared to.
pub(crate) fn any(value: &Spanned<Scalar>) -> Result<Value, Fault> {
    match &value.node {
        Scalar::Quoted(text) => Ok(Value::Text(text.clone())),
        Scalar::Bare(text) => match classify(text) {
            Bare::Number(number) => Ok(Value::Number(number)),
            Bare::Bool(is) => Ok(Value::Bool(is)),
            Bare::Moment(_) => {
                Err(refuse(value, format!("a relative date needs `<`, `<=`, `>` or `>=`: {text}")))
            }
            Bare::Word => Err(unquoted(value, text)),
        },
    }
}

/// The end of a range over an attribute: a number, or a date as dates are written.
pub(crate) fn bound(property: &Property, value: &Spanned<Scalar>) -> Result<Value, Fault> {
    match &value.node {
        Scalar::Bare(text) => match classify(text) {
            Bare::Number(number) => Ok(Value::Number(number)),
            Bare::Moment(when) => Ok(Value::Date(when)),
            _ => Err(range_needs_more(value, text)),
        },
        Scalar::Quoted(text) if number(text).is_some() => {
            Err(range_needs_more(value, text).help(format!("write {text} without quotes")))
        }
        Scalar::Quoted(_) => date(property, value),
    }
}

fn range_needs_more(value: &Spanned<Scalar>, text: &str) -> Fault {
    let message = format!("a range needs a number or a date, `{}` is neither", shortened(text));
    refuse(value, message).help(DATE_FORMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let shown = |text| number(text).map(|n| n.to_string());
        for (text, want) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("007", "7"),
            ("1.50", "1.5"),
            ("1e3", "1000.0"),
            ("1E-3", "0.001"),
            ("1e+3", "1000.0"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "1.8446744073709552e19"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("-9223372036854775809", "-9.223372036854776e18"),
            // Read exactly: some fast readers are one unit in the last place off.
            ("-1.164931400041013e97", "-1.164931400041013e97"),
            ("5e-324", "5e-324"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(want), "{text}");
        }
        for text in [
            "", "-", "+5", "--5", "5.", ".5", "1e", "1e+", "e5", "0x10", "1_000", " 5", "5 ",
            "1e400", "-1e400", "inf", "NaN", "٥", "1.5.2", "1e5e5",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn relative_dates() {
        for (text, want) in [
            ("now", Some(0)),
            ("-7d", Some(-604_800_000)),
            ("+1w", Some(604_800_000)),
            ("-2m", Some(-120_000)),
            ("-2ms", Some(-2)),
            ("-99999999999999999999s", Some(-i64::MAX)),
            ("7d", None),
            ("-d", None),
            ("-7", None),
            ("-7D", None),
            ("-7days", None),
            ("-7.5d", None),
            ("-", None),
            ("", None),
            ("-é", None),
        ] {
            assert_eq!(relative(text), want, "{text}");
        }
    }
}
