//! Reading one file.

use std::fs;
use std::path::Path;

use crate::content::Content;
use crate::content_type::detect;
use crate::facts::Facts;
use crate::fingerprint::Fingerprints;
use crate::picture::{PictureLimits, format_of, look};
use crate::problem::{Problem, ProblemKind};
use crate::stamp::{Stamp, timestamp};
use crate::walk::Entry;
use crate::{exif, media};

/// How often a file is read that changes meanwhile.
const ATTEMPTS: usize = 2;

/// What is wanted of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Whether pictures are decoded for their perceptual hash, which takes most of the time; yes by default.
    pub hashes: bool,
    /// What pictures may come to.
    pub limits: PictureLimits,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { hashes: true, limits: PictureLimits::default() }
    }
}

/// What reading a file came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// Its content is the one that is known; it was not looked at any further.
    Same(Stamp),
    /// What it is.
    Full(Box<Facts>),
}

impl Read {
    /// The facts, where it was looked at.
    #[must_use]
    pub fn into_facts(self) -> Option<Facts> {
        match self {
            Self::Same(_) => None,
            Self::Full(facts) => Some(*facts),
        }
    }
}

/// Reads a file. Where its BLAKE3 is `known`, it is not looked at any further.
///
/// A file that changes while it is read is read once more.
///
/// # Errors
/// A file that cannot be read, is gone, is no regular file any more, or changed again.
pub fn read(entry: &Entry, options: &ReadOptions, known: Option<&str>) -> Result<Read, Problem> {
    read_watched(&entry.path, options, known, &mut || {})
}

/// The same; `meanwhile` is called after the content was read and before the file is looked at again.
fn read_watched(
    path: &Path,
    options: &ReadOptions,
    known: Option<&str>,
    meanwhile: &mut dyn FnMut(),
) -> Result<Read, Problem> {
    for _ in 0..ATTEMPTS {
        if let Some(read) = attempt(path, options, known, meanwhile)? {
            return Ok(read);
        }
    }
    let reason = "it changed each time it was read; whatever writes it is not done yet";
    Err(Problem::new(ProblemKind::Changing, path, reason))
}

/// Reads a file once; `None` where it changed meanwhile.
fn attempt(
    path: &Path,
    options: &ReadOptions,
    known: Option<&str>,
    meanwhile: &mut dyn FnMut(),
) -> Result<Option<Read>, Problem> {
    let fault = |error: std::io::Error| {
        Problem::new(ProblemKind::Unreadable, path, format!("cannot be read: {error}"))
    };
    let metadata = fs::metadata(path).map_err(fault)?;
    if !metadata.is_file() {
        let reason = "is no regular file any more";
        return Err(Problem::new(ProblemKind::Unreadable, path, reason));
    }
    let stamp = Stamp::of(&metadata);
    let content = Content::open(path, stamp.size).map_err(fault)?;
    let prints = Fingerprints::of(&mut content.source().map_err(fault)?).map_err(fault)?;
    let read = if known == Some(prints.blake3.as_str()) {
        Read::Same(stamp)
    } else {
        let head = content.head().map_err(fault)?;
        let length = prints.length;
        let mut facts = facts(path, &content, &head, stamp, prints, options);
        facts.born = metadata.created().ok().map(timestamp);
        if length != stamp.size {
            meanwhile();
            return Ok(None);
        }
        Read::Full(Box::new(facts))
    };
    meanwhile();
    let after = fs::metadata(path).map_err(fault)?;
    Ok((Stamp::of(&after) == stamp).then_some(read))
}

fn facts(
    path: &Path,
    content: &Content,
    head: &[u8],
    stamp: Stamp,
    prints: Fingerprints,
    options: &ReadOptions,
) -> Facts {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let detected = detect(&name, head);
    let content_type = detected.content_type.clone();
    let mut facts = Facts::new(stamp, prints, detected.content_type);
    let mut problem = |kind, reason: String| facts.problems.push(Problem::new(kind, path, reason));
    if let Some(claimed) = detected.claimed {
        let is = if head.is_empty() {
            "it is empty".to_owned()
        } else {
            format!("its content is {content_type}")
        };
        problem(ProblemKind::Mistyped, format!("it is named as {claimed}, and {is}"));
    }
    if content_type.starts_with("image/") {
        let mut exif = exif::can_have_exif(&content_type)
            .then(|| exif::read(content, &content_type))
            .flatten();
        let orientation = exif.as_ref().and_then(|exif| exif.orientation);
        let mut picture = format_of(&content_type)
            .map(|format| look(content, format, options.limits, orientation, options.hashes))
            .unwrap_or_default();
        let faults = exif.as_mut().map(|exif| std::mem::take(&mut exif.faults)).unwrap_or_default();
        // Of a picture that is broken as a whole, one report is enough.
        match picture.fault.take() {
            Some(fault) => problem(ProblemKind::Picture, fault),
            None => faults.into_iter().for_each(|fault| problem(ProblemKind::Exif, fault)),
        }
        facts.add_picture(&picture, exif);
    } else if let Some(mut media) = media::look(content, &content_type) {
        if let Some(fault) = media.fault.take() {
            problem(ProblemKind::Media, fault);
        }
        facts.add_media(media);
    }
    facts
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_changes_is_read_again_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        for (changes, kind) in [(0, None), (1, None), (2, Some(ProblemKind::Changing))] {
            fs::write(&path, "before").unwrap();
            let mut times = 0;
            let read = read_watched(&path, &ReadOptions::default(), None, &mut || {
                times += 1;
                if times <= changes {
                    fs::write(&path, "after ".repeat(times)).unwrap();
                }
            });
            match read {
                Ok(read) => {
                    let is = fs::read(&path).unwrap();
                    let prints = Fingerprints::of(&mut is.as_slice()).unwrap();
                    assert_eq!(read.into_facts().unwrap().prints, prints, "{changes}");
                    assert_eq!(kind, None);
                }
                Err(problem) => assert_eq!(Some(problem.kind), kind, "{changes}"),
            }
        }
    }

    #[test]
    fn a_file_that_goes_away_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "before").unwrap();
        let gone = read_watched(&path, &ReadOptions::default(), None, &mut || {
            fs::remove_file(&path).unwrap();
        });
        assert_eq!(gone.unwrap_err().kind, ProblemKind::Unreadable);
    }

    #[test]
    fn known_content_is_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        fs::write(&path, "no picture").unwrap();
        let prints = Fingerprints::of(&mut "no picture".as_bytes()).unwrap();
        let read = |known| read_watched(&path, &ReadOptions::default(), known, &mut || {}).unwrap();
        assert!(matches!(read(Some(prints.blake3.as_str())), Read::Same(_)));
        let facts = read(Some("other")).into_facts().unwrap();
        assert_eq!(facts.problems[0].kind, ProblemKind::Mistyped);
    }
}
