//! Excerpts of a record, with the words that a query's text matched.

use filedex::{Highlight, ListedFile};

use crate::terminal::{MARK_OFF, MARK_ON, clean};

/// Longest text before the first matching word, in characters.
const LONGEST_LEAD: usize = 24;

/// The comment, or the best highlight where there are any: the comment's, else the first. Matching
/// words stand out; in brackets where there is no colour. Safe to print.
pub fn excerpt(hit: &ListedFile, colour: bool) -> String {
    let in_comment = hit.highlights.iter().find(|mark| mark.field == "comment");
    match in_comment.or(hit.highlights.first()) {
        Some(best) if best.field == "comment" => marked(best, colour),
        Some(best) => format!("{}: {}", best.field, marked(best, colour)),
        None => clean(hit.record.comment.as_deref().unwrap_or_default()),
    }
}

/// Where an excerpt begins whose first matching word stands at `first`, so that the word is seen in
/// a narrow column too.
fn lead(text: &str, first: usize) -> usize {
    let before = text.get(..first).unwrap_or_default();
    if before.chars().count() <= LONGEST_LEAD {
        return 0;
    }
    let (cut, _) = before.char_indices().rev().nth(LONGEST_LEAD / 2).unwrap_or_default();
    // From the next word on, where there is one.
    before[cut..].find(' ').map_or(cut, |blank| cut + blank + 1)
}

fn marked(highlight: &Highlight, colour: bool) -> String {
    let (on, off) = if colour { (MARK_ON, MARK_OFF) } else { ('[', ']') };
    let text = &highlight.text;
    let mut out = String::with_capacity(text.len() + 8);
    let first = highlight.ranges.first().map_or(0, |range| range.start);
    let mut done = lead(text, first);
    if done > 0 {
        out.push('…');
    }
    for range in &highlight.ranges {
        let (Some(before), Some(word)) = (text.get(done..range.start), text.get(range.clone()))
        else {
            continue;
        };
        out.push_str(&clean(before));
        out.push(on);
        out.push_str(&clean(word));
        out.push(off);
        done = range.end;
    }
    out.push_str(&clean(text.get(done..).unwrap_or_default()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_begins_near_its_first_match() {
        let text = "A coastal scene with a boat in the foreground and the sunset";
        let begins = |word: &str| &text[lead(text, text.find(word).unwrap())..];
        assert_eq!(begins("boat"), text);
        assert_eq!(begins("sunset"), "and the sunset");
        assert_eq!(lead("帆船帆船帆船帆船帆船帆船帆船帆船帆船帆船", 57), 0);
        assert_eq!(lead(&"帆".repeat(40), 90), 51);
    }
}
