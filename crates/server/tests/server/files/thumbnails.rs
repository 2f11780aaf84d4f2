use std::io::Cursor;

use filedex_server::files::{Thumbnail, ThumbnailError, ThumbnailLimits, thumbnail};
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

const RED: [u8; 3] = [250, 10, 10];
const GREEN: [u8; 3] = [10, 250, 10];
const BLUE: [u8; 3] = [10, 10, 250];
const GREY: [u8; 3] = [120, 120, 120];
const WHITE: [u8; 3] = [255; 3];

/// Red and green above, blue and grey below.
fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb(RED),
        (false, true) => Rgb(GREEN),
        (true, false) => Rgb(BLUE),
        (false, false) => Rgb(GREY),
    })
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    encoded(image, ImageFormat::Png)
}

fn shrink(bytes: &[u8], mode: &str) -> Result<Thumbnail, ThumbnailError> {
    thumbnail(Cursor::new(bytes), mode.parse().unwrap(), &ThumbnailLimits::default())
}

/// The thumbnail, decoded, whose type is checked against its bytes.
fn picture(bytes: &[u8], mode: &str) -> RgbaImage {
    let small = shrink(bytes, mode).unwrap();
    let format = image::guess_format(&small.bytes).unwrap();
    assert_eq!(format.to_mime_type(), small.content_type, "{mode}");
    image::load_from_memory(&small.bytes).unwrap().into_rgba8()
}

/// Checks the colours at places given in percent of the sides.
fn check(image: &RgbaImage, places: &[(u32, u32, [u8; 3])], what: &str) {
    for &(x, y, expected) in places {
        let at = (image.width() * x / 100, image.height() * y / 100);
        let Rgba([r, g, b, _]) = *image.get_pixel(at.0, at.1);
        let near = [r, g, b].iter().zip(expected).all(|(&a, b)| a.abs_diff(b) < 24);
        assert!(near, "{what} at {at:?}: {r} {g} {b}, not {expected:?}");
    }
}

#[test]
fn modes() {
    let source = png(quarters(200, 100));
    let corners = |left: u32, top: u32| {
        let (right, bottom) = (99 - left, 99 - top);
        vec![(left, top, RED), (right, top, GREEN), (left, bottom, BLUE), (right, bottom, GREY)]
    };
    let with = |mut places: Vec<_>, more: [(u32, u32, [u8; 3]); 2]| {
        places.extend(more);
        places
    };
    let all = || corners(20, 20);
    let table = [
        ("p_50", (100, 50), all()),
        ("p_100", (200, 100), all()),
        ("p_1", (2, 1), vec![]),
        ("w_50", (50, 25), all()),
        ("w_33", (33, 17), all()),
        ("w_200", (200, 100), all()),
        ("w_201", (200, 100), all()),
        ("w_16384", (200, 100), all()),
        ("h_50", (100, 50), all()),
        ("h_16384", (200, 100), all()),
        ("h_1", (2, 1), vec![]),
        ("m_fixed,w_60,h_90", (60, 90), all()),
        ("m_fixed,w_600,h_90", (600, 90), all()),
        ("m_fixed,w_1,h_300", (1, 300), vec![]),
        // A square of the middle: 100 of 200 pixels wide.
        ("m_fill,w_50,h_50", (50, 50), all()),
        ("m_fill,w_300,h_300", (300, 300), all()),
        // A strip of the middle: 20 of 100 pixels high.
        ("m_fill,w_100,h_10", (100, 10), all()),
        // 100 x 50 in the middle, white above and below.
        (
            "m_pad,w_100,h_100",
            (100, 100),
            with(corners(20, 35), [(50, 10, WHITE), (50, 90, WHITE)]),
        ),
        // 100 x 50 in the middle, coloured left and right.
        (
            "m_pad,w_200,h_50,color_0A0AFA",
            (200, 50),
            with(corners(35, 20), [(10, 50, BLUE), (90, 50, BLUE)]),
        ),
        ("m_pad,w_800,h_400", (800, 400), all()),
    ];
    for (mode, size, places) in table {
        let image = picture(&source, mode);
        assert_eq!(image.dimensions(), size, "{mode}");
        check(&image, &places, mode);
    }
}

#[test]
fn one_colour_stays_one() {
    let sizes = [(1, 1), (1, 700), (3_000, 2), (17, 5), (1_025, 1_024), (2, 3_333)];
    let modes = [
        "p_1",
        "p_37",
        "w_1",
        "w_7",
        "h_1",
        "h_13",
        "m_fixed,w_64,h_3",
        "m_fill,w_9,h_31",
        "m_fixed,w_1,h_1",
        "m_pad,w_50,h_40,color_787878",
        "m_fill,w_1,h_1200",
    ];
    for (width, height) in sizes {
        let source = png(RgbImage::from_pixel(width, height, Rgb(GREY)));
        for mode in modes {
            let places = [(0, 0, GREY), (50, 50, GREY), (99, 99, GREY)];
            check(&picture(&source, mode), &places, &format!("{width} x {height} {mode}"));
        }
    }
    // A quarter of it is more than a sum of 32 bits holds.
    let vast = png(GrayImage::from_pixel(9_000, 9_000, image::Luma([255])));
    check(&picture(&vast, "w_1"), &[(0, 0, WHITE)], "vast");
}

#[test]
fn formats() {
    let image = DynamicImage::from(quarters(64, 32));
    let clear = DynamicImage::from(image.to_rgba8());
    let table = [
        (encoded(image.clone(), ImageFormat::Bmp), "image/jpeg"),
        (encoded(clear.clone(), ImageFormat::Gif), "image/png"),
        (encoded(image.clone(), ImageFormat::Jpeg), "image/jpeg"),
        (encoded(image.to_luma8(), ImageFormat::Jpeg), "image/jpeg"),
        (encoded(image.clone(), ImageFormat::Png), "image/jpeg"),
        (encoded(clear.clone(), ImageFormat::Png), "image/png"),
        (encoded(image.to_rgb16(), ImageFormat::Png), "image/jpeg"),
        (encoded(image.to_luma_alpha16(), ImageFormat::Png), "image/png"),
        (encoded(image.to_rgb32f(), ImageFormat::Tiff), "image/jpeg"),
        (encoded(image.clone(), ImageFormat::WebP), "image/jpeg"),
        (encoded(clear, ImageFormat::WebP), "image/png"),
    ];
    for (at, (bytes, kind)) in table.iter().enumerate() {
        let small = shrink(bytes, "w_32").unwrap();
        assert_eq!(small.content_type, *kind, "{at}");
        let image = image::load_from_memory(&small.bytes).unwrap();
        assert_eq!((image.width(), image.height()), (32, 16), "{at}");
    }
}

#[test]
fn transparency() {
    let image = RgbaImage::from_fn(40, 40, |x, _| {
        if x < 20 { Rgba([0, 0, 0, 0]) } else { Rgba([250, 10, 10, 255]) }
    });
    let source = png(image);
    let small = picture(&source, "w_20");
    assert_eq!((small.get_pixel(2, 9).0[3], small.get_pixel(17, 9).0), (0, [250, 10, 10, 255]));
    let padded = picture(&source, "m_pad,w_40,h_20,color_0A0AFA");
    check(&padded, &[(5, 50, BLUE), (30, 50, BLUE), (70, 50, RED), (95, 50, BLUE)], "padded");
    assert!(padded.pixels().all(|pixel| pixel.0[3] == 255));
}

/// A JPEG with an Exif orientation, in an APP1 segment after its first two bytes.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xE1, 0, u8::try_from(exif.len() + 2).unwrap()]);
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

#[test]
fn orientations() {
    let jpeg = encoded(quarters(128, 64), ImageFormat::Jpeg);
    let (r, g, b, w) = (RED, GREEN, BLUE, GREY);
    // What is above left and right, below left and right, once upright.
    let table = [
        [r, g, b, w],
        [g, r, w, b],
        [w, b, g, r],
        [b, w, r, g],
        [r, b, g, w],
        [b, r, w, g],
        [w, g, b, r],
        [g, w, r, b],
    ];
    for (orientation, colors) in (1..).zip(table) {
        let bytes = with_orientation(&jpeg, orientation);
        for (mode, lying, upright) in [
            ("p_50", (64, 32), (32, 64)),
            ("w_32", (32, 16), (32, 64)),
            ("m_fill,w_60,h_20", (60, 20), (60, 20)),
        ] {
            let image = picture(&bytes, mode);
            let expected = if orientation < 5 { lying } else { upright };
            assert_eq!(image.dimensions(), expected, "{orientation} {mode}");
            let at = [(20, 20), (80, 20), (20, 80), (80, 80)];
            let places: Vec<_> = at.iter().zip(colors).map(|(at, c)| (at.0, at.1, c)).collect();
            check(&image, &places, &format!("{orientation} {mode}"));
        }
    }
    for orientation in [0, 9, 255] {
        assert_eq!(picture(&with_orientation(&jpeg, orientation), "p_50").dimensions(), (64, 32));
    }
}

/// The header of a BMP of 24 bits, and none of its pixels.
fn bmp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([1, 0, 24, 0]);
    bytes.resize(54, 0);
    bytes
}

#[test]
fn refusals() {
    let kind = |result: Result<Thumbnail, ThumbnailError>| match result.unwrap_err() {
        ThumbnailError::NoPicture => "no picture",
        ThumbnailError::Damaged(_) => "damaged",
        ThumbnailError::SourceTooLarge => "source",
        ThumbnailError::OutputTooLarge { .. } => "output",
        _ => "other",
    };
    let good = png(quarters(200, 100));
    let table: [(&[u8], &str, &str); 10] = [
        (b"", "w_10", "no picture"),
        (b"just text, no picture at all", "w_10", "no picture"),
        (b"%PDF-1.7", "w_10", "no picture"),
        (b"\x89PNG\r\n\x1a\n", "w_10", "damaged"),
        (&good[..good.len() / 2], "w_10", "damaged"),
        (&bmp(30_000, 30_000), "w_10", "source"),
        (&bmp(40_000, 1), "w_10", "source"),
        (b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\0;", "w_10", "source"),
        (&good, "m_fixed,w_16384,h_16384", "output"),
        (&good, "m_pad,w_16384,h_1025", "output"),
    ];
    for (bytes, mode, expected) in table {
        assert_eq!(kind(shrink(bytes, mode)), expected, "{mode} of {} bytes", bytes.len());
    }
    let error = shrink(&good, "m_fill,w_4097,h_4096").unwrap_err().to_string();
    assert_eq!(error, "the thumbnail would be 4097 x 4096, which is more than 16777216 pixels");

    let limits = ThumbnailLimits::default();
    for limits in [
        ThumbnailLimits { source_bytes: good.len() as u64 - 1, ..limits },
        ThumbnailLimits { source_side: 199, ..limits },
        ThumbnailLimits { memory: 200 * 100 * 3 - 1, ..limits },
    ] {
        let mode = "w_10".parse().unwrap();
        assert_eq!(kind(thumbnail(Cursor::new(&good), mode, &limits)), "source", "{limits:?}");
    }
}

#[test]
fn largest_output() {
    let source = png(quarters(64, 64));
    let image = picture(&source, "m_fixed,w_16384,h_1024");
    assert_eq!(image.dimensions(), (16_384, 1_024));
    check(&image, &[(20, 20, RED), (80, 20, GREEN), (20, 80, BLUE), (80, 80, GREY)], "largest");
}

/// Broken files give errors or pictures, never a panic.
#[test]
fn damage() {
    let image = DynamicImage::from(quarters(9, 7));
    let limits = ThumbnailLimits { memory: 1 << 20, ..ThumbnailLimits::default() };
    let mode = "m_fill,w_3,h_4".parse().unwrap();
    let formats = ["bmp", "gif", "jpg", "png", "tif", "webp"];
    for format in formats.map(|name| ImageFormat::from_extension(name).unwrap()) {
        let bytes = encoded(image.clone(), format);
        for at in 0..bytes.len() {
            let _ = thumbnail(Cursor::new(&bytes[..at]), mode, &limits);
            for flip in [0x01, 0x80, 0xFF] {
                let mut broken = bytes.clone();
                broken[at] ^= flip;
                let _ = thumbnail(Cursor::new(&broken), mode, &limits);
            }
        }
    }
}
