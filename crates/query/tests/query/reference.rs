//! Every example of the language reference does what the reference says.

use filedex_query::parse;

const REFERENCE: &str = include_str!("../../../../grammar/QUERY.md");

/// The lines of all code blocks marked with `language`.
fn examples(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}");
    let mut lines = Vec::new();
    let mut inside = false;
    for line in REFERENCE.lines() {
        if inside && line == "```" {
            inside = false;
        } else if inside {
            lines.push(line);
        } else {
            inside = line == opening;
        }
    }
    assert!(!inside, "a block of {language} is never closed");
    lines
}

#[test]
fn examples_parse() {
    let lines = examples("filedex");
    assert!(lines.len() > 50, "only {} examples were found", lines.len());
    for line in lines {
        let query = parse(line).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(parse(&query.to_string()), Ok(query), "{line}");
    }
}

#[test]
fn wrong_examples_are_refused() {
    let lines = examples("filedex-error");
    assert!(lines.len() > 25, "only {} examples were found", lines.len());
    for line in lines {
        assert!(parse(line).is_err(), "{line}");
    }
}

/// Examples inside tables: text in backquotes that stands in a column headed "example".
#[test]
fn examples_in_the_table_of_operators_parse() {
    let table = REFERENCE.split("| operator | means | example |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let example = row.rsplit('`').nth(1).unwrap();
        parse(example).unwrap_or_else(|error| panic!("{error}"));
        count += 1;
    }
    assert_eq!(count, 14);
}

#[test]
fn statements_about_equal_meaning_hold() {
    let same = [
        (
            "Starred = true OR Hidden = true AND FileType = 'image'",
            "Starred = true OR (Hidden = true AND FileType = 'image')",
        ),
        ("FileType != 'image'", "NOT FileType = 'image'"),
        ("FileType:'image'", "FileType = 'image'"),
        ("Tags.all:ALL('red', 'car')", "Tags.all = 'red' AND Tags.all = 'car'"),
        ("Starred=TRUE and filetype!=\"image\"", "Starred = true AND NOT FileType = 'image'"),
    ];
    for (left, right) in same {
        assert_eq!(parse(left), parse(right), "{left}");
    }
}

/// The message shown in the reference is the one there is.
#[test]
fn the_error_shown_is_the_error_made() {
    let block = REFERENCE.split("```text\n").nth(1).unwrap();
    let shown = block.split("\n```").next().unwrap();
    let line = shown.lines().find_map(|line| line.strip_prefix("1 | ")).unwrap();
    assert_eq!(parse(line).unwrap_err().to_string(), shown);
}

#[test]
fn every_property_is_in_the_reference() {
    for property in filedex_model::Property::NAMED {
        assert!(REFERENCE.contains(&format!("`{property}`")), "{property}");
    }
}

/// The numbers of the reference are those of the library.
#[test]
fn limits_are_as_documented() {
    use filedex_model::limits;
    assert_eq!(limits::QUERY_BYTES, 65_536);
    assert_eq!(limits::QUERY_DEPTH, 128);
    assert_eq!(limits::FUZZY_DISTANCE, 2);
    assert_eq!(limits::SPACE_NAME_BYTES, 128);
    assert_eq!((limits::TOP_K, limits::MAX_RESULTS, limits::PAGE_DEFAULT), (5_000, 100, 10));
}
