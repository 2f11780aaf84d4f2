//! All engines, open, and how each takes part.

use filedex::{Database, Query};

use super::build::{Built, DEFAULT, GRAPH, HALF, SQLITE, with_graph};
use super::contest::Contestant;
use super::data::Data;
use super::filters::Filter;
use super::sweep::{Effort, Sweep};
use super::truth::Truth;
use crate::Outcome;
use crate::engine::nearest::{HnswRs, Near, SqliteVec, Usearch, Vectors};

/// The ways that Filedex is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As it comes: no graph below 250,000 vectors.
    Default,
    /// Certified.
    Exact,
    /// With a graph.
    Graph,
    /// As it comes, 16-bit numbers.
    Half,
}

impl Way {
    /// What it is called in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "Filedex, default",
            Self::Exact => "Filedex, exact",
            Self::Graph => "Filedex, graph",
            Self::Half => "Filedex, default, f16",
        }
    }
}

/// The engines.
pub struct Engines<'a> {
    queries: Vectors<'a>,
    filters: &'a [Filter],
    default: Near,
    graph: Near,
    half: Near,
    usearch: &'a [(&'static str, Usearch)],
    hnsw: &'a HnswRs,
    sqlite: SqliteVec,
    questions: Vec<Vec<u8>>,
}

impl<'a> Engines<'a> {
    /// Opens what was built.
    ///
    /// # Errors
    /// When a file cannot be opened, or a filter means something else to Filedex.
    pub fn open(built: &'a Built, data: &'a Data, filters: &'a [Filter]) -> Outcome<Self> {
        let open = |name: &str, builder| Near::open(&built.path(name), builder, &data.files);
        let plain = Database::builder();
        let default = open(DEFAULT, &plain)?;
        for filter in filters {
            let (theirs, ours) = (default.count(&filter.expression)?, filter.count() as u64);
            if theirs != ours {
                return Err(format!("{}: {theirs} records, not {ours}", filter.expression).into());
            }
        }
        Ok(Self {
            queries: data.queries(),
            filters,
            default,
            graph: open(GRAPH, &with_graph())?,
            half: open(HALF, &plain)?,
            usearch: &built.usearch,
            hnsw: &built.hnsw,
            sqlite: SqliteVec::open(&built.path(SQLITE))?,
            questions: data.queries().iter().map(SqliteVec::question).collect(),
        })
    }

    /// The filters.
    #[must_use]
    pub fn filters(&self) -> &'a [Filter] {
        self.filters
    }

    /// How usearch's indexes keep their numbers.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.usearch.iter().map(|(kind, _)| *kind)
    }

    /// Filedex's file as it comes.
    #[must_use]
    pub fn filedex(&self) -> &Near {
        &self.default
    }

    /// Filedex in one of its ways.
    ///
    /// # Errors
    /// When a filter is not in the language.
    pub fn ask_filedex(&self, way: Way, filter: Option<usize>) -> Outcome<Contestant<'_>> {
        let near = match way {
            Way::Default | Way::Exact => &self.default,
            Way::Graph => &self.graph,
            Way::Half => &self.half,
        };
        let expression = filter.map_or("", |filter| &self.filters[filter].expression);
        let questions = self.queries.iter();
        let questions: Vec<Query> = questions
            .map(|vector| Near::question(expression, vector, way == Way::Exact))
            .collect::<Outcome<_>>()?;
        let name = match filter {
            None => way.name().to_owned(),
            Some(_) => format!("{}, filtered", way.name()),
        };
        Ok(Contestant::new(name, filter, move |query| near.ask(&questions[query])))
    }

    /// `hnsw_rs` with so much effort.
    #[must_use]
    pub fn ask_hnsw(&self, effort: &Effort, filter: Option<usize>) -> Contestant<'_> {
        let passes = filter.map(|filter| self.filters[filter].passes.as_slice());
        let (name, ef) = (format!("hnsw_rs, ef {} ({})", effort.ef, effort.why), effort.ef);
        Contestant::new(name, filter, move |query| {
            self.hnsw.ask(self.queries.get(query), ef, passes)
        })
    }

    /// usearch with so much effort; `kind` is the place of an index.
    #[must_use]
    pub fn ask_usearch(
        &self,
        kind: usize,
        effort: &Effort,
        filter: Option<usize>,
    ) -> Contestant<'_> {
        let passes = filter.map(|filter| self.filters[filter].passes.as_slice());
        let ((kind, index), ef) = (&self.usearch[kind], effort.ef);
        let name = format!("usearch {kind}, ef {ef} ({})", effort.why);
        Contestant::new(name, filter, move |query| index.ask(self.queries.get(query), ef, passes))
    }

    /// sqlite-vec.
    #[must_use]
    pub fn ask_sqlite(&self, filter: Option<usize>) -> Contestant<'_> {
        Contestant::new("sqlite-vec", filter, move |query| {
            self.sqlite.ask(&self.questions[query], filter)
        })
    }

    /// The least efforts with which `hnsw_rs` reaches some recalls over the first queries.
    ///
    /// # Errors
    /// When it names rows that are no answer.
    pub fn sweep_hnsw(
        &self,
        truth: &Truth<'_>,
        filter: Option<usize>,
        queries: usize,
        recalls: &[f64],
    ) -> Outcome<Vec<Effort>> {
        let passes = filter.map(|filter| self.filters[filter].passes.as_slice());
        let ask = |query, ef| self.hnsw.ask(self.queries.get(query), ef, passes);
        let mut sweep = Sweep::new(truth, filter, queries, &ask);
        recalls.iter().map(|recall| sweep.least(*recall)).collect()
    }

    /// The least efforts with which usearch reaches some recalls over the first queries.
    ///
    /// # Errors
    /// When it names rows that are no answer.
    pub fn sweep_usearch(
        &self,
        kind: usize,
        truth: &Truth<'_>,
        filter: Option<usize>,
        queries: usize,
        recalls: &[f64],
    ) -> Outcome<Vec<Effort>> {
        let passes = filter.map(|filter| self.filters[filter].passes.as_slice());
        let index = &self.usearch[kind].1;
        let ask = |query, ef| index.ask(self.queries.get(query), ef, passes);
        let mut sweep = Sweep::new(truth, filter, queries, &ask);
        recalls.iter().map(|recall| sweep.least(*recall)).collect()
    }
}
