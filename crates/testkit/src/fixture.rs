//! The repository's fixtures, and the larger data beside the repository.

use std::path::{Path, PathBuf};

use filedex_model::{AttributePath, NewFile, Order, Property, SortBy};
use serde_json::{Map, Value};

/// The fields of a record as imports read them; any other becomes an attribute.
const FIELDS: [&str; 8] = [
    "uri",
    "file_name",
    "file_dir",
    "file_type",
    "content_type",
    "data_size",
    "file_create_time",
    "file_update_time",
];

/// One line of `fixtures/queries.jsonl`: a query and its answer over `fixtures/files.jsonl`, in a
/// dataset with the id `default`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedAnswer {
    /// The query, in Filedex's language.
    pub query: String,
    /// The order to ask for; `None` for a ranking, whose order is not laid down here.
    pub sort: Option<(SortBy, Order)>,
    /// How many records match.
    pub total: usize,
    /// The URIs of the first ten; empty without an order.
    pub first: Vec<String>,
}

/// One line of `fixtures/stats.jsonl`: counts by value.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedStatistics {
    /// The property that is counted.
    pub by: Property,
    /// The query whose matches are counted; `None` for all records.
    pub query: Option<String>,
    /// How many values there are.
    pub total: usize,
    /// The ten most frequent values with their counts.
    pub first: Vec<(String, usize)>,
}

/// The folder `fixtures/`: that of the repository the running test belongs to.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn folder() -> PathBuf {
    let crate_root = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let mut folders = crate_root.ancestors().map(|above| above.join("fixtures"));
    let found = folders.find(|folder| folder.join("files.jsonl").is_file());
    found.unwrap_or_else(|| panic!("no fixtures/files.jsonl above {}", crate_root.display()))
}

/// The records of `fixtures/files.jsonl`, in the order of the file.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn files() -> Vec<NewFile> {
    lines("files.jsonl").into_iter().map(file_of).collect()
}

/// The queries of `fixtures/queries.jsonl`.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn answers() -> Vec<ExpectedAnswer> {
    let answer = |line: Map<String, Value>| ExpectedAnswer {
        query: text(&line, "query"),
        sort: line.contains_key("sort").then(|| (sort_of(&text(&line, "sort")), order_of(&line))),
        total: count(&line["total"]),
        first: list(&line, "first").iter().map(as_text).collect(),
    };
    lines("queries.jsonl").into_iter().map(answer).collect()
}

/// The statistics of `fixtures/stats.jsonl`.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn statistics() -> Vec<ExpectedStatistics> {
    let entry = |pair: &Value| (as_text(&pair[0]), count(&pair[1]));
    let statistics = |line: Map<String, Value>| ExpectedStatistics {
        by: property_of(&text(&line, "by")),
        query: line.contains_key("query").then(|| text(&line, "query")),
        total: count(&line["total"]),
        first: list(&line, "first").iter().map(entry).collect(),
    };
    lines("stats.jsonl").into_iter().map(statistics).collect()
}

/// The larger data: the folder `FILEDEX_DATA` names, or `shared/data` beside the repository. Where
/// there is none, a line says so and the answer is `None`.
#[must_use]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn shared_data() -> Option<PathBuf> {
    let path = std::env::var_os("FILEDEX_DATA").map_or_else(beside_repository, PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no data at {}", path.display());
    None
}

fn beside_repository() -> PathBuf {
    let repository = folder().parent().map(Path::to_owned).unwrap_or_default();
    repository.parent().map(Path::to_owned).unwrap_or_default().join("shared").join("data")
}

/// The file that a record of the import format is: `caption` is the comment, and fields that are
/// not known are attributes.
///
/// # Panics
/// When a field is of the wrong type.
#[must_use]
pub fn file_of(record: Map<String, Value>) -> NewFile {
    let (mut known, mut attributes) = (Map::new(), Map::new());
    for (name, value) in record {
        match name.as_str() {
            "caption" => known.insert("comment".to_owned(), value),
            "tags_user" | "description" => known.insert(name, value),
            "attributes" => {
                attributes.extend(value.as_object().cloned().unwrap_or_default());
                None
            }
            field if FIELDS.contains(&field) => known.insert(name, value),
            _ => attributes.insert(name, value),
        };
    }
    known.insert("attributes".to_owned(), Value::Object(attributes));
    serde_json::from_value(Value::Object(known))
        .unwrap_or_else(|error| panic!("a record of the fixtures is wrong: {error}"))
}

fn lines(name: &str) -> Vec<Map<String, Value>> {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    text.lines()
        .map(|line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{} has a wrong line: {error}", path.display()))
        })
        .collect()
}

fn sort_of(name: &str) -> SortBy {
    SortBy::of(&property_of(name)).unwrap_or_else(|| panic!("nothing is sorted by {name}"))
}

fn order_of(line: &Map<String, Value>) -> Order {
    if text(line, "order") == "ASC" { Order::Asc } else { Order::Desc }
}

/// The property with this name, in any case; the groups of statistics have no other names.
fn property_of(name: &str) -> Property {
    if let Some(path) = name.strip_prefix("Attributes.") {
        return Property::Attribute(AttributePath::new(path.split('.')));
    }
    Property::NAMED
        .into_iter()
        .find(|property| property.name().is_some_and(|known| known.eq_ignore_ascii_case(name)))
        .unwrap_or_else(|| panic!("no property is called {name}"))
}

fn text(line: &Map<String, Value>, field: &str) -> String {
    line.get(field).map(as_text).unwrap_or_default()
}

fn as_text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list<'a>(line: &'a Map<String, Value>, field: &str) -> &'a [Value] {
    line.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn count(value: &Value) -> usize {
    value.as_u64().and_then(|count| count.try_into().ok()).unwrap_or_default()
}
