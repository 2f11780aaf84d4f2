//! Words in texts: phrases, near words, and the words of a whole record.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use filedex_model::FileRecord;
use filedex_model::analysis::{self, Streams, Unit};

/// Texts whose words are remembered.
const REMEMBERED: usize = 10_000;

thread_local! {
    static UNITS: RefCell<HashMap<String, Rc<[Unit]>>> = RefCell::default();
}

/// The units of a text. Generated texts are few and come again and again, so that taking them apart
/// each time would be most of what an oracle does.
pub(super) fn units_of(text: &str) -> Rc<[Unit]> {
    UNITS.with_borrow_mut(|known| {
        if let Some(units) = known.get(text) {
            return Rc::clone(units);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let units: Rc<[Unit]> = analysis::units(text).into();
        known.insert(text.to_owned(), Rc::clone(&units));
        units
    })
}

/// How the last word of a phrase is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// As a whole word.
    Whole,
    /// As the start of a word.
    Start,
}

/// Whether the words of `phrase` stand next to each other in `text`, in this order: in the stream
/// of its parts or of its wholes, the phrase being taken either way as well.
pub(super) fn has_phrase(text: &str, phrase: &str, last: Last) -> bool {
    let (text, phrase) = (Streams::of(text), Streams::of(phrase));
    [&phrase.parts[..], phrase.wholes()].into_iter().any(|words| {
        [&text.parts[..], text.wholes()].into_iter().any(|stream| stands_in(stream, words, last))
    })
}

fn stands_in(stream: &[String], words: &[String], last: Last) -> bool {
    let Some((end, start)) = words.split_last() else {
        return false;
    };
    stream.windows(words.len()).any(|window| {
        let (ending, starting) = (&window[start.len()], &window[..start.len()]);
        starting == start
            && match last {
                Last::Whole => ending == end,
                Last::Start => ending.starts_with(end.as_str()),
            }
    })
}

/// Whether some word of `text`, a part or a whole, is at most `edits` edits away from `word`.
pub(super) fn has_near_word(text: &str, word: &str, edits: u8) -> bool {
    let (text, word) = (Streams::of(text), analysis::fold(word));
    text.parts.iter().chain(text.wholes()).any(|token| is_near(token, &word, edits))
}

/// Whether one text is at most `edits` insertions, deletions, substitutions and exchanges of
/// neighbours away from the other.
pub(super) fn is_near(one: &str, other: &str, edits: u8) -> bool {
    strsim::osa_distance(one, other) <= usize::from(edits)
}

/// Every word of the ranking text of a record: name, folder, tags, comment and description.
pub(super) fn words_of(record: &FileRecord) -> HashSet<String> {
    let texts = [record.file_name.as_str(), &record.file_dir]
        .into_iter()
        .chain(record.tags.all())
        .chain(record.comment.as_deref())
        .chain(record.description.as_deref());
    let mut words = HashSet::new();
    for text in texts {
        for unit in &*units_of(text) {
            words.extend(unit.parts.iter().chain([&unit.whole]).cloned());
        }
    }
    words
}

/// Whether a word is among `words`, as a whole or by all its parts.
pub(super) fn has_unit(words: &HashSet<String>, unit: &Unit) -> bool {
    words.contains(&unit.whole) || unit.parts.iter().all(|part| words.contains(part))
}
