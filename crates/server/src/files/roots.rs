//! The folders whose files are served.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use cap_fs_ext::OpenOptionsSyncExt;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// Folders whose files may be served, and nothing besides them.
///
/// A folder is held open from the start: files are found from it and never from a path alone, so
/// neither `..` nor a symbolic link leads out of it. Links that stay inside are followed; one with an
/// absolute target is refused even if it leads back inside.
///
/// A `file://` URI is read as it stands first, as the rest of Filedex does, and percent-decoded where
/// there is no such file. A plain absolute path is never decoded.
///
/// ```
/// use filedex_server::files::Roots;
/// let folder = std::env::temp_dir();
/// let roots = Roots::open(std::slice::from_ref(&folder))?;
/// assert!(roots.allows(&format!("file://{}/a.png", folder.display())));
/// assert!(!roots.allows("file:///etc/passwd"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Roots {
    roots: Vec<Root>,
}

#[derive(Debug)]
struct Root {
    dir: Dir,
    /// The absolute path as it was given and with its links resolved: a URI may say either.
    spellings: [PathBuf; 2],
}

/// A file that is open for reading.
#[derive(Debug)]
pub struct Opened {
    /// The file, at its start. It is a regular file.
    pub file: File,
    /// How long it was when it was opened, in bytes.
    pub length: u64,
    /// When it was last changed, where the system tells.
    pub modified: Option<SystemTime>,
    /// The last part of its path.
    pub name: String,
}

/// Why a file was not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The URI names nothing below a root.
    #[error("the file is in no folder that is served")]
    Outside,
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// There is something else by that name.
    #[error("it is no regular file but a folder, a device, a pipe or a socket")]
    NotAFile,
    /// The system forbids reading it, or a link leads out of the root.
    #[error("reading the file is not permitted, or a link on the way leads elsewhere")]
    Denied,
    /// Anything else that the system had to say.
    #[error("the file cannot be opened: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Io(error),
        }
    }
}

impl Roots {
    /// Opens the folders.
    ///
    /// # Errors
    /// One of them is not there, is no folder, or cannot be read; the message has its path.
    pub fn open(paths: &[PathBuf]) -> io::Result<Self> {
        let roots = paths.iter().map(|path| {
            Root::open(path).map_err(|error| {
                io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
            })
        });
        Ok(Self { roots: roots.collect::<io::Result<_>>()? })
    }

    /// Whether there are no folders, so that nothing is served.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Whether the URI reads as one of a file below a root: `file:///a/b` or `/a/b`, without `..`.
    /// Looks at no disk, so the file need not be there.
    #[must_use]
    pub fn allows(&self, uri: &str) -> bool {
        readings(uri).iter().any(|path| self.below(path).next().is_some())
    }

    /// Opens the file that the URI names. It blocks on the disk, but never on a pipe or a device.
    ///
    /// # Errors
    /// See [`FileError`]. A client is best told of all but [`FileError::Io`] that nothing was found.
    pub fn open_file(&self, uri: &str) -> Result<Opened, FileError> {
        let mut worst = FileError::Outside;
        for path in readings(uri) {
            for (root, relative) in self.below(&path) {
                match open(&root.dir, relative) {
                    Ok(opened) => return Ok(opened),
                    // That a reading is missing says less than why another one failed.
                    Err(FileError::Missing) if !matches!(worst, FileError::Outside) => {}
                    Err(error) => worst = error,
                }
            }
        }
        Err(worst)
    }

    /// The roots that the path is below, each with the rest of the path.
    fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (&'a Root, &'a Path)> {
        self.roots.iter().filter_map(move |root| {
            let rest = root.spellings.iter().find_map(|spelling| path.strip_prefix(spelling).ok());
            rest.filter(|rest| rest.file_name().is_some()).map(|rest| (root, rest))
        })
    }
}

impl Root {
    fn open(path: &Path) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { dir, spellings: [std::path::absolute(path)?, path.canonicalize()?] })
    }
}

/// The absolute paths that a URI may mean: as it stands, then percent-decoded.
fn readings(uri: &str) -> Vec<PathBuf> {
    let Some(rest) = uri.strip_prefix("file://") else {
        return plain(uri).into_iter().collect();
    };
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    // `file:///C:/a` is `C:/a` where paths have drives.
    let rest = if cfg!(windows) { rest.strip_prefix('/').unwrap_or(rest) } else { rest };
    let decoded = decoded(rest).filter(|decoded| decoded != rest);
    plain(rest).into_iter().chain(decoded.as_deref().and_then(plain)).collect()
}

/// The text as an absolute path without `..` and zero bytes.
fn plain(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let climbs = path.components().any(|part| matches!(part, Component::ParentDir));
    (path.is_absolute() && !climbs && !text.contains('\0')).then(|| path.to_path_buf())
}

/// The text with its percent escapes decoded, if all of them are escapes and give UTF-8.
fn decoded(text: &str) -> Option<String> {
    let escapes = text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    escapes.then(|| decoded.into_owned())
}

fn open(dir: &Dir, relative: &Path) -> Result<Opened, FileError> {
    // Opening alone already does something to some devices, so they are told apart before.
    if !dir.metadata(relative)?.is_file() {
        return Err(FileError::NotAFile);
    }
    // Without `nonblock`, a pipe that took the file's place since would block until it is written to.
    let file = dir.open_with(relative, OpenOptions::new().read(true).nonblock(true))?.into_std();
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    let name = relative.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(Opened {
        file,
        length: metadata.len(),
        modified: metadata.modified().ok(),
        name: name.unwrap_or_default(),
    })
}
