//! Tables in a folder: one for each part, and the files in `files` where they are wanted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::SetWriter;
use crate::error::Result;
use crate::files::{FilesMode, Placer};
use crate::format::Format;
use crate::layout::Layout;
use crate::record::Record;
use crate::table::TableWriter;

/// The attribute that says where a record's file is in the export.
pub(crate) const FILE: &str = "file";

/// Writes tables.
pub(crate) struct TablesWriter {
    base: PathBuf,
    format: Format,
    layout: Option<Layout>,
    placer: Option<Placer>,
    tables: BTreeMap<String, TableWriter<BufWriter<File>>>,
}

impl TablesWriter {
    pub(crate) fn begin(
        format: Format,
        to: &Path,
        layout: Option<Layout>,
        files: FilesMode,
    ) -> Self {
        let placer = (files != FilesMode::None).then(|| Placer::new(to, files));
        Self { base: to.to_owned(), format, layout, placer, tables: BTreeMap::new() }
    }
}

impl SetWriter for TablesWriter {
    fn put(&mut self, mut record: Record, part: Option<&str>) -> Result<Option<String>> {
        let part = part.unwrap_or("records");
        if let Some(placer) = &mut self.placer {
            match placer.place("files", &record)? {
                Ok(name) => record.put_attribute(FILE, format!("files/{name}")),
                Err(why) => return Ok(Some(why)),
            }
        }
        if !self.tables.contains_key(part) {
            let path = self.base.join(format!("{part}.{}", self.format.ending()));
            let to = BufWriter::new(File::create(path)?);
            let table = TableWriter::begin(self.format, to, self.layout.clone())?;
            self.tables.insert(part.to_owned(), table);
        }
        if let Some(table) = self.tables.get_mut(part) {
            table.put(record)?;
        }
        Ok(None)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        for table in self.tables.into_values() {
            table.finish()?.flush()?;
        }
        Ok(())
    }
}
