//! What the terminal is: how wide, whether it shows colour, what may be printed on it.

use std::io::IsTerminal;

/// The width of tables where standard output is no terminal.
const WIDTH_ELSEWHERE: u16 = 120;
/// Below this a table would be nothing but dots.
const NARROWEST: u16 = 60;

/// How many columns a table can take.
pub fn width() -> u16 {
    let of_terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    of_terminal.map(|(width, _)| width.0).or(asked).unwrap_or(WIDTH_ELSEWHERE).max(NARROWEST)
}

/// Whether colour may be used on a stream: it is a terminal that knows colour, and `NO_COLOR` is
/// not set (<https://no-color.org>).
pub fn shows_colour(stream: &impl IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !refused && !dumb
}

/// Text that is safe to print: control characters, which could move the cursor or change the
/// terminal, and the marks this program puts into tables itself become `�`, line breaks a blank.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() || turns(c) || is_mark(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Whether a character changes the direction of the text after it.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Before what stands out; takes no room, so that tables stay aligned.
pub const MARK_ON: char = '\u{2061}';
/// After it.
pub const MARK_OFF: char = '\u{2062}';

fn is_mark(c: char) -> bool {
    c == MARK_ON || c == MARK_OFF
}

/// A word for a POSIX shell, quoted where it has to be.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let double = word.chars().any(|c| c == '\'') && !word.chars().any(|c| "\"$`\\!".contains(c));
    if double { format!("\"{word}\"") } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_is_printed() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{202e}d\u{2061}"), "a�[2Jb c�d�");
        assert_eq!(clean("Château 帆船"), "Château 帆船");
    }

    #[test]
    fn words_for_the_shell() {
        assert_eq!(shell_word("demo.filedex"), "demo.filedex");
        assert_eq!(shell_word("Text:'castle'"), "\"Text:'castle'\"");
        assert_eq!(shell_word("FileName = '$a'"), r"'FileName = '\''$a'\'''");
        assert_eq!(shell_word(""), "''");
    }
}
