//! What passes through here: a file's fields as a JSON Lines import names them, and its vectors.

use serde_json::{Map, Value};

/// A file: fields by the names of `NewFile` (`uri`, `file_name`, `tags_user`, `attributes`, …), as a
/// line of JSON Lines has them, with its vectors beside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The fields. What is absent or empty is left out.
    pub fields: Map<String, Value>,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// A vector of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    /// Its embedding space; the one that the import is told where none is named.
    pub space: Option<String>,
    /// Its numbers.
    pub values: Vec<f32>,
}

/// A row that was read: a record, or why it is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it stands, from 1: its line in a text, its place in a table or a list.
    pub number: u64,
    /// The record, or a sentence that says what is wrong and in which column.
    pub record: Result<Record, String>,
    /// The row as it was written, shortened, where that helps to find what is wrong with it.
    pub text: String,
}

/// Rows as a reader gives them: a bad row is a [`Row`] with its reason, an error is the end.
pub type Rows = Box<dyn Iterator<Item = crate::Result<Row>> + Send>;

impl Record {
    /// A record with nothing but its URI.
    #[must_use]
    pub fn at(uri: impl Into<String>) -> Self {
        let mut record = Self::default();
        record.put("uri", uri.into());
        record
    }

    /// Sets a field, or an attribute where no record has such a field.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// A field that is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// The URI; empty where there is none.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.text("uri").unwrap_or_default()
    }

    /// The name: the one it has, or the last part of its URI.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.text("file_name").unwrap_or_else(|| filedex_model::path::name_of(self.uri()))
    }

    /// The attributes.
    #[must_use]
    pub fn attributes(&self) -> Option<&Map<String, Value>> {
        self.fields.get("attributes")?.as_object()
    }

    /// An attribute at the top.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes()?.get(name)
    }

    /// Sets an attribute.
    pub fn put_attribute(&mut self, name: &str, value: impl Into<Value>) {
        let attributes =
            self.fields.entry("attributes").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(attributes) = attributes {
            attributes.insert(name.to_owned(), value.into());
        }
    }

    /// All tags that hold: those of jobs and of users, less those that were taken back.
    #[must_use]
    pub fn tags(&self) -> Vec<&str> {
        let texts = |name: &str| self.fields.get(name).map(texts).unwrap_or_default();
        let mut all: Vec<&str> = Vec::new();
        let jobs = self.fields.get("tags_ai").and_then(Value::as_object).into_iter();
        let by_jobs = jobs.flat_map(|jobs| jobs.values().flat_map(texts_of));
        for tag in by_jobs.chain(texts("tags_user")) {
            if !all.contains(&tag) {
                all.push(tag);
            }
        }
        let gone = texts("tags_user_delete_ai");
        all.retain(|tag| !gone.contains(tag));
        all
    }
}

fn texts_of(value: &Value) -> Vec<&str> {
    texts(value)
}

/// The texts of a list, or a single text.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The numbers of a vector as JSON, each as short as reads back to the same 32 bits.
///
/// ```
/// assert_eq!(filedex_formats::json_numbers(&[0.1, 2.0]).to_string(), "[0.1,2.0]");
/// ```
#[must_use]
pub fn json_numbers(vector: &[f32]) -> Value {
    let short = |number: &f32| {
        let short = number.to_string().parse::<f64>();
        let exact = f64::from(*number);
        // Twice rounded may not be the same; then all digits are written.
        short.ok().filter(|short| *short as f32 == *number).unwrap_or(exact)
    };
    vector.iter().map(short).collect()
}
