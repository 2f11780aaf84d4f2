//! The check before parsing: size, quotes and nesting, in one pass and without recursion.
//!
//! The tree nests as deeply as the parentheses and NOTs of the text (`!=` is a NOT), and whatever
//! walks it recurses, so the depth is bounded here, before there is a tree.

use filedex_model::limits;

use crate::error::{ErrorKind, Fault};
use crate::span::Span;

/// The parentheses that do not balance.
#[derive(Debug, Default)]
pub(crate) struct Parentheses {
    /// The innermost `(` that is never closed.
    pub(crate) unclosed: Option<usize>,
    /// The first `)` that closes nothing.
    pub(crate) stray: Option<usize>,
}

/// Refuses a text that is too long, too deeply nested, or that ends inside a string.
pub(crate) fn check(text: &str) -> Result<Parentheses, Fault> {
    if text.len() > limits::QUERY_BYTES {
        let message =
            format!("the query is {} bytes long; the limit is {}", text.len(), limits::QUERY_BYTES);
        return Err(Fault::new(ErrorKind::TooLong, message));
    }
    Scan { text, at: 0, depth: 0, pending: 0, open: Vec::new(), stray: None }.run()
}

/// An open parenthesis: where it stands, and how many NOTs stand right before it.
struct Open {
    at: usize,
    nots: usize,
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Open parentheses and the NOTs before them.
    depth: usize,
    /// NOTs of the clause being read.
    pending: usize,
    open: Vec<Open>,
    stray: Option<usize>,
}

impl Scan<'_> {
    fn run(mut self) -> Result<Parentheses, Fault> {
        while let Some(c) = self.text[self.at..].chars().next() {
            match c {
                '\'' | '"' => self.string(c)?,
                '(' => self.open()?,
                ')' => self.close(),
                '!' if self.text[self.at..].starts_with("!=") => {
                    self.within_limit(self.pending + 1, 2)?;
                    self.at += 2;
                }
                c if in_word(c) => self.word()?,
                c => self.at += c.len_utf8(),
            }
        }
        let unclosed = self.open.last().map(|open| open.at);
        Ok(Parentheses { unclosed, stray: self.stray })
    }

    fn string(&mut self, quote: char) -> Result<(), Fault> {
        let start = self.at;
        let mut chars = self.text[start..].char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            if c == '\\' {
                chars.next();
            } else if c == quote {
                self.at = start + offset + 1;
                return Ok(());
            }
        }
        Err(Fault::new(ErrorKind::Syntax, "this quote is never closed")
            .at(Span::new(start, start + 1))
            .help(format!(r"inside the string, {quote} is written \{quote} and \ is written \\")))
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.within_limit(self.pending + 1, 1)?;
        self.open.push(Open { at: self.at, nots: self.pending });
        self.depth += self.pending + 1;
        self.pending = 0;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(open) => self.depth -= open.nots + 1,
            None => self.stray = self.stray.or(Some(self.at)),
        }
        self.pending = 0;
        self.at += 1;
    }

    fn word(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find(|c| !in_word(c)).unwrap_or(rest.len())];
        if word.eq_ignore_ascii_case("not") {
            self.within_limit(self.pending + 1, word.len())?;
            self.pending += 1;
        } else if word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or") {
            self.pending = 0;
        }
        self.at += word.len();
        Ok(())
    }

    fn within_limit(&self, more: usize, width: usize) -> Result<(), Fault> {
        if self.depth + more <= limits::QUERY_DEPTH {
            return Ok(());
        }
        let message = format!(
            "the query is nested too deeply; the limit is {} parentheses and NOTs inside each other",
            limits::QUERY_DEPTH
        );
        Err(Fault::new(ErrorKind::TooDeep, message).at(Span::new(self.at, self.at + width)))
    }
}

/// Whether `c` continues a word, so that `Attributes.not` and `not-yet` are no NOT.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_that_of_the_deepest_place() {
        let deep = |text: &str| check(text).is_err_and(|f| f.kind == ErrorKind::TooDeep);
        let edge = limits::QUERY_DEPTH;
        assert!(!deep(&"(".repeat(edge)));
        assert!(deep(&"(".repeat(edge + 1)));
        assert!(!deep(&"NOT ".repeat(edge)));
        assert!(deep(&"not ".repeat(edge + 1)));
        assert!(!deep(&"(a) AND NOT b=1 OR NOT (c) AND ".repeat(1_000)));
        assert!(!deep(&format!("{}a=1", "(".repeat(edge))));
        assert!(deep(&format!("{}a!=1", "(".repeat(edge))));
        assert!(!deep(&format!("a='{}'", "(".repeat(edge + 1))));
        assert!(!deep(&"Attributes.not ".repeat(edge + 1)));
    }

    #[test]
    fn quotes_and_parentheses() {
        assert!(check(r"a='it\'s' AND b=").is_ok());
        assert_eq!(check("a='x").err().and_then(|f| f.span).map(|s| s.start), Some(2));
        assert_eq!(check("(a").ok().and_then(|p| p.unclosed), Some(0));
        assert_eq!(check("a)").ok().and_then(|p| p.stray), Some(1));
    }
}
