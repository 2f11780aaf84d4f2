//! Searches in turns: the same queries for each contestant, in rounds.

use std::time::{Duration, Instant};

use super::truth::{Share, Truth};
use crate::Outcome;
use crate::engine::nearest::Answered;
use crate::report::{Table, millis};
use crate::timing::{Samples, turns};

/// Rounds, unless the options say otherwise.
pub const ROUNDS: usize = 20;
/// Queries of a round.
const QUERIES: usize = 50;
/// How long one contestant may take in a round; a slow one is asked fewer queries.
const PATIENCE: Duration = Duration::from_millis(400);
const FEWEST: usize = 3;

/// A way to search: an engine with its settings, and a filter.
pub struct Contestant<'a> {
    /// The engine and its settings.
    pub name: String,
    /// The filter, of those that the truth knows.
    pub filter: Option<usize>,
    /// Answers a query, by its number.
    pub ask: Box<dyn Fn(usize) -> Outcome<Answered> + 'a>,
}

impl<'a> Contestant<'a> {
    /// A contestant.
    pub fn new(
        name: impl Into<String>,
        filter: Option<usize>,
        ask: impl Fn(usize) -> Outcome<Answered> + 'a,
    ) -> Self {
        Self { name: name.into(), filter, ask: Box::new(ask) }
    }
}

/// What was measured of a contestant.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// The median over rounds of the rounds' medians.
    pub median: Duration,
    /// The median over rounds of the rounds' 95th percentiles.
    pub p95: Duration,
    /// How much of the true nearest it found, over all that it was asked.
    pub recall: f64,
    /// How many queries it was asked.
    pub asked: usize,
}

impl Measured {
    /// How many times as long it took as another.
    #[must_use]
    pub fn ratio_to(&self, other: &Self) -> f64 {
        self.median.as_secs_f64() / other.median.as_secs_f64()
    }
}

#[derive(Default)]
struct Score {
    medians: Samples,
    tails: Samples,
    share: Share,
    asked: usize,
}

/// Lets all search, after a round that does not count.
///
/// # Errors
/// When one cannot, or names rows that are no answer.
pub fn hold(
    contestants: &[Contestant<'_>],
    truth: &Truth<'_>,
    queries: usize,
    rounds: usize,
) -> Outcome<Vec<Measured>> {
    let mut scores: Vec<Score> = contestants.iter().map(|_| Score::default()).collect();
    for round in 0..=rounds {
        for at in turns(round, contestants.len()) {
            let (contestant, mut taken) = (&contestants[at], Samples::default());
            let (mut share, started) = (Share::default(), Instant::now());
            for place in 0..QUERIES {
                if place >= FEWEST && started.elapsed() > PATIENCE {
                    break;
                }
                let query = (round * QUERIES + place) % queries;
                let (rows, time) = (contestant.ask)(query)?;
                taken.push(time);
                share.add(
                    truth
                        .judge(query, contestant.filter, &rows)
                        .map_err(|error| format!("{}: {error}", contestant.name))?,
                );
            }
            if round > 0 {
                let score = &mut scores[at];
                score.medians.push(taken.median());
                score.tails.push(taken.p95());
                score.share.add(share);
                score.asked += taken.len();
            }
        }
    }
    let measured = contestants.iter().zip(scores).map(|(contestant, score)| Measured {
        name: contestant.name.clone(),
        median: score.medians.median(),
        p95: score.tails.median(),
        recall: score.share.recall(),
        asked: score.asked,
    });
    Ok(measured.collect())
}

/// Recall, to four digits.
#[must_use]
pub fn recall(recall: f64) -> String {
    format!("{recall:.4}")
}

/// All that was measured, as a table.
#[must_use]
pub fn table(measured: &[Measured]) -> Table {
    let mut table = Table::new(&["what", "recall@10", "median ms", "p95 ms", "queries"]);
    for one in measured {
        table.row([
            one.name.clone(),
            recall(one.recall),
            millis(one.median),
            millis(one.p95),
            one.asked.to_string(),
        ]);
    }
    table
}
