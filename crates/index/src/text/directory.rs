//! A bundle as the engine's read-only directory.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    DirectoryLock, FileHandle, Lock, OwnedBytes, WatchCallback, WatchHandle, WritePtr,
};
use tantivy::index::SegmentId;
use tantivy::{Directory, HasLen, Index, IndexMeta, Segment};

use super::bundle::{EXTENSIONS, Header};
use super::schema;
use crate::blob::Blob;
use crate::error::IndexError;

/// The segment inside a bundle, ready for the engine to read.
pub(crate) fn open(blob: Blob, header: &Header) -> Result<Segment, IndexError> {
    let directory = BundleDirectory { blob: Arc::new(blob), files: Arc::new(header.files.clone()) };
    let index = Index::open(directory)?;
    let meta = index.new_segment_meta(segment_id()?, header.docs);
    Ok(index.segment(meta))
}

/// Every segment stands alone in its bundle, so all of them may have the same id.
fn segment_id() -> Result<SegmentId, IndexError> {
    SegmentId::from_uuid_string("f11ede00000000000000000000000000")
        .map_err(|error| IndexError::Engine { what: error.to_string() })
}

#[derive(Clone, Debug)]
struct BundleDirectory {
    blob: Arc<Blob>,
    files: Arc<[Range<u64>; EXTENSIONS.len()]>,
}

#[derive(Debug)]
struct BundleFile {
    blob: Arc<Blob>,
    range: Range<u64>,
}

impl HasLen for BundleFile {
    fn len(&self) -> usize {
        (self.range.end - self.range.start) as usize
    }
}

impl FileHandle for BundleFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let (start, end) = (range.start as u64, range.end as u64);
        if range.end > self.len() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "beyond the end of a file"));
        }
        self.blob.read(self.range.start + start..self.range.start + end)
    }
}

/// What the engine reads about an index before its segments: the schema, and nothing else.
fn meta_json() -> &'static [u8] {
    static META: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let meta = IndexMeta::with_schema(schema::schema().clone());
        // Writing a schema into memory cannot fail; nothing at all would be refused as damaged.
        serde_json::to_vec(&meta).unwrap_or_default()
    });
    &META
}

impl Directory for BundleDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let file = EXTENSIONS.iter().position(|known| Some(*known) == extension);
        match file {
            Some(file) => Ok(Arc::new(BundleFile {
                blob: Arc::clone(&self.blob),
                range: self.files[file].clone(),
            })),
            None => Err(OpenReadError::FileDoesNotExist(path.to_owned())),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.get_file_handle(path).is_ok())
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        match path.to_str() {
            Some("meta.json") => Ok(meta_json().to_owned()),
            _ => Err(OpenReadError::FileDoesNotExist(path.to_owned())),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn atomic_write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Err(LockError::wrap_io_error(read_only()))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a segment never changes")
}
