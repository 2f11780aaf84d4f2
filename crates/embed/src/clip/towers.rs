//! The two halves of CLIP: each reads its kind of thing and ends in the space of both.

use candle_core::{Device, IndexOp, Module, Result, Tensor};
use candle_nn::{LayerNorm, Linear};
use filedex_model::EmbedError;

use super::config::{TextConfig, VisionConfig};
use crate::blocks::{Block, BlockNames, BlockShape};
use crate::weights::Weights;

const NAMES: BlockNames = BlockNames {
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    output: "self_attn.out_proj",
    attention_norm: "layer_norm1",
    up: "mlp.fc1",
    down: "mlp.fc2",
    linear_norm: "layer_norm2",
};

type Loaded<T> = std::result::Result<T, EmbedError>;

fn blocks(
    weights: &Weights<'_>,
    tower: &str,
    count: usize,
    shape: &BlockShape,
) -> Loaded<Vec<Block>> {
    let name = |number| format!("{tower}.encoder.layers.{number}");
    (0..count).map(|number| Block::load(weights, &name(number), &NAMES, shape)).collect()
}

/// The half that reads texts.
#[derive(Debug)]
pub(crate) struct TextTower {
    words: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
    projection: Linear,
    end: u32,
}

impl TextTower {
    /// Loads the tower; its vectors have `dimension` numbers.
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &TextConfig,
        dimension: usize,
    ) -> Loaded<Self> {
        let shape = config.shape();
        let table = |name: &str, rows| {
            let name = format!("text_model.embeddings.{name}_embedding.weight");
            weights.tensor(&name, &[rows, shape.width])
        };
        Ok(Self {
            words: table("token", config.vocab_size)?,
            positions: table("position", config.max_position_embeddings)?,
            blocks: blocks(weights, "text_model", config.num_hidden_layers, &shape)?,
            norm: weights.norm("text_model.final_layer_norm", shape.width, shape.epsilon)?,
            projection: weights.map("text_projection", shape.width, dimension)?,
            end: config.eos_token_id,
        })
    }

    /// The vectors of texts, not yet of unit length.
    pub(crate) fn forward(&self, texts: &[&[u32]]) -> Result<Tensor> {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(texts.len() * longest);
        for text in texts {
            let end = ids.len() + longest;
            ids.extend_from_slice(text);
            // A token sees only those before it, so that what stands behind the end changes nothing.
            ids.resize(end, 0);
        }
        let shape = (texts.len(), longest, self.words.dim(1)?);
        let words = self.words.index_select(&Tensor::new(ids, &Device::Cpu)?, 0)?.reshape(shape)?;
        let mut x = words.broadcast_add(&self.positions.narrow(0, 0, longest)?)?;
        let mask = (0..longest)
            .flat_map(|row| (0..longest).map(move |to| if to > row { f32::MIN } else { 0.0 }));
        let mask = Tensor::from_iter(mask, &Device::Cpu)?.reshape((1, 1, longest, longest))?;
        for block in &self.blocks {
            x = block.normalise_before(&x, Some(&mask))?;
        }
        let ends: Result<Vec<_>> =
            texts.iter().enumerate().map(|(row, ids)| x.i((row, self.end_of(ids)))).collect();
        self.projection.forward(&self.norm.forward(&Tensor::stack(&ends?, 0)?)?)
    }

    /// Where a text ends: at the first end token. Early configurations call it 2, which it is not;
    /// there, as in transformers, it is the greatest id.
    fn end_of(&self, ids: &[u32]) -> usize {
        let end = if self.end == 2 { ids.iter().copied().max() } else { Some(self.end) };
        ids.iter().position(|id| Some(*id) == end).unwrap_or(0)
    }
}

/// The half that reads pictures.
#[derive(Debug)]
pub(crate) struct VisionTower {
    patches: Linear,
    class: Tensor,
    positions: Tensor,
    first_norm: LayerNorm,
    blocks: Vec<Block>,
    last_norm: LayerNorm,
    projection: Linear,
    patch: usize,
    side: usize,
}

impl VisionTower {
    /// Loads the tower; its vectors have `dimension` numbers.
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &VisionConfig,
        dimension: usize,
    ) -> Loaded<Self> {
        let shape = config.shape();
        let (width, patch) = (shape.width, config.patch_size as usize);
        let side = config.image_size as usize / patch;
        let name = |part: &str| format!("vision_model.{part}");
        // A convolution whose steps are as wide as its kernel is a linear map of each patch.
        let patches = weights
            .tensor(&name("embeddings.patch_embedding.weight"), &[width, 3, patch, patch])?
            .reshape((width, 3 * patch * patch))
            .map_err(|error| weights.error(&error.to_string()))?;
        Ok(Self {
            patches: Linear::new(patches, None),
            class: weights.tensor(&name("embeddings.class_embedding"), &[width])?,
            positions: weights
                .tensor(&name("embeddings.position_embedding.weight"), &[side * side + 1, width])?,
            // The name is misspelled in every CLIP.
            first_norm: weights.norm(&name("pre_layrnorm"), width, shape.epsilon)?,
            blocks: blocks(weights, "vision_model", config.num_hidden_layers, &shape)?,
            last_norm: weights.norm(&name("post_layernorm"), width, shape.epsilon)?,
            projection: weights.map("visual_projection", width, dimension)?,
            patch,
            side,
        })
    }

    /// The vectors of pictures `[pictures, 3, edge, edge]`, not yet of unit length.
    pub(crate) fn forward(&self, pictures: &Tensor) -> Result<Tensor> {
        let (count, side, patch) = (pictures.dim(0)?, self.side, self.patch);
        let width = self.class.dim(0)?;
        let edge = side * patch;
        let patches = pictures
            .narrow(2, 0, edge)?
            .narrow(3, 0, edge)?
            .reshape(&[count, 3, side, patch, side, patch][..])?
            .permute([0, 2, 4, 1, 3, 5])?
            .reshape((count, side * side, 3 * patch * patch))?;
        let class = self.class.broadcast_as((count, 1, width))?;
        let x = Tensor::cat(&[&class, &self.patches.forward(&patches)?], 1)?;
        let mut x = self.first_norm.forward(&x.broadcast_add(&self.positions)?)?;
        for block in &self.blocks {
            x = block.normalise_before(&x, None)?;
        }
        self.projection.forward(&self.last_norm.forward(&x.i((.., 0))?.contiguous()?)?)
    }
}
