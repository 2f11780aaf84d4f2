//! EXIF: when, with what and where a picture was taken.

use exif::{Error, Exif, Field, In, Rational, Reader, Tag, Value};
use filedex_model::Timestamp;
use serde_json::Map;

use crate::caught::caught;
use crate::content::Content;

/// Longest value that is kept, in bytes; maker notes and thumbnails are longer.
const VALUE_BYTES: usize = 256;
/// Most bytes of all values together.
const ALL_BYTES: usize = 16 << 10;
/// Types whose files can have EXIF.
const TYPES: [&str; 7] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/tiff",
    "image/heif",
    "image/avif",
    "image/x-canon-cr2",
];

/// What EXIF says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ExifFacts {
    /// When it was taken: what was written, in ISO form, and the point in time; UTC where no offset is
    /// written.
    pub taken: Option<(String, Timestamp)>,
    /// Maker and model.
    pub camera: Option<String>,
    /// The lens.
    pub lens: Option<String>,
    /// 1 to 8.
    pub orientation: Option<u8>,
    /// Latitude and longitude in degrees.
    pub place: Option<(f64, f64)>,
    /// Sensitivity.
    pub iso: Option<u32>,
    /// The aperture.
    pub f_number: Option<f64>,
    /// Seconds.
    pub exposure_time: Option<f64>,
    /// Millimetres.
    pub focal_length: Option<f64>,
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// All fields that are short, as JSON text.
    pub all: Option<String>,
    /// What makes no sense.
    pub faults: Vec<String>,
}

/// Whether files of a type can have EXIF that is read.
pub(crate) fn can_have_exif(content_type: &str) -> bool {
    TYPES.contains(&content_type)
}

/// Reads the EXIF of a picture; `None` where it has none.
pub(crate) fn read(content: &Content, content_type: &str) -> Option<ExifFacts> {
    // The reader takes the whole of a TIFF into memory.
    if !content.is_kept() && (content_type == "image/tiff" || content_type.starts_with("image/x-"))
    {
        return None;
    }
    let mut faults = Vec::new();
    let parsed = caught(|| {
        let mut source = content.source().map_err(|error| error.to_string())?;
        let mut reader = Reader::new();
        match reader.continue_on_error(true).read_from_container(&mut source) {
            Ok(exif) => Ok(Some(exif)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(Error::PartialResult(partial)) => {
                let (exif, errors) = partial.into_inner();
                faults.extend(errors.first().map(|error| format!("EXIF is damaged: {error}")));
                Ok(Some(exif))
            }
            Err(error) => Err(format!("EXIF cannot be read: {error}")),
        }
    });
    match parsed {
        Ok(None) => None,
        Ok(Some(exif)) => Some(facts(&exif, faults)),
        Err(fault) => Some(ExifFacts { faults: vec![fault], ..ExifFacts::default() }),
    }
}

fn facts(exif: &Exif, faults: Vec<String>) -> ExifFacts {
    let mut facts = ExifFacts { faults, all: all(exif), ..ExifFacts::default() };
    facts.taken = taken(exif, &mut facts.faults);
    facts.camera = camera(text(exif, Tag::Make), text(exif, Tag::Model));
    facts.lens = text(exif, Tag::LensModel);
    facts.orientation = match number(exif, Tag::Orientation) {
        // Zero is what some programs write for "as it is".
        None | Some(0) => None,
        Some(turn @ 1..=8) => u8::try_from(turn).ok(),
        Some(turn) => {
            facts.faults.push(format!("EXIF has the orientation {turn}; there are 1 to 8"));
            None
        }
    };
    facts.place = place(exif, &mut facts.faults);
    facts.iso = number(exif, Tag::PhotographicSensitivity).filter(|iso| *iso > 0);
    facts.f_number = ratio(exif, Tag::FNumber);
    facts.exposure_time = ratio(exif, Tag::ExposureTime);
    facts.focal_length = ratio(exif, Tag::FocalLength);
    facts.size = number(exif, Tag::PixelXDimension).zip(number(exif, Tag::PixelYDimension));
    facts
}

fn field(exif: &Exif, tag: Tag) -> Option<&Field> {
    exif.get_field(tag, In::PRIMARY)
}

/// A text, without what pads it; empty is none.
fn text(exif: &Exif, tag: Tag) -> Option<String> {
    ascii(&field(exif, tag)?.value)
}

fn ascii(value: &Value) -> Option<String> {
    let Value::Ascii(parts) = value else { return None };
    let parts: Vec<String> =
        parts.iter().map(|part| clean(&String::from_utf8_lossy(part))).collect();
    let text = parts.join(", ");
    let text = text.trim_matches([' ', ',']);
    (!text.is_empty() && text.len() <= VALUE_BYTES).then(|| text.to_owned())
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

fn number(exif: &Exif, tag: Tag) -> Option<u32> {
    field(exif, tag)?.value.get_uint(0)
}

fn ratio(exif: &Exif, tag: Tag) -> Option<f64> {
    let Value::Rational(values) = &field(exif, tag)?.value else { return None };
    quotient(values.first()?).filter(|value| *value > 0.0)
}

/// Six digits are more than any camera measures; what is left is noise of the division.
fn quotient(value: &Rational) -> Option<f64> {
    let quotient = value.to_f64();
    quotient.is_finite().then(|| (quotient * 1e6).round() / 1e6)
}

fn camera(maker: Option<String>, model: Option<String>) -> Option<String> {
    match (maker, model) {
        // Most models begin with their maker.
        (Some(maker), Some(model)) => {
            let first = maker.split_whitespace().next().unwrap_or_default().to_lowercase();
            let named = model.to_lowercase().starts_with(&first);
            Some(if named { model } else { format!("{maker} {model}") })
        }
        (maker, model) => model.or(maker),
    }
}

fn taken(exif: &Exif, faults: &mut Vec<String>) -> Option<(String, Timestamp)> {
    let times = [
        (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal),
        (Tag::DateTimeDigitized, Tag::OffsetTimeDigitized),
        (Tag::DateTime, Tag::OffsetTime),
    ];
    for (time, offset) in times {
        let Some(written) = text(exif, time) else { continue };
        // What cameras write whose clock was never set.
        if !written.chars().any(|c| ('1'..='9').contains(&c)) {
            continue;
        }
        match instant(&written, text(exif, offset).as_deref()) {
            Some(taken) => return Some(taken),
            None => faults.push(format!("EXIF has the time {written:?}, which is none")),
        }
    }
    None
}

/// `2019:07:04 18:22:05` and `+02:00`.
fn instant(written: &str, offset: Option<&str>) -> Option<(String, Timestamp)> {
    let (date, time) = written.split_once([' ', 'T'])?;
    let local = format!("{}T{time}", date.replace(':', "-"));
    local.parse::<Timestamp>().ok()?;
    if let Some(offset) = offset {
        let zoned = format!("{local}{offset}");
        if let Ok(instant) = zoned.parse() {
            return Some((zoned, instant));
        }
    }
    let instant = local.parse().ok()?;
    Some((local, instant))
}

fn place(exif: &Exif, faults: &mut Vec<String>) -> Option<(f64, f64)> {
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S")?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W")?;
    if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
        faults.push(format!("EXIF has the place {latitude}, {longitude}, which is none"));
        return None;
    }
    Some((latitude, longitude))
}

fn degrees(exif: &Exif, tag: Tag, side: Tag, negative: &str) -> Option<f64> {
    let Value::Rational(parts) = &field(exif, tag)?.value else { return None };
    let mut degrees = 0.0;
    for (part, unit) in parts.iter().zip([1.0, 60.0, 3600.0]) {
        // A receiver without a fix writes 0/0.
        degrees += quotient(part)? / unit;
    }
    let degrees = (degrees * 1e7).round() / 1e7;
    let south_or_west = text(exif, side).is_some_and(|side| side.eq_ignore_ascii_case(negative));
    (!parts.is_empty()).then_some(if south_or_west { -degrees } else { degrees })
}

/// The short fields of the main picture by their names.
fn all(exif: &Exif) -> Option<String> {
    let (mut all, mut size) = (Map::new(), 0);
    for field in exif.fields().filter(|field| field.ifd_num == In::PRIMARY) {
        let Some(value) = shown(exif, field) else { continue };
        size += value.len();
        if size > ALL_BYTES {
            break;
        }
        all.insert(field.tag.to_string(), value.into());
    }
    (!all.is_empty()).then(|| serde_json::Value::Object(all).to_string())
}

fn shown(exif: &Exif, field: &Field) -> Option<String> {
    let values = match &field.value {
        Value::Ascii(_) => return ascii(&field.value),
        Value::Byte(v) => v.len(),
        Value::Short(v) => v.len(),
        Value::Long(v) => v.len(),
        Value::Rational(v) => v.len(),
        Value::SByte(v) => v.len(),
        Value::Undefined(v, _) => v.len(),
        Value::SShort(v) => v.len(),
        Value::SLong(v) => v.len(),
        Value::SRational(v) => v.len(),
        Value::Float(v) => v.len(),
        Value::Double(v) => v.len(),
        Value::Unknown(..) => return None,
    };
    // Long ones are tables and notes of the maker; they would be shown number by number.
    if values > 16 {
        return None;
    }
    let shown = clean(&field.display_value().with_unit(exif).to_string());
    (!shown.is_empty() && shown.len() <= VALUE_BYTES).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (written, offset, want) in [
            ("2019:07:04 18:22:05", None, Some("2019-07-04T18:22:05.000Z")),
            ("2019:07:04 18:22:05", Some("+02:00"), Some("2019-07-04T16:22:05.000Z")),
            ("2019:07:04 18:22:05", Some("   :  "), Some("2019-07-04T18:22:05.000Z")),
            ("2019-07-04T18:22:05", None, Some("2019-07-04T18:22:05.000Z")),
            ("2019:02:30 18:22:05", None, None),
            ("yesterday", None, None),
        ] {
            let time = instant(written, offset).map(|(_, time)| time.to_string());
            assert_eq!(time.as_deref(), want, "{written} {offset:?}");
        }
    }

    #[test]
    fn cameras() {
        let name = |maker: &str, model: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            camera(some(maker), some(model))
        };
        assert_eq!(name("Canon", "Canon EOS 5D").as_deref(), Some("Canon EOS 5D"));
        assert_eq!(name("NIKON CORPORATION", "NIKON D90").as_deref(), Some("NIKON D90"));
        assert_eq!(name("Apple", "iPhone 12").as_deref(), Some("Apple iPhone 12"));
        assert_eq!(name("Apple", "").as_deref(), Some("Apple"));
        assert_eq!(name("", ""), None);
    }
}
