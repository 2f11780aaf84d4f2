//! Tables as Open Images has them, written: `images.csv`, `labels.csv`, `boxes.csv`.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use csv::Writer;
use serde_json::Value;

use super::open_images::{CONFIDENCE, HUMAN, UNNAMED};
use super::{SetOptions, SetWriter};
use crate::error::Result;
use crate::files::{Placer, size_of};
use crate::objects;
use crate::record::{Record, texts};

const IMAGE_COLUMNS: [&str; 5] = ["ImageID", "Subset", "OriginalURL", "OriginalSize", "Title"];
const LABEL_COLUMNS: [&str; 4] = ["ImageID", "Source", "LabelName", "Confidence"];
const BOX_COLUMNS: [&str; 8] =
    ["ImageID", "Source", "LabelName", "Confidence", "XMin", "XMax", "YMin", "YMax"];

/// Writes `images.csv`, `labels.csv` and, where there are any, `boxes.csv`.
pub(crate) struct OpenImagesWriter {
    base: PathBuf,
    placer: Placer,
    images: Writer<BufWriter<File>>,
    labels: Writer<BufWriter<File>>,
    boxes: Option<Writer<BufWriter<File>>>,
    used: HashSet<String>,
}

fn writer(path: &Path, columns: &[&str]) -> Result<Writer<BufWriter<File>>> {
    let mut writer = Writer::from_writer(BufWriter::new(File::create(path)?));
    writer.write_record(columns)?;
    Ok(writer)
}

impl OpenImagesWriter {
    pub(crate) fn begin(to: &Path, options: &SetOptions) -> Result<Self> {
        Ok(Self {
            base: to.to_owned(),
            placer: Placer::new(to, options.files),
            images: writer(&to.join("images.csv"), &IMAGE_COLUMNS)?,
            labels: writer(&to.join("labels.csv"), &LABEL_COLUMNS)?,
            boxes: None,
            used: HashSet::new(),
        })
    }

    /// The id that an image has already, else its name without ending; made unlike others.
    fn image_id(&mut self, record: &Record, name: &str) -> String {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let own = record.attribute("image_id").and_then(Value::as_str).unwrap_or(stem).to_owned();
        let mut id = own.clone();
        let mut number = 2;
        while !self.used.insert(id.clone()) {
            id = format!("{own}-{number}");
            number += 1;
        }
        id
    }
}

impl SetWriter for OpenImagesWriter {
    fn put(&mut self, record: Record, part: Option<&str>) -> Result<Option<String>> {
        let record = &record;
        let name = match self.placer.place(part.unwrap_or("images"), record)? {
            Ok(name) => name,
            Err(why) => return Ok(Some(why)),
        };
        let id = self.image_id(record, &name);
        let size = record.fields.get("data_size").map(Value::to_string).unwrap_or_default();
        let said = record.attribute("split").and_then(Value::as_str);
        let title = record.text("comment").unwrap_or_default();
        let part = part.or(said).unwrap_or_default();
        self.images.write_record([id.as_str(), part, record.uri(), size.as_str(), title])?;
        let confidences = record.attribute(CONFIDENCE).and_then(Value::as_object);
        let confidence = |label: &str| match confidences.and_then(|all| all.get(label)) {
            Some(value) => value.to_string(),
            None => "1".to_owned(),
        };
        let jobs = record.fields.get("tags_ai").and_then(Value::as_object).into_iter().flatten();
        let by_jobs = jobs.map(|(job, tags)| (job.as_str(), texts(tags)));
        let user = record.fields.get("tags_user").map(texts).unwrap_or_default();
        let mut said = Vec::new();
        for (source, tags) in by_jobs.chain([(HUMAN, user)]) {
            for tag in tags {
                self.labels.write_record([id.as_str(), source, tag, &confidence(tag)])?;
                said.push(tag);
            }
        }
        for (label, value) in confidences.into_iter().flatten() {
            if !said.contains(&label.as_str()) {
                self.labels.write_record([id.as_str(), UNNAMED, label, &value.to_string()])?;
            }
        }
        let picture = size_of(record);
        for (label, object) in objects::objects(record) {
            let Some([left, top, right, bottom]) = objects::parts(object, picture) else {
                continue;
            };
            if self.boxes.is_none() {
                self.boxes = Some(writer(&self.base.join("boxes.csv"), &BOX_COLUMNS)?);
            }
            if let Some(boxes) = &mut self.boxes {
                let sides = [left, right, top, bottom].map(|side| side.to_string());
                let row = [&id, HUMAN, label, "1"].into_iter();
                boxes.write_record(row.chain(sides.iter().map(String::as_str)))?;
            }
        }
        Ok(None)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.images.flush()?;
        self.labels.flush()?;
        if let Some(boxes) = &mut self.boxes {
            boxes.flush()?;
        }
        Ok(())
    }
}
