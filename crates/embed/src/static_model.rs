//! Static text models of the Model2Vec form: a vector for each token, the mean over a text's tokens.
//!
//! No network runs, so a text costs microseconds, and the same text gives the same bits on every
//! machine: tokens are added in their order, in 32-bit floats.

mod built_in;
mod from_folder;
mod table;
mod tokens;
mod word_piece;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use filedex_model::{EmbedError, Embedded, Embedder};

use table::Table;
use tokens::Tokens;

pub use built_in::DEFAULT_MODEL;

/// How much of a text that cannot be embedded its error quotes.
const QUOTED_LETTERS: usize = 40;

/// A static text model. Clones share its content.
#[derive(Clone)]
pub struct StaticModel {
    content: Arc<Content>,
}

struct Content {
    id: String,
    tokens: Tokens,
    table: Table,
    normalised: bool,
}

impl StaticModel {
    /// The model inside this crate, [`DEFAULT_MODEL`]: English, 256 numbers a vector, unit length.
    /// It reads the first 512 tokens of a text. The first call loads it, in some milliseconds; every
    /// other call is a copied pointer.
    ///
    /// ```
    /// use filedex_embed::static_model::StaticModel;
    /// use filedex_model::Embedder;
    /// let model = StaticModel::default_model();
    /// let vectors = model.embed_texts(&["a dog on a beach", "a puppy by the sea", "tax return"]);
    /// let [dog, puppy, tax] = [0, 1, 2].map(|at| vectors[at].as_ref().unwrap());
    /// let like = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    /// assert!(like(dog, puppy) > like(dog, tax) + 0.3);
    /// ```
    #[must_use]
    pub fn default_model() -> Self {
        built_in::model().clone()
    }

    /// The model of a folder in the form that the Python package `model2vec` saves:
    ///
    /// - `config.json`: `normalize` (false where absent) and `max_length` (512 where absent, null for
    ///   no limit) are read.
    /// - `tokenizer.json`: any that the crate `tokenizers` reads.
    /// - `model.safetensors`: `embeddings`, tokens × dimension, of F32, F16 or I8; if there,
    ///   `weights`, one for each token, and `mapping`, the row of each token.
    ///
    /// The vectors are those of `model2vec`. The model's id has a hash of the files' content in it,
    /// so that vectors of different models are not compared.
    ///
    /// # Errors
    /// [`EmbedError::Model`] for a folder or file that is not there, cannot be read or does not fit
    /// the others; it names the file and says what would be right.
    ///
    /// ```
    /// use filedex_embed::static_model::StaticModel;
    /// let error = StaticModel::from_folder("no/such/folder").unwrap_err();
    /// assert!(error.to_string().contains("no/such/folder"));
    /// ```
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Self, EmbedError> {
        from_folder::read(path.as_ref())
    }

    fn new(id: String, tokens: Tokens, table: Table, normalised: bool) -> Self {
        Self { content: Arc::new(Content { id, tokens, table, normalised }) }
    }

    fn embed_text(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let Content { tokens, table, normalised, .. } = &*self.content;
        let ids = tokens.of(text).map_err(|reason| unusable(text, reason))?;
        if ids.is_empty() {
            return Err(unusable(text, "it has no word or sign that the model knows"));
        }
        let mut vector = table.mean(&ids);
        if *normalised {
            // In 64 bits no sum of squares of 32-bit floats overflows, and the order is fixed.
            let squares: f64 = vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let length = squares.sqrt();
            if length == 0.0 {
                return Err(unusable(text, "its words have no weight in the model"));
            }
            for x in &mut vector {
                *x = (f64::from(*x) / length) as f32;
            }
        }
        Ok(vector)
    }
}

/// That this text has no vector.
pub(crate) fn unusable(text: &str, reason: impl Into<String>) -> EmbedError {
    let more = text.chars().nth(QUOTED_LETTERS).map_or("", |_| "…");
    let start: String = text.chars().take(QUOTED_LETTERS).collect();
    EmbedError::Item { item: format!("the text \"{start}{more}\""), reason: reason.into() }
}

impl fmt::Debug for StaticModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticModel")
            .field("model", &self.content.id)
            .field("dimension", &self.content.table.dimension())
            .finish_non_exhaustive()
    }
}

impl Embedder for StaticModel {
    fn model(&self) -> &str {
        &self.content.id
    }

    fn dimension(&self) -> usize {
        self.content.table.dimension()
    }

    fn normalised(&self) -> bool {
        self.content.normalised
    }

    /// Texts are embedded one by one, so a batch is only as large as keeps calls cheap.
    fn batch_size(&self) -> usize {
        256
    }

    fn embed_texts(&self, texts: &[&str]) -> Embedded {
        texts.iter().map(|text| self.embed_text(text)).collect()
    }
}
