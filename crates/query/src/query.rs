//! A whole query: what it asks of records, and how its answer is to be given.

use std::fmt;
use std::str::FromStr;

use filedex_model::Filter;

use crate::controls::Controls;
use crate::error::QueryError;
use crate::{parser, print, resolve};

/// A query, typed and resolved: the same for a text and for [`Parameters`](crate::Parameters).
///
/// `Display` prints the canonical text, which parses to an equal query, as long as the query came
/// from [`parse`] and the text fits `limits::QUERY_BYTES`. What only parameters can say
/// (`query_text`, `query_image`, `query_video`) is not printed.
///
/// ```
/// use filedex_query::{Query, parse};
/// let query = parse("sortby=DataSize and not filetype='video' AND (Tags.all=\"car\")")?;
/// assert_eq!(
///     query.to_string(),
///     "NOT FileType = 'video' AND Tags.all = 'car' AND SortBy = 'DataSize'"
/// );
/// assert_eq!(parse("  ")?, Query::default());
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What is asked of each record.
    pub filter: Filter,
    /// How the answer is ranked, ordered and cut into pages.
    pub controls: Controls,
}

impl Default for Query {
    /// Every record, nothing said about the answer.
    fn default() -> Self {
        Self { filter: Filter::All, controls: Controls::default() }
    }
}

impl From<Filter> for Query {
    fn from(filter: Filter) -> Self {
        Self { filter, controls: Controls::default() }
    }
}

/// Parses a query expression. A blank text asks for every record.
///
/// The cost is linear in the text, which is bounded by `limits::QUERY_BYTES` and
/// `limits::QUERY_DEPTH`; a longer or deeper one is refused before it is parsed.
///
/// # Errors
///
/// A [`QueryError`] that shows the place and what was expected there. No text makes it panic.
///
/// ```
/// use filedex_model::{Filter, Property, Test, Value};
/// let query = filedex_query::parse("FileName:'lane line' OR Tags.all = 'car'")?;
/// assert_eq!(
///     query.filter,
///     Filter::or([
///         Filter::test(Property::FileName, Test::Phrase("lane line".into())),
///         Filter::test(Property::TagsAll, Test::Equals(Value::Text("car".into()))),
///     ])
/// );
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
pub fn parse(text: &str) -> Result<Query, QueryError> {
    parser::parse(text)
        .and_then(|tree| resolve::resolve(tree.as_ref()))
        .map_err(|fault| QueryError::new(fault, text))
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        parse(text)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clauses = self.controls.clauses();
        let filter = match &self.filter {
            Filter::Or(_) if !clauses.is_empty() => {
                format!("({})", print::print_filter(&self.filter))
            }
            filter => print::print_filter(filter),
        };
        let filter = (!filter.is_empty()).then_some(filter);
        let parts: Vec<String> = filter.into_iter().chain(clauses).collect();
        f.write_str(&parts.join(" AND "))
    }
}
