//! Every message as a user sees it. `UPDATE_EXPECT=1` rewrites the expected file.

use filedex_query::parse;

/// Queries are separated by blank lines; `\n`, `\t` and `\0` in them stand for those characters.
const QUERIES: &str = include_str!("../expect/errors.queries.txt");
const EXPECTED: &str = include_str!("../expect/errors.expected.txt");
const EXPECTED_PATH: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expect/errors.expected.txt");

#[test]
fn messages_are_as_expected() {
    let mut actual = String::new();
    for line in QUERIES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let query = line.replace("⏎", "\n").replace("⇥", "\t").replace("␀", "\0");
        let error = match parse(&query) {
            Ok(query) => panic!("{line} is a valid query: {query:?}"),
            Err(error) => error,
        };
        actual.push_str(&format!(">>> {line}\n{:?}: {error}\n\n", error.kind()));
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(EXPECTED_PATH, &actual).unwrap();
        return;
    }
    for (actual, expected) in actual.split(">>> ").zip(EXPECTED.split(">>> ")) {
        assert_eq!(actual, expected, "\nrun with UPDATE_EXPECT=1 after checking the new message");
    }
    assert_eq!(actual.len(), EXPECTED.len());
}

#[test]
fn spans_are_on_character_borders_inside_the_query() {
    for line in QUERIES.lines() {
        if let Err(error) = parse(line)
            && let Some(span) = error.span()
        {
            assert!(line.get(span.clone()).is_some(), "{line}: {span:?}");
        }
    }
}
