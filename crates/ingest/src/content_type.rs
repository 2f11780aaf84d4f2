//! The type of a file: by its content, and by its extension where the content does not say.

use filedex_model::path::{content_type_of, main_type_of};

/// Types whose first bytes always tell them: a file that is named for one and does not begin as one is
/// named wrongly.
const TOLD_BY_CONTENT: [&str; 12] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/tiff",
    "image/heic",
    "image/heif",
    "image/avif",
    "image/vnd.adobe.photoshop",
    "application/pdf",
    "application/zip",
];
/// Containers that say little of what is in them; the extension may say more.
const CONTAINERS: [&str; 6] = [
    "application/zip",
    "application/gzip",
    "application/x-ole-storage",
    "application/x-executable",
    "application/octet-stream",
    "text/xml",
];
/// Names that are written in several ways, and the one that records have.
const ALIASES: [(&str, &str); 8] = [
    ("audio/x-wav", "audio/wav"),
    ("audio/x-flac", "audio/flac"),
    ("audio/x-aiff", "audio/aiff"),
    ("audio/m4a", "audio/mp4"),
    ("audio/x-m4a", "audio/mp4"),
    ("image/vnd.microsoft.icon", "image/x-icon"),
    ("image/heic", "image/heif"),
    ("application/font-sfnt", "font/ttf"),
];
/// Of a text's first bytes, this many are looked at.
const TEXT_BYTES: usize = 4 << 10;

/// A type, and what the name says where that is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Detected {
    /// The MIME type.
    pub content_type: String,
    /// The type that the extension claims, where the content is something else.
    pub claimed: Option<String>,
}

/// The type of a file of this name that begins with these bytes.
pub(crate) fn detect(name: &str, head: &[u8]) -> Detected {
    let claimed = content_type_of(name).map(|named| usual(&named));
    let told = infer::get(head).map(|kind| usual(kind.mime_type()));
    let lies = claimed.as_deref().filter(|claimed| {
        told_by_content(claimed) && told.as_deref() != Some(claimed) && !is_inside(claimed, &told)
    });
    if let Some(claimed) = lies {
        let content_type = told.unwrap_or_else(|| plain(head).to_owned());
        return Detected { content_type, claimed: Some(claimed.to_owned()) };
    }
    let content_type = match (told, claimed) {
        (Some(told), Some(claimed)) if is_vague(&told) => claimed,
        (Some(told), _) => told,
        // `.ts` is a video to tables of extensions, and mostly a program's text.
        (None, Some(claimed)) if is_media(&claimed) && is_text(head) && !is_written(&claimed) => {
            "text/plain".to_owned()
        }
        (None, Some(claimed)) => claimed,
        (None, None) => plain(head).to_owned(),
    };
    Detected { content_type, claimed: None }
}

fn usual(content_type: &str) -> String {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == content_type);
    alias.map_or(content_type, |(_, usual)| usual).to_owned()
}

fn told_by_content(content_type: &str) -> bool {
    TOLD_BY_CONTENT.contains(&content_type)
}

/// Whether what was found is a more exact word for what was claimed: an OpenDocument is a zip file.
fn is_inside(claimed: &str, told: &Option<String>) -> bool {
    let Some(told) = told else { return false };
    match claimed {
        "application/zip" => told.starts_with("application/"),
        // A HEIF container; its brands overlap.
        "image/heif" => told == "image/avif",
        "image/tiff" => told.starts_with("image/x-"),
        _ => false,
    }
}

fn is_vague(content_type: &str) -> bool {
    CONTAINERS.contains(&content_type) || content_type.starts_with("text/")
}

fn is_media(content_type: &str) -> bool {
    matches!(main_type_of(content_type), Some("image" | "video" | "audio"))
}

/// Whether a media type is written as text.
fn is_written(content_type: &str) -> bool {
    ["svg", "xpixmap", "xbitmap", "portable", "mpegurl", "scpls", "xwindow"]
        .iter()
        .any(|part| content_type.contains(part))
}

fn plain(head: &[u8]) -> &'static str {
    if is_text(head) { "text/plain" } else { "application/octet-stream" }
}

/// Whether the bytes begin a UTF-8 text without control characters.
fn is_text(head: &[u8]) -> bool {
    let head = &head[..head.len().min(TEXT_BYTES)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character that the end of the piece cuts is none that is wrong.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !c.is_whitespace() && c != '\u{1b}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content_then_by_name() {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
        const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";
        const SVG: &[u8] = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        const FLAC: &[u8] = b"fLaC\0\0\0\x22";
        for (name, head, content_type, claimed) in [
            ("a.png", PNG, "image/png", None),
            ("a", PNG, "image/png", None),
            ("a.PNG", JPEG, "image/jpeg", Some("image/png")),
            ("a.jpg", b"<html> not found".as_slice(), "text/html", Some("image/jpeg")),
            ("a.jpg", b"not a picture", "text/plain", Some("image/jpeg")),
            ("a.gif", b"", "application/octet-stream", Some("image/gif")),
            ("a.webp", b"\x01\x02\x03\x04", "application/octet-stream", Some("image/webp")),
            ("a.svg", SVG, "image/svg+xml", None),
            ("a.xml", SVG, "text/xml", None),
            ("a.flac", FLAC, "audio/flac", None),
            ("a.kmz", ZIP, "application/vnd.google-earth.kmz", None),
            ("a.zip", ZIP, "application/zip", None),
            ("a.png", ZIP, "application/zip", Some("image/png")),
            ("a.rs", b"//! Text.", "text/x-rust", None),
            ("a.ts", b"export const a = 1;\n", "text/plain", None),
            ("a.unknown", b"Gr\xc3\xbc\xc3\x9fe", "text/plain", None),
            ("a.unknown", b"Gr\xc3\xbc\xc3", "text/plain", None),
            ("a.unknown", b"Gr\xfc\xdfe\xff", "application/octet-stream", None),
            ("a.unknown", b"a\0b", "application/octet-stream", None),
        ] {
            let want = Detected {
                content_type: content_type.to_owned(),
                claimed: claimed.map(str::to_owned),
            };
            assert_eq!(detect(name, head), want, "{name} {head:?}");
        }
    }
}
