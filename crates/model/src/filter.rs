//! A filter: tests joined by AND, OR and NOT.

use crate::predicate::{Bound, Predicate, Range, Test, Value, When};
use crate::time::Timestamp;

/// A boolean expression over predicates. NOT is the complement over the live records: a record
/// without the property matches `NOT P = v`.
///
/// Build it with [`Filter::and`], [`Filter::or`] and [`Filter::not`], which flatten and drop what
/// changes nothing.
///
/// ```
/// use filedex_model::{Filter, Predicate, Property, Test};
/// let tagged = Filter::test(Property::TagsUser, Test::Has);
/// assert_eq!(Filter::and([Filter::All, tagged.clone()]), tagged);
/// assert_eq!(Filter::not(Filter::not(tagged.clone())), tagged);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Every record.
    All,
    /// No record.
    Nothing,
    /// One test.
    Test(Predicate),
    /// All of these; at least two, none of them `And`, `All` or `Nothing`.
    And(Vec<Filter>),
    /// Any of these; at least two, none of them `Or`, `All` or `Nothing`.
    Or(Vec<Filter>),
    /// Not this; never `Not`, `All` or `Nothing`.
    Not(Box<Filter>),
}

impl Filter {
    /// A single test.
    #[must_use]
    pub fn test(property: crate::Property, test: Test) -> Self {
        Self::Test(Predicate::new(property, test))
    }

    /// All of `parts`; no parts is [`Filter::All`].
    #[must_use]
    pub fn and(parts: impl IntoIterator<Item = Filter>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All => {}
                Self::Nothing => return Self::Nothing,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        single_or(flat, Self::All, Self::And)
    }

    /// Any of `parts`; no parts is [`Filter::Nothing`].
    #[must_use]
    pub fn or(parts: impl IntoIterator<Item = Filter>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Nothing => {}
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        single_or(flat, Self::Nothing, Self::Or)
    }

    /// The complement of `part`.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a constructor beside and() and or()")]
    pub fn not(part: Filter) -> Self {
        match part {
            Self::All => Self::Nothing,
            Self::Nothing => Self::All,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Calls `visit` with every predicate, and whether it stands under an even number of NOTs.
    pub fn visit(&self, visit: &mut impl FnMut(&Predicate, bool)) {
        self.visit_signed(true, visit);
    }

    fn visit_signed(&self, positive: bool, visit: &mut impl FnMut(&Predicate, bool)) {
        match self {
            Self::All | Self::Nothing => {}
            Self::Test(p) => visit(p, positive),
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().for_each(|p| p.visit_signed(positive, visit));
            }
            Self::Not(inner) => inner.visit_signed(!positive, visit),
        }
    }

    /// The same filter with every relative time replaced by a fixed one.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Test(Predicate { property, test }) => {
                Self::Test(Predicate { property, test: test_at(test, now) })
            }
            Self::And(parts) => Self::And(parts.into_iter().map(|p| p.at(now)).collect()),
            Self::Or(parts) => Self::Or(parts.into_iter().map(|p| p.at(now)).collect()),
            Self::Not(inner) => Self::Not(Box::new(inner.at(now))),
            other => other,
        }
    }
}

fn single_or(mut parts: Vec<Filter>, none: Filter, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.len() {
        0 => none,
        1 => parts.remove(0),
        _ => many(parts),
    }
}

fn test_at(test: Test, now: Timestamp) -> Test {
    let fix = |value: Value| match value {
        Value::Date(when) => Value::Date(When::At(when.resolve(now))),
        other => other,
    };
    let fix_bound = |bound: Bound| match bound {
        Bound::Open => Bound::Open,
        Bound::Included(v) => Bound::Included(fix(v)),
        Bound::Excluded(v) => Bound::Excluded(fix(v)),
    };
    match test {
        Test::Equals(v) => Test::Equals(fix(v)),
        Test::In(values) => Test::In(values.into_iter().map(fix).collect()),
        Test::InRange(Range { from, to }) => {
            Test::InRange(Range { from: fix_bound(from), to: fix_bound(to) })
        }
        other => other,
    }
}
