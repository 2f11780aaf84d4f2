//! Sentence embedders of the BERT kind, from a folder in the layout of sentence-transformers.

mod architecture;
mod dense;
mod encoder;
mod pooling;
mod settings;

use std::fmt;
use std::path::Path;

use candle_core::{Device, Tensor};
use filedex_model::{EmbedError, Embedded, Embedder};
use rayon::prelude::*;

use architecture::Architecture;
use dense::Dense;
use encoder::Encoder;
use settings::Settings;

use crate::identity::{Identity, readable_name};
use crate::model_folder::ModelFolder;
use crate::static_model::unusable;
use crate::tokens::Tokens;
use crate::unit::to_unit_length;
use crate::weights::Weights;

pub(crate) use architecture::model_types;
pub(crate) use settings::Step;

/// Texts in a batch.
const BATCH: usize = 32;
/// Tokens in a batch, padding included. Scores of an attention grow with the square of a text's
/// length, so that long texts come in smaller batches; 4,096 tokens keep them near 100 MB.
const BATCH_TOKENS: usize = 4_096;

/// A sentence embedder of the BERT kind: `bert`, `roberta`, `xlm-roberta`, `camembert`,
/// `distilbert` or `mpnet`, in 32-bit floats on the processor.
pub struct Transformer {
    id: String,
    place: String,
    tokens: Tokens,
    encoder: Encoder,
    dense: Vec<Dense>,
    settings: Settings,
    width: usize,
    dimension: usize,
}

impl Transformer {
    /// The model of a folder as Hugging Face and sentence-transformers write it.
    ///
    /// - `config.json`, `tokenizer.json` and `model.safetensors` have to be there.
    /// - `modules.json` with its folders says how tokens are pooled (`cls`, `mean`, `max`,
    ///   `mean_sqrt_len`, or several), what linear maps follow, and whether vectors have unit length.
    ///   Without it `1_Pooling/config.json` counts, or else the mean, and vectors get unit length.
    /// - Texts are cut at `max_seq_length` of `sentence_bert_config.json`, or else at
    ///   `model_max_length` of `tokenizer_config.json`, but at the latest where the model's positions
    ///   end. The limits in tokenizer.json do not count, as they do not in Python.
    /// - A default prompt in `config_sentence_transformers.json` is put before every text.
    ///
    /// The model's id is the last part of `_name_or_path` in config.json, or else the model's type,
    /// with a hash of the weights, the tokenizer and the settings above. The folder's name is not in
    /// it: a model that was moved or renamed is the same model, and one that was changed is not.
    ///
    /// # Errors
    /// [`EmbedError::Model`] when a part is missing or damaged, does not fit the others, or asks for
    /// what is not supported; it names the part and says what would be right.
    ///
    /// ```
    /// use filedex_embed::transformer::Transformer;
    /// use filedex_model::Embedder;
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tiny-bert");
    /// let model = Transformer::from_folder(folder)?;
    /// let vectors = model.embed_texts(&["a red flag", "a blue flag"]);
    /// assert_eq!(vectors[0].as_ref().unwrap().len(), model.dimension());
    /// # Ok::<(), filedex_model::EmbedError>(())
    /// ```
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Self, EmbedError> {
        let folder = ModelFolder::open(path.as_ref())?;
        let steps: Option<Vec<Step>> = folder.json_if_there("modules.json")?;
        let model = match steps.as_deref() {
            None => folder.clone(),
            Some([first, ..]) if first.kind() == "Transformer" => folder.inner(&first.path)?,
            Some(_) => return Err(folder.error("modules.json does not begin with a Transformer")),
        };
        let architecture = Architecture::read(&model)?;
        let settings = Settings::read(&folder, &model, architecture.max_tokens())?;
        let tokenizer = model.bytes("tokenizer.json")?;
        let tokens = Tokens::new(&model, &tokenizer, settings.max_tokens, architecture.vocabulary)?;
        let bytes = model.bytes("model.safetensors")?;
        let encoder = Encoder::load(Weights::new(&model, &bytes)?, &architecture)?;

        let mut identity =
            Identity::of(&format!("{} {}", architecture.identity(), settings.identity()));
        identity.add(&tokenizer);
        identity.add(&bytes);
        let width = architecture.shape.width;
        let mut dimension = settings.pooling.dimension(width);
        let mut dense = Vec::new();
        for path in &settings.dense {
            let step = Dense::load(&folder.inner(path)?, dimension, &mut identity)?;
            dimension = step.dimension;
            dense.push(step);
        }
        let name = readable_name(architecture.name.as_deref(), &architecture.model_type);
        let id = identity.finish(&name);
        let place = folder.place();
        Ok(Self { id, place, tokens, encoder, dense, settings, width, dimension })
    }

    /// The token ids that the model reads of a text, cut and with those at the ends.
    ///
    /// # Errors
    /// [`EmbedError::Item`] when the tokenizer refuses the text.
    ///
    /// ```
    /// # use filedex_embed::transformer::Transformer;
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tiny-bert");
    /// let model = Transformer::from_folder(folder)?;
    /// assert_eq!(model.token_ids("")?, [2, 3], "only [CLS] and [SEP]");
    /// # Ok::<(), filedex_model::EmbedError>(())
    /// ```
    pub fn token_ids(&self, text: &str) -> Result<Vec<u32>, EmbedError> {
        let Settings { prompt, lower_case, .. } = &self.settings;
        match (prompt.is_empty(), lower_case) {
            (true, false) => self.tokens.of(text),
            (false, false) => self.tokens.of(&format!("{prompt}{text}")),
            (_, true) => self.tokens.of(&format!("{prompt}{text}").to_lowercase()),
        }
    }

    /// The vectors of one batch.
    fn embed(&self, batch: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let hidden = self.encoder.forward(batch)?;
        let row = hidden.dim(1)? * self.width;
        let hidden = hidden.flatten_all()?.to_vec1::<f32>()?;
        let own = |(ids, rows): (&&[u32], &[f32])| {
            self.settings.pooling.pool(&rows[..ids.len() * self.width], self.width)
        };
        let mut vectors: Vec<_> = batch.iter().zip(hidden.chunks_exact(row)).map(own).collect();
        if !self.dense.is_empty() {
            let mut x = Tensor::new(vectors, &Device::Cpu)?;
            for step in &self.dense {
                x = step.forward(&x)?;
            }
            vectors = x.to_vec2()?;
        }
        if self.settings.normalise {
            vectors.iter_mut().for_each(|vector| to_unit_length(vector));
        }
        Ok(vectors)
    }
}

/// Cuts token ids, sorted by their length, into batches.
fn batches<T>(mut sorted: &[(T, Vec<u32>)]) -> Vec<&[(T, Vec<u32>)]> {
    let mut batches = Vec::new();
    while !sorted.is_empty() {
        let fits = |count: &usize| sorted[*count].1.len() * (count + 1) <= BATCH_TOKENS;
        let count = (0..sorted.len().min(BATCH)).take_while(fits).count().max(1);
        let (batch, rest) = sorted.split_at(count);
        batches.push(batch);
        sorted = rest;
    }
    batches
}

impl fmt::Debug for Transformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transformer")
            .field("model", &self.id)
            .field("dimension", &self.dimension)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Embedder for Transformer {
    fn model(&self) -> &str {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn normalised(&self) -> bool {
        self.settings.normalise
    }

    /// Texts of like length are embedded together, so that more at once means less padding.
    fn batch_size(&self) -> usize {
        8 * BATCH
    }

    fn embed_texts(&self, texts: &[&str]) -> Embedded {
        let read: Vec<_> = texts.par_iter().map(|text| self.token_ids(text)).collect();
        let mut answers: Embedded = Vec::with_capacity(texts.len());
        let mut sorted = Vec::with_capacity(texts.len());
        for (place, ids) in read.into_iter().enumerate() {
            match ids {
                Ok(ids) => {
                    sorted.push((place, ids));
                    answers.push(Ok(Vec::new()));
                }
                Err(error) => answers.push(Err(error)),
            }
        }
        sorted.sort_by_key(|(_, ids)| ids.len());
        for batch in batches(&sorted) {
            let ids: Vec<&[u32]> = batch.iter().map(|(_, ids)| ids.as_slice()).collect();
            match self.embed(&ids) {
                Ok(vectors) => {
                    for ((place, _), vector) in batch.iter().zip(vectors) {
                        answers[*place] = if vector.iter().all(|number| number.is_finite()) {
                            Ok(vector)
                        } else {
                            Err(unusable(texts[*place], "the model answers what is no number"))
                        };
                    }
                }
                Err(error) => {
                    let reason = error.to_string();
                    let error = EmbedError::Model { place: self.place.clone(), reason };
                    batch.iter().for_each(|(place, _)| answers[*place] = Err(error.clone()));
                }
            }
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH, BATCH_TOKENS, batches};

    #[test]
    fn batches_are_full_but_no_fuller() {
        let texts = |count: usize, length: usize| {
            (0..count).map(move |place| (place, vec![0; length])).collect::<Vec<_>>()
        };
        let sizes = |texts: &[(usize, Vec<u32>)]| {
            batches(texts).iter().map(|batch| batch.len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&texts(0, 0)), [0; 0]);
        assert_eq!(sizes(&texts(BATCH + 1, 3)), [BATCH, 1]);
        assert_eq!(sizes(&texts(9, BATCH_TOKENS / 4)), [4, 4, 1]);
        assert_eq!(sizes(&texts(2, BATCH_TOKENS + 1)), [1, 1], "one text is always a batch");
    }
}
