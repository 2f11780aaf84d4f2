//! The id of a model: a name to read, and a hash of all that changes its vectors.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Collects what identifies a model.
pub(crate) struct Identity {
    hash: Sha256,
}

impl Identity {
    /// Begins with the settings that change vectors, written out. The text is part of stored
    /// databases: a setting that is added later is written only where it is not at its default.
    pub(crate) fn of(settings: &str) -> Self {
        let mut identity = Self { hash: Sha256::new() };
        identity.add(settings.as_bytes());
        identity
    }

    /// Adds the content of a file. The length goes before it, so that no byte can move from one
    /// file to the next unseen.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }

    /// `name-` and twelve hexadecimal digits.
    pub(crate) fn finish(self, name: &str) -> String {
        let mut id = format!("{name}-");
        for byte in &self.hash.finalize()[..6] {
            // Writing to a string does not fail.
            let _ = write!(id, "{byte:02x}");
        }
        id
    }
}

/// The last part of the name that config.json gives the model, or what kind of model it is.
///
/// Not the folder's name: the same model in a folder of another name is the same model, and its
/// vectors have to stay comparable. The hash tells apart what has the same name.
pub(crate) fn readable_name(given: Option<&str>, kind: &str) -> String {
    let last = given.and_then(|name| name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next());
    match last {
        Some(name) if !name.is_empty() && name != "." && name != ".." => name.to_owned(),
        _ => kind.to_owned(),
    }
}
