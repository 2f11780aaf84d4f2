//! Whatever the text, parsing answers; what it accepts, it prints and reads again.

use filedex_query::parse;

use crate::generate::{Dice, query, seed};

/// Parses, and looks at everything an error can show.
fn taste(text: &str) {
    match parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            assert_eq!(parse(&printed).as_ref(), Ok(&query), "{text:?} printed as {printed:?}");
        }
        Err(error) => {
            assert!(!error.message().is_empty() && !error.to_string().is_empty());
            if let Some(span) = error.span() {
                assert!(text.get(span).is_some(), "{text:?}: the span is off a character");
            }
        }
    }
}

#[test]
fn random_bytes() {
    let mut dice = Dice::new(seed());
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..dice.below(60)).map(|_| dice.next().to_le_bytes()[0]).collect();
        taste(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn random_tokens() {
    const TOKENS: [&str; 52] = [
        "FileName",
        "Tags.all",
        "DataSize",
        "SyncTime",
        "Attributes.a",
        "Text",
        "TopK",
        "Content",
        "SimilarTo",
        "Exact",
        "Fusion",
        "VectorWeight",
        "Status",
        "SortBy",
        "Starred",
        "AND",
        "OR",
        "NOT",
        "HAS",
        "IN",
        "CONTAINS",
        "GLOB",
        "ALL",
        ":",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "(",
        ")",
        ",",
        "*",
        "~1",
        "'a'",
        "\"b\"",
        "'",
        "\"",
        "\\",
        "5",
        "-7d",
        "now",
        "true",
        "'2025-01-31'",
        ".",
        "-",
        "\0",
        "车",
        "\u{202e}",
        "\n",
        " ",
    ];
    let mut dice = Dice::new(seed());
    for _ in 0..40_000 {
        let separator = dice.pick(&["", " "]);
        let tokens: Vec<&str> = (0..dice.below(12)).map(|_| dice.pick(&TOKENS)).collect();
        taste(&tokens.join(separator));
    }
}

/// Valid queries with one piece cut out, doubled or replaced.
#[test]
fn damaged_queries() {
    let mut dice = Dice::new(seed());
    for _ in 0..4_000 {
        let text = query(&mut dice).to_string();
        let chars: Vec<char> = text.chars().collect();
        if chars.is_empty() {
            continue;
        }
        let (a, b) = (dice.below(chars.len()), dice.below(chars.len()));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 8));
        let piece: String = match dice.below(3) {
            0 => String::new(),
            1 => chars[from..to].iter().chain(&chars[from..to]).collect(),
            _ => dice.pick(&["'", "(", ")", "NOT ", "\\", "é", "\0"]).to_owned(),
        };
        let head: String = chars[..from].iter().collect();
        let tail: String = chars[to..].iter().collect();
        taste(&format!("{head}{piece}{tail}"));
    }
}
