//! From a typed query to ranked, cursor-paged answers.
//!
//! A filter is normalised ([`normalise`]), its parts are estimated and a plan is chosen
//! ([`choose`]), the plan is run against one snapshot of one dataset version ([`Source`]), and the
//! answer is cut into pages ([`Cursor`](filedex_model::Cursor)).
//!
//! A question by meaning is ranked as a whole: the nearest vectors among the rows that the filter
//! lets through ([`VectorSource`]), joined with words where there are some ([`Meaning`]).
//!
//! The planner opens nothing and knows no index: what it needs of one it says in [`Source`], and
//! the `filedex` crate implements that.

mod choose;
mod cursor;
mod error;
mod execute;
mod explain;
mod fuse;
mod highlight;
mod meaning;
mod nearest;
mod normalise;
mod page;
mod source;
mod why;

pub use choose::{Access, Path, Plan, choose};
pub use error::PlanError;
pub use execute::{Answer, AnswerHit, Request, answer, ranked_rows};
pub use explain::{Explanation, NearestStep, Step};
pub use fuse::Parts;
pub use highlight::{Highlight, highlights};
pub use meaning::Meaning;
pub use nearest::{
    NearestFound, NearestPath, NearestSearch, PathThresholds, VectorFacts, VectorSource,
    choose_nearest,
};
pub use normalise::normalise;
pub use source::{Estimate, Found, Hit, Position, Search, SortKey, Sorting, Source, SourceError};
pub use why::{Clause, Why, why};
