//! YOLO's data sets: pictures in `images`, a text beside each in `labels` with a line for each object,
//! the names of the classes in `data.yaml`.
//!
//! A line is the number of a class with the middle, width and height of a box, or the corners of an
//! outline, all as parts of the picture.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Map, Value, json};

use super::{SetOptions, SetWriter, is_picture, steps, walk};
use crate::error::{FormatError, Result};
use crate::files::{Placer, size_of};
use crate::mapping::UnderstoodColumn;
use crate::objects;
use crate::record::{Record, Row, Rows};
use crate::root::Root;
use crate::table::{Opened, ReadOptions};

/// Longest `data.yaml` that is read, in bytes.
const YAML_BYTES: u64 = 1 << 20;

/// Reads a folder, or the `data.yaml` in it.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Opened> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.to_owned();
    let names = class_names(&folder.join("data.yaml"))?;
    let root = match &options.root {
        Some(root) => root.clone(),
        None => Root::folder(&folder)?,
    };
    let pictures: Vec<PathBuf> =
        walk(&folder)?.into_iter().filter(|path| is_picture(path)).collect();
    let mut number = 0;
    let rows = pictures.into_iter().flat_map(move |path| {
        number += 1;
        rows_of(&folder, &path, number, &root, &names).into_iter().map(Ok)
    });
    let rows: Rows = Box::new(rows);
    let column = |column: &str, property: &str| UnderstoodColumn {
        column: column.to_owned(),
        r#type: "text".to_owned(),
        property: Some(property.to_owned()),
    };
    let columns = vec![
        column("images/…", "uri"),
        column("labels/….txt: class", "tags_user, attributes.objects"),
        column("labels/….txt: box or outline", "attributes.objects"),
        column("train, val, test", "attributes.split"),
    ];
    Ok(Opened { columns, rows })
}

/// The names of the classes by number; numbers are their names where there is no `data.yaml`.
fn class_names(path: &Path) -> Result<Vec<(i64, String)>> {
    let bad = |why: String| FormatError::bad(format!("{}: {why}", path.display()));
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
        Ok(metadata) if metadata.len() > YAML_BYTES => return Err(bad("is too long".to_owned())),
        Ok(_) => {}
    }
    let text = String::from_utf8(fs::read(path)?).map_err(|_| bad("is not UTF-8".to_owned()))?;
    let documents = Yaml::load_from_str(&text).map_err(|error| bad(error.to_string()))?;
    let names = documents.first().and_then(|document| document.as_mapping_get("names"));
    let Some(names) = names else { return Ok(Vec::new()) };
    let read = |number: i64, name: &Yaml<'_>| match (name.as_str(), name.as_integer()) {
        (Some(name), _) => Ok((number, name.to_owned())),
        (None, Some(name)) => Ok((number, name.to_string())),
        _ => Err(bad(format!("the name of class {number} is no text"))),
    };
    if let Some(list) = names.as_sequence() {
        return list.iter().zip(0..).map(|(name, number)| read(number, name)).collect();
    }
    let Some(map) = names.as_mapping() else {
        return Err(bad("names is neither a list nor a mapping".to_owned()));
    };
    map.iter()
        .map(|(number, name)| match number.as_integer() {
            Some(number) => read(number, name),
            None => Err(bad("names has a key that is no number".to_owned())),
        })
        .collect()
}

/// The record of a picture, and a row for each line of its labels that is no good.
fn rows_of(
    folder: &Path,
    path: &Path,
    number: u64,
    root: &Root,
    names: &[(i64, String)],
) -> Vec<Row> {
    let row = |record, text: String| Row { number, record, text };
    let Some(steps) = steps(path) else {
        let why = format!("{} is no UTF-8", path.display());
        return vec![row(Err(why), String::new())];
    };
    let mut record = Record::at(root.uri(&steps.join("/")));
    if let Ok(metadata) = fs::metadata(folder.join(path)) {
        record.put("data_size", Value::from(metadata.len()));
    }
    // images/train/1.jpg and train/images/1.jpg are both written.
    let part = steps[..steps.len() - 1].iter().find(|step| super::PARTS.contains(step));
    if let Some(part) = part {
        record.put_attribute("split", *part);
    }
    let mut rows = Vec::new();
    if let Some(labels) = labels_of(folder, &steps) {
        let shown = labels.display().to_string();
        match fs::read(&labels) {
            Err(error) => rows.push(row(Err(format!("{shown}: {error}")), String::new())),
            Ok(bytes) => {
                for (line, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
                    let text = String::from_utf8_lossy(bytes);
                    let text = text.trim();
                    if text.is_empty() {
                        continue;
                    }
                    match object(text, names) {
                        Ok(object) => objects::add(&mut record, object),
                        Err(why) => {
                            let why = format!("{shown}: line {}: {why}", line + 1);
                            rows.push(row(Err(why), text.to_owned()));
                        }
                    }
                }
            }
        }
    }
    rows.insert(0, row(Ok(record), String::new()));
    rows
}

/// The labels of a picture: its path with the last `images` turned into `labels`.
fn labels_of(folder: &Path, steps: &[&str]) -> Option<PathBuf> {
    let images = steps.iter().rposition(|step| *step == "images")?;
    let mut path = folder.to_owned();
    for (place, step) in steps.iter().enumerate() {
        path.push(if place == images { "labels" } else { step });
    }
    path.set_extension("txt");
    path.is_file().then_some(path)
}

fn object(line: &str, names: &[(i64, String)]) -> Result<Map<String, Value>, String> {
    let mut words = line.split_whitespace();
    let class = words.next().unwrap_or_default();
    let class: i64 = class.parse().map_err(|_| format!("{class:?} is no number of a class"))?;
    let numbers: Result<Vec<f64>, _> = words.map(str::parse).collect();
    let numbers = numbers.map_err(|_| "has what is no number".to_owned())?;
    let name = match names.iter().find(|(number, _)| *number == class) {
        Some((_, name)) => name.clone(),
        None if names.is_empty() => class.to_string(),
        None => return Err(format!("names the class {class}, which data.yaml does not")),
    };
    let mut object = Map::from_iter([("category".to_owned(), json!(name))]);
    match numbers.as_slice() {
        [x, y, width, height] | [x, y, width, height, _] => {
            let sides = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
            object.insert("box".to_owned(), json!(sides));
        }
        corners if corners.len() >= 6 && corners.len().is_multiple_of(2) => {
            object.insert("outline".to_owned(), json!(corners));
            let side = |of: usize, pick: fn(f64, f64) -> f64| {
                corners.iter().skip(of).step_by(2).copied().reduce(pick).unwrap_or_default()
            };
            let sides =
                [side(0, f64::min), side(1, f64::min), side(0, f64::max), side(1, f64::max)];
            object.insert("box".to_owned(), json!(sides));
        }
        _ => return Err(format!("has {} numbers; a box has 4", numbers.len())),
    }
    Ok(object)
}

/// Writes a data set for YOLO.
pub(crate) struct YoloWriter {
    base: PathBuf,
    placer: Placer,
    names: Vec<String>,
    parts: BTreeSet<String>,
}

impl YoloWriter {
    pub(crate) fn begin(to: &Path, options: &SetOptions) -> Self {
        Self {
            base: to.to_owned(),
            placer: Placer::new(to, options.files),
            names: Vec::new(),
            parts: BTreeSet::new(),
        }
    }

    fn line(
        &mut self,
        name: &str,
        object: &Map<String, Value>,
        size: Option<(f64, f64)>,
    ) -> Option<String> {
        let sides = objects::parts(object, size);
        let outline = object.get("outline").and_then(Value::as_array).map(|corners| {
            let corners = corners.iter().filter_map(Value::as_f64);
            corners.map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
        });
        let shape = outline.or_else(|| {
            let [left, top, right, bottom] = sides?;
            let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
            Some(format!("{x:.9} {y:.9} {:.9} {:.9}", right - left, bottom - top))
        })?;
        let class = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        Some(format!("{class} {shape}\n"))
    }
}

impl SetWriter for YoloWriter {
    fn put(&mut self, record: Record, part: Option<&str>) -> Result<Option<String>> {
        let record = &record;
        let part = part.unwrap_or("train");
        let size = size_of(record);
        let mut lines = String::new();
        for (name, object) in objects::objects(record) {
            match self.line(name, object, size) {
                Some(line) => lines.push_str(&line),
                None => {
                    let why = "has boxes in pixels, and neither width nor height";
                    return Ok(Some(why.to_owned()));
                }
            }
        }
        let name = match self.placer.place(&format!("images/{part}"), record)? {
            Ok(name) => name,
            Err(why) => return Ok(Some(why)),
        };
        self.parts.insert(part.to_owned());
        let folder = self.base.join("labels").join(part);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name).with_extension("txt"), lines)?;
        Ok(None)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut to = BufWriter::new(File::create(self.base.join("data.yaml"))?);
        writeln!(to, "# Written by filedex.\npath: .")?;
        for part in &self.parts {
            writeln!(
                to,
                "{}: {}",
                Value::from(part.as_str()),
                Value::from(format!("images/{part}"))
            )?;
        }
        // Text in JSON's quotes is text in YAML.
        writeln!(to, "names:{}", if self.names.is_empty() { " []" } else { "" })?;
        for (number, name) in self.names.iter().enumerate() {
            writeln!(to, "  {number}: {}", Value::from(name.as_str()))?;
        }
        Ok(to.flush()?)
    }
}
