//! Why a query was refused, told so that its writer can mend it.

use std::fmt;
use std::ops::Range;

use crate::snippet::snippet;
use crate::span::Span;

/// What kind of mistake a query has.
///
/// ```
/// use filedex_query::{ErrorKind, parse};
/// assert_eq!(parse("FileNme:'car'").unwrap_err().kind(), ErrorKind::UnknownProperty);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is longer than `limits::QUERY_BYTES`.
    TooLong,
    /// Parentheses and NOTs are nested deeper than `limits::QUERY_DEPTH`.
    TooDeep,
    /// The text does not follow the grammar.
    Syntax,
    /// There is no property of this name.
    UnknownProperty,
    /// The property does not take this operator.
    Operator,
    /// The value does not fit the property or the operator.
    Value,
    /// A control property stands where it cannot, or twice.
    Control,
    /// A parameter beside the expression is out of range, or cannot stand beside it.
    Parameter,
}

/// Why a query was refused.
///
/// `Display` prints several lines: the message, the line of the query with a mark under the
/// place, and what to write instead. [`QueryError::message`] is the first of them alone.
///
/// ```
/// let error = filedex_query::parse("FileUpdateTim > '2025-01-01'").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "unknown property `FileUpdateTim`\n  \
///        |\n\
///      1 | FileUpdateTim > '2025-01-01'\n  \
///        | ^^^^^^^^^^^^^\n  \
///        = did you mean `FileUpdateTime`?"
/// );
/// assert_eq!(error.span(), Some(0..13));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QueryError(Box<Report>);

/// The parts of an error, the query's text already reduced to the lines that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Report {
    kind: ErrorKind,
    message: String,
    help: Option<String>,
    span: Option<Range<usize>>,
    snippet: Option<String>,
}

impl QueryError {
    /// An error about `text`.
    pub(crate) fn new(fault: Fault, text: &str) -> Self {
        Self(Box::new(Report {
            snippet: fault.span.map(|span| snippet(text, span)),
            span: fault.span.map(Span::range),
            kind: fault.kind,
            message: fault.message,
            help: fault.help,
        }))
    }

    /// The kind of the mistake.
    ///
    /// ```
    /// # use filedex_query::{ErrorKind, parse};
    /// assert_eq!(parse("FileUpdateTime = 3").unwrap_err().kind(), ErrorKind::Operator);
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The bytes of the query the error is about; `None` when it is about no place in it.
    ///
    /// ```
    /// # use filedex_query::parse;
    /// assert_eq!(parse("FileName:'car' AND").unwrap_err().span(), Some(18..18));
    /// ```
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.0.span.clone()
    }

    /// What is wrong, in one line.
    ///
    /// ```
    /// # use filedex_query::parse;
    /// assert_eq!(parse("TopK = 0").unwrap_err().message(), "TopK is a whole number from 1 to 5000");
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to write instead, in one line, where that is known.
    ///
    /// ```
    /// # use filedex_query::parse;
    /// let error = parse("width > 5").unwrap_err();
    /// assert_eq!(error.help(), Some("a custom attribute is written `Attributes.width`"));
    /// ```
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(snippet) = &self.snippet {
            write!(f, "\n{snippet}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  = {help}")?;
        }
        Ok(())
    }
}

/// A mistake on its way up, not yet joined with the query's text.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) span: Option<Span>,
}

impl Fault {
    /// A mistake without a place.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None, span: None }
    }

    /// The same mistake, standing at `span`.
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same mistake, with what to write instead.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `` `a`, `b` or `c` ``: names in messages.
pub(crate) fn listed<S: AsRef<str>>(names: &[S], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    joined(&quoted, last)
}

/// `a, b or c`.
pub(crate) fn joined<S: AsRef<str>>(parts: &[S], last: &str) -> String {
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(if i + 1 == parts.len() { last } else { ", " });
        }
        out.push_str(part.as_ref());
    }
    out
}

/// At most 40 characters of what the query's writer wrote, for use inside a message.
pub(crate) fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let mut out: String =
        chars.by_ref().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}
