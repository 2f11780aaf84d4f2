//! Putting the files themselves beside their description.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::record::Record;

/// Longest name that is given to a file, in bytes, which every file system can have.
const NAME_BYTES: usize = 200;

/// What is done with the files of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilesMode {
    /// They are copied.
    Copy,
    /// They get a second name: a hard link, or a symbolic one where that cannot be.
    Link,
    /// Nothing: only their description is written.
    #[default]
    None,
}

/// Gives files their names in an export, and puts them there.
#[derive(Debug)]
pub(crate) struct Placer {
    base: PathBuf,
    mode: FilesMode,
    used: HashSet<String>,
}

/// The path of a record's file on this machine, if that is where it is.
pub(crate) fn local_path(record: &Record) -> Option<PathBuf> {
    let uri = record.uri();
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    (!path.contains("://") && path.starts_with('/')).then(|| PathBuf::from(path))
}

impl Placer {
    pub(crate) fn new(base: &Path, mode: FilesMode) -> Self {
        Self { base: base.to_owned(), mode, used: HashSet::new() }
    }

    /// Gives a record's file a name in a folder of the export and puts it there. Answers the name, or
    /// why the file cannot be there.
    ///
    /// # Errors
    /// When the export cannot be written.
    pub(crate) fn place(
        &mut self,
        folder: &str,
        record: &Record,
    ) -> Result<std::result::Result<String, String>> {
        let source = match (self.mode, local_path(record)) {
            (FilesMode::None, _) => None,
            (_, None) => {
                return Ok(Err("is not on this machine, so it cannot be put beside".to_owned()));
            }
            (_, Some(path)) => match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => Some(path),
                Ok(_) => return Ok(Err(format!("{} is no file", path.display()))),
                Err(error) => return Ok(Err(format!("{}: {error}", path.display()))),
            },
        };
        let name = self.name(folder, record);
        let Some(source) = source else { return Ok(Ok(name)) };
        let folder = self.base.join(folder);
        fs::create_dir_all(&folder)?;
        match self.put(&source, &folder.join(&name)) {
            Ok(()) => Ok(Ok(name)),
            Err(error) if fs::File::open(&source).is_err() => {
                Ok(Err(format!("{}: {error}", source.display())))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn put(&self, source: &Path, to: &Path) -> io::Result<()> {
        if self.mode == FilesMode::Link {
            let source = fs::canonicalize(source)?;
            if fs::hard_link(&source, to).is_ok() || symbolic(&source, to).is_ok() {
                return Ok(());
            }
        }
        fs::copy(source, to).map(|_| ())
    }

    /// The file's own name, made safe, and unlike the names before it in the folder even where letters'
    /// case does not count.
    fn name(&mut self, folder: &str, record: &Record) -> String {
        let own = safe(record.file_name());
        let (stem, ending) = match own.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
            _ => (own.as_str(), String::new()),
        };
        let mut name = own.clone();
        let mut number = 2;
        while !self.used.insert(format!("{folder}/{name}").to_lowercase()) {
            name = format!("{stem}-{number}{ending}");
            number += 1;
        }
        name
    }
}

#[cfg(unix)]
fn symbolic(source: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(source, to)
}

#[cfg(not(unix))]
fn symbolic(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A name that stays in its folder and that every file system can have.
fn safe(name: &str) -> String {
    let bad = |c: char| {
        c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    let mut safe: String = name.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    while safe.len() > NAME_BYTES {
        // From the front, so that the ending stays.
        safe.remove(0);
    }
    let reserved = ["", ".", "..", "metadata.jsonl", "metadata.csv"];
    if reserved.contains(&safe.as_str()) {
        format!("file_{}", safe.trim_matches('.'))
    } else {
        safe
    }
}

/// Width and height of a picture: as its record says, or as the file begins.
pub(crate) fn size_of(record: &Record) -> Option<(f64, f64)> {
    let pair = |of: &dyn Fn(&str) -> Option<f64>| Some((of("width")?, of("height")?));
    let media = record.fields.get("image_media");
    let said = pair(&|name| record.attribute(name)?.as_f64())
        .or_else(|| pair(&|name| media?.get(name)?.as_f64()))
        .filter(|(width, height)| *width > 0.0 && *height > 0.0);
    said.or_else(|| {
        let size = imagesize::size(local_path(record)?).ok()?;
        Some((size.width as f64, size.height as f64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_told_apart() {
        let mut placer = Placer::new(Path::new("/nowhere"), FilesMode::None);
        let mut name = |text: &str| {
            let mut record = Record::at("a://b/c");
            record.put("file_name", text);
            placer.name("train", &record)
        };
        let cases = [
            ("a.png", "a.png"),
            ("A.png", "A-2.png"),
            ("a.png", "a-3.png"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("..", "file_"),
            ("..", "file_-2"),
            ("metadata.jsonl", "file_metadata.jsonl"),
            (".profile", ".profile"),
            ("a\u{0}b", "a_b"),
        ];
        for (text, want) in cases {
            assert_eq!(name(text), want, "{text}");
        }
        assert_eq!(name(&format!("{}.png", "ä".repeat(500))).len(), 200);
    }
}
