//! Where one path becomes faster than the next, on the machine at hand.

use std::time::{Duration, Instant};

use filedex_index::{Nearest, SearchPath, VectorIndex};
use filedex_model::Row;
use filedex_planner::PathThresholds;

use crate::database::VersionRef;
use crate::error::{Error, ErrorKind, Result};
use crate::reader::Reader;

/// Hits of each search that is timed.
const HITS: usize = 10;
/// Searches at each size.
const SEARCHES: usize = 20;
/// The fewest rows of a trial.
const FEWEST: usize = 500;
/// An exact search may cost this before the cascade takes over, whatever that costs.
const CHEAP: Duration = Duration::from_micros(250);

/// The paths timed over the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// How many rows.
    pub rows: u64,
    /// The median of the exact path.
    pub exact: Duration,
    /// The median of the cascade.
    pub cascade: Duration,
    /// The median of the graph, over all rows where all have one.
    pub graph: Option<Duration>,
}

/// What was measured, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// The trials, by ascending number of rows.
    pub trials: Vec<Trial>,
    /// The thresholds that fit them, for [`Builder::path_thresholds`](crate::Builder::path_thresholds).
    pub thresholds: PathThresholds,
}

impl Reader {
    /// Times the paths of searches by meaning on a space's own vectors: on twice as many rows again
    /// and again, until all are in, with some of the vectors as queries. Takes a few seconds.
    ///
    /// The exact path is worth while it is no slower than the cascade, or costs less than a quarter
    /// of a millisecond. Where there is no graph, or it is not faster at the space's size, its
    /// threshold stays at the default or goes above that size.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a space that is not there; [`ErrorKind::BadInput`] for one with
    /// fewer than 500 vectors.
    pub fn calibrate(&self, version: &VersionRef, space: Option<&str>) -> Result<Calibration> {
        let info = self.space(version, space)?;
        let index = self.snapshot()?.vectors(version.key, &info)?;
        let rows = index.rows()?;
        if rows.len() < FEWEST {
            return Err(Error::new(
                ErrorKind::BadInput,
                format!(
                    "the space {:?} has {} vectors; at least {FEWEST} are needed to time anything",
                    info.space.name,
                    rows.len()
                ),
            ));
        }
        let queries = queries(&index, &rows)?;
        let mut trials = Vec::new();
        let mut size = FEWEST;
        loop {
            let size_now = size.min(rows.len());
            trials.push(trial(&index, &rows, size_now, &queries)?);
            if size_now == rows.len() {
                break;
            }
            size *= 2;
        }
        let thresholds = fitting(&trials);
        Ok(Calibration { trials, thresholds })
    }
}

fn queries(index: &VectorIndex, rows: &[Row]) -> Result<Vec<Vec<f32>>> {
    let step = rows.len().div_ceil(SEARCHES);
    let vectors = rows.iter().step_by(step).map(|row| Ok(index.vector(*row)?));
    let vectors: Vec<Option<Vec<f32>>> = vectors.collect::<Result<_>>()?;
    Ok(vectors.into_iter().flatten().collect())
}

fn trial(index: &VectorIndex, rows: &[Row], size: usize, queries: &[Vec<f32>]) -> Result<Trial> {
    // Spread over all rows, as those of a filter are.
    let chosen: Vec<Row> = (0..size).map(|at| rows[at * rows.len() / size]).collect();
    let some = (size < rows.len()).then_some(chosen.as_slice());
    let median = |path| -> Result<Duration> {
        let mut times = Vec::with_capacity(queries.len());
        for query in queries {
            let started = Instant::now();
            index.nearest(&Nearest { query, rows: some, k: HITS, above: None, path })?;
            times.push(started.elapsed());
        }
        times.sort_unstable();
        Ok(times.get(times.len() / 2).copied().unwrap_or_default())
    };
    // What is not loaded yet is loaded outside the time.
    median(SearchPath::Cascade)?;
    let all_in_graphs = size == rows.len() && index.live_in_graphs() == index.live();
    Ok(Trial {
        rows: size as u64,
        exact: median(SearchPath::Exact)?,
        cascade: median(SearchPath::Cascade)?,
        graph: all_in_graphs.then(|| median(SearchPath::Graph)).transpose()?,
    })
}

fn fitting(trials: &[Trial]) -> PathThresholds {
    let default = PathThresholds::default();
    let worth = |trial: &&Trial| trial.exact <= trial.cascade || trial.exact <= CHEAP;
    let exact_rows = match trials.iter().take_while(worth).last() {
        // It was worth it to the end: what lies beyond was not measured.
        Some(last) if Some(last) == trials.last() => default.exact_rows.max(last.rows),
        last => last.map_or(0, |trial| trial.rows),
    };
    let graph_rows = match trials.last() {
        Some(Trial { rows, cascade, graph: Some(graph), .. }) if graph > cascade => {
            default.graph_rows.max(rows + 1)
        }
        Some(Trial { rows, graph: Some(_), .. }) => default.graph_rows.min(*rows),
        _ => default.graph_rows,
    };
    PathThresholds { exact_rows, graph_rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(rows: u64, exact: u64, cascade: u64, graph: Option<u64>) -> Trial {
        let micros = Duration::from_micros;
        let (exact, cascade) = (micros(exact), micros(cascade));
        Trial { rows, exact, cascade, graph: graph.map(micros) }
    }

    #[test]
    fn thresholds_follow_the_trials() {
        let small = fitting(&[trial(500, 20, 40, None), trial(2_346, 70, 40, None)]);
        assert_eq!(small, PathThresholds::default());
        let trials = [
            trial(500, 20, 40, None),
            trial(8_000, 240, 100, None),
            trial(16_000, 500, 150, None),
            trial(300_000, 9_000, 900, Some(300)),
        ];
        let thresholds = fitting(&trials);
        assert_eq!((thresholds.exact_rows, thresholds.graph_rows), (8_000, 200_000));
        let slow_graph = fitting(&[trial(500_000, 9_000, 300, Some(900))]);
        assert_eq!((slow_graph.exact_rows, slow_graph.graph_rows), (0, 500_001));
        let quick_graph = fitting(&[trial(50_000, 100, 300, Some(90))]);
        assert_eq!(quick_graph.graph_rows, 50_000);
    }
}
