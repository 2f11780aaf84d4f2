//! The tests of the query language: data files and tables, each with one check function.

#[path = "query/canonical.rs"]
mod canonical;
#[path = "query/errors.rs"]
mod errors;
#[path = "query/generate.rs"]
mod generate;
#[path = "query/limits.rs"]
mod limits;
#[path = "query/parameters.rs"]
mod parameters;
#[path = "query/reference.rs"]
mod reference;
#[path = "query/round_trip.rs"]
mod round_trip;
#[path = "query/soup.rs"]
mod soup;
#[path = "query/tables.rs"]
mod tables;

/// Every file beside this one in `tests/query` is compiled into this binary.
#[test]
fn no_test_file_is_forgotten() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let listed = std::fs::read_to_string(format!("{here}/query.rs")).unwrap();
    for entry in std::fs::read_dir(format!("{here}/query")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(listed.contains(&format!("\"query/{name}\"")), "{name} is not listed in query.rs");
    }
}
