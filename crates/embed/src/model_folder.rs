//! The parts of a model's folder, and what is said when one is missing or damaged.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use filedex_model::EmbedError;
use serde::de::DeserializeOwned;

/// What the parts are for, said where one is missing.
const PURPOSES: &[(&str, &str)] = &[
    ("config.json", "it says what kind of model this is"),
    ("tokenizer.json", "it says how texts become tokens"),
    ("model.safetensors", "it holds the weights"),
];

/// A folder with a model in the layout of Hugging Face.
#[derive(Clone, Debug)]
pub(crate) struct ModelFolder {
    path: PathBuf,
}

impl ModelFolder {
    /// The folder at `path`, which has to be there.
    pub(crate) fn open(path: &Path) -> Result<Self, EmbedError> {
        let folder = Self { path: path.to_owned() };
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Ok(folder),
            Ok(_) => Err(folder.error("this is a file; a model is a folder")),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(folder.error("there is no such folder"))
            }
            Err(error) => Err(folder.error(error.to_string())),
        }
    }

    /// A folder inside this one; itself for an empty name.
    pub(crate) fn inner(&self, name: &str) -> Result<Self, EmbedError> {
        if name.is_empty() { Ok(self.clone()) } else { Self::open(&self.path.join(name)) }
    }

    /// That this model cannot be used.
    pub(crate) fn error(&self, reason: impl Into<String>) -> EmbedError {
        EmbedError::Model { place: self.place(), reason: reason.into() }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its path, for errors.
    pub(crate) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether there is such a file or folder.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    /// The bytes of a file that has to be there.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, EmbedError> {
        fs::read(self.path.join(name)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => self.missing(name),
            _ => self.error(format!("{name} cannot be read: {error}")),
        })
    }

    /// A JSON file that has to be there.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, EmbedError> {
        let bad = |why: String| self.error(format!("{name} is not what it should be: {why}"));
        let bytes = self.bytes(name)?;
        // serde_json does not look at the letters of what it skips.
        let text = std::str::from_utf8(&bytes).map_err(|error| bad(error.to_string()))?;
        serde_json::from_str(text).map_err(|error| bad(error.to_string()))
    }

    /// A JSON file, if it is there.
    pub(crate) fn json_if_there<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, EmbedError> {
        if self.has(name) { self.json(name).map(Some) } else { Ok(None) }
    }

    fn missing(&self, name: &str) -> EmbedError {
        let purpose = PURPOSES.iter().find(|(part, _)| *part == name).map(|(_, purpose)| *purpose);
        let instead = match name {
            "model.safetensors" if self.has("model.safetensors.index.json") => {
                "; weights split over several files are not read, save them as one"
            }
            "model.safetensors" if self.has("pytorch_model.bin") => {
                "; pytorch_model.bin is not read, save the model as safetensors"
            }
            "tokenizer.json" if self.has("vocab.txt") || self.has("vocab.json") => {
                "; a vocabulary alone is not read, save the fast tokenizer"
            }
            _ => "",
        };
        let purpose = purpose.map(|purpose| format!(" ({purpose})")).unwrap_or_default();
        self.error(format!("{name} is missing{purpose}{instead}"))
    }
}
