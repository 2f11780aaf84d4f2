//! What is wrong with a file or folder.

use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A file or folder that cannot be read.
    Unreadable,
    /// A name that is not UTF-8.
    Name,
    /// A link that leads back to a folder above it.
    Loop,
    /// A line of an ignore file that says nothing.
    Ignore,
    /// A file that changed each time while it was read.
    Changing,
    /// A file whose content is not what its extension says.
    Mistyped,
    /// EXIF that makes no sense.
    Exif,
    /// A picture that does not decode, or is too large to.
    Picture,
    /// Audio or video whose headers make no sense.
    Media,
    /// A sidecar that cannot be used.
    Sidecar,
    /// A file whose record breaks a rule of the database.
    Refused,
}

impl ProblemKind {
    /// One word for it, as programs read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Name => "name",
            Self::Loop => "loop",
            Self::Ignore => "ignore",
            Self::Changing => "changing",
            Self::Mistyped => "mistyped",
            Self::Exif => "exif",
            Self::Picture => "picture",
            Self::Media => "media",
            Self::Sidecar => "sidecar",
            Self::Refused => "refused",
        }
    }

    /// Whether the file becomes a record all the same, with less in it.
    #[must_use]
    pub fn is_stored(self) -> bool {
        !matches!(self, Self::Unreadable | Self::Name | Self::Loop | Self::Changing | Self::Refused)
    }
}

/// Something that is wrong with a file or folder.
///
/// ```
/// use filedex_ingest::{Problem, ProblemKind};
/// let problem = Problem::new(ProblemKind::Exif, "a/b.jpg", "the orientation 9 is none");
/// assert_eq!(problem.to_string(), "a/b.jpg: the orientation 9 is none");
/// assert!(problem.kind.is_stored());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// Its kind.
    pub kind: ProblemKind,
    /// What is wrong, in words.
    pub reason: String,
}

impl Problem {
    /// A problem of a path.
    #[must_use]
    pub fn new(kind: ProblemKind, path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self { path: path.as_ref().to_owned(), kind, reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}
