//! CSV as Open Images has it: a table of images, and a row for each label of an image.
//!
//! Labels become tags: those whose source is `human` the user's, the others those of a tagging job of the
//! source's name. A confidence other than 1 is kept in the attribute `label_confidence`; a label of
//! confidence 0, which was verified not to be there, is no tag.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};
use filedex_model::path::extension_of;
use serde_json::{Map, Value, json};

use super::Gathered;
use crate::error::{FormatError, Result};
use crate::fill::SEPARATORS;
use crate::mapping::UnderstoodColumn;
use crate::objects;
use crate::record::Record;
use crate::root::Root;
use crate::table::{Opened, ReadOptions};

/// The source of labels that people gave.
pub(super) const HUMAN: &str = "human";
/// The source of labels whose rows name none.
pub(super) const UNNAMED: &str = "import";
/// The attribute of confidences.
pub(super) const CONFIDENCE: &str = "label_confidence";

/// A table with the places of its columns.
struct Sheet {
    path: PathBuf,
    places: HashMap<String, usize>,
    rows: csv::StringRecordsIntoIter<File>,
}

impl Sheet {
    fn open(path: &Path) -> Result<Self> {
        let mut reader = ReaderBuilder::new().flexible(true).from_path(path)?;
        let header = reader.headers()?.clone();
        let names = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim());
        let places = names.map(str::to_owned).zip(0..).collect();
        Ok(Self { path: path.to_owned(), places, rows: reader.into_records() })
    }

    fn has(&self, column: &str) -> bool {
        self.places.contains_key(column)
    }
}

/// The cell of a row; none where the row is too short, or it is empty.
fn cell<'a>(
    places: &HashMap<String, usize>,
    row: &'a StringRecord,
    column: &str,
) -> Option<&'a str> {
    row.get(*places.get(column)?).map(str::trim).filter(|cell| !cell.is_empty())
}

/// Reads a folder of such tables, or one of them with the names of classes beside it.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Opened> {
    if !options.mapping.is_empty() {
        return Err(FormatError::bad(
            "Open Images' columns are what they are; to map columns, say --format csv",
        ));
    }
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut tables = if path.is_dir() { csv_files(path) } else { vec![path.to_owned()] };
    tables.retain(|path| !is_descriptions(path));
    let root = match &options.root {
        Some(root) => root.clone(),
        None => Root::folder(folder)?,
    };
    let mut reading = Reading {
        names: descriptions(folder)?,
        root,
        by_id: HashMap::new(),
        gathered: Gathered::default(),
    };
    let mut sheets = Vec::new();
    for table in tables {
        let sheet = Sheet::open(&table)?;
        if sheet.has("ImageID") {
            sheets.push(sheet);
        }
    }
    if sheets.is_empty() {
        return Err(FormatError::bad(format!("{} has no table with ImageID", path.display())));
    }
    let mut columns: Vec<String> = sheets.iter().flat_map(|s| s.places.keys().cloned()).collect();
    columns.sort_unstable();
    columns.dedup();
    // Images before labels, since only they say where an image is.
    sheets.sort_by_key(|sheet| sheet.has("LabelName") || sheet.has("Labels"));
    for sheet in sheets {
        reading.sheet(sheet)?;
    }
    Ok(Opened {
        columns: columns.iter().map(|column| understood(column)).collect(),
        rows: reading.gathered.rows(),
    })
}

fn understood(column: &str) -> UnderstoodColumn {
    let property = match column {
        "ImageID" => "uri, attributes.image_id",
        "OriginalURL" => "uri",
        "OriginalSize" => "data_size",
        "Subset" => "attributes.split",
        "LabelName" | "Labels" | "Source" => "tags_user, tags_ai",
        "Confidence" => "attributes.label_confidence",
        "XMin" | "XMax" | "YMin" | "YMax" => "attributes.objects",
        other => return of_attribute(other),
    };
    UnderstoodColumn {
        column: column.to_owned(),
        r#type: "text".to_owned(),
        property: Some(property.to_owned()),
    }
}

fn of_attribute(column: &str) -> UnderstoodColumn {
    UnderstoodColumn {
        column: column.to_owned(),
        r#type: "text".to_owned(),
        property: Some(format!("attributes.{column}")),
    }
}

fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut tables: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "csv")).collect();
    tables.sort();
    tables
}

fn is_descriptions(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.contains("class-descriptions")
}

/// The names of classes, by their ids (`/m/0bt9lr`).
fn descriptions(folder: &Path) -> Result<HashMap<String, String>> {
    let mut names = HashMap::new();
    for table in csv_files(folder).into_iter().filter(|path| is_descriptions(path)) {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_path(table)?;
        for row in reader.into_records() {
            let row = row?;
            if let (Some(id), Some(name)) = (row.get(0), row.get(1)) {
                names.insert(id.to_owned(), name.to_owned());
            }
        }
    }
    Ok(names)
}

struct Reading {
    names: HashMap<String, String>,
    root: Root,
    by_id: HashMap<String, usize>,
    gathered: Gathered,
}

impl Reading {
    fn sheet(&mut self, sheet: Sheet) -> Result<()> {
        let Sheet { path, places, rows } = sheet;
        for row in rows {
            let (line, done) = match row {
                Ok(row) => {
                    let line = row.position().map_or(0, csv::Position::line);
                    (line, self.row(&places, &row).map_err(|why| (why, row)))
                }
                Err(error) if error.is_io_error() => return Err(error.into()),
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    (line, Err((error.to_string(), StringRecord::new())))
                }
            };
            if let Err((why, row)) = done {
                let text = row.iter().collect::<Vec<_>>().join(",");
                self.gathered.refuse(line, format!("{}: {why}", path.display()), text);
            }
        }
        Ok(())
    }

    fn row(&mut self, places: &HashMap<String, usize>, row: &StringRecord) -> Result<(), String> {
        let cell = |column| cell(places, row, column);
        if row.len() != places.len() {
            let (has, wants) = (row.len(), places.len());
            return Err(format!("has {has} fields where the header has {wants}"));
        }
        let id = cell("ImageID").ok_or("has no ImageID")?;
        let at = match self.by_id.get(id) {
            Some(at) => *at,
            None => {
                let named = || match extension_of(id) {
                    Some(_) => self.root.uri(id),
                    None => self.root.uri(&format!("{id}.jpg")),
                };
                let uri = cell("OriginalURL").map_or_else(named, str::to_owned);
                let at = self.gathered.at(uri);
                self.gathered.records[at].put_attribute("image_id", id);
                self.by_id.insert(id.to_owned(), at);
                at
            }
        };
        let record = &mut self.gathered.records[at];
        let name = |label: &str| self.names.get(label).map_or(label, String::as_str).to_owned();
        if let Some(label) = cell("LabelName") {
            let confidence = match cell("Confidence") {
                None => 1.0,
                Some(text) => text.parse().map_err(|_| format!("{text:?} is no confidence"))?,
            };
            put_label(record, &name(label), cell("Source"), confidence);
            put_box(record, &name(label), &cell)?;
        } else if let Some(labels) = cell("Labels") {
            let separator = SEPARATORS.into_iter().find(|sign| labels.contains(*sign));
            for label in labels.split(separator.unwrap_or(';')) {
                put_label(record, &name(label.trim()), cell("Source"), 1.0);
            }
        } else {
            put_image(record, places, row)?;
        }
        Ok(())
    }
}

fn put_label(record: &mut Record, label: &str, source: Option<&str>, confidence: f64) {
    if (confidence - 1.0).abs() > f64::EPSILON {
        let mut all = match record.attribute(CONFIDENCE) {
            Some(Value::Object(all)) => all.clone(),
            _ => Map::new(),
        };
        all.insert(label.to_owned(), json!(confidence));
        record.put_attribute(CONFIDENCE, all);
    }
    if confidence <= 0.0 {
        return;
    }
    let source = source.unwrap_or(UNNAMED);
    if source == HUMAN {
        return objects::add_tag(record, label.to_owned());
    }
    let jobs = record.fields.entry("tags_ai").or_insert_with(|| json!({}));
    if let Value::Object(jobs) = jobs
        && let Value::Array(tags) = jobs.entry(source).or_insert_with(|| json!([]))
        && !tags.iter().any(|tag| *tag == *label)
    {
        tags.push(json!(label));
    }
}

fn put_box<'a>(
    record: &mut Record,
    label: &str,
    cell: &impl Fn(&'static str) -> Option<&'a str>,
) -> Result<(), String> {
    let mut sides = Vec::new();
    for side in ["XMin", "YMin", "XMax", "YMax"] {
        let Some(text) = cell(side) else { return Ok(()) };
        let number: f64 =
            text.parse().map_err(|_| format!("{side} is {text:?}, which is no number"))?;
        sides.push(number);
    }
    let object = json!({ "category": label, "box": sides });
    let tags = record.fields.get("tags_user").cloned();
    if let Value::Object(object) = object {
        objects::add(record, object);
    }
    // The label is a tag of its source already.
    match tags {
        Some(tags) => record.put("tags_user", tags),
        None => drop(record.fields.remove("tags_user")),
    }
    Ok(())
}

fn put_image(
    record: &mut Record,
    places: &HashMap<String, usize>,
    row: &StringRecord,
) -> Result<(), String> {
    for column in places.keys() {
        let Some(text) = cell(places, row, column) else { continue };
        match column.as_str() {
            "ImageID" | "OriginalURL" => {}
            "Subset" => record.put_attribute("split", text),
            "OriginalSize" => {
                let size: u64 = text
                    .parse()
                    .map_err(|_| format!("OriginalSize is {text:?}, which is no number"))?;
                record.put("data_size", size);
            }
            other => record.put_attribute(other, text),
        }
    }
    Ok(())
}
