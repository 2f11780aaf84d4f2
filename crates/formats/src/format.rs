//! The formats, and how a source tells which it has.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// A format of data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated values with a header.
    Csv,
    /// Parquet.
    Parquet,
    /// Arrow IPC: a file (Feather) or a stream.
    Arrow,
    /// COCO: captions and instances.
    Coco,
    /// Hugging Face's imagefolder: files beside a `metadata.jsonl` or `metadata.csv`.
    ImageFolder,
    /// CSV as Open Images has it: a row for each label of an image.
    OpenImages,
    /// YOLO: `images`, `labels` and `data.yaml`.
    Yolo,
    /// A folder for each class, in a folder for each split.
    ClassFolders,
}

/// How much of a JSON file is looked at.
const HEAD: u64 = 64 << 10;

impl Format {
    /// All, in the order of the help.
    pub const ALL: [Self; 9] = [
        Self::JsonLines,
        Self::Csv,
        Self::Parquet,
        Self::Arrow,
        Self::Coco,
        Self::ImageFolder,
        Self::OpenImages,
        Self::Yolo,
        Self::ClassFolders,
    ];

    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Coco => "coco",
            Self::ImageFolder => "imagefolder",
            Self::OpenImages => "open-images",
            Self::Yolo => "yolo",
            Self::ClassFolders => "class-folders",
        }
    }

    /// The format of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether a source or destination is a table: one file of rows.
    #[must_use]
    pub fn is_table(self) -> bool {
        matches!(self, Self::JsonLines | Self::Csv | Self::Parquet | Self::Arrow)
    }

    /// Whether a source is text that can be read from front to back, from a pipe as well.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::JsonLines | Self::Csv)
    }

    /// The ending of a table's file.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Coco => "json",
            other => other.name(),
        }
    }

    /// The format that a path's ending tells, a compression's ending aside.
    ///
    /// ```
    /// use filedex_formats::Format;
    /// assert_eq!(Format::of_path("a/photos.csv.gz".as_ref()), Some(Format::Csv));
    /// assert_eq!(Format::of_path("photos".as_ref()), None);
    /// ```
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        let name = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(&name);
        Some(match name.rsplit_once('.')?.1 {
            "jsonl" | "ndjson" => Self::JsonLines,
            "csv" | "tsv" => Self::Csv,
            "parquet" | "pq" => Self::Parquet,
            "arrow" | "feather" | "ipc" | "arrows" => Self::Arrow,
            _ => return None,
        })
    }

    /// Finds out what a source is: by its content, then by its name. None for what tells nothing: a
    /// folder of files without any description, and a file that may be JSON lines.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn detect(path: &Path) -> io::Result<Option<Self>> {
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return Ok(Self::of_folder(path));
        }
        if !metadata.is_file() {
            // What is read from a pipe is gone.
            return Ok(Self::of_path(path));
        }
        let mut head = Vec::new();
        File::open(path)?.take(HEAD).read_to_end(&mut head)?;
        if head.starts_with(b"PAR1") {
            return Ok(Some(Self::Parquet));
        }
        if head.starts_with(b"ARROW1") {
            return Ok(Some(Self::Arrow));
        }
        let named = Self::of_path(path);
        if named == Some(Self::Csv) && is_open_images(&head) {
            return Ok(Some(Self::OpenImages));
        }
        if named.is_none() && is_coco(path, &head) {
            return Ok(Some(Self::Coco));
        }
        if path.file_name().is_some_and(|name| name == "data.yaml") {
            return Ok(Some(Self::Yolo));
        }
        Ok(named)
    }

    fn of_folder(path: &Path) -> Option<Self> {
        let has = |name: &str| path.join(name).exists();
        let below = || {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).filter(|path| path.is_dir())
        };
        let metadata = ["metadata.jsonl", "metadata.csv"];
        if has("data.yaml") || (has("images") && has("labels")) {
            Some(Self::Yolo)
        } else if has("labels.csv") && has("images.csv") {
            Some(Self::OpenImages)
        } else if metadata.iter().any(|name| has(name))
            || below().any(|folder| metadata.iter().any(|name| folder.join(name).exists()))
        {
            Some(Self::ImageFolder)
        } else if coco_files(&path.join("annotations")).next().is_some() {
            Some(Self::Coco)
        } else {
            None
        }
    }
}

/// The JSON files of a folder.
pub(crate) fn coco_files(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"))
}

fn is_open_images(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let columns: Vec<_> = line.trim_end().trim_start_matches('\u{feff}').split(',').collect();
    columns.contains(&"ImageID")
}

fn is_coco(path: &Path, head: &[u8]) -> bool {
    let json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let text = String::from_utf8_lossy(head);
    let begins = text.trim_start().starts_with('{');
    let keys = ["\"images\"", "\"annotations\"", "\"categories\"", "\"info\""];
    json && begins && keys.iter().any(|key| text.contains(key)) && !text.contains("\"uri\"")
}
