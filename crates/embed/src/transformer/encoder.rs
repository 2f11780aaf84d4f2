//! The forward pass: token ids in, one vector for each token out.

use candle_core::{Device, Module, Result, Tensor};
use candle_nn::LayerNorm;
use filedex_model::EmbedError;

use super::architecture::Architecture;
use crate::blocks::Block;
use crate::weights::Weights;

/// What a masked token adds to a score; nothing is left of it after the softmax.
const MASKED: f32 = f32::MIN;
/// Distances of this many tokens and more are one, in MPNet.
const FAR: f32 = 128.0;

/// The tables and blocks of one model.
#[derive(Debug)]
pub(crate) struct Encoder {
    words: Tensor,
    positions: Tensor,
    /// The vector of type 0, where tokens have types.
    token_type: Option<Tensor>,
    norm: LayerNorm,
    /// A number for each distance and head.
    distances: Option<Tensor>,
    blocks: Vec<Block>,
    first_position: usize,
    padding: u32,
    buckets: usize,
}

impl Encoder {
    /// Loads what `architecture` describes.
    pub(crate) fn load(
        weights: Weights<'_>,
        architecture: &Architecture,
    ) -> std::result::Result<Self, EmbedError> {
        let Architecture { family, shape, .. } = architecture;
        let width = shape.width;
        let words = "embeddings.word_embeddings.weight";
        let weights = weights.with_prefix_for(words, family.prefix);
        let words = weights.tensor(words, &[architecture.vocabulary, width])?;
        let token_type = if family.token_types {
            let name = "embeddings.token_type_embeddings.weight";
            let types = weights.tensor(name, &[architecture.types, width])?;
            Some(types.get(0).map_err(|_| weights.error("config.json: type_vocab_size is 0"))?)
        } else {
            None
        };
        let distances = if family.relative {
            let shape = [architecture.buckets, shape.heads];
            Some(weights.tensor("encoder.relative_attention_bias.weight", &shape)?)
        } else {
            None
        };
        let block = |number| {
            let name = format!("{}.{number}", family.block);
            Block::load(&weights, &name, &family.names, shape)
        };
        Ok(Self {
            words,
            positions: weights.tensor(
                "embeddings.position_embeddings.weight",
                &[architecture.positions, width],
            )?,
            token_type,
            norm: weights.norm("embeddings.LayerNorm", width, shape.epsilon)?,
            distances,
            blocks: (0..architecture.layers).map(block).collect::<std::result::Result<_, _>>()?,
            first_position: architecture.first_position,
            padding: architecture.padding(),
            buckets: architecture.buckets,
        })
    }

    /// The vectors `[texts, tokens, width]` of texts padded to the longest of them. Rows past a
    /// text's own tokens mean nothing.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Tensor> {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let shape = (texts.len(), longest, self.words.dim(1)?);
        let mut ids = Vec::with_capacity(texts.len() * longest);
        let mut positions = Vec::with_capacity(ids.capacity());
        for text in texts {
            let end = ids.len() + longest;
            ids.extend_from_slice(text);
            ids.resize(end, self.padding);
            self.place(text, &mut positions);
            positions.resize(end, 0);
        }
        let look_up = |table: &Tensor, rows: Vec<u32>| {
            table.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?.reshape(shape)
        };
        let mut x = (look_up(&self.words, ids)? + look_up(&self.positions, positions)?)?;
        if let Some(token_type) = &self.token_type {
            x = x.broadcast_add(token_type)?;
        }
        let bias = self.bias(texts, longest)?;
        let mut x = self.norm.forward(&x)?;
        for block in &self.blocks {
            x = block.normalise_after(&x, bias.as_ref())?;
        }
        Ok(x)
    }

    /// The positions of a text's tokens. Where positions begin past the padding, a padding token in
    /// a text has the padding's place and takes none.
    fn place(&self, text: &[u32], positions: &mut Vec<u32>) {
        let mut next = self.first_position as u32;
        for id in text {
            if self.first_position > 0 && *id == self.padding {
                positions.push(self.padding);
            } else {
                positions.push(next);
                next += 1;
            }
        }
    }

    /// What is added to the scores of the attention: that padding is not looked at, and what
    /// distances matter. Nothing, where texts are of one length and distances do not matter.
    fn bias(&self, texts: &[&[u32]], longest: usize) -> Result<Option<Tensor>> {
        let mask = if texts.iter().all(|ids| ids.len() == longest) {
            None
        } else {
            let row = |ids: &&[u32]| {
                let own = ids.len();
                (0..longest).map(move |place| if place < own { 0.0 } else { MASKED })
            };
            let mask: Vec<f32> = texts.iter().flat_map(row).collect();
            Some(Tensor::from_vec(mask, (texts.len(), 1, 1, longest), &Device::Cpu)?)
        };
        let Some(table) = &self.distances else { return Ok(mask) };
        let pairs = (0..longest).flat_map(|from| (0..longest).map(move |to| (from, to)));
        let rows: Vec<u32> = pairs.map(|(from, to)| bucket(from, to, self.buckets)).collect();
        let distances = table
            .index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?
            .reshape((longest, longest, ()))?
            .permute((2, 0, 1))?
            .unsqueeze(0)?;
        match mask {
            Some(mask) => distances.broadcast_add(&mask).map(Some),
            None => distances.contiguous().map(Some),
        }
    }
}

/// The row for the way between two tokens: one half of the rows for each direction, of which one
/// half is for single distances and the rest for ranges that grow.
fn bucket(from: usize, to: usize, buckets: usize) -> u32 {
    let half = buckets / 2;
    let exact = half / 2;
    let distance = from.abs_diff(to);
    let row = if distance < exact {
        distance
    } else {
        let near = exact as f32;
        let grown = (distance as f32 / near).ln() / (FAR / near).ln() * (half - exact) as f32;
        (exact + grown as usize).min(half - 1)
    };
    (if to > from { row + half } else { row }) as u32
}
