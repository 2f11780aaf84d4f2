//! What is known of a file once it is read, and the record it makes.

use filedex_model::media::{ImageMedia, VideoMedia};
use filedex_model::path::main_type_of;
use filedex_model::{NewFile, Timestamp};
use serde_json::{Map, Value, json};

use crate::exif::ExifFacts;
use crate::fingerprint::Fingerprints;
use crate::media::MediaFacts;
use crate::picture::PictureFacts;
use crate::problem::Problem;
use crate::stamp::Stamp;

/// The attributes that are made of a file's content and of nothing else: when the content changes, those
/// of before go. `title`, `artist`, `album`, `genre` and `year` of a sound are set, and never removed,
/// since people write them too.
pub const DERIVED: [&str; 18] = [
    "width",
    "height",
    "phash",
    "taken",
    "camera",
    "lens",
    "orientation",
    "latitude",
    "longitude",
    "iso",
    "f_number",
    "exposure_time",
    "focal_length",
    "duration",
    "bitrate",
    "sample_rate",
    "channels",
    "codec",
];

/// The tagging job whose tags are the names of a file's folders.
pub const FOLDER_JOB: &str = "folders";

/// The names of the folders that a relative path goes through, outermost first.
///
/// ```
/// assert_eq!(filedex_ingest::folder_tags("2025/Rome/a.jpg"), ["2025", "Rome"]);
/// assert!(filedex_ingest::folder_tags("a.jpg").is_empty());
/// ```
#[must_use]
pub fn folder_tags(relative: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    let folders = relative.rsplit_once('/').map_or("", |(folders, _)| folders);
    for name in folders.split('/').map(str::trim).filter(|name| !name.is_empty()) {
        if !tags.iter().any(|tag| tag == name) {
            tags.push(name.to_owned());
        }
    }
    tags
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Size and time, as they were when it was read.
    pub stamp: Stamp,
    /// When the file was made here, where the system tells.
    pub born: Option<Timestamp>,
    /// Its fingerprints.
    pub prints: Fingerprints,
    /// The MIME type.
    pub content_type: String,
    /// When the picture was taken or the movie recorded, as it says itself.
    pub taken: Option<Timestamp>,
    /// What can be queried: `width`, `camera`, `phash` and others, by the names of [`DERIVED`].
    pub attributes: Map<String, Value>,
    /// What the picture says.
    pub image_media: Option<ImageMedia>,
    /// What the movie says.
    pub video_media: Option<VideoMedia>,
    /// What is wrong with the file; none of it keeps it from becoming a record.
    pub problems: Vec<Problem>,
}

impl Facts {
    pub(crate) fn new(stamp: Stamp, prints: Fingerprints, content_type: String) -> Self {
        Self {
            stamp,
            born: None,
            prints,
            content_type,
            taken: None,
            attributes: Map::new(),
            image_media: None,
            video_media: None,
            problems: Vec::new(),
        }
    }

    /// The file as a batch takes it. Its time of creation is the one that the content says; where it says
    /// none, the one of the file system.
    #[must_use]
    pub fn into_file(self, uri: impl Into<String>) -> NewFile {
        NewFile {
            file_type: main_type_of(&self.content_type).map(str::to_owned),
            content_type: Some(self.content_type),
            data_size: Some(self.stamp.size),
            file_fingerprint: Some(self.prints.md5),
            file_create_time: self.taken.or(self.born),
            file_update_time: Some(self.stamp.time()),
            local_created_at: self.born,
            local_modified_at: Some(self.stamp.time()),
            content_hash: Some(self.prints.blake3),
            content_hash_name: Some("blake3".to_owned()),
            attributes: Some(self.attributes),
            image_media: self.image_media,
            video_media: self.video_media,
            ..NewFile::at(uri)
        }
    }

    fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.attributes.insert(name.to_owned(), value.into());
        }
    }

    pub(crate) fn add_picture(&mut self, picture: &PictureFacts, exif: Option<ExifFacts>) {
        let exif = exif.unwrap_or_default();
        let size = picture.size.or(exif.size);
        self.set("width", size.map(|(width, _)| width));
        self.set("height", size.map(|(_, height)| height));
        self.set("phash", picture.phash.map(|hash| format!("{hash:016x}")));
        self.set("taken", exif.taken.as_ref().map(|(written, _)| written.clone()));
        self.set("camera", exif.camera);
        self.set("lens", exif.lens);
        self.set("orientation", exif.orientation);
        self.set("latitude", exif.place.map(|(latitude, _)| latitude));
        self.set("longitude", exif.place.map(|(_, longitude)| longitude));
        self.set("iso", exif.iso);
        self.set("f_number", exif.f_number);
        self.set("exposure_time", exif.exposure_time);
        self.set("focal_length", exif.focal_length);
        self.image_media = Some(ImageMedia {
            time: exif.taken.as_ref().map(|(written, _)| written.clone()),
            width: size.map(|(width, _)| width.into()),
            height: size.map(|(_, height)| height.into()),
            location: exif.place.map(|(latitude, longitude)| format!("{latitude},{longitude}")),
            exif: exif.all,
            ..ImageMedia::default()
        });
        self.taken = exif.taken.map(|(_, instant)| instant);
    }

    pub(crate) fn add_media(&mut self, media: MediaFacts) {
        self.set("width", media.size.map(|(width, _)| width));
        self.set("height", media.size.map(|(_, height)| height));
        self.set("duration", media.duration);
        self.set("bitrate", media.bitrate);
        self.set("sample_rate", media.sample_rate);
        self.set("channels", media.channels);
        self.set("codec", media.codec);
        self.set("year", media.year);
        self.set("taken", media.created.map(|created| created.to_string()));
        for (name, text) in media.texts {
            self.attributes.insert(name.to_owned(), json!(text));
        }
        self.taken = media.created;
        self.video_media = media.video;
    }
}
