//! Listing what is in a folder.

use std::fs::{self, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

use filedex_model::path::{content_type_of, main_type_of};
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::problem::{Problem, ProblemKind};
use crate::sidecar::{EXTENSIONS, Sidecar};
use crate::stamp::Stamp;

/// Threads that list folders: the disk is what they wait for.
const THREADS: usize = 8;

/// What is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkOptions {
    /// Whether symbolic links are followed; no by default.
    pub follow_links: bool,
    /// Whether files and folders whose names begin with a dot are listed; no by default.
    pub hidden: bool,
    /// Whether `.gitignore`, `.ignore` and `.filedexignore` of the folder and below hide files; yes by
    /// default. Those above the folder and those of the user do not count, so that the list depends on
    /// the folder alone.
    pub ignore_files: bool,
    /// Whether `NAME.txt` and `NAME.json` beside a picture, sound or movie are its sidecars, and no files
    /// of their own; yes by default.
    pub sidecars: bool,
    /// Files that are not listed, by their absolute paths without links.
    pub leave_out: Vec<PathBuf>,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            follow_links: false,
            hidden: false,
            ignore_files: true,
            sidecars: true,
            leave_out: Vec::new(),
        }
    }
}

/// A regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the folder, with `/` between the names.
    pub relative: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size and time.
    pub stamp: Stamp,
    /// What stands beside it.
    pub sidecars: Vec<Sidecar>,
}

/// What a folder has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The files, in order of their relative paths.
    pub entries: Vec<Entry>,
    /// Sidecars; they are no entries.
    pub sidecars: u64,
    /// Links that were not followed.
    pub links: u64,
    /// Devices, pipes and sockets.
    pub special: u64,
    /// Relative paths of folders and files that could not be looked at: nothing is known of what is there.
    pub blind: Vec<String>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// What a thread found.
enum Item {
    File(Entry),
    Link,
    Special,
    Blind(PathBuf),
    Problem(Problem),
}

/// Lists the files of a folder and below. `stop` is asked along the way; where it says yes, what was found
/// until then is not all there is.
///
/// # Errors
/// The folder itself is not there, is no folder, or cannot be read.
pub fn walk(
    folder: &Path,
    options: &WalkOptions,
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<Found> {
    // What is wrong with the folder itself is no problem of one of its files.
    drop(fs::read_dir(folder)?);
    let (send, receive) = channel();
    let walker = WalkBuilder::new(folder)
        .follow_links(options.follow_links)
        .hidden(!options.hidden)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .git_ignore(options.ignore_files)
        .ignore(options.ignore_files)
        .require_git(false)
        .threads(std::thread::available_parallelism().map_or(1, usize::from).min(THREADS))
        .clone();
    let mut walker = walker;
    if options.ignore_files {
        walker.add_custom_ignore_filename(".filedexignore");
    }
    walker.build_parallel().run(|| {
        let send = send.clone();
        Box::new(move |entry| {
            let state = match entry {
                Ok(entry) => seen(folder, &entry, options, &send),
                Err(error) => {
                    report(folder, &error, &send);
                    WalkState::Continue
                }
            };
            if stop() { WalkState::Quit } else { state }
        })
    });
    drop(send);
    let mut found = Found::default();
    for item in receive {
        match item {
            Item::File(entry) => found.entries.push(entry),
            Item::Link => found.links += 1,
            Item::Special => found.special += 1,
            Item::Blind(path) => found.blind.extend(relative(folder, &path)),
            Item::Problem(problem) => found.problems.push(problem),
        }
    }
    found.entries.sort_unstable_by(|a, b| a.relative.cmp(&b.relative));
    found.problems.sort_by(|a, b| a.path.cmp(&b.path));
    found.blind.sort_unstable();
    if options.sidecars {
        found.set_sidecars_aside();
    }
    Ok(found)
}

fn seen(folder: &Path, entry: &DirEntry, options: &WalkOptions, send: &Sender<Item>) -> WalkState {
    // The receiver lives until the walk is over.
    let tell = |item| drop(send.send(item));
    if let Some(error) = entry.error() {
        let reason = format!("an ignore file has a line that is not understood: {error}");
        tell(Item::Problem(Problem::new(ProblemKind::Ignore, entry.path(), reason)));
    }
    if entry.depth() == 0 {
        return WalkState::Continue;
    }
    let path = entry.path();
    let Some(relative) = relative(folder, path) else {
        let reason = "its name is not UTF-8, so that no URI can say it; give it another name";
        tell(Item::Problem(Problem::new(ProblemKind::Name, path, reason)));
        return WalkState::Skip;
    };
    let file_type = entry.file_type();
    if file_type.is_some_and(|file_type| file_type.is_dir()) {
        return WalkState::Continue;
    }
    if file_type.is_some_and(|file_type| file_type.is_symlink()) {
        tell(Item::Link);
        return WalkState::Continue;
    }
    if !file_type.as_ref().is_some_and(FileType::is_file) {
        tell(Item::Special);
        return WalkState::Continue;
    }
    if options.leave_out.iter().any(|left_out| left_out == path) {
        return WalkState::Continue;
    }
    match entry.metadata() {
        Ok(metadata) => tell(Item::File(file(relative, path, &metadata))),
        Err(error) => report(folder, &error, send),
    }
    WalkState::Continue
}

fn file(relative: String, path: &Path, metadata: &Metadata) -> Entry {
    Entry { relative, path: path.to_owned(), stamp: Stamp::of(metadata), sidecars: Vec::new() }
}

fn relative(folder: &Path, path: &Path) -> Option<String> {
    let names = path.strip_prefix(folder).ok()?.components();
    let names: Option<Vec<&str>> = names.map(|name| name.as_os_str().to_str()).collect();
    Some(names?.join("/"))
}

fn report(folder: &Path, error: &ignore::Error, send: &Sender<Item>) {
    let (path, inner) = located(error, folder);
    let problem = match inner {
        ignore::Error::Loop { ancestor, child } => {
            let reason = format!("is a link to {}, which it is in", ancestor.display());
            Problem::new(ProblemKind::Loop, child, reason)
        }
        // It went away while the folder was listed.
        ignore::Error::Io(error)
            if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() =>
        {
            return;
        }
        ignore::Error::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            Problem::new(ProblemKind::Unreadable, path, "is a link to nothing")
        }
        error => Problem::new(ProblemKind::Unreadable, path, format!("cannot be read: {error}")),
    };
    // The receiver lives until the walk is over.
    if problem.kind == ProblemKind::Unreadable {
        drop(send.send(Item::Blind(path.to_owned())));
    }
    drop(send.send(Item::Problem(problem)));
}

/// The path that an error is about, and the error without it.
fn located<'a>(error: &'a ignore::Error, path: &'a Path) -> (&'a Path, &'a ignore::Error) {
    match error {
        ignore::Error::WithPath { path, err } => located(err, path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            located(err, path)
        }
        other => (path, other),
    }
}

impl Found {
    /// Gives files their sidecars, which are then no entries.
    fn set_sidecars_aside(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        let mut is_sidecar = vec![false; entries.len()];
        let mut beside = vec![Vec::new(); entries.len()];
        for (at, entry) in entries.iter().enumerate() {
            if !can_have_sidecars(&entry.relative) {
                continue;
            }
            for extension in EXTENSIONS {
                let found =
                    sidecar_names(&entry.relative, extension).into_iter().find_map(|name| {
                        entries.binary_search_by(|other| other.relative.as_str().cmp(&name)).ok()
                    });
                if let Some(found) = found {
                    is_sidecar[found] = true;
                    let Entry { path, stamp, .. } = &entries[found];
                    beside[at].push(Sidecar { path: path.clone(), extension, stamp: *stamp });
                }
            }
        }
        for ((mut entry, is_sidecar), beside) in entries.into_iter().zip(is_sidecar).zip(beside) {
            if is_sidecar {
                self.sidecars += 1;
            } else {
                entry.sidecars = beside;
                self.entries.push(entry);
            }
        }
    }
}

/// Whether the extension is that of a picture, a sound or a movie.
fn can_have_sidecars(relative: &str) -> bool {
    let content_type = content_type_of(relative);
    matches!(content_type.as_deref().and_then(main_type_of), Some("image" | "audio" | "video"))
}

/// `a/beach.jpg.txt`, then `a/beach.txt`.
fn sidecar_names(relative: &str, extension: &str) -> [String; 2] {
    let stem = relative.rsplit_once('.').map_or(relative, |(stem, _)| stem);
    [format!("{relative}.{extension}"), format!("{stem}.{extension}")]
}
