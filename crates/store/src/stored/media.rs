//! Stored forms of what is known of pictures and videos.

use bincode::{BorrowDecode, Encode};
use filedex_model::media::{
    AudioStream, FaceThumbnail, ImageMedia, ImageQuality, ImageTag, VideoMedia, VideoStream,
};

type Text<'a> = Option<&'a str>;

fn own(text: Text<'_>) -> Option<String> {
    text.map(str::to_owned)
}

#[derive(Encode, BorrowDecode)]
pub(super) struct StoredImage<'a> {
    time: Text<'a>,
    width: Option<i64>,
    height: Option<i64>,
    location: Text<'a>,
    country: Text<'a>,
    province: Text<'a>,
    city: Text<'a>,
    district: Text<'a>,
    township: Text<'a>,
    address_line: Text<'a>,
    image_tags: Vec<StoredImageTag<'a>>,
    faces: Text<'a>,
    faces_thumbnail: Vec<StoredFace<'a>>,
    exif: Text<'a>,
    image_quality: Option<StoredQuality>,
}

impl<'a> StoredImage<'a> {
    pub(super) fn of(image: &'a ImageMedia) -> Self {
        Self {
            time: image.time.as_deref(),
            width: image.width,
            height: image.height,
            location: image.location.as_deref(),
            country: image.country.as_deref(),
            province: image.province.as_deref(),
            city: image.city.as_deref(),
            district: image.district.as_deref(),
            township: image.township.as_deref(),
            address_line: image.address_line.as_deref(),
            image_tags: image.image_tags.iter().map(StoredImageTag::of).collect(),
            faces: image.faces.as_deref(),
            faces_thumbnail: image.faces_thumbnail.iter().map(StoredFace::of).collect(),
            exif: image.exif.as_deref(),
            image_quality: image
                .image_quality
                .as_ref()
                .map(|quality| StoredQuality { overall_score: quality.overall_score }),
        }
    }

    pub(super) fn into_model(self) -> ImageMedia {
        ImageMedia {
            time: own(self.time),
            width: self.width,
            height: self.height,
            location: own(self.location),
            country: own(self.country),
            province: own(self.province),
            city: own(self.city),
            district: own(self.district),
            township: own(self.township),
            address_line: own(self.address_line),
            image_tags: self.image_tags.into_iter().map(StoredImageTag::into_model).collect(),
            faces: own(self.faces),
            faces_thumbnail: self.faces_thumbnail.into_iter().map(StoredFace::into_model).collect(),
            exif: own(self.exif),
            image_quality: self
                .image_quality
                .map(|quality| ImageQuality { overall_score: quality.overall_score }),
        }
    }
}

#[derive(Encode, BorrowDecode)]
struct StoredQuality {
    overall_score: Option<f64>,
}

#[derive(Encode, BorrowDecode)]
struct StoredImageTag<'a> {
    confidence: Option<f64>,
    parent_name: Text<'a>,
    name: Text<'a>,
    tag_level: Option<i64>,
    source: Text<'a>,
    centric_score: Option<f64>,
}

impl<'a> StoredImageTag<'a> {
    fn of(tag: &'a ImageTag) -> Self {
        Self {
            confidence: tag.confidence,
            parent_name: tag.parent_name.as_deref(),
            name: tag.name.as_deref(),
            tag_level: tag.tag_level,
            source: tag.source.as_deref(),
            centric_score: tag.centric_score,
        }
    }

    fn into_model(self) -> ImageTag {
        ImageTag {
            confidence: self.confidence,
            parent_name: own(self.parent_name),
            name: own(self.name),
            tag_level: self.tag_level,
            source: own(self.source),
            centric_score: self.centric_score,
        }
    }
}

#[derive(Encode, BorrowDecode)]
struct StoredFace<'a> {
    face_id: Text<'a>,
    face_group_id: Text<'a>,
    face_thumbnail: Text<'a>,
}

impl<'a> StoredFace<'a> {
    fn of(face: &'a FaceThumbnail) -> Self {
        Self {
            face_id: face.face_id.as_deref(),
            face_group_id: face.face_group_id.as_deref(),
            face_thumbnail: face.face_thumbnail.as_deref(),
        }
    }

    fn into_model(self) -> FaceThumbnail {
        FaceThumbnail {
            face_id: own(self.face_id),
            face_group_id: own(self.face_group_id),
            face_thumbnail: own(self.face_thumbnail),
        }
    }
}

#[derive(Encode, BorrowDecode)]
pub(super) struct StoredVideo<'a> {
    width: Option<i64>,
    height: Option<i64>,
    video_streams: Vec<StoredVideoStream<'a>>,
    audio_streams: Vec<StoredAudioStream<'a>>,
}

impl<'a> StoredVideo<'a> {
    pub(super) fn of(video: &'a VideoMedia) -> Self {
        let (pictures, sounds) = (&video.video_media_video_stream, &video.video_media_audio_stream);
        Self {
            width: video.width,
            height: video.height,
            video_streams: pictures.iter().map(StoredVideoStream::of).collect(),
            audio_streams: sounds.iter().map(StoredAudioStream::of).collect(),
        }
    }

    pub(super) fn into_model(self) -> VideoMedia {
        let (pictures, sounds) = (self.video_streams.into_iter(), self.audio_streams.into_iter());
        VideoMedia {
            width: self.width,
            height: self.height,
            video_media_video_stream: pictures.map(StoredVideoStream::into_model).collect(),
            video_media_audio_stream: sounds.map(StoredAudioStream::into_model).collect(),
        }
    }
}

#[derive(Encode, BorrowDecode)]
struct StoredVideoStream<'a> {
    duration: Text<'a>,
    bitrate: Text<'a>,
    code_name: Text<'a>,
    frame_count: Text<'a>,
}

impl<'a> StoredVideoStream<'a> {
    fn of(stream: &'a VideoStream) -> Self {
        Self {
            duration: stream.duration.as_deref(),
            bitrate: stream.bitrate.as_deref(),
            code_name: stream.code_name.as_deref(),
            frame_count: stream.frame_count.as_deref(),
        }
    }

    fn into_model(self) -> VideoStream {
        VideoStream {
            duration: own(self.duration),
            bitrate: own(self.bitrate),
            code_name: own(self.code_name),
            frame_count: own(self.frame_count),
        }
    }
}

#[derive(Encode, BorrowDecode)]
struct StoredAudioStream<'a> {
    duration: Text<'a>,
    bit_rate: Text<'a>,
    code_name: Text<'a>,
}

impl<'a> StoredAudioStream<'a> {
    fn of(stream: &'a AudioStream) -> Self {
        Self {
            duration: stream.duration.as_deref(),
            bit_rate: stream.bit_rate.as_deref(),
            code_name: stream.code_name.as_deref(),
        }
    }

    fn into_model(self) -> AudioStream {
        AudioStream {
            duration: own(self.duration),
            bit_rate: own(self.bit_rate),
            code_name: own(self.code_name),
        }
    }
}
