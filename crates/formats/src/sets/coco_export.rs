//! COCO's captions and instances, written: `annotations/captions_PART.json` and `instances_PART.json`,
//! the pictures in a folder named like the part.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{SetOptions, SetWriter};
use crate::error::Result;
use crate::files::{Placer, size_of};
use crate::objects;
use crate::record::{Record, texts};

/// Writes COCO files.
pub(crate) struct CocoWriter {
    folder: PathBuf,
    placer: Placer,
    files: BTreeMap<String, CocoFile>,
    captions: Numbers,
    /// Category, with what is above it.
    categories: Vec<(String, Option<String>)>,
    images: HashSet<i64>,
    next_image: i64,
}

/// The annotations of a part, which are written beside the images until all are known.
struct CocoFile {
    images: BufWriter<File>,
    captions: Annotations,
    instances: Annotations,
    count: u64,
}

struct Annotations {
    path: PathBuf,
    to: BufWriter<File>,
    count: u64,
}

/// The numbers of annotations, over all parts.
#[derive(Default)]
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl Annotations {
    fn begin(path: PathBuf) -> Result<Self> {
        let to = BufWriter::new(File::create(&path)?);
        Ok(Self { path, to, count: 0 })
    }

    fn put(&mut self, annotation: &Value) -> Result<()> {
        separate(&mut self.to, self.count)?;
        self.count += 1;
        Ok(serde_json::to_writer(&mut self.to, annotation)?)
    }
}

fn separate(to: &mut impl Write, count: u64) -> io::Result<()> {
    if count > 0 { to.write_all(b",\n") } else { Ok(()) }
}

impl CocoWriter {
    pub(crate) fn begin(to: &Path, options: &SetOptions) -> Result<Self> {
        let folder = to.join("annotations");
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            placer: Placer::new(to, options.files),
            files: BTreeMap::new(),
            captions: Numbers::default(),
            categories: Vec::new(),
            images: HashSet::new(),
            next_image: 1,
        })
    }

    fn file(&mut self, part: &str) -> Result<&mut CocoFile> {
        if !self.files.contains_key(part) {
            let path = |kind: &str| self.folder.join(format!(".{kind}_{part}.part"));
            let file = CocoFile {
                images: BufWriter::new(File::create(path("images"))?),
                captions: Annotations::begin(path("captions"))?,
                instances: Annotations::begin(path("instances"))?,
                count: 0,
            };
            self.files.insert(part.to_owned(), file);
        }
        // It was just put there where it was not.
        self.files.get_mut(part).ok_or_else(|| io::Error::other("no file of this part").into())
    }

    /// The number that an image has already, or the next.
    fn image_id(&mut self, record: &Record) -> i64 {
        let own = record.attribute("coco_id").and_then(Value::as_i64);
        if let Some(own) = own.filter(|id| *id >= 0)
            && self.images.insert(own)
        {
            return own;
        }
        while !self.images.insert(self.next_image) {
            self.next_image += 1;
        }
        self.next_image
    }

    fn category(&mut self, name: &str, object: &Map<String, Value>) -> usize {
        if let Some(place) = self.categories.iter().position(|(known, _)| known == name) {
            return place + 1;
        }
        let above = object.get("supercategory").and_then(Value::as_str).map(str::to_owned);
        self.categories.push((name.to_owned(), above));
        self.categories.len()
    }
}

/// The captions of a record: its comment and those beside it, each once.
fn captions(record: &Record) -> Vec<&str> {
    let mut all: Vec<&str> = record.text("comment").into_iter().collect();
    for caption in record.attribute("captions").map(texts).unwrap_or_default() {
        if !all.contains(&caption) {
            all.push(caption);
        }
    }
    all
}

impl SetWriter for CocoWriter {
    fn put(&mut self, record: Record, part: Option<&str>) -> Result<Option<String>> {
        let record = &record;
        let part = part.unwrap_or("all");
        let name = match self.placer.place(part, record)? {
            Ok(name) => name,
            Err(why) => return Ok(Some(why)),
        };
        let id = self.image_id(record);
        let size = size_of(record);
        let mut image = json!({ "id": id, "file_name": name, "coco_url": record.uri() });
        if let Some((width, height)) = size {
            image["width"] = json!(width as u64);
            image["height"] = json!(height as u64);
        }
        if let Some(time) = record.text("file_create_time") {
            image["date_captured"] = json!(time);
        }
        let mut annotations = Vec::new();
        for (name, object) in objects::objects(record) {
            let category = self.category(name, object);
            let mut annotation = object.clone();
            for used in ["category", "supercategory", "box"] {
                annotation.remove(used);
            }
            if let Some(pixels) = objects::pixels(object, size) {
                annotation.insert("bbox".to_owned(), json!(pixels));
                annotation.entry("area").or_insert_with(|| json!(pixels[2] * pixels[3]));
            }
            annotation.entry("iscrowd").or_insert_with(|| json!(0));
            annotation.insert("id".to_owned(), json!(self.captions.next()));
            annotation.insert("image_id".to_owned(), json!(id));
            annotation.insert("category_id".to_owned(), json!(category));
            annotations.push(Value::Object(annotation));
        }
        let said: Vec<Value> = captions(record)
            .into_iter()
            .map(
                |caption| json!({ "id": self.captions.next(), "image_id": id, "caption": caption }),
            )
            .collect();
        let file = self.file(part)?;
        separate(&mut file.images, file.count)?;
        file.count += 1;
        serde_json::to_writer(&mut file.images, &image)?;
        annotations.iter().try_for_each(|annotation| file.instances.put(annotation))?;
        said.iter().try_for_each(|caption| file.captions.put(caption))?;
        Ok(None)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let categories: Vec<Value> = self
            .categories
            .iter()
            .zip(1..)
            .map(|((name, above), id)| json!({ "id": id, "name": name, "supercategory": above }))
            .collect();
        for (part, file) in self.files {
            let images = self.folder.join(format!(".images_{part}.part"));
            file.images.into_inner().map_err(io::IntoInnerError::into_error)?;
            for (kind, annotations) in [("captions", file.captions), ("instances", file.instances)]
            {
                let Annotations { path, to, count } = annotations;
                to.into_inner().map_err(io::IntoInnerError::into_error)?;
                // Captions are there always, so that every export names its images.
                if count > 0 || kind == "captions" {
                    let to = self.folder.join(format!("{kind}_{part}.json"));
                    join(&to, &images, &path, (kind == "instances").then_some(&categories))?;
                }
                fs::remove_file(path)?;
            }
            fs::remove_file(images)?;
        }
        Ok(())
    }
}

fn join(
    to: &Path,
    images: &Path,
    annotations: &Path,
    categories: Option<&Vec<Value>>,
) -> Result<()> {
    let mut to = BufWriter::new(File::create(to)?);
    to.write_all(
        b"{\"info\":{\"description\":\"exported by filedex\"},\"licenses\":[],\"images\":[\n",
    )?;
    io::copy(&mut File::open(images)?, &mut to)?;
    to.write_all(b"],\n\"annotations\":[\n")?;
    io::copy(&mut File::open(annotations)?, &mut to)?;
    to.write_all(b"]")?;
    if let Some(categories) = categories {
        to.write_all(b",\n\"categories\":")?;
        serde_json::to_writer(&mut to, categories)?;
    }
    to.write_all(b"}\n")?;
    Ok(to.flush()?)
}
