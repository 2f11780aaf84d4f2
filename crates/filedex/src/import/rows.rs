//! Importing rows that were read elsewhere: from a table, or from any other description of files.

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::{
    BATCH_BYTES, ImportOptions, ImportReport, LineError, Parsed, Progress, VectorRows, join_rows,
    parse_fields,
};
use crate::batch::NewVector;
use crate::database::{Database, VersionRef};
use crate::error::Result;

/// One file to import, with the fields that a line of JSON has.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRow {
    /// Where it stands in its source, from 1, for errors.
    pub number: u64,
    /// Its fields, named as in a line of JSON; or why it is no file.
    pub fields: Result<Map<String, Value>, String>,
    /// Its vectors, beside those in its fields.
    pub vectors: Vec<NewVector>,
    /// The row as it was written, for errors.
    pub text: String,
}

impl ImportRow {
    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        let fields = self.fields.iter().flat_map(Map::iter);
        let fields: usize = fields.map(|(name, value)| name.len() + weight(value)).sum();
        let vectors: usize = self.vectors.iter().map(|vector| vector.values.len() * 4).sum();
        fields + vectors + self.text.len()
    }

    fn parse(self) -> Parsed {
        let Self { number, fields, vectors, text } = self;
        let parsed = fields.and_then(parse_fields).map(|(file, mut all)| {
            all.extend(vectors);
            (file, all)
        });
        (number, parsed.map_err(|reason| LineError { line: number, reason, text }))
    }
}

fn weight(value: &Value) -> usize {
    const NODE: usize = 32;
    NODE + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() + weight(value)).sum()
        }
        _ => 0,
    }
}

impl Database {
    /// Imports rows as [`Database::import_lines_with`] imports lines: a batch at a time, bad rows given
    /// to `on_error`, one thread reading while another commits.
    ///
    /// ```
    /// # use filedex::Database;
    /// use filedex::import::{ImportOptions, ImportRow};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// # let version = db.default_version()?;
    /// let serde_json::Value::Object(fields) =
    ///     serde_json::json!({"uri": "oss://b/1.png", "caption": "A red car", "width": 800})
    /// else { unreachable!() };
    /// let row = ImportRow { number: 1, fields: Ok(fields), vectors: vec![], text: String::new() };
    /// let options = ImportOptions::default();
    /// let report =
    ///     db.import_rows(&version, [Ok(row)].into_iter(), None, &options, |_| {}, |_| {})?;
    /// assert_eq!(report.created, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first error that `rows` give; else as [`Database::import_lines_with`].
    pub fn import_rows(
        &self,
        version: &VersionRef,
        mut rows: impl Iterator<Item = std::io::Result<ImportRow>> + Send,
        mut vectors: Option<&mut dyn VectorRows>,
        options: &ImportOptions<'_>,
        on_progress: impl FnMut(Progress),
        on_error: impl FnMut(LineError),
    ) -> Result<ImportReport> {
        let mut bytes = 0;
        let next = move |items: usize| {
            let (mut batch, mut size) = (Vec::new(), 0);
            while batch.len() < items && size < BATCH_BYTES {
                let Some(row) = rows.next().transpose()? else { break };
                size += row.bytes();
                batch.push(row);
            }
            bytes += size as u64;
            let mut parsed: Vec<Parsed> = batch.into_par_iter().map(ImportRow::parse).collect();
            if let Some(vectors) = &mut vectors {
                join_rows(&mut parsed, *vectors)?;
            }
            Ok((parsed, bytes))
        };
        self.import_batches(version, next, options, on_progress, on_error)
    }
}
