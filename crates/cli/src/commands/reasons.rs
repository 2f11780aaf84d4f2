//! Why lines of an import, or files, were refused: the first ones in full, all counted by reason.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Errors that are kept in full.
const FIRST: usize = 10;
/// Kinds of reasons that are told apart; what has further kinds is counted together.
const KINDS: usize = 100;

/// The reasons.
#[derive(Debug)]
pub struct Reasons<E> {
    first: Vec<E>,
    counts: HashMap<String, u64>,
}

impl<E> Default for Reasons<E> {
    fn default() -> Self {
        Self { first: Vec::new(), counts: HashMap::new() }
    }
}

impl<E> Reasons<E> {
    /// Counts an error.
    pub fn add(&mut self, reason: &str, error: E) {
        let mut kind = kind_of(reason);
        if self.counts.len() >= KINDS && !self.counts.contains_key(&kind) {
            kind = "other reasons".to_owned();
        }
        *self.counts.entry(kind).or_default() += 1;
        if self.first.len() < FIRST {
            self.first.push(error);
        }
    }

    /// The first errors.
    pub fn first(&self) -> &[E] {
        &self.first
    }

    /// How many each kind of reason has, the largest number first.
    pub fn by_count(&self) -> Vec<(String, u64)> {
        let mut counts: Vec<_> = self.counts.iter().map(|(k, n)| (k.clone(), *n)).collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let counts = self.by_count().into_iter();
        counts.map(|(reason, number)| json!({ "reason": reason, "count": number })).collect()
    }
}

/// A reason without what differs from line to line: numbers become `N`, quoted text becomes `…`.
fn kind_of(reason: &str) -> String {
    let mut kind = String::with_capacity(reason.len());
    let mut chars = reason.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() {
            while chars.next_if(char::is_ascii_digit).is_some() {}
            kind.push('N');
        } else if c == '"' {
            let mut escaped = false;
            for inner in chars.by_ref() {
                if inner == '"' && !escaped {
                    break;
                }
                escaped = inner == '\\' && !escaped;
            }
            kind.push('…');
        } else {
            kind.push(c);
        }
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_line_to_line_is_one_kind() {
        let mut reasons = Reasons::default();
        for (line, reason) in [
            (1, "is not JSON: expected value at line 1 column 3"),
            (2, r#""2025-02-30" is not a date that exists"#),
            (3, r#""a \" b" is not a date that exists"#),
            (4, "is not JSON: expected value at line 1 column 17"),
            (5, "is not JSON: expected value at line 1 column 1"),
        ] {
            reasons.add(reason, line);
        }
        assert_eq!(reasons.first(), [1, 2, 3, 4, 5]);
        let want = [
            ("is not JSON: expected value at line N column N", 3),
            ("… is not a date that exists", 2),
        ];
        assert_eq!(reasons.by_count(), want.map(|(reason, n)| (reason.to_owned(), n)));
    }
}
