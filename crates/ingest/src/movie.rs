//! The header of an MP4 or QuickTime file: tracks, their lengths and codecs.
//!
//! Only the boxes that say this are read, a few bytes each. A reader that builds the table of samples
//! would let a file of a kilobyte claim memory for billions of them.

use std::io::SeekFrom;

use crate::content::Source;

/// Most boxes that are looked at; a movie with subtitles and chapters has some hundred.
const BOXES: usize = 20_000;
/// Bytes of a box that are read.
const PIECE: usize = 128;
/// Seconds from 1904, where QuickTime begins to count, to 1970.
const FROM_1904: u64 = 2_082_844_800;

/// A movie's header.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Movie {
    /// Seconds.
    pub duration: Option<f64>,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Its tracks, in order.
    pub tracks: Vec<Track>,
}

/// One track.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Track {
    /// `vide`, `soun` or another.
    pub handler: String,
    /// The codec's four letters.
    pub codec: Option<String>,
    /// Seconds.
    pub duration: Option<f64>,
    /// Width and height in pixels, as shown.
    pub size: Option<(u32, u32)>,
    /// Frames, or blocks of sound.
    pub samples: Option<u32>,
}

/// Reads the header.
pub(crate) fn read(source: &mut dyn Source, length: u64) -> Result<Movie, String> {
    let mut reader = Boxes { source, left: BOXES };
    let mut movie = Movie::default();
    let mut at = 0;
    while let Some(part) = reader.next(at, length)? {
        if &part.name == b"moov" {
            reader.movie(&part, &mut movie)?;
            return Ok(movie);
        }
        at = part.end;
    }
    Err("the movie has no header".to_owned())
}

/// A box: where its content is.
#[derive(Clone, Copy)]
struct Part {
    name: [u8; 4],
    start: u64,
    end: u64,
}

struct Boxes<'a> {
    source: &'a mut dyn Source,
    left: usize,
}

impl Boxes<'_> {
    /// The box at a place, `None` at the end of what holds it.
    fn next(&mut self, at: u64, end: u64) -> Result<Option<Part>, String> {
        if at.saturating_add(8) > end {
            return Ok(None);
        }
        self.left = self.left.checked_sub(1).ok_or("the movie has too many parts")?;
        let head: [u8; 8] = self.bytes(at)?;
        let name = [head[4], head[5], head[6], head[7]];
        let (size, header) = match u32_at(&head, 0) {
            0 => (end - at, 8),
            1 => (u64::from_be_bytes(self.bytes(at + 8)?), 16),
            size => (u64::from(size), 8),
        };
        let part_end = at.checked_add(size).filter(|part_end| size >= header && *part_end <= end);
        let part_end = part_end.ok_or("a part of the movie reaches past its end")?;
        Ok(Some(Part { name, start: at + header, end: part_end }))
    }

    fn bytes<const N: usize>(&mut self, at: u64) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        self.source.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
        self.source.read_exact(&mut bytes).map_err(|_| "the movie ends early")?;
        Ok(bytes)
    }

    /// The first bytes of a box, with zeros where it is shorter.
    fn piece(&mut self, part: &Part) -> Result<[u8; PIECE], String> {
        let mut piece = [0; PIECE];
        let length = usize::try_from(part.end - part.start).unwrap_or(PIECE).min(PIECE);
        self.source.seek(SeekFrom::Start(part.start)).map_err(|error| error.to_string())?;
        self.source.read_exact(&mut piece[..length]).map_err(|_| "the movie ends early")?;
        Ok(piece)
    }

    fn movie(&mut self, moov: &Part, movie: &mut Movie) -> Result<(), String> {
        let mut at = moov.start;
        while let Some(part) = self.next(at, moov.end)? {
            match &part.name {
                b"mvhd" => {
                    let header = Times::of(&self.piece(&part)?);
                    movie.duration = header.duration;
                    movie.created = header.created;
                }
                b"trak" => {
                    let mut track = Track::default();
                    self.track(&part, &mut track)?;
                    movie.tracks.push(track);
                }
                _ => {}
            }
            at = part.end;
        }
        Ok(())
    }

    /// A track: `mdia`, `minf` and `stbl` stand in each other, so it goes at most so deep.
    fn track(&mut self, within: &Part, track: &mut Track) -> Result<(), String> {
        let mut at = within.start;
        while let Some(part) = self.next(at, within.end)? {
            at = part.end;
            match &part.name {
                b"mdia" if &within.name == b"trak" => self.track(&part, track)?,
                b"minf" if &within.name == b"mdia" => self.track(&part, track)?,
                b"stbl" if &within.name == b"minf" => self.track(&part, track)?,
                b"tkhd" => {
                    let piece = self.piece(&part)?;
                    let sizes = if piece[0] == 1 { 88 } else { 76 };
                    // 16.16 fixed point.
                    let size = (u32_at(&piece, sizes) >> 16, u32_at(&piece, sizes + 4) >> 16);
                    track.size = (size.0 > 0 && size.1 > 0).then_some(size);
                }
                b"mdhd" => track.duration = Times::of(&self.piece(&part)?).duration,
                b"hdlr" if &within.name == b"mdia" => {
                    track.handler = letters(&self.piece(&part)?, 8).unwrap_or_default();
                }
                b"stsd" => track.codec = letters(&self.piece(&part)?, 12),
                b"stsz" | b"stz2" => {
                    let samples = u32_at(&self.piece(&part)?, 8);
                    track.samples = (samples > 0).then_some(samples);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What `mvhd` and `mdhd` begin with.
struct Times {
    duration: Option<f64>,
    created: Option<i64>,
}

impl Times {
    fn of(piece: &[u8; PIECE]) -> Self {
        let (created, scale, duration, unknown) = if piece[0] == 1 {
            (u64_at(piece, 4), u32_at(piece, 20), u64_at(piece, 24), u64::MAX)
        } else {
            let duration = u64::from(u32_at(piece, 16));
            (u64::from(u32_at(piece, 4)), u32_at(piece, 12), duration, u64::from(u32::MAX))
        };
        let duration = (scale > 0 && duration > 0 && duration != unknown)
            .then(|| (duration as f64 / f64::from(scale) * 1e3).round() / 1e3);
        // What is before 1970 was never set, or counted from 1970 by mistake.
        let created = created.checked_sub(FROM_1904).filter(|seconds| *seconds > 0);
        Self { duration, created: created.and_then(|seconds| i64::try_from(seconds).ok()) }
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.iter().skip(at).take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) << 32 | u64::from(u32_at(bytes, at + 4))
}

fn letters(bytes: &[u8], at: usize) -> Option<String> {
    let name = bytes.get(at..at + 4)?;
    let name = name.iter().all(|byte| matches!(byte, b' '..=b'~')).then_some(name)?;
    let name = String::from_utf8_lossy(name).trim().to_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn part(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap();
        [&size.to_be_bytes()[..], name, content].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// A movie of one track, as a recorder writes it: 12.5 s, 1920 x 1080, 300 frames.
    fn movie() -> Vec<u8> {
        let created = u32::try_from(FROM_1904 + 1_500_000_000).unwrap();
        let mut tkhd = words(&[7, 0, 0, 1, 0, 12_500]);
        tkhd.resize(76, 0);
        tkhd.extend(words(&[1920 << 16, 1080 << 16]));
        let stbl = [
            part(b"stsd", &[words(&[0, 1, 86]), b"avc1".to_vec(), vec![0; 78]].concat()),
            part(b"stsz", &words(&[0, 0, 300])),
        ];
        let mdia = [
            part(b"mdhd", &words(&[0, 0, 0, 24_000, 300_000, 0])),
            part(b"hdlr", &[words(&[0, 0]), b"vide".to_vec(), vec![0; 12]].concat()),
            part(b"minf", &part(b"stbl", &stbl.concat())),
        ];
        let trak = [part(b"tkhd", &tkhd), part(b"mdia", &mdia.concat())];
        let moov = [
            part(b"mvhd", &words(&[0, created, 0, 1_000, 12_500, 0])),
            part(b"trak", &trak.concat()),
        ];
        [part(b"ftyp", b"isom\0\0\0\0"), part(b"mdat", &[0; 100]), part(b"moov", &moov.concat())]
            .concat()
    }

    fn read(bytes: &[u8]) -> Result<Movie, String> {
        super::read(&mut Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn a_movie() {
        let want = Movie {
            duration: Some(12.5),
            created: Some(1_500_000_000),
            tracks: vec![Track {
                handler: "vide".to_owned(),
                codec: Some("avc1".to_owned()),
                duration: Some(12.5),
                size: Some((1920, 1080)),
                samples: Some(300),
            }],
        };
        assert_eq!(read(&movie()), Ok(want));
    }

    /// Each byte changed in turn, and each length: an answer or an error, soon, and never a panic.
    #[test]
    fn damaged_movies_end() {
        let whole = movie();
        let mut errors = 0;
        for length in 0..whole.len() {
            errors += u32::from(read(&whole[..length]).is_err());
        }
        assert!(errors > 0);
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                // Most changes change a number or nothing; what counts is that it ends.
                let _ = read(&damaged);
            }
        }
        let endless = part(b"moov", &part(b"free", b"").repeat(BOXES + 1));
        assert_eq!(read(&endless), Err("the movie has too many parts".to_owned()));
    }
}
