//! Each limit at its edge and one past it, and inputs that would break a careless parser.

use std::time::{Duration, Instant};

use filedex_model::limits::{MAX_RESULTS, QUERY_BYTES, QUERY_DEPTH, SPACE_NAME_BYTES, TOP_K};
use filedex_query::{ErrorKind, parse};

/// Refuses as `kind`, soon, and with a short message.
fn refused(text: &str, kind: ErrorKind) {
    let start = Instant::now();
    let error = parse(text).expect_err("must be refused");
    assert_eq!(error.kind(), kind);
    assert!(error.to_string().len() < 1_000, "{error}");
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
}

fn accepted(text: &str) {
    let query = parse(text).unwrap_or_else(|error| panic!("{error}"));
    let printed = query.to_string();
    // The canonical text has blanks the original may lack, so it may be too long to parse.
    if printed.len() <= QUERY_BYTES {
        assert_eq!(parse(&printed), Ok(query));
    }
}

#[test]
fn bytes() {
    let of = |bytes: usize| format!("Uri='{}'", "x".repeat(bytes - 6));
    assert_eq!(of(QUERY_BYTES).len(), QUERY_BYTES);
    accepted(&of(QUERY_BYTES));
    refused(&of(QUERY_BYTES + 1), ErrorKind::TooLong);
    refused(&"x".repeat(10_000_000), ErrorKind::TooLong);
    refused(&"(".repeat(10_000_000), ErrorKind::TooLong);
    accepted(&" ".repeat(QUERY_BYTES));
}

#[test]
fn depth() {
    let parentheses = |n: usize| format!("{}HAS Uri{}", "(".repeat(n), ")".repeat(n));
    let nots = |n: usize| format!("{}HAS Uri", "NOT ".repeat(n));
    let groups = |n: usize| format!("{}HAS Uri{}", "NOT (".repeat(n / 2), ")".repeat(n / 2));
    let zigzag =
        |n: usize| format!("{}HAS Uri{}", "HAS Uri AND (HAS Labels OR ".repeat(n), ")".repeat(n));
    for form in [&parentheses, &nots, &groups, &zigzag] as [&dyn Fn(usize) -> String; 4] {
        accepted(&form(QUERY_DEPTH));
        refused(&form(QUERY_DEPTH + 2), ErrorKind::TooDeep);
    }
    refused(&parentheses(QUERY_DEPTH + 1), ErrorKind::TooDeep);
    refused(&nots(QUERY_DEPTH + 1), ErrorKind::TooDeep);
    refused(&nots(10_000), ErrorKind::TooDeep);
    refused(&parentheses(10_000), ErrorKind::TooDeep);
    refused(&"(".repeat(10_000), ErrorKind::TooDeep);
    refused(&"(NOT ".repeat(10_000), ErrorKind::TooDeep);
    refused(&"not\u{3000}".repeat(10_000), ErrorKind::TooDeep);
}

/// `!=` is printed as NOT, so it counts as one; otherwise the printed text could be too deep.
#[test]
fn a_differs_operator_counts_as_a_not() {
    let differs = |n: usize| {
        format!("{}FileType != 'a'{}", "HAS Uri AND (HAS Labels OR ".repeat(n), ")".repeat(n))
    };
    accepted(&differs(QUERY_DEPTH - 1));
    refused(&differs(QUERY_DEPTH), ErrorKind::TooDeep);
}

#[test]
fn parentheses_in_strings_do_not_count() {
    accepted(&format!("FileName='{}' AND FileName=\"{}\"", "(".repeat(500), "'(".repeat(500)));
    accepted(&format!("FileName='{}'", r"\'(".repeat(500)));
}

#[test]
fn flat_chains_are_not_deep() {
    for word in [" AND ", " OR "] {
        accepted(&vec!["HAS Uri"; 5_000].join(word));
        accepted(&vec!["NOT(HAS Uri)"; 3_000].join(word));
    }
    accepted(&format!("FileName IN ({})", vec!["'a'"; 15_000].join(",")));
    accepted(&format!("Attributes{} = 1", ".a".repeat(10_000)));
}

/// A nesting at the limit parses on the small stack a server might give its threads.
#[test]
fn the_deepest_query_fits_a_small_stack() {
    let text = format!("{}HAS Uri{}", "NOT (HAS Uri AND ".repeat(64), ")".repeat(64));
    let deepest = format!("{}HAS Uri{}", "(".repeat(QUERY_DEPTH), ")".repeat(QUERY_DEPTH));
    std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(move || {
            accepted(&text);
            accepted(&deepest);
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn numbers_of_control_properties() {
    for (name, most) in [("TopK", TOP_K), ("MaxResults", MAX_RESULTS)] {
        accepted(&format!("{name} = 1"));
        accepted(&format!("{name} = {most}"));
        for wrong in ["0".into(), (most + 1).to_string(), "-1".into(), "9".repeat(50)] {
            refused(&format!("{name} = {wrong}"), ErrorKind::Value);
        }
    }
}

#[test]
fn names_of_spaces() {
    let of = |bytes: usize| format!("Space = '{}'", "x".repeat(bytes));
    accepted(&of(1));
    accepted(&of(SPACE_NAME_BYTES));
    refused(&of(SPACE_NAME_BYTES + 1), ErrorKind::Value);
    refused(&format!("Space = '{}'", "车".repeat(SPACE_NAME_BYTES / 2)), ErrorKind::Value);
}

#[test]
fn weights() {
    for fits in ["0", "1", "1.0", "0.6", "1e-30", "'0.5'", "-0"] {
        accepted(&format!("VectorWeight = {fits}"));
    }
    for wrong in ["1.0001", "-0.0001", "2", "1e39", "1e400", "NaN", "inf", "-inf", "half", "''"] {
        refused(&format!("VectorWeight = {wrong}"), ErrorKind::Value);
    }
}
