//! Places in a query text, so that no other module needs the parser's own.

use std::ops::Range;

/// Bytes `start..end` of the query text, on character borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

impl Span {
    /// The span of `start..end`.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the start of this span to the end of `other`.
    pub(crate) fn to(self, other: Self) -> Self {
        Self::new(self.start, other.end)
    }

    /// The span as a range.
    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A piece of syntax and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    /// The piece.
    pub(crate) node: T,
    /// Its place.
    pub(crate) span: Span,
}

impl<T> Spanned<T> {
    /// `node`, standing at `span`.
    pub(crate) fn new(node: T, span: Span) -> Self {
        Self { node, span }
    }
}
