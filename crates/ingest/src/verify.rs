//! Comparing a file with what its record says.

use std::fs;
use std::path::Path;

use filedex_model::Timestamp;

use crate::caught::caught;
use crate::content::Content;
use crate::content_type::detect;
use crate::fingerprint::Fingerprints;
use crate::picture::{PictureLimits, format_of, look};
use crate::stamp::Stamp;

/// What a record says of its file; what it does not say is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Size in bytes.
    pub size: Option<u64>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// MD5 in hex; compared where it has the form of one.
    pub md5: Option<String>,
    /// BLAKE3 in hex.
    pub blake3: Option<String>,
}

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Only at size and time; no by default.
    pub quick: bool,
    /// Whether pictures are decoded; yes by default.
    pub decode: bool,
    /// What pictures may come to.
    pub limits: PictureLimits,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { quick: false, decode: true, limits: PictureLimits::default() }
    }
}

/// What a file is, beside its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the record says.
    Sound,
    /// Not there.
    Gone,
    /// It cannot be read; why.
    Unreadable(String),
    /// Changed since: its size or time is another.
    Changed(String),
    /// Its content is another, and its size and time are not: nobody meant to change it.
    Damaged(String),
    /// It is what the record says, and does not decode.
    Undecodable(String),
}

impl Verdict {
    /// One word for it, as programs read it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Gone => "gone",
            Self::Unreadable(_) => "unreadable",
            Self::Changed(_) => "changed",
            Self::Damaged(_) => "damaged",
            Self::Undecodable(_) => "undecodable",
        }
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Sound => "as the record says",
            Self::Gone => "there is no such file",
            Self::Unreadable(reason)
            | Self::Changed(reason)
            | Self::Damaged(reason)
            | Self::Undecodable(reason) => reason,
        }
    }
}

/// Compares the file at a path with its record.
///
/// ```
/// use filedex_ingest::{Expected, Verdict, VerifyOptions, verify};
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("a.txt");
/// std::fs::write(&path, "abc")?;
/// let expected = Expected {
///     md5: Some("900150983CD24FB0D6963F7D28E17F72".into()),
///     ..Expected::default()
/// };
/// assert_eq!(verify(&path, &expected, &VerifyOptions::default()), Verdict::Sound);
/// std::fs::remove_file(&path)?;
/// assert_eq!(verify(&path, &expected, &VerifyOptions::default()), Verdict::Gone);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn verify(path: &Path, expected: &Expected, options: &VerifyOptions) -> Verdict {
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Verdict::Unreadable("is no regular file".to_owned()),
        Err(error) if is_absence(error.kind()) => return Verdict::Gone,
        Err(error) => return Verdict::Unreadable(format!("cannot be read: {error}")),
    };
    let stamp = Stamp::of(&metadata);
    if let Some(size) = expected.size.filter(|size| *size != stamp.size) {
        return Verdict::Changed(format!("has {} bytes, and had {size}", stamp.size));
    }
    let retimed = expected.modified.filter(|time| *time != stamp.time());
    let retimed = retimed.map(|time| format!("changed at {}, and not at {time}", stamp.time()));
    if options.quick {
        return retimed.map_or(Verdict::Sound, Verdict::Changed);
    }
    let read = caught(|| {
        let content = Content::open(path, stamp.size).map_err(|error| error.to_string())?;
        let mut source = content.source().map_err(|error| error.to_string())?;
        let prints = Fingerprints::of(&mut source).map_err(|error| error.to_string())?;
        drop(source);
        Ok((content, prints))
    });
    let (content, prints) = match read {
        Ok(read) => read,
        Err(reason) => return Verdict::Unreadable(format!("cannot be read: {reason}")),
    };
    if let Some(reason) = differs(&prints, expected) {
        return match retimed {
            Some(when) => Verdict::Changed(format!("{reason}; {when}")),
            None => Verdict::Damaged(reason),
        };
    }
    // With the same content, another time is that of a copy. Without a fingerprint it is all there is.
    if expected.md5.is_none()
        && expected.blake3.is_none()
        && let Some(when) = retimed
    {
        return Verdict::Changed(when);
    }
    match undecodable(path, &content, options) {
        Some(reason) => Verdict::Undecodable(reason),
        None => Verdict::Sound,
    }
}

fn is_absence(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn differs(prints: &Fingerprints, expected: &Expected) -> Option<String> {
    if let Some(blake3) = &expected.blake3 {
        let same = prints.blake3.eq_ignore_ascii_case(blake3);
        return (!same).then(|| "its BLAKE3 is another than the record's".to_owned());
    }
    // The fingerprint of an upload in parts is none of the content.
    let is_md5 = |text: &&String| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let md5 = expected.md5.as_ref().filter(is_md5)?;
    let same = prints.md5.eq_ignore_ascii_case(md5);
    (!same).then(|| "its MD5 is another than the record's".to_owned())
}

fn undecodable(path: &Path, content: &Content, options: &VerifyOptions) -> Option<String> {
    if !options.decode {
        return None;
    }
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let detected = detect(&name, &content.head().ok()?);
    if let Some(claimed) = detected.claimed.filter(|claimed| claimed.starts_with("image/"))
        && !detected.content_type.starts_with("image/")
    {
        return Some(format!("it is named as {claimed}, and is {}", detected.content_type));
    }
    let format = format_of(&detected.content_type)?;
    look(content, format, options.limits, None, true).fault
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn verdicts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::GrayImage::from_fn(20, 20, |x, y| image::Luma([(x * y % 256) as u8]))
            .write_to(&mut bytes, image::ImageFormat::Png)
            .unwrap();
        let whole = bytes.into_inner();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let write = |bytes: &[u8], time| {
            fs::write(&path, bytes).unwrap();
            fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        let says = |bytes: &[u8]| Expected {
            size: Some(bytes.len() as u64),
            modified: Some(Stamp { size: 0, modified: time }.time()),
            md5: Some("an-upload-3".to_owned()),
            blake3: Some(Fingerprints::of(&mut &bytes[..]).unwrap().blake3),
        };
        let mut rotten = whole.clone();
        rotten[whole.len() / 2] ^= 1;
        let later = time + Duration::from_secs(1);
        let options = VerifyOptions::default();
        let quick = VerifyOptions { quick: true, ..options };
        for (bytes, time, expected, options, want) in [
            (&whole, time, says(&whole), options, "sound"),
            (&whole, later, says(&whole), options, "sound"),
            (&whole, later, says(&whole), quick, "changed"),
            (&rotten, time, says(&whole), options, "damaged"),
            (&rotten, time, says(&whole), quick, "sound"),
            (&rotten, later, says(&whole), options, "changed"),
            (&whole[..50].to_vec(), time, says(&whole), options, "changed"),
            (&whole[..50].to_vec(), time, says(&whole[..50]), options, "undecodable"),
            (&b"text".to_vec(), time, says(b"text"), options, "undecodable"),
            (
                &b"text".to_vec(),
                time,
                says(b"text"),
                VerifyOptions { decode: false, ..options },
                "sound",
            ),
        ] {
            write(bytes, time);
            let verdict = verify(&path, &expected, &options);
            assert_eq!(verdict.name(), want, "{}", verdict.reason());
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(verify(&path, &says(&whole), &options), Verdict::Gone);
        let unreadable = verify(folder.path(), &Expected::default(), &options);
        assert_eq!(unreadable.name(), "unreadable");
    }
}
