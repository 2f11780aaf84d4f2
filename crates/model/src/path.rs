//! What a URI tells: name, folder, type.

use crate::id::FileId;

/// Schemes whose authority is a container (bucket, file system), not part of the folder.
const CONTAINER_SCHEMES: [&str; 8] =
    ["oss", "nas", "s3", "gs", "cpfs", "extremenas", "bmcpfs", "obs"];

/// The part of a URI that is a path: without scheme, without bucket or file system, and for
/// `http` without query and fragment. Web addresses keep their host as the first folder.
fn path_of(uri: &str) -> &str {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri;
    };
    let scheme = scheme.to_ascii_lowercase();
    if CONTAINER_SCHEMES.contains(&scheme.as_str()) {
        rest.split_once('/').map_or("", |(_, path)| path)
    } else if scheme == "http" || scheme == "https" {
        rest.split(['?', '#']).next().unwrap_or(rest)
    } else {
        rest
    }
}

/// The last part of a URI's path; the whole URI where it has no parts.
///
/// ```
/// assert_eq!(filedex_model::path::name_of("oss://bucket/cars/0001.png"), "0001.png");
/// ```
#[must_use]
pub fn name_of(uri: &str) -> &str {
    let path = path_of(uri).trim_end_matches('/');
    match path.rsplit('/').next() {
        Some(name) if !name.is_empty() => name,
        _ => uri.trim_end_matches('/').rsplit('/').next().unwrap_or(uri),
    }
}

/// The folder of a URI: no scheme, no bucket, no trailing slashes; empty at the top.
///
/// ```
/// use filedex_model::path::dir_of;
/// assert_eq!(dir_of("oss://bucket/cars/2025/0001.png"), "cars/2025");
/// assert_eq!(dir_of("file:///data/cars/0001.png"), "/data/cars");
/// assert_eq!(dir_of("oss://bucket/0001.png"), "");
/// assert_eq!(dir_of("oss://bucket/cars//0001.png"), "cars");
/// ```
#[must_use]
pub fn dir_of(uri: &str) -> &str {
    let path = path_of(uri).trim_end_matches('/');
    path.rsplit_once('/').map_or("", |(dir, _)| clean_dir(dir))
}

/// A folder path as it is stored: without trailing slashes.
#[must_use]
pub fn clean_dir(dir: &str) -> &str {
    dir.trim_end_matches('/')
}

/// The extension of a name, lower-cased, without its dot.
///
/// ```
/// use filedex_model::path::extension_of;
/// assert_eq!(extension_of("a.tar.GZ").as_deref(), Some("gz"));
/// assert_eq!(extension_of(".profile"), None);
/// ```
#[must_use]
pub fn extension_of(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

/// The MIME type that a name's extension stands for.
///
/// ```
/// use filedex_model::path::content_type_of;
/// assert_eq!(content_type_of("0001.png").as_deref(), Some("image/png"));
/// ```
#[must_use]
pub fn content_type_of(name: &str) -> Option<String> {
    mime_guess::from_path(name).first_raw().map(str::to_owned)
}

/// The main type of a MIME type: PAI's FileType.
#[must_use]
pub fn main_type_of(content_type: &str) -> Option<&str> {
    content_type.split('/').next().filter(|main| !main.is_empty())
}

/// The id of a folder of a dataset: PDS's `parent_file_id`. The top folder is `root`.
#[must_use]
pub fn folder_id(dataset_id: &str, dir: &str) -> String {
    match clean_dir(dir) {
        "" => "root".to_owned(),
        dir => FileId::of(dataset_id, &format!("folder:{dir}/")).to_string(),
    }
}

/// The folders above and including `dir`, outermost first.
///
/// ```
/// assert_eq!(filedex_model::path::ancestors("a/b/c"), ["a", "a/b", "a/b/c"]);
/// ```
#[must_use]
pub fn ancestors(dir: &str) -> Vec<&str> {
    let dir = clean_dir(dir);
    let mut all: Vec<&str> =
        dir.match_indices('/').map(|(at, _)| &dir[..at]).filter(|d| !d.is_empty()).collect();
    if !dir.is_empty() {
        all.push(dir);
    }
    all
}
