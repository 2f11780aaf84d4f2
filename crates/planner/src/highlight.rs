//! Where a text matches in a record.

use std::collections::HashSet;
use std::ops::Range;

use filedex_model::FileRecord;
use filedex_model::analysis::{Unit, units};

/// Longest excerpt shown of a field, in characters, around its first match.
const EXCERPT_CHARS: usize = 160;

/// An excerpt of one field with the places that match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// The field: `file_name`, `file_dir`, `tags`, `comment` or `description`.
    pub field: &'static str,
    /// The excerpt.
    pub text: String,
    /// The matching words in it, as byte ranges, in order.
    pub ranges: Vec<Range<usize>>,
}

/// Where the words of `texts` stand in a record; fields without any are left out.
///
/// ```
/// use filedex_model::{FileRecord, Timestamp};
/// let mut record = FileRecord::new("d", "oss://b/cars/redCar.png", Timestamp::now());
/// record.comment = Some("A red car in front of a house.".into());
/// let found = filedex_planner::highlights(&record, &["RED".into()]);
/// let marked: Vec<_> = found.iter().map(|h| (h.field, &h.text[h.ranges[0].clone()])).collect();
/// assert_eq!(marked, [("file_name", "redCar"), ("comment", "red")]);
/// ```
#[must_use]
pub fn highlights(record: &FileRecord, texts: &[String]) -> Vec<Highlight> {
    let wanted: Vec<Unit> = texts.iter().flat_map(|text| units(text)).collect();
    let words: HashSet<&str> = wanted
        .iter()
        .flat_map(|unit| unit.parts.iter().chain([&unit.whole]))
        .map(String::as_str)
        .collect();
    let mut found = Vec::new();
    let mut look = |field, text: &str| found.extend(mark(field, text, &words));
    look("file_name", &record.file_name);
    look("file_dir", &record.file_dir);
    for tag in record.tags.all() {
        look("tags", tag);
    }
    look("comment", record.comment.as_deref().unwrap_or(""));
    look("description", record.description.as_deref().unwrap_or(""));
    found
}

fn mark(field: &'static str, text: &str, words: &HashSet<&str>) -> Option<Highlight> {
    let hit = |u: &Unit| {
        words.contains(u.whole.as_str()) || u.parts.iter().any(|p| words.contains(p.as_str()))
    };
    let spans: Vec<Range<usize>> = units(text).into_iter().filter(hit).map(|u| u.span).collect();
    let first = spans.first()?;
    let lead =
        text[..first.start].char_indices().rev().nth(EXCERPT_CHARS / 4).map_or(0, |(at, _)| at);
    let end =
        text[lead..].char_indices().nth(EXCERPT_CHARS).map_or(text.len(), |(at, _)| lead + at);
    let ranges = spans
        .iter()
        .filter(|span| span.start >= lead && span.end <= end)
        .map(|span| span.start - lead..span.end - lead)
        .collect();
    Some(Highlight { field, text: text[lead..end].to_owned(), ranges })
}
