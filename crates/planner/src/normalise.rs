//! Rewrites that change no answer.
//!
//! In order: NOT moves down to the tests (so that AND and OR can be flattened); equal siblings are
//! dropped and a test beside its own negation decides the group; equalities of one property under
//! OR become IN; ranges of one single-valued property under AND become one range.
//!
//! What is *not* done, because it would change answers: a comparison is never inverted under NOT
//! (a missing value matches neither `>` nor `<=`, but matches NOT of either), and ranges of a
//! property with several values are never merged ("some width above 5 and some width below 3" can
//! be true of an array).

use filedex_model::{Bound, Filter, Predicate, Range, Test, Value, When};

/// The same filter, simpler.
///
/// ```
/// use filedex_model::{Filter, Property, Test, Value};
/// let is = |t: &str| Filter::test(Property::FileType, Test::Equals(Value::Text(t.into())));
/// let either = Filter::or([is("image"), is("video"), is("image")]);
/// let Filter::Test(one) = filedex_planner::normalise(either) else { panic!() };
/// assert!(matches!(one.test, Test::In(values) if values.len() == 2));
/// ```
#[must_use]
pub fn normalise(filter: Filter) -> Filter {
    simplify(push_not(filter, false))
}

fn push_not(filter: Filter, negated: bool) -> Filter {
    match filter {
        Filter::Not(inner) => push_not(*inner, !negated),
        Filter::And(parts) if negated => Filter::or(parts.into_iter().map(|p| push_not(p, true))),
        Filter::Or(parts) if negated => Filter::and(parts.into_iter().map(|p| push_not(p, true))),
        Filter::And(parts) => Filter::and(parts.into_iter().map(|p| push_not(p, false))),
        Filter::Or(parts) => Filter::or(parts.into_iter().map(|p| push_not(p, false))),
        leaf if negated => Filter::not(leaf),
        leaf => leaf,
    }
}

fn simplify(filter: Filter) -> Filter {
    match filter {
        Filter::And(parts) => {
            let parts = distinct(parts.into_iter().map(simplify));
            if has_opposites(&parts) {
                return Filter::Nothing;
            }
            Filter::and(merge_ranges(parts))
        }
        Filter::Or(parts) => {
            let parts = distinct(parts.into_iter().map(simplify));
            if has_opposites(&parts) {
                return Filter::All;
            }
            Filter::or(merge_equalities(parts))
        }
        Filter::Not(inner) => Filter::not(simplify(*inner)),
        Filter::Test(Predicate { property, test: Test::In(values) }) => {
            match <[Value; 1]>::try_from(distinct(values)) {
                Ok([only]) => Filter::test(property, Test::Equals(only)),
                Err(none) if none.is_empty() => Filter::Nothing,
                Err(several) => Filter::test(property, Test::In(several)),
            }
        }
        Filter::Test(Predicate { test: Test::InRange(range), .. }) if is_empty(&range) => {
            Filter::Nothing
        }
        leaf => leaf,
    }
}

fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

fn has_opposites(parts: &[Filter]) -> bool {
    parts.iter().any(|part| matches!(part, Filter::Not(inner) if parts.contains(inner)))
}

/// `P = a OR P = b` becomes `P IN (a, b)`, where the first of them stood.
fn merge_equalities(parts: Vec<Filter>) -> Vec<Filter> {
    let mut merged: Vec<Filter> = Vec::new();
    for part in parts {
        let (property, values) = match part {
            Filter::Test(Predicate { property, test: Test::Equals(v) }) => (property, vec![v]),
            Filter::Test(Predicate { property, test: Test::In(vs) }) => (property, vs),
            other => {
                merged.push(other);
                continue;
            }
        };
        let beside = merged.iter_mut().find_map(|m| match m {
            Filter::Test(Predicate { property: p, test }) if *p == property => match test {
                Test::Equals(_) | Test::In(_) => Some(test),
                _ => None,
            },
            _ => None,
        });
        match beside {
            Some(test) => {
                let mut all = match std::mem::replace(test, Test::Has) {
                    Test::Equals(v) => vec![v],
                    Test::In(vs) => vs,
                    _ => Vec::new(),
                };
                all.extend(values);
                *test = Test::In(distinct(all));
            }
            None if values.len() == 1 => {
                merged.extend(
                    values.into_iter().map(|v| Filter::test(property.clone(), Test::Equals(v))),
                );
            }
            None => merged.push(Filter::test(property, Test::In(values))),
        }
    }
    merged
}

/// Ranges of one single-valued property become their intersection, where the first of them stood.
fn merge_ranges(parts: Vec<Filter>) -> Vec<Filter> {
    let mut merged: Vec<Filter> = Vec::new();
    for part in parts {
        let Filter::Test(Predicate { property, test: Test::InRange(range) }) = part else {
            merged.push(part);
            continue;
        };
        let beside = merged.iter_mut().find_map(|m| match m {
            Filter::Test(Predicate { property: p, test: Test::InRange(r) })
                if *p == property && !property.is_multi_valued() =>
            {
                Some(r)
            }
            _ => None,
        });
        match beside {
            Some(other) => {
                other.from = tighter(other.from.clone(), range.from, true);
                other.to = tighter(other.to.clone(), range.to, false);
            }
            None => merged.push(Filter::test(property, Test::InRange(range))),
        }
    }
    for part in &mut merged {
        if matches!(part, Filter::Test(Predicate { test: Test::InRange(range), .. }) if is_empty(range))
        {
            *part = Filter::Nothing;
        }
    }
    merged
}

/// The bound that lets less through.
fn tighter(a: Bound, b: Bound, lower: bool) -> Bound {
    let (Some((va, a_in)), Some((vb, b_in))) = (end(&a), end(&b)) else {
        return if a == Bound::Open { b } else { a };
    };
    match compare(va, vb) {
        Some(std::cmp::Ordering::Equal) => {
            if a_in && !b_in {
                b
            } else {
                a
            }
        }
        Some(order) => {
            if order.is_gt() == lower {
                a
            } else {
                b
            }
        }
        // Values of two kinds never meet on one property; keeping the first is safe.
        None => a,
    }
}

fn end(bound: &Bound) -> Option<(&Value, bool)> {
    match bound {
        Bound::Open => None,
        Bound::Included(v) => Some((v, true)),
        Bound::Excluded(v) => Some((v, false)),
    }
}

fn compare(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Date(When::At(a)), Value::Date(When::At(b))) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Whether no value can lie in the range.
fn is_empty(range: &Range) -> bool {
    let (Some((from, from_in)), Some((to, to_in))) = (end(&range.from), end(&range.to)) else {
        return false;
    };
    match compare(from, to) {
        Some(std::cmp::Ordering::Greater) => true,
        Some(std::cmp::Ordering::Equal) => !(from_in && to_in),
        _ => false,
    }
}
