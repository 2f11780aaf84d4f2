//! Every cell of the contract's property tables, and of the tables of the extensions.

use filedex_query::{ErrorKind, parse};

/// A property, and for each column whether the language takes it.
///
/// Columns as in the contract: token contains, token does not contain, equals, not equals,
/// exists, does not exist, range, under AND, under OR.
struct Row(&'static str, &'static str, [bool; 9]);

const T: bool = true;
const F: bool = false;

/// The contract's tables, read as QUERY.md says: `:` on a keyword is equality, because the
/// contract's own example uses it; NOT = on a number is the complement; "❌" and "-" are refused.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row("DatasetFileMetaId",       "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("FileName",                "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("FileDir",                 "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("FileType",                "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("ContentType",             "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("DataSize",                "5",            [F, F, T, T, T, T, T, T, T]),
    Row("FileUpdateTime",          "'2025-01-31'", [F, F, F, F, T, T, T, T, T]),
    Row("SyncTime",                "'2025-01-31'", [F, F, F, F, T, T, T, T, T]),
    Row("TagUpdateTime",           "'2025-01-31'", [F, F, F, F, T, T, T, T, T]),
    Row("SemanticIndexUpdateTime", "'2025-01-31'", [F, F, F, F, T, T, T, T, T]),
    Row("Status",                  "'ALL'",        [F, F, T, F, F, F, F, T, F]),
    Row("Tags.ai",                 "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("Tags.user",               "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("Tags.all",                "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("Content",                 "'a'",          [T, F, F, F, F, F, F, T, F]),
    Row("TopK",                    "5",            [F, F, T, F, F, F, F, T, F]),
    Row("ScoreThreshold",          "0.5",          [F, F, T, F, F, F, F, T, F]),
    Row("QueryType",               "'MIX'",        [F, F, T, F, F, F, F, T, F]),
    Row("SignMode",                "'PUBLIC'",     [F, F, T, F, F, F, F, T, F]),
    Row("ThumbnailMode",           "'w_5'",        [F, F, T, F, F, F, F, T, F]),
    Row("SortBy",                  "'FileName'",   [F, F, T, F, F, F, F, T, F]),
    Row("Order",                   "'ASC'",        [F, F, T, F, F, F, F, T, F]),
    Row("NextToken",               "'a'",          [F, F, T, F, F, F, F, T, F]),
    Row("MaxResults",              "5",            [F, F, T, F, F, F, F, T, F]),
    // Beyond the tables.
    Row("SimilarTo",               "'a'",          [F, F, T, F, F, F, F, T, F]),
    Row("Exact",                   "true",         [F, F, T, F, F, F, F, T, F]),
    Row("Space",                   "'a'",          [F, F, T, F, F, F, F, T, F]),
    Row("Fusion",                  "'RRF'",        [F, F, T, F, F, F, F, T, F]),
    Row("VectorWeight",            "0.5",          [F, F, T, F, F, F, F, T, F]),
    Row("Uri",                     "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("FileFingerPrint",         "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("SemanticIndexJobId",      "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("FileCreateTime",          "'2025-01-31'", [F, F, F, F, T, T, T, T, T]),
    Row("RecordCreateTime",        "'2025-01-31'", [F, F, F, F, T, T, T, T, T]),
    Row("Tags.user-delete-ai-tags","'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("Labels",                  "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("Comment",                 "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("Description",             "'a'",          [T, T, T, T, T, T, F, T, T]),
    Row("Starred",                 "true",         [F, F, T, T, T, T, F, T, T]),
    Row("Hidden",                  "false",        [F, F, T, T, T, T, F, T, T]),
    Row("Text",                    "'a'",          [T, T, F, F, F, F, F, T, T]),
    Row("Attributes.a",            "'2025-01-31'", [T, T, T, T, T, T, T, T, T]),
    Row("Attributes.a",            "5",            [F, F, T, T, T, T, T, T, T]),
    Row("Attributes.a",            "true",         [F, F, T, T, T, T, F, T, T]),
];

#[test]
fn every_cell_of_the_property_tables() {
    for Row(name, value, cells) in ROWS {
        let sign = ["=", ":", ">"]
            .into_iter()
            .find(|sign| parse(&format!("{name}{sign}{value}")).is_ok())
            .unwrap_or_else(|| panic!("{name} takes no operator at all"));
        let columns = [
            vec![format!("{name}:{value}")],
            vec![format!("NOT {name} : {value}")],
            vec![format!("{name}={value}")],
            vec![format!("NOT {name} = {value}"), format!("{name} != {value}")],
            vec![format!("HAS {name}")],
            vec![format!("NOT HAS {name}")],
            ["<", "<=", ">", ">="].map(|sign| format!("{name}{sign}{value}")).to_vec(),
            vec![format!("FileSize = 'x' AND {name}{sign}{value}").replace("FileSize", "FileType")],
            vec![format!("FileType = 'x' OR {name}{sign}{value}")],
        ];
        for (queries, allowed) in columns.iter().zip(cells) {
            for query in queries {
                match parse(query) {
                    Ok(_) => assert!(allowed, "{query} must be refused"),
                    Err(error) => {
                        assert!(!allowed, "{query} must be allowed:\n{error}");
                        let kinds = [ErrorKind::Operator, ErrorKind::Control, ErrorKind::Value];
                        assert!(kinds.contains(&error.kind()), "{query}: {:?}", error.kind());
                    }
                }
            }
        }
    }
}

/// The operators beyond the contract: `IN`, prefix, fuzzy, `ALL`, `CONTAINS`, `GLOB`.
#[rustfmt::skip]
const EXTENSIONS: &[(&str, [bool; 6])] = &[
    ("DatasetFileMetaId",        [T, T, F, T, F, F]),
    ("Uri",                      [T, T, T, T, T, T]),
    ("FileName",                 [T, T, T, T, T, T]),
    ("FileDir",                  [T, T, T, T, T, T]),
    ("FileType",                 [T, T, T, T, T, F]),
    ("ContentType",              [T, T, T, T, T, F]),
    ("FileFingerPrint",          [T, T, T, T, T, F]),
    ("SemanticIndexJobId",       [T, T, T, T, T, F]),
    ("Tags.ai",                  [T, T, T, T, T, F]),
    ("Tags.user",                [T, T, T, T, T, F]),
    ("Tags.user-delete-ai-tags", [T, T, T, T, T, F]),
    ("Tags.all",                 [T, T, T, T, T, F]),
    ("Labels",                   [T, T, T, T, T, F]),
    ("Comment",                  [T, T, T, T, F, F]),
    ("Description",              [T, T, T, T, F, F]),
    ("Attributes.a",             [T, T, T, T, F, F]),
    ("DataSize",                 [F, F, F, F, F, F]),
    ("FileUpdateTime",           [F, F, F, F, F, F]),
    ("Starred",                  [F, F, F, F, F, F]),
    ("Text",                     [F, F, F, T, F, F]),
    ("TopK",                     [F, F, F, F, F, F]),
    ("Content",                  [F, F, F, F, F, F]),
    ("SimilarTo",                [F, F, F, F, F, F]),
    ("Space",                    [F, F, F, F, F, F]),
];

#[test]
fn every_cell_of_the_extension_tables() {
    for (name, cells) in EXTENSIONS {
        let columns = [
            vec![format!("{name} IN ('a', 'b')")],
            vec![format!("{name}:'a'*"), format!("{name}='a'*")],
            vec![format!("{name}:'a'~1"), format!("{name}='a'~2")],
            vec![format!("{name}:ALL('a', 'b')")],
            vec![format!("{name} CONTAINS 'a'")],
            vec![format!("{name} GLOB 'a'")],
        ];
        for (queries, allowed) in columns.iter().zip(cells) {
            for query in queries {
                assert_eq!(parse(query).is_ok(), *allowed, "{query}");
            }
        }
    }
}
