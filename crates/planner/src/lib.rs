//! From a typed query to ranked, cursor-paged answers.
//!
//! A filter is normalised ([`normalise`]), its parts are estimated and a plan is chosen
//! ([`choose`]), the plan is run against one snapshot of one dataset version ([`Source`]), and the
//! answer is cut into pages ([`Cursor`](filedex_model::Cursor)).
//!
//! The planner opens nothing and knows no index: what it needs of one it says in [`Source`], and
//! the `filedex` crate implements that.

mod choose;
mod cursor;
mod error;
mod execute;
mod explain;
mod highlight;
mod normalise;
mod source;

pub use choose::{Access, Path, Plan, choose};
pub use error::PlanError;
pub use execute::{Answer, Request, answer};
pub use explain::{Explanation, Step};
pub use highlight::{Highlight, highlights};
pub use normalise::normalise;
pub use source::{Estimate, Found, Hit, Position, Search, SortKey, Sorting, Source, SourceError};
