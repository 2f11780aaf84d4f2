//! Printing and parsing a query gives it back.

use filedex_query::{Query, parse, print_filter};

use crate::generate::{Dice, query, seed};

#[test]
fn printed_queries_parse_to_themselves() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    for round in 0..6_000 {
        let query = query(&mut dice);
        let text = query.to_string();
        match parse(&text) {
            Ok(parsed) => assert_eq!(parsed, query, "FILEDEX_SEED={seed} round {round}: {text}"),
            Err(error) => panic!("FILEDEX_SEED={seed} round {round}: {text}\n{error}\n{query:?}"),
        }
        let filter = parse(&print_filter(&query.filter));
        assert_eq!(filter, Ok(Query::from(query.filter)), "FILEDEX_SEED={seed} round {round}");
    }
}

/// Rewritten with other quotes, cases and blanks, and with parentheses more, a query stays itself.
#[test]
fn spelling_changes_nothing() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    for round in 0..2_000 {
        let query = query(&mut dice);
        let text = respelled(&query.to_string(), &mut dice);
        let parsed = parse(&text).unwrap_or_else(|e| panic!("seed {seed} round {round}\n{e}"));
        assert_eq!(parsed, query, "FILEDEX_SEED={seed} round {round}: {text}");
    }
}

/// The same text with changes outside its strings that mean nothing.
fn respelled(text: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            let end = string_end(rest);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let word_ends = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(0);
        if ["AND", "OR", "NOT", "HAS", "IN", "CONTAINS", "GLOB", "ALL"]
            .contains(&&rest[..word_ends])
            && !out.ends_with('.')
        {
            out.push_str(
                &dice.pick(&[rest[..word_ends].to_owned(), rest[..word_ends].to_lowercase()]),
            );
            rest = &rest[word_ends..];
            continue;
        }
        match c {
            ' ' => out.push_str(dice.pick(&[" ", "  ", "\n", "\t ", "\u{3000}"])),
            '(' => out.push_str(dice.pick(&["(", "( ", "(\n"])),
            ')' => out.push_str(dice.pick(&[")", " )"])),
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    if text.trim().is_empty() { out } else { format!("({out})") }
}

/// The length of the string at the front of `text`.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
