//! Terms a few edits away: insertion, deletion, substitution, exchange of neighbours.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy_fst::Automaton;

/// Longest text that an automaton is built for, in characters; longer ones are compared one by
/// one, because the automaton grows with the text.
const AUTOMATON_CHARS: usize = 64;

/// What automata of one and of two edits are made with; each takes a while to make.
static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> =
    LazyLock::new(|| [1, 2].map(|edits| LevenshteinAutomatonBuilder::new(edits, true)));

/// The terms that start with `prefix` and go on with a text at most `edits` away from another.
pub(crate) struct Near {
    pub(crate) prefix: Vec<u8>,
    text: Vec<char>,
    edits: u8,
    automaton: Option<DFA>,
}

impl Near {
    pub(crate) fn new(prefix: Vec<u8>, text: &str, edits: u8) -> Self {
        let text: Vec<char> = text.chars().collect();
        let builder = usize::from(edits).checked_sub(1).and_then(|at| BUILDERS.get(at));
        let automaton = builder.filter(|_| text.len() <= AUTOMATON_CHARS).map(|builder| {
            let text: String = text.iter().collect();
            builder.build_dfa(&text)
        });
        Self { prefix, text, edits, automaton }
    }

    /// The automaton over whole terms, if the text is short enough for one.
    pub(crate) fn automaton(&self) -> Option<NearAutomaton<'_>> {
        let dfa = self.automaton.as_ref()?;
        Some(NearAutomaton { prefix: &self.prefix, dfa, edits: self.edits })
    }

    /// Whether a term that starts with the prefix is near.
    pub(crate) fn accepts(&self, term: &[u8]) -> bool {
        let rest = &term[self.prefix.len().min(term.len())..];
        std::str::from_utf8(rest).is_ok_and(|text| {
            let edits = usize::from(self.edits);
            // A character has one to four bytes.
            text.len() <= (self.text.len() + edits) * 4
                && text.len() + edits >= self.text.len()
                && within(&self.text, &text.chars().collect::<Vec<_>>(), edits)
        })
    }
}

/// Whether two texts are at most `most` edits apart, no piece being edited twice (optimal string
/// alignment).
fn within(a: &[char], b: &[char], most: usize) -> bool {
    if a.len().abs_diff(b.len()) > most {
        return false;
    }
    let far = most + 1;
    // Three rows of the usual table; only the cells near the diagonal can stay within `most`.
    let (mut before, mut last) = (vec![far; b.len() + 1], vec![far; b.len() + 1]);
    let mut row = vec![far; b.len() + 1];
    for (at, cell) in last.iter_mut().enumerate().take(far) {
        *cell = at;
    }
    for i in 1..=a.len() {
        row.fill(far);
        if i <= most {
            row[0] = i;
        }
        for j in i.saturating_sub(most).max(1)..=b.len().min(i + most) {
            let substituted = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cell = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cell = cell.min(before[j - 2] + 1);
            }
            row[j] = cell.min(far);
        }
        (before, last, row) = (last, row, before);
    }
    last[b.len()] <= most
}

/// [`Near`] as an automaton over terms.
pub(crate) struct NearAutomaton<'a> {
    prefix: &'a [u8],
    dfa: &'a DFA,
    edits: u8,
}

/// How far a term has been read.
#[derive(Clone, Copy)]
pub(crate) enum Read {
    /// So many bytes of the prefix.
    Prefix(usize),
    /// The prefix, and then this state of the automaton behind it.
    Rest(u32),
    /// Something that cannot become a match.
    Lost,
}

impl NearAutomaton<'_> {
    fn at(&self, prefix: usize) -> Read {
        match prefix {
            all if all == self.prefix.len() => Read::Rest(self.dfa.initial_state()),
            part => Read::Prefix(part),
        }
    }
}

impl Automaton for NearAutomaton<'_> {
    type State = Read;

    fn start(&self) -> Read {
        self.at(0)
    }

    fn is_match(&self, state: &Read) -> bool {
        match state {
            Read::Rest(state) => {
                matches!(self.dfa.distance(*state), Distance::Exact(edits) if edits <= self.edits)
            }
            Read::Prefix(_) | Read::Lost => false,
        }
    }

    fn can_match(&self, state: &Read) -> bool {
        !matches!(state, Read::Lost | Read::Rest(SINK_STATE))
    }

    fn accept(&self, state: &Read, byte: u8) -> Read {
        match state {
            Read::Prefix(read) if self.prefix[*read] == byte => self.at(read + 1),
            Read::Rest(state) => Read::Rest(self.dfa.transition(*state, byte)),
            Read::Prefix(_) | Read::Lost => Read::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(near: &Near, term: &[u8]) -> bool {
        let automaton = near.automaton().unwrap();
        let end =
            term.iter().fold(automaton.start(), |state, byte| automaton.accept(&state, *byte));
        automaton.is_match(&end)
    }

    #[test]
    fn both_ways_agree_with_the_definition() {
        let alphabet = ['a', 'b', 'é', '中'];
        let words: Vec<String> = (0..4_usize.pow(5))
            .map(|mut n| {
                let mut word = String::new();
                while n > 0 {
                    word.push(alphabet[n % 4]);
                    n /= 4;
                }
                word
            })
            .collect();
        for text in ["", "a", "ab", "abé", "baab", "中abba"] {
            for edits in 1..=2 {
                let near = Near::new(b"k\0s".to_vec(), text, edits);
                for word in &words {
                    let want = strsim::osa_distance(text, word) <= usize::from(edits);
                    let term = [b"k\0s", word.as_bytes()].concat();
                    assert_eq!(near.accepts(&term), want, "{text} {word} {edits}");
                    assert_eq!(accepts(&near, &term), want, "{text} {word} {edits}");
                    assert!(!accepts(&near, &[b"k\0n", word.as_bytes()].concat()));
                }
            }
        }
        assert!(Near::new(Vec::new(), &"x".repeat(1_000), 2).automaton().is_none());
    }
}
