//! The line of a query an error is about, with a mark under the place.

use crate::span::Span;

/// The widest part of a line that is shown, in terminal columns.
const WINDOW: usize = 90;
/// How much is kept before the place when a long line is cut.
const LEAD: usize = 30;

/// Three lines: a margin, the text's line (cut around the place when it is long), and carets
/// under the place. A place that spans lines is marked to the end of its first line.
pub(crate) fn snippet(text: &str, span: Span) -> String {
    let start = span.start.min(text.len());
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let number = text[..start].matches('\n').count() + 1;

    let before: Vec<char> = shown(&text[line_start..start]);
    let place: Vec<char> = shown(&text[start..span.end.clamp(start, line_end)]);
    let after: Vec<char> = shown(&text[span.end.clamp(start, line_end)..line_end]);

    let whole = columns(&before) + columns(&place) + columns(&after);
    let lead = if whole <= WINDOW { &before[..] } else { last_columns(&before, LEAD) };
    let mut room = WINDOW.max(columns(lead)) - columns(lead);
    let marked = first_columns(&place, room);
    room -= columns(marked);
    let rest = first_columns(&after, room);

    let cut_before = lead.len() < before.len();
    let cut_after = marked.len() < place.len() || rest.len() < after.len();
    let ellipsis = |cut: bool| if cut { "…" } else { "" };
    let line: String = lead.iter().chain(marked).chain(rest).collect();
    let indent = columns(lead) + usize::from(cut_before);
    let gutter = " ".repeat(number.to_string().len());
    format!(
        "{gutter} |\n{number} | {}{line}{}\n{gutter} | {}{}",
        ellipsis(cut_before),
        ellipsis(cut_after),
        " ".repeat(indent),
        "^".repeat(columns(marked).max(1)),
    )
}

/// The characters as a terminal can show them: control characters would break the line.
fn shown(text: &str) -> Vec<char> {
    text.chars()
        .map(|c| match c {
            '\t' | '\r' => ' ',
            c if c.is_control() || is_turning(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Whether `c` changes the direction of the text after it, which would move the carets' target.
fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn columns(chars: &[char]) -> usize {
    chars.iter().map(|c| width(*c)).sum()
}

/// As many characters from the front as fit into `room` columns.
fn first_columns(chars: &[char], room: usize) -> &[char] {
    let mut used = 0;
    let fits = chars.iter().take_while(|c| {
        used += width(**c);
        used <= room
    });
    &chars[..fits.count()]
}

/// As many characters from the end as fit into `room` columns.
fn last_columns(chars: &[char], room: usize) -> &[char] {
    let mut used = 0;
    let fits = chars.iter().rev().take_while(|c| {
        used += width(**c);
        used <= room
    });
    &chars[chars.len() - fits.count()..]
}

/// The columns a terminal gives a character: 2 for East Asian wide ones and emoji, 0 for
/// combining marks, 1 for the rest.
fn width(c: char) -> usize {
    match c {
        '\u{0300}'..='\u{036f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_the_place() {
        assert_eq!(snippet("ab cd", Span::new(3, 5)), "  |\n1 | ab cd\n  |    ^^");
        assert_eq!(snippet("a\nb c\nd", Span::new(4, 5)), "  |\n2 | b c\n  |   ^");
        assert_eq!(snippet("车 x", Span::new(4, 5)), "  |\n1 | 车 x\n  |    ^");
        assert_eq!(snippet("x 车道", Span::new(2, 8)), "  |\n1 | x 车道\n  |   ^^^^");
        assert_eq!(snippet("e\u{301} x", Span::new(4, 5)), "  |\n1 | e\u{301} x\n  |   ^");
        assert_eq!(snippet("", Span::new(0, 0)), "  |\n1 | \n  | ^");
        assert_eq!(snippet("a\tb\0", Span::new(2, 3)), "  |\n1 | a b\u{fffd}\n  |   ^");
        assert_eq!(snippet("ab\ncd", Span::new(1, 5)), "  |\n1 | ab\n  |  ^");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}HERE{}", "x".repeat(500), "y".repeat(500));
        let lines = snippet(&text, Span::new(500, 504));
        let lines: Vec<&str> = lines.lines().collect();
        let at = lines[1].chars().position(|c| c == 'H');
        assert_eq!(lines[2].chars().position(|c| c == '^'), at);
        assert!(lines[1].chars().count() <= WINDOW + 6, "{}", lines[1]);
        assert!(lines[1].starts_with("1 | …xxx") && lines[1].ends_with("yyy…"));
    }

    #[test]
    fn a_long_place_is_cut_too() {
        let text = "z".repeat(1_000);
        let lines = snippet(&text, Span::new(0, 1_000));
        assert!(lines.lines().all(|l| l.chars().count() <= WINDOW + 6));
    }
}
