//! The order of the documents of a segment by name.

use super::dictionary::Dictionary;
use super::schema::TextField;
use super::segment::TextSegment;
use crate::error::IndexError;

/// For each document, the place of its name among the segment's names.
pub(crate) struct NameOrder {
    places: Vec<u32>,
}

/// The place of a document without a name.
pub(crate) const NOWHERE: u32 = u32::MAX;

impl NameOrder {
    /// Terms sort by their bytes, as names do.
    pub(crate) fn read(segment: &TextSegment) -> Result<Self, IndexError> {
        let names: &Dictionary = segment.dictionary(TextField::FileName)?;
        let index = segment.terms(TextField::FileName.home())?;
        let mut places = vec![NOWHERE; segment.docs() as usize];
        for (ordinal, place) in (0..names.len()).zip(0_u32..) {
            names.for_each_docs(index, ordinal, |docs| {
                docs.iter().for_each(|doc| places[*doc as usize] = place);
            })?;
        }
        Ok(Self { places })
    }

    pub(crate) fn places(&self) -> &[u32] {
        &self.places
    }
}
