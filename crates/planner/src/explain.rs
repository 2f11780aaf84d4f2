//! How an answer was found: the plan with estimated and actual counts and times.

use std::fmt;
use std::time::{Duration, Instant};

use filedex_model::{Filter, StatusFilter};
use filedex_query::print_filter;

use crate::choose::{Access, Path};
use crate::nearest::NearestPath;
use crate::source::{Estimate, Sorting, Source, SourceError};

/// One part of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How deep the part stands.
    pub depth: usize,
    /// The path its rows are found by.
    pub path: Path,
    /// The test, in the query language; empty for groups.
    pub what: String,
    /// How many rows were expected, where that was asked of an index.
    pub estimated: Option<u64>,
    /// How many rows there are.
    pub actual: u64,
    /// How long counting them took, alone.
    pub time: Duration,
}

/// How the nearest were found.
#[derive(Clone, Debug, PartialEq)]
pub struct NearestStep {
    /// The path.
    pub path: NearestPath,
    /// Rows that the filter let through.
    pub rows: u64,
    /// Rows that have a vector.
    pub vectors: u64,
}

/// A plan with what it expected and what was there. Its `Display` is a stable text, one line a
/// step, times last.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The path of the driving part.
    pub driver: Path,
    /// The order, such as `FileUpdateTime desc` or `bm25('red car')`.
    pub order: String,
    /// How the nearest were found, where the answer is ranked by meaning.
    pub nearest: Option<NearestStep>,
    /// The steps, from the top down.
    pub steps: Vec<Step>,
    /// How many rows the whole was expected to match.
    pub estimated: u64,
    /// How many it matches.
    pub total: u64,
    /// How long normalising, estimating and choosing took.
    pub planning: Duration,
    /// How long finding, counting and ordering took.
    pub searching: Duration,
}

pub(crate) fn explain(
    access: &Access,
    estimate: Estimate,
    status: StatusFilter,
    sorting: &Sorting,
    total: u64,
    [planned, searched]: [Duration; 2],
    source: &impl Source,
) -> Result<Explanation, SourceError> {
    let mut steps = Vec::new();
    describe(access, 0, status, source, &mut steps)?;
    let order = match sorting {
        Sorting::Field(by, order) => format!("{by} {}", format!("{order:?}").to_lowercase()),
        Sorting::Relevance(texts) => {
            let texts: Vec<_> = texts.iter().map(|t| filedex_model::property::quoted(t)).collect();
            format!("bm25({})", texts.join(", "))
        }
    };
    Ok(Explanation {
        driver: access.path(),
        order,
        nearest: None,
        steps,
        estimated: estimate.expected,
        total,
        planning: planned,
        searching: searched.saturating_sub(planned),
    })
}

fn describe(
    access: &Access,
    depth: usize,
    status: StatusFilter,
    source: &impl Source,
    steps: &mut Vec<Step>,
) -> Result<(), SourceError> {
    let (path, what, parts): (Path, String, &[Access]) = match access {
        Access::Find(p) | Access::Check(p) => {
            (access.path(), print_filter(&Filter::Test(p.clone())), &[])
        }
        Access::Rows(rows) => (Path::Ids, format!("{} of the ids asked for", rows.len()), &[]),
        Access::All(parts) => (access.path(), "all of".into(), parts),
        Access::Any(parts) => (Path::Union, "any of".into(), parts),
        Access::Not(inner) => (Path::Complement, "not".into(), std::slice::from_ref(inner)),
        Access::Everything | Access::Nothing => (access.path(), String::new(), &[]),
    };
    // A check counts what it would find alone.
    let alone = match access {
        Access::Check(p) => Access::Find(p.clone()),
        other => other.clone(),
    };
    let estimated = match access {
        Access::Find(p) | Access::Check(p) => Some(source.estimate(p)?.expected),
        _ => None,
    };
    let started = Instant::now();
    let actual = source.count(&alone, status)?;
    steps.push(Step { depth, path, what, estimated, actual, time: started.elapsed() });
    parts.iter().try_for_each(|part| describe(part, depth + 1, status, source, steps))
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "driven by {}, ordered by {}: {} rows, {} estimated; planned in {:?}, searched in {:?}",
            self.driver, self.order, self.total, self.estimated, self.planning, self.searching
        )?;
        if let Some(NearestStep { path, rows, vectors }) = &self.nearest {
            writeln!(f, "  nearest by {path}: {rows} rows to search, {vectors} with a vector")?;
        }
        for step in &self.steps {
            let indent = "  ".repeat(step.depth + 1);
            let estimated = step.estimated.map(|e| format!(", {e} estimated")).unwrap_or_default();
            let space = if step.what.is_empty() { "" } else { " " };
            writeln!(
                f,
                "{indent}{}{space}{}: {} rows{estimated} ({:?})",
                step.path, step.what, step.actual, step.time
            )?;
        }
        Ok(())
    }
}
