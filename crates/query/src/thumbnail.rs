//! How thumbnails are asked for.

use std::fmt;
use std::str::FromStr;

use crate::error::{ErrorKind, Fault, QueryError, shortened};

/// The widest and highest a thumbnail can be, in pixels.
const PIXELS: u16 = 16_384;

/// How a thumbnail is made. Sizes are pixels, 1 to 16,384.
///
/// ```
/// use filedex_query::ThumbnailMode;
/// assert_eq!("w_100".parse::<ThumbnailMode>()?, ThumbnailMode::Width(100));
/// let pad: ThumbnailMode = "m_pad,w_200,h_100,color_00ff00".parse()?;
/// assert_eq!(pad.to_string(), "m_pad,w_200,h_100,color_00FF00");
/// assert!("w_0".parse::<ThumbnailMode>().is_err());
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThumbnailMode {
    /// `p_50`: percent of the original, 1 to 100.
    Percent(u8),
    /// `w_100`: this width, the height in proportion.
    Width(u16),
    /// `h_100`: this height, the width in proportion.
    Height(u16),
    /// `m_pad,w_200,h_100,color_FFFFFF`: scaled to fit, the rest filled with a colour.
    Pad {
        /// The width.
        width: u16,
        /// The height.
        height: u16,
        /// Red, green and blue of the filling; white when absent.
        color: Option<[u8; 3]>,
    },
    /// `m_fill,w_200,h_100`: scaled to cover, the rest cut off.
    Fill {
        /// The width.
        width: u16,
        /// The height.
        height: u16,
    },
    /// `m_fixed,w_200,h_100`: stretched to this size.
    Fixed {
        /// The width.
        width: u16,
        /// The height.
        height: u16,
    },
}

impl FromStr for ThumbnailMode {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        read(text).ok_or_else(|| {
            let message = format!("`{}` is no ThumbnailMode", shortened(text));
            let help = "it is p_50, w_100, h_100, m_pad,w_200,h_100,color_FFFFFF, \
                        m_fill,w_200,h_100 or m_fixed,w_200,h_100 (percent to 100, pixels to 16384)";
            QueryError::new(Fault::new(ErrorKind::Value, message).help(help), "")
        })
    }
}

fn read(text: &str) -> Option<ThumbnailMode> {
    let parts: Vec<&str> = text.split(',').collect();
    if let [single] = parts[..] {
        return if let Some(percent) = single.strip_prefix("p_") {
            let percent = number(percent, 100)?;
            Some(ThumbnailMode::Percent(u8::try_from(percent).ok()?))
        } else if single.starts_with("w_") {
            size(single, "w_").map(ThumbnailMode::Width)
        } else {
            size(single, "h_").map(ThumbnailMode::Height)
        };
    }
    let (mode, width, height) = (parts[0], size(parts[1], "w_")?, size(parts.get(2)?, "h_")?);
    match (mode, &parts[3..]) {
        ("m_pad", []) => Some(ThumbnailMode::Pad { width, height, color: None }),
        ("m_pad", [color]) => {
            let color = Some(rgb(color.strip_prefix("color_")?)?);
            Some(ThumbnailMode::Pad { width, height, color })
        }
        ("m_fill", []) => Some(ThumbnailMode::Fill { width, height }),
        ("m_fixed", []) => Some(ThumbnailMode::Fixed { width, height }),
        _ => None,
    }
}

fn size(part: &str, prefix: &str) -> Option<u16> {
    number(part.strip_prefix(prefix)?, PIXELS)
}

/// Decimal digits of a number from 1 to `most`.
fn number(digits: &str, most: u16) -> Option<u16> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|n| (1..=most).contains(n))
}

/// Six hexadecimal digits.
fn rgb(digits: &str) -> Option<[u8; 3]> {
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

impl fmt::Display for ThumbnailMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "p_{percent}"),
            Self::Width(width) => write!(f, "w_{width}"),
            Self::Height(height) => write!(f, "h_{height}"),
            Self::Pad { width, height, color } => {
                write!(f, "m_pad,w_{width},h_{height}")?;
                match color {
                    Some([r, g, b]) => write!(f, ",color_{r:02X}{g:02X}{b:02X}"),
                    None => Ok(()),
                }
            }
            Self::Fill { width, height } => write!(f, "m_fill,w_{width},h_{height}"),
            Self::Fixed { width, height } => write!(f, "m_fixed,w_{width},h_{height}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for text in [
            "p_1",
            "p_100",
            "w_1",
            "w_16384",
            "h_16384",
            "m_pad,w_2,h_3",
            "m_pad,w_2,h_3,color_0A0B0C",
            "m_fill,w_2,h_3",
            "m_fixed,w_2,h_3",
        ] {
            let mode = text.parse::<ThumbnailMode>().map(|mode| mode.to_string());
            assert_eq!(mode.as_deref(), Ok(text));
        }
        for text in [
            "",
            ",",
            "p_0",
            "p_101",
            "p_",
            "p_+5",
            "w_16385",
            "w_99999999999",
            "x_5",
            "w_5,h_5",
            "m_pad",
            "m_pad,w_2",
            "m_pad,h_3,w_2",
            "m_fill,w_2,h_3,color_FFFFFF",
            "m_pad,w_2,h_3,color_FFF",
            "m_pad,w_2,h_3,color_+FFFFF",
            "m_pad,w_2,h_3,color_FFFFFF,",
            "m_other,w_2,h_3",
            "W_100",
        ] {
            assert!(text.parse::<ThumbnailMode>().is_err(), "{text}");
        }
    }
}
