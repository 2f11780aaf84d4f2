//! The words everything is made of: few, so that records collide, and awkward, so that they
//! collide where it matters.

pub(super) const BUCKETS: &[&str] = &["oss://b", "nas://fs-1", "file:///srv"];

pub(super) const DIRS: &[&str] = &[
    "",
    "cars",
    "Cars",
    "cars/2025",
    "cars/2025/red_cars",
    "photos/北京",
    "photos/beach sunset",
    "usr/share/clipart/svg",
    "a/b/c/d",
    "cafés",
];

pub(super) const NAMES: &[&str] = &[
    "beachSunset.JPG",
    "beachSunset_IMG1234.jpg",
    "IMG1234.png",
    "img_1234.PNG",
    "lane line.png",
    "lane_line.png",
    "car.png",
    "Car.png",
    "红色汽车.jpg",
    "我来到北京清华大学.txt",
    "東京タワー.jpg",
    "Café Münster.mp4",
    "cafe.mp4",
    "HTTPServer2go.rs",
    "report (final).pdf",
    "archive.tar.gz",
    ".profile",
    "notes",
    "2024-01-31.csv",
    "it's \"quoted\" \\ [1].txt",
    "100%_*?.txt",
];

pub(super) const TYPES: &[&str] = &["image", "text", "video", "application", "Image", "model"];

pub(super) const CONTENT_TYPES: &[&str] =
    &["image/png", "image/jpeg", "image/svg+xml", "text/plain", "video/mp4", "application/json"];

pub(super) const TAGS: &[&str] = &[
    "car",
    "Car",
    "cars",
    "red",
    "red car",
    "man, old",
    "peers' robes",
    "say \"hi\"",
    "a\\b",
    "汽车",
    "红色汽车",
    "naïve",
    "hill",
    "lane_line",
];

pub(super) const JOBS: &[&str] = &["job-1", "job-2", "Job-2"];

pub(super) const TEXTS: &[&str] = &[
    "A red car beside a hill",
    "Red CAR; red hill",
    "beach at sunset, seen from the cafe",
    "我来到北京清华大学",
    "L'été à la plage: café, vin",
    "IMG1234 taken with an iPhoneX",
    "car",
    "--- !!! ---",
    "line one\nlane line two",
    "日本の東京タワー and a car",
];

pub(super) const LABELS: &[&str] = &["todo", "Todo", "a b", "重要", "it's"];

pub(super) const FINGERPRINTS: &[&str] = &["5d41402abc4b2a76b9719d911017c592", "etag-1", "ETAG-1"];

pub(super) const SIZES: &[u64] = &[
    0,
    1,
    999,
    1_000,
    1_000,
    4_096,
    9_007_199_254_740_992,
    9_007_199_254_740_993,
    9_223_372_036_854_775_807,
];

pub(super) const TIMES: &[&str] = &[
    "2025-01-31T12:00:00.000Z",
    "2025-01-31T12:00:00.000Z",
    "2025-01-31T12:00:00.001Z",
    "2025-01-30",
    "2024-02-29T23:59:59.999Z",
    "1970-01-01",
    "1969-12-31T23:59:59.999Z",
    "1833-06-01",
    "-2505-01-22",
    "9999-12-30",
];

/// Attribute paths; the last ones are never there.
pub(super) const PATHS: &[&[&str]] = &[
    &["width"],
    &["artist"],
    &["year"],
    &["exif"],
    &["exif", "iso"],
    &["exif", "focal length"],
    &["exif", "lens", "make"],
    &["items", "n"],
    &["mixed"],
    &["flag"],
    &["größe"],
    &["gone"],
    &["Width"],
];

/// Whole values of text attributes.
pub(super) const VALUES: &[&str] =
    &["George Jones", "5", "true", "car", "2025-01-31", "1833-06-01"];

/// What `:` looks for: whole words, pieces, unsplit forms, several words.
pub(super) const PHRASES: &[&str] = &[
    "car",
    "CAR",
    "red car",
    "car red",
    "red cars",
    "cars 2025",
    "beach sunset",
    "beachsunset",
    "sunset IMG1234",
    "1234",
    "img1234",
    "jpg",
    "lane line",
    "lane_line",
    "http server",
    "server2go",
    "iphone",
    "i phone x",
    "北京",
    "清华",
    "京清",
    "汽车",
    "東京",
    "cafe",
    "CAFÉ",
    "été",
    "l'ete a la",
    "hill",
    "2025",
    "photos beach",
    "nothing has this",
    "2024-01",
    "henry moore",
    "turner",
];

/// What `:` with a star looks for.
pub(super) const PREFIXES: &[&str] =
    &["c", "bea", "beach sun", "IM", "img12", "12", "caf", "北", "red c", "lane l", "http", "tur"];

/// What `:` with a tilde looks for: single words, some of them spelt wrong.
pub(super) const NEAR_WORDS: &[&str] =
    &["car", "cra", "crr", "bech", "sunste", "caf", "hil", "IMG1243", "été", "tunrer", "汽"];

/// What CONTAINS looks for.
pub(super) const PIECES: &[&str] =
    &["car", "CAR", "é", "É", "20", "_", "北京", "'", "\"", "\\", "%", " ", ".", "s/", "zz", "*"];

/// What GLOB looks for in names.
pub(super) const NAME_GLOBS: &[&str] = &[
    "*",
    "*.png",
    "*.{jpg,JPG}",
    "?MG*",
    "[a-c]*",
    "*[0-9]*",
    "lane?line.*",
    "*\\**",
    "红*",
    "car",
];

/// What GLOB looks for in folders and URIs.
pub(super) const PATH_GLOBS: &[&str] = &[
    "*",
    "**",
    "cars",
    "cars/*",
    "cars/**",
    "**/2025",
    "**/2025/**",
    "photos/*",
    "[cC]ars*",
    "a/*/c/d",
    "oss://**",
    "oss://*/cars/**/*.png",
    "file:///srv/**",
    "**/*.{jpg,JPG}",
    "usr/share/**/svg",
];

/// Numbers to compare with; several are equal to, or one beside, what generated files hold.
pub(super) const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "5",
    "5.0",
    "5.5",
    "800",
    "999",
    "1000",
    "1833",
    "4096",
    "1e3",
    "-2.5e-3",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "18446744073709551615",
    "1e300",
];
