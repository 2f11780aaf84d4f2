//! The distinct values of a field in one buffer, for scans that no term order helps with.

use std::sync::OnceLock;

use memchr::memmem;
use tantivy::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

use super::postings::for_each_block;
use super::schema::TextField;
use super::set::{Gather, gallop};
use crate::error::IndexError;

/// Stands behind every value; no UTF-8 text holds it, so no text is found across two values.
const END: u8 = u8::MAX;
/// Marks an entry that is a place in `shared` instead of a document. Documents are below 2^31.
const SHARED: u32 = 1 << 31;

/// The values of a field in term order, with the documents that have them.
pub(crate) struct Dictionary {
    values: Values,
    /// For a value of one document, the document; for others, where its postings are.
    entries: Vec<u32>,
    shared: Vec<TermInfo>,
    /// The values in lower case; `None` where they are in lower case anyway.
    lowered: OnceLock<Option<Values>>,
}

/// Byte strings one behind the other.
#[derive(Default)]
struct Values {
    bytes: Vec<u8>,
    /// Where each value ends.
    ends: Vec<usize>,
}

impl Values {
    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        self.bytes.push(END);
    }

    fn start(&self, ordinal: usize) -> usize {
        if ordinal == 0 { 0 } else { self.ends[ordinal - 1] + 1 }
    }

    fn get(&self, ordinal: usize) -> &[u8] {
        &self.bytes[self.start(ordinal)..self.ends[ordinal]]
    }

    /// The values that `needle` stands in, by ordinal.
    fn containing(&self, needle: &[u8]) -> Vec<usize> {
        if needle.is_empty() {
            return (0..self.ends.len()).collect();
        }
        let finder = memmem::Finder::new(needle);
        let (mut found, mut next) = (Vec::new(), 0);
        for at in finder.find_iter(&self.bytes) {
            let ordinal = gallop(&self.ends, next, |end| *end < at);
            // A value that holds the needle once more is passed over.
            if self.start(ordinal) <= at {
                found.push(ordinal);
                next = ordinal + 1;
            }
        }
        found
    }
}

impl Dictionary {
    /// Lays out the dictionary of a field.
    pub(crate) fn read(index: &InvertedIndexReader, field: TextField) -> Result<Self, IndexError> {
        let (mut values, mut entries, mut shared) = (Values::default(), Vec::new(), Vec::new());
        let letter = field.letter().as_bytes();
        let mut stream = index.terms().range().ge(letter).into_stream()?;
        let mut block = None;
        while stream.advance() {
            let Some(value) = stream.key().strip_prefix(letter) else { break };
            values.push(value);
            let info = stream.value();
            let mut entry = SHARED | shared.len() as u32;
            if info.doc_freq == 1 {
                let block = match &mut block {
                    Some(block) => {
                        index.reset_block_postings_from_terminfo(info, block)?;
                        block
                    }
                    None => block.insert(
                        index.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?,
                    ),
                };
                entry = block.docs().first().copied().unwrap_or(entry);
            }
            if entry & SHARED != 0 {
                shared.push(info.clone());
            }
            entries.push(entry);
        }
        Ok(Self { values, entries, shared, lowered: OnceLock::new() })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn value(&self, ordinal: usize) -> &[u8] {
        self.values.get(ordinal)
    }

    /// How many values sort before `value`, and whether it is one itself.
    pub(crate) fn place(&self, value: &[u8]) -> (usize, bool) {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.value(middle) < value {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low, low < self.len() && self.value(low) == value)
    }

    /// The values that hold `part`.
    pub(crate) fn holding(&self, part: &[u8]) -> Vec<usize> {
        self.values.containing(part)
    }

    /// The values that hold `needle`, which is in lower case, whatever their own case.
    pub(crate) fn containing(&self, needle: &str) -> Vec<usize> {
        let lowered = self.lowered.get_or_init(|| {
            let mut lowered = Values::default();
            for ordinal in 0..self.len() {
                let value = self.values.get(ordinal);
                match std::str::from_utf8(value) {
                    Ok(text) => lowered.push(text.to_lowercase().as_bytes()),
                    Err(_) => lowered.push(value),
                }
            }
            (lowered.bytes != self.values.bytes).then_some(lowered)
        });
        lowered.as_ref().unwrap_or(&self.values).containing(needle.as_bytes())
    }

    /// How many documents have a value.
    pub(crate) fn doc_freq(&self, ordinal: usize) -> u32 {
        match self.entries[ordinal] {
            entry if entry & SHARED == 0 => 1,
            entry => self.shared[(entry ^ SHARED) as usize].doc_freq,
        }
    }

    /// Hands on the documents that have a value, some at a time.
    pub(crate) fn for_each_docs(
        &self,
        index: &InvertedIndexReader,
        ordinal: usize,
        mut visit: impl FnMut(&[u32]),
    ) -> Result<(), IndexError> {
        let entry = self.entries[ordinal];
        if entry & SHARED == 0 {
            visit(&[entry]);
            return Ok(());
        }
        for_each_block(index, std::slice::from_ref(&self.shared[(entry ^ SHARED) as usize]), visit)
    }

    /// The documents that have one of the values.
    pub(crate) fn gather(
        &self,
        index: &InvertedIndexReader,
        ordinals: impl IntoIterator<Item = usize>,
        into: &mut Gather,
    ) -> Result<(), IndexError> {
        for ordinal in ordinals {
            self.for_each_docs(index, ordinal, |docs| into.extend(docs))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_in_each_value_once() {
        let mut values = Values::default();
        let texts = ["", "a", "aa", "abab", "b", "éa", "xab"];
        texts.iter().for_each(|text| values.push(text.as_bytes()));
        for needle in ["", "a", "ab", "b", "é", "zz", "aba"] {
            let want: Vec<usize> =
                (0..texts.len()).filter(|at| texts[*at].contains(needle)).collect();
            assert_eq!(values.containing(needle.as_bytes()), want, "{needle}");
        }
    }
}
