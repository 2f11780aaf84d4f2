//! The choice of access path, in one function, from estimates.

use std::fmt;

use filedex_model::{Filter, Kind, Predicate, Property, Row, Test, Value};

use crate::source::{Estimate, Source, SourceError};

/// A column test is done candidate by candidate when the candidates are fewer than the rows of a
/// column scan by this factor. Scanning a packed column costs about an eighth of a random read.
const CHECK_FACTOR: u64 = 8;

/// How many digits of an id the index keeps; what is longer is compared with the records.
const INDEXED_ID_DIGITS: usize = 16;

/// How rows are found. The tree mirrors the filter, with its parts in the order they are to be
/// worked.
#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    /// Every row.
    Everything,
    /// No row.
    Nothing,
    /// These rows, ascending.
    Rows(Vec<Row>),
    /// The index finds the rows of this test.
    Find(Predicate),
    /// The test is done on each candidate that the parts beside it bring.
    Check(Predicate),
    /// All of these: the first drives.
    All(Vec<Access>),
    /// Any of these.
    Any(Vec<Access>),
    /// The complement.
    Not(Box<Access>),
}

/// The name of an access path; tests and `explain` use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// All rows are walked.
    Everything,
    /// Nothing can match.
    Nothing,
    /// Ids are looked up among the records.
    Ids,
    /// Postings of terms.
    Postings,
    /// Postings with positions.
    Phrase,
    /// A scan of a column.
    Column,
    /// A scan of the distinct values.
    Dictionary,
    /// A test on each candidate.
    Check,
    /// A union.
    Union,
    /// A complement.
    Complement,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everything => "everything",
            Self::Nothing => "nothing",
            Self::Ids => "ids",
            Self::Postings => "postings",
            Self::Phrase => "phrase",
            Self::Column => "column",
            Self::Dictionary => "dictionary",
            Self::Check => "check",
            Self::Union => "union",
            Self::Complement => "complement",
        })
    }
}

impl Access {
    /// The path that brings the rows; of an intersection, that of its driver.
    #[must_use]
    pub fn path(&self) -> Path {
        match self {
            Self::Everything => Path::Everything,
            Self::Nothing => Path::Nothing,
            Self::Rows(_) => Path::Ids,
            Self::Find(predicate) => path_of(predicate),
            Self::Check(_) => Path::Check,
            Self::All(parts) => parts.first().map_or(Path::Everything, Self::path),
            Self::Any(_) => Path::Union,
            Self::Not(_) => Path::Complement,
        }
    }
}

fn path_of(predicate: &Predicate) -> Path {
    match &predicate.test {
        Test::Has | Test::Equals(_) | Test::In(_) => match predicate.property.kind() {
            Kind::Number if !matches!(predicate.test, Test::Has) => Path::Column,
            _ => Path::Postings,
        },
        Test::InRange(_) => match predicate.property {
            Property::Attribute(_) => Path::Dictionary,
            _ => Path::Column,
        },
        Test::Phrase(_) | Test::PhrasePrefix(_) | Test::AllWords(_) => Path::Phrase,
        Test::AnyWord(_) => Path::Postings,
        Test::WordNear(..)
        | Test::StartsWith(_)
        | Test::Near(..)
        | Test::Contains(_)
        | Test::Glob(_) => Path::Dictionary,
    }
}

/// A chosen plan: how the rows are found, and what was thought of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How the rows are found.
    pub access: Access,
    /// How many are expected.
    pub estimate: Estimate,
}

/// Chooses how to find the rows of a normalised filter.
///
/// In an intersection the part with the fewest expected rows drives; ranges over columns are
/// checked on its candidates where those are few, and scanned where they are not.
///
/// # Errors
/// When an estimate or an id cannot be read.
pub fn choose(filter: &Filter, source: &impl Source) -> Result<Plan, SourceError> {
    let live = source.live_rows();
    Ok(match filter {
        Filter::All => Plan { access: Access::Everything, estimate: Estimate::exactly(live) },
        Filter::Nothing => Plan { access: Access::Nothing, estimate: Estimate::exactly(0) },
        Filter::Test(predicate) => test(predicate, source)?,
        Filter::Not(inner) => {
            let Plan { access, estimate } = choose(inner, source)?;
            let estimate = Estimate {
                min: live.saturating_sub(estimate.max),
                expected: live.saturating_sub(estimate.expected),
                max: live.saturating_sub(estimate.min),
            };
            Plan { access: Access::Not(Box::new(access)), estimate }
        }
        Filter::Or(parts) => {
            let plans = choose_all(parts, source)?;
            let sum = |of: fn(&Estimate) -> u64| {
                plans.iter().map(|p| of(&p.estimate)).fold(0, u64::saturating_add)
            };
            let estimate = Estimate {
                min: plans.iter().map(|p| p.estimate.min).max().unwrap_or(0),
                expected: sum(|e| e.expected).min(live),
                max: sum(|e| e.max).min(live),
            };
            Plan { access: Access::Any(plans.into_iter().map(|p| p.access).collect()), estimate }
        }
        Filter::And(parts) => intersection(choose_all(parts, source)?, live),
    })
}

fn choose_all(parts: &[Filter], source: &impl Source) -> Result<Vec<Plan>, SourceError> {
    parts.iter().map(|part| choose(part, source)).collect()
}

fn test(predicate: &Predicate, source: &impl Source) -> Result<Plan, SourceError> {
    if predicate.property == Property::Id
        && let Some(rows) = rows_of_ids(&predicate.test, source)?
    {
        let estimate = Estimate::exactly(rows.len() as u64);
        return Ok(Plan { access: Access::Rows(rows), estimate });
    }
    let estimate = source.estimate(predicate)?;
    Ok(Plan { access: Access::Find(predicate.clone()), estimate })
}

/// The rows of whole ids and of long beginnings of ids; `None` for what the index finds itself.
fn rows_of_ids(test: &Test, source: &impl Source) -> Result<Option<Vec<Row>>, SourceError> {
    let mut rows = Vec::new();
    let values = match test {
        Test::Equals(value) => std::slice::from_ref(value),
        Test::In(values) => values,
        Test::StartsWith(start) if start.len() > INDEXED_ID_DIGITS => {
            let Some(head) = start.get(..INDEXED_ID_DIGITS) else { return Ok(Some(rows)) };
            let head = Predicate::new(Property::Id, Test::StartsWith(head.to_owned()));
            for row in source.rows(&Access::Find(head))? {
                if source.id_of(row)?.to_string().starts_with(start) {
                    rows.push(row);
                }
            }
            return Ok(Some(rows));
        }
        _ => return Ok(None),
    };
    for value in values {
        if let Value::Text(text) = value
            && let Ok(id) = text.parse()
            // Ids are written in lower case; another case is another value.
            && !text.bytes().any(|b| b.is_ascii_uppercase())
        {
            rows.extend(source.row_of(&id)?);
        }
    }
    rows.sort_unstable();
    rows.dedup();
    Ok(Some(rows))
}

/// Parts in order of expected rows; the complement and what is checked come after the driver.
fn intersection(mut plans: Vec<Plan>, live: u64) -> Plan {
    plans.sort_by_key(|plan| (matches!(plan.access, Access::Not(_)), plan.estimate.expected));
    let estimate = Estimate {
        min: 0,
        expected: independent(&plans, live),
        max: plans.iter().map(|p| p.estimate.max).min().unwrap_or(live),
    };
    let driver = plans.first().map_or(live, |p| p.estimate.expected);
    let checks = driver.saturating_mul(CHECK_FACTOR) < live;
    let mut access: Vec<Access> = Vec::with_capacity(plans.len());
    for (place, plan) in plans.into_iter().enumerate() {
        access.push(match plan.access {
            Access::Find(predicate) if place > 0 && checks && is_checkable(&predicate) => {
                Access::Check(predicate)
            }
            other => other,
        });
    }
    Plan { access: Access::All(access), estimate }
}

/// Whether a test can be done on one candidate at the cost of one column value.
fn is_checkable(predicate: &Predicate) -> bool {
    matches!(predicate.test, Test::InRange(_)) && path_of(predicate) == Path::Column
}

/// The expected size of an intersection whose parts know nothing of each other.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate"
)]
fn independent(plans: &[Plan], live: u64) -> u64 {
    if live == 0 {
        return 0;
    }
    let share: f64 = plans.iter().map(|p| p.estimate.expected as f64 / live as f64).product();
    (share * live as f64).round() as u64
}
