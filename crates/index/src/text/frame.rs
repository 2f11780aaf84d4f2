//! Words handed to the engine as they are: a *frame* is a string of words with their places.
//!
//! Analysis happens once, in the model; the engine's tokenizer only takes the frame apart again.

use filedex_model::analysis::Unit;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Ends a word.
const NEXT: char = '\u{2}';
/// Leaves a place free, so that no phrase spans it.
const GAP: char = '\u{3}';
/// Starts at the first place again: the words to come are none of those before.
const RESTART: char = '\u{4}';

/// Characters with a meaning inside frames and attribute keys; keys escape them.
pub(crate) const RESERVED: [char; 4] = ['\0', NEXT, GAP, RESTART];

/// Words in the making.
#[derive(Default)]
pub(crate) struct Frame {
    text: String,
    words: u32,
}

impl Frame {
    /// Adds the two streams of a text, parts first, wholes after a gap where they differ. Every
    /// word is preceded by `prefix`.
    pub(crate) fn push_streams(&mut self, units: &[Unit], prefix: &str) {
        if units.is_empty() {
            return;
        }
        for part in units.iter().flat_map(|unit| &unit.parts) {
            self.push(prefix, part);
        }
        self.text.push(GAP);
        if units.iter().any(has_own_whole) {
            for unit in units {
                self.push(prefix, &unit.whole);
            }
            self.text.push(GAP);
        }
    }

    /// Starts another field: its words have another prefix than all before.
    pub(crate) fn restart(&mut self) {
        self.text.push(RESTART);
    }

    /// Adds a word at the next position.
    pub(crate) fn push(&mut self, prefix: &str, word: &str) {
        self.text.push_str(prefix);
        self.text.push_str(word);
        self.text.push(NEXT);
        self.words += 1;
    }

    pub(crate) fn words(&self) -> u32 {
        self.words
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Whether the whole of a unit is a word that its parts are not.
pub(crate) fn has_own_whole(unit: &Unit) -> bool {
    unit.is_split() || unit.parts[0] != unit.whole
}

/// Takes frames apart.
#[derive(Clone, Default)]
pub(crate) struct FramedTokenizer {
    token: Token,
}

pub(crate) struct FramedStream<'a> {
    rest: &'a str,
    token: &'a mut Token,
    next_position: usize,
}

impl Tokenizer for FramedTokenizer {
    type TokenStream<'a> = FramedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> FramedStream<'a> {
        self.token.reset();
        FramedStream { rest: text, token: &mut self.token, next_position: 0 }
    }
}

impl TokenStream for FramedStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            let mut rest = self.rest.chars();
            match rest.next() {
                Some(GAP) => self.next_position += 1,
                Some(RESTART) => self.next_position = 0,
                _ => break,
            }
            self.rest = rest.as_str();
        }
        let Some((word, rest)) = self.rest.split_once(NEXT) else {
            return false;
        };
        self.rest = rest;
        self.token.text.clear();
        self.token.text.push_str(word);
        self.token.position = self.next_position;
        self.next_position += 1;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use filedex_model::analysis::{Streams, units};

    use super::*;

    #[test]
    fn frames_hold_both_streams_apart() {
        for text in ["beachSunset.jpg", "a b c", "人工智能 x1", "Café", ""] {
            let streams = Streams::of(text);
            let mut frame = Frame::default();
            frame.push_streams(&units(text), "");
            let mut tokenizer = FramedTokenizer::default();
            let mut stream = tokenizer.token_stream(frame.text());
            let mut tokens = Vec::new();
            while let Some(token) = stream.next() {
                tokens.push((token.position, token.text.clone()));
            }
            let parts = streams.parts.iter().cloned().enumerate();
            let wholes_at = streams.parts.len() + 1;
            let wholes = streams.wholes.iter().cloned().enumerate();
            let want: Vec<_> =
                parts.chain(wholes.map(|(at, word)| (at + wholes_at, word))).collect();
            assert_eq!(tokens, want, "{text}");
        }
    }
}
