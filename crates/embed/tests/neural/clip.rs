//! CLIP against Hugging Face transformers and Pillow.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use filedex_embed::clip::Clip;
use filedex_model::{EmbedError, Embedder, ImageInput};

use crate::references::{difference, fixture, references};

fn model() -> Clip {
    Clip::from_folder(fixture("tiny-clip")).unwrap()
}

fn pictures() -> Vec<PathBuf> {
    references().clip.pictures.iter().map(|name| fixture("pictures").join(name)).collect()
}

#[test]
fn texts_equal_the_reference() {
    let (model, reference) = (model(), references().clip);
    for (text, ids) in reference.texts.iter().zip(&reference.token_ids) {
        assert_eq!(&model.token_ids(text).unwrap(), ids, "{text}");
    }
    let texts: Vec<_> = reference.texts.iter().map(String::as_str).collect();
    let vectors = model.embed_texts(&texts);
    let differences = vectors
        .iter()
        .zip(&reference.text_vectors)
        .map(|(a, b)| difference(a.as_ref().unwrap(), b));
    let greatest = differences.fold(0.0, f32::max);
    println!("texts of CLIP differ by {greatest:e} at most");
    assert!(greatest < 1e-5, "{greatest}");
}

#[test]
fn pictures_equal_the_reference() {
    let (model, reference) = (model(), references().clip);
    let paths = pictures();
    let inputs: Vec<_> = paths.iter().map(|path| ImageInput::File(path)).collect();
    let vectors = model.embed_images(&inputs);
    let differences = vectors
        .iter()
        .zip(&reference.picture_vectors)
        .map(|(a, b)| difference(a.as_ref().unwrap(), b));
    let greatest = differences.fold(0.0, f32::max);
    println!("pictures of CLIP differ by {greatest:e} at most");
    assert!(greatest < 1e-5, "{greatest}");
}

#[test]
fn pixels_equal_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["tokenizer.json", "model.safetensors"] {
        fs::copy(fixture("tiny-clip").join(part), folder.path().join(part)).unwrap();
    }
    let config = fs::read_to_string(fixture("tiny-clip").join("config.json")).unwrap();
    // The same number of patches, so that the weights still fit.
    let config = config.replace("\"image_size\": 32", "\"image_size\": 34");
    fs::write(folder.path().join("config.json"), config).unwrap();
    // A crop wider than the resized picture gets a black margin.
    let padded = r#"{"size": {"shortest_edge": 20}, "crop_size": 34}"#;
    fs::write(folder.path().join("preprocessor_config.json"), padded).unwrap();
    let padded = Clip::from_folder(folder.path()).unwrap();

    let (model, reference) = (model(), references().clip);
    for (place, path) in pictures().iter().enumerate() {
        let pixels = model.pixels(ImageInput::File(path)).unwrap();
        let greatest = difference(&pixels, &reference.pixels[place]);
        println!("{}: pixels differ by {greatest:e} at most", path.display());
        assert!(greatest < 1e-6, "{}: {greatest}", path.display());
        let pixels = padded.pixels(ImageInput::File(path)).unwrap();
        let greatest = difference(&pixels, &reference.padded_pixels[place]);
        assert!(greatest < 1e-6, "{} padded: {greatest}", path.display());
    }
}

#[test]
fn texts_and_pictures_have_one_id_of_the_content() {
    // Stored databases hold this id: a change here makes their vectors unusable.
    assert_eq!(model().model(), "clip-1d9bf76d7e0c");
}

/// A PNG that says it is 30,000 × 30,000: 2.7 GB unfolded, from a few bytes.
fn bomb() -> Vec<u8> {
    let mut bytes = fs::read(&pictures()[1]).unwrap();
    bytes[16..20].copy_from_slice(&30_000u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&30_000u32.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// PNG's checksum, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[test]
fn what_is_no_picture_fails_alone_and_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(&pictures()[1]).unwrap();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.png", Vec::new(), "it is empty"),
        ("letter.png", b"Dear Sir or Madam".to_vec(), "it is no picture of a known format"),
        ("cut.png", whole[..whole.len() / 2].to_vec(), ""),
        ("header.jpg", b"\xFF\xD8\xFF\xE0\0\x10JFIF".to_vec(), ""),
        ("bomb.png", bomb(), "it is larger than 32768 pixels an edge or 512 MiB decoded"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "it is no picture"),
    ];
    let mut paths = vec![pictures()[0].clone(), folder.path().join("missing.png")];
    for (name, bytes, _) in &cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    paths.push(pictures()[2].clone());
    let inputs: Vec<_> = paths.iter().map(|path| ImageInput::File(path)).collect();
    let vectors = model().embed_images(&inputs);

    assert_eq!(vectors.len(), paths.len());
    let reference = references().clip.picture_vectors;
    assert!(difference(vectors[0].as_ref().unwrap(), &reference[0]) < 1e-5);
    assert!(difference(vectors.last().unwrap().as_ref().unwrap(), &reference[2]) < 1e-5);
    let expected = std::iter::once("").chain(cases.iter().map(|(.., reason)| *reason));
    for ((path, vector), expected) in paths[1..].iter().zip(&vectors[1..]).zip(expected) {
        let Err(EmbedError::Item { item, reason }) = vector else {
            panic!("{}: {vector:?}", path.display())
        };
        assert_eq!(item, &path.display().to_string());
        assert!(reason.starts_with(expected), "{item}: {reason}");
    }
}

#[test]
fn the_content_says_the_format_and_a_long_thin_picture_is_no_danger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thin.jpg");
    image::RgbImage::from_pixel(1, 30_000, image::Rgb([9, 99, 199]))
        .save_with_format(&path, image::ImageFormat::Png)
        .unwrap();
    let vectors = model().embed_images(&[ImageInput::File(&path)]);
    assert_eq!(vectors[0].as_ref().unwrap().len(), 16);
}

#[test]
fn every_format_is_read_and_turned_upright() {
    let model = model();
    // It has no transparency, which JPEG could not keep.
    let path = &pictures()[0];
    let picture = image::open(path).unwrap().into_rgb8();
    let expected = model.pixels(ImageInput::File(path)).unwrap();
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    for (format, tolerance) in
        [(Png, 1e-6), (Bmp, 1e-6), (Tiff, 1e-6), (WebP, 1e-6), (Gif, 0.3), (Jpeg, 1.5)]
    {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        let pixels = model.pixels(ImageInput::Encoded(bytes.get_ref())).unwrap();
        let greatest = difference(&pixels, &expected);
        assert!(greatest < tolerance, "{format:?}: {greatest}");
    }

    let quarter = image::imageops::rotate270(&picture);
    let mut bytes = std::io::Cursor::new(Vec::new());
    quarter.write_to(&mut bytes, Png).unwrap();
    let mut bytes = bytes.into_inner();
    // An eXIf chunk with one entry: orientation 6, to be turned by a quarter clockwise.
    let mut chunk = b"eXIfII*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    chunk.extend(crc32(&chunk).to_be_bytes());
    let length = (chunk.len() as u32 - 8).to_be_bytes();
    bytes.splice(33..33, length.into_iter().chain(chunk));
    let pixels = model.pixels(ImageInput::Encoded(&bytes)).unwrap();
    assert!(difference(&pixels, &expected) < 1e-6);
}

/// Pictures a second, with a CLIP in the folder FILEDEX_CLIP (random weights serve) and the pictures
/// of `shared/data` beside the repository.
#[test]
#[ignore = "a measurement; needs a model in the folder FILEDEX_CLIP"]
fn clip_pictures_a_second() {
    let Some(folder) = std::env::var_os("FILEDEX_CLIP") else { return };
    let model = Clip::from_folder(folder).unwrap();
    let photographs =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/pictures/coco/val2017");
    let mut paths: Vec<_> =
        fs::read_dir(photographs).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.truncate(64);
    let inputs: Vec<_> = paths.iter().map(|path| ImageInput::File(path)).collect();
    let start = Instant::now();
    assert!(inputs.iter().all(|input| model.pixels(*input).is_ok()));
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.1} pictures a second read and resized", inputs.len() as f64 / seconds);
    let start = Instant::now();
    assert!(model.embed_images(&inputs).iter().all(Result::is_ok));
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.1} pictures a second embedded", inputs.len() as f64 / seconds);
}
