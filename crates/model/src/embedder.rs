//! What turns texts and pictures into vectors.

use std::fmt;
use std::path::Path;

/// A picture to embed.
#[derive(Clone, Copy, Debug)]
pub enum ImageInput<'a> {
    /// A file on this machine.
    File(&'a Path),
    /// The bytes of an encoded picture (JPEG, PNG, …).
    Encoded(&'a [u8]),
}

impl fmt::Display for ImageInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Encoded(bytes) => write!(f, "a picture of {} bytes", bytes.len()),
        }
    }
}

/// Why something could not be embedded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// The model does not read such things.
    #[error("the model {model} does not embed {what}")]
    Unsupported {
        /// The model's id.
        model: String,
        /// `texts` or `pictures`.
        what: &'static str,
    },
    /// This one item cannot be read; others can.
    #[error("{item} cannot be embedded: {reason}")]
    Item {
        /// The item, as a person would name it.
        item: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model itself cannot be loaded or run.
    #[error("the model at {place} cannot be used: {reason}")]
    Model {
        /// Its folder, or its name.
        place: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
}

/// One vector for each item, or why there is none for it; in the order of the items.
pub type Embedded = Vec<Result<Vec<f32>, EmbedError>>;

/// Turns texts, pictures or both into vectors of one space. Vectors of embedders with equal
/// [`model`](Embedder::model) can be compared.
///
/// An application brings its own by implementing this, or, for texts, by [`TextEmbedder`] around a
/// closure.
pub trait Embedder: Send + Sync {
    /// What identifies the model and all that changes its vectors.
    fn model(&self) -> &str;

    /// Numbers in a vector.
    fn dimension(&self) -> usize;

    /// Whether the vectors have unit length.
    fn normalised(&self) -> bool;

    /// How many items are best given at once.
    fn batch_size(&self) -> usize {
        32
    }

    /// Whether it reads texts.
    fn reads_texts(&self) -> bool {
        true
    }

    /// Whether it reads pictures.
    fn reads_images(&self) -> bool {
        false
    }

    /// The vectors of texts.
    fn embed_texts(&self, texts: &[&str]) -> Embedded;

    /// The vectors of pictures.
    fn embed_images(&self, images: &[ImageInput<'_>]) -> Embedded {
        let error = EmbedError::Unsupported { model: self.model().to_owned(), what: "pictures" };
        images.iter().map(|_| Err(error.clone())).collect()
    }
}

/// A closure that embeds texts.
///
/// ```
/// use filedex_model::{Embedder, TextEmbedder};
/// let letters = TextEmbedder::new("letters", 2, false, |texts| {
///     texts.iter().map(|text| Ok(vec![text.len() as f32, 1.0])).collect()
/// });
/// assert_eq!(letters.embed_texts(&["four"])[0], Ok(vec![4.0, 1.0]));
/// ```
pub struct TextEmbedder<F> {
    model: String,
    dimension: usize,
    normalised: bool,
    embed: F,
}

impl<F: Fn(&[&str]) -> Embedded + Send + Sync> TextEmbedder<F> {
    /// An embedder of the model id `model`; `embed` answers one result for each text, in order.
    pub fn new(model: impl Into<String>, dimension: usize, normalised: bool, embed: F) -> Self {
        Self { model: model.into(), dimension, normalised, embed }
    }
}

impl<F> fmt::Debug for TextEmbedder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextEmbedder")
            .field("model", &self.model)
            .field("dimension", &self.dimension)
            .finish_non_exhaustive()
    }
}

impl<F: Fn(&[&str]) -> Embedded + Send + Sync> Embedder for TextEmbedder<F> {
    fn model(&self) -> &str {
        &self.model
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn normalised(&self) -> bool {
        self.normalised
    }

    fn embed_texts(&self, texts: &[&str]) -> Embedded {
        (self.embed)(texts)
    }
}
