//! What PDS's File answer says of pictures and videos. Every field is optional; field names and
//! meanings are those of the service's `image_media_metadata` and `video_media_metadata`.

use serde::{Deserialize, Serialize};

/// PDS `image_media_metadata`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageMedia {
    /// When the picture was taken, as written by the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    /// Height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    /// Latitude and longitude, comma-separated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// District.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Township or street.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub township: Option<String>,
    /// The whole address on one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_line: Option<String>,
    /// Machine tags with their confidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_tags: Vec<ImageTag>,
    /// Recognised faces, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faces: Option<String>,
    /// Thumbnails of faces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faces_thumbnail: Vec<FaceThumbnail>,
    /// EXIF fields, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exif: Option<String>,
    /// Quality of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_quality: Option<ImageQuality>,
}

/// One machine tag of a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageTag {
    /// How sure the machine was, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The tag above this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_name: Option<String>,
    /// The tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Depth in the tag tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_level: Option<i64>,
    /// What the tag was found from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How central the tag is to the picture, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centric_score: Option<f64>,
}

/// The thumbnail of one face.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaceThumbnail {
    /// The face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_id: Option<String>,
    /// The group of faces taken to be one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_group_id: Option<String>,
    /// Where the thumbnail is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_thumbnail: Option<String>,
}

/// Quality of a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageQuality {
    /// 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overall_score: Option<f64>,
}

/// PDS `video_media_metadata`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VideoMedia {
    /// Width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    /// Height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    /// Video streams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub video_media_video_stream: Vec<VideoStream>,
    /// Audio streams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub video_media_audio_stream: Vec<AudioStream>,
}

/// One video stream; numbers are text, as the service sends them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VideoStream {
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Bits a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<String>,
    /// Codec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_name: Option<String>,
    /// Frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_count: Option<String>,
}

/// One audio stream; numbers are text, as the service sends them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AudioStream {
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Bits a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_rate: Option<String>,
    /// Codec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_name: Option<String>,
}
