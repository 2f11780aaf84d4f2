//! How often each value of a property occurs.

use std::collections::HashMap;

use filedex_model::StatusFilter;

use super::bind::Node;
use super::compile::compile;
use super::condition::Condition;
use super::index::TextIndex;
use super::schema::TextField;
use super::set::Docs;
use crate::error::IndexError;

/// A property whose values can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facet {
    /// `FileDir`; records at the top have none.
    FileDir,
    /// `FileType`.
    FileType,
    /// `Tags.user`.
    TagsUser,
    /// `Tags.ai`.
    TagsAi,
    /// `Tags.all`.
    TagsAll,
    /// `Tags.user-delete-ai-tags`.
    TagsUserDeleteAi,
}

impl Facet {
    fn field(self) -> TextField {
        match self {
            Self::FileDir => TextField::FileDir,
            Self::FileType => TextField::FileType,
            Self::TagsUser => TextField::TagsUser,
            Self::TagsAi => TextField::TagsAi,
            Self::TagsAll => TextField::TagsAll,
            Self::TagsUserDeleteAi => TextField::TagsUserDeleteAi,
        }
    }
}

impl TextIndex {
    /// How many of the records that a condition finds have each value of a property; values that
    /// none has are left out. Exact, in no particular order.
    ///
    /// Over everything this reads the values and no record; else every record of every value.
    ///
    /// # Errors
    /// As [`TextIndex::count`].
    pub fn facets(
        &self,
        condition: &Condition,
        status: StatusFilter,
        facet: Facet,
    ) -> Result<Vec<(String, u64)>, IndexError> {
        let step = compile(condition, status)?;
        let field = facet.field();
        let mut counts: HashMap<String, u64> = HashMap::new();
        for view in self.segments() {
            let node = view.bind(&step)?;
            let docs = match node {
                Node::Nothing => continue,
                Node::All if view.dead.is_empty() => None,
                node => Some(view.live(&node)?),
            };
            let values = view.segment.dictionary(field)?;
            let index = view.segment.terms(field.home())?;
            for ordinal in 0..values.len() {
                let mut count = 0;
                match &docs {
                    None => count = u64::from(values.doc_freq(ordinal)),
                    Some(docs) => values.for_each_docs(index, ordinal, |having| {
                        count += count_in(docs, having);
                    })?,
                }
                if count > 0 {
                    let value = String::from_utf8_lossy(values.value(ordinal)).into_owned();
                    *counts.entry(value).or_default() += count;
                }
            }
        }
        Ok(counts.into_iter().collect())
    }
}

fn count_in(docs: &Docs, having: &[u32]) -> u64 {
    having.iter().filter(|doc| docs.contains(**doc)).count() as u64
}
