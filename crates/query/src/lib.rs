//! The query language of Filedex: text to a typed filter and controls, and back to text.
//!
//! ```
//! use filedex_query::{Parameters, parse};
//!
//! let query = parse("FileName:'lane line' AND NOT Tags.all='night' AND MaxResults=20")?;
//! assert_eq!(query.controls.max_results, Some(20));
//! assert_eq!(
//!     query.to_string(),
//!     "FileName:'lane line' AND NOT Tags.all = 'night' AND MaxResults = 20"
//! );
//!
//! let error = parse("FileName:'lane line' AND FileTipe='image'").unwrap_err();
//! assert_eq!(error.help(), Some("did you mean `FileType`?"));
//! # Ok::<(), filedex_query::QueryError>(())
//! ```
//!
//! A text goes through three stages, each with types of its own:
//!
//! 1. `depth` bounds size and nesting, then `parser` and `nesting` make a spanned tree (`syntax`)
//!    that knows words and quotes but no property;
//! 2. `resolve` gives names, operators and values their meaning: a [`filedex_model::Filter`] and
//!    [`Controls`], together a [`Query`];
//! 3. `print` writes the canonical text of a query, which parses to an equal one.
//!
//! [`Parameters`], the typed options of a listing, compile to the same [`Query`].
//!
//! `grammar/query.pest` is the grammar and `grammar/QUERY.md` the reference for people. This
//! crate does not know records, indexes or the clock: a relative date stays relative, and whether
//! a path pattern is well-formed is the planner's to say.

mod assign;
mod controls;
mod depth;
mod error;
mod literal;
mod names;
mod nesting;
mod operator;
mod parameters;
mod parser;
mod print;
mod query;
mod resolve;
mod snippet;
mod span;
mod syntax;
mod thumbnail;
mod words;

pub use controls::{
    Controls, Fusion, QueryType, SignMode, parse_order, parse_sort_by, parse_status,
};
pub use error::{ErrorKind, QueryError};
pub use parameters::Parameters;
pub use print::print_filter;
pub use query::{Query, parse};
pub use thumbnail::ThumbnailMode;
