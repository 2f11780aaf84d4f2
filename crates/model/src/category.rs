//! PDS's categories of files: of one type, and as a filter of many.

use crate::filter::Filter;
use crate::predicate::Test;
use crate::property::Property;

/// Main types that are a category by themselves.
const MEDIA: [(&str, &str); 4] =
    [("image/", "image"), ("video/", "video"), ("audio/", "audio"), ("text/", "doc")];
/// What the subtype of an archive holds.
const ZIP: [&str; 7] = ["zip", "gzip", "x-tar", "x-7z", "rar", "zstd", "bzip"];
/// What the subtype of a document holds.
const DOC: [&str; 8] =
    ["pdf", "msword", "document", "sheet", "presentation", "excel", "powerpoint", "rtf"];

/// PDS's category of a MIME type: image, video, audio, doc, zip, or others.
///
/// ```
/// use filedex_model::category_of;
/// assert_eq!(category_of("image/png"), "image");
/// assert_eq!(category_of("application/pdf"), "doc");
/// ```
#[must_use]
pub fn category_of(content_type: &str) -> &'static str {
    let lower = content_type.to_lowercase();
    if let Some((_, category)) = MEDIA.iter().find(|(main, _)| lower.starts_with(main)) {
        return category;
    }
    if ZIP.iter().any(|part| lower.contains(part)) {
        "zip"
    } else if DOC.iter().any(|part| lower.contains(part)) {
        "doc"
    } else {
        "others"
    }
}

/// The files of a category; `None` for a word that is none.
///
/// ```
/// use filedex_model::{Filter, category_filter};
/// assert!(category_filter("zip").is_some());
/// assert!(category_filter("boats").is_none());
/// ```
#[must_use]
pub fn category_filter(category: &str) -> Option<Filter> {
    let starts = |main: &str| {
        let upper = main.to_uppercase();
        // Types are written in lower case; of those that are not, capitals are the likeliest.
        Filter::or(
            [main.to_owned(), upper]
                .map(|main| Filter::test(Property::ContentType, Test::StartsWith(main))),
        )
    };
    let holds = |parts: &[&str]| {
        let parts = parts
            .iter()
            .map(|part| Filter::test(Property::ContentType, Test::Contains((*part).to_owned())));
        Filter::or(parts)
    };
    let media = || Filter::or(MEDIA.iter().map(|(main, _)| starts(main)));
    Some(match category {
        "image" | "video" | "audio" => starts(&format!("{category}/")),
        "zip" => Filter::and([Filter::not(media()), holds(&ZIP)]),
        "doc" => Filter::or([
            starts("text/"),
            Filter::and([Filter::not(media()), Filter::not(holds(&ZIP)), holds(&DOC)]),
        ]),
        "others" => {
            Filter::and([Filter::not(media()), Filter::not(holds(&ZIP)), Filter::not(holds(&DOC))])
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a filter of the shapes above holds for a type.
    fn holds(filter: &Filter, content_type: &str) -> bool {
        match filter {
            Filter::And(parts) => parts.iter().all(|part| holds(part, content_type)),
            Filter::Or(parts) => parts.iter().any(|part| holds(part, content_type)),
            Filter::Not(part) => !holds(part, content_type),
            Filter::Test(predicate) => match &predicate.test {
                Test::StartsWith(start) => content_type.starts_with(start),
                Test::Contains(part) => content_type.to_lowercase().contains(part),
                _ => false,
            },
            Filter::All => true,
            Filter::Nothing => false,
        }
    }

    #[test]
    fn the_filter_says_what_the_category_says() {
        let types = [
            "image/png",
            "video/mp4",
            "audio/mpeg",
            "text/plain",
            "application/pdf",
            "application/zip",
            "application/x-tar",
            "application/vnd.rar",
            "application/json",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/octet-stream",
            "IMAGE/PNG",
            "font/ttf",
            "",
        ];
        for content_type in types {
            for category in ["image", "video", "audio", "doc", "zip", "others"] {
                let filter = category_filter(category).unwrap();
                let is = category_of(content_type) == category;
                assert_eq!(holds(&filter, content_type), is, "{content_type} {category}");
            }
        }
    }
}
