//! Ranges of numbers and of times into steps.

use std::ops::Bound as End;

use filedex_model::{Bound, Number, Property, Range, Value};

use super::compile::{Step, fixed, or, refused};
use super::schema::{Column, TextField};
use super::term;
use crate::error::IndexError;

/// The records that have a value of a property in a range.
pub(crate) fn in_range<'a>(property: &Property, range: &Range) -> Result<Step<'a>, IndexError> {
    if let Property::Attribute(path) = property {
        return attribute_range(&term::path_key(path), range);
    }
    let Some(column) = Column::of(property) else {
        return Err(refused(property, "a range"));
    };
    let size = *property == Property::DataSize;
    // Bounds of another type than the property's match nothing.
    let (Some(from), Some(to)) =
        (whole_bound(&range.from, size, true)?, whole_bound(&range.to, size, false)?)
    else {
        return Ok(Step::Nothing);
    };
    let clamp = |n: i128| n.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    if from > to || from > i128::from(i64::MAX) || to < i128::from(i64::MIN) {
        return Ok(Step::Nothing);
    }
    Ok(Step::Column(column, clamp(from), clamp(to), false))
}

/// The first (`lower`) or the last whole number inside a bound; `None` for a bound of another
/// type.
fn whole_bound(bound: &Bound, size: bool, lower: bool) -> Result<Option<i128>, IndexError> {
    let (value, included) = match bound {
        Bound::Open => return Ok(Some(if lower { i128::MIN } else { i128::MAX })),
        Bound::Included(value) => (value, true),
        Bound::Excluded(value) => (value, false),
    };
    let (floor, whole) = match value {
        Value::Number(Number::Int(n)) if size => (*n, true),
        // Floats beyond the range of i128 are cut to it, which no size comes near.
        Value::Number(Number::Float(x)) if size => (x.floor() as i128, x.fract() == 0.0),
        Value::Date(when) if !size => (i128::from(fixed(*when)?.millis()), true),
        _ => return Ok(None),
    };
    Ok(Some(match (lower, whole && included) {
        (true, true) => floor,
        (true, false) => floor.saturating_add(1),
        (false, false) if whole => floor.saturating_sub(1),
        (false, _) => floor,
    }))
}

fn attribute_range<'a>(key: &str, range: &Range) -> Result<Step<'a>, IndexError> {
    let ends = [&range.from, &range.to];
    let of_kind = |kind: u8| {
        ends.iter().all(|end| match end {
            Bound::Open => true,
            Bound::Included(value) | Bound::Excluded(value) => match value {
                Value::Number(_) => kind == term::NUMBER,
                Value::Date(_) => kind == term::DATE,
                Value::Text(_) | Value::Bool(_) => false,
            },
        })
    };
    let term = |value: &Value| {
        Ok::<_, IndexError>(match value {
            Value::Number(number) => term::number_value(key, *number),
            Value::Date(when) => term::date_value(key, fixed(*when)?),
            Value::Text(_) | Value::Bool(_) => Vec::new(),
        })
    };
    let mut steps = Vec::new();
    for kind in [term::NUMBER, term::DATE].into_iter().filter(|kind| of_kind(*kind)) {
        let (first, after) = term::prefix_range(term::value_prefix(key, kind));
        let from = match &range.from {
            Bound::Open => first,
            Bound::Included(value) => End::Included(term(value)?),
            Bound::Excluded(value) => End::Excluded(term(value)?),
        };
        let to = match &range.to {
            Bound::Open => after,
            Bound::Included(value) => End::Included(term(value)?),
            Bound::Excluded(value) => End::Excluded(term(value)?),
        };
        steps.push(Step::TermRange(TextField::Attribute, from, to));
    }
    Ok(or(steps))
}
