//! The basics of audio and video.

use filedex_model::Timestamp;
use filedex_model::media::{AudioStream, VideoMedia, VideoStream};
use lofty::config::{ParseOptions, ParsingMode};
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::Accessor;

use crate::caught::caught;
use crate::content::Content;
use crate::movie::{self, Movie};

/// Longest text of a tag that is kept, in bytes.
const TEXT_BYTES: usize = 512;

/// What was found of a sound or a movie.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MediaFacts {
    /// Seconds.
    pub duration: Option<f64>,
    /// Kilobits a second.
    pub bitrate: Option<u32>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// Channels.
    pub channels: Option<u8>,
    /// The codec's name, of the video where there is one.
    pub codec: Option<String>,
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// Title, artist, album and genre.
    pub texts: Vec<(&'static str, String)>,
    /// The year of publication.
    pub year: Option<u16>,
    /// When it was recorded.
    pub created: Option<Timestamp>,
    /// The streams of a movie.
    pub video: Option<VideoMedia>,
    /// What makes no sense.
    pub fault: Option<String>,
}

/// Looks at a file of a type; `None` for types that are not read.
pub(crate) fn look(content: &Content, content_type: &str) -> Option<MediaFacts> {
    let looked = match content_type {
        "video/mp4" | "video/quicktime" | "video/x-m4v" => caught(|| {
            let mut source = content.source().map_err(|error| error.to_string())?;
            Ok(of_movie(&movie::read(&mut *source, content.length())?))
        }),
        "audio/mpeg" | "audio/flac" | "audio/ogg" | "audio/opus" | "audio/wav" | "audio/aiff"
        | "audio/mp4" | "audio/aac" | "audio/x-ape" => caught(|| of_sound(content)),
        _ => return None,
    };
    Some(looked.unwrap_or_else(|fault| MediaFacts { fault: Some(fault), ..MediaFacts::default() }))
}

fn of_sound(content: &Content) -> Result<MediaFacts, String> {
    let reason = |error: &dyn std::fmt::Display| format!("the sound cannot be read: {error}");
    let source = content.source().map_err(|error| error.to_string())?;
    let options = ParseOptions::new().read_cover_art(false).parsing_mode(ParsingMode::Relaxed);
    let probe = Probe::new(source).options(options);
    let sound = probe.guess_file_type().map_err(|error| reason(&error))?;
    let sound = sound.read().map_err(|error| reason(&error))?;
    let properties = sound.properties();
    let seconds = properties.duration().as_secs_f64();
    let mut facts = MediaFacts {
        duration: (seconds > 0.0).then(|| (seconds * 1e3).round() / 1e3),
        bitrate: properties.overall_bitrate().filter(|rate| *rate > 0),
        sample_rate: properties.sample_rate(),
        channels: properties.channels(),
        ..MediaFacts::default()
    };
    if let Some(tag) = sound.primary_tag().or_else(|| sound.first_tag()) {
        let texts = [
            ("title", tag.title()),
            ("artist", tag.artist()),
            ("album", tag.album()),
            ("genre", tag.genre()),
        ];
        for (name, text) in texts {
            let text = text.map(|text| text.replace(char::is_control, " ").trim().to_owned());
            let text = text.filter(|text| !text.is_empty() && text.len() <= TEXT_BYTES);
            facts.texts.extend(text.map(|text| (name, text)));
        }
        facts.year = tag.date().map(|date| date.year).filter(|year| *year > 0);
    }
    Ok(facts)
}

fn of_movie(movie: &Movie) -> MediaFacts {
    let seconds = |time: Option<f64>| time.map(|time| time.to_string());
    let mut video = VideoMedia::default();
    let (mut size, mut codec) = (None, None);
    for track in &movie.tracks {
        match track.handler.as_str() {
            "vide" => {
                size = size.or(track.size);
                codec = codec.or_else(|| track.codec.clone());
                video.video_media_video_stream.push(VideoStream {
                    duration: seconds(track.duration),
                    code_name: track.codec.clone(),
                    frame_count: track.samples.map(|samples| samples.to_string()),
                    ..VideoStream::default()
                });
            }
            "soun" => video.video_media_audio_stream.push(AudioStream {
                duration: seconds(track.duration),
                code_name: track.codec.clone(),
                ..AudioStream::default()
            }),
            _ => {}
        }
    }
    video.width = size.map(|(width, _)| width.into());
    video.height = size.map(|(_, height)| height.into());
    let created = movie.created.and_then(|seconds| seconds.checked_mul(1_000));
    MediaFacts {
        duration: movie.duration,
        codec,
        size,
        created: created.and_then(Timestamp::from_millis),
        video: (!movie.tracks.is_empty()).then_some(video),
        ..MediaFacts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of silence, 8,000 samples of 8 bits.
    fn silence() -> Vec<u8> {
        let mut wav = b"RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend(8_000_u32.to_le_bytes());
        wav.extend(8_000_u32.to_le_bytes());
        wav.extend(b"\x01\0\x08\0data\x40\x1f\0\0");
        wav.resize(wav.len() + 8_000, 0x80);
        wav
    }

    #[test]
    fn a_sound_and_what_is_none() {
        let facts = look(&Content::Kept(silence()), "audio/wav").unwrap();
        assert_eq!((facts.duration, facts.sample_rate), (Some(1.0), Some(8_000)));
        assert_eq!((facts.channels, facts.fault), (Some(1), None));
        for (bytes, content_type) in
            [(b"RIFF".to_vec(), "audio/wav"), (silence(), "video/mp4"), (vec![0; 99], "audio/mpeg")]
        {
            let facts = look(&Content::Kept(bytes), content_type).unwrap();
            assert!(facts.fault.is_some(), "{content_type}");
        }
        assert_eq!(look(&Content::Kept(silence()), "audio/midi"), None);
    }
}
