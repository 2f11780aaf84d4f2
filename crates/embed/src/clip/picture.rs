//! Decoding of pictures, with limits against files that unfold to more than memory holds.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};

use filedex_model::{EmbedError, ImageInput};
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, RgbImage};

/// The longest edge, in pixels.
const MAX_EDGE: u32 = 32_768;
/// The most memory that one picture may take while it is decoded: 178 megapixels of three bytes.
const MAX_BYTES: u64 = 512 << 20;

/// Decodes a picture to 8 bits a channel, turned as its EXIF orientation asks. Of a moving picture
/// it is the first frame. What is transparent lets white through.
pub(crate) fn decode(input: ImageInput<'_>) -> Result<RgbImage, EmbedError> {
    let decoded = match input {
        ImageInput::File(path) => match File::open(path) {
            Ok(file) => decode_from(BufReader::new(file)),
            Err(error) => Err(error.to_string()),
        },
        ImageInput::Encoded(bytes) => decode_from(Cursor::new(bytes)),
    };
    decoded.map_err(|reason| EmbedError::Item { item: input.to_string(), reason })
}

fn decode_from(source: impl BufRead + Seek) -> Result<RgbImage, String> {
    let mut source = source;
    if source.fill_buf().map_err(|error| error.to_string())?.is_empty() {
        return Err("it is empty".to_owned());
    }
    // The content decides, not the name: a wrong extension is common and harmless.
    let mut reader = ImageReader::new(source).with_guessed_format().map_err(|e| e.to_string())?;
    if reader.format().is_none() {
        return Err("it is no picture of a known format".to_owned());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_EDGE);
    limits.max_image_height = Some(MAX_EDGE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits.clone());
    let picture = decode_within(reader, limits).map_err(|error| match error {
        ImageError::Limits(_) => format!(
            "it is larger than {MAX_EDGE} pixels an edge or {} MiB decoded",
            MAX_BYTES >> 20
        ),
        error => error.to_string(),
    })?;
    if picture.width() == 0 || picture.height() == 0 {
        return Err("it has no pixels".to_owned());
    }
    Ok(if picture.color().has_alpha() { over_white(picture) } else { picture.into_rgb8() })
}

/// A picture with transparency on white, as transformers shows it to a model since version 5, in
/// the arithmetic of Pillow. Left out, the alpha would uncover colours that nobody ever saw.
fn over_white(picture: DynamicImage) -> RgbImage {
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        let blend = |channel: u32| {
            let sum = (channel * alpha + 255 * (255 - alpha) + 128) << 7;
            // A division by 255, and by the 7 bits for rounding; what comes of bytes is a byte.
            ((((sum >> 8) + sum) >> 8) >> 7) as u8
        };
        image::Rgb([blend(red), blend(green), blend(blue)])
    })
}

fn decode_within(
    reader: ImageReader<impl BufRead + Seek>,
    mut limits: Limits,
) -> Result<DynamicImage, ImageError> {
    let mut decoder = reader.into_decoder()?;
    // Not every decoder checks what its answer takes.
    limits.reserve(decoder.total_bytes())?;
    // A picture with a damaged note about its orientation is still a picture.
    let orientation = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if let Ok(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}
