//! From a folder of files to records.
//!
//! [`walk`] lists what is in a folder, with ignore files, links and sidecars in mind. [`read`] reads one
//! file once and says what it is: size and times, MD5 and BLAKE3, the type by content, a picture's size,
//! EXIF and perceptual hash, the basics of audio and video. [`Facts::into_file`] makes it the
//! [`NewFile`](filedex_model::NewFile) that a batch takes. [`verify`] compares a file with its record.
//!
//! Nothing here knows a database, and nothing here fails as a whole because of one file: what is wrong with
//! a file is a [`Problem`], and the rest goes on. Files are hostile: what they claim of themselves
//! allocates nothing before it is held against [`PictureLimits`] and the bounds of the modules, and a
//! decoder that panics is a file that does not decode.
//!
//! ```
//! use filedex_ingest::{ReadOptions, WalkOptions, read, walk};
//! # let folder = tempfile::tempdir()?;
//! # std::fs::create_dir(folder.path().join("2025"))?;
//! # std::fs::write(folder.path().join("2025/notes.md"), "# Notes\n")?;
//! let found = walk(folder.path(), &WalkOptions::default(), &|| false)?;
//! let entry = &found.entries[0];
//! assert_eq!(entry.relative, "2025/notes.md");
//! let facts = read(entry, &ReadOptions::default(), None).unwrap().into_facts().unwrap();
//! let file = facts.into_file("file:///photos/2025/notes.md");
//! assert_eq!((file.data_size, file.content_type.as_deref()), (Some(8), Some("text/markdown")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod caught;
mod content;
mod content_type;
mod exif;
mod facts;
mod fingerprint;
mod media;
mod movie;
mod phash;
mod picture;
mod problem;
mod read;
mod sidecar;
mod stamp;
mod verify;
mod walk;

pub use facts::{DERIVED, FOLDER_JOB, Facts, folder_tags};
pub use fingerprint::Fingerprints;
pub use phash::{distance, phash};
pub use picture::PictureLimits;
pub use problem::{Problem, ProblemKind};
pub use read::{Read, ReadOptions, read};
pub use sidecar::{Caption, Sidecar};
pub use stamp::Stamp;
pub use verify::{Expected, Verdict, VerifyOptions, verify};
pub use walk::{Entry, Found, WalkOptions, walk};
