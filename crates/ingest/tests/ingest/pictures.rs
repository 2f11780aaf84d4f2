//! What is read of pictures.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use filedex_ingest::{
    Entry, Facts, PictureLimits, ProblemKind, ReadOptions, Stamp, distance, phash, read,
};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageEncoder, ImageFormat};

/// Real pictures: the larger set where it is there, else the three in the repository.
fn pictures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("FILEDEX_DATA").map_or(root.join("../shared/data"), PathBuf::from);
    let mut found = Vec::new();
    for folder in [data.join("pictures/coco/val2017"), root.join("crates/embed/fixtures/pictures")]
    {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        found.extend(entries.map(|entry| entry.unwrap().path()));
    }
    found.retain(|path| ImageFormat::from_path(path).is_ok());
    found.sort();
    assert!(found.len() >= 3);
    found.truncate(16);
    found
}

fn facts_of(bytes: &[u8], name: &str, options: &ReadOptions) -> Facts {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let stamp = Stamp::of(&fs::metadata(&path).unwrap());
    let entry = Entry { relative: name.to_owned(), path, stamp, sidecars: Vec::new() };
    read(&entry, options, None).unwrap().into_facts().unwrap()
}

fn hash(facts: &Facts) -> u64 {
    u64::from_str_radix(facts.attributes["phash"].as_str().unwrap(), 16).unwrap()
}

fn jpeg(picture: &DynamicImage, quality: u8, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    encoder.encode_image(&picture.to_rgb8()).unwrap();
    bytes
}

/// EXIF with nothing but an orientation.
fn turned(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif
}

fn opaque(path: &Path) -> DynamicImage {
    let picture = image::open(path).unwrap().into_rgba8();
    let paper =
        image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    let mut both = DynamicImage::from(paper);
    image::imageops::overlay(&mut both, &picture, 0, 0);
    DynamicImage::from(both.into_rgb8())
}

/// Saved anew, made smaller, darker or turned, a picture keeps its hash in all but a few bits; two
/// different ones do not share it.
#[test]
fn hashes_hold_over_what_is_done_to_pictures() {
    let pictures = pictures();
    let options = ReadOptions::default();
    let mut hashes: Vec<(u64, &Path)> = Vec::new();
    let mut worst = [0; 4];
    for path in &pictures {
        let picture = opaque(path);
        let original = hash(&facts_of(&fs::read(path).unwrap(), "a.png", &options));
        let half = picture.resize(picture.width() / 2, picture.height() / 2, FilterType::Lanczos3);
        let mut upright = picture.clone();
        upright.apply_orientation(Orientation::Rotate90);
        // Orientation 8 asks for a turn to the left, which undoes the one to the right.
        let changed = [
            jpeg(&picture, 40, None),
            jpeg(&half, 90, None),
            jpeg(&picture.brighten(-20), 90, None),
            jpeg(&upright, 95, Some(turned(8))),
        ];
        for (worst, bytes) in worst.iter_mut().zip(&changed) {
            *worst = distance(original, hash(&facts_of(bytes, "a.jpg", &options))).max(*worst);
        }
        hashes.push((original, path));
    }
    assert!(worst.iter().all(|bits| *bits <= 12), "saved, halved, darkened, turned: {worst:?}");
    for (at, (one, path)) in hashes.iter().enumerate() {
        for (other, another) in &hashes[..at] {
            let bits = distance(*one, *other);
            assert!(bits > 12, "{} and {}: {bits}", path.display(), another.display());
        }
    }
}

#[test]
fn limits_are_held_against_the_header() {
    let picture = image::open(&pictures()[0]).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let bytes = bytes.into_inner();
    let side = picture.width().max(picture.height());
    let needs = u64::from(picture.width())
        * u64::from(picture.height())
        * u64::from(picture.color().bytes_per_pixel());
    let whole = PictureLimits::default();
    for (limits, decodes) in [
        (PictureLimits { side, ..whole }, true),
        (PictureLimits { side: side - 1, ..whole }, false),
        (PictureLimits { bytes: needs - 1, ..whole }, false),
    ] {
        let facts = facts_of(&bytes, "a.png", &ReadOptions { limits, ..ReadOptions::default() });
        assert_eq!(facts.attributes.contains_key("phash"), decodes, "{limits:?}");
        let kinds: Vec<ProblemKind> = facts.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds.is_empty(), decodes, "{kinds:?}");
        assert_eq!(facts.attributes["width"], picture.width());
    }
    let unhashed = ReadOptions { hashes: false, ..ReadOptions::default() };
    let facts = facts_of(&bytes, "a.png", &unhashed);
    assert!(facts.problems.is_empty() && !facts.attributes.contains_key("phash"));
}

/// Every length that a picture can be cut to, and bytes changed all over: never a panic that gets out, and
/// always an answer.
#[test]
fn damaged_pictures_are_files_all_the_same() {
    let picture = image::open(&pictures()[0]).unwrap().resize(64, 64, FilterType::Triangle);
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    let mut gif = Cursor::new(Vec::new());
    picture.to_rgba8().write_to(&mut gif, ImageFormat::Gif).unwrap();
    let mut tiff = Cursor::new(Vec::new());
    picture.write_to(&mut tiff, ImageFormat::Tiff).unwrap();
    let mut webp = Cursor::new(Vec::new());
    picture.to_rgba8().write_to(&mut webp, ImageFormat::WebP).unwrap();
    let jpeg = jpeg(&picture, 80, Some(turned(6)));
    let options = ReadOptions::default();
    for whole in [png.into_inner(), gif.into_inner(), tiff.into_inner(), webp.into_inner(), jpeg] {
        assert_eq!(facts_of(&whole, "a", &options).problems, []);
        let step = (whole.len() / 40).max(1);
        for at in (0..whole.len()).step_by(step) {
            let cut = facts_of(&whole[..at], "a", &options);
            assert_eq!(cut.stamp.size, at as u64);
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            assert_eq!(facts_of(&damaged, "a", &options).stamp.size, whole.len() as u64);
        }
    }
}

/// More than is kept in memory: read piece by piece, and again for what it shows.
#[test]
fn a_large_picture_is_read_from_the_disk() {
    let small = opaque(&pictures()[0]);
    let picture = small.resize_exact(4_000, 3_000, FilterType::Nearest);
    let mut bmp = Cursor::new(Vec::new());
    picture.write_to(&mut bmp, ImageFormat::Bmp).unwrap();
    let bmp = bmp.into_inner();
    assert!(bmp.len() > 32 << 20);
    let options = ReadOptions::default();
    let facts = facts_of(&bmp, "a.bmp", &options);
    assert_eq!(facts.problems, []);
    assert_eq!(facts.prints, filedex_ingest::Fingerprints::of(&mut bmp.as_slice()).unwrap());
    assert_eq!(
        (&facts.attributes["width"], &facts.attributes["height"]),
        (&4_000.into(), &3_000.into())
    );
    let alike = hash(&facts_of(&jpeg(&small, 90, None), "a.jpg", &options));
    assert!(distance(hash(&facts), alike) <= 8);
    let cut = facts_of(&bmp[..33 << 20], "a.bmp", &options);
    assert_eq!(cut.problems[0].kind, ProblemKind::Picture);
}

#[test]
fn a_picture_of_one_grey_has_no_hash() {
    let grey = image::GrayImage::from_pixel(100, 80, image::Luma([90]));
    assert_eq!(phash(&grey), None);
    let mut bytes = Cursor::new(Vec::new());
    grey.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let facts = facts_of(&bytes.into_inner(), "a.png", &ReadOptions::default());
    assert!(!facts.attributes.contains_key("phash") && facts.problems.is_empty());
}
