//! Small pictures, kept in a folder outside the database: made when they are first asked for, known
//! by the file's address, length, time and the size that was asked for.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use filedex::{FileRecord, ThumbnailMode};
use http::StatusCode;
use sha2::{Digest, Sha256};

use super::answer::Refusal;
use crate::files::{Opened, Thumbnail, ThumbnailError, ThumbnailLimits, thumbnail};

/// Where small pictures are kept, if anywhere.
pub(crate) struct Thumbnails {
    folder: Option<PathBuf>,
}

impl Thumbnails {
    pub fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The small picture of an opened file: of at most `size` pixels on its longer side.
    pub(super) fn of(
        &self,
        record: &FileRecord,
        opened: Opened,
        size: u32,
    ) -> Result<Thumbnail, Refusal> {
        let place = self.folder.as_ref().map(|folder| place(folder, record, &opened, size));
        if let Some(kept) = place.as_deref().and_then(kept) {
            return Ok(kept);
        }
        let mode: ThumbnailMode = format!("w_{size}").parse().map_err(|_| refused("its size"))?;
        let made =
            thumbnail(opened.file, mode, &ThumbnailLimits::default()).map_err(
                |error| match error {
                    ThumbnailError::Io(error) => Refusal::new(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        format!("cannot read the picture: {error}"),
                    ),
                    other => refused(&other.to_string()),
                },
            )?;
        if let Some(place) = place {
            // One that cannot be kept is made again.
            if let Err(error) = keep(&place, &made) {
                tracing::debug!(%error, "a thumbnail is not kept");
            }
        }
        Ok(made)
    }
}

fn refused(why: &str) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, format!("no small picture: {why}"))
}

fn place(folder: &Path, record: &FileRecord, opened: &Opened, size: u32) -> PathBuf {
    let modified = opened.modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut hash = Sha256::new();
    hash.update(record.uri.as_bytes());
    hash.update([0]);
    hash.update(opened.length.to_le_bytes());
    hash.update(modified.unwrap_or_default().as_nanos().to_le_bytes());
    hash.update(size.to_le_bytes());
    let name: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(&name[..2]).join(&name[2..])
}

/// A kept picture says by its first bytes what it is.
fn kept(place: &Path) -> Option<Thumbnail> {
    let bytes = std::fs::read(place).ok()?;
    let content_type = match bytes.first_chunk::<2>()? {
        [0x89, b'P'] => "image/png",
        [0xff, 0xd8] => "image/jpeg",
        _ => return None,
    };
    Some(Thumbnail { bytes, content_type })
}

/// Whole or not at all, whoever else keeps the same one meanwhile.
fn keep(place: &Path, made: &Thumbnail) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let unnamed = folder.join(format!("making-{}", uuid::Uuid::new_v4()));
    let written = std::fs::File::create_new(&unnamed)
        .and_then(|mut file| file.write_all(&made.bytes))
        .and_then(|()| std::fs::rename(&unnamed, place));
    written.inspect_err(|_| _ = std::fs::remove_file(&unnamed))
}
