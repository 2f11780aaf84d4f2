//! The least number of candidates with which a graph finds enough of the true nearest.

use std::collections::BTreeMap;

use super::truth::{Share, Truth};
use crate::Outcome;
use crate::engine::nearest::{Answered, NEAREST};

/// The most candidates that are tried.
const MOST: usize = 4_096;
/// Where a recall is out of reach, this much less than what is in reach has to do.
const NEARLY: f64 = 0.001;

/// A number of candidates, and the recall that was asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Effort {
    /// How many candidates.
    pub ef: usize,
    /// What it was chosen for.
    pub why: String,
}

/// The recall of a search by the number of its candidates, as far as it was tried.
pub struct Sweep<'a> {
    truth: &'a Truth<'a>,
    filter: Option<usize>,
    queries: usize,
    ask: &'a dyn Fn(usize, usize) -> Outcome<Answered>,
    known: BTreeMap<usize, f64>,
}

impl<'a> Sweep<'a> {
    /// A sweep over the first queries. `ask` is given a query and a number of candidates.
    pub fn new(
        truth: &'a Truth<'a>,
        filter: Option<usize>,
        queries: usize,
        ask: &'a dyn Fn(usize, usize) -> Outcome<Answered>,
    ) -> Self {
        Self { truth, filter, queries, ask, known: BTreeMap::new() }
    }

    /// The least effort that reaches a recall, or nearly what all effort reaches.
    ///
    /// # Errors
    /// When a search fails.
    pub fn least(&mut self, recall: f64) -> Outcome<Effort> {
        let efforts: Vec<usize> =
            std::iter::successors(Some(NEAREST), |ef| Some((ef + 1).max(ef * 27 / 25)))
                .take_while(|ef| *ef <= MOST)
                .collect();
        let at = self.first(&efforts, recall)?;
        if let Some(ef) = efforts.get(at) {
            return Ok(Effort { ef: *ef, why: format!("recall {recall}") });
        }
        let most = self.recall(efforts[efforts.len() - 1])?;
        let at = self.first(&efforts, most - NEARLY)?;
        let ef = efforts.get(at).copied().unwrap_or(MOST);
        Ok(Effort { ef, why: format!("recall {recall} out of reach") })
    }

    fn first(&mut self, efforts: &[usize], recall: f64) -> Outcome<usize> {
        let (mut low, mut high) = (0, efforts.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.recall(efforts[middle])? >= recall {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    fn recall(&mut self, ef: usize) -> Outcome<f64> {
        if let Some(known) = self.known.get(&ef) {
            return Ok(*known);
        }
        let mut share = Share::default();
        for query in 0..self.queries {
            let (rows, _) = (self.ask)(query, ef)?;
            share.add(self.truth.judge(query, self.filter, &rows)?);
        }
        self.known.insert(ef, share.recall());
        Ok(share.recall())
    }
}
