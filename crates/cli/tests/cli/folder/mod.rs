//! A folder of files and its records: import, sync, verify.

mod bad_files;
mod changes;
mod interrupted;
mod verified;
mod whole;

use std::fs;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value as ExifValue};
use filedex::{Database, FileRecord, NewSpace, NewVector, Query, StatusFilter};
use image::codecs::jpeg::JpegEncoder;
use image::{ImageEncoder, ImageFormat};
use serde_json::{Value, json};

use crate::program::{Folder, Ran};

/// Real pictures (Open Clip Art, public domain).
fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../embed/fixtures/pictures").join(name)
}

const PICTURES: [&str; 3] = ["greece.png", "semaphore_november.png", "tophat_benji_park_01.png"];

/// A picture as a camera writes it.
fn photograph(fields: &[(Tag, ExifValue)]) -> Vec<u8> {
    let fields: Vec<Field> = fields
        .iter()
        .map(|(tag, value)| Field { tag: *tag, ifd_num: In::PRIMARY, value: value.clone() })
        .collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut exif = Cursor::new(Vec::new());
    writer.write(&mut exif, false).unwrap();
    jpeg(exif.into_inner())
}

fn jpeg(exif: Vec<u8>) -> Vec<u8> {
    let picture = image::open(picture("greece.png")).unwrap().into_rgb8();
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.encode_image(&picture).unwrap();
    bytes
}

fn ascii(text: &str) -> ExifValue {
    ExifValue::Ascii(vec![text.as_bytes().to_vec()])
}

fn ratios(ratios: &[(u32, u32)]) -> ExifValue {
    ExifValue::Rational(
        ratios.iter().map(|(num, denom)| Rational { num: *num, denom: *denom }).collect(),
    )
}

/// A folder `p` with pictures in `p/2025/rome` and `p/2025`, a photograph and a text.
fn prepared() -> Folder {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("p/2025/rome")).unwrap();
    fs::copy(picture(PICTURES[0]), folder.path("p/2025/rome/greece.png")).unwrap();
    fs::copy(picture(PICTURES[1]), folder.path("p/2025/november.png")).unwrap();
    fs::copy(picture(PICTURES[2]), folder.path("p/hat.png")).unwrap();
    let photograph = photograph(&[
        (Tag::Make, ascii("Canon")),
        (Tag::Model, ascii("Canon EOS 5D")),
        (Tag::Orientation, ExifValue::Short(vec![6])),
        (Tag::DateTimeOriginal, ascii("2019:07:04 18:22:05")),
        (Tag::OffsetTimeOriginal, ascii("+02:00")),
        (Tag::PhotographicSensitivity, ExifValue::Short(vec![400])),
        (Tag::FNumber, ratios(&[(28, 10)])),
        (Tag::ExposureTime, ratios(&[(1, 250)])),
        (Tag::GPSLatitudeRef, ascii("N")),
        (Tag::GPSLatitude, ratios(&[(41, 1), (53, 1), (24, 1)])),
        (Tag::GPSLongitudeRef, ascii("W")),
        (Tag::GPSLongitude, ratios(&[(12, 1), (29, 1), (32, 1)])),
    ]);
    folder.write("p/2025/rome/photo.jpg", photograph);
    folder.write("p/notes.md", "# Notes\n");
    folder
}

fn uri(folder: &Folder, relative: &str) -> String {
    format!("file://{}/{relative}", folder.path("p").canonicalize().unwrap().display())
}

fn sync(folder: &Folder, more: &[&str]) -> Value {
    folder.json(["sync", "a.filedex", "p"].iter().chain(more))
}

/// The numbers of a report that are not zero.
#[track_caller]
fn assert_counts(report: &Value, want: &Value) {
    let names = [
        "created",
        "revived",
        "moved",
        "updated",
        "touched",
        "noted",
        "unchanged",
        "left_deleted",
        "left_out",
        "missing",
        "set_aside",
        "failed",
        "warned",
    ];
    let counts = names.iter().filter(|name| report[**name] != 0);
    let counts: Value = counts.map(|name| ((*name).to_owned(), report[*name].clone())).collect();
    assert_eq!(counts, *want, "{report}");
}

fn get(folder: &Folder, uri: &str) -> Value {
    folder.json(["get", "a.filedex", uri])
}

fn record(folder: &Folder, uri: &str) -> FileRecord {
    let database = Database::open_read_only(folder.path("a.filedex")).unwrap();
    let reader = database.reader().unwrap();
    let version = reader.version(None, None).unwrap();
    reader.get(&version, &version.file_id(uri)).unwrap()
}

fn set_time(path: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}
