//! Pictures: their size, and what they look like.

use std::sync::{Mutex, PoisonError};

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Luma};

use crate::caught::caught;
use crate::content::Content;
use crate::phash::phash;

/// Pictures that take more than this once decoded wait for each other, so that many threads do not decode
/// many of them at once.
const LARGE_BYTES: u64 = 64 << 20;
static LARGE: Mutex<()> = Mutex::new(());

/// What a picture may come to before it is decoded.
///
/// A file of a kilobyte can claim a picture of terabytes. Its header is read first, and nothing is
/// allocated for one that is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLimits {
    /// Most pixels in either direction; 65,535 by default.
    pub side: u32,
    /// Most bytes that decoding may take; 512 MiB by default.
    pub bytes: u64,
}

impl Default for PictureLimits {
    fn default() -> Self {
        Self { side: 65_535, bytes: 512 << 20 }
    }
}

impl PictureLimits {
    fn limits(self) -> Limits {
        let mut limits = Limits::no_limits();
        limits.max_image_width = Some(self.side);
        limits.max_image_height = Some(self.side);
        limits.max_alloc = Some(self.bytes);
        limits
    }
}

/// What was found of a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PictureFacts {
    /// Width and height in pixels, as they are stored.
    pub size: Option<(u32, u32)>,
    /// The perceptual hash, upright.
    pub phash: Option<u64>,
    /// Why it was not decoded.
    pub fault: Option<String>,
}

/// Whether pictures of a type are decoded.
pub(crate) fn format_of(content_type: &str) -> Option<ImageFormat> {
    ImageFormat::from_mime_type(content_type).filter(ImageFormat::reading_enabled)
}

/// Looks at a picture; decodes it where a hash is wanted.
pub(crate) fn look(
    content: &Content,
    format: ImageFormat,
    limits: PictureLimits,
    orientation: Option<u8>,
    hashes: bool,
) -> PictureFacts {
    let mut facts = PictureFacts::default();
    let looked = caught(|| {
        let source = content.source().map_err(|error| error.to_string())?;
        let mut reader = ImageReader::with_format(source, format);
        // Not the side: the size is wanted of pictures that are over the limits too.
        let mut header = Limits::no_limits();
        header.max_alloc = Some(limits.bytes);
        reader.limits(header);
        let mut decoder = reader.into_decoder().map_err(|error| reason(&error))?;
        facts.size = Some(decoder.dimensions());
        let (width, height) = decoder.dimensions();
        let bytes = decoder.total_bytes();
        if width > limits.side || height > limits.side || bytes > limits.bytes {
            return Err(format!(
                "{width} x {height} pixels, which take {bytes} bytes once decoded; pictures are \
                 decoded up to {} x {0} pixels and {} bytes",
                limits.side, limits.bytes
            ));
        }
        if !hashes {
            return Ok(None);
        }
        decoder.set_limits(limits.limits()).map_err(|error| reason(&error))?;
        let _turn =
            (bytes > LARGE_BYTES).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| reason(&error))?;
        if let Some(orientation) = orientation.and_then(Orientation::from_exif) {
            picture.apply_orientation(orientation);
        }
        Ok(phash(&grey(picture)))
    });
    match looked {
        Ok(hash) => facts.phash = hash,
        Err(fault) => facts.fault = Some(fault),
    }
    facts
}

/// The picture in grey, on white paper where it is transparent: what is drawn in black on nothing would
/// else be black all over.
fn grey(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let pixels = picture.into_luma_alpha8();
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [light, alpha] = pixels.get_pixel(x, y).0.map(u32::from);
        // A mean of two bytes is a byte.
        Luma([u8::try_from((light * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)])
    })
}

fn reason(error: &image::ImageError) -> String {
    format!("it does not decode: {error}")
}
