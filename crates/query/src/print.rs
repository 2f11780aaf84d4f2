//! A filter back to text, in one canonical form.

use filedex_model::property::quoted;
use filedex_model::{Bound, Filter, Predicate, Property, Range, Test, Value, When};

use crate::literal::UNITS;

/// The canonical text of a filter: upper-case words, single quotes, no parenthesis more than
/// needed, `NOT P = v` for `!=`.
///
/// [`Filter::All`] is the blank text and [`Filter::Nothing`] is `NOT ALL`. For a filter that came
/// from [`parse`](crate::parse), the text parses to the same filter. One built by hand can say
/// what the language cannot; it prints as the nearest form: a range with two ends as two
/// comparisons, an empty `IN` as `NOT ALL`.
///
/// ```
/// use filedex_query::{parse, print_filter};
/// let filter = parse("(FileType=\"image\" and (DataSize>=5 or starred=true))")?.filter;
/// assert_eq!(print_filter(&filter), "FileType = 'image' AND (DataSize >= 5 OR Starred = true)");
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[must_use]
pub fn print_filter(filter: &Filter) -> String {
    let mut out = String::new();
    if *filter != Filter::All {
        write(filter, Binding::Or, &mut out);
    }
    out
}

/// How tightly the place of a filter binds: what is looser needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
}

fn write(filter: &Filter, place: Binding, out: &mut String) {
    match filter {
        Filter::All => out.push_str("ALL"),
        Filter::Nothing => out.push_str("NOT ALL"),
        Filter::Test(predicate) => write_predicate(predicate, place, out),
        Filter::And(parts) => write_chain(parts, " AND ", Binding::And, place, out),
        Filter::Or(parts) => write_chain(parts, " OR ", Binding::Or, place, out),
        Filter::Not(inner) => {
            out.push_str("NOT ");
            write(inner, Binding::Not, out);
        }
    }
}

fn write_chain(parts: &[Filter], word: &str, own: Binding, place: Binding, out: &mut String) {
    in_parentheses(own < place, out, |out| {
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                out.push_str(word);
            }
            write(part, own, out);
        }
    });
}

fn in_parentheses(needed: bool, out: &mut String, inside: impl FnOnce(&mut String)) {
    if needed {
        out.push('(');
    }
    inside(out);
    if needed {
        out.push(')');
    }
}

fn write_predicate(predicate: &Predicate, place: Binding, out: &mut String) {
    let Predicate { property, test } = predicate;
    match test {
        Test::In(values) if values.is_empty() => out.push_str("NOT ALL"),
        Test::InRange(range) => write_range(property, range, place, out),
        test => out.push_str(&print_test(property, test)),
    }
}

fn print_test(property: &Property, test: &Test) -> String {
    match test {
        Test::Has => format!("HAS {property}"),
        Test::Equals(value) => format!("{property} = {}", print_value(value)),
        Test::In(values) => format!("{property} IN ({})", listed(values, print_value)),
        Test::StartsWith(text) => format!("{property} = {}*", quoted(text)),
        Test::Near(text, edits) => format!("{property} = {}~{edits}", quoted(text)),
        Test::Phrase(text) | Test::AnyWord(text) => format!("{property}:{}", quoted(text)),
        Test::PhrasePrefix(text) => format!("{property}:{}*", quoted(text)),
        Test::WordNear(text, edits) => format!("{property}:{}~{edits}", quoted(text)),
        Test::AllWords(texts) => format!("{property}:ALL({})", listed(texts, |t| quoted(t))),
        Test::Contains(text) => format!("{property} CONTAINS {}", quoted(text)),
        Test::Glob(pattern) => format!("{property} GLOB {}", quoted(pattern)),
        // Ranges need to know their place: see write_predicate.
        Test::InRange(range) => {
            let mut out = String::new();
            write_range(property, range, Binding::Not, &mut out);
            out
        }
    }
}

fn write_range(property: &Property, range: &Range, place: Binding, out: &mut String) {
    let side = |bound: &Bound, open: &str| match bound {
        Bound::Open => None,
        Bound::Included(value) => Some(format!("{property} {open}= {}", print_value(value))),
        Bound::Excluded(value) => Some(format!("{property} {open} {}", print_value(value))),
    };
    match (side(&range.from, ">"), side(&range.to, "<")) {
        (Some(from), Some(to)) => in_parentheses(place > Binding::And, out, |out| {
            out.push_str(&format!("{from} AND {to}"));
        }),
        (Some(one), None) | (None, Some(one)) => out.push_str(&one),
        (None, None) => out.push_str(&format!("HAS {property}")),
    }
}

fn listed<T>(items: &[T], print: impl Fn(&T) -> String) -> String {
    items.iter().map(print).collect::<Vec<_>>().join(", ")
}

fn print_value(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(is) => is.to_string(),
        Value::Date(When::At(time)) => format!("'{time}'"),
        Value::Date(When::Ago(0)) => "now".to_owned(),
        Value::Date(When::Ago(millis)) => print_relative(*millis),
    }
}

/// A distance from now in the largest unit that says it exactly.
fn print_relative(millis: i64) -> String {
    let unit = UNITS.into_iter().find(|(_, unit)| millis % unit == 0);
    // The smallest unit is one millisecond, so there always is one.
    let (name, unit) = unit.unwrap_or(("ms", 1));
    format!("{:+}{name}", millis / unit)
}
