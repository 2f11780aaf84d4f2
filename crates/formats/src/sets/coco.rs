//! COCO's captions and instances, read.
//!
//! An image becomes a record: its first caption the comment, all of them the attribute `captions` where
//! there are several; its objects the attribute `objects`, their categories tags of the user.

use std::collections::HashMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Gathered, PARTS};
use crate::error::{FormatError, Result};
use crate::format::coco_files;
use crate::mapping::UnderstoodColumn;
use crate::objects;
use crate::record::texts;
use crate::root::Root;
use crate::table::{Opened, ReadOptions};

#[derive(Deserialize)]
struct Coco {
    #[serde(default)]
    images: Vec<Map<String, Value>>,
    #[serde(default)]
    annotations: Vec<Map<String, Value>>,
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Category {
    id: i64,
    name: String,
    supercategory: Option<String>,
}

/// What of an image is not an attribute of the same name.
const HANDLED: [&str; 4] = ["id", "file_name", "coco_url", "license"];

/// Reads a JSON file, or those of a folder's `annotations`.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Opened> {
    if !options.mapping.is_empty() {
        return Err(FormatError::bad("the fields of COCO are what they are; --map is for tables"));
    }
    let files = if path.is_dir() {
        let mut inner: Vec<_> = coco_files(&path.join("annotations")).collect();
        if inner.is_empty() {
            inner = coco_files(path).collect();
        }
        inner.sort();
        inner
    } else {
        vec![path.to_owned()]
    };
    if files.is_empty() {
        return Err(FormatError::bad(format!(
            "{} has no JSON files, neither in it nor in annotations",
            path.display()
        )));
    }
    let mut gathered = Gathered::default();
    for file in &files {
        let source = BufReader::with_capacity(1 << 20, fs::File::open(file)?);
        let coco: Coco = serde_json::from_reader(source).map_err(|error| {
            FormatError::bad(format!("{} is no COCO file: {error}", file.display()))
        })?;
        let part = part_of(file);
        let root = match &options.root {
            Some(root) => root.clone(),
            None => Root::folder(&pictures_of(file, part.as_deref()))?,
        };
        gather(coco, &root, part.as_deref(), file, &mut gathered);
    }
    Ok(Opened { columns: understood(), rows: gathered.rows() })
}

fn understood() -> Vec<UnderstoodColumn> {
    let columns = [
        ("images.file_name", "text", "uri"),
        ("images.width, height, …", "number", "attributes.width, height, …"),
        ("annotations.caption", "text", "comment, attributes.captions"),
        ("annotations.bbox, segmentation, …", "list", "attributes.objects"),
        ("categories.name", "text", "tags_user"),
    ];
    let columns = columns.into_iter().map(|(column, kind, property)| UnderstoodColumn {
        column: column.to_owned(),
        r#type: kind.to_owned(),
        property: Some(property.to_owned()),
    });
    columns.collect()
}

/// `train2017` of `captions_train2017.json`.
fn part_of(file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    let (_, part) = stem.split_once('_')?;
    let known = PARTS.iter().any(|known| part.starts_with(known));
    known.then(|| part.to_owned())
}

/// Where the pictures of a file are, as far as its neighbours tell.
fn pictures_of(file: &Path, part: Option<&str>) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let above = match folder.file_name() {
        Some(name) if name == "annotations" => folder.parent().unwrap_or(folder),
        _ => folder,
    };
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    let may = [part.map(|part| above.join(part)), Some(above.join("images"))];
    may.into_iter().flatten().find(|path| path.is_dir()).unwrap_or_else(|| above.to_owned())
}

fn gather(coco: Coco, root: &Root, part: Option<&str>, file: &Path, to: &mut Gathered) {
    let shown = file.display();
    let mut by_id: HashMap<i64, usize> = HashMap::with_capacity(coco.images.len());
    for (place, image) in coco.images.into_iter().enumerate() {
        let id = image.get("id").and_then(Value::as_i64);
        let name = image.get("file_name").and_then(Value::as_str);
        let (Some(id), Some(name)) = (id, name) else {
            let why = format!("{shown}: images[{place}] has no id or no file_name");
            to.refuse(place as u64 + 1, why, Value::Object(image).to_string());
            continue;
        };
        let at = to.at(root.uri(name));
        if by_id.insert(id, at).is_some() {
            let why = format!("{shown}: images[{place}] has the id {id}, which another has");
            to.refuse(place as u64 + 1, why, String::new());
        }
        let record = &mut to.records[at];
        for (key, value) in image {
            if !HANDLED.contains(&key.as_str()) && !value.is_null() {
                record.put_attribute(&key, value);
            }
        }
        record.put_attribute("coco_id", id);
        if let Some(part) = part {
            record.put_attribute("split", part);
        }
    }
    let categories: HashMap<i64, Category> =
        coco.categories.into_iter().map(|category| (category.id, category)).collect();
    for (place, annotation) in coco.annotations.into_iter().enumerate() {
        let image = annotation.get("image_id").and_then(Value::as_i64);
        let done = match image.map(|image| (image, by_id.get(&image))) {
            None => Err("names no image".to_owned()),
            Some((image, None)) => Err(format!("names the image {image}, which is not there")),
            Some((_, Some(at))) => annotate(&mut to.records[*at], &annotation, &categories),
        };
        if let Err(why) = done {
            let why = format!("{shown}: annotations[{place}] {why}");
            let text = Value::Object(annotation).to_string().chars().take(4_096).collect();
            to.refuse(place as u64 + 1, why, text);
        }
    }
}

fn annotate(
    record: &mut crate::Record,
    annotation: &Map<String, Value>,
    categories: &HashMap<i64, Category>,
) -> Result<(), String> {
    let mut nothing = true;
    if let Some(caption) = annotation.get("caption").and_then(Value::as_str) {
        nothing = false;
        let caption = caption.trim();
        match record.text("comment").map(str::to_owned) {
            None => record.put("comment", caption),
            Some(first) => {
                let mut all: Vec<String> = record
                    .attribute("captions")
                    .map(|all| texts(all).into_iter().map(str::to_owned).collect())
                    .unwrap_or_else(|| vec![first]);
                all.push(caption.to_owned());
                record.put_attribute("captions", all);
            }
        }
    }
    if let Some(category) = annotation.get("category_id") {
        nothing = false;
        let category = category
            .as_i64()
            .and_then(|id| categories.get(&id))
            .ok_or_else(|| format!("names the category {category}, which is not there"))?;
        let mut object = Map::from_iter([("category".to_owned(), json!(category.name))]);
        if let Some(above) = &category.supercategory {
            object.insert("supercategory".to_owned(), json!(above));
        }
        for (key, value) in annotation {
            if !["id", "image_id", "category_id", "caption"].contains(&key.as_str()) {
                object.insert(key.clone(), value.clone());
            }
        }
        objects::add(record, object);
    }
    if nothing { Err("has neither a caption nor a category".to_owned()) } else { Ok(()) }
}
