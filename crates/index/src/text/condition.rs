//! What is asked of the index.

use filedex_model::{Predicate, Row};

/// Which records are looked for.
///
/// A planner decides for every predicate whether it drives the search or only checks what others
/// find, and whether the rows of one are known from elsewhere.
///
/// ```
/// use filedex_index::Condition;
/// use filedex_model::{Predicate, Property, Test};
/// let tagged = Predicate::new(Property::TagsUser, Test::Has);
/// let condition = Condition::And(vec![Condition::Rows(vec![1, 2, 3]), Condition::Test(tagged)]);
/// # assert!(matches!(condition, Condition::And(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every live record.
    Everything,
    /// No record.
    Nothing,
    /// These records; rows ascending.
    Rows(Vec<Row>),
    /// The records that a predicate holds for, found by postings, column or dictionary.
    ///
    /// Times must be fixed. An empty value counts as none: it has no term and equals nothing. A
    /// text without words matches no phrase. `DatasetFileMetaId` is compared by its first eight
    /// bytes; near ids are not supported.
    Test(Predicate),
    /// The same for a range of a date or of the size, tested on the records that the rest of the
    /// enclosing [`Condition::And`] finds. It cannot stand anywhere else, nor alone.
    Check(Predicate),
    /// All of these; everything if there are none.
    And(Vec<Condition>),
    /// Any of these; nothing if there are none.
    Or(Vec<Condition>),
    /// The live records that this does not find.
    Not(Box<Condition>),
}
