//! The geometry of thumbnails, and the arithmetic on pixels.

use filedex::ThumbnailMode;
use image::imageops::{FilterType, overlay};
use image::{DynamicImage, GenericImageView, Rgba, RgbaImage};

/// A size in pixels, neither side zero.
type Size = (u32, u32);

/// How many pixels of a side are averaged to one at most. The sums of `thumbnail_exact` are 32 bits
/// wide and hold 2^24 pixels of 8 bits; this makes 2^20.
const STRIDE: u32 = 1024;

/// How a picture becomes a thumbnail: its middle is cut out, scaled and put on a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    cut: Size,
    scaled: Size,
    canvas: Option<(Size, [u8; 3])>,
}

impl Plan {
    /// The plan for an upright picture of this size.
    pub(super) fn new(mode: ThumbnailMode, width: u32, height: u32) -> Self {
        let whole = |scaled| Self { cut: (width, height), scaled, canvas: None };
        match mode {
            ThumbnailMode::Percent(percent) => {
                let part = |side| in_proportion(side, u32::from(percent), 100);
                whole((part(width), part(height)))
            }
            ThumbnailMode::Width(wanted) => {
                let wanted = u32::from(wanted).min(width);
                whole((wanted, in_proportion(height, wanted, width)))
            }
            ThumbnailMode::Height(wanted) => {
                let wanted = u32::from(wanted).min(height);
                whole((in_proportion(width, wanted, height), wanted))
            }
            ThumbnailMode::Fixed { width, height } => whole((width.into(), height.into())),
            ThumbnailMode::Fill { width: wide, height: high } => {
                let scaled = (wide.into(), high.into());
                Self { cut: inside((width, height), scaled), scaled, canvas: None }
            }
            ThumbnailMode::Pad { width: wide, height: high, color } => {
                let canvas = (wide.into(), high.into());
                let scaled = inside(canvas, (width, height));
                let color = color.unwrap_or([255; 3]);
                Self { cut: (width, height), scaled, canvas: Some((canvas, color)) }
            }
        }
    }

    /// The size of the thumbnail.
    pub(super) fn output(&self) -> Size {
        self.canvas.map_or(self.scaled, |(canvas, _)| canvas)
    }

    /// Makes the thumbnail of a picture of the size that the plan is for. `budget` bounds the pixels
    /// that are worked on in full precision.
    pub(super) fn carry_out(&self, picture: DynamicImage, budget: u64) -> DynamicImage {
        let picture = if picture.dimensions() == self.cut {
            picture
        } else {
            let (x, y) = margin(picture.dimensions(), self.cut);
            picture.crop_imm(x, y, self.cut.0, self.cut.1)
        };
        let picture = scaled(picture, self.scaled, budget);
        let Some(((width, height), [r, g, b])) = self.canvas else {
            return picture;
        };
        let mut canvas = RgbaImage::from_pixel(width, height, Rgba([r, g, b, 255]));
        let (x, y) = margin((width, height), self.scaled);
        overlay(&mut canvas, &picture.to_rgba8(), x.into(), y.into());
        canvas.into()
    }
}

/// The largest size of the shape of `shape` that fits in `frame`.
fn inside(frame: Size, shape: Size) -> Size {
    let wide = u64::from(shape.0) * u64::from(frame.1) >= u64::from(shape.1) * u64::from(frame.0);
    if wide {
        (frame.0, in_proportion(shape.1, frame.0, shape.0).min(frame.1))
    } else {
        (in_proportion(shape.0, frame.1, shape.1).min(frame.0), frame.1)
    }
}

/// Where a size begins that is in the middle of another.
fn margin(outer: Size, inner: Size) -> (u32, u32) {
    (outer.0.saturating_sub(inner.0) / 2, outer.1.saturating_sub(inner.1) / 2)
}

/// `side * part / whole`, to the nearest and at least 1. `whole` is not zero.
fn in_proportion(side: u32, part: u32, whole: u32) -> u32 {
    let (side, part, whole) = (u64::from(side), u64::from(part), u64::from(whole));
    let nearest = (side * part + whole / 2) / whole;
    u32::try_from(nearest.max(1)).unwrap_or(u32::MAX)
}

/// The picture in 8 bits and in another size.
///
/// A filter in full precision over a large picture needs many times its memory. So it is first averaged
/// down in its own precision, to twice the size, or to the size itself where twice is over the budget.
fn scaled(picture: DynamicImage, to: Size, budget: u64) -> DynamicImage {
    let from = picture.dimensions();
    if from == to {
        return eight_bits(picture);
    }
    let twice = u64::from(to.0) * u64::from(to.1) * 4 <= budget;
    let first = |side: u32, to: u32| {
        let near = if twice { to.saturating_mul(2) } else { to };
        side.min(near.max(side.div_ceil(STRIDE)))
    };
    let near = (first(from.0, to.0), first(from.1, to.1));
    let picture = if near == from { picture } else { picture.thumbnail_exact(near.0, near.1) };
    let picture = eight_bits(picture);
    if near == to {
        return picture;
    }
    picture.resize_exact(to.0, to.1, FilterType::CatmullRom)
}

fn eight_bits(picture: DynamicImage) -> DynamicImage {
    if picture.color().has_alpha() {
        picture.into_rgba8().into()
    } else {
        picture.into_rgb8().into()
    }
}
