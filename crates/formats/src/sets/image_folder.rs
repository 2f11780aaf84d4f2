//! Hugging Face's imagefolder: files beside a `metadata.jsonl` or `metadata.csv` whose rows name them by
//! `file_name`, in a folder for each part where there are parts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{PARTS, SetOptions, SetWriter};
use crate::csv_table;
use crate::error::{FormatError, Result};
use crate::files::Placer;
use crate::layout::Layout;
use crate::lines::{self, Keys};
use crate::mapping::UnderstoodColumn;
use crate::record::{Record, Row, Rows};
use crate::root::Root;
use crate::table::{Opened, ReadOptions};

/// Reads the metadata of a folder, and of the folders of its parts.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Opened> {
    let mut columns: Vec<UnderstoodColumn> = Vec::new();
    let mut all: Rows = Box::new(std::iter::empty());
    let mut folders = vec![(path.to_owned(), None)];
    for part in PARTS {
        folders.push((path.join(part), Some(part)));
    }
    let mut found = false;
    for (folder, part) in folders {
        let Some(file) = metadata_of(&folder) else { continue };
        found = true;
        let source = File::open(&file)?;
        let table = if file.extension().is_some_and(|ending| ending == "csv") {
            csv_table::read(source, &options.mapping, options.delimiter, true)?
        } else {
            lines::read(source, &options.mapping, Keys::Columns)?
        };
        for column in table.columns {
            if !columns.iter().any(|known| known.column == column.column) {
                columns.push(column);
            }
        }
        let root = match &options.root {
            Some(root) => root.clone(),
            None => Root::folder(&folder)?,
        };
        let shown = file.display().to_string();
        let rows = table.rows.map(move |row| Ok(place(row?, &root, &folder, part, &shown)));
        all = Box::new(all.chain(rows));
    }
    if !found {
        return Err(FormatError::bad(format!(
            "{} has neither metadata.jsonl nor metadata.csv, in it or in train, val, test; a folder \
             for each class is --format class-folders",
            path.display()
        )));
    }
    Ok(Opened { columns, rows: all })
}

fn metadata_of(folder: &Path) -> Option<PathBuf> {
    let may = ["metadata.jsonl", "metadata.csv"].map(|name| folder.join(name));
    may.into_iter().find(|path| path.is_file())
}

/// Gives a row the URI of its file, where it says no other, and sees that the file is there.
fn place(mut row: Row, root: &Root, folder: &Path, part: Option<&str>, shown: &str) -> Row {
    let placed = row.record.and_then(|mut record| {
        let Some(name) = record.text("file_name").map(str::to_owned) else {
            return Err("has no file_name".to_owned());
        };
        if !folder.join(&name).is_file() {
            return Err(format!("names the file {name:?}, which is not there"));
        }
        if record.fields.get("uri").is_none() {
            record.fields.remove("file_name");
            record.put("uri", root.uri(&name));
        }
        if let Some(part) = part.filter(|_| record.attribute("split").is_none()) {
            record.put_attribute("split", part);
        }
        Ok(record)
    });
    row.record = placed.map_err(|why| format!("{shown}: {why}"));
    row
}

/// Writes an imagefolder.
pub(crate) struct ImageFolderWriter {
    base: PathBuf,
    layout: Layout,
    placer: Placer,
    metadata: BTreeMap<String, BufWriter<File>>,
}

impl ImageFolderWriter {
    pub(crate) fn begin(to: &Path, options: SetOptions) -> Self {
        Self {
            base: to.to_owned(),
            layout: options.layout.unwrap_or_default(),
            placer: Placer::new(to, options.files),
            metadata: BTreeMap::new(),
        }
    }
}

impl SetWriter for ImageFolderWriter {
    fn put(&mut self, record: Record, part: Option<&str>) -> Result<Option<String>> {
        let record = &record;
        let part = part.unwrap_or("");
        let name = match self.placer.place(part, record)? {
            Ok(name) => name,
            Err(why) => return Ok(Some(why)),
        };
        let mut row = Map::from_iter([("file_name".to_owned(), Value::String(name))]);
        for (column, value) in lines::object(&self.layout, record) {
            row.entry(column).or_insert(value);
        }
        if !self.metadata.contains_key(part) {
            let folder = self.base.join(part);
            fs::create_dir_all(&folder)?;
            let file = BufWriter::new(File::create(folder.join("metadata.jsonl"))?);
            self.metadata.insert(part.to_owned(), file);
        }
        if let Some(file) = self.metadata.get_mut(part) {
            serde_json::to_writer(&mut *file, &Value::Object(row))?;
            file.write_all(b"\n")?;
        }
        Ok(None)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        for mut file in self.metadata.into_values() {
            file.flush()?;
        }
        Ok(())
    }
}
