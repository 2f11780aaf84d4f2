//! The operators, and the one table that says which property takes which.

use filedex_model::{Kind, Property};

/// An operator of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `:`
    Match,
    /// `=`
    Equals,
    /// `!=`
    Differs,
    /// `IN`
    In,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `CONTAINS`
    Contains,
    /// `GLOB`
    Glob,
    /// `HAS`
    Has,
}

impl Operator {
    /// Every operator, in the order messages list them.
    pub(crate) const EVERY: [Self; 11] = [
        Self::Match,
        Self::Equals,
        Self::Differs,
        Self::In,
        Self::Less,
        Self::AtMost,
        Self::Greater,
        Self::AtLeast,
        Self::Contains,
        Self::Glob,
        Self::Has,
    ];

    /// The operator as written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Match => ":",
            Self::Equals => "=",
            Self::Differs => "!=",
            Self::In => "IN",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Contains => "CONTAINS",
            Self::Glob => "GLOB",
            Self::Has => "HAS",
        }
    }

    /// The operator written as `symbol`, in any case.
    pub(crate) fn of_symbol(symbol: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|op| op.symbol().eq_ignore_ascii_case(symbol))
    }
}

/// Whether `property` takes `operator`. The property tables of QUERY.md say the same.
pub(crate) fn takes(property: &Property, operator: Operator) -> bool {
    use Operator as O;
    let kind = property.kind();
    match operator {
        O::Has => kind != Kind::Ranked,
        O::Match => {
            matches!(kind, Kind::Text | Kind::Keyword | Kind::Attribute | Kind::Ranked)
        }
        O::Equals | O::Differs | O::In => !matches!(kind, Kind::Date | Kind::Ranked),
        O::Less | O::AtMost | O::Greater | O::AtLeast => {
            matches!(kind, Kind::Number | Kind::Date | Kind::Attribute)
        }
        O::Contains => {
            matches!(kind, Kind::Text | Kind::Keyword)
                && !matches!(property, Property::Id | Property::Comment | Property::Description)
        }
        O::Glob => matches!(property, Property::FileName | Property::FileDir | Property::Uri),
    }
}

/// Every operator `property` takes, in the order messages list them.
pub(crate) fn taken(property: &Property) -> Vec<&'static str> {
    Operator::EVERY
        .into_iter()
        .filter(|operator| takes(property, *operator))
        .map(Operator::symbol)
        .collect()
}

/// What a kind is called in messages.
pub(crate) fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Keyword => "a keyword",
        Kind::Number => "a number",
        Kind::Date => "a date",
        Kind::Bool => "true or false",
        Kind::Attribute => "a custom attribute",
        Kind::Ranked => "the ranking text",
    }
}
