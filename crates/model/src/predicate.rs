//! One test on one property: the leaf of a filter.

use crate::number::Number;
use crate::property::Property;
use crate::time::Timestamp;

/// A point in time in a query: fixed, or relative to the clock of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// A fixed time.
    At(Timestamp),
    /// Milliseconds from the time the query starts; negative for the past (`-7d`).
    Ago(i64),
}

impl When {
    /// The fixed time, given the query's clock.
    #[must_use]
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(millis) => now.shifted(millis),
        }
    }
}

/// A literal of the query language, typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text in quotes.
    Text(String),
    /// A number.
    Number(Number),
    /// A point in time.
    Date(When),
    /// `true` or `false`.
    Bool(bool),
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// No end on this side.
    Open,
    /// The value itself is in.
    Included(Value),
    /// The value itself is out.
    Excluded(Value),
}

/// A range of numbers or of points in time; both ends are of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The lower end.
    pub from: Bound,
    /// The upper end.
    pub to: Bound,
}

/// What is asked of a property. On a property with several values, a test holds when it holds for
/// one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `HAS P`: the property is there. Empty strings, empty groups and null are not there.
    Has,
    /// `P = v`: the whole value, case-sensitive.
    Equals(Value),
    /// `P IN (…)`: the whole value is one of these.
    In(Vec<Value>),
    /// `P = 'v'*`: the whole value starts with this, case-sensitive.
    StartsWith(String),
    /// `P = 'v'~n`: the whole value is at most this many edits away (insertion, deletion,
    /// substitution or exchange of neighbours), case-sensitive.
    Near(String, u8),
    /// `P : 'words'`: the words stand next to each other in this order, folded.
    Phrase(String),
    /// `P : 'words'*`: the same, the last word being the start of a word.
    PhrasePrefix(String),
    /// `P : 'word'~n`: some word is at most this many edits away, folded.
    WordNear(String, u8),
    /// `P : ALL('a','b')`: each of these phrases matches, in any order.
    AllWords(Vec<String>),
    /// `Text : 'words'`: at least one word matches; ranks by BM25.
    AnyWord(String),
    /// `P CONTAINS 'part'`: part of the value, case-insensitive.
    Contains(String),
    /// `P GLOB 'a/**/*.png'`: the whole value matches the path pattern, case-sensitive.
    Glob(String),
    /// `<`, `<=`, `>`, `>=`, and their merges.
    InRange(Range),
}

/// A test on a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// The property.
    pub property: Property,
    /// The test.
    pub test: Test,
}

impl Predicate {
    /// A test on a property.
    ///
    /// ```
    /// use filedex_model::{Predicate, Property, Test};
    /// let has_tags = Predicate::new(Property::TagsUser, Test::Has);
    /// assert_eq!(has_tags.property, Property::TagsUser);
    /// ```
    #[must_use]
    pub fn new(property: Property, test: Test) -> Self {
        Self { property, test }
    }
}
