//! The syntax tree: what was written and where, without meaning.
//!
//! A name here may be no property at all, and an operator may not fit it: [`crate::resolve`]
//! decides that.

use crate::operator::Operator;
use crate::span::{Span, Spanned};

/// A boolean expression as written. Parentheses are gone, their effect is in the nesting.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// `ALL`
    Everything,
    /// `HAS path`
    Has(Path),
    /// `path operator operand`
    Clause(Clause),
    /// `NOT node`
    Not(Box<Node>),
    /// `node AND node …`, at least two.
    And(Vec<Node>),
    /// `node OR node …`, at least two.
    Or(Vec<Node>),
}

/// One condition on one name.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    /// What stands left of the operator.
    pub(crate) path: Path,
    /// The operator.
    pub(crate) operator: Spanned<Operator>,
    /// What stands right of it.
    pub(crate) operand: Spanned<Operand>,
}

impl Clause {
    /// The whole clause's place.
    pub(crate) fn span(&self) -> Span {
        self.path.span.to(self.operand.span)
    }
}

/// A name of one or more parts, as in `Tags.user`.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// The parts, quotes and escapes removed; at least one.
    pub(crate) names: Vec<String>,
    /// The path as written.
    pub(crate) text: String,
    /// Its place.
    pub(crate) span: Span,
}

/// What stands right of an operator.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// A single value.
    Scalar(Scalar),
    /// `'text'*` or `'text'~n`
    Marked(String, Spanned<Mark>),
    /// `ALL('a', 'b')`
    AllOf(Vec<Spanned<String>>),
    /// `('a', 3)`, after `IN`.
    List(Vec<Spanned<Scalar>>),
}

/// A value as written.
#[derive(Clone, Debug)]
pub(crate) enum Scalar {
    /// Text in quotes, quotes and escapes removed.
    Quoted(String),
    /// Anything without quotes.
    Bare(String),
}

/// A mark after a string.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    /// `*`
    Prefix,
    /// `~` and what follows it, unchecked.
    Fuzzy(String),
}
