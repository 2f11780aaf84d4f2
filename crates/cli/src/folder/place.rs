//! Which URI a file has, and which file a URI means.
//!
//! A file below FOLDER has the URI of FOLDER, a `/`, and its path below. The URI of FOLDER is `file://`
//! and its absolute path without links, as it stands (nothing is percent-encoded, as everywhere in
//! Filedex), or what `--prefix` says: then no record says where the folder is, and the folder can move.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::failure::Failure;

/// A folder and its URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder's absolute path, without links.
    pub root: PathBuf,
    /// The URI that stands for it, without the last slash.
    pub prefix: String,
}

impl Place {
    /// The place of a folder; its URI where none is given.
    pub fn new(folder: &Path, prefix: Option<&str>) -> Result<Self, Failure> {
        let failure = |error| Failure::io(folder.display().to_string(), error);
        let root = folder.canonicalize().map_err(failure)?;
        if !root.is_dir() {
            return Err(Failure::Failed(format!("{} is no folder", folder.display())));
        }
        let prefix = match prefix {
            None => uri_of(&root).ok_or_else(|| {
                Failure::Failed(format!(
                    "the path {} is not UTF-8, so no URI can say it; --prefix gives the folder one",
                    root.display()
                ))
            })?,
            Some(prefix) => trimmed(prefix)?,
        };
        Ok(Self { root, prefix })
    }

    /// The URI of a file by its path below the folder.
    pub fn uri(&self, relative: &str) -> String {
        format!("{}/{relative}", self.prefix)
    }

    /// The path below the folder of a file by its URI.
    pub fn relative<'a>(&self, uri: &'a str) -> Option<&'a str> {
        uri.strip_prefix(&self.prefix)?.strip_prefix('/')
    }

    /// Where the file of a URI is, or was.
    pub fn path(&self, uri: &str) -> Option<PathBuf> {
        self.relative(uri).map(|relative| self.root.join(relative))
    }
}

/// A URI that is given for a folder: a URI, or a path.
pub fn given(folder: &str) -> Result<String, Failure> {
    // `C:` is a drive.
    let scheme = folder.split_once(':').map_or("", |(scheme, _)| scheme);
    if scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    {
        return trimmed(folder);
    }
    let path = std::path::absolute(folder).map_err(|error| Failure::io(folder, error))?;
    uri_of(&without_links(&path))
        .ok_or_else(|| Failure::Usage(format!("the path {folder:?} is not UTF-8")))
}

/// The path without links, as far as it is there: what was moved away had such a path too.
fn without_links(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => real.join(path.strip_prefix(above).unwrap_or(path)),
        None => path.to_owned(),
    }
}

fn trimmed(prefix: &str) -> Result<String, Failure> {
    match prefix.strip_suffix('/').unwrap_or(prefix) {
        "" => Err(Failure::Usage("a URI of a folder is not empty".to_owned())),
        prefix => Ok(prefix.to_owned()),
    }
}

fn uri_of(path: &Path) -> Option<String> {
    let path = path.to_str()?;
    if cfg!(windows) {
        let path = path.trim_start_matches(r"\\?\").replace('\\', "/");
        return Some(format!("file:///{}", path.trim_end_matches('/')));
    }
    Some(format!("file://{}", path.trim_end_matches('/')))
}

/// Where the file of a `file://` URI or an absolute path is: as it stands, or percent-decoded where
/// nothing is there.
pub fn local_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://").unwrap_or(uri);
    let plain = |text: &str| {
        let text = if cfg!(windows) { text.trim_start_matches('/') } else { text };
        Some(PathBuf::from(text)).filter(|path| path.is_absolute())
    };
    let path = plain(rest)?;
    if rest.contains('%')
        && path.symlink_metadata().is_err()
        && let Ok(decoded) = percent_decode_str(rest).decode_utf8()
        && let Some(decoded) = plain(&decoded)
        && decoded.symlink_metadata().is_ok()
    {
        return Some(decoded);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_and_paths() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (prefix, uri) in [
            (None, format!("file://{}/a b/100%.jpg", root.display())),
            (Some("photos:"), "photos:/a b/100%.jpg".to_owned()),
            (Some("oss://bucket/"), "oss://bucket/a b/100%.jpg".to_owned()),
            (Some("file:///"), "file:///a b/100%.jpg".to_owned()),
        ] {
            let place = Place::new(folder.path(), prefix).unwrap();
            assert_eq!(place.uri("a b/100%.jpg"), uri);
            assert_eq!(place.relative(&uri), Some("a b/100%.jpg"));
            assert_eq!(place.path(&uri), Some(root.join("a b/100%.jpg")));
            assert_eq!(place.relative(&format!("{}2/a.jpg", place.prefix)), None);
        }
        assert!(Place::new(folder.path(), Some("/")).is_err());
        assert!(Place::new(&folder.path().join("absent"), None).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_gone_is_named_without_links() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
        let was = folder.path().join("link/gone/deep");
        let want = format!("file://{}/gone/deep", real.display());
        assert_eq!(given(was.to_str().unwrap()).unwrap(), want);
        assert_eq!(given("photos://a/").unwrap(), "photos://a");
        assert_eq!(given("photos:").unwrap(), "photos:");
        assert_eq!(given("/gone/deep/").unwrap(), "file:///gone/deep");
    }

    #[test]
    fn files_of_uris() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a b", "c%20d", "e%20f", "e f"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = |name: &str| {
            let uri = format!("file://{}/{name}", folder.path().display());
            let path = local_path(&uri).unwrap();
            path.file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(
            ["a b", "a%20b", "c%20d", "e%20f", "absent%20one"].map(found),
            ["a b", "a b", "c%20d", "e%20f", "absent%20one"]
        );
        assert_eq!(local_path("oss://bucket/a"), None);
    }
}
