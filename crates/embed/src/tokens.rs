//! From texts to the token ids that a neural model reads.

use filedex_model::EmbedError;
use tokenizers::{Tokenizer, TruncationParams};

use crate::model_folder::ModelFolder;
use crate::static_model::unusable;

/// A tokenizer that cuts long texts and checks its ids.
pub(crate) struct Tokens {
    tokenizer: Tokenizer,
    /// Every id that the model knows is below this.
    vocabulary: usize,
    place: String,
}

impl Tokens {
    /// A tokenizer.json, given as `bytes`, that cuts at `max_tokens`, those at the ends included.
    /// The padding and the truncation that the file itself names do not count, as in transformers.
    pub(crate) fn new(
        folder: &ModelFolder,
        bytes: &[u8],
        max_tokens: usize,
        vocabulary: usize,
    ) -> Result<Self, EmbedError> {
        let wrong = |error: tokenizers::Error| folder.error(format!("tokenizer.json: {error}"));
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(wrong)?;
        tokenizer.with_padding(None);
        let truncation = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(wrong)?;
        Ok(Self { tokenizer, vocabulary, place: folder.place() })
    }

    /// The ids of a text, those at its ends included.
    pub(crate) fn of(&self, text: &str) -> Result<Vec<u32>, EmbedError> {
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|error| unusable(text, error.to_string()))?;
        let ids = encoding.get_ids().to_vec();
        match ids.iter().find(|id| **id as usize >= self.vocabulary) {
            Some(id) => Err(EmbedError::Model {
                place: self.place.clone(),
                reason: format!(
                    "tokenizer.json gives the token {id}, config.json has a vocabulary of {}",
                    self.vocabulary
                ),
            }),
            None if ids.is_empty() => Err(unusable(text, "it has no tokens")),
            None => Ok(ids),
        }
    }
}
