//! Where the records come from.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use filedex::NewFile;
use filedex::import::parse_line;
use ruzstd::decoding::StreamingDecoder;

/// Names the corpus: the `data` folder, or a file of JSON lines, plain or Zstandard.
pub const DATA_VARIABLE: &str = "FILEDEX_DATA";
/// Where the large set is inside the `data` folder.
const LARGE_SET: &str = "files/files.jsonl.zst";
/// The large set asks for a window of 64 MiB.
const WINDOW_BYTES: u64 = 128 << 20;
const BUFFER_BYTES: usize = 1 << 20;

/// The records that a bench works on: a file of JSON lines in Filedex's import format.
///
/// ```
/// let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/files.jsonl");
/// let corpus = filedex_benches::Corpus::at(fixtures)?;
/// assert_eq!(corpus.files(Some(100))?.len(), 100);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    path: PathBuf,
}

/// Lines of a corpus, decompressed as they are read.
pub type Lines = BufReader<Box<dyn io::Read + Send>>;

impl Corpus {
    /// The corpus that the environment variable `FILEDEX_DATA` names; else the large set beside
    /// the repository (`../shared/data`); else the fixtures inside it.
    ///
    /// # Errors
    /// When the variable names nothing that is there, or not even the fixtures are.
    pub fn find() -> io::Result<Self> {
        Self::named_or_near(std::env::var_os(DATA_VARIABLE))
    }

    fn named_or_near(named: Option<OsString>) -> io::Result<Self> {
        if let Some(path) = named {
            return Self::at(PathBuf::from(path));
        }
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Self::at(repository.join("../shared/data"))
            .or_else(|_| Self::at(repository.join("fixtures/files.jsonl")))
    }

    /// The corpus at a path: a `data` folder, or a file.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn at(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let file = if path.is_dir() { path.join(LARGE_SET) } else { path.to_path_buf() };
        match file.canonicalize() {
            Ok(path) if path.is_file() => Ok(Self { path }),
            Ok(_) => Err(io::Error::other(format!("{} is not a file", file.display()))),
            Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its lines.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no Zstandard frame though its name ends so.
    pub fn lines(&self) -> io::Result<Lines> {
        let file = BufReader::with_capacity(BUFFER_BYTES, File::open(&self.path)?);
        let plain: Box<dyn io::Read + Send> = if self.path.extension().is_some_and(|e| e == "zst") {
            let decoder = StreamingDecoder::new_with_max_window_size(file, WINDOW_BYTES)
                .map_err(io::Error::other)?;
            Box::new(decoder)
        } else {
            Box::new(file)
        };
        Ok(BufReader::with_capacity(BUFFER_BYTES, plain))
    }

    /// The first records, or all of them.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not what Filedex imports.
    pub fn files(&self, limit: Option<usize>) -> io::Result<Vec<NewFile>> {
        let mut files = Vec::new();
        for (number, line) in self.lines()?.lines().take(limit.unwrap_or(usize::MAX)).enumerate() {
            let file = parse_line(&line?)
                .map_err(|why| io::Error::other(format!("{self}: line {}: {why}", number + 1)))?;
            files.push(file);
        }
        Ok(files)
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/files.jsonl")
    }

    #[test]
    fn a_named_corpus_is_taken_or_refused() {
        let named = Corpus::named_or_near(Some(fixtures().into_os_string())).unwrap();
        assert_eq!(named.path(), fixtures().canonicalize().unwrap());
        let absent = Corpus::named_or_near(Some("/nowhere/at.jsonl".into()));
        assert_eq!(absent.unwrap_err().kind(), io::ErrorKind::NotFound);
        // A folder without the large set is no corpus.
        assert!(Corpus::at(env!("CARGO_MANIFEST_DIR")).is_err());
    }

    #[test]
    fn without_a_name_there_is_always_one() {
        let corpus = Corpus::named_or_near(None).unwrap();
        let files = corpus.files(Some(10)).unwrap();
        assert_eq!(files.len(), 10);
        assert!(files.iter().all(|file| !file.uri.is_empty()));
    }
}
