//! A folder for each class, below a folder for each part where there are parts: what YOLO's
//! classification, torchvision's ImageFolder and imagefolder without metadata read.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{PARTS, SetOptions, SetWriter, steps, walk};
use crate::error::{FormatError, Result};
use crate::files::{FilesMode, Placer};
use crate::mapping::UnderstoodColumn;
use crate::record::{Record, Row};
use crate::root::Root;
use crate::split::Selector;
use crate::table::{Opened, ReadOptions};

/// Reads the files below a folder: the class becomes a tag of the user's, the part the attribute
/// `split`.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Opened> {
    let root = match &options.root {
        Some(root) => root.clone(),
        None => Root::folder(path)?,
    };
    let folder = path.to_owned();
    let rows = walk(path)?.into_iter().enumerate().map(move |(place, path)| {
        let record = record(&folder, &path, &root);
        Ok(Row { number: place as u64 + 1, record, text: path.display().to_string() })
    });
    let column = |column: &str, property: &str| UnderstoodColumn {
        column: column.to_owned(),
        r#type: "text".to_owned(),
        property: Some(property.to_owned()),
    };
    let columns = vec![
        column("the path", "uri"),
        column("the folder of the class", "tags_user"),
        column("train, val, test", "attributes.split"),
    ];
    Ok(Opened { columns, rows: Box::new(rows) })
}

fn record(folder: &Path, path: &Path, root: &Root) -> Result<Record, String> {
    let Some(steps) = steps(path) else {
        return Err(format!("{} is no UTF-8", path.display()));
    };
    let (part, rest) = match steps.split_first() {
        Some((first, rest)) if PARTS.contains(first) => (Some(*first), rest),
        _ => (None, steps.as_slice()),
    };
    let [class, _, ..] = rest else {
        return Err(format!("{} is in no folder of a class", path.display()));
    };
    let mut record = Record::at(root.uri(&steps.join("/")));
    record.put("tags_user", vec![*class]);
    if let Some(part) = part {
        record.put_attribute("split", part);
    }
    if let Ok(metadata) = fs::metadata(folder.join(path)) {
        record.put("data_size", Value::from(metadata.len()));
    }
    Ok(record)
}

/// Writes folders of classes.
pub(crate) struct ClassFoldersWriter {
    label: Selector,
    placer: Placer,
}

impl ClassFoldersWriter {
    pub(crate) fn begin(to: &Path, options: SetOptions) -> Result<Self> {
        if options.files == FilesMode::None {
            return Err(FormatError::bad(
                "folders of classes are their files; say --files copy or --files link",
            ));
        }
        let Some(label) = options.label else {
            return Err(FormatError::bad(
                "say what a file's class is: --label with a property or the beginning of tags, such \
                 as class/",
            ));
        };
        Ok(Self { label, placer: Placer::new(to, options.files) })
    }
}

impl SetWriter for ClassFoldersWriter {
    fn put(&mut self, record: Record, part: Option<&str>) -> Result<Option<String>> {
        let record = &record;
        let labels = self.label.values(record);
        let [label] = labels.as_slice() else {
            let has = labels.join(", ");
            return Ok(Some(match labels.len() {
                0 => "has no class".to_owned(),
                _ => format!("has several classes: {has}"),
            }));
        };
        let fits = !label.starts_with('.') && !label.contains(['/', '\\', '\0']);
        if !fits {
            return Ok(Some(format!("has the class {label:?}, which cannot be a folder")));
        }
        let folder: PathBuf = part.into_iter().chain([label.as_str()]).collect();
        let folder = folder.to_string_lossy().into_owned();
        Ok(self.placer.place(&folder, record)?.err())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
