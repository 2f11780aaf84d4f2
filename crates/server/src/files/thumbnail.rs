//! Small pictures of pictures.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use filedex::ThumbnailMode;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageReader, Limits};
use thiserror::Error;

use super::resize::Plan;

/// Of 100. Below this, thumbnails of drawings start to smear.
const JPEG_QUALITY: u8 = 85;

/// Longer colour profiles are not those of cameras and screens.
const LONGEST_PROFILE: usize = 256 * 1024;

/// A picture to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// A whole PNG or JPEG file.
    pub bytes: Vec<u8>,
    /// `image/png` or `image/jpeg`.
    pub content_type: &'static str,
}

/// What a thumbnail may cost. At worst about twice `memory` is in use, beside the source's own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThumbnailLimits {
    /// The longest source file, in bytes; 256 MiB by default.
    pub source_bytes: u64,
    /// The widest and highest source picture, in pixels; 32,768 by default.
    pub source_side: u32,
    /// What a decoded source may take, in bytes; 512 MiB by default.
    pub memory: u64,
    /// Width times height of the thumbnail, in pixels; 4096 times 4096 by default, as in OSS.
    pub output_pixels: u64,
}

impl Default for ThumbnailLimits {
    fn default() -> Self {
        Self {
            source_bytes: 256 << 20,
            source_side: 32_768,
            memory: 512 << 20,
            output_pixels: 4096 * 4096,
        }
    }
}

/// Why there is no thumbnail.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ThumbnailError {
    /// The source is no picture of a known format.
    #[error("the file is no picture in BMP, GIF, JPEG, PNG, TIFF or WebP")]
    NoPicture,
    /// The source begins as a picture and does not go on as one.
    #[error("the picture is damaged: {0}")]
    Damaged(String),
    /// The source is over [`ThumbnailLimits`].
    #[error("the picture is too large to make a thumbnail of")]
    SourceTooLarge,
    /// The thumbnail would be.
    #[error("the thumbnail would be {width} x {height}, which is more than {limit} pixels")]
    OutputTooLarge {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The most pixels in all.
        limit: u64,
    },
    /// The source cannot be read.
    #[error("the picture cannot be read: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for ThumbnailError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput => Self::Damaged(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

impl From<ImageError> for ThumbnailError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::SourceTooLarge,
            ImageError::Unsupported(_) => Self::NoPicture,
            ImageError::IoError(error) => error.into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// Makes a thumbnail, as OSS does: upright by the Exif orientation, of the first frame of an animation.
///
/// - `p_`, `w_`, `h_` keep the proportions and never enlarge.
/// - `m_pad` puts the whole picture in the middle of the colour, `m_fill` cuts its middle out,
///   `m_fixed` stretches it: these give exactly the size that is asked for.
///
/// A source with an alpha channel gives a PNG, any other a JPEG.
///
/// It blocks for the disk and the arithmetic, so call it where that is welcome (`spawn_blocking`).
/// Decoders meet hostile files here: a panic of one is best treated as [`ThumbnailError::Damaged`].
///
/// # Errors
/// See [`ThumbnailError`]; all but `Io` are the source's or the asker's doing.
///
/// ```
/// use filedex_server::files::{ThumbnailLimits, thumbnail};
/// use image::{DynamicImage, ImageFormat};
/// let mut png = std::io::Cursor::new(Vec::new());
/// DynamicImage::new_rgb8(40, 20).write_to(&mut png, ImageFormat::Png)?;
/// let small = thumbnail(png, "w_10".parse()?, &ThumbnailLimits::default())?;
/// assert_eq!(small.content_type, "image/jpeg");
/// assert_eq!(image::load_from_memory(&small.bytes)?.height(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn thumbnail(
    source: impl Read + Seek,
    mode: ThumbnailMode,
    limits: &ThumbnailLimits,
) -> Result<Thumbnail, ThumbnailError> {
    let Decoded { image, plan, profile } = decode(source, mode, limits)?;
    let clear = image.color().has_alpha();
    encode(&plan.carry_out(image, limits.output_pixels), clear, profile)
}

struct Decoded {
    image: DynamicImage,
    plan: Plan,
    profile: Option<Vec<u8>>,
}

fn decode(
    mut source: impl Read + Seek,
    mode: ThumbnailMode,
    limits: &ThumbnailLimits,
) -> Result<Decoded, ThumbnailError> {
    let length = source.seek(SeekFrom::End(0))?;
    if length > limits.source_bytes {
        return Err(ThumbnailError::SourceTooLarge);
    }
    source.rewind()?;
    let mut reader = ImageReader::new(BufReader::new(source)).with_guessed_format()?;
    let mut bounds = Limits::default();
    bounds.max_image_width = Some(limits.source_side);
    bounds.max_image_height = Some(limits.source_side);
    bounds.max_alloc = Some(limits.memory);
    reader.limits(bounds.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    // Some decoders heed the limits only for what they need beside the picture itself.
    bounds.check_dimensions(width, height)?;
    bounds.reserve(decoder.total_bytes())?;
    decoder.set_limits(bounds)?;
    if width == 0 || height == 0 {
        return Err(ThumbnailError::Damaged("it has no pixels".into()));
    }
    // An orientation that cannot be read is as good as none.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let plan = if turns(orientation) {
        Plan::new(mode, height, width)
    } else {
        Plan::new(mode, width, height)
    };
    // Known before anything is decoded, so a request for too much costs nothing.
    let (width, height) = plan.output();
    if u64::from(width) * u64::from(height) > limits.output_pixels {
        let limit = limits.output_pixels;
        return Err(ThumbnailError::OutputTooLarge { width, height, limit });
    }
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| is_rgb(profile));
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(Decoded { image, plan, profile })
}

/// Whether width and height change places.
fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// Whether an ICC profile is one for RGB: those for grey or CMYK do not fit what is sent.
fn is_rgb(profile: &[u8]) -> bool {
    profile.len() <= LONGEST_PROFILE && profile.get(16..20) == Some(b"RGB ".as_slice())
}

fn encode(
    image: &DynamicImage,
    clear: bool,
    profile: Option<Vec<u8>>,
) -> Result<Thumbnail, ThumbnailError> {
    let mut bytes = Vec::new();
    let content_type = if clear {
        write(PngEncoder::new(&mut bytes), &image.to_rgba8().into(), profile)?;
        "image/png"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        write(encoder, &image.to_rgb8().into(), profile)?;
        "image/jpeg"
    };
    Ok(Thumbnail { bytes, content_type })
}

fn write(
    mut encoder: impl ImageEncoder,
    image: &DynamicImage,
    profile: Option<Vec<u8>>,
) -> Result<(), ImageError> {
    if let Some(profile) = profile {
        // Without its profile a picture is only a little paler.
        let _ = encoder.set_icc_profile(profile);
    }
    image.write_with_encoder(encoder)
}
