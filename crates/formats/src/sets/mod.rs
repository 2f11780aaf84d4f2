//! Data sets of several files: annotations beside pictures.

pub(crate) mod class_folders;
pub(crate) mod coco;
pub(crate) mod coco_export;
pub(crate) mod image_folder;
pub(crate) mod open_images;
pub(crate) mod open_images_export;
pub(crate) mod tables;
pub(crate) mod yolo;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::files::FilesMode;
use crate::format::Format;
use crate::layout::Layout;
use crate::record::{Record, Row, Rows};
use crate::split::Selector;
use crate::table::{Opened, ReadOptions};

/// Names of folders that are parts of a data set and no class.
const PARTS: [&str; 7] = ["train", "val", "valid", "validation", "dev", "test", "all"];

/// Reads a source that is a file or folder by its path: any format.
///
/// # Errors
/// When it cannot be read, or is not of the format.
pub fn read_path(format: Format, path: &Path, options: &ReadOptions) -> Result<Opened> {
    match format {
        Format::Coco => coco::read(path, options),
        Format::ImageFolder => image_folder::read(path, options),
        Format::OpenImages => open_images::read(path, options),
        Format::Yolo => yolo::read(path, options),
        Format::ClassFolders => class_folders::read(path, options),
        table => crate::table::read_table(table, fs::File::open(path)?, options),
    }
}

/// How a data set of several files is written.
#[derive(Clone, Debug, Default)]
pub struct SetOptions {
    /// What is done with the files.
    pub files: FilesMode,
    /// The columns of tables and of imagefolder's metadata.
    pub layout: Option<Layout>,
    /// What a file's class is, for folders of classes.
    pub label: Option<Selector>,
}

/// The attribute that a table says of a file in its export: where it is.
pub const FILE_ATTRIBUTE: &str = tables::FILE;

/// Writes a data set of several files into a folder.
pub trait SetWriter {
    /// Writes a record, into a part where the data set is parted. Answers why it was left out, where
    /// it was.
    ///
    /// # Errors
    /// When the folder cannot be written.
    fn put(&mut self, record: Record, part: Option<&str>) -> Result<Option<String>>;

    /// Ends all files.
    ///
    /// # Errors
    /// When they cannot be written.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Begins an export in a folder that is there and empty. A table becomes one for each part.
///
/// # Errors
/// When the folder cannot be written, and for options that the format cannot do with.
pub fn begin_set(format: Format, to: &Path, options: SetOptions) -> Result<Box<dyn SetWriter>> {
    Ok(match format {
        Format::Coco => Box::new(coco_export::CocoWriter::begin(to, &options)?),
        Format::ImageFolder => Box::new(image_folder::ImageFolderWriter::begin(to, options)),
        Format::OpenImages => Box::new(open_images_export::OpenImagesWriter::begin(to, &options)?),
        Format::Yolo => Box::new(yolo::YoloWriter::begin(to, &options)),
        Format::ClassFolders => Box::new(class_folders::ClassFoldersWriter::begin(to, options)?),
        table => Box::new(tables::TablesWriter::begin(table, to, options.layout, options.files)),
    })
}

/// Records gathered from several places, by URI, with the places that were no good.
#[derive(Default)]
struct Gathered {
    records: Vec<Record>,
    by_uri: HashMap<String, usize>,
    refused: Vec<Row>,
}

impl Gathered {
    /// The record of a URI, made where it is new.
    fn at(&mut self, uri: String) -> usize {
        let records = &mut self.records;
        *self.by_uri.entry(uri).or_insert_with_key(|uri| {
            records.push(Record::at(uri.clone()));
            records.len() - 1
        })
    }

    fn refuse(&mut self, number: u64, why: String, text: String) {
        self.refused.push(Row { number, record: Err(why), text });
    }

    fn rows(self) -> Rows {
        let good = self.records.into_iter().enumerate().map(|(place, record)| {
            Ok(Row { number: place as u64 + 1, record: Ok(record), text: String::new() })
        });
        Box::new(good.chain(self.refused.into_iter().map(Ok)))
    }
}

/// The files below a folder, in order, with their paths relative to it; hidden ones and links to
/// folders are left out.
fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let path = below.join(&name);
            if entry.file_type()?.is_dir() {
                waiting.push(path);
            } else if folder.join(&path).is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The parts of a relative path; none where one is not UTF-8.
fn steps(path: &Path) -> Option<Vec<&str>> {
    path.iter().map(|step| step.to_str()).collect()
}

fn is_picture(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    filedex_model::path::content_type_of(&name).is_some_and(|kind| kind.starts_with("image/"))
}
