//! From a picture to the numbers that the model reads: resized, cropped, scaled, normalised.

use filedex_model::EmbedError;
use image::RgbImage;
use serde::Deserialize;
use serde_json::Value;

use super::config::MAX_EDGE;
use super::resample::{Filter, resize};
use crate::model_folder::ModelFolder;

/// preprocessor_config.json, or the part `image_processor` of processor_config.json. What is not
/// given is as in CLIP.
#[derive(Deserialize)]
struct Config {
    #[serde(default = "yes")]
    do_resize: bool,
    size: Option<Value>,
    #[serde(default = "bicubic")]
    resample: u64,
    #[serde(default = "yes")]
    do_center_crop: bool,
    crop_size: Option<Value>,
    #[serde(default = "yes")]
    do_rescale: bool,
    #[serde(default = "one_of_255")]
    rescale_factor: f64,
    #[serde(default = "yes")]
    do_normalize: bool,
    #[serde(default = "clip_mean")]
    image_mean: [f32; 3],
    #[serde(default = "clip_deviation")]
    image_std: [f32; 3],
}

#[derive(Deserialize)]
struct Processors {
    image_processor: Option<Config>,
}

fn yes() -> bool {
    true
}

fn bicubic() -> u64 {
    3
}

fn one_of_255() -> f64 {
    1.0 / 255.0
}

fn clip_mean() -> [f32; 3] {
    [0.481_454_66, 0.457_827_5, 0.408_210_73]
}

fn clip_deviation() -> [f32; 3] {
    [0.268_629_54, 0.261_302_6, 0.275_777_1]
}

/// The size that a picture is resized to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// The shorter edge gets so many pixels, the longer one what keeps the shape.
    ShortEdge(u32),
    Exact {
        width: u32,
        height: u32,
    },
}

impl Size {
    /// The size for a picture of this size. The longer edge is cut to whole pixels, as in Python.
    fn of(self, width: u32, height: u32) -> (u32, u32) {
        // In 64 bits; the cast stops at the greatest u32.
        let longer = |short: u32, long: u32, other: u32| {
            (f64::from(short) * f64::from(long) / f64::from(other)) as u32
        };
        match self {
            Self::Exact { width, height } => (width, height),
            Self::ShortEdge(short) if width <= height => (short, longer(short, height, width)),
            Self::ShortEdge(short) => (longer(short, width, height), short),
        }
    }
}

/// The steps between a decoded picture and the model.
#[derive(Debug)]
pub(crate) struct Preprocess {
    size: Option<Size>,
    filter: Filter,
    /// Edges of what is cut out of the middle; a smaller picture gets a black margin.
    crop: Option<(u32, u32)>,
    /// The answer for each byte of each channel.
    values: [Vec<f32>; 3],
    identity: String,
}

impl Preprocess {
    /// Reads the steps; they have to end in pictures of `edge` × `edge`.
    pub(crate) fn read(folder: &ModelFolder, edge: u32) -> Result<Self, EmbedError> {
        let name = "preprocessor_config.json";
        let config = if !folder.has(name) && folder.has("processor_config.json") {
            let processors: Processors = folder.json("processor_config.json")?;
            processors
                .image_processor
                .ok_or_else(|| folder.error("processor_config.json has no image_processor"))?
        } else {
            folder.json(name)?
        };
        let wrong = |reason: String| folder.error(format!("{name}: {reason}"));
        let filter = Filter::of_number(config.resample)
            .ok_or_else(|| wrong(format!("resample is {}; read are 1 to 5", config.resample)))?;
        let size = config.size.map_or(Ok(Size::ShortEdge(224)), |size| read_size(&size, false));
        let size = size.map_err(wrong)?;
        let crop = config.crop_size.map_or(Ok(Size::ShortEdge(224)), |size| read_size(&size, true));
        let crop = match crop.map_err(wrong)? {
            Size::Exact { width, height } => (width, height),
            Size::ShortEdge(edge) => (edge, edge),
        };
        let size = config.do_resize.then_some(size);
        let crop = config.do_center_crop.then_some(crop);
        let answer = match (crop, size) {
            (Some(crop), _) => Some(crop),
            (None, Some(Size::Exact { width, height })) => Some((width, height)),
            _ => None,
        };
        if answer != Some((edge, edge)) {
            let found = answer.map_or_else(
                || "of any size".to_owned(),
                |(width, height)| format!("of {width} × {height}"),
            );
            return Err(wrong(format!("it makes pictures {found}, config.json asks for {edge}")));
        }
        let scale = if config.do_rescale { config.rescale_factor } else { 1.0 };
        let (mean, deviation) = (config.image_mean, config.image_std);
        let value = |byte: u8, channel: usize| {
            let scaled = (f64::from(byte) * scale) as f32;
            if config.do_normalize { (scaled - mean[channel]) / deviation[channel] } else { scaled }
        };
        let values = [0, 1, 2].map(|channel| (0..=255).map(|byte| value(byte, channel)).collect());
        let normalise = config.do_normalize.then_some((mean, deviation));
        let identity =
            format!("size={size:?} filter={filter:?} crop={crop:?} scale={scale} {normalise:?}");
        Ok(Self { size, filter, crop, values, identity })
    }

    /// The steps as they stand in the model's identity.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// The numbers of a picture: all of red, then green, then blue.
    pub(crate) fn apply(&self, picture: &RgbImage) -> Vec<f32> {
        let (width, height) = picture.dimensions();
        let size = self.size.map_or((width, height), |size| size.of(width, height));
        let crop = self.crop.unwrap_or(size);
        let (columns, left) = middle(size.0, crop.0);
        let (rows, top) = middle(size.1, crop.1);
        let shown = if size == (width, height) {
            let (width, height) = (columns.len() as u32, rows.len() as u32);
            image::imageops::crop_imm(picture, columns.start, rows.start, width, height).to_image()
        } else {
            resize(picture, self.filter, size, columns, rows)
        };
        let plane = crop.0 as usize * crop.1 as usize;
        let mut numbers = Vec::with_capacity(3 * plane);
        for values in &self.values {
            // What stays of it is the margin.
            numbers.resize(numbers.len() + plane, values[0]);
        }
        for (x, y, pixel) in shown.enumerate_pixels() {
            let place = (y + top) as usize * crop.0 as usize + (x + left) as usize;
            for (channel, values) in self.values.iter().enumerate() {
                numbers[channel * plane + place] = values[usize::from(pixel.0[channel])];
            }
        }
        numbers
    }
}

/// Which of `from` pixels a crop of `to` pixels shows, and where in the crop they begin. Halves are
/// rounded so that of an odd rest the greater part is cut after the crop, and lies before the picture.
fn middle(from: u32, to: u32) -> (std::ops::Range<u32>, u32) {
    if from >= to {
        let first = (from - to) / 2;
        (first..first + to, 0)
    } else {
        (0..from, (to - from).div_ceil(2))
    }
}

/// Reads `{"shortest_edge": n}`, `{"height": n, "width": n}` or a number, which is both edges if
/// `square` and else the shorter one.
fn read_size(size: &Value, square: bool) -> Result<Size, String> {
    let wrong = || format!("{size} is no size of a picture, from 1 to {MAX_EDGE} pixels");
    let edge = |value: &Value| {
        let edge = value.as_u64().and_then(|edge| u32::try_from(edge).ok());
        edge.filter(|edge| (1..=MAX_EDGE).contains(edge)).ok_or_else(wrong)
    };
    match (size, size.get("shortest_edge"), size.get("height"), size.get("width")) {
        (Value::Number(_), ..) if square => {
            edge(size).map(|edge| Size::Exact { width: edge, height: edge })
        }
        (Value::Number(_), ..) => edge(size).map(Size::ShortEdge),
        (_, Some(short), ..) => edge(short).map(Size::ShortEdge),
        (_, _, Some(height), Some(width)) => {
            Ok(Size::Exact { width: edge(width)?, height: edge(height)? })
        }
        _ => Err(wrong()),
    }
}
