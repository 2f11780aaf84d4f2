//! The models at hand, and how questions are asked of them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use filedex_model::{Embedder, ImageInput, Space};
use filedex_planner::PathThresholds;

use crate::error::{Error, ErrorKind, Result};

/// What a reader needs beside its snapshot to answer questions by meaning.
#[derive(Debug)]
pub(crate) struct Asking {
    pub embedders: Embedders,
    pub paths: PathThresholds,
}

/// Models by their ids; of two with one id the one added last counts.
#[derive(Clone, Default)]
pub(crate) struct Embedders(Vec<Arc<dyn Embedder>>);

impl fmt::Debug for Embedders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|embedder| embedder.model())).finish()
    }
}

impl Embedders {
    pub fn add(&mut self, embedder: Arc<dyn Embedder>) {
        self.0.push(embedder);
    }

    /// The model of a space.
    fn of(&self, space: &Space) -> Result<&dyn Embedder> {
        let found = self.0.iter().rev().find(|embedder| embedder.model() == space.model);
        let embedder = found.ok_or_else(|| {
            let known: Vec<&str> = self.0.iter().map(|embedder| embedder.model()).collect();
            Error::new(
                ErrorKind::BadQuery,
                format!(
                    "the space {:?} has vectors of the model {:?}, which is not at hand{}; open \
                     the database with that model, or give a vector",
                    space.name,
                    space.model,
                    if known.is_empty() {
                        String::new()
                    } else {
                        format!(" (there is {})", known.join(", "))
                    }
                ),
            )
        })?;
        if embedder.dimension() != space.dimension as usize {
            return Err(Error::new(
                ErrorKind::BadQuery,
                format!(
                    "the model {:?} at hand makes vectors of {} dimensions, the space {:?} has {}",
                    space.model,
                    embedder.dimension(),
                    space.name,
                    space.dimension
                ),
            ));
        }
        Ok(&**embedder)
    }

    /// The vector of a text in a space.
    pub fn text(&self, space: &Space, text: &str) -> Result<Vec<f32>> {
        let embedded = self.of(space)?.embed_texts(&[text]);
        let vector = embedded.into_iter().next();
        vector.unwrap_or(Ok(Vec::new())).map_err(|error| Error::of(ErrorKind::BadQuery, error))
    }

    /// The vector of a picture file in a space.
    pub fn image(&self, space: &Space, path: &Path) -> Result<Vec<f32>> {
        let embedded = self.of(space)?.embed_images(&[ImageInput::File(path)]);
        let vector = embedded.into_iter().next();
        vector.unwrap_or(Ok(Vec::new())).map_err(|error| Error::of(ErrorKind::BadQuery, error))
    }
}
