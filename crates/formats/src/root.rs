//! Where the files are that a data set names by relative paths.

use std::path::Path;

use serde_json::Value;

use crate::error::Result;
use crate::record::{Record, Row, Rows};

/// The start of the URIs of files that are named by relative paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(String);

impl Root {
    /// A folder, or the start of addresses (`oss://bucket/photos`, `https://…`).
    ///
    /// # Errors
    /// When the folder in use cannot be told.
    pub fn parse(text: &str) -> Result<Self> {
        if text.contains("://") {
            return Ok(Self(text.trim_end_matches('/').to_owned()));
        }
        Self::folder(Path::new(text))
    }

    /// A folder.
    ///
    /// # Errors
    /// When the folder in use cannot be told.
    pub fn folder(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path)?;
        Ok(Self(format!("file://{}", path.display()).trim_end_matches('/').to_owned()))
    }

    /// The URI of a file.
    ///
    /// ```
    /// use filedex_formats::Root;
    /// let root = Root::parse("oss://bucket/photos/")?;
    /// assert_eq!(root.uri("a/1.png"), "oss://bucket/photos/a/1.png");
    /// assert_eq!(root.uri("https://there/1.png"), "https://there/1.png");
    /// # Ok::<(), filedex_formats::FormatError>(())
    /// ```
    #[must_use]
    pub fn uri(&self, name: &str) -> String {
        if name.contains("://") || name.starts_with('/') {
            return name.to_owned();
        }
        format!("{}/{}", self.0, name.trim_start_matches("./"))
    }
}

/// Gives rows without a URI that of their file name below `root`, and relative URIs the root.
pub(crate) fn below(root: Root, rows: Rows) -> Rows {
    Box::new(rows.map(move |row| {
        let mut row: Row = row?;
        if let Ok(record) = &mut row.record {
            place(&root, record);
        }
        Ok(row)
    }))
}

fn place(root: &Root, record: &mut Record) {
    let uri = match record.fields.get("uri") {
        Some(Value::String(uri)) => root.uri(uri),
        _ => match record.fields.remove("file_name") {
            Some(Value::String(name)) => root.uri(&name),
            _ => return,
        },
    };
    record.put("uri", uri);
}
